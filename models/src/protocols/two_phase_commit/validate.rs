//! The requirements of two-phase commit: steps without an order and without a way back.

use crate::process::nodes::{COORDINATOR, STANDBY, STORE};
use crate::protocols::lease::validate::check_lease;
use crate::system::{ProtocolDefinition, names};
use crate::workflow::builder::{Place, StepDraft, StepField, WorkflowError};
use crate::workflow::{Drafts, Exceptions, Requirements, Step, StepKind, Work};

use super::knobs::TwoPhaseKnobs;
use super::properties::BUILT_IN;

impl Requirements for TwoPhaseKnobs {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn nodes(&self) -> Vec<String> {
        let standby: &[&str] = if self.standby { &[STANDBY, STORE] } else { &[] };
        [COORDINATOR].iter().chain(standby).map(|&node| node.to_owned()).collect()
    }

    fn reserved_names(&self) -> Vec<&'static str> {
        names(BUILT_IN)
    }

    fn exceptions(&self) -> Exceptions<'_> {
        Exceptions::at(&self.services)
    }

    fn works(&self) -> &'static [Work] {
        &[Work::Change]
    }

    fn check_drafts(&self, drafts: Drafts<'_>) -> Result<(), WorkflowError> {
        check_drafts(drafts.steps)
    }

    fn check_knobs(&self, _steps: &[Step]) -> Result<(), WorkflowError> {
        check_lease(self.standby, &self.lease(), "decision-life")
    }
}

/// Steps are prepared all at once and become visible all at once, so they have neither an order nor a
/// way back.
fn check_drafts(steps: &[StepDraft]) -> Result<(), WorkflowError> {
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
