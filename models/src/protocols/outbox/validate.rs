//! The requirements of an outbox: the transactions of one service,
//! and handlers of their events at others.

use crate::process::nodes::{BROKER, relay_node};
use crate::system::{ProtocolDefinition, names};
use crate::workflow::builder::{
    Place, StepField, WorkflowError, check_belongs, check_point_of_no_return,
};
use crate::workflow::{Drafts, Exceptions, Requirements, Service, Step, StepKind, Work};

use super::knobs::OutboxKnobs;
use super::properties::BUILT_IN;

impl Requirements for OutboxKnobs {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn nodes(&self) -> Vec<String> {
        (0..self.relays).map(relay_node).chain([BROKER.to_owned()]).collect()
    }

    fn reserved_names(&self) -> Vec<&'static str> {
        names(BUILT_IN)
    }

    /// It publishes what happened, and takes nothing back.
    fn exceptions(&self) -> Exceptions<'_> {
        Exceptions::at(&self.services)
    }

    fn works(&self) -> &'static [Work] {
        &[Work::Change]
    }

    fn check_step(&self, drafts: Drafts<'_>, position: usize) -> Result<(), WorkflowError> {
        let draft = &drafts.steps[position];
        check_belongs(self, position, draft)?;
        if draft.kind == StepKind::Compensatable {
            return Ok(());
        }
        Err(WorkflowError::new(
            Place::Step(position, StepField::Kind),
            format!("`{}` is {}, but an outbox has no rollback", draft.name, draft.kind.name()),
        )
        .help("remove `kind`, or set protocol = \"choreography\""))
    }

    fn check_steps(
        &self,
        _drafts: Drafts<'_>,
        steps: &[Step],
        services: &[Service],
    ) -> Result<(), WorkflowError> {
        check_point_of_no_return(steps)?;
        check_roles(steps, services)
    }

    fn check_knobs(&self, _steps: &[Step]) -> Result<(), WorkflowError> {
        for (knob, count) in [("relays", self.relays), ("batch", self.batch)] {
            if count == 0 {
                return Err(WorkflowError::new(
                    Place::Knob(knob),
                    format!("`{knob}` must be at least 1"),
                )
                .help("with none, nothing would ever be published"));
            }
        }
        Ok(())
    }
}

/// One service publishes, and every step of another handles the event of one of its steps.
fn check_roles(steps: &[Step], services: &[Service]) -> Result<(), WorkflowError> {
    let producer = steps[0].service;
    let name = &services[usize::from(producer.0)].name;
    for (position, step) in steps.iter().enumerate() {
        let after = Place::Step(position, StepField::After(0));
        let waits_for = |own: bool| {
            step.after
                .iter()
                .filter(move |id| (steps[usize::from(id.0)].service == producer) == own)
        };
        let handlers: Vec<&str> =
            waits_for(false).map(|id| steps[usize::from(id.0)].name.as_str()).collect();
        if let Some(handler) = handlers.first() {
            return Err(WorkflowError::new(
                after,
                format!("`{}` waits for `{handler}`, which publishes no event", step.name),
            )
            .help(format!(
                "only steps of `{name}`, the service of the first step, publish; name one of them \
                 in `after`, or use `protocol = \"choreography\"`"
            )));
        }
        if step.service != producer && waits_for(true).count() != 1 {
            return Err(WorkflowError::new(
                after,
                format!("`{}` must handle the event of exactly one step", step.name),
            )
            .help(format!("name one step of `{name}` in `after`")));
        }
    }
    if steps.iter().all(|step| step.service == producer) {
        return Err(WorkflowError::new(
            Place::Workflow,
            format!("nobody handles the events of `{name}`"),
        )
        .help("add a step of another service that comes after one of its steps"));
    }
    Ok(())
}
