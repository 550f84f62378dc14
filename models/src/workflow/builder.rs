//! Making workflows: names and texts in, a valid [`Workflow`] or a located error out.
//!
//! The builder takes what people write (names, expressions as text) and resolves all of it at once in
//! [`WorkflowBuilder::build`]. Each error says *where*: a [`Place`], which a spec reader turns into a
//! line and column.

use std::ops::Range;

use crate::property::built_in_names;
use crate::protocol::saga::SagaKnobs;
use crate::protocol::{ServiceId, StepId, StepSet};

use super::definition::{
    Claim, PropertyDefinition, Protocol, Resource, Service, Step, StepKind, Workflow,
};
use super::expression::name::{is_name, written};
use super::expression::parse::{ExpressionError, Names, parse_assignment, parse_condition};
use super::expression::{Assignment, Condition, ResourceId, Variable};
use super::faults::{Fault, FaultBudget};
use super::suggestion::suggestion;

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
    ordered_links: bool,
    faults: FaultBudget,
    properties: Vec<PropertyDraft>,
}

/// A step as people write it.
#[derive(Clone, Debug)]
pub struct StepDraft {
    name: String,
    service: String,
    kind: StepKind,
    after: Option<Vec<String>>,
    when: Option<String>,
    change: Vec<String>,
    undo: Vec<String>,
}

/// A property as people write it.
#[derive(Clone, Debug)]
pub struct PropertyDraft {
    /// Its name.
    pub name: String,
    /// What is claimed.
    pub claim: Claim,
    /// The condition, as text.
    pub condition: String,
    /// When it has anything to say, as text.
    pub given: Option<String>,
}

/// Where in a workflow something is wrong. Positions count from zero, in order of definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The workflow as a whole.
    Workflow,
    /// The number of instances.
    Instances,
    /// A service.
    Service(usize),
    /// A resource of a service: their positions.
    Resource(usize, usize),
    /// A key of a step.
    Step(usize, StepField),
    /// A knob of the protocol.
    Knob(&'static str),
    /// The name of a property.
    PropertyName(usize),
    /// A fault of the budget that names this node.
    Fault(Fault, String),
    /// The condition of a property.
    Property(usize),
    /// The `given` of a property.
    PropertyGiven(usize),
}

/// The keys of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepField {
    /// Its name.
    Name,
    /// Its service.
    Service,
    /// Its kind.
    Kind,
    /// An entry of the steps it waits for.
    After(usize),
    /// Its guard.
    When,
    /// One of its changes.
    Change(usize),
    /// One of the changes of its compensation.
    Undo(usize),
}

/// Why a workflow is not sound, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct WorkflowError {
    /// What is to blame.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// For an expression: the bytes of its text that are to blame.
    pub range: Option<Range<usize>>,
}

