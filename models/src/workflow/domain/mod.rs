//! What an event-sourced system is about: aggregates, the commands they decide, the events they
//! evolve by, and what follows from events.
//!
//! The one idea is the *decider* (Chassaing, *Functional Event Sourcing Decider*, 2021): an aggregate
//! is a pair of pure functions. [`Domain::decide`] takes a command and a state and answers with
//! events, or with nothing; [`Domain::evolve`] takes a state and an event and gives the next state. A
//! state is never stored as such: it is what the events fold to.
//!
//! Projections fold events of many aggregates into a read model. Policies, grouped into process
//! managers, answer events with commands on other aggregates.

mod builder;
mod draft;
mod usage;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::process::ServiceId;
use crate::process::rename::renames;

use super::definition::Service;
use super::expression::{ArithmeticError, Assignment, Condition, ResourceId, Variable};

pub use super::domain_place::{CommandField, DomainPlace, EventField, PolicyField};
pub use builder::DomainBuilder;
pub use draft::{
    AggregateDraft, CommandDraft, EventDraft, PROCESS_MANAGER, PolicyDraft, ProjectionDraft,
};

/// The node of the event store, by its name in fault budgets.
pub const EVENT_STORE: &str = "event-store";
/// The node of the command handlers, by its name in fault budgets.
pub const COMMAND_HANDLER: &str = "command-handler";

/// The position of an aggregate in its domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AggregateId(pub u8);

/// The position of a command in its domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandKind(pub u8);

/// The position of a type of event in its domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventKind(pub u8);

/// The position of a policy in its domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PolicyId(pub u8);

renames!(nothing in AggregateId, CommandKind, EventKind, PolicyId);

/// The values of an aggregate or of a read model, in the order in which they are defined.
pub type Values = SmallVec<[i64; 2]>;

/// Aggregates, commands, events, projections and policies, valid by construction.
///
/// Made by a [`DomainBuilder`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    aggregates: Vec<Aggregate>,
    commands: Vec<Command>,
    events: Vec<EventType>,
    projections: Vec<Projection>,
    policies: Vec<Policy>,
    managers: Vec<String>,
    requests: Vec<CommandKind>,
}

/// A consistency boundary: what one stream of events is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    /// Its name.
    pub name: String,
    /// Whether there is one for all workflows, and not one for each.
    pub shared: bool,
    /// The values it starts with, and their names.
    pub values: Vec<(String, i64)>,
    /// Events that are in its stream before anything runs.
    pub history: Vec<EventKind>,
}

/// What an aggregate may be asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Its name.
    pub name: String,
    /// Whom it is for.
    pub aggregate: AggregateId,
    /// When it is accepted; always, if `None`.
    pub when: Option<Condition>,
    /// The events that it leads to when accepted.
    pub emits: Vec<EventKind>,
    /// The events that it leads to otherwise. Without any it is rejected, and leaves no trace.
    pub otherwise: Vec<EventKind>,
}

/// A type of event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventType {
    /// Its name.
    pub name: String,
    /// In whose streams it is.
    pub aggregate: AggregateId,
    /// How it changes its aggregate. For a type of the past: how the code of the past understood it.
    pub evolve: Vec<Assignment>,
    /// A type of the past is read as these; one of the present, as it is.
    pub upcast: Option<Vec<EventKind>>,
}

/// A read model, and how events change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projection {
    /// Its name.
    pub name: String,
    /// The values it starts with, and their names.
    pub values: Vec<(String, i64)>,
    /// What events change.
    pub on: Vec<(EventKind, Vec<Assignment>)>,
}

/// A command that follows from an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The process manager that carries it out, by its position.
    pub manager: usize,
    /// The event.
    pub on: EventKind,
    /// The command.
    pub command: CommandKind,
}

impl Domain {
    /// The aggregates, by [`AggregateId`].
    #[must_use]
    pub fn aggregates(&self) -> &[Aggregate] {
        &self.aggregates
    }

    /// The aggregate of that position.
    #[must_use]
    pub fn aggregate(&self, id: AggregateId) -> &Aggregate {
        &self.aggregates[usize::from(id.0)]
    }

    /// The commands, by [`CommandKind`].
    #[must_use]
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// The types of events, by [`EventKind`].
    #[must_use]
    pub fn events(&self) -> &[EventType] {
        &self.events
    }

    /// The command of that position.
    #[must_use]
    pub fn command(&self, kind: CommandKind) -> &Command {
        &self.commands[usize::from(kind.0)]
    }

    /// The type of event of that position.
    #[must_use]
    pub fn event(&self, kind: EventKind) -> &EventType {
        &self.events[usize::from(kind.0)]
    }

    /// The read models.
    #[must_use]
    pub fn projections(&self) -> &[Projection] {
        &self.projections
    }

