//! The properties of a saga.

use std::sync::Arc;

use amends_check::{Parts, Property};

use crate::process::{Process, WorkflowId};
use crate::protocols::steps::properties::{
    LIFO, NO_EMPTY_ROLLBACK, NO_LATE_EFFECT, NO_STRAY_EFFECT, SOUND_COMPENSATION, Steps,
};
use crate::protocols::steps::{ATOMIC, Orchestrated, StateLayout};
use crate::protocols::steps::{Compensations, StepHistory};
use crate::system::{
    BuiltIn, EFFECT_ONCE, Ending, Local, NO_FORGOTTEN_REQUEST, OUTCOME_FINAL, Part, ProtocolModel,
    SETTLES, StateReader, System, WELL_DEFINED,
};
use crate::workflow::Dataflow;

use super::isolation::isolation_properties;
use super::log::{SagaLog, SagaOutcome};
use super::plan::PlannedStep;
use super::system::{Saga, SagaMonitor};
use super::witness::{StepOrder, WorkflowWitness};

/// The built-in properties of a saga.
pub(crate) const BUILT_IN: &[BuiltIn] = &[
    WELL_DEFINED,
    ATOMIC,
    SOUND_COMPENSATION,
    SETTLES,
    OUTCOME_FINAL,
    NO_FORGOTTEN_REQUEST,
    LIFO,
    EFFECT_ONCE,
    NO_EMPTY_ROLLBACK,
    NO_LATE_EFFECT,
    NO_STRAY_EFFECT,
];

impl From<&PlannedStep> for StepOrder {
    fn from(step: &PlannedStep) -> StepOrder {
        StepOrder { waits_for: step.after, waited_for_by: step.dependents }
    }
}

/// A saga, whoever keeps its log.
pub(in crate::protocols::saga) trait AnySaga:
    Orchestrated + ProtocolModel<Monitor = SagaMonitor, Process: Process<Outcome = SagaOutcome>>
{
    /// What its steps read and write.
    fn flow(&self) -> &Dataflow;

    /// What its steps and their compensations add up to.
    fn compensations(&self) -> &Arc<Compensations>;

    /// How the saga ended, by its log.
    fn outcome(log: &Self::Log) -> Option<SagaOutcome>;
}

/// The built-in properties of a saga.
#[must_use]
pub(crate) fn saga_properties(system: &System<Saga>) -> Vec<Property<Parts<Part<Saga>>>> {
    properties(system)
}

pub(super) fn properties<T: AnySaga>(system: &System<T>) -> Vec<Property<Parts<Part<T>>>> {
    let layout = StateLayout::new(system);
    let steps = Steps::new(&layout, any_step);
    let mut properties = vec![
        layout.well_defined(),
        layout.atomic(T::outcome, |monitor, outcome| of_workflow(monitor).agrees_with(outcome)),
        steps.sound_compensation(system.protocol().compensations(), |monitor| {
            let witness = of_workflow(monitor);
            (witness.steps(), witness.own_changes())
        }),
        layout.settles(),
        layout
            .property(LIFO, |s, v| {
                !s.runs(v).any(|(_, monitor)| of_workflow(monitor).is_disordered())
            })
            .given(steps.with(|step| step.times_undone() > 0)),
        steps.effect_once(),
        steps.no_empty_rollback(),
        steps.no_late_effect(),
    ];
    properties.extend(layout.promises());
    if system.protocol().workflow().reaches_outside() {
        properties.push(steps.no_stray_effect(system.protocol().workflow(), |monitor| {
            let witness = of_workflow(monitor);
            (witness.steps(), witness.own_changes())
        }));
    }
    properties.extend(isolation_properties(system, &layout));
    properties
}

fn any_step(monitor: &SagaMonitor, is: fn(&StepHistory) -> bool) -> bool {
    of_workflow(monitor).steps().iter().any(is)
}

/// How states of a saga are read.
#[must_use]
pub(crate) fn saga_reader(system: &System<Saga>) -> StateReader<Saga> {
    StateLayout::new(system).reader()
}

fn of_workflow(monitor: &SagaMonitor) -> &WorkflowWitness {
    match monitor {
        SagaMonitor::Workflow(witness) => witness,
        SagaMonitor::Isolation(_) => unreachable!("the first monitors are those of workflows"),
    }
}

impl Orchestrated for Saga {
    type Log = SagaLog;

    fn log(coordinator: &Local<Saga>, _workflow: WorkflowId) -> &SagaLog {
        &coordinator.durable.coordinator
    }

    fn values(service: &Local<Saga>) -> &[i64] {
        &service.resources.values
    }

    fn ending(log: &SagaLog) -> Option<Ending> {
        log.outcome().map(Ending::from)
    }
}

impl AnySaga for Saga {
    fn flow(&self) -> &Dataflow {
        self.flow()
    }

    fn compensations(&self) -> &Arc<Compensations> {
        &self.compensations
    }

    fn outcome(log: &SagaLog) -> Option<SagaOutcome> {
        log.outcome()
    }
}

impl From<SagaOutcome> for Ending {
    fn from(outcome: SagaOutcome) -> Self {
        match outcome {
            SagaOutcome::Completed => Ending::Completed,
            SagaOutcome::Compensated => Ending::Compensated,
            SagaOutcome::Failed => Ending::Failed,
        }
    }
}
