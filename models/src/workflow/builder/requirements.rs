//! The demands of a protocol on a workflow that it is to carry out.
//!
//! The builder knows names, expressions and orders, and no protocol. Each protocol says here which parts
//! of a workflow mean something to it, and refuses what does not, at the place where it is written.

use std::collections::BTreeMap;

use crate::process::{StepId, StepSet};
use crate::workflow::business::Work;
use crate::workflow::definition::{Service, Step, Workflow};
use crate::workflow::suggestion::suggestion;

use super::belonging::check_belongs;
use super::draft::{RuleDraft, StepDraft};
use super::order::check_point_of_no_return;
use super::refusal::{Place, WorkflowError};

/// A workflow as people wrote it, before its texts have a meaning.
#[derive(Clone, Copy, Debug)]
pub struct Drafts<'a> {
    /// Its steps, in order of definition.
    pub steps: &'a [StepDraft],
    /// What picks the protocol of the steps that leave it open.
    pub rule: Option<&'a RuleDraft>,
}

/// The names of the services, and of the steps, for which something is chosen otherwise.
#[derive(Clone, Debug, Default)]
pub struct Exceptions<'a> {
    /// The services.
    pub services: Vec<&'a str>,
    /// The steps.
    pub steps: Vec<&'a str>,
}

impl<'a> Exceptions<'a> {
    /// Those of tables by service and by step.
    #[must_use]
    pub fn of<S, T>(services: &'a BTreeMap<String, S>, steps: &'a BTreeMap<String, T>) -> Self {
        Exceptions { steps: steps.keys().map(String::as_str).collect(), ..Exceptions::at(services) }
    }

    /// Those of a table by service.
    #[must_use]
    pub fn at<S>(services: &'a BTreeMap<String, S>) -> Self {
        Exceptions { services: services.keys().map(String::as_str).collect(), steps: Vec::new() }
    }

    /// Those of both.
    #[must_use]
    pub fn and(mut self, others: Exceptions<'a>) -> Self {
        self.services.extend(others.services);
        self.steps.extend(others.steps);
        self
    }

    pub(super) fn check(&self, steps: &[Step], services: &[Service]) -> Result<(), WorkflowError> {
        let services: Vec<&str> = services.iter().map(|it| it.name.as_str()).collect();
        let steps: Vec<&str> = steps.iter().map(|it| it.name.as_str()).collect();
        let tables = [
            ("services", "service", &self.services, services),
            ("steps", "step", &self.steps, steps),
        ];
        for (table, what, named, known) in tables {
            if let Some(&name) = named.iter().find(|name| !known.contains(name)) {
                let place = Place::Exception(table, name.to_owned());
                let message = format!("there is no {what} named `{name}`");
                return Err(WorkflowError::new(place, message).help(suggestion(name, &known)));
            }
        }
        Ok(())
    }
}

/// The demands of a protocol on a workflow.
///
/// The methods that check are called in the order in which they stand here, and the first thing that is
/// wrong is what the builder answers.
pub trait Requirements {
    /// The protocol's name in specs.
    fn name(&self) -> &'static str;

    /// The nodes it runs on beside those of the services, as fault budgets name them.
    fn nodes(&self) -> Vec<String>;

    /// The names of the properties that it has of its own; those of the workflow are others.
    fn reserved_names(&self) -> Vec<&'static str>;

    /// The things that it has done about a step.
    fn works(&self) -> &'static [Work];

    /// The services that it brings along.
    fn services(&self) -> Vec<Service> {
        Vec::new()
    }

    /// Whether it carries steps out.
    fn takes_steps(&self) -> bool {
        true
    }

    /// Whether its steps can read values into variables of the workflow.
    fn keeps_variables(&self) -> bool {
        false
    }

    /// Whether its steps can do something outside of their transactions.
    fn reaches_outside(&self) -> bool {
        false
    }

    /// Whether a rule can pick how its steps are carried out.
    fn takes_rule(&self) -> bool {
        false
    }

    /// Checks what can be said of the steps before anything is resolved.
    ///
    /// # Errors
    /// The first that means nothing to the protocol.
    fn check_drafts(&self, _drafts: Drafts<'_>) -> Result<(), WorkflowError> {
        Ok(())
    }

    /// Checks that clients may put something in.
    ///
    /// # Errors
    /// When the protocol has no inputs.
    fn check_requests(&self) -> Result<(), WorkflowError> {
        Ok(())
    }

    /// Checks what the step of that position says of itself.
    ///
    /// # Errors
    /// When it says what means nothing to the protocol.
    fn check_step(&self, drafts: Drafts<'_>, position: usize) -> Result<(), WorkflowError> {
        check_belongs(self, position, &drafts.steps[position])
    }

    /// The steps that a step waits for if it does not say so: the one before it.
    fn usual_order(&self, _drafts: Drafts<'_>, position: usize) -> StepSet {
        position.checked_sub(1).map(|before| StepId(before as u8)).into_iter().collect()
    }

    /// Checks the steps as a whole, and the services that carry them out.
    ///
    /// # Errors
    /// The first that the protocol cannot carry out.
    fn check_steps(
        &self,
        _drafts: Drafts<'_>,
        steps: &[Step],
        _services: &[Service],
    ) -> Result<(), WorkflowError> {
        check_point_of_no_return(steps)
    }

    /// The services, and the steps, for which something is chosen otherwise.
    fn exceptions(&self) -> Exceptions<'_> {
        Exceptions::default()
    }

    /// Checks the protocol's choices against a workflow that was made for other ones.
    ///
    /// # Errors
    /// The first that does not fit it.
    fn check_choices(&self, workflow: &Workflow) -> Result<(), WorkflowError> {
        self.exceptions().check(workflow.steps(), workflow.services())?;
        self.check_knobs(workflow.steps())
    }

    /// The nodes that faults can strike.
    fn fault_nodes(&self, services: &[Service]) -> Vec<String> {
        services.iter().map(|service| service.name.clone()).chain(self.nodes()).collect()
    }

    /// Checks that the numbers among the protocol's choices make sense, and that the choices fit the
    /// steps.
    ///
    /// # Errors
    /// The first that does not.
    fn check_knobs(&self, _steps: &[Step]) -> Result<(), WorkflowError> {
        Ok(())
    }
}
