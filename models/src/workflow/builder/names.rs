//! What names mean in the expressions of a step, and in those of a property.

use crate::process::{LocalId, ServiceId};
use crate::workflow::definition::Service;
use crate::workflow::expression::name::written;
use crate::workflow::expression::parse::Names;
use crate::workflow::expression::{ResourceId, Variable};
use crate::workflow::request::InputId;

/// The names a step may use: the resources of its own service, and the inputs of its workflow.
pub(in crate::workflow) struct OwnNames<'a> {
    pub(in crate::workflow) service: &'a Service,
    pub(in crate::workflow) id: ServiceId,
    pub(in crate::workflow) inputs: &'a [String],
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

    fn input(&self, name: &str) -> Option<InputId> {
        let position = self.inputs.iter().position(|input| written(input) == name)?;
        Some(InputId(position as u16))
    }
}

impl Names for OwnNames<'_> {
    fn resolve(&self, path: &[&str]) -> Result<Variable, String> {
        match path {
            [name] => match self.input(name) {
                Some(input) => Ok(Variable::Input(input)),
                None => self.own(name).map(|resource| Variable::Resource(self.id, resource)),
            },
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
        match self.input(name) {
            Some(_) => Err(format!("`{name}` is an input, which never changes")),
            None => self.own(name),
        }
    }

    fn initial(&self, variable: Variable) -> Result<i64, String> {
        match variable {
            Variable::Resource(_, resource) => {
                Ok(self.service.resources[usize::from(resource.0)].initial)
            }
            Variable::Input(_) => {
                Err("an input never changes, so it needs no `initial`".to_owned())
            }
            Variable::Local(_) => {
                Err("a variable has no value at the start; ask for what it is read from".to_owned())
            }
            Variable::Completed | Variable::Compensated | Variable::Failed => Ok(0),
        }
    }

    fn known(&self) -> Vec<String> {
        let own = self.service.resources.iter().map(|resource| &resource.name);
        own.chain(self.inputs).map(|name| written(name)).collect()
    }
}

/// The names a step may use in what it changes: the resources of its own service, and what the
/// workflow has read.
pub(super) struct StepNames<'a> {
    pub(super) own: OwnNames<'a>,
    /// The variables, by [`LocalId`].
    pub(super) locals: &'a [String],
}

impl Names for StepNames<'_> {
    fn resolve(&self, path: &[&str]) -> Result<Variable, String> {
        let local = match path {
            [name] => self.locals.iter().position(|local| local == name),
            _ => None,
        };
        match local {
            Some(position) => Ok(Variable::Local(LocalId(position as u8))),
            None => self.own.resolve(path),
        }
    }

    fn assignable(&self, name: &str) -> Result<ResourceId, String> {
        if self.locals.iter().any(|local| local == name) {
            return Err(format!("`{name}` is a variable, which only `read` gives a value"));
        }
        self.own.assignable(name)
    }

    fn initial(&self, variable: Variable) -> Result<i64, String> {
        self.own.initial(variable)
    }

    fn known(&self) -> Vec<String> {
        self.own.known().into_iter().chain(self.locals.iter().cloned()).collect()
    }
}

/// The names a rule may use: the inputs of the request.
pub(super) struct InputNames<'a>(pub(super) &'a [String]);

impl Names for InputNames<'_> {
    fn resolve(&self, path: &[&str]) -> Result<Variable, String> {
        let path = path.join(".");
        let position = self.0.iter().position(|input| written(input) == path);
        match position {
            Some(position) => Ok(Variable::Input(InputId(position as u16))),
            None if self.0.is_empty() => Err(format!("`{path}` is no input: requests have none")),
            None => Err(format!("`{path}` is no input of the requests")),
        }
    }

    fn assignable(&self, _name: &str) -> Result<ResourceId, String> {
        Err("a rule changes nothing".to_owned())
    }

    fn initial(&self, _variable: Variable) -> Result<i64, String> {
        Err("an input never changes, so it needs no `initial`".to_owned())
    }

    fn known(&self) -> Vec<String> {
        self.0.iter().map(|name| written(name)).collect()
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
                let own =
                    OwnNames { service: &self.services[id], id: ServiceId(id as u16), inputs: &[] };
                own.own(name).map(|resource| Variable::Resource(own.id, resource))
            }
            [name] => Err(format!("`{name}` is not known; write `service.resource`")),
            _ => Err(format!("`{}` is not a resource", path.join("."))),
        }
    }

    fn assignable(&self, _name: &str) -> Result<ResourceId, String> {
        Err("a property changes nothing".to_owned())
    }

    fn initial(&self, variable: Variable) -> Result<i64, String> {
        Ok(match variable {
            Variable::Resource(service, resource) => {
                self.services[usize::from(service.0)].resources[usize::from(resource.0)].initial
            }
            Variable::Input(_) => unreachable!("a property names no input"),
            Variable::Local(_) => unreachable!("a property names no variable of a workflow"),
            Variable::Completed | Variable::Compensated | Variable::Failed => 0,
        })
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
