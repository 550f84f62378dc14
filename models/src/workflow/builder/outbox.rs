//! What a workflow must be like to be published through an outbox: the transactions of one service,
//! and handlers of their events at others.

use crate::workflow::definition::{Service, Step};

use super::refusal::{Place, StepField, WorkflowError};

pub(super) fn check_outbox(steps: &[Step], services: &[Service]) -> Result<(), WorkflowError> {
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
