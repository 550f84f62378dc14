//! The properties of a TCC.

use amends_check::{Parts, Property};

use crate::process::WorkflowId;
use crate::protocols::steps::properties::{
    NO_EMPTY_CONFIRM, NO_EMPTY_ROLLBACK, NO_HANGING, NO_STRAY_EFFECT, RESERVATIONS_RELEASED,
    SOUND_COMPENSATION, Steps,
};
use crate::protocols::steps::{ATOMIC, Orchestrated, StateLayout};
use crate::system::{
    BuiltIn, EFFECT_ONCE, Ending, Local, NO_FORGOTTEN_REQUEST, OUTCOME_FINAL, Part, ProtocolModel,
    SETTLES, StateReader, System, WELL_DEFINED,
};

use super::log::{TccLog, TccOutcome};
use super::system::Tcc;
use super::witness::TccWitness;

/// The built-in properties.
pub(crate) const BUILT_IN: &[BuiltIn] = &[
    WELL_DEFINED,
    ATOMIC,
    SOUND_COMPENSATION,
    SETTLES,
    OUTCOME_FINAL,
    NO_FORGOTTEN_REQUEST,
    EFFECT_ONCE,
    NO_EMPTY_CONFIRM,
    NO_EMPTY_ROLLBACK,
    NO_HANGING,
    RESERVATIONS_RELEASED,
    NO_STRAY_EFFECT,
];

/// The built-in properties of a TCC.
#[must_use]
pub(crate) fn tcc_properties(system: &System<Tcc>) -> Vec<Property<Parts<Part<Tcc>>>> {
    let layout = StateLayout::new(system);
    let steps = Steps::new(&layout, |witness: &TccWitness, is| witness.steps.iter().any(is));
    let mut properties = vec![
        layout.well_defined(),
        layout.atomic(|log| log.outcome(), TccWitness::agrees_with),
        steps.sound_compensation(system.protocol().compensations(), |witness| {
            (&witness.steps, witness.own.as_deref())
        }),
        layout.settles(),
        steps.effect_once(),
        steps.no_empty_confirm(),
        steps.no_empty_rollback(),
        steps.no_hanging(),
        steps.reservations_released(),
    ];
    properties.extend(layout.promises());
    if system.protocol().workflow().reaches_outside() {
        properties.push(steps.no_stray_effect(system.protocol().workflow(), |witness| {
            (&witness.steps, witness.own.as_deref())
        }));
    }
    properties
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
