//! Making domains: names and texts in, a valid [`Domain`] or a located error out.

use crate::process::ServiceId;
use crate::workflow::builder::{NAME_RULE, OwnNames, Place, WorkflowError, twice};
use crate::workflow::definition::{Resource, Service};
use crate::workflow::expression::Assignment;
use crate::workflow::expression::name::{is_name, written};
use crate::workflow::expression::parse::{parse_assignment, parse_condition};
use crate::workflow::suggestion::suggestion;

use super::draft::{AggregateDraft, CommandDraft, EventDraft, PolicyDraft, ProjectionDraft};
use super::usage::{check_emissions, check_events_are_used};
use super::{
    Aggregate, AggregateId, COMMAND_HANDLER, Command, CommandKind, Domain, EVENT_STORE, EventKind,
    EventType, Policy, Projection,
};
use crate::workflow::domain_place::{CommandField, DomainPlace, EventField, PolicyField};

/// Collects a domain and checks it as a whole.
///
/// ```
/// use amends_models::workflow::domain::{AggregateDraft, CommandDraft, Domain, EventDraft};
///
/// let domain = Domain::builder()
///     .aggregate(AggregateDraft::new("order", [("placed", 0)]))
///     .command(CommandDraft::new("place", "order").when("placed == 0").emits(["order-placed"]))
///     .event(EventDraft::new("order-placed", "order").evolve(["placed = 1"]))
///     .request("place")
///     .build()
///     .expect("the domain is sound");
/// assert_eq!(domain.aggregates().len(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct DomainBuilder {
    aggregates: Vec<AggregateDraft>,
    commands: Vec<CommandDraft>,
    events: Vec<EventDraft>,
    projections: Vec<ProjectionDraft>,
    policies: Vec<PolicyDraft>,
    requests: Vec<String>,
}

impl Domain {
    /// Starts a domain without anything.
    #[must_use]
    pub fn builder() -> DomainBuilder {
        DomainBuilder::default()
    }
}

impl DomainBuilder {
    /// Adds an aggregate.
    #[must_use]
    pub fn aggregate(mut self, aggregate: AggregateDraft) -> Self {
        self.aggregates.push(aggregate);
        self
    }

    /// Adds a command.
    #[must_use]
    pub fn command(mut self, command: CommandDraft) -> Self {
        self.commands.push(command);
        self
    }

    /// Adds a type of event.
    #[must_use]
    pub fn event(mut self, event: EventDraft) -> Self {
        self.events.push(event);
        self
    }

    /// Adds a projection.
    #[must_use]
    pub fn projection(mut self, projection: ProjectionDraft) -> Self {
        self.projections.push(projection);
        self
    }

    /// Adds a policy.
    #[must_use]
    pub fn policy(mut self, policy: PolicyDraft) -> Self {
        self.policies.push(policy);
        self
    }

    /// Lets the client of every workflow give a command, after those it gives already.
    #[must_use]
    pub fn request(mut self, command: impl Into<String>) -> Self {
        self.requests.push(command.into());
        self
    }

    /// Checks the whole and makes the domain.
    ///
    /// # Errors
    /// The first thing that is wrong, and where.
    pub fn build(self) -> Result<Domain, WorkflowError> {
        self.check_names()?;
        let commands = self.resolve_commands()?;
        let events = self.resolve_events()?;
        let aggregates = self.resolve_aggregates(&events)?;
        let projections = self.resolve_projections()?;
        let (managers, policies) = self.resolve_policies()?;
        let requests = self
            .requests
            .iter()
            .enumerate()
            .map(|(at, name)| self.command_named(name, DomainPlace::Request(at)))
            .collect::<Result<Vec<_>, _>>()?;
        if requests.is_empty() {
            let message = "no client asks for anything";
            return Err(WorkflowError::new(Place::Workflow, message)
                .help("name the commands that start a workflow: `start = [\"…\"]`"));
        }
        let domain =
            Domain { aggregates, commands, events, projections, policies, managers, requests };
        check_emissions(&domain)?;
        check_events_are_used(&domain)?;
        Ok(domain)
    }

