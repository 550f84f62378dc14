//! The witness of a saga, orchestrated or choreographed: what really happened to one workflow.
//!
//! A witness is a monitor: it is told what processes did, and knows nothing of their bookkeeping. So a
//! process that believes its own wrong log is found out.

use smallvec::SmallVec;

use crate::process::rename::renames;
use crate::process::{StepId, StepSet, WorkflowId};
use crate::protocols::steps::{Compensations, OwnChanges, StepHistory};
use crate::workflow::Workflow;

use super::log::SagaOutcome;
use super::message::{Direction, StepCall};

/// What really happened to the steps of one workflow, whatever the processes that carried it out
/// believe.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkflowWitness {
    steps: SmallVec<[StepHistory; 4]>,
    disorder: bool,
    acausal: bool,
    own: Option<Box<OwnChanges>>,
}

renames!(struct WorkflowWitness { steps, disorder, acausal, own });

/// How a step stands to the other steps of its workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepOrder {
    /// The steps it waits for.
    pub waits_for: StepSet,
    /// The steps that wait for it, directly or not.
    pub waited_for_by: StepSet,
}

impl WorkflowWitness {
    /// Nothing has happened yet to any of the `steps` steps.
    #[must_use]
    pub fn new(steps: usize) -> Self {
        WorkflowWitness {
            steps: SmallVec::from_elem(StepHistory::default(), steps),
            disorder: false,
            acausal: false,
            own: None,
        }
    }

    /// Adds up what the workflow changes, where its steps do not say it.
    #[must_use]
    pub fn adding_up(mut self, own: Option<Box<OwnChanges>>) -> Self {
        self.own = own;
        self
    }

    /// What the workflow changed, where its steps do not say it.
    #[must_use]
    pub fn own_changes(&self) -> Option<&OwnChanges> {
        self.own.as_deref()
    }

    /// The same, to be added to.
    pub fn own_changes_mut(&mut self) -> Option<&mut OwnChanges> {
        self.own.as_deref_mut()
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

    /// What happened to one step, to be added to.
    ///
    /// # Panics
    /// If there is no such step.
    pub fn step(&mut self, step: StepId) -> &mut StepHistory {
        &mut self.steps[usize::from(step.0)]
    }

    /// Whether a step was undone while one that waited for it was still in force.
    #[must_use]
    pub fn is_disordered(&self) -> bool {
        self.disorder
    }

    /// Whether a step took effect although one that it waits for had never been done.
    #[must_use]
    pub fn is_acausal(&self) -> bool {
        self.acausal
    }

    /// A participant changed its resources.
    pub fn applied(&mut self, call: StepCall, order: StepOrder) {
        let at = usize::from(call.step.0);
        match call.direction {
            Direction::Forward => {
                self.acausal |= self.any(order.waits_for, |cause| cause.times_done() == 0);
                self.steps[at].did();
            }
            Direction::Backward => {
                self.disorder |= self.any(order.waited_for_by, StepHistory::is_open);
                self.steps[at].undid();
            }
        }
    }

    fn any(&self, steps: StepSet, condition: impl Fn(&StepHistory) -> bool) -> bool {
        steps.iter().any(|step| condition(&self.steps[usize::from(step.0)]))
    }

    /// A participant told others that something is done.
    pub fn answered(&mut self, call: StepCall) {
        if call.direction == Direction::Backward {
            self.steps[usize::from(call.step.0)].undo_answered();
        }
    }

    /// Whether every step is in force, or none is.
    #[must_use]
    pub fn is_all_or_nothing(&self) -> bool {
        self.agrees_with(SagaOutcome::Failed)
    }

    /// Whether what really happened is what `outcome` says.
    #[must_use]
    pub fn agrees_with(&self, outcome: SagaOutcome) -> bool {
        let all_done = self.steps.iter().all(|s| s.times_done() == s.times_undone() + 1);
        let none_done = self.steps.iter().all(StepHistory::is_clean);
        match outcome {
            SagaOutcome::Completed => all_done,
            SagaOutcome::Compensated => none_done,
            SagaOutcome::Failed => all_done || none_done,
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
        let facts = steps.filter_map(|(id, step)| step.fact(&workflow.step(id).name));
        let left = compensations.facts(workflow, id, &self.steps, self.own_changes());
        facts.chain(left).collect()
    }
}
