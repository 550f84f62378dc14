//! What a TCC's processes need to know of their workflow: the shape of its steps, and the knobs.

use crate::process::{ServiceId, StepId, StepSet};
use crate::workflow::{PlannedOutside, Step, Workflow};

use super::knobs::TccKnobs;

/// The steps of a workflow and how to carry them out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TccPlan {
    steps: Vec<PlannedTry>,
    all: StepSet,
    knobs: TccKnobs,
    /// The choices for each step; the same for all of them, if empty.
    of_steps: Vec<TccKnobs>,
}

/// One step, without its business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedTry {
    /// Who carries it out.
    pub service: ServiceId,
    /// The steps that must have reserved before it is tried; usually none.
    pub after: StepSet,
    /// Whether its Try does something outside of its transaction.
    pub outside: Option<PlannedOutside>,
}

impl TccPlan {
    /// Plans the steps of a validated workflow.
    #[must_use]
    pub fn new(steps: &[Step], knobs: TccKnobs) -> TccPlan {
        TccPlan::of(steps, StepSet::first(steps.len()), knobs)
    }

    /// Plans the steps of a validated workflow that are `branches` of a TCC.
    #[must_use]
    pub fn of(steps: &[Step], branches: StepSet, knobs: TccKnobs) -> TccPlan {
        let planned = steps.iter().map(|step| PlannedTry {
            service: step.service,
            after: step.after.intersection(branches),
            outside: step.outside.as_ref().map(PlannedOutside::from),
        });
        TccPlan { steps: planned.collect(), all: branches, knobs, of_steps: Vec::new() }
    }

    /// The same plan, with what is chosen otherwise for some services or steps of the workflow.
    #[must_use]
    pub fn with_exceptions(mut self, workflow: &Workflow) -> TccPlan {
        self.of_steps = self.knobs.of_steps(workflow);
        self
    }

    /// The choices made for a step.
    #[must_use]
    pub fn knobs_of(&self, step: StepId) -> &TccKnobs {
        self.of_steps.get(usize::from(step.0)).unwrap_or(&self.knobs)
    }

    /// The choices made.
    #[must_use]
    pub fn knobs(&self) -> &TccKnobs {
        &self.knobs
    }

    /// The step of that position.
    ///
    /// # Panics
    /// If the plan has no such step.
    #[must_use]
    pub fn step(&self, step: StepId) -> &PlannedTry {
        &self.steps[usize::from(step.0)]
    }

    /// All steps.
    #[must_use]
    pub fn all(&self) -> StepSet {
        self.all
    }
}