    fn check_names(&self) -> Result<(), WorkflowError> {
        let aggregates = self.aggregates.iter().map(|draft| &draft.name);
        distinct("an aggregate", aggregates.clone(), DomainPlace::Aggregate)?;
        let commands = self.commands.iter().map(|draft| &draft.name);
        distinct("a command", commands, |at| DomainPlace::Command(at, CommandField::Name))?;
        let events = self.events.iter().map(|draft| &draft.name);
        distinct("an event", events, |at| DomainPlace::Event(at, EventField::Name))?;
        let before = self.aggregates.len();
        let projections = self.projections.iter().map(|draft| &draft.name);
        distinct("a projection", aggregates.chain(projections), |at| {
            DomainPlace::Projection(at - before)
        })?;
        let reserved = [EVENT_STORE, COMMAND_HANDLER];
        for (at, projection) in self.projections.iter().enumerate() {
            let manager = self.policies.iter().any(|policy| policy.manager == projection.name);
            if manager || reserved.contains(&projection.name.as_str()) {
                return Err(wrong(
                    DomainPlace::Projection(at),
                    format!("`{}` is the name of another process", projection.name),
                ));
            }
        }
        for (at, policy) in self.policies.iter().enumerate() {
            if reserved.contains(&policy.manager.as_str()) {
                return Err(wrong(
                    DomainPlace::Policy(at, PolicyField::Manager),
                    format!("`{}` is the name of another process", policy.manager),
                ));
            }
        }
        for (at, aggregate) in self.aggregates.iter().enumerate() {
            let names = aggregate.values.iter().map(|(name, _)| name);
            distinct("a value", names, |value| DomainPlace::AggregateValue(at, value))?;
        }
        for (at, projection) in self.projections.iter().enumerate() {
            let names = projection.values.iter().map(|(name, _)| name);
            distinct("a value", names, |value| DomainPlace::ProjectionValue(at, value))?;
        }
        Ok(())
    }

    fn resolve_aggregates(&self, events: &[EventType]) -> Result<Vec<Aggregate>, WorkflowError> {
        let resolve = |(at, draft): (usize, &AggregateDraft)| {
            let mut history = Vec::new();
            for (nth, name) in draft.history.iter().enumerate() {
                let place = DomainPlace::History(at, nth);
                let kind = self.event_named(name, place)?;
                let owner = events[usize::from(kind.0)].aggregate;
                self.check_owner(kind, owner, AggregateId(at as u8), place)?;
                history.push(kind);
            }
            let AggregateDraft { name, shared, values, .. } = draft.clone();
            Ok(Aggregate { name, shared, values, history })
        };
        self.aggregates.iter().enumerate().map(resolve).collect()
    }

    fn resolve_commands(&self) -> Result<Vec<Command>, WorkflowError> {
        let resolve = |(at, draft): (usize, &CommandDraft)| {
            let place = |field| DomainPlace::Command(at, field);
            let aggregate =
                self.aggregate_named(&draft.aggregate, place(CommandField::Aggregate))?;
            let service = self.aggregate_service(aggregate);
            let names =
                OwnNames { service: &service, id: ServiceId(aggregate.0.into()), inputs: &[] };
            let parse = |text: &String| {
                let place = Place::Domain(place(CommandField::When));
                parse_condition(text, &names)
                    .map_err(|error| WorkflowError::expression(place, error))
            };
            let when = draft.when.as_ref().map(parse).transpose()?;
            let events = |names: &[String], field: fn(usize) -> CommandField| {
                names
                    .iter()
                    .enumerate()
                    .map(|(nth, name)| self.event_named(name, place(field(nth))))
                    .collect::<Result<Vec<_>, _>>()
            };
            let emits = events(&draft.emits, CommandField::Emits)?;
            let otherwise = events(&draft.otherwise, CommandField::Otherwise)?;
            if emits.is_empty() {
                let message = format!("`{}` emits no event, so nothing comes of it", draft.name);
                return Err(wrong(place(CommandField::Name), message)
                    .help("name the event that says what happened: `emits = \"…\"`"));
            }
            if !otherwise.is_empty() && when.is_none() {
                let message = "`otherwise` never happens: there is no `when`";
                return Err(wrong(place(CommandField::Otherwise(0)), message)
                    .help("add `when`, or remove `otherwise`"));
            }
            Ok(Command { name: draft.name.clone(), aggregate, when, emits, otherwise })
        };
        self.commands.iter().enumerate().map(resolve).collect()
    }

