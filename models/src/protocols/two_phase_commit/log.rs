//! The logs: what is left of a transaction after a crash.

use std::fmt;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::process::rename::renames;
use crate::process::{ServiceId, WorkflowId};
use crate::protocols::lease::Epoch;

use super::message::Decision;

/// How a transaction ended, as its client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TwoPhaseOutcome {
    /// Everybody committed.
    Committed,
    /// Everybody aborted.
    Aborted,
    /// Somebody decided alone, and otherwise than the coordinator. A person must look at it.
    Mixed,
}

renames!(nothing in TwoPhaseOutcome);

impl fmt::Display for TwoPhaseOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TwoPhaseOutcome::Committed => "committed",
            TwoPhaseOutcome::Aborted => "aborted",
            TwoPhaseOutcome::Mixed => "mixed",
        })
    }
}

/// An entry of a coordinator's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CoordinatorRecord {
    /// The transaction is accepted; or, at a standby, watched.
    Accepted,
    /// It is going to claim the lead with that token, for the first and only time.
    Claiming(Epoch),
    /// It commits. Aborts are presumed.
    Committing,
    /// A participant decided otherwise.
    Damaged(ServiceId),
    /// Everybody who had to know the decision knows it. What is left may be forgotten.
    Ended(TwoPhaseOutcome),
}

/// Where a transaction stands, as its coordinator's log tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TwoPhasePhase {
    /// Not yet accepted.
    #[default]
    Pending,
    /// Not decided.
    Accepted,
    /// Decided to commit, and not everybody is known to know.
    Committing,
    /// Over.
    Ended(TwoPhaseOutcome),
}

/// What a coordinator's log folds to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CoordinatorLog {
    /// Where the transaction stands.
    pub phase: TwoPhasePhase,
    /// Whether a participant decided otherwise.
    pub damaged: bool,
    /// The token it claimed last.
    pub claimed: Epoch,
}

renames!(nothing in CoordinatorRecord, CoordinatorLog);

impl CoordinatorLog {
    /// Adds a record.
    pub fn fold(&mut self, record: &CoordinatorRecord) {
        match *record {
            CoordinatorRecord::Accepted => self.phase = TwoPhasePhase::Accepted,
            CoordinatorRecord::Claiming(epoch) => self.claimed = epoch,
            CoordinatorRecord::Committing => self.phase = TwoPhasePhase::Committing,
            CoordinatorRecord::Damaged(_) => self.damaged = true,
            CoordinatorRecord::Ended(outcome) => self.phase = TwoPhasePhase::Ended(outcome),
        }
    }

    /// How it ended, if it ended.
    #[must_use]
    pub fn outcome(&self) -> Option<TwoPhaseOutcome> {
        match self.phase {
            TwoPhasePhase::Ended(outcome) => Some(outcome),
            _ => None,
        }
    }
}

/// How a participant stands to one transaction, as its log tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BranchState {
    /// It promised to commit and does not know the decision: it is in doubt.
    Prepared,
    /// It committed.
    Committed,
    /// It aborted.
    Aborted,
    /// It decided on its own authority.
    Heuristic(Decision),
}

renames!(nothing in BranchState);

/// An entry of a participant's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BranchRecord {
    /// Which transaction.
    pub workflow: WorkflowId,
    /// How the participant stands to it.
    pub state: BranchState,
}

renames!(struct BranchRecord { workflow, state });

/// What a participant's log folds to: every transaction it has a stand on.
///
/// Ended branches stay, so that what arrives too late finds them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Branches {
    states: SmallVec<[(WorkflowId, BranchState); 2]>,
}

renames!(struct Branches { ; sorted states });

impl Branches {
    /// How the participant stands to a transaction.
    #[must_use]
    pub fn state(&self, workflow: WorkflowId) -> Option<BranchState> {
        self.iter().find(|(id, _)| *id == workflow).map(|(_, state)| state)
    }

    /// Adds a record.
    pub fn fold(&mut self, record: &BranchRecord) {
        match self.states.binary_search_by_key(&record.workflow, |(id, _)| *id) {
            Ok(at) => self.states[at].1 = record.state,
            Err(at) => self.states.insert(at, (record.workflow, record.state)),
        }
    }

    /// All of them, in order of transactions.
    pub fn iter(&self) -> impl Iterator<Item = (WorkflowId, BranchState)> {
        self.states.iter().copied()
    }

    /// The transactions it is in doubt of.
    pub fn in_doubt(&self) -> impl Iterator<Item = WorkflowId> {
        self.iter().filter(|(_, state)| *state == BranchState::Prepared).map(|(id, _)| id)
    }
}
