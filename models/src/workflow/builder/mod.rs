//! Making workflows: names and texts in, a valid [`Workflow`] or a located error out.
//!
//! The builder takes what people write (names, expressions as text) and resolves all of it at once in
//! [`WorkflowBuilder::build_for`]. Each error says *where*: a [`Place`], which a spec reader turns into a
//! line and column.
//!
//! | file | what is in it |
//! |---|---|
//! | `draft.rs` | steps and properties as people write them |
//! | `shape.rs` | checks that need no meaning: sizes, names, limits |
//! | `names.rs`, `resolution.rs` | from names and texts to positions and expressions |
//! | `requirements.rs` | the demands of a protocol on a workflow |
//! | `belonging.rs` | what a step may say of itself, by protocol |
//! | `request.rs`, `rule.rs` | what clients put in, and what is picked by it |
//! | `locals.rs` | what steps read, and whether it is read before it is used |
//! | `order.rs` | the order of steps, and the point of no return |
//! | `refusal.rs` | what is said when something is wrong, and about which place |

mod belonging;
mod draft;
mod locals;
mod names;
mod order;
mod refusal;
mod request;
mod requirements;
mod resolution;
mod rule;
mod shape;
#[cfg(test)]
mod tests;

use super::definition::{Claim, Resource, Service, Workflow};
use super::faults::FaultBudget;

use locals::{ReadValues, check_locals};
use names::EveryName;
use order::check_order;
use resolution::resolve_property;

pub(crate) use belonging::{check_belongs, check_outside};
pub use draft::{PropertyDraft, RuleDraft, StepDraft};
pub(super) use names::OwnNames;
pub(crate) use order::{ancestors, check_point_of_no_return};
pub use refusal::{Place, RuleField, StepField, WorkflowError};
pub use requirements::{Drafts, Exceptions, Requirements};
pub(super) use shape::{NAME_RULE, twice};

/// Collects a workflow and checks it as a whole.
///
/// ```
/// use amends_models::protocols::saga::SagaKnobs;
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
///     .build_for(&SagaKnobs::default())
///     .expect("the workflow is sound");
/// assert_eq!(order.steps().len(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct WorkflowBuilder {
    name: String,
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

impl Workflow {
    /// Starts a workflow: one instance, in a perfect world.
    #[must_use]
    pub fn builder(name: impl Into<String>) -> WorkflowBuilder {
        WorkflowBuilder {
            name: name.into(),
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

    /// Checks the whole and makes the workflow, to be carried out by that protocol.
    ///
    /// # Errors
    /// The first thing that is wrong, and where.
    pub fn build_for(mut self, protocol: &dyn Requirements) -> Result<Workflow, WorkflowError> {
        self.services.splice(0..0, protocol.services());
        self.check_shape(protocol)?;
        protocol.check_drafts(self.drafts())?;
        let requests = self.resolve_requests(protocol)?;
        let rule = self.resolve_rule(protocol, &requests)?;
        let names = EveryName { services: &self.services };
        let ReadValues { names: locals, by_step } = self.resolve_reads(requests.inputs())?;
        let mut steps = Vec::with_capacity(self.steps.len());
        for (position, reads) in by_step.into_iter().enumerate() {
            let inputs = requests.inputs();
            steps.push(self.resolve_step(protocol, position, reads, inputs, &locals)?);
        }
        check_order(&steps)?;
        check_locals(&steps, &locals)?;
        protocol.check_steps(self.drafts(), &steps, &self.services)?;
        self.check_faults(protocol)?;
        protocol.exceptions().check(&steps, &self.services)?;
        protocol.check_knobs(&steps)?;
        self.check_property_names(protocol)?;
        let properties = self
            .properties
            .iter()
            .enumerate()
            .map(|(position, draft)| resolve_property(position, draft, &names))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Workflow {
            name: self.name,
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

    fn drafts(&self) -> Drafts<'_> {
        Drafts { steps: &self.steps, rule: self.rule.as_ref() }
    }
}
