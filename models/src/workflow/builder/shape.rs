//! Checks that need no meaning: sizes, names that can be written and told apart, limits.

use crate::process::StepSet;
use crate::protocols::catalogue::built_in_names;
use crate::protocols::saga::{Isolation, NO_DIRTY_READ, NO_FUZZY_READ, NO_LOST_UPDATE};
use crate::workflow::definition::{Protocol, Resource, Service, Step};
use crate::workflow::expression::name::{is_name, written};
use crate::workflow::suggestion::suggestion;

use super::isolation::check_isolation;
use super::refusal::{Place, StepField, WorkflowError};
use super::standby::check_lease;
use super::{MAX_INSTANCES, WorkflowBuilder};

/// The most services of a workflow, and the most resources of a service.
const MAX_OWNED: usize = 1000;

impl WorkflowBuilder {
    pub(super) fn check_shape(&self) -> Result<(), WorkflowError> {
        if self.name.trim().is_empty() {
            return Err(WorkflowError::new(Place::Workflow, "the workflow has no name")
                .help("say what it does, in a word"));
        }
        let takes_steps = !matches!(self.protocol, Protocol::EventSourcing(..));
        if takes_steps && self.steps.is_empty() {
            return Err(WorkflowError::new(Place::Workflow, "the workflow has no steps")
                .help("add at least one [[step]]"));
        }
        if self.steps.len() > StepSet::CAPACITY {
            return Err(WorkflowError::new(
                Place::Step(StepSet::CAPACITY, StepField::Name),
                format!("a workflow has at most {} steps", StepSet::CAPACITY),
            )
            .help("split the workflow"));
        }
        if self.instances == 0 || self.instances > MAX_INSTANCES {
            return Err(WorkflowError::new(
                Place::Instances,
                format!("`instances` is {}, but must be 1 to {MAX_INSTANCES}", self.instances),
            )
            .help("two concurrent instances already show interference"));
        }
        if self.services.len() > MAX_OWNED {
            let message = format!("a workflow has at most {MAX_OWNED} services");
            return Err(WorkflowError::new(Place::Service(MAX_OWNED), message));
        }
        let nodes = self.protocol.nodes();
        for (position, service) in self.services.iter().enumerate() {
            if service.resources.len() > MAX_OWNED {
                let message = format!("a service has at most {MAX_OWNED} resources");
                return Err(WorkflowError::new(Place::Resource(position, MAX_OWNED), message));
            }
            let same = |other: &&Service| written(&other.name) == written(&service.name);
            if let Some(other) = self.services[..position].iter().find(same) {
                return Err(WorkflowError::new(
                    Place::Service(position),
                    twice("services", &other.name, &service.name),
                )
                .help("give one of them another name"));
            }
            if nodes.iter().any(|node| written(node) == written(&service.name)) {
                return Err(WorkflowError::new(
                    Place::Service(position),
                    format!("a service cannot be named `{}`", service.name),
                )
                .help("the protocol has a node of that name"));
            }
            if !is_name(&service.name) {
                return Err(WorkflowError::new(
                    Place::Service(position),
                    format!("a service cannot be named `{}`", service.name),
                )
                .help(NAME_RULE));
            }
            for (at, resource) in service.resources.iter().enumerate() {
                if !is_name(&resource.name) {
                    return Err(WorkflowError::new(
                        Place::Resource(position, at),
                        format!("a resource cannot be named `{}`", resource.name),
                    )
                    .help(NAME_RULE));
                }
                let same = |other: &&Resource| written(&other.name) == written(&resource.name);
                if let Some(other) = service.resources[..at].iter().find(same) {
                    return Err(WorkflowError::new(
                        Place::Resource(position, at),
                        twice("resources", &other.name, &resource.name),
                    )
                    .help("give one of them another name"));
                }
            }
        }
        for (position, step) in self.steps.iter().enumerate() {
            let place = Place::Step(position, StepField::Name);
            if step.name.trim().is_empty() {
                return Err(WorkflowError::new(place, "the step has no name")
                    .help("say what it does, in a word or two"));
            }
            if self.steps[..position].iter().any(|other| other.name == step.name) {
                return Err(WorkflowError::new(place, twice("steps", &step.name, &step.name))
                    .help("give one of them another name"));
            }
        }
        Ok(())
    }

