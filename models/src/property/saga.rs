//! The properties of a saga.

use crate::check::{Parts, Property, PropertyKind};
use crate::protocol::saga::{PlannedStep, SagaLog};
use crate::system::saga::{Saga, SagaMonitor};
use crate::system::{Local, Part, Protocol, System};

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

/// The built-in properties of a saga, and those its workflow states.
#[must_use]
pub fn saga_properties(system: &System<Saga>) -> Vec<Property<Parts<Part<Saga>>>> {
    let sight = Sight::new(system);
    let mut properties = vec![
        sight.property(PropertyKind::Always, "well-defined", |s, v| {
            s.locals(v).all(|local| local.defect.is_none())
        }),
        sight
            .property(PropertyKind::Always, "atomic", |s, v| {
                s.runs(v).all(|(log, witness)| match log.outcome() {
                    Some(outcome) => of_workflow(witness).agrees_with(outcome),
                    None => true,
                })
            })
            .given(sight.look(|s, v| s.runs(v).any(|(log, _)| log.outcome().is_some()))),
        sight.property(PropertyKind::Eventually, "settles", |s, v| s.is_settled(v)),
        sight
            .property(PropertyKind::Always, "lifo", |s, v| {
                !s.witnesses(v).any(WorkflowWitness::is_disordered)
            })
            .given(sight.look(|s, v| s.steps(v).any(|step| step.times_undone() > 0))),
        sight
            .property(PropertyKind::Always, "effect-once", |s, v| {
                !s.steps(v).any(StepHistory::is_repeated)
            })
            .given(sight.look(|s, v| s.steps(v).any(|step| step.times_done() > 0))),
        sight
            .property(PropertyKind::Always, "no-empty-rollback", |s, v| {
                !s.steps(v).any(StepHistory::has_empty_rollback)
            })
            .given(sight.look(|s, v| s.steps(v).any(|step| step.is_undo_answered()))),
        sight
            .property(PropertyKind::Always, "no-late-effect", |s, v| {
                !s.steps(v).any(StepHistory::is_late)
            })
            .given(sight.look(|s, v| s.steps(v).any(|step| step.is_undo_answered()))),
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

fn of_workflow(monitor: &SagaMonitor) -> &WorkflowWitness {
    match monitor {
        SagaMonitor::Workflow(witness) => witness,
        SagaMonitor::Isolation(_) => unreachable!("the first monitors are those of workflows"),
    }
}

impl Orchestrated for Saga {
    type Log = SagaLog;

    fn log(coordinator: &Local<Saga>) -> &SagaLog {
        &coordinator.durable.coordinator
    }

    fn values(service: &Local<Saga>) -> &[i64] {
        &service.resources.values
    }

    fn ending(log: &SagaLog) -> Option<Ending> {
        log.outcome().map(Ending::from)
    }
}

impl Sight<Saga> {
    fn steps<'a>(&self, view: View<'a, Saga>) -> impl Iterator<Item = &'a StepHistory> {
        self.witnesses(view).flat_map(|witness| witness.steps())
    }

    /// What really happened to each workflow.
    fn witnesses<'a>(&self, view: View<'a, Saga>) -> impl Iterator<Item = &'a WorkflowWitness> {
        self.runs(view).map(|(_, monitor)| of_workflow(monitor))
    }
}
