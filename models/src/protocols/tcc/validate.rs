//! The requirements of Try-Confirm-Cancel: every step can be cancelled until all are confirmed.

use crate::process::StepSet;
use crate::process::nodes::COORDINATOR;
use crate::system::{ProtocolDefinition, names};
use crate::workflow::builder::{Place, StepField, WorkflowError, check_belongs};
use crate::workflow::{Drafts, Exceptions, OutsideAt, Requirements, StepKind, Work};

use super::knobs::TccKnobs;
use super::properties::BUILT_IN;

impl Requirements for TccKnobs {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn nodes(&self) -> Vec<String> {
        vec![COORDINATOR.to_owned()]
    }

    fn reserved_names(&self) -> Vec<&'static str> {
        names(BUILT_IN)
    }

    fn exceptions(&self) -> Exceptions<'_> {
        Exceptions::of(&self.services, &self.steps)
    }

    fn reaches_outside(&self) -> bool {
        true
    }

    fn works(&self) -> &'static [Work] {
        &[Work::Reserve, Work::Confirm, Work::Cancel]
    }

    fn check_step(&self, drafts: Drafts<'_>, position: usize) -> Result<(), WorkflowError> {
        let draft = &drafts.steps[position];
        check_belongs(self, position, draft)?;
        if draft.outside_at == Some(OutsideAt::AfterCommit) {
            let place = Place::Step(position, StepField::Outside(0));
            let message = "what a Try does outside of its transaction is done before its commit";
            return Err(WorkflowError::new(place, message).help("remove `outside-at`"));
        }
        let kind = match draft.kind {
            StepKind::Compensatable => return Ok(()),
            StepKind::Pivot => "the pivot",
            StepKind::Retriable => draft.kind.name(),
        };
        Err(WorkflowError::new(
            Place::Step(position, StepField::Kind),
            format!(
                "`{}` is to be {kind}, but every step of a tcc can be cancelled until all are \
                 confirmed",
                draft.name
            ),
        )
        .help("remove `kind`, or set protocol = \"saga\""))
    }

    /// All steps are tried at once.
    fn usual_order(&self, _drafts: Drafts<'_>, _position: usize) -> StepSet {
        StepSet::EMPTY
    }
}