    /// The policies, by [`PolicyId`].
    #[must_use]
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// The names of the process managers.
    #[must_use]
    pub fn managers(&self) -> &[String] {
        &self.managers
    }

    /// The commands that a client of a workflow gives, one after the other.
    #[must_use]
    pub fn requests(&self) -> &[CommandKind] {
        &self.requests
    }

    /// The state of an aggregate without events.
    #[must_use]
    pub fn initial(&self, aggregate: AggregateId) -> Values {
        self.aggregate(aggregate).values.iter().map(|&(_, value)| value).collect()
    }

    /// The events that a command leads to in a state; `None` when it is rejected.
    ///
    /// # Errors
    /// When the arithmetic of its condition has no result.
    pub fn decide(
        &self,
        command: CommandKind,
        state: &[i64],
    ) -> Result<Option<&[EventKind]>, ArithmeticError> {
        let command = self.command(command);
        let accepted = match &command.when {
            Some(condition) => condition.evaluate(&own(state))?,
            None => true,
        };
        if accepted {
            return Ok(Some(&command.emits));
        }
        Ok((!command.otherwise.is_empty()).then_some(&command.otherwise[..]))
    }

    /// The state after an event, which is upcast first if it is of the past.
    ///
    /// # Errors
    /// When the arithmetic has no result; the state is then of no use.
    pub fn evolve(&self, state: &mut Values, event: EventKind) -> Result<(), ArithmeticError> {
        for &current in self.upcast(&event) {
            assign(&self.event(current).evolve, state)?;
        }
        Ok(())
    }

    /// The state after an event, as the code that wrote it understood it.
    ///
    /// # Errors
    /// When the arithmetic has no result; the state is then of no use.
    pub fn evolve_without_upcast(
        &self,
        state: &mut Values,
        event: EventKind,
    ) -> Result<(), ArithmeticError> {
        assign(&self.event(event).evolve, state)
    }

    /// What an event is read as today.
    #[must_use]
    pub fn upcast<'a>(&'a self, event: &'a EventKind) -> &'a [EventKind] {
        match &self.event(*event).upcast {
            Some(current) => current,
            None => std::slice::from_ref(event),
        }
    }

    /// Changes a read model as an event wants it.
    ///
    /// # Errors
    /// When the arithmetic has no result; the values are then unchanged.
    pub fn project(
        &self,
        projection: usize,
        event: EventKind,
        values: &mut Values,
    ) -> Result<(), ArithmeticError> {
        let mut changed = values.clone();
        for current in self.upcast(&event) {
            for (_, changes) in
                self.projections[projection].on.iter().filter(|(on, _)| on == current)
            {
                assign(changes, &mut changed)?;
            }
        }
        *values = changed;
        Ok(())
    }

    /// Whether a projection changes at an event.
    #[must_use]
    pub fn projects(&self, projection: usize, event: EventKind) -> bool {
        let on = &self.projections[projection].on;
        self.upcast(&event).iter().any(|current| on.iter().any(|(kind, _)| kind == current))
    }

    /// The policies of a process manager that answer an event.
    pub fn answers(
        &self,
        manager: usize,
        event: EventKind,
    ) -> impl Iterator<Item = (PolicyId, &Policy)> {
        let numbered = self.policies.iter().enumerate();
        numbered
            .filter(move |(_, policy)| policy.manager == manager && policy.on == event)
            .map(|(at, policy)| (PolicyId(at as u8), policy))
    }

    /// The aggregates, then the projections, as services: what properties can name.
    pub(crate) fn services(&self) -> Vec<Service> {
        let aggregates = self.aggregates().iter().map(|a| builder::service(&a.name, &a.values));
        aggregates
            .chain(self.projections().iter().map(|p| builder::service(&p.name, &p.values)))
            .collect()
    }

    /// The nodes that can fail.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &str> {
        let projections = self.projections().iter().map(|projection| projection.name.as_str());
        [EVENT_STORE, COMMAND_HANDLER]
            .into_iter()
            .chain(projections)
            .chain(self.managers().iter().map(String::as_str))
    }
}

fn assign(changes: &[Assignment], values: &mut Values) -> Result<(), ArithmeticError> {
    for change in changes {
        let value = change.value.evaluate(&own(values))?;
        values[usize::from(change.resource.0)] = value;
    }
    Ok(())
}

/// Looks variables up in one aggregate or read model. Validation keeps its expressions from naming
/// anything else.
fn own(values: &[i64]) -> impl Fn(Variable) -> i64 {
    |variable| match variable {
        Variable::Resource(ServiceId(_), ResourceId(position)) => values[usize::from(position)],
        foreign => unreachable!("a validated expression of a domain names {foreign:?}"),
    }
}
