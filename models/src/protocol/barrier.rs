//! The participant's barrier: which requests of which workflow were already answered, and how.
//!
//! Networks repeat and reorder. A participant that applies whatever arrives applies some changes
//! twice, undoes what was never done (*empty rollback*), and does what was already undone
//! (*hanging*). The barrier is a [`Ledger`] in the participant's own store, written in the same
//! transaction as the change, that makes all three impossible. The idea is that of Seata's and DTM's
//! sub-transaction barrier tables.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::address::{StepId, WorkflowId};

/// How a participant stands to one step of one workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// The step's change is made.
    Done,
    /// The business said no; nothing changed.
    Refused,
    /// The step's change is undone, or the undo came first: the step must not run any more.
    Undone,
}

/// What a participant remembers of each step it was asked to do or undo.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ledger {
    entries: SmallVec<[(WorkflowId, StepId, Entry); 4]>,
}

impl Ledger {
    /// What is remembered of that step.
    #[must_use]
    pub fn entry(&self, workflow: WorkflowId, step: StepId) -> Option<Entry> {
        self.position(workflow, step).ok().map(|at| self.entries[at].2)
    }

    /// Remembers `entry`, in place of what was remembered before.
    pub fn record(&mut self, workflow: WorkflowId, step: StepId, entry: Entry) {
        match self.position(workflow, step) {
            Ok(at) => self.entries[at].2 = entry,
            Err(at) => self.entries.insert(at, (workflow, step, entry)),
        }
    }

    /// Everything remembered, ordered by workflow and step.
    pub fn iter(&self) -> impl Iterator<Item = (WorkflowId, StepId, Entry)> {
        self.entries.iter().copied()
    }

    fn position(&self, workflow: WorkflowId, step: StepId) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&(workflow, step), |&(w, s, _)| (w, s))
    }
}
