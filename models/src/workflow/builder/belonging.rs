//! What a step may say of itself, by protocol: a saga confirms nothing, a TCC has no pivot.

use crate::workflow::definition::{Protocol, StepKind};

use super::draft::StepDraft;
use super::refusal::{Place, StepField, WorkflowError};

/// Whether the protocol knows what the step says of itself.
pub(super) fn check_belongs(
    protocol: &Protocol,
    position: usize,
    draft: &StepDraft,
) -> Result<(), WorkflowError> {
    match protocol {
        Protocol::Tcc(_) if draft.kind != StepKind::Compensatable => Err(WorkflowError::new(
            Place::Step(position, StepField::Kind),
            format!(
                "`{}` is to be {}, but every step of a tcc can be cancelled until all are confirmed",
                draft.name,
                if draft.kind == StepKind::Pivot { "the pivot" } else { draft.kind.name() }
            ),
        )
        .help("remove `kind`, or set protocol = \"saga\"")),
        Protocol::Saga(_) | Protocol::Choreography(_) | Protocol::Outbox(_)
            if !draft.confirm.is_empty() =>
        {
            Err(WorkflowError::new(
                Place::Step(position, StepField::Confirm(0)),
                format!(
                    "`{}` has a Confirm, which a {} never asks for",
                    draft.name,
                    protocol.name()
                ),
            )
            .help("remove `confirm`, or set protocol = \"tcc\""))
        }
        // An outbox publishes what happened. It takes nothing back.
        Protocol::Outbox(_) if !draft.undo.is_empty() => Err(WorkflowError::new(
            Place::Step(position, StepField::Undo(0)),
            format!("`{}` is never undone: an outbox has no compensation", draft.name),
        )
        .help("remove `undo`, or set protocol = \"choreography\"")),
        Protocol::Outbox(_) if draft.kind != StepKind::Compensatable => Err(WorkflowError::new(
            Place::Step(position, StepField::Kind),
            format!("`{}` is {}, but an outbox has no rollback", draft.name, draft.kind.name()),
        )
        .help("remove `kind`, or set protocol = \"choreography\"")),
        Protocol::EventSourcing(..) => Err(WorkflowError::new(
            Place::Step(position, StepField::Name),
            format!("`{}` is a step, and an event-sourced system has none", draft.name),
        )
        .help("say with [[policy]] which command follows from which event")),
        // What a two-phase commit can make sense of is checked for all steps at once.
        Protocol::Saga(_)
        | Protocol::Tcc(_)
        | Protocol::Choreography(_)
        | Protocol::Outbox(_)
        | Protocol::TwoPhaseCommit(_) => Ok(()),
    }
}
