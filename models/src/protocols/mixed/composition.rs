//! Which step of one workflow belongs to which part, and the plans of the parts that follow.

use std::sync::Arc;

use crate::process::{ServiceId, StepId, StepSet, WorkflowId};
use crate::protocols::saga::{PlannedStep, SagaKnobs, SagaPlan};
use crate::protocols::tcc::TccPlan;
use crate::workflow::{Step, StepKind, StepProtocol, Workflow};

use super::knobs::{MixedChoices, MixedKnobs, Settle};

/// How one workflow is put together.
///
/// ```
/// use amends_models::protocols::mixed::{Composition, MixedChoices};
/// use amends_models::process::{StepId, WorkflowId};
/// use amends_models::workflow::{StepDraft, StepProtocol, Workflow};
///
/// let order = Workflow::builder("order")
///     .service("shop", [("orders", 0)])
///     .service("bank", [("balance", 10), ("frozen", 0)])
///     .step(StepDraft::new("create", "shop").protocol(StepProtocol::Saga).change(["orders += 1"]))
///     .step(StepDraft::new("pay", "bank").protocol(StepProtocol::Tcc).reserve(["balance -= 1"]))
///     .build_for(&MixedChoices::default())?;
/// let composition = Composition::of(&order, WorkflowId(0), &MixedChoices::default());
/// // The saga has two steps: its own, and the TCC as its pivot.
/// assert_eq!(composition.saga().all().len(), 2);
/// assert_eq!(composition.pivot(), Some(StepId(2)));
/// # Ok::<(), amends_models::workflow::WorkflowError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composition {
    knobs: MixedKnobs,
    steps: StepSet,
    saga: Arc<SagaPlan>,
    tcc: Arc<TccPlan>,
    notices: Arc<SagaPlan>,
    pivot: Option<StepId>,
}

impl Composition {
    /// The composition of that workflow.
    #[must_use]
    pub fn of(workflow: &Workflow, id: WorkflowId, choices: &MixedChoices) -> Composition {
        let MixedChoices { mixed: knobs, saga, tcc } = choices;
        let steps = workflow.steps();
        let of = |protocol| -> StepSet {
            let all = StepSet::first(steps.len()).iter();
            all.filter(|&step| workflow.protocol_of(id, step) == protocol).collect()
        };
        let [own, branches, notices] =
            [StepProtocol::Saga, StepProtocol::Tcc, StepProtocol::Outbox].map(of);
        // The TCC as a whole is one more step of the saga.
        let pivot = (!branches.is_empty()).then_some(StepId(steps.len() as u8));
        Composition {
            knobs: knobs.clone(),
            steps: own,
            saga: Arc::new(saga_plan(steps, own, pivot, knobs, saga).with_exceptions(workflow)),
            tcc: Arc::new(TccPlan::of(steps, branches, tcc.clone()).with_exceptions(workflow)),
            // Notices are sent until they are delivered, whatever the saga does.
            notices: Arc::new(SagaPlan::of(
                steps.iter().map(|step| planned(step, StepKind::Retriable, notices)),
                notices,
                SagaKnobs::default(),
            )),
            pivot,
        }
    }

    /// The choices made about putting protocols together.
    #[must_use]
    pub fn knobs(&self) -> &MixedKnobs {
        &self.knobs
    }

    /// The plan of the saga: its own steps, and the [pivot](Composition::pivot).
    #[must_use]
    pub fn saga(&self) -> &Arc<SagaPlan> {
        &self.saga
    }

    /// The plan of the TCC.
    #[must_use]
    pub fn tcc(&self) -> &Arc<TccPlan> {
        &self.tcc
    }

    /// The plan of the notices.
    #[must_use]
    pub fn notices(&self) -> &Arc<SagaPlan> {
        &self.notices
    }

    /// The step of the saga that the TCC is, if there is one. It is no step of the workflow.
    #[must_use]
    pub fn pivot(&self) -> Option<StepId> {
        self.pivot
    }

    /// The saga's own steps.
    #[must_use]
    pub fn steps(&self) -> StepSet {
        self.steps
    }

    /// The steps of the workflow that are built on `step`: they must not be in force when it is
    /// undone.
    #[must_use]
    pub fn built_on(&self, step: StepId) -> StepSet {
        let later = self.saga.step(step).dependents.intersection(self.steps);
        match self.saga.step(step).kind {
            StepKind::Compensatable => later.union(self.tcc.all()),
            StepKind::Pivot | StepKind::Retriable => later,
        }
    }
}

fn planned(step: &Step, kind: StepKind, part: StepSet) -> PlannedStep {
    PlannedStep::new(step.service, kind, step.after.intersection(part))
}

fn saga_plan(
    steps: &[Step],
    own: StepSet,
    pivot: Option<StepId>,
    knobs: &MixedKnobs,
    saga: &SagaKnobs,
) -> SagaPlan {
    let of_kind = |kind| -> StepSet {
        own.iter().filter(|step| steps[usize::from(step.0)].kind == kind).collect()
    };
    let compensatable = of_kind(StepKind::Compensatable);
    let mut plan: Vec<PlannedStep> = steps
        .iter()
        .map(|step| {
            let mut planned = planned(step, step.kind, own);
            match step.kind {
                StepKind::Compensatable => {
                    planned.after = planned.after.intersection(compensatable);
                }
                // Whatever cannot be undone waits for the decision.
                StepKind::Pivot | StepKind::Retriable => {
                    planned.after = planned.after.union(compensatable);
                    pivot.into_iter().for_each(|pivot| planned.after.insert(pivot));
                }
            }
            planned
        })
        .collect();
    let mut all = own;
    if let Some(pivot) = pivot {
        let after = match knobs.settle {
            Settle::AfterSteps => compensatable,
            Settle::AtOnce => StepSet::EMPTY,
        };
        // Nobody serves it: it never leaves the coordinator.
        plan.push(PlannedStep::new(ServiceId(u16::MAX), StepKind::Pivot, after));
        all.insert(pivot);
    }
    SagaPlan::of(plan, all, saga.clone())
}
