//! What a step may say of itself, by protocol: a saga confirms nothing, a TCC has no variables.

use crate::workflow::business::Work;

use super::draft::StepDraft;
use super::refusal::{Place, StepField, WorkflowError};
use super::requirements::Requirements;

/// Whether the protocol knows what the step says of itself.
pub(crate) fn check_belongs<R: Requirements + ?Sized>(
    protocol: &R,
    position: usize,
    draft: &StepDraft,
) -> Result<(), WorkflowError> {
    if !draft.read.is_empty() && !protocol.keeps_variables() {
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
    if !draft.keeps.is_empty() && !protocol.works().iter().any(|work| is_compensation(*work)) {
        return Err(WorkflowError::new(
            Place::Step(position, StepField::Keeps(0)),
            format!(
                "`{}` keeps something, but in {} nothing is undone",
                draft.name,
                protocol.name()
            ),
        )
        .help("remove `keeps`"));
    }
    check_outside(protocol, position, draft)?;
    check_work(protocol, position, draft)
}

/// Whether the protocol lets steps do something outside of their transactions, if this one does.
pub(crate) fn check_outside<R: Requirements + ?Sized>(
    protocol: &R,
    position: usize,
    draft: &StepDraft,
) -> Result<(), WorkflowError> {
    let place = Place::Step(position, StepField::Outside(0));
    if draft.outside.is_empty() && (draft.outside_key || draft.outside_at.is_some()) {
        let message = format!("`{}` does nothing outside of its transaction", draft.name);
        return Err(WorkflowError::new(place, message).help("say what, with `outside`"));
    }
    if draft.outside.is_empty() || protocol.reaches_outside() {
        return Ok(());
    }
    let message =
        format!("a step of a {} does nothing outside of its transaction", protocol.name());
    Err(WorkflowError::new(place, message).help("remove `outside`, or set protocol = \"saga\""))
}

fn is_compensation(work: Work) -> bool {
    matches!(work, Work::Undo | Work::Cancel)
}

/// Whether the protocol ever does what the step says can be done about it.
fn check_work<R: Requirements + ?Sized>(
    protocol: &R,
    position: usize,
    draft: &StepDraft,
) -> Result<(), WorkflowError> {
    let known = protocol.works();
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
