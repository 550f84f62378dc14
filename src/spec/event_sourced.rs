//! The part of the spec format that belongs to event sourcing: aggregates, commands, events,
//! projections and policies, as they stand in the file.

use amends_models::workflow::WorkflowError;
use amends_models::workflow::builder::Place;
use amends_models::workflow::domain::{
    AggregateDraft, CommandDraft, CommandField, Domain, DomainPlace, EventDraft, EventField,
    PolicyDraft, PolicyField, ProjectionDraft,
};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::conversion::lines;
use super::format::{Lines, LinesSchema, SpecFile};
use super::places::Places;

/// What an aggregate starts with.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AggregateTable {
    /// Whether there is one for all workflows, and not one for each.
    #[serde(default)]
    pub(super) shared: bool,
    /// Its values at the start.
    #[serde(default)]
    #[schemars(with = "IndexMap<String, i64>")]
    pub(super) state: IndexMap<Spanned<String>, i64>,
    /// Events that are in its stream before anything runs.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) history: Vec<Spanned<String>>,
}

/// What an aggregate may be asked to do.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CommandTable {
    /// Its name.
    #[schemars(with = "String")]
    pub(super) name: Spanned<String>,
    /// The aggregate that it is for.
    #[schemars(with = "String")]
    pub(super) aggregate: Spanned<String>,
    /// When it is accepted.
    #[schemars(with = "Option<String>")]
    pub(super) when: Option<Spanned<String>>,
    /// The event, or the events, that it leads to.
    #[schemars(with = "LinesSchema")]
    pub(super) emits: Spanned<Lines>,
    /// Those that it leads to when `when` is false; without them, it is then rejected.
    #[schemars(with = "Option<LinesSchema>")]
    pub(super) otherwise: Option<Spanned<Lines>>,
}

/// A type of event.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct EventTable {
    /// Its name.
    #[schemars(with = "String")]
    pub(super) name: Spanned<String>,
    /// The aggregate in whose streams it is.
    #[schemars(with = "String")]
    pub(super) aggregate: Spanned<String>,
    /// How it changes its aggregate: an assignment like `stock -= 1`, or a list of them.
    #[schemars(with = "Option<LinesSchema>")]
    pub(super) evolve: Option<Spanned<Lines>>,
    /// The event, or the events, that it is read as today, which makes it one of the past. Its own
    /// `evolve` is then what the code of the past did.
    #[schemars(with = "Option<LinesSchema>")]
    pub(super) upcast: Option<Spanned<Lines>>,
}

/// A read model.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ProjectionTable {
    /// Its values at the start.
    #[serde(default)]
    #[schemars(with = "IndexMap<String, i64>")]
    pub(super) state: IndexMap<Spanned<String>, i64>,
    /// What changes, by event.
    #[serde(default)]
    #[schemars(with = "IndexMap<String, LinesSchema>")]
    pub(super) on: IndexMap<Spanned<String>, Spanned<Lines>>,
}

/// A command that follows from an event.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PolicyTable {
    /// The event.
    #[schemars(with = "String")]
    pub(super) on: Spanned<String>,
    /// The command.
    #[schemars(with = "String")]
    pub(super) command: Spanned<String>,
    /// The process manager that it belongs to; `process-manager` unless it says otherwise.
    #[schemars(with = "Option<String>")]
    pub(super) manager: Option<Spanned<String>>,
}

/// The domain that the file describes.
pub(super) fn domain(file: &SpecFile) -> Result<Domain, WorkflowError> {
    let mut builder = Domain::builder();
    for (name, table) in &file.aggregates {
        let draft = AggregateDraft::new(name.get_ref(), values(&table.state))
            .shared(table.shared)
            .history(table.history.iter().map(Spanned::get_ref));
        builder = builder.aggregate(draft);
    }
    for table in &file.command {
        let mut draft = CommandDraft::new(table.name.get_ref(), table.aggregate.get_ref())
            .emits(all(&table.emits))
            .otherwise(lines(&table.otherwise));
        if let Some(when) = &table.when {
            draft = draft.when(when.get_ref());
        }
        builder = builder.command(draft);
    }
    for table in &file.event {
        let mut draft = EventDraft::new(table.name.get_ref(), table.aggregate.get_ref())
            .evolve(lines(&table.evolve));
        if let Some(upcast) = &table.upcast {
            draft = draft.upcast(all(upcast));
        }
        builder = builder.event(draft);
    }
    for (name, table) in &file.projections {
        let draft = ProjectionDraft::new(name.get_ref(), values(&table.state));
        let draft = table
            .on
            .iter()
            .fold(draft, |draft, (event, changes)| draft.on(event.get_ref(), all(changes)));
        builder = builder.projection(draft);
    }
    for table in &file.policy {
        let mut draft = PolicyDraft::new(table.on.get_ref(), table.command.get_ref());
        if let Some(manager) = &table.manager {
            draft = draft.manager(manager.get_ref());
        }
        builder = builder.policy(draft);
    }
    file.start.iter().fold(builder, |builder, name| builder.request(name.get_ref())).build()
}

