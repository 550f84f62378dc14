//! What names mean in the expressions of a step, and in those of a property.

use crate::protocol::ServiceId;
use crate::workflow::definition::Service;
use crate::workflow::expression::name::written;
use crate::workflow::expression::parse::Names;
use crate::workflow::expression::{ResourceId, Variable};

/// The names a step may use: the resources of its own service.
pub(in crate::workflow) struct OwnNames<'a> {
    pub(in crate::workflow) service: &'a Service,
    pub(in crate::workflow) id: ServiceId,
}

impl OwnNames<'_> {
    fn own(&self, name: &str) -> Result<ResourceId, String> {
        self.service
            .resources
            .iter()
            .position(|resource| written(&resource.name) == name)
            .map(|position| ResourceId(position as u16))
            .ok_or_else(|| format!("`{}` has no resource named `{name}`", self.service.name))
    }
}

impl Names for OwnNames<'_> {
    fn resolve(&self, path: &[&str]) -> Result<Variable, String> {
        match path {
            [name] => self.own(name).map(|resource| Variable::Resource(self.id, resource)),
            [service, name] if *service == written(&self.service.name) => {
                self.own(name).map(|resource| Variable::Resource(self.id, resource))
            }
            [service, _] => Err(format!(
                "a step of `{}` cannot see `{service}`: a service only knows its own resources",
                self.service.name
            )),
            _ => Err(format!("`{}` is not a resource", path.join("."))),
        }
    }

    fn assignable(&self, name: &str) -> Result<ResourceId, String> {
        self.own(name)
    }

    fn initial(&self, variable: Variable) -> i64 {
        match variable {
            Variable::Resource(_, resource) => {
                self.service.resources[usize::from(resource.0)].initial
            }
            Variable::Completed | Variable::Compensated | Variable::Failed => 0,
        }
    }

    fn known(&self) -> Vec<String> {
        self.service.resources.iter().map(|resource| written(&resource.name)).collect()
    }
}

/// The names a property may use: every resource, and how the workflows ended.
pub(super) struct EveryName<'a> {
    pub(super) services: &'a [Service],
}

impl Names for EveryName<'_> {
    fn resolve(&self, path: &[&str]) -> Result<Variable, String> {
        match path {
            ["completed" | "committed"] => Ok(Variable::Completed),
            ["compensated" | "cancelled" | "aborted"] => Ok(Variable::Compensated),
            ["failed"] => Ok(Variable::Failed),
            [service, name] => {
                let id = self
                    .services
                    .iter()
                    .position(|candidate| written(&candidate.name) == *service)
                    .ok_or_else(|| format!("there is no service named `{service}`"))?;
                let own = OwnNames { service: &self.services[id], id: ServiceId(id as u16) };
                own.own(name).map(|resource| Variable::Resource(own.id, resource))
            }
            [name] => Err(format!("`{name}` is not known; write `service.resource`")),
            _ => Err(format!("`{}` is not a resource", path.join("."))),
        }
    }

    fn assignable(&self, _name: &str) -> Result<ResourceId, String> {
        Err("a property changes nothing".to_owned())
    }

    fn initial(&self, variable: Variable) -> i64 {
        match variable {
            Variable::Resource(service, resource) => {
                self.services[usize::from(service.0)].resources[usize::from(resource.0)].initial
            }
            Variable::Completed | Variable::Compensated | Variable::Failed => 0,
        }
    }

    fn known(&self) -> Vec<String> {
        self.services
            .iter()
            .flat_map(|service| {
                service.resources.iter().map(|resource| {
                    format!("{}.{}", written(&service.name), written(&resource.name))
                })
            })
            .chain(["completed", "compensated", "failed"].map(str::to_owned))
            .collect()
    }
}
