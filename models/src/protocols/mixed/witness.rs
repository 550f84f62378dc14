//! The witness of a mixed workflow: what really happened, whatever the processes believe.

use crate::process::rename::renames;
use crate::process::{StepId, StepSet, WorkflowId};
use crate::protocols::saga::{Direction, SagaOutcome, StepCall, StepOrder, WorkflowWitness};
use crate::protocols::steps::{Compensations, OwnChanges, StepHistory};
use crate::protocols::tcc::{Operation, TccCall};
use crate::workflow::Workflow;

use super::composition::Composition;
use super::coordinator::MixedLog;

/// What really happened to one mixed workflow, whatever its coordinator and its participants believe.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MixedWitness {
    pub(super) own: StepSet,
    pub(super) branches: StepSet,
    pub(super) notices: StepSet,
    pub(super) happened: WorkflowWitness,
    pub(super) premature: bool,
}

renames!(struct MixedWitness { own, branches, notices, happened, premature });

impl MixedWitness {
    /// Nothing has happened yet to a workflow of that composition.
    #[must_use]
    pub fn new(composition: &Composition, steps: usize) -> Self {
        MixedWitness {
            own: composition.steps(),
            branches: composition.tcc().all(),
            notices: composition.notices().all(),
            happened: WorkflowWitness::new(steps),
            premature: false,
        }
    }

    /// Adds up what the workflow changes, where its steps do not say it.
    #[must_use]
    pub fn adding_up(mut self, own: Option<Box<OwnChanges>>) -> Self {
        self.happened = self.happened.adding_up(own);
        self
    }

    /// A participant changed its resources, by a saga step or a notice.
    pub fn applied(&mut self, call: StepCall, composition: &Composition) {
        if self.notices.contains(call.step) && call.direction == Direction::Forward {
            self.premature |= !self.is_complete();
        }
        let order =
            StepOrder { waits_for: StepSet::EMPTY, waited_for_by: composition.built_on(call.step) };
        self.happened.applied(call, order);
    }

    /// A participant changed its resources, by a TCC step.
    pub fn reserved(&mut self, call: TccCall) {
        let step = self.happened.step(call.step);
        match call.operation {
            Operation::Try => step.did(),
            Operation::Confirm => step.confirmed(),
            Operation::Cancel => step.undid(),
        }
    }

    /// A participant told the coordinator that a step is taken back.
    pub fn answered(&mut self, step: StepId) {
        self.happened.step(step).undo_answered();
    }

    pub(super) fn of(&self, part: StepSet) -> impl Iterator<Item = &StepHistory> {
        let steps = (0..).map(StepId).zip(self.happened.steps());
        steps.filter(move |(id, _)| part.contains(*id)).map(|(_, step)| step)
    }

    /// Whether everything that the decision is about has taken effect, for good.
    pub(super) fn is_complete(&self) -> bool {
        self.of(self.own).all(|step| step.times_done() == step.times_undone() + 1)
            && self.of(self.branches).all(StepHistory::is_confirmed)
    }

    /// Whether nothing of what the decision is about is in force. What is still reserved is a leak,
    /// which is another property's business.
    pub(super) fn is_nothing(&self) -> bool {
        self.of(self.own).all(StepHistory::is_clean)
            && self.of(self.branches).all(|step| step.times_confirmed() == 0)
    }

    /// Whether what really happened is what `outcome` says.
    #[must_use]
    pub fn agrees_with(&self, outcome: SagaOutcome) -> bool {
        match outcome {
            SagaOutcome::Completed => self.is_complete(),
            SagaOutcome::Compensated => self.is_nothing(),
            SagaOutcome::Failed => self.is_complete() || self.is_nothing(),
        }
    }

    /// Whether notices took effect of nothing but a completed workflow, and all of them if it is over.
    pub(super) fn is_published(&self, log: &MixedLog) -> bool {
        let delivered = self.of(self.notices).all(|step| step.times_done() > 0);
        let over = log.outcome().is_some() && !log.has_notices();
        let lost = over && log.outcome() == Some(SagaOutcome::Completed) && !delivered;
        !self.premature && !lost
    }

    /// What is worth telling, for each step that was touched.
    #[must_use]
    pub fn facts(
        &self,
        workflow: &Workflow,
        id: WorkflowId,
        compensations: &Compensations,
    ) -> Vec<String> {
        let steps = (0..).map(StepId).zip(self.happened.steps());
        let fact = |(id, step): (StepId, &StepHistory)| {
            let name = &workflow.step(id).name;
            if self.branches.contains(id) {
                step.fact_of_reservation(name)
            } else {
                step.fact(name)
            }
        };
        let own = self.happened.own_changes();
        let left = compensations.facts(workflow, id, self.happened.steps(), own);
        steps.filter_map(fact).chain(left).collect()
    }
}
