//! What a workflow must be to be carried out in two phases.

use crate::workflow::business::Work;
use crate::workflow::definition::StepKind;

use super::{Place, StepDraft, StepField, WorkflowError};

/// Steps are prepared all at once and become visible all at once, so they have neither an order nor a
/// way back.
pub(super) fn check_steps(steps: &[StepDraft]) -> Result<(), WorkflowError> {
    for (position, step) in steps.iter().enumerate() {
        let stray = [
            (
                !step.business[Work::Undo].is_empty(),
                StepField::Work(Work::Undo, 0),
                "undo",
                "nothing is done before the commit",
            ),
            (
                !step.business[Work::Confirm].is_empty(),
                StepField::Work(Work::Confirm, 0),
                "confirm",
                "what is prepared is committed as it is",
            ),
            (step.after.is_some(), StepField::After(0), "after", "all steps are prepared at once"),
            (
                step.kind != StepKind::Compensatable,
                StepField::Kind,
                "kind",
                "every step can be refused until it is prepared, and none afterwards",
            ),
        ];
        for (is_there, field, key, why) in stray {
            if is_there {
                return Err(WorkflowError::new(
                    Place::Step(position, field),
                    format!("`{key}` has no meaning in a two-phase commit: {why}"),
                )
                .help(format!("remove `{key}`, or use `protocol = \"saga\"`")));
            }
        }
    }
    Ok(())
}
