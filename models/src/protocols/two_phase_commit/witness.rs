//! The witness of a transaction and its branches: what really happened, whatever the processes believe.

use smallvec::SmallVec;

use crate::process::rename::renames;

use super::log::TwoPhaseOutcome;

/// What really happened to one transaction, whatever its coordinators and participants believe.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TwoPhaseWitness {
    pub(super) branches: SmallVec<[BranchHistory; 4]>,
}

renames!(struct TwoPhaseWitness { branches });

/// What really happened at one participant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BranchHistory {
    pub(super) promised: bool,
    pub(super) committed: bool,
    pub(super) aborted: bool,
    pub(super) repeated: bool,
}

renames!(nothing in BranchHistory);

impl BranchHistory {
    /// It promised to commit.
    pub fn promised(&mut self) {
        self.promised = true;
    }

    /// It made the steps.
    pub fn committed(&mut self) {
        self.repeated |= self.committed;
        self.committed = true;
    }

    /// It gave the transaction up.
    pub fn aborted(&mut self) {
        self.aborted = true;
    }

    /// What is worth telling.
    #[must_use]
    pub fn fact(&self) -> Option<&'static str> {
        match (self.committed, self.aborted, self.promised) {
            (true, true, _) => Some("was committed and aborted"),
            (true, false, _) if self.repeated => Some("was committed more than once"),
            (true, false, _) => Some("was committed"),
            (false, true, _) => Some("was aborted"),
            (false, false, true) => Some("was promised, and is not decided"),
            (false, false, false) => None,
        }
    }

    /// Whether it promised to commit, and has done neither that nor the contrary.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        self.promised && !self.committed && !self.aborted
    }
}

impl TwoPhaseWitness {
    /// Nothing has happened yet at any of the `participants`.
    #[must_use]
    pub fn new(participants: usize) -> Self {
        TwoPhaseWitness { branches: SmallVec::from_elem(BranchHistory::default(), participants) }
    }

    /// The history of the participant of that position in the plan.
    ///
    /// # Panics
    /// If there is none.
    pub fn branch(&mut self, position: usize) -> &mut BranchHistory {
        &mut self.branches[position]
    }

    /// All histories, in the order of participants.
    #[must_use]
    pub fn branches(&self) -> &[BranchHistory] {
        &self.branches
    }

    pub(super) fn any_committed(&self) -> bool {
        self.branches.iter().any(|branch| branch.committed)
    }

    pub(super) fn any_aborted(&self) -> bool {
        self.branches.iter().any(|branch| branch.aborted)
    }

    /// Whether what happened is what the client was told.
    pub(super) fn agrees_with(&self, outcome: TwoPhaseOutcome) -> bool {
        match outcome {
            TwoPhaseOutcome::Committed => self.branches.iter().all(|branch| branch.committed),
            TwoPhaseOutcome::Aborted => !self.any_committed(),
            TwoPhaseOutcome::Mixed => true,
        }
    }
}
