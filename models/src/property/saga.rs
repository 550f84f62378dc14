//! The properties of a saga.

use crate::check::{Parts, Property, PropertyKind};
use crate::protocol::saga::{PlannedStep, SagaLog, SagaOutcome};
use crate::protocol::{Address, WorkflowId};
use crate::system::saga::{Saga, SagaMonitor, StandbySaga};
use crate::system::{Local, Part, Protocol, System};
use crate::workflow::Dataflow;

use super::ending::Ending;
use super::history::StepHistory;
use super::isolation::isolation_properties;
use super::reading::Reading;
use super::sight::{Orchestrated, Sight, View};
use super::witness::{StepOrder, WorkflowWitness};

/// The names of the built-in properties of a saga.
pub const BUILT_IN: [&str; 7] = [
    "well-defined",
    "atomic",
    "settles",
    "lifo",
    "effect-once",
    "no-empty-rollback",
    "no-late-effect",
];

impl From<&PlannedStep> for StepOrder {
    fn from(step: &PlannedStep) -> StepOrder {
        StepOrder { waits_for: step.after, waited_for_by: step.dependents }
    }
}

/// A saga, whoever keeps its log.
pub(super) trait AnySaga: Orchestrated + Protocol<Monitor = SagaMonitor> {
    /// What its steps read and write.
    fn flow(&self) -> &Dataflow;

    /// How the saga ended, by its log.
    fn outcome(log: &Self::Log) -> Option<SagaOutcome>;
}

/// The built-in properties of a saga, and those its workflow states.
#[must_use]
pub fn saga_properties(system: &System<Saga>) -> Vec<Property<Parts<Part<Saga>>>> {
    properties(system)
}

/// The same properties of a saga whose coordinators share its log.
#[must_use]
pub fn standby_properties(system: &System<StandbySaga>) -> Vec<Property<Parts<Part<StandbySaga>>>> {
    properties(system)
}

fn properties<T: AnySaga>(system: &System<T>) -> Vec<Property<Parts<Part<T>>>> {
    let sight = Sight::new(system);
    let mut properties = vec![
        sight.property(PropertyKind::Always, "well-defined", |s, v| {
            s.locals(v).all(|local| local.defect.is_none())
        }),
        sight
            .property(PropertyKind::Always, "atomic", |s, v| {
                s.runs(v).all(|(log, witness)| match T::outcome(log) {
                    Some(outcome) => of_workflow(witness).agrees_with(outcome),
                    None => true,
                })
            })
            .given(sight.look(|s, v| s.runs(v).any(|(log, _)| T::outcome(log).is_some()))),
        sight.property(PropertyKind::Eventually, "settles", |s, v| s.is_settled(v)),
        sight
            .property(PropertyKind::Always, "lifo", |s, v| {
                !witnesses(s, v).any(WorkflowWitness::is_disordered)
            })
            .given(sight.look(|s, v| steps(s, v).any(|step| step.times_undone() > 0))),
        sight
            .property(PropertyKind::Always, "effect-once", |s, v| {
                !steps(s, v).any(StepHistory::is_repeated)
            })
            .given(sight.look(|s, v| steps(s, v).any(|step| step.times_done() > 0))),
        sight
            .property(PropertyKind::Always, "no-empty-rollback", |s, v| {
                !steps(s, v).any(StepHistory::has_empty_rollback)
            })
            .given(sight.look(|s, v| steps(s, v).any(|step| step.is_undo_answered()))),
        sight
            .property(PropertyKind::Always, "no-late-effect", |s, v| {
                !steps(s, v).any(StepHistory::is_late)
            })
            .given(sight.look(|s, v| steps(s, v).any(|step| step.is_undo_answered()))),
    ];
    properties.extend(isolation_properties(system, &sight));
    let reading = sight.reading();
    for definition in system.protocol().workflow().properties() {
        properties.push(reading.stated(definition));
    }
    properties
}

/// How states of a saga are read.
#[must_use]
pub fn saga_reading(system: &System<Saga>) -> Reading<Saga> {
    Sight::new(system).reading()
}

/// How states of a saga are read whose coordinators share its log.
#[must_use]
pub fn standby_reading(system: &System<StandbySaga>) -> Reading<StandbySaga> {
    Sight::new(system).reading()
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

    fn outcome(log: &SagaLog) -> Option<SagaOutcome> {
        log.outcome()
    }
}

/// The log is what the store has; there is none until a leader has written.
impl Orchestrated for StandbySaga {
    type Log = Option<SagaLog>;

    fn keeper(_coordinator: Address) -> Address {
        Address::Store
    }

    fn log(store: &Local<StandbySaga>, workflow: WorkflowId) -> &Option<SagaLog> {
        StandbySaga::registers(store).get(workflow).map_or(&None, |register| &register.value)
    }

    fn values(service: &Local<StandbySaga>) -> &[i64] {
        &service.resources.values
    }

    fn ending(log: &Option<SagaLog>) -> Option<Ending> {
        Self::outcome(log).map(Ending::from)
    }
}

impl AnySaga for StandbySaga {
    fn flow(&self) -> &Dataflow {
        self.saga().flow()
    }

    fn outcome(log: &Option<SagaLog>) -> Option<SagaOutcome> {
        log.and_then(|log| log.outcome())
    }
}

fn steps<'a, T: AnySaga>(
    sight: &Sight<T>,
    view: View<'a, T>,
) -> impl Iterator<Item = &'a StepHistory> {
    witnesses(sight, view).flat_map(|witness| witness.steps())
}

/// What really happened to each workflow.
fn witnesses<'a, T: AnySaga>(
    sight: &Sight<T>,
    view: View<'a, T>,
) -> impl Iterator<Item = &'a WorkflowWitness> {
    sight.runs(view).map(|(_, monitor)| of_workflow(monitor))
}
