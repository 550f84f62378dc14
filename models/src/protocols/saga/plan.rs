//! What a saga's processes need to know of their workflow: the shape of its steps, which of them can be
//! undone by a compensation, which is the pivot, and the knobs.

use crate::process::{LocalSet, ServiceId, StepId, StepSet};
use crate::workflow::{Dataflow, PlannedOutside, Step, StepKind, Workflow};

use super::knobs::{Isolation, SagaKnobs};
use super::message::Direction;

/// The steps of a workflow and how to carry them out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SagaPlan {
    steps: Vec<PlannedStep>,
    all: StepSet,
    knobs: SagaKnobs,
    /// The choices for each step; the same for all of them, if empty.
    of_steps: Vec<SagaKnobs>,
}

/// One step, without its business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedStep {
    /// Who carries it out.
    pub service: ServiceId,
    /// Whether it can be undone.
    pub kind: StepKind,
    /// The steps that must be done before it starts.
    pub after: StepSet,
    /// The steps that wait for it, directly or not.
    pub dependents: StepSet,
    /// The variables that it reads.
    pub reads: LocalSet,
    /// The variables that it needs: to be carried out, and to find out whether they are still true.
    pub needs: LocalSet,
    /// The variables that its compensation needs.
    pub undo_needs: LocalSet,
    /// Whether it leaves a lock that has to be released.
    pub locks: bool,
    /// When it does something outside of its transaction, and whether that has an idempotency key.
    pub outside: Option<PlannedOutside>,
}

impl PlannedStep {
    /// A step that reads nothing, needs to know nothing and locks nothing. What depends on it follows
    /// from the steps it is planned with.
    #[must_use]
    pub fn new(service: ServiceId, kind: StepKind, after: StepSet) -> PlannedStep {
        PlannedStep {
            service,
            kind,
            after,
            dependents: StepSet::EMPTY,
            reads: LocalSet::EMPTY,
            needs: LocalSet::EMPTY,
            undo_needs: LocalSet::EMPTY,
            locks: false,
            outside: None,
        }
    }

    /// The variables that have to be known for a call in that direction.
    #[must_use]
    pub fn needs_for(&self, direction: Direction) -> LocalSet {
        match direction {
            Direction::Forward => self.needs,
            Direction::Backward => self.undo_needs,
        }
    }
}

impl SagaPlan {
    /// Plans the steps of a validated workflow.
    #[must_use]
    pub fn new(steps: &[Step], knobs: SagaKnobs) -> SagaPlan {
        let flow = Dataflow::of(steps);
        let isolation = knobs.isolation;
        let planned =
            (0u8..).map(|at| flow.step(StepId(at))).zip(steps).map(|(flow, step)| PlannedStep {
                service: step.service,
                kind: step.kind,
                after: step.after,
                dependents: StepSet::EMPTY,
                reads: flow.reads,
                needs: match isolation {
                    Isolation::Reread => flow.uses.union(flow.depends_on),
                    Isolation::SemanticLock | Isolation::None => flow.uses,
                },
                undo_needs: flow.undo_uses,
                locks: isolation == Isolation::SemanticLock && !flow.touches.is_empty(),
                outside: step.outside.as_ref().map(PlannedOutside::from),
            });
        SagaPlan::of(planned, StepSet::first(steps.len()), knobs)
    }

    /// A plan of steps by position, of which `all` are carried out. Whatever `dependents` they have
    /// follows from `after`.
    #[must_use]
    pub fn of(
        steps: impl IntoIterator<Item = PlannedStep>,
        all: StepSet,
        knobs: SagaKnobs,
    ) -> SagaPlan {
        let mut planned: Vec<PlannedStep> = steps.into_iter().collect();
        // Each round reaches one dependency further; there are at most as many as steps.
        for _ in 0..planned.len() {
            for at in 0..planned.len() {
                let reach = planned[at].dependents.union([StepId(at as u8)].into_iter().collect());
                for before in planned[at].after.iter() {
                    let earlier = &mut planned[usize::from(before.0)];
                    earlier.dependents = earlier.dependents.union(reach);
                }
            }
        }
        SagaPlan { steps: planned, all, knobs, of_steps: Vec::new() }
    }

    /// The same plan, with what is chosen otherwise for some services or steps of the workflow.
    #[must_use]
    pub fn with_exceptions(mut self, workflow: &Workflow) -> SagaPlan {
        self.of_steps = self.knobs.of_steps(workflow);
        self
    }

    /// The choices made for a step.
    #[must_use]
    pub fn knobs_of(&self, step: StepId) -> &SagaKnobs {
        self.of_steps.get(usize::from(step.0)).unwrap_or(&self.knobs)
    }

    /// The choices made.
    #[must_use]
    pub fn knobs(&self) -> &SagaKnobs {
        &self.knobs
    }

    /// The step of that position.
    ///
    /// # Panics
    /// If the plan has no such step.
    #[must_use]
    pub fn step(&self, step: StepId) -> &PlannedStep {
        &self.steps[usize::from(step.0)]
    }

    /// All steps.
    #[must_use]
    pub fn all(&self) -> StepSet {
        self.all
    }

    /// The steps that leave a lock.
    #[must_use]
    pub fn locking(&self) -> StepSet {
        self.all().iter().filter(|&step| self.step(step).locks).collect()
    }

    /// The steps of a kind.
    #[must_use]
    pub fn of_kind(&self, kind: StepKind) -> StepSet {
        self.all().iter().filter(|&step| self.step(step).kind == kind).collect()
    }
}