    fn resolve_events(&self) -> Result<Vec<EventType>, WorkflowError> {
        let resolve = |(at, draft): (usize, &EventDraft)| {
            let place = |field| DomainPlace::Event(at, field);
            let aggregate = self.aggregate_named(&draft.aggregate, place(EventField::Aggregate))?;
            let service = self.aggregate_service(aggregate);
            let names =
                OwnNames { service: &service, id: ServiceId(aggregate.0.into()), inputs: &[] };
            let evolve =
                assignments(&draft.evolve, &names, |line| place(EventField::Evolve(line)))?;
            let upcast = |names: &Vec<String>| {
                names
                    .iter()
                    .enumerate()
                    .map(|(nth, name)| {
                        let place = place(EventField::Upcast(nth));
                        let target = self.event_named(name, place)?;
                        let draft = &self.events[usize::from(target.0)];
                        if draft.upcast.is_some() {
                            let message = format!("`{name}` is itself of the past");
                            return Err(wrong(place, message)
                                .help("upcast to the events that it is read as today"));
                        }
                        let owner = self.aggregate_named(&draft.aggregate, place)?;
                        self.check_owner(target, owner, aggregate, place)?;
                        Ok(target)
                    })
                    .collect::<Result<Vec<_>, _>>()
            };
            let upcast = draft.upcast.as_ref().map(upcast).transpose()?;
            Ok(EventType { name: draft.name.clone(), aggregate, evolve, upcast })
        };
        self.events.iter().enumerate().map(resolve).collect()
    }

    fn resolve_projections(&self) -> Result<Vec<Projection>, WorkflowError> {
        let resolve = |(at, draft): (usize, &ProjectionDraft)| {
            let service = service(&draft.name, &draft.values);
            let id = ServiceId((self.aggregates.len() + at) as u16);
            let names = OwnNames { service: &service, id, inputs: &[] };
            let mut on = Vec::new();
            for (nth, (event, changes)) in draft.on.iter().enumerate() {
                let place = DomainPlace::ProjectionEvent(at, nth);
                let kind = self.event_named(event, place)?;
                self.check_present(kind, place)?;
                let changes = assignments(changes, &names, |line| {
                    DomainPlace::ProjectionChange(at, nth, line)
                })?;
                on.push((kind, changes));
            }
            Ok(Projection { name: draft.name.clone(), values: draft.values.clone(), on })
        };
        self.projections.iter().enumerate().map(resolve).collect()
    }

    fn resolve_policies(&self) -> Result<(Vec<String>, Vec<Policy>), WorkflowError> {
        let mut managers: Vec<String> = Vec::new();
        let mut policies = Vec::new();
        for (at, draft) in self.policies.iter().enumerate() {
            let on = self.event_named(&draft.on, DomainPlace::Policy(at, PolicyField::On))?;
            self.check_present(on, DomainPlace::Policy(at, PolicyField::On))?;
            let place = DomainPlace::Policy(at, PolicyField::Command);
            let command = self.command_named(&draft.command, place)?;
            let known = managers.iter().position(|name| *name == draft.manager);
            let manager = known.unwrap_or_else(|| {
                managers.push(draft.manager.clone());
                managers.len() - 1
            });
            policies.push(Policy { manager, on, command });
        }
        Ok((managers, policies))
    }

