//! The properties of a choreography: those of the saga, and that no effect comes before its cause.
//!
//! Nobody knows when a choreography is over, so its end is looked for in the whole system: the
//! initiator heard how it ended, or it has fallen *silent*. A workflow is silent when nothing of it
//! is on its way, waits in an outbox, or is being carried out: then nothing will ever happen to it
//! again. Events that got lost for good show in silence with some steps done and others not.

use amends_check::{Parts, Property};

use crate::process::WorkflowId;
use crate::protocols::saga::WorkflowWitness;
use crate::protocols::steps::properties::{
    LIFO, NO_EMPTY_ROLLBACK, NO_LATE_EFFECT, SOUND_COMPENSATION, Steps,
};
use crate::protocols::steps::{ATOMIC, Orchestrated, StateLayout, View};
use crate::system::{
    BuiltIn, CAUSAL, EFFECT_ONCE, Ending, Local, NO_FORGOTTEN_REQUEST, OUTCOME_FINAL, Part,
    SETTLES, StateReader, System, WELL_DEFINED,
};

use super::initiator::InitiatorLog;
use super::system::Choreography;

/// The built-in properties of a choreography.
pub(crate) const BUILT_IN: &[BuiltIn] = &[
    WELL_DEFINED,
    ATOMIC,
    SOUND_COMPENSATION,
    SETTLES,
    OUTCOME_FINAL,
    NO_FORGOTTEN_REQUEST,
    LIFO,
    EFFECT_ONCE,
    CAUSAL,
    NO_EMPTY_ROLLBACK,
    NO_LATE_EFFECT,
];

/// The built-in properties of a choreography.
#[must_use]
pub(crate) fn choreography_properties(
    system: &System<Choreography>,
) -> Vec<Property<Parts<Part<Choreography>>>> {
    let layout = StateLayout::new(system);
    let steps = Steps::new(&layout, |witness, is| witness.steps().iter().any(is));
    let mut properties = vec![
        layout.well_defined(),
        layout
            .property(ATOMIC, |s, v| {
                s.workflows(v).all(|run| match run.log.outcome {
                    Some(outcome) => run.witness.agrees_with(outcome),
                    None => !s.is_silent(v, &run) || run.witness.is_all_or_nothing(),
                })
            })
            .given(layout.look(|s, v| {
                s.workflows(v).any(|run| run.log.outcome.is_some() || s.is_silent(v, &run))
            })),
        steps.sound_compensation(system.protocol().compensations(), |witness| {
            (witness.steps(), witness.own_changes())
        }),
        layout.settles(),
        layout
            .property(LIFO, |s, v| s.runs(v).all(|(_, witness)| !witness.is_disordered()))
            .given(steps.with(|step| step.times_undone() > 0)),
        steps.effect_once(),
        layout
            .property(CAUSAL, |s, v| s.runs(v).all(|(_, witness)| !witness.is_acausal()))
            .given(steps.with(|step| step.times_done() > 0)),
        steps.no_empty_rollback(),
        steps.no_late_effect(),
    ];
    properties.extend(layout.promises());
    properties
}

/// How states of a choreography are read.
#[must_use]
pub(crate) fn choreography_reader(system: &System<Choreography>) -> StateReader<Choreography> {
    StateLayout::new(system).reader()
}

impl Orchestrated for Choreography {
    type Log = InitiatorLog;

    fn log(initiator: &Local<Choreography>, _workflow: WorkflowId) -> &InitiatorLog {
        &initiator.durable.coordinator
    }

    fn values(service: &Local<Choreography>) -> &[i64] {
        &service.resources
    }

    fn ending(log: &InitiatorLog) -> Option<Ending> {
        log.outcome.map(Ending::from)
    }
}

/// One workflow in a state.
struct Run<'a> {
    workflow: WorkflowId,
    log: &'a InitiatorLog,
    witness: &'a WorkflowWitness,
}

impl StateLayout<Choreography> {
    fn workflows<'a>(&self, view: View<'a, Choreography>) -> impl Iterator<Item = Run<'a>> {
        (0..).map(WorkflowId).zip(self.runs(view)).map(|(workflow, (log, witness))| Run {
            workflow,
            log,
            witness,
        })
    }

    /// Whether the workflow was asked for, and nothing will ever happen to it again.
    fn is_silent(&self, view: View<'_, Choreography>, run: &Run<'_>) -> bool {
        run.log.requested && self.locals(view).all(|local| is_silent_about(local, run.workflow))
    }
}

fn is_silent_about(local: &Local<Choreography>, workflow: WorkflowId) -> bool {
    let outboxes = [
        &local.durable.coordinator.outbox,
        &local.durable.participant.outbox,
        &local.volatile.participant,
    ];
    let in_flight = local.inbox.messages().map(|(_, message)| message.line());
    let mut lines = outboxes.into_iter().flat_map(|outbox| outbox.iter()).chain(in_flight);
    local.pending.is_empty() && lines.all(|line| line.workflow != workflow)
}
