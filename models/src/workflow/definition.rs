//! A workflow, valid by construction.
//!
//! Made by a [`WorkflowBuilder`](super::builder::WorkflowBuilder), which checks everything that can
//! be checked without exploring: names resolve, steps form an order, no compensatable step follows a
//! point of no return.

use crate::process::{Address, LocalId, ServiceId, StepId, StepSet, WorkflowId};

use super::business::ByWork;
use super::expression::{ArithmeticError, Assignment, Condition, Reading, ResourceId, Variable};
use super::faults::FaultBudget;
use super::outside::Outside;
use super::request::Requests;
use super::rule::{Rule, StepProtocol};

/// What runs, how often, on what, and what must be true of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workflow {
    pub(super) name: String,
    pub(super) instances: u32,
    pub(super) services: Vec<Service>,
    pub(super) steps: Vec<Step>,
    pub(super) locals: Vec<String>,
    pub(super) requests: Requests,
    pub(super) rule: Option<Rule>,
    pub(super) ordered_links: bool,
    pub(super) faults: FaultBudget,
    pub(super) properties: Vec<PropertyDefinition>,
}

/// A service and the resources it owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// What it owns.
    pub resources: Vec<Resource>,
}

/// A quantity that a service owns: stock, a balance, a count of orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its name within the service.
    pub name: String,
    /// Its value before anything ran.
    pub initial: i64,
}

/// One step of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// Who carries it out.
    pub service: ServiceId,
    /// Whether it can be undone.
    pub kind: StepKind,
    /// The protocol it uses, where steps have different ones; `None` leaves it to the rule.
    pub protocol: Option<StepProtocol>,
    /// The steps that must be done before it starts.
    pub after: StepSet,
    /// What it reads into variables of the workflow, before anything else.
    pub reads: Vec<Reading>,
    /// When the service accepts it; always, if `None`.
    pub when: Option<Condition>,
    /// What is changed by each thing that can be done about it. What its protocol never does is
    /// empty.
    pub business: ByWork<Vec<Assignment>>,
    /// The resources that its compensation leaves changed on purpose.
    pub keeps: Vec<ResourceId>,
    /// What it does outside of its transaction.
    pub outside: Option<Outside>,
}

/// Where a step stands to the point of no return (Garcia-Molina and Salem 1987 in the terms of
/// Richardson, *Microservices Patterns*, 2018).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// Can be undone by its compensation.
    #[default]
    Compensatable,
    /// The point of no return: may be refused, but once done the workflow must go forward.
    Pivot,
    /// Follows the pivot and is repeated until it is done.
    Retriable,
}

impl StepKind {
    /// Its name in specs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            StepKind::Compensatable => "compensatable",
            StepKind::Pivot => "pivot",
            StepKind::Retriable => "retriable",
        }
    }
}

/// A property that the user states about resources and outcomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyDefinition {
    /// Its name.
    pub name: String,
    /// What is claimed of the condition.
    pub claim: Claim,
    /// The condition.
    pub condition: Condition,
    /// When the property has anything to say; always, if `None`.
    pub given: Option<Condition>,
}

impl PropertyDefinition {
    /// Whether the property has anything to say where the variables have those values.
    ///
    /// # Errors
    /// When the arithmetic of the premise overflows or divides by zero.
    pub fn concerns(&self, lookup: &dyn Fn(Variable) -> i64) -> Result<bool, ArithmeticError> {
        self.given.as_ref().map_or(Ok(true), |given| given.evaluate(lookup))
    }
}

/// What a user's property claims of its condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Claim {
    /// True in every state.
    Always,
    /// True in every state in which all workflows have ended.
    Settled,
    /// True in some state.
    Reachable,
    /// True at some point of every fair run.
    Eventually,
    /// From every state, a state where it is true can be reached.
    NeverStuck,
}

impl Claim {
    /// All claims, in the order in which documentation lists them.
    pub const ALL: [Claim; 5] =
        [Claim::Always, Claim::Settled, Claim::Reachable, Claim::Eventually, Claim::NeverStuck];

    /// Its key in specs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Claim::Always => "always",
            Claim::Settled => "settled",
            Claim::Reachable => "reachable",
            Claim::Eventually => "eventually",
            Claim::NeverStuck => "never-stuck",
        }
    }
}

impl Workflow {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many runs of the workflow go on at the same time in the model.
    #[must_use]
    pub fn instances(&self) -> u32 {
        self.instances
    }

