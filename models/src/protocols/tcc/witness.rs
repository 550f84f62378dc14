//! The witness of the reservations of a TCC: what really happened, whatever the processes believe.

use smallvec::SmallVec;

use crate::process::rename::renames;
use crate::process::{StepId, WorkflowId};
use crate::protocols::steps::{Compensations, OwnChanges, StepHistory};
use crate::workflow::Workflow;

use super::log::TccOutcome;
use super::message::{Operation, TccCall};

/// What really happened to the reservations of one workflow, whatever its coordinator and its
/// participants believe.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TccWitness {
    pub(super) steps: SmallVec<[StepHistory; 4]>,
    pub(super) own: Option<Box<OwnChanges>>,
}

renames!(struct TccWitness { steps, own });

impl TccWitness {
    /// Nothing has happened yet to any of the `steps` steps.
    #[must_use]
    pub fn new(steps: usize) -> Self {
        TccWitness { steps: SmallVec::from_elem(StepHistory::default(), steps), own: None }
    }

    /// Adds up what the workflow changes, where its steps do not say it.
    #[must_use]
    pub fn adding_up(mut self, own: Option<Box<OwnChanges>>) -> Self {
        self.own = own;
        self
    }

    /// Whether it is the witness of that workflow, or is told of no other.
    #[must_use]
    pub fn is_of(&self, workflow: WorkflowId) -> bool {
        self.own.as_ref().is_none_or(|own| own.workflow() == workflow)
    }

    /// What happened to each step, by [`StepId`].
    #[must_use]
    pub fn steps(&self) -> &[StepHistory] {
        &self.steps
    }

    /// A participant changed its resources.
    pub fn applied(&mut self, call: TccCall) {
        let step = &mut self.steps[usize::from(call.step.0)];
        match call.operation {
            Operation::Try => step.did(),
            Operation::Confirm => step.confirmed(),
            Operation::Cancel => step.undid(),
        }
    }

    /// A participant told the coordinator that something is done.
    pub fn answered(&mut self, call: TccCall) {
        if call.operation == Operation::Cancel {
            self.steps[usize::from(call.step.0)].undo_answered();
        }
    }

    /// Whether what really happened is what `outcome` says: all confirmed, or none. What is still
    /// reserved is a leak, which is another property's business.
    #[must_use]
    pub fn agrees_with(&self, outcome: TccOutcome) -> bool {
        let all = self.steps.iter().all(StepHistory::is_confirmed);
        let none = self.steps.iter().all(|step| step.times_confirmed() == 0);
        match outcome {
            TccOutcome::Completed => all,
            TccOutcome::Cancelled => none,
            TccOutcome::Failed => all || none,
        }
    }

    /// What is worth telling, for each step that was touched.
    #[must_use]
    pub fn facts(
        &self,
        workflow: &Workflow,
        id: WorkflowId,
        compensations: &Compensations,
    ) -> Vec<String> {
        let steps = (0..).map(StepId).zip(&self.steps);
        let facts =
            steps.filter_map(|(id, step)| step.fact_of_reservation(&workflow.step(id).name));
        let left = compensations.facts(workflow, id, &self.steps, self.own.as_deref());
        facts.chain(left).collect()
    }
}