    pub(super) fn check_property_names(&self) -> Result<(), WorkflowError> {
        for (position, property) in self.properties.iter().enumerate() {
            let place = Place::PropertyName(position);
            let name = &property.name;
            if name.trim().is_empty() {
                return Err(WorkflowError::new(place, "the property has no name")
                    .help("say in a few words what must be true"));
            }
            let isolation = [NO_DIRTY_READ, NO_LOST_UPDATE, NO_FUZZY_READ];
            let mut built_in = built_in_names(&self.protocol).iter().chain(&isolation);
            if built_in.any(|built_in| *built_in == name.as_str()) {
                return Err(WorkflowError::new(
                    place,
                    format!("`{name}` is a built-in property, and is always checked"),
                )
                .help("choose another name"));
            }
            if self.properties[..position].iter().any(|other| other.name == *name) {
                return Err(WorkflowError::new(place, twice("properties", name, name))
                    .help("give one of them another name"));
            }
        }
        Ok(())
    }

    pub(super) fn check_faults(&self) -> Result<(), WorkflowError> {
        let nodes = self.protocol.nodes();
        let known: Vec<&str> = match &self.protocol {
            // Its aggregates own resources, but all of them live in the event store.
            Protocol::EventSourcing(domain, _) => domain.nodes().collect(),
            _ => self.services.iter().map(|s| &s.name).chain(&nodes).map(String::as_str).collect(),
        };
        for (fault, node, _) in self.faults.located() {
            if !known.contains(&node) {
                return Err(WorkflowError::new(
                    Place::Fault(fault, node.to_owned()),
                    format!("there is no service named `{node}` that could {}", fault.name()),
                )
                .help(suggestion(node, &known)));
            }
        }
        Ok(())
    }
}

/// Checks that the numbers among the choices of a protocol make sense, and that the choices fit the
/// steps.
///
/// # Errors
/// The first that does not.
pub fn check_knobs(protocol: &Protocol, steps: &[Step]) -> Result<(), WorkflowError> {
    match protocol {
        Protocol::Saga(knobs) => {
            let limits = [
                ("attempts", Some(knobs.attempts)),
                ("compensation-attempts", knobs.compensation_attempts),
                ("retriable-attempts", knobs.retriable_attempts),
            ];
            for (knob, limit) in limits {
                if limit == Some(0) {
                    return Err(WorkflowError::new(
                        Place::Knob(knob),
                        format!("`{knob}` must be at least 1"),
                    )
                    .help("a step that is never asked for cannot happen"));
                }
            }
            check_isolation(knobs, steps)?;
            check_lease(knobs.standby, &knobs.lease(), "log-life")?;
        }
        Protocol::Outbox(knobs) => {
            for (knob, count) in [("relays", knobs.relays), ("batch", knobs.batch)] {
                if count == 0 {
                    return Err(WorkflowError::new(
                        Place::Knob(knob),
                        format!("`{knob}` must be at least 1"),
                    )
                    .help("with none, nothing would ever be published"));
                }
            }
        }
        Protocol::EventSourcing(_, knobs) => {
            if knobs.snapshot_every == Some(0) {
                return Err(WorkflowError::new(
                    Place::Knob("snapshot-every"),
                    "`snapshot-every` must be at least 1",
                )
                .help("leave it out to take no snapshots"));
            }
        }
        Protocol::TwoPhaseCommit(knobs) => {
            check_lease(knobs.standby, &knobs.lease(), "decision-life")?
        }
        Protocol::Mixed(choices) => {
            if choices.saga.isolation != Isolation::default() {
                return Err(WorkflowError::new(
                    Place::Knob("isolation"),
                    "steps of a mixed workflow read nothing, so there is nothing to isolate",
                )
                .help("make the steps that must not interfere branches of the TCC"));
            }
            if choices.saga.standby {
                return Err(WorkflowError::new(
                    Place::Knob("standby"),
                    "the coordinator of a mixed workflow has none that stands by",
                )
                .help("remove `standby`, or use `protocol = \"saga\"`"));
            }
            check_knobs(&Protocol::Saga(choices.saga.clone()), steps)?;
            check_knobs(&Protocol::Tcc(choices.tcc.clone()), steps)?;
        }
        // They have no numbers, or none that could be zero.
        Protocol::Tcc(_) | Protocol::Choreography(_) => {}
    }
    Ok(())
}

/// Says that two things cannot be told apart. Expressions do not tell `-` from `_`.
pub(in crate::workflow) fn twice(what: &str, one: &str, other: &str) -> String {
    if one == other {
        format!("there are two {what} named `{one}`")
    } else {
        format!("the {what} `{one}` and `{other}` are both written `{}`", written(one))
    }
}

pub(in crate::workflow) const NAME_RULE: &str =
    "use letters, digits, `_` and `-`, start with a letter, and avoid the words of expressions";
