//! What clients put in: every request has the same inputs, and steps can tell them from resources.

use crate::workflow::expression::name::{is_name, written};
use crate::workflow::request::Requests;

use super::WorkflowBuilder;
use super::refusal::{Place, WorkflowError};
use super::requirements::Requirements;
use super::shape::{NAME_RULE, twice};

impl WorkflowBuilder {
    /// The requests, with the values of their inputs in one order.
    pub(super) fn resolve_requests(
        &self,
        protocol: &dyn Requirements,
    ) -> Result<Requests, WorkflowError> {
        let Some(first) = self.requests.first() else { return Ok(Requests::default()) };
        protocol.check_requests()?;
        if self.requests.len() > self.instances as usize {
            let (requests, instances) = (self.requests.len(), self.instances);
            return Err(WorkflowError::new(
                Place::Request(self.instances as usize),
                format!("there are {requests} requests for {instances} workflows at the same time"),
            )
            .help(format!("this one would never be made; set `instances = {requests}`")));
        }
        for (position, (name, _)) in first.iter().enumerate() {
            self.check_input(position, name)?;
        }
        let values = self.requests.iter().enumerate().map(|(at, request)| {
            let unknown =
                |(name, _): &&(String, i64)| !first.iter().any(|(known, _)| known == name);
            if let Some((name, _)) = request.iter().find(unknown) {
                return Err(differs(at, format!("the first request has no input `{name}`")));
            }
            let value = |(name, _): &(String, i64)| {
                let given = request.iter().find(|(known, _)| known == name);
                let missing = || differs(at, format!("this request has no input `{name}`"));
                given.map(|&(_, value)| value).ok_or_else(missing)
            };
            first.iter().map(value).collect()
        });
        Ok(Requests {
            values: values.collect::<Result<_, _>>()?,
            inputs: first.iter().map(|(name, _)| name.clone()).collect(),
        })
    }

    fn check_input(&self, position: usize, name: &str) -> Result<(), WorkflowError> {
        let wrong = |message: String, help: &str| {
            Err(WorkflowError::new(Place::Input(0, position), message).help(help))
        };
        if !is_name(name) {
            return wrong(format!("an input cannot be named `{name}`"), NAME_RULE);
        }
        let same = |other: &str| written(other) == written(name);
        let before = self.requests[0][..position].iter().map(|(other, _)| other);
        if let Some(other) = before.into_iter().find(|other| same(other)) {
            return wrong(twice("inputs", other, name), "give one of them another name");
        }
        let owner = |resource: &str| {
            self.services.iter().find(|s| s.resources.iter().any(|r| r.name == resource))
        };
        let resources = self.services.iter().flat_map(|service| &service.resources);
        if let Some(service) = resources.map(|r| r.name.as_str()).find(|r| same(r)).and_then(owner)
        {
            return wrong(
                format!("`{name}` is an input, and a resource of `{}` as well", service.name),
                "give one of them another name, so that steps can tell them apart",
            );
        }
        Ok(())
    }
}

fn differs(request: usize, message: String) -> WorkflowError {
    WorkflowError::new(Place::Request(request), message)
        .help("all requests are for the same workflow, so they have the same inputs")
}