fn values(state: &IndexMap<Spanned<String>, i64>) -> impl Iterator<Item = (&String, i64)> {
    state.iter().map(|(name, &value)| (name.get_ref(), value))
}

fn all(texts: &Spanned<Lines>) -> Vec<String> {
    texts.get_ref().texts()
}

/// What the file has that only event-sourced systems have: its key, and where it stands.
pub(super) fn first_of_domain(file: &SpecFile) -> Option<(&'static str, std::ops::Range<usize>)> {
    let start = file.start.first().map(|name| ("start", name.span()));
    let aggregate = || file.aggregates.keys().next().map(|name| ("aggregates", name.span()));
    let command = || file.command.first().map(|table| ("command", table.name.span()));
    let event = || file.event.first().map(|table| ("event", table.name.span()));
    let projection = || file.projections.keys().next().map(|name| ("projections", name.span()));
    let policy = || file.policy.first().map(|table| ("policy", table.on.span()));
    start.or_else(aggregate).or_else(command).or_else(event).or_else(projection).or_else(policy)
}

/// Notes where every part of the domain stands.
pub(super) fn mark(places: &mut Places, file: &SpecFile) {
    let domain = Place::Domain;
    for (at, name) in file.start.iter().enumerate() {
        places.add(domain(DomainPlace::Request(at)), name);
    }
    for (at, (name, table)) in file.aggregates.iter().enumerate() {
        places.mark(domain(DomainPlace::Aggregate(at)), name.span());
        for (nth, value) in table.state.keys().enumerate() {
            places.mark(domain(DomainPlace::AggregateValue(at, nth)), value.span());
        }
        for (nth, event) in table.history.iter().enumerate() {
            places.add(domain(DomainPlace::History(at, nth)), event);
        }
    }
    for (at, table) in file.command.iter().enumerate() {
        let place = |field| domain(DomainPlace::Command(at, field));
        places.add(place(CommandField::Name), &table.name);
        places.add(place(CommandField::Aggregate), &table.aggregate);
        if let Some(when) = &table.when {
            places.add(place(CommandField::When), when);
        }
        places.add_all(&table.emits, |nth| place(CommandField::Emits(nth)));
        places.add_lines(&table.otherwise, |nth| place(CommandField::Otherwise(nth)));
    }
    for (at, table) in file.event.iter().enumerate() {
        let place = |field| domain(DomainPlace::Event(at, field));
        places.add(place(EventField::Name), &table.name);
        places.add(place(EventField::Aggregate), &table.aggregate);
        places.add_lines(&table.evolve, |nth| place(EventField::Evolve(nth)));
        places.add_lines(&table.upcast, |nth| place(EventField::Upcast(nth)));
    }
    for (at, (name, table)) in file.projections.iter().enumerate() {
        places.mark(domain(DomainPlace::Projection(at)), name.span());
        for (nth, value) in table.state.keys().enumerate() {
            places.mark(domain(DomainPlace::ProjectionValue(at, nth)), value.span());
        }
        for (nth, (event, changes)) in table.on.iter().enumerate() {
            places.mark(domain(DomainPlace::ProjectionEvent(at, nth)), event.span());
            places.add_all(changes, |line| domain(DomainPlace::ProjectionChange(at, nth, line)));
        }
    }
    for (at, table) in file.policy.iter().enumerate() {
        let place = |field| domain(DomainPlace::Policy(at, field));
        places.add(place(PolicyField::On), &table.on);
        places.add(place(PolicyField::Command), &table.command);
        if let Some(manager) = &table.manager {
            places.add(place(PolicyField::Manager), manager);
        }
    }
}
