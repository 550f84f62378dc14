//! Stale requests: taken away where that changes nothing, and nowhere else.

use crate::{
    Fairness, Move, Parts, Product, Property, PropertyKind, Reduction, Report, Snapshot,
    erased as product,
};

/// A sender, and a receiver that no longer listens: all that it still wants is to ring its bell, as
/// soon as nothing waits.
#[derive(Clone, Copy)]
struct Deaf {
    /// How many messages are sent; for ever, if `None`.
    sent: Option<u8>,
    /// What the receiver says of messages.
    claims: Claims,
}

#[derive(Clone, Copy, PartialEq)]
enum Claims {
    /// They are stale.
    Rightly,
    /// The same, but the bell only rings once a message was taken in.
    ToBeDeaf,
    /// They are stale until the bell has rung.
    ForAWhile,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    Sender(u8),
    Receiver { waiting: u8, heard: bool, rung: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Action {
    Send,
    Take,
    Ring,
}

/// More do not fit in.
const ROOM: u8 = 2;

impl Product for Deaf {
    type Part = Part;
    type Request = ();
    type Action = Action;

    fn initial(&self) -> Vec<Vec<Part>> {
        vec![vec![Part::Sender(0), Part::Receiver { waiting: 0, heard: false, rung: false }]]
    }

    fn moves(&self, _slot: usize, part: &Part, moves: &mut Vec<Move<Self>>) {
        match *part {
            Part::Sender(sent) if self.sent.is_none_or(|most| sent < most) => {
                let part = Part::Sender(if self.sent.is_some() { sent + 1 } else { 0 });
                moves.push(Move { action: Action::Send, part, requests: vec![(1, ())] });
            }
            Part::Sender(_) => {}
            Part::Receiver { waiting, heard, rung } => {
                if waiting > 0 {
                    let heard = heard || self.claims == Claims::ToBeDeaf;
                    let part = Part::Receiver { waiting: waiting - 1, heard, rung };
                    moves.push(Move { action: Action::Take, part, requests: Vec::new() });
                }
                let is_ready = self.claims != Claims::ToBeDeaf || heard;
                if waiting == 0 && !rung && is_ready {
                    let part = Part::Receiver { waiting, heard, rung: true };
                    moves.push(Move { action: Action::Ring, part, requests: Vec::new() });
                }
            }
        }
    }

    fn answer(&self, _slot: usize, part: &Part, (): &()) -> Option<Part> {
        match *part {
            Part::Receiver { waiting, heard, rung } => {
                Some(Part::Receiver { waiting: ROOM.min(waiting + 1), heard, rung })
            }
            Part::Sender(_) => None,
        }
    }

    fn fairness(&self, _action: &Action) -> Fairness {
        Fairness::Strong
    }

    fn is_stale(&self, _slot: usize, part: &Part, (): &()) -> bool {
        match *part {
            Part::Sender(_) => false,
            Part::Receiver { rung, .. } => self.claims != Claims::ForAWhile || !rung,
        }
    }

    fn normalized(&self, slot: usize, part: &Part) -> Option<Part> {
        match *part {
            Part::Receiver { waiting: 1.., heard, rung } if self.is_stale(slot, part, &()) => {
                Some(Part::Receiver { waiting: 0, heard, rung })
            }
            _ => None,
        }
    }
}

fn has_rung(state: Snapshot<'_, Part>) -> bool {
    matches!(state.part(1), Part::Receiver { rung: true, .. })
}

fn rings() -> Property<Parts<Part>> {
    Property::new(PropertyKind::Eventually, "rings", has_rung)
}

fn check(deaf: &Deaf, property: Property<Parts<Part>>) -> Report<Vec<Part>, Action> {
    let report = product(deaf).property(property.clone()).stale_messages(true).run();
    let full = product(deaf).property(property).run();
    assert_eq!(full.reductions, []);
    let words = |report: &Report<_, _>| report.properties[0].verdict.word();
    assert_eq!(words(&report), words(&full));
    if refused(&report).is_some() {
        assert_eq!(report.states, full.states);
    }
    report
}

/// Why stale messages were not taken away, if they were not.
fn refused<S, A>(report: &Report<S, A>) -> Option<&str> {
    let stale = |found: &&crate::ReductionReport| found.reduction == Reduction::StaleMessages;
    let found = report.reductions.iter().find(stale).expect("something is stale");
    found.refused.as_deref()
}

#[test]
fn what_is_stale_is_taken_away() {
    let deaf = Deaf { sent: Some(3), claims: Claims::Rightly };
    let report = check(&deaf, rings());
    assert_eq!(refused(&report), None);
    assert!(report.properties[0].holds());
    // Sent so many, and has rung or not.
    assert_eq!(report.states, 8);
}

#[test]
fn a_counterexample_takes_in_what_stands_in_the_way() {
    let deaf = Deaf { sent: Some(1), claims: Claims::Rightly };
    let sent = |state: Snapshot<'_, Part>| *state.part(0) == Part::Sender(1);
    let quiet = move |state: Snapshot<'_, Part>| !(sent(state) && has_rung(state));
    let report = check(&deaf, Property::new(PropertyKind::Always, "quiet", quiet));
    assert_eq!(refused(&report), None);
    let run = report.properties[0].verdict.counterexample().expect("it rings after all was sent");
    let actions: Vec<Action> = run.steps.iter().map(|(action, _)| *action).collect();
    assert!(
        [vec![Action::Send, Action::Take, Action::Ring], vec![Action::Ring, Action::Send]]
            .contains(&actions),
        "{actions:?}"
    );
}

#[test]
fn what_may_come_for_ever_is_not_taken_away_where_fair_paths_are_judged() {
    let deaf = Deaf { sent: None, claims: Claims::Rightly };
    let report = check(&deaf, rings());
    assert_eq!(refused(&report), Some("messages that nobody heeds may be sent again and again"));
    // The next one always comes before the last is taken in.
    assert_eq!(report.properties[0].verdict.word(), "violated");

    let report = check(&deaf, Property::new(PropertyKind::Sometimes, "rings", has_rung));
    assert_eq!(refused(&report), None);
}

#[test]
fn what_is_heeded_is_not_stale() {
    let report = check(&Deaf { sent: Some(2), claims: Claims::ToBeDeaf }, rings());
    let reason = refused(&report).expect("it is heeded");
    assert!(reason.contains("is said to be stale, and is heeded"), "{reason}");
    assert!(report.properties[0].holds());
}

#[test]
fn what_is_stale_stays_stale() {
    let report = check(&Deaf { sent: Some(2), claims: Claims::ForAWhile }, rings());
    let reason = refused(&report).expect("it is not stale for ever");
    assert!(reason.contains("is said to be stale, but may be heeded later"), "{reason}");
}

#[test]
fn conditions_do_not_look_at_what_is_stale() {
    let deaf = Deaf { sent: Some(2), claims: Claims::Rightly };
    let waits =
        |state: Snapshot<'_, Part>| matches!(state.part(1), Part::Receiver { waiting: 1.., .. });
    let report = check(&deaf, Property::new(PropertyKind::Sometimes, "something waits", waits));
    assert_eq!(refused(&report), Some("`something waits` looks at messages that nobody heeds"));
}

#[test]
fn steps_and_what_stays_possible_are_left_alone() {
    let deaf = Deaf { sent: Some(2), claims: Claims::Rightly };
    let report = check(&deaf, Property::new(PropertyKind::NeverStuck, "can ring", has_rung));
    assert_eq!(refused(&report), Some("`can ring` is about what stays possible"));
    let report = product(&deaf).always_step("anything", |_, _, _| true).stale_messages(true).run();
    assert_eq!(refused(&report), Some("`anything` is about steps"));
}
