//! What a step may say of itself, by protocol: a saga confirms nothing, a TCC has no pivot.

use crate::workflow::business::Work;
use crate::workflow::definition::{Protocol, StepKind};

use super::draft::StepDraft;
use super::refusal::{Place, StepField, WorkflowError};

/// Whether the protocol knows what the step says of itself.
pub(super) fn check_belongs(
    protocol: &Protocol,
    position: usize,
    draft: &StepDraft,
) -> Result<(), WorkflowError> {
    if !draft.read.is_empty() && !matches!(protocol, Protocol::Saga(_)) {
        return Err(WorkflowError::new(
            Place::Step(position, StepField::Read(0)),
            format!("`{}` reads, but a {} has no variables", draft.name, protocol.name()),
        )
        .help("remove `read`, or set protocol = \"saga\""));
    }
    if draft.protocol.is_some() {
        return Err(WorkflowError::new(
            Place::Step(position, StepField::Protocol),
            format!("`{}` has a protocol of its own, and so has the workflow", draft.name),
        )
        .help("set protocol = \"mixed\" for the workflow, or remove it here"));
    }
    check_work(protocol, position, draft)?;
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
        | Protocol::TwoPhaseCommit(_)
        | Protocol::Mixed(_) => Ok(()),
    }
}

/// Whether the protocol ever does what the step says can be done about it.
fn check_work(
    protocol: &Protocol,
    position: usize,
    draft: &StepDraft,
) -> Result<(), WorkflowError> {
    let known: &[Work] = match protocol {
        Protocol::Tcc(_) => &[Work::Reserve, Work::Confirm, Work::Cancel],
        Protocol::Saga(_) | Protocol::Choreography(_) => &[Work::Change, Work::Undo],
        // An outbox publishes what happened. It takes nothing back.
        Protocol::Outbox(_) | Protocol::TwoPhaseCommit(_) => &[Work::Change],
        // A step of a mixed workflow says what its own protocol does.
        Protocol::EventSourcing(..) | Protocol::Mixed(_) => return Ok(()),
    };
    let stray = |work: &Work| !known.contains(work) && !draft.business[*work].is_empty();
    let Some(work) = Work::ALL.into_iter().find(stray) else { return Ok(()) };
    let (name, protocol) = (&draft.name, protocol.name());
    let counterpart = match work {
        Work::Change => Some(Work::Reserve),
        Work::Undo => Some(Work::Cancel),
        Work::Reserve => Some(Work::Change),
        Work::Cancel => Some(Work::Undo),
        Work::Confirm => None,
    };
    let (message, help) = match counterpart.filter(|work| known.contains(work)) {
        Some(right) => (
            format!("a step of a {protocol} has no `{}`", work.name()),
            format!("it is called `{}` there", right.name()),
        ),
        None if work == Work::Confirm => (
            format!("`{name}` has a Confirm, which a {protocol} never asks for"),
            "remove `confirm`, or set protocol = \"tcc\"".to_owned(),
        ),
        None => (
            format!("`{name}` is never undone: an {protocol} has no compensation"),
            format!("remove `{}`, or set protocol = \"choreography\"", work.name()),
        ),
    };
    let place = Place::Step(position, StepField::Work(work, 0));
    Err(WorkflowError::new(place, message).help(help))
}