impl WorkflowError {
    fn new(place: Place, message: impl Into<String>) -> Self {
        WorkflowError { place, message: message.into(), help: None, range: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn expression(place: Place, error: ExpressionError) -> Self {
        WorkflowError { place, message: error.message, help: error.help, range: Some(error.range) }
    }
}

/// The most workflows that can run at the same time in one model.
pub const MAX_INSTANCES: u32 = 16;

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
        self.protocol = protocol;
        self
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

    /// Adds a step. Unless it says otherwise, it waits for the step added before it.
    #[must_use]
    pub fn step(mut self, step: StepDraft) -> Self {
        self.steps.push(step);
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
        let names = EveryName { services: &self.services };
        let mut steps = Vec::with_capacity(self.steps.len());
        for (position, draft) in self.steps.iter().enumerate() {
            steps.push(self.resolve_step(position, draft)?);
        }
        check_order(&steps)?;
        check_point_of_no_return(&steps)?;
        self.check_faults()?;
        self.check_knobs()?;
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
            ordered_links: self.ordered_links,
            faults: self.faults,
            properties,
        })
    }

    fn check_shape(&self) -> Result<(), WorkflowError> {
        if self.name.trim().is_empty() {
            return Err(WorkflowError::new(Place::Workflow, "the workflow has no name")
                .help("say what it does, in a word"));
        }
        if self.steps.is_empty() {
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
        for (position, service) in self.services.iter().enumerate() {
            let same = |other: &&Service| written(&other.name) == written(&service.name);
            if let Some(other) = self.services[..position].iter().find(same) {
                return Err(WorkflowError::new(
                    Place::Service(position),
                    twice("services", &other.name, &service.name),
                )
                .help("give one of them another name"));
            }
            if written(&service.name) == COORDINATOR {
                return Err(WorkflowError::new(
                    Place::Service(position),
                    format!("a service cannot be named `{}`", service.name),
                )
                .help("the node that drives the workflow has that name"));
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

    fn resolve_step(&self, position: usize, draft: &StepDraft) -> Result<Step, WorkflowError> {
        let service = self
            .services
            .iter()
            .position(|service| service.name == draft.service)
            .ok_or_else(|| {
                WorkflowError::new(
                    Place::Step(position, StepField::Service),
                    format!("there is no service named `{}`", draft.service),
                )
                .help(did_you_mean(&draft.service, self.services.iter().map(|s| s.name.as_str())))
            })?;
        let names = OwnNames { service: &self.services[service], id: ServiceId(service as u16) };
        let assignments = |texts: &[String], field: fn(usize) -> StepField| {
            texts
                .iter()
                .enumerate()
                .map(|(at, text)| {
                    parse_assignment(text, &names).map_err(|error| {
                        WorkflowError::expression(Place::Step(position, field(at)), error)
                    })
                })
                .collect::<Result<Vec<Assignment>, _>>()
        };
        if draft.kind != StepKind::Compensatable && !draft.undo.is_empty() {
            return Err(WorkflowError::new(
                Place::Step(position, StepField::Undo(0)),
                format!("a {} step is never undone", draft.kind.name()),
            )
            .help("remove `undo`, or make the step compensatable"));
        }
        Ok(Step {
            name: draft.name.clone(),
            service: ServiceId(service as u16),
            kind: draft.kind,
            after: self.resolve_after(position, draft)?,
            when: self.resolve_guard(position, draft, &names)?,
            change: assignments(&draft.change, StepField::Change)?,
            undo: assignments(&draft.undo, StepField::Undo)?,
        })
    }

    fn resolve_guard(
        &self,
        position: usize,
        draft: &StepDraft,
        names: &OwnNames<'_>,
    ) -> Result<Option<Condition>, WorkflowError> {
        let place = Place::Step(position, StepField::When);
        draft
            .when
            .as_ref()
            .map(|text| {
                parse_condition(text, names)
                    .map_err(|error| WorkflowError::expression(place.clone(), error))
            })
            .transpose()
    }

    fn resolve_after(&self, position: usize, draft: &StepDraft) -> Result<StepSet, WorkflowError> {
        let Some(after) = &draft.after else {
            // Without an order of its own, a step follows the one before it.
            return Ok(position
                .checked_sub(1)
                .map(|before| StepId(before as u8))
                .into_iter()
                .collect());
        };
        let mut set = StepSet::EMPTY;
        for (at, name) in after.iter().enumerate() {
            let before =
                self.steps.iter().position(|step| step.name == *name).ok_or_else(|| {
                    WorkflowError::new(
                        Place::Step(position, StepField::After(at)),
                        format!("there is no step named `{name}`"),
                    )
                    .help(did_you_mean(name, self.steps.iter().map(|step| step.name.as_str())))
                })?;
            set.insert(StepId(before as u8));
        }
        Ok(set)
    }

    fn check_knobs(&self) -> Result<(), WorkflowError> {
        match &self.protocol {
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
            }
        }
        Ok(())
    }

    fn check_property_names(&self) -> Result<(), WorkflowError> {
        for (position, property) in self.properties.iter().enumerate() {
            let place = Place::PropertyName(position);
            let name = &property.name;
            if name.trim().is_empty() {
                return Err(WorkflowError::new(place, "the property has no name")
                    .help("say in a few words what must be true"));
            }
            if built_in_names(&self.protocol).contains(&name.as_str()) {
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

    fn check_faults(&self) -> Result<(), WorkflowError> {
        for (fault, node, _) in self.faults.located() {
            if node != COORDINATOR && !self.services.iter().any(|service| service.name == node) {
                let known = self.services.iter().map(|s| s.name.as_str()).chain([COORDINATOR]);
                return Err(WorkflowError::new(
                    Place::Fault(fault, node.to_owned()),
                    format!("there is no service named `{node}` that could {}", fault.name()),
                )
                .help(did_you_mean(node, known)));
            }
        }
        Ok(())
    }
}

/// Says that two things cannot be told apart. Expressions do not tell `-` from `_`.
fn twice(what: &str, one: &str, other: &str) -> String {
    if one == other {
        format!("there are two {what} named `{one}`")
    } else {
        format!("the {what} `{one}` and `{other}` are both written `{}`", written(one))
    }
}

const NAME_RULE: &str =
    "use letters, digits, `_` and `-`, start with a letter, and avoid the words of expressions";

/// The node that hosts the coordinators, by its name in fault budgets.
pub const COORDINATOR: &str = "coordinator";

impl StepDraft {
    /// A compensatable step of that name, carried out by that service.
    #[must_use]
    pub fn new(name: impl Into<String>, service: impl Into<String>) -> Self {
        StepDraft {
            name: name.into(),
            service: service.into(),
            kind: StepKind::Compensatable,
            after: None,
            when: None,
            change: Vec::new(),
            undo: Vec::new(),
        }
    }

    /// Says whether it can be undone.
    #[must_use]
    pub fn kind(mut self, kind: StepKind) -> Self {
        self.kind = kind;
        self
    }

    /// The steps it waits for; none, for a step that starts at once.
    #[must_use]
    pub fn after<N: Into<String>>(mut self, steps: impl IntoIterator<Item = N>) -> Self {
        self.after = Some(steps.into_iter().map(Into::into).collect());
        self
    }

    /// When the service accepts it.
    #[must_use]
    pub fn when(mut self, condition: impl Into<String>) -> Self {
        self.when = Some(condition.into());
        self
    }

    /// What it changes.
    #[must_use]
    pub fn change<T: Into<String>>(mut self, assignments: impl IntoIterator<Item = T>) -> Self {
        self.change = assignments.into_iter().map(Into::into).collect();
        self
    }

    /// What its compensation changes.
    #[must_use]
    pub fn undo<T: Into<String>>(mut self, assignments: impl IntoIterator<Item = T>) -> Self {
        self.undo = assignments.into_iter().map(Into::into).collect();
        self
    }
}

fn check_order(steps: &[Step]) -> Result<(), WorkflowError> {
    let mut ordered = StepSet::EMPTY;
    while ordered.len() < steps.len() {
        let before = ordered;
        for (position, step) in steps.iter().enumerate() {
            if step.after.is_subset(ordered) {
                ordered.insert(StepId(position as u8));
            }
        }
        if ordered == before {
            let rest = StepSet::first(steps.len()).difference(ordered);
            let names: Vec<String> =
                rest.iter().map(|id| format!("`{}`", steps[usize::from(id.0)].name)).collect();
            let first = rest.iter().next().map_or(0, |id| usize::from(id.0));
            return Err(WorkflowError::new(
                Place::Step(first, StepField::After(0)),
                format!("these steps wait for each other: {}", names.join(", ")),
            )
            .help("remove one `after` so that some step can start"));
        }
    }
    Ok(())
}

/// Sagas have one order: compensatable steps, then at most one pivot, then retriable ones.
fn check_point_of_no_return(steps: &[Step]) -> Result<(), WorkflowError> {
    let of = |kind: StepKind| {
        (0..steps.len()).filter(move |&at| steps[at].kind == kind).collect::<Vec<usize>>()
    };
    let (compensatable, pivots) = (of(StepKind::Compensatable), of(StepKind::Pivot));
    let wrong = |at: usize, message: String, help: &str| {
        Err(WorkflowError::new(Place::Step(at, StepField::Kind), message).help(help))
    };
    if let [first, second, ..] = pivots[..] {
        let (first, second) = (&steps[first].name, (second, &steps[second].name));
        let message = format!(
            "`{}` is a second pivot after `{first}`; there is one point of no return",
            second.1
        );
        return wrong(second.0, message, "make the later one retriable");
    }
    for (at, step) in steps.iter().enumerate() {
        let before = ancestors(steps, StepId(at as u8));
        let missing = |others: &[usize]| {
            others.iter().copied().find(|&other| !before.contains(StepId(other as u8)))
        };
        match step.kind {
            StepKind::Compensatable => {}
            StepKind::Pivot => {
                if let Some(other) = missing(&compensatable) {
                    let message = format!(
                        "`{}` is compensatable but does not come before the pivot `{}`",
                        steps[other].name, step.name
                    );
                    return wrong(
                        other,
                        message,
                        "make it retriable, or let the pivot wait for it",
                    );
                }
            }
            StepKind::Retriable => {
                if let Some(pivot) = missing(&pivots) {
                    let message = format!(
                        "`{}` is retriable but does not follow the pivot `{}`",
                        step.name, steps[pivot].name
                    );
                    return wrong(
                        at,
                        message,
                        "a step that cannot be undone may only start after the pivot is done",
                    );
                }
                if let Some(other) = missing(&compensatable) {
                    let message = format!(
                        "`{}` is retriable but does not wait for `{}`, which can still be undone",
                        step.name, steps[other].name
                    );
                    return wrong(at, message, "let it wait for every compensatable step");
                }
            }
        }
    }
    Ok(())
}

fn ancestors(steps: &[Step], step: StepId) -> StepSet {
    let mut found = steps[usize::from(step.0)].after;
    loop {
        let grown = found.iter().fold(found, |set, id| set.union(steps[usize::from(id.0)].after));
        if grown == found {
            return found;
        }
        found = grown;
    }
}

fn resolve_property(
    position: usize,
    draft: &PropertyDraft,
    names: &EveryName<'_>,
) -> Result<PropertyDefinition, WorkflowError> {
    let condition = parse_condition(&draft.condition, names)
        .map_err(|error| WorkflowError::expression(Place::Property(position), error))?;
    let given = draft
        .given
        .as_ref()
        .map(|text| parse_condition(text, names))
        .transpose()
        .map_err(|error| WorkflowError::expression(Place::PropertyGiven(position), error))?;
    Ok(PropertyDefinition { name: draft.name.clone(), claim: draft.claim, condition, given })
}

/// The names a step may use: the resources of its own service.
struct OwnNames<'a> {
    service: &'a Service,
    id: ServiceId,
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
struct EveryName<'a> {
    services: &'a [Service],
}

impl Names for EveryName<'_> {
    fn resolve(&self, path: &[&str]) -> Result<Variable, String> {
        match path {
            ["completed"] => Ok(Variable::Completed),
            ["compensated"] => Ok(Variable::Compensated),
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

fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    suggestion(name, &known.collect::<Vec<_>>())
}
