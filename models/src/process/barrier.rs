//! The participant's idempotency barrier: which requests of which workflow were already answered, and how.
//!
//! Networks repeat and reorder. A participant that applies whatever arrives applies some changes
//! twice, undoes what was never done (*empty rollback*), and does what was already undone
//! (*hanging*). The barrier is a [`Ledger`] in the participant's own store, written in the same
//! transaction as the change, that makes all three impossible. The idea is that of Seata's and DTM's
//! sub-transaction barrier tables.

use derive_where::derive_where;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::ids::{StepId, WorkflowId};
use super::knob::knob;
use super::rename::{Exchange, Rename, renames};

/// How a participant stands to one step of one workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// The step's change is made.
    Done,
    /// The business said no; nothing changed.
    Refused,
    /// What the step does outside of its transaction is done; the step itself is not.
    OutsideOnly,
    /// The step's change is made, and what it does outside of its transaction.
    DoneOutside,
    /// The step's change is undone, or the undo came first: the step must not run any more.
    Undone,
}

renames!(nothing in Entry);

/// What a participant remembers of each step it was asked to do or undo: an entry of type `E`, in
/// the words of its protocol.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[derive_where(Default)]
pub struct Ledger<E = Entry> {
    entries: SmallVec<[(WorkflowId, StepId, E); 4]>,
}

impl<E: Rename> Rename for Ledger<E> {
    fn rename(&mut self, names: Exchange) {
        let Ledger { entries } = self;
        entries.rename(names);
        entries.sort_unstable_by_key(|&(workflow, step, _)| (workflow, step));
    }
}

impl<E: Copy> Ledger<E> {
    /// What is remembered of that step.
    #[must_use]
    pub fn entry(&self, workflow: WorkflowId, step: StepId) -> Option<E> {
        self.position(workflow, step).ok().map(|at| self.entries[at].2)
    }

    /// Remembers `entry`, in place of what was remembered before.
    pub fn record(&mut self, workflow: WorkflowId, step: StepId, entry: E) {
        match self.position(workflow, step) {
            Ok(at) => self.entries[at].2 = entry,
            Err(at) => self.entries.insert(at, (workflow, step, entry)),
        }
    }

    /// Remembers nothing of that step any more.
    pub fn forget(&mut self, workflow: WorkflowId, step: StepId) {
        if let Ok(at) = self.position(workflow, step) {
            self.entries.remove(at);
        }
    }

    /// Everything remembered, ordered by workflow and step.
    pub fn iter(&self) -> impl Iterator<Item = (WorkflowId, StepId, E)> {
        self.entries.iter().copied()
    }

    fn position(&self, workflow: WorkflowId, step: StepId) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&(workflow, step), |&(w, s, _)| (w, s))
    }
}

knob! {
    /// What a participant remembers of the requests it answered.
    Barrier {
        /// Everything: repeated requests change nothing, an undo that comes first blocks its step.
        #[default]
        Full,
        /// What it did, but not the undo of what it never did: a step that comes after its undo runs.
        WithoutTombstone,
        /// Nothing.
        None,
    }
}

knob! {
    /// What a request is known by when it is made again.
    RequestKey {
        /// The step it is about: whoever has answered it before knows it again.
        #[default]
        PerStep,
        /// A new key for each attempt, as it comes of making one within the loop that tries again. Nobody
        /// knows the request again.
        PerAttempt,
    }
}

knob! {
    /// When a participant writes its ledger.
    LedgerWrite {
        /// In the transaction of the change.
        #[default]
        SameTransaction,
        /// Before the change, in a store of its own. A crash in between turns every retry into a
        /// duplicate of something that never happened.
        BeforeChange,
        /// After the change. A crash in between makes the retry a second change.
        AfterChange,
    }
}

knob! {
    /// How long a participant remembers what it answered.
    KeyLifetime {
        /// Longer than any request can be repeated.
        #[default]
        OutlivesDuplicates,
        /// For a fixed time, after which a duplicate is taken for something new.
        Expires,
    }
}