    /// The services, by [`ServiceId`].
    #[must_use]
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The service of that position.
    ///
    /// # Panics
    /// If there is none; ids handed out by this workflow always resolve.
    #[must_use]
    pub fn service(&self, id: ServiceId) -> &Service {
        &self.services[usize::from(id.0)]
    }

    /// The steps, by [`StepId`].
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The step of that position.
    ///
    /// # Panics
    /// If there is none; ids handed out by this workflow always resolve.
    #[must_use]
    pub fn step(&self, id: StepId) -> &Step {
        &self.steps[usize::from(id.0)]
    }

    /// What the clients of its runs ask for.
    #[must_use]
    pub fn requests(&self) -> &Requests {
        &self.requests
    }

    /// Its runs at the same time, in groups that differ in nothing but their numbers.
    #[must_use]
    pub fn interchangeable(&self) -> Vec<Vec<WorkflowId>> {
        self.requests.alike(self.instances)
    }

    /// The name of a variable.
    ///
    /// # Panics
    /// If there is none; ids handed out by this workflow always resolve.
    #[must_use]
    pub fn local(&self, id: LocalId) -> &str {
        &self.locals[usize::from(id.0)]
    }

    /// Whether its steps read anything into variables.
    #[must_use]
    pub fn has_locals(&self) -> bool {
        !self.locals.is_empty()
    }

    /// Whether a step does anything outside of its transaction.
    #[must_use]
    pub fn reaches_outside(&self) -> bool {
        self.steps.iter().any(|step| step.outside.is_some())
    }

    /// What picks the protocol of the steps that leave it open.
    #[must_use]
    pub fn rule(&self) -> Option<&Rule> {
        self.rule.as_ref()
    }

    /// The protocol by which a step of that run is carried out, where steps have different ones; a
    /// saga, where they have not.
    #[must_use]
    pub fn protocol_of(&self, workflow: WorkflowId, step: StepId) -> StepProtocol {
        let picked = || {
            let picks = &self.rule.as_ref()?.picks;
            picks.get(self.requests.turn(workflow)?).copied()
        };
        self.step(step).protocol.or_else(picked).unwrap_or(StepProtocol::Saga)
    }

    /// Whether links keep messages in order.
    #[must_use]
    pub fn ordered_links(&self) -> bool {
        self.ordered_links
    }

    /// The faults it must survive.
    #[must_use]
    pub fn faults(&self) -> &FaultBudget {
        &self.faults
    }

    /// The same workflow in another world.
    #[must_use]
    pub fn with_faults(mut self, faults: FaultBudget) -> Workflow {
        self.faults = faults;
        self
    }

    /// The same workflow with another number of concurrent runs.
    #[must_use]
    pub fn with_instances(mut self, instances: u32) -> Workflow {
        self.instances = instances;
        self
    }

    /// The same, with a business that nobody knows: every step may be accepted and may be refused,
    /// whatever services own, nothing is read, and nothing is known of the order of messages.
    #[must_use]
    pub fn with_open_business(mut self) -> Workflow {
        for step in &mut self.steps {
            step.when = None;
            step.reads = Vec::new();
            step.business = ByWork::default();
            step.outside = None;
        }
        self.locals = Vec::new();
        self.properties = Vec::new();
        self.ordered_links = false;
        self
    }

    /// What the user states must be true.
    #[must_use]
    pub fn properties(&self) -> &[PropertyDefinition] {
        &self.properties
    }

    /// The values of all resources of a service at the start.
    #[must_use]
    pub fn initial_resources(&self, service: ServiceId) -> Vec<i64> {
        self.service(service).resources.iter().map(|resource| resource.initial).collect()
    }

    /// The resources of the service at `address` as facts, `stock = 1`; none for any other process.
    #[must_use]
    pub fn resource_facts(&self, address: Address, values: &[i64]) -> Vec<String> {
        let Address::Service(service) = address else { return Vec::new() };
        let resources = &self.service(service).resources;
        let named = resources.iter().zip(values);
        named.map(|(resource, value)| format!("{} = {value}", resource.name)).collect()
    }

    /// How a report tells the workflow of that position from the others: `#1`. Nothing, if there is
    /// only one.
    #[must_use]
    pub fn told_apart(&self, position: usize) -> Option<String> {
        (self.instances() > 1).then(|| WorkflowId(position as u32).to_string())
    }
}
