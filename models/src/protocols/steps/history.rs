//! What really happened to one step of one workflow, whatever its coordinator and its participants
//! believe. The witnesses of sagas and of TCCs are made of these.

use crate::process::rename::renames;

/// What really happened to one step. Counts stop at [`StepHistory::MANY`], so that the state space
/// stays finite when a participant repeats itself for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StepHistory {
    done: u8,
    confirmed: u8,
    undone: u8,
    undo_answered: bool,
    empty_confirm: bool,
    empty_rollback: bool,
    late: bool,
    outside: u8,
}

renames!(nothing in StepHistory);

impl StepHistory {
    /// Where counting stops.
    pub const MANY: u8 = 3;

    /// The step took effect: in a TCC, it reserved.
    pub fn did(&mut self) {
        self.late |= self.undo_answered;
        count(&mut self.done);
    }

    /// What it does outside of its transaction was done.
    pub fn reached_outside(&mut self) {
        count(&mut self.outside);
    }

    /// What was reserved was used.
    pub fn confirmed(&mut self) {
        self.empty_confirm |= !self.is_open();
        count(&mut self.confirmed);
    }

    /// The step was undone: in a TCC, what was reserved was released.
    pub fn undid(&mut self) {
        self.empty_rollback |= !self.is_open();
        count(&mut self.undone);
    }

    /// The coordinator was told that the step is undone.
    pub fn undo_answered(&mut self) {
        self.undo_answered = true;
    }

    /// How often it took effect.
    #[must_use]
    pub fn times_done(&self) -> u8 {
        self.done
    }

    /// How often it was undone.
    #[must_use]
    pub fn times_undone(&self) -> u8 {
        self.undone
    }

    /// How often it was confirmed.
    #[must_use]
    pub fn times_confirmed(&self) -> u8 {
        self.confirmed
    }

    /// Whether it is done, and neither confirmed nor undone: in force, or in a TCC, reserved.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.done > self.undone + self.confirmed
    }

    /// Whether it stands as if it had never run.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.done == self.undone && self.confirmed == 0
    }

    /// Whether something that was reserved was used.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.confirmed > 0 && !self.empty_confirm
    }

    /// Whether the participant said that it is undone.
    #[must_use]
    pub fn is_undo_answered(&self) -> bool {
        self.undo_answered
    }

    /// Whether it, its confirmation or its compensation took effect more than once.
    #[must_use]
    pub fn is_repeated(&self) -> bool {
        self.done > 1 || self.confirmed > 1 || self.undone > 1
    }

    /// How often it did what it does outside of its transaction.
    #[must_use]
    pub fn times_outside(&self) -> u8 {
        self.outside
    }

    /// Whether it was confirmed at a time when nothing was reserved.
    #[must_use]
    pub fn has_empty_confirm(&self) -> bool {
        self.empty_confirm
    }

    /// Whether it was undone at a time when it was not in force.
    #[must_use]
    pub fn has_empty_rollback(&self) -> bool {
        self.empty_rollback
    }

    /// Whether it took effect after its compensation was answered.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.late
    }

    /// What is worth telling of the step of that name, if it was touched.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<String> {
        let outside = match self.outside {
            0 => String::new(),
            times_outside => format!(", and outside of its transaction {}", times(times_outside)),
        };
        match (self.done, self.undone) {
            (0, 0) if self.outside > 0 => {
                let times = times(self.outside);
                Some(format!(
                    "{name} took effect outside of its transaction {times}, but not in it"
                ))
            }
            (0, 0) => None,
            (done, 0) => Some(format!("{name} took effect {}{outside}", times(done))),
            (0, undone) => Some(format!("{name} was undone {}, but never done", times(undone))),
            (done, undone) => Some(format!(
                "{name} took effect {} and was undone {}{outside}",
                times(done),
                times(undone)
            )),
        }
    }

    /// The same, for a step of a TCC.
    #[must_use]
    pub fn fact_of_reservation(&self, name: &str) -> Option<String> {
        let did =
            [("reserved", self.done), ("confirmed", self.confirmed), ("released", self.undone)];
        let did: Vec<String> = did
            .into_iter()
            .filter(|&(_, count)| count > 0)
            .map(|(what, count)| format!("{what} {}", times(count)))
            .collect();
        let never = if self.done == 0 { ", but never reserved" } else { "" };
        (!did.is_empty()).then(|| format!("{name} was {}{never}", did.join(" and ")))
    }
}

fn count(times: &mut u8) {
    *times = (*times + 1).min(StepHistory::MANY);
}

/// A count in words: `once`, `twice`.
#[must_use]
fn times(count: u8) -> &'static str {
    match count {
        1 => "once",
        2 => "twice",
        _ => "three times or more",
    }
}
