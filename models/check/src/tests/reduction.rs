//! Partial-order reduction: the same verdicts as without it, and none where it would be wrong.

use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::{Move, Parts, Product, Property, PropertyKind, Reduction, Report, Snapshot, product};

/// How many slots there are, and how many parts each of them can hold.
const SLOTS: usize = 3;
const PARTS: usize = 4;

/// Workers that sometimes keep to themselves.
#[derive(Clone, Debug)]
struct Workers {
    /// By slot and part.
    parts: Vec<Vec<Worker>>,
}

/// What a worker does while it holds a part.
#[derive(Clone, Debug)]
struct Worker {
    private: bool,
    /// The next part, and the slot that is asked, if any.
    moves: Vec<(u8, Option<usize>)>,
    /// What it becomes when it is asked, if it agrees.
    answer: Option<u8>,
}

impl Product for Workers {
    type Part = u8;
    type Request = ();
    type Action = (usize, u8, usize);

    fn initial(&self) -> Vec<Vec<u8>> {
        vec![vec![0; SLOTS]]
    }

    fn moves(&self, slot: usize, part: &u8, moves: &mut Vec<Move<Self>>) {
        let worker = &self.parts[slot][usize::from(*part)];
        for (number, &(next, asked)) in worker.moves.iter().enumerate() {
            let requests = asked.filter(|&asked| asked != slot).map(|asked| (asked, ()));
            let action = (slot, *part, number);
            moves.push(Move { action, part: next, requests: requests.into_iter().collect() });
        }
    }

    fn answer(&self, slot: usize, part: &u8, (): &()) -> Option<u8> {
        self.parts[slot][usize::from(*part)].answer
    }

    fn is_private(&self, slot: usize, part: &u8) -> bool {
        self.parts[slot][usize::from(*part)].private
    }
}

fn workers() -> impl Strategy<Value = Workers> {
    let next = 0..PARTS as u8;
    let local = proptest::collection::vec((next.clone(), Just(None)), 1..3)
        .prop_map(|moves| Worker { private: true, moves, answer: None });
    let asking = proptest::collection::vec((next.clone(), proptest::option::of(0..SLOTS)), 0..3);
    let shared = (asking, proptest::option::of(next)).prop_map(|(moves, answer)| Worker {
        private: false,
        moves,
        answer,
    });
    let worker = prop_oneof![local, shared];
    let slot = proptest::collection::vec(worker, PARTS);
    proptest::collection::vec(slot, SLOTS).prop_map(|parts| Workers { parts })
}

/// Conditions that look at one slot, and sometimes at another.
fn properties(first: usize, wanted: [u8; 2]) -> Vec<Property<Parts<u8>>> {
    let second = (first + 1) % SLOTS;
    let met = move |state: Snapshot<'_, u8>| {
        *state.part(first) == wanted[0] && *state.part(second) == wanted[1]
    };
    vec![
        Property::new(PropertyKind::Always, "never both", move |state| !met(state)),
        Property::new(PropertyKind::Sometimes, "both", met),
        Property::new(PropertyKind::DeadlockFree, "ends well", move |state: Snapshot<'_, u8>| {
            *state.part(first) == wanted[0]
        }),
    ]
}

fn words<S, A>(report: &Report<S, A>) -> Vec<&'static str> {
    report.properties.iter().map(|found| found.verdict.word()).collect()
}

fn is_reduced<S, A>(report: &Report<S, A>) -> bool {
    report
        .reductions
        .iter()
        .any(|used| used.reduction == Reduction::PartialOrder && used.refused.is_none())
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(4_000) })]

    #[test]
    fn verdicts_are_those_of_the_whole_space(
        workers in workers(),
        first in 0..SLOTS,
        wanted: [u8; 2],
        which in 0..3usize,
    ) {
        let wanted = wanted.map(|part| part % PARTS as u8);
        let property = properties(first, wanted).swap_remove(which);
        let full = product(&workers).property(property.clone()).partial_order(false).run();
        let reduced = product(&workers).property(property).run();
        prop_assert_eq!(words(&reduced), words(&full));
        prop_assert!(reduced.states <= full.states);
        let length = |report: &Report<_, _>| {
            report.properties[0].verdict.counterexample().map(|path| path.steps.len())
        };
        prop_assert_eq!(length(&reduced), length(&full));
    }
}

/// A worker that holds these parts, one after the other, on its own.
fn alone(parts: usize) -> Vec<Worker> {
    let step = |part: usize| {
        let next = if part + 1 < parts { vec![(part as u8 + 1, None)] } else { Vec::new() };
        Worker { private: true, moves: next, answer: None }
    };
    (0..parts).map(step).collect()
}

#[test]
fn independent_workers_take_turns_instead_of_interleaving() {
    let workers = Workers { parts: vec![alone(20), alone(20), alone(20)] };
    let property = Property::new(PropertyKind::Always, "in range", |state: Snapshot<'_, u8>| {
        *state.part(0) < 20
    });
    let full = product(&workers).property(property.clone()).partial_order(false).run();
    assert_eq!(full.states, 8_000);
    for threads in [1, 2] {
        let reduced = product(&workers).property(property.clone()).threads(threads).run();
        reduced.assert_holds();
        assert!(is_reduced(&reduced));
        // The first worker is looked at, so it takes part in full; the others go one by one.
        assert!(reduced.states < 100, "{} states", reduced.states);
    }
}

#[test]
fn a_worker_that_goes_round_for_ever_does_not_keep_others_from_going() {
    let round = |next| Worker { private: true, moves: vec![(next, None)], answer: None };
    let workers = Workers { parts: vec![alone(3), vec![round(1), round(0)], alone(1)] };
    let report =
        product(&workers).always("early", |state: Snapshot<'_, u8>| *state.part(0) < 2).run();
    assert!(report.properties[0].is_violated());
}

#[test]
fn a_condition_that_looks_later_is_noticed() {
    // The second slot is looked at only when the first has come to its end, long after the second
    // has gone first.
    let workers = Workers { parts: vec![alone(4), alone(3), alone(1)] };
    let report = product(&workers)
        .always("not then", |state: Snapshot<'_, u8>| *state.part(0) != 3 || *state.part(1) != 0)
        .run();
    assert!(report.properties[0].is_violated());
}

#[test]
fn who_only_claims_to_be_private_is_found_out() {
    let mut workers = Workers { parts: vec![alone(3), alone(3), alone(3)] };
    workers.parts[0][1] = Worker { private: false, moves: vec![(2, Some(1))], answer: None };
    workers.parts[1][0].answer = Some(2);
    let report = product(&workers).sometimes("anything", |_| true).run();
    let refused = report.reductions[0].refused.clone().unwrap();
    assert!(refused.contains("slot 1 is said to be private, but grants"), "{refused}");
    let full = product(&workers).sometimes("anything", |_| true).partial_order(false).run();
    assert_eq!(report.states, full.states);
}

#[test]
fn properties_of_paths_are_not_reduced() {
    let workers = Workers { parts: vec![alone(3), alone(3), alone(3)] };
    let report = product(&workers).never_stuck("anything", |_| true).run();
    assert_eq!(report.reductions[0].refused.as_deref(), Some("`anything` is about paths"));
    assert_eq!(report.states, 27);
}