    /// Nothing new is made of an event of the past.
    fn check_present(&self, event: EventKind, place: DomainPlace) -> Result<(), WorkflowError> {
        let draft = &self.events[usize::from(event.0)];
        let Some(current) = &draft.upcast else { return Ok(()) };
        let message =
            format!("`{}` is of the past: it is upcast before anyone sees it", draft.name);
        Err(wrong(place, message).help(format!("use what it is read as: {}", current.join(", "))))
    }

    fn check_owner(
        &self,
        event: EventKind,
        owner: AggregateId,
        wanted: AggregateId,
        place: DomainPlace,
    ) -> Result<(), WorkflowError> {
        if owner == wanted {
            return Ok(());
        }
        let name = |id: AggregateId| &self.aggregates[usize::from(id.0)].name;
        Err(wrong(
            place,
            format!(
                "`{}` is an event of `{}`, and cannot be in a stream of `{}`",
                self.events[usize::from(event.0)].name,
                name(owner),
                name(wanted)
            ),
        ))
    }

    fn aggregate_named(
        &self,
        name: &str,
        place: DomainPlace,
    ) -> Result<AggregateId, WorkflowError> {
        let known = || self.aggregates.iter().map(|draft| draft.name.as_str());
        named("aggregate", name, known, place).map(|at| AggregateId(at as u8))
    }

    fn command_named(&self, name: &str, place: DomainPlace) -> Result<CommandKind, WorkflowError> {
        let known = || self.commands.iter().map(|draft| draft.name.as_str());
        named("command", name, known, place).map(|at| CommandKind(at as u8))
    }

    fn event_named(&self, name: &str, place: DomainPlace) -> Result<EventKind, WorkflowError> {
        let known = || self.events.iter().map(|draft| draft.name.as_str());
        named("event", name, known, place).map(|at| EventKind(at as u8))
    }

    fn aggregate_service(&self, id: AggregateId) -> Service {
        let draft = &self.aggregates[usize::from(id.0)];
        service(&draft.name, &draft.values)
    }
}

pub(super) fn service(name: &str, values: &[(String, i64)]) -> Service {
    let resources = values
        .iter()
        .map(|(name, initial)| Resource { name: name.clone(), initial: *initial })
        .collect();
    Service { name: name.to_owned(), resources }
}

fn assignments(
    texts: &[String],
    names: &OwnNames<'_>,
    place: impl Fn(usize) -> DomainPlace,
) -> Result<Vec<Assignment>, WorkflowError> {
    let parse = |(line, text): (usize, &String)| {
        parse_assignment(text, names)
            .map_err(|error| WorkflowError::expression(Place::Domain(place(line)), error))
    };
    texts.iter().enumerate().map(parse).collect()
}

pub(super) fn wrong(place: DomainPlace, message: impl Into<String>) -> WorkflowError {
    WorkflowError::new(Place::Domain(place), message)
}

fn named<'a, I: Iterator<Item = &'a str>>(
    what: &str,
    name: &str,
    known: impl Fn() -> I,
    place: DomainPlace,
) -> Result<usize, WorkflowError> {
    known().position(|other| other == name).ok_or_else(|| {
        wrong(place, format!("there is no {what} named `{name}`"))
            .help(suggestion(name, &known().collect::<Vec<_>>()))
    })
}

/// The most things of one kind in a domain.
const MOST: usize = u8::MAX as usize;

fn distinct<'a>(
    what: &str,
    names: impl Iterator<Item = &'a String>,
    place: impl Fn(usize) -> DomainPlace,
) -> Result<(), WorkflowError> {
    let mut seen: Vec<&String> = Vec::new();
    for (at, name) in names.enumerate() {
        if let Some(other) = seen.iter().find(|other| written(other) == written(name)) {
            return Err(wrong(place(at), twice("things", other, name))
                .help("give one of them another name"));
        }
        if !is_name(name) {
            return Err(
                wrong(place(at), format!("{what} cannot be named `{name}`")).help(NAME_RULE)
            );
        }
        if at == MOST {
            return Err(wrong(place(at), format!("there are more than {MOST} of a kind")));
        }
        seen.push(name);
    }
    Ok(())
}
