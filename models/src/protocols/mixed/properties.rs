//! The properties of a mixed workflow: those of its saga, of its TCC and of its outbox, and that all of
//! them agree.

use amends_check::{Parts, Property};

use crate::process::WorkflowId;
use crate::protocols::outbox::properties::PUBLISHED_IFF_COMMITTED;
use crate::protocols::saga::SagaOutcome;
use crate::protocols::steps::properties::{
    LIFO, NO_EMPTY_CONFIRM, NO_EMPTY_ROLLBACK, NO_HANGING, NO_LATE_EFFECT, RESERVATIONS_RELEASED,
    SOUND_COMPENSATION, Steps,
};
use crate::protocols::steps::{ATOMIC, Orchestrated, StateLayout};
use crate::system::{
    BuiltIn, EFFECT_ONCE, Ending, Local, NO_FORGOTTEN_REQUEST, OUTCOME_FINAL, Part, SETTLES,
    StateReader, System, WELL_DEFINED,
};

use super::coordinator::MixedLog;
use super::system::Mixed;
use super::witness::MixedWitness;

/// The built-in properties. Those of a TCC are only there where a step may be part of
/// one, that of the outbox where a step is a notice.
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
    NO_EMPTY_CONFIRM,
    NO_HANGING,
    RESERVATIONS_RELEASED,
    PUBLISHED_IFF_COMMITTED,
];

/// The built-in properties of a mixed workflow.
#[must_use]
pub(crate) fn mixed_properties(system: &System<Mixed>) -> Vec<Property<Parts<Part<Mixed>>>> {
    let layout = StateLayout::new(system);
    let all =
        Steps::new(&layout, |witness: &MixedWitness, is| witness.happened.steps().iter().any(is));
    let own = Steps::new(&layout, |witness: &MixedWitness, is| witness.of(witness.own).any(is));
    let mut properties = vec![
        layout.well_defined(),
        layout.atomic(MixedLog::outcome, MixedWitness::agrees_with),
        all.sound_compensation(&system.protocol().compensations, |witness| {
            (witness.happened.steps(), witness.happened.own_changes())
        }),
        layout.settles(),
        layout
            .property(LIFO, |s, v| s.runs(v).all(|(_, witness)| !witness.happened.is_disordered()))
            .given(own.with(|step| step.times_undone() > 0)),
        all.effect_once(),
        all.no_empty_rollback(),
        own.no_late_effect(),
    ];
    properties.extend(layout.promises());
    let mixed = system.protocol();
    if mixed.compositions().any(|composition| !composition.tcc().all().is_empty()) {
        let branches =
            Steps::new(&layout, |witness: &MixedWitness, is| witness.of(witness.branches).any(is));
        properties.extend([
            branches.no_empty_confirm(),
            branches.no_hanging(),
            branches.reservations_released(),
        ]);
    }
    if mixed.compositions().any(|composition| !composition.notices().all().is_empty()) {
        properties.push(
            layout
                .property(PUBLISHED_IFF_COMMITTED, |s, v| {
                    s.runs(v).all(|(log, witness)| witness.is_published(log))
                })
                .given(layout.look(|s, v| {
                    s.runs(v).any(|(log, witness)| {
                        witness.of(witness.notices).any(|step| step.times_done() > 0)
                            || log.outcome() == Some(SagaOutcome::Completed)
                    })
                })),
        );
    }
    properties
}

/// How states of a mixed workflow are read.
#[must_use]
pub(crate) fn mixed_reader(system: &System<Mixed>) -> StateReader<Mixed> {
    StateLayout::new(system).reader()
}

impl Orchestrated for Mixed {
    type Log = MixedLog;

    fn log(coordinator: &Local<Mixed>, _workflow: WorkflowId) -> &MixedLog {
        &coordinator.durable.coordinator
    }

    fn values(service: &Local<Mixed>) -> &[i64] {
        &service.resources
    }

    /// It is over when nobody is owed a notice any more.
    fn ending(log: &MixedLog) -> Option<Ending> {
        log.outcome().filter(|_| !log.has_notices()).map(Ending::from)
    }
}
