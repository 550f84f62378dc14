//! What workflows leave at a service while they are on their way: the locks on what they touched, and
//! what they read.
//!
//! A saga gives its changes away before it is over. A *semantic lock* tells others so: a mark on the
//! row, written in the transaction of the change and taken away when the workflow has completed or the
//! step is undone (Garcia-Molina and Salem 1987 leave isolation to the application; Frank and Zahle
//! 1998 name the countermeasures). It is no lock of the database: no transaction is held open.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::process::rename::renames;
use crate::process::{Locals, StepId, StepSet, WorkflowId};
use crate::workflow::ResourceId;

/// What workflows left at one service. Part of its rows: it changes in the transaction of a step, and
/// a crash leaves it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Marks {
    /// Who holds the lock of a resource, and the steps that need it; in order.
    locks: SmallVec<[(ResourceId, WorkflowId, StepSet); 1]>,
    /// What steps have read, in order.
    reads: SmallVec<[(WorkflowId, StepId, Locals); 1]>,
}

renames!(struct Marks { ; sorted locks, reads });

impl Marks {
    /// Whether another workflow holds the lock of one of the resources.
    #[must_use]
    pub fn is_locked_against(&self, workflow: WorkflowId, resources: &[ResourceId]) -> bool {
        let others = self.locks.iter().filter(|(_, holder, _)| *holder != workflow);
        others.into_iter().any(|(resource, ..)| resources.contains(resource))
    }

    /// Who holds the lock of a resource.
    #[must_use]
    pub fn holder(&self, resource: ResourceId) -> Option<WorkflowId> {
        let found = self.locks.iter().find(|(locked, ..)| *locked == resource);
        found.map(|&(_, holder, _)| holder)
    }

    /// Locks the resources for a step. They must not be locked against its workflow.
    pub fn lock(&mut self, workflow: WorkflowId, step: StepId, resources: &[ResourceId]) {
        for &resource in resources {
            match self.locks.binary_search_by_key(&resource, |&(locked, ..)| locked) {
                Ok(at) => self.locks[at].2.insert(step),
                Err(at) => {
                    self.locks.insert(at, (resource, workflow, StepSet::from_iter([step])));
                }
            }
        }
    }

    /// Takes away what the step left: its locks, and what it read.
    pub fn clear(&mut self, workflow: WorkflowId, step: StepId) {
        for (_, holder, steps) in &mut self.locks {
            if *holder == workflow {
                steps.remove(step);
            }
        }
        self.locks.retain(|(_, _, steps)| !steps.is_empty());
        self.reads.retain(|(reader, reading, _)| (*reader, *reading) != (workflow, step));
    }

    /// Keeps what a step has read, for as long as it may be asked for it again.
    pub fn remember(&mut self, workflow: WorkflowId, step: StepId, read: Locals) {
        match self.reads.binary_search_by_key(&(workflow, step), |&(w, s, _)| (w, s)) {
            Ok(at) => self.reads[at].2 = read,
            Err(at) => self.reads.insert(at, (workflow, step, read)),
        }
    }

    /// What a step has read.
    #[must_use]
    pub fn recall(&self, workflow: WorkflowId, step: StepId) -> Option<Locals> {
        let found = self.reads.iter().find(|(w, s, _)| (*w, *s) == (workflow, step));
        found.map(|&(_, _, read)| read)
    }
}
