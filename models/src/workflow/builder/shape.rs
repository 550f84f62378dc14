//! Checks that need no meaning: sizes, names that can be written and told apart, limits.

use crate::process::StepSet;
use crate::workflow::definition::{Resource, Service};
use crate::workflow::expression::name::{is_name, written};
use crate::workflow::suggestion::suggestion;

use super::refusal::{Place, StepField, WorkflowError};
use super::requirements::Requirements;
use super::{MAX_INSTANCES, WorkflowBuilder};

/// The most services of a workflow, and the most resources of a service.
const MAX_OWNED: usize = 1000;

impl WorkflowBuilder {
    pub(super) fn check_shape(&self, protocol: &dyn Requirements) -> Result<(), WorkflowError> {
        if self.name.trim().is_empty() {
            return Err(WorkflowError::new(Place::Workflow, "the workflow has no name")
                .help("say what it does, in a word"));
        }
        if protocol.takes_steps() && self.steps.is_empty() {
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
        let nodes = protocol.nodes();
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

    pub(super) fn check_property_names(
        &self,
        protocol: &dyn Requirements,
    ) -> Result<(), WorkflowError> {
        let reserved = protocol.reserved_names();
        for (position, property) in self.properties.iter().enumerate() {
            let place = Place::PropertyName(position);
            let name = &property.name;
            if name.trim().is_empty() {
                return Err(WorkflowError::new(place, "the property has no name")
                    .help("say in a few words what must be true"));
            }
            if reserved.contains(&name.as_str()) {
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

    pub(super) fn check_faults(&self, protocol: &dyn Requirements) -> Result<(), WorkflowError> {
        let nodes = protocol.fault_nodes(&self.services);
        let known: Vec<&str> = nodes.iter().map(String::as_str).collect();
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
