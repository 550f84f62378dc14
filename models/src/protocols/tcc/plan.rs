//! What a TCC's processes need to know of their workflow: the shape of its steps, and the knobs.

use crate::process::{ServiceId, StepId, StepSet};
use crate::workflow::Step;

use super::knobs::TccKnobs;

/// The steps of a workflow and how to carry them out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TccPlan {
    steps: Vec<PlannedTry>,
    all: StepSet,
    knobs: TccKnobs,
}

/// One step, without its business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedTry {
    /// Who carries it out.
    pub service: ServiceId,
    /// The steps that must have reserved before it is tried; usually none.
    pub after: StepSet,
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
        });
        TccPlan { steps: planned.collect(), all: branches, knobs }
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
