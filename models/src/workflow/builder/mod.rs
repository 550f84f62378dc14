//! Making workflows: names and texts in, a valid [`Workflow`] or a located error out.
//!
//! The builder takes what people write (names, expressions as text) and resolves all of it at once in
//! [`WorkflowBuilder::build`]. Each error says *where*: a [`Place`], which a spec reader turns into a
//! line and column.
//!
//! | file | what is in it |
//! |---|---|
//! | `draft.rs` | steps and properties as people write them |
//! | `shape.rs` | checks that need no meaning: sizes, names, limits |
//! | `names.rs`, `resolution.rs` | from names and texts to positions and expressions |
//! | `belonging.rs` | what a step may say of itself, by protocol |
//! | `request.rs` | what clients put in |
//! | `locals.rs` | what steps read, and whether it is read before it is used |
//! | `isolation.rs` | whether the countermeasure against interference fits the steps |
//! | `mixed.rs` | which protocols a step can be carried out by, and what it must say then |
//! | `order.rs` | the order of steps, and the point of no return |
//! | `outbox.rs` | which step publishes, and which handles, where there is an outbox |
//! | `two_phase_commit.rs` | what steps and choices must be where everything commits at once |
//! | `refusal.rs` | what is said when something is wrong, and about which place |

mod belonging;
mod draft;
mod isolation;
mod locals;
mod mixed;
mod names;
mod order;
mod outbox;
mod refusal;
mod request;
mod resolution;
mod shape;
mod standby;
#[cfg(test)]
mod tests;
mod two_phase_commit;

use std::sync::Arc;

use crate::protocols::event_sourcing::EventSourcingKnobs;
use crate::protocols::saga::SagaKnobs;

use super::definition::{Claim, Protocol, Resource, Service, Workflow};
use super::domain::Domain;
use super::faults::FaultBudget;

use locals::{ReadValues, check_locals};
use names::EveryName;
use order::{check_order, check_point_of_no_return};
use outbox::check_outbox;
use resolution::resolve_property;

pub use draft::{PropertyDraft, RuleDraft, StepDraft};
pub(super) use names::OwnNames;
pub use refusal::{Place, RuleField, StepField, WorkflowError};
pub use shape::check_knobs;
pub(super) use shape::{NAME_RULE, twice};

/// Collects a workflow and checks it as a whole.
///
/// ```
/// use amends_models::workflow::{StepDraft, Workflow};
///
/// let order = Workflow::builder("order")
///     .service("inventory", [("stock", 2)])
///     .service("payment", [("balance", 15)])
///     .step(
///         StepDraft::new("reserve-stock", "inventory")
///             .when("stock >= 1")
///             .change(["stock -= 1"])
///             .undo(["stock += 1"]),
///     )
///     .step(
///         StepDraft::new("charge", "payment")
///             .when("balance >= 10")
///             .change(["balance -= 10"])
///             .undo(["balance += 10"]),
///     )
///     .instances(2)
///     .always("never oversold", "inventory.stock >= 0")
///     .build()
///     .expect("the workflow is sound");
/// assert_eq!(order.steps().len(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct WorkflowBuilder {
    name: String,
    protocol: Protocol,
    instances: u32,
    services: Vec<Service>,
    steps: Vec<StepDraft>,
    requests: Vec<Vec<(String, i64)>>,
    rule: Option<RuleDraft>,
    ordered_links: bool,
    faults: FaultBudget,
    properties: Vec<PropertyDraft>,
}

/// The most workflows that can run at the same time in one model.
pub const MAX_INSTANCES: u32 = 16;

/// The node that hosts the coordinators, by its name in fault budgets.
pub const COORDINATOR: &str = "coordinator";

/// The node that hosts the coordinators that stand by.
pub const STANDBY: &str = "standby";

/// The node that hosts the store that coordinators share.
pub const STORE: &str = "store";

/// The node where the clients of a choreography come in, by its name in fault budgets.
pub const INITIATOR: &str = "initiator";

/// The node of the message broker, by its name in fault budgets.
pub const BROKER: &str = "broker";

/// The node of a relay, by its name in fault budgets. People count relays from one.
#[must_use]
pub fn relay_node(relay: u8) -> String {
    format!("relay-{}", relay + 1)
}

impl Workflow {
    /// Starts a workflow: an orchestrated saga with the right choice at every knob, one instance, and
    /// a perfect world.
    #[must_use]
    pub fn builder(name: impl Into<String>) -> WorkflowBuilder {
        WorkflowBuilder {
            name: name.into(),
            protocol: Protocol::Saga(SagaKnobs::default()),
            instances: 1,
            services: Vec::new(),
            steps: Vec::new(),
            requests: Vec::new(),
            rule: None,
            ordered_links: false,
            faults: FaultBudget::none(),
            properties: Vec::new(),
        }
    }
}

