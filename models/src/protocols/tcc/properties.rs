//! The properties of a TCC, and the witness they rely on.

use amends_check::{Parts, Property};
use smallvec::SmallVec;

use crate::process::rename::renames;
use crate::process::{StepId, WorkflowId};
use crate::protocols::steps::StepHistory;
use crate::protocols::steps::layout::{ATOMIC, Orchestrated, StateLayout};
use crate::protocols::steps::properties::{
    NO_EMPTY_CONFIRM, NO_EMPTY_ROLLBACK, NO_HANGING, RESERVATIONS_RELEASED, Steps,
};
use crate::system::{
    BuiltIn, EFFECT_ONCE, Ending, Local, Part, SETTLES, StateReader, System, WELL_DEFINED,
};
use crate::workflow::Workflow;

use super::log::{TccLog, TccOutcome};
use super::message::{Operation, TccCall};
use super::system::Tcc;

/// The built-in properties.
pub(crate) const BUILT_IN: &[BuiltIn] = &[
    WELL_DEFINED,
    ATOMIC,
    SETTLES,
    EFFECT_ONCE,
    NO_EMPTY_CONFIRM,
    NO_EMPTY_ROLLBACK,
    NO_HANGING,
    RESERVATIONS_RELEASED,
];

/// What really happened to the reservations of one workflow, whatever its coordinator and its
/// participants believe.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TccWitness {
    steps: SmallVec<[StepHistory; 4]>,
}

renames!(struct TccWitness { steps });

impl TccWitness {
    /// Nothing has happened yet to any of the `steps` steps.
    #[must_use]
    pub fn new(steps: usize) -> Self {
        TccWitness { steps: SmallVec::from_elem(StepHistory::default(), steps) }
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
    pub fn facts(&self, workflow: &Workflow) -> Vec<String> {
        let steps = (0..).map(StepId).zip(&self.steps);
        steps.filter_map(|(id, step)| step.fact_of_reservation(&workflow.step(id).name)).collect()
    }
}

/// The built-in properties of a TCC.
#[must_use]
pub(crate) fn tcc_properties(system: &System<Tcc>) -> Vec<Property<Parts<Part<Tcc>>>> {
    let layout = StateLayout::new(system);
    let steps = Steps::new(&layout, |witness: &TccWitness, is| witness.steps.iter().any(is));
    vec![
        layout.well_defined(),
        layout.atomic(|log| log.outcome(), TccWitness::agrees_with),
        layout.settles(),
        steps.effect_once(),
        steps.no_empty_confirm(),
        steps.no_empty_rollback(),
        steps.no_hanging(),
        steps.reservations_released(),
    ]
}

/// How states of a tcc are read.
#[must_use]
pub(crate) fn tcc_reader(system: &System<Tcc>) -> StateReader<Tcc> {
    StateLayout::new(system).reader()
}

impl Orchestrated for Tcc {
    type Log = TccLog;

    fn log(coordinator: &Local<Tcc>, _workflow: WorkflowId) -> &TccLog {
        &coordinator.durable.coordinator
    }

    fn values(service: &Local<Tcc>) -> &[i64] {
        &service.resources
    }

    fn ending(log: &TccLog) -> Option<Ending> {
        log.outcome().map(Ending::from)
    }
}

impl From<TccOutcome> for Ending {
    fn from(outcome: TccOutcome) -> Self {
        match outcome {
            TccOutcome::Completed => Ending::Completed,
            TccOutcome::Cancelled => Ending::Compensated,
            TccOutcome::Failed => Ending::Failed,
        }
    }
}