impl WorkflowBuilder {
    /// Chooses the protocol and its knobs.
    #[must_use]
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        if let Protocol::EventSourcing(domain, _) = &protocol {
            self.services = domain.services();
        }
        self.protocol = protocol;
        self
    }

    /// Chooses event sourcing, over that domain. Properties name its aggregates and projections as
    /// if they were services; an aggregate of which each workflow has its own counts as their sum.
    #[must_use]
    pub fn event_sourced(self, domain: Domain, knobs: EventSourcingKnobs) -> Self {
        self.protocol(Protocol::EventSourcing(Arc::new(domain), knobs))
    }

    /// How many runs of the workflow go on at the same time in the model.
    #[must_use]
    pub fn instances(mut self, instances: u32) -> Self {
        self.instances = instances;
        self
    }

    /// Adds a service and what it owns: names and values at the start.
    #[must_use]
    pub fn service<N: Into<String>>(
        mut self,
        name: impl Into<String>,
        resources: impl IntoIterator<Item = (N, i64)>,
    ) -> Self {
        let resources = resources
            .into_iter()
            .map(|(name, initial)| Resource { name: name.into(), initial })
            .collect();
        self.services.push(Service { name: name.into(), resources });
        self
    }

    /// Adds a step. Unless it says otherwise, it waits for the step added before it; in a TCC, for
    /// none.
    #[must_use]
    pub fn step(mut self, step: StepDraft) -> Self {
        self.steps.push(step);
        self
    }

    /// Adds a request: what the client of a workflow puts in, by name. Workflows take requests in
    /// turn, and all requests have the same inputs.
    #[must_use]
    pub fn request<N: Into<String>>(mut self, inputs: impl IntoIterator<Item = (N, i64)>) -> Self {
        let inputs = inputs.into_iter().map(|(name, value)| (name.into(), value));
        self.requests.push(inputs.collect());
        self
    }

    /// Sets the rule that picks the protocol of the steps that leave it open.
    #[must_use]
    pub fn rule(mut self, rule: RuleDraft) -> Self {
        self.rule = Some(rule);
        self
    }

    /// Makes links keep messages in order. Without it they may overtake each other.
    #[must_use]
    pub fn ordered_links(mut self) -> Self {
        self.ordered_links = true;
        self
    }

    /// The faults to survive.
    #[must_use]
    pub fn faults(mut self, faults: FaultBudget) -> Self {
        self.faults = faults;
        self
    }

    /// States a property.
    #[must_use]
    pub fn property(mut self, property: PropertyDraft) -> Self {
        self.properties.push(property);
        self
    }

    /// States that a condition is true in every state.
    #[must_use]
    pub fn always(self, name: impl Into<String>, condition: impl Into<String>) -> Self {
        self.property(PropertyDraft {
            name: name.into(),
            claim: Claim::Always,
            condition: condition.into(),
            given: None,
        })
    }

    /// States that a condition is true whenever all workflows have ended.
    #[must_use]
    pub fn settled(self, name: impl Into<String>, condition: impl Into<String>) -> Self {
        self.property(PropertyDraft {
            name: name.into(),
            claim: Claim::Settled,
            condition: condition.into(),
            given: None,
        })
    }

    /// Checks the whole and makes the workflow.
    ///
    /// # Errors
    /// The first thing that is wrong, and where.
    pub fn build(self) -> Result<Workflow, WorkflowError> {
        self.check_shape()?;
        if let Protocol::TwoPhaseCommit(_) = &self.protocol {
            two_phase_commit::check_steps(&self.steps)?;
        }
        let requests = self.resolve_requests()?;
        let rule = self.resolve_rule(&requests)?;
        let names = EveryName { services: &self.services };
        let ReadValues { names: locals, by_step } = self.resolve_reads(requests.inputs())?;
        let mut steps = Vec::with_capacity(self.steps.len());
        for ((position, draft), reads) in self.steps.iter().enumerate().zip(by_step) {
            steps.push(self.resolve_step(position, draft, reads, requests.inputs(), &locals)?);
        }
        check_order(&steps)?;
        check_locals(&steps, &locals)?;
        match self.protocol {
            Protocol::Mixed(_) => self.check_parts(&steps)?,
            _ => check_point_of_no_return(&steps)?,
        }
        if let Protocol::Outbox(_) = &self.protocol {
            check_outbox(&steps, &self.services)?;
        }
        self.check_faults()?;
        check_knobs(&self.protocol, &steps)?;
        self.check_property_names()?;
        let properties = self
            .properties
            .iter()
            .enumerate()
            .map(|(position, draft)| resolve_property(position, draft, &names))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Workflow {
            name: self.name,
            protocol: self.protocol,
            instances: self.instances,
            services: self.services,
            steps,
            requests,
            locals,
            rule,
            ordered_links: self.ordered_links,
            faults: self.faults,
            properties,
        })
    }
}
