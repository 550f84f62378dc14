//! What all processes of an event-sourced system know: the domain, the knobs, and what was in the
//! log before anything ran.

use std::sync::Arc;

use crate::process::rename::renames;
use crate::process::{Address, ServiceId, WorkflowId};
use crate::workflow::ArithmeticError;
use crate::workflow::domain::{AggregateId, CommandKind, Domain, EventKind, Values};

use super::event::{CommandId, EventLog, IssuedCommand, Position, Snapshot, StoredEvent, StreamId};
use super::knobs::{Delivery, EventSourcingKnobs, GapStrategy};
use super::message::{Mark, Source, Transaction};

/// Where the store is.
pub const STORE: Address = Address::Service(ServiceId(0));

/// Who reads the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConsumerId {
    /// A projection, by its position in the domain.
    Projection(usize),
    /// A process manager, by its position in the domain.
    Manager(usize),
}

renames!(nothing in ConsumerId);

/// A domain and how to carry it out.
#[derive(Clone, Debug)]
pub struct EventPlan {
    domain: Arc<Domain>,
    knobs: EventSourcingKnobs,
    history: Vec<StoredEvent>,
    streams: Vec<StreamId>,
}

impl EventPlan {
    /// Plans a domain for that many workflows.
    #[must_use]
    pub fn new(domain: Arc<Domain>, knobs: EventSourcingKnobs, workflows: u32) -> EventPlan {
        let mut streams = Vec::new();
        for (at, aggregate) in domain.aggregates().iter().enumerate() {
            let aggregate_id = AggregateId(at as u8);
            let owners: Vec<_> = if aggregate.shared {
                vec![None]
            } else {
                (0..workflows).map(|workflow| Some(WorkflowId(workflow))).collect()
            };
            streams.extend(
                owners.into_iter().map(|owner| StreamId { aggregate: aggregate_id, owner }),
            );
        }
        let mut history = Vec::new();
        for &stream in &streams {
            let past = &domain.aggregate(stream.aggregate).history;
            for (version, &kind) in past.iter().enumerate() {
                history.push(StoredEvent {
                    position: Position(history.len() as u32 + 1),
                    transaction: 0,
                    stream,
                    kind,
                    command: CommandId::History,
                    decided_on: version as u32,
                });
            }
        }
        EventPlan { domain, knobs, history, streams }
    }

    /// The domain.
    #[must_use]
    pub fn domain(&self) -> &Arc<Domain> {
        &self.domain
    }

    /// The choices made.
    #[must_use]
    pub fn knobs(&self) -> &EventSourcingKnobs {
        &self.knobs
    }

    /// Every stream that there can be.
    #[must_use]
    pub fn streams(&self) -> &[StreamId] {
        &self.streams
    }

    /// The last position that was in the log before anything ran.
    #[must_use]
    pub fn history_end(&self) -> Position {
        Position(self.history.len() as u32)
    }

    /// The stream of an aggregate that a workflow is concerned with.
    #[must_use]
    pub fn stream(&self, aggregate: AggregateId, workflow: WorkflowId) -> StreamId {
        let shared = self.domain.aggregate(aggregate).shared;
        StreamId { aggregate, owner: (!shared).then_some(workflow) }
    }

    /// A command on behalf of a workflow.
    #[must_use]
    pub fn issue(&self, id: CommandId, kind: CommandKind, workflow: WorkflowId) -> IssuedCommand {
        let stream = self.stream(self.domain.command(kind).aggregate, workflow);
        IssuedCommand { id, kind, stream }
    }

    /// Every event there is, in order of commit.
    pub fn events<'a>(&'a self, log: &'a EventLog) -> impl Iterator<Item = &'a StoredEvent> {
        self.history.iter().chain(&log.events)
    }

    /// The events of a stream, in order of version.
    pub fn stream_events<'a>(
        &'a self,
        log: &'a EventLog,
        stream: StreamId,
    ) -> impl Iterator<Item = &'a StoredEvent> {
        self.events(log).filter(move |event| event.stream == stream)
    }

    /// The version of a stream: how many events it has.
    #[must_use]
    pub fn version(&self, log: &EventLog, stream: StreamId) -> u32 {
        self.stream_events(log, stream).count() as u32
    }

    /// The state of an aggregate as it was at a version, from its events alone: time travel.
    /// `None` when there was never such a version.
    ///
    /// # Errors
    /// When the arithmetic of an event has no result.
    pub fn state_at(
        &self,
        log: &EventLog,
        stream: StreamId,
        version: u32,
    ) -> Result<Option<Values>, ArithmeticError> {
        let mut state = self.domain.initial(stream.aggregate);
        let mut covered = 0;
        for event in self.stream_events(log, stream).take(version as usize) {
            self.domain.evolve(&mut state, event.kind)?;
            covered += 1;
        }
        Ok((covered == version).then_some(state))
    }

    /// The latest snapshot of a stream. Where none was taken since, that is the one which older code
    /// made of the events it knew, if any of those is upcast today.
    ///
    /// # Errors
    /// When the arithmetic of an event has no result.
    pub fn snapshot(
        &self,
        log: &EventLog,
        stream: StreamId,
    ) -> Result<Option<Snapshot>, ArithmeticError> {
        let Some(every) = self.knobs.snapshot_every else { return Ok(None) };
        if let Some((_, snapshot)) = log.snapshots.iter().find(|(of, _)| *of == stream) {
            return Ok(Some(snapshot.clone()));
        }
        let past = &self.domain.aggregate(stream.aggregate).history;
        let covered = past.len() - past.len() % usize::from(every);
        let past = &past[..covered];
        if !past.iter().any(|&kind| self.domain.event(kind).upcast.is_some()) {
            return Ok(None);
        }
        let mut state = self.domain.initial(stream.aggregate);
        for &kind in past {
            self.domain.evolve_without_upcast(&mut state, kind)?;
        }
        Ok(Some(Snapshot { version: covered as u32, state, current: false }))
    }

    /// Every consumer: projections first.
    pub fn consumers(&self) -> impl Iterator<Item = ConsumerId> {
        let projections = (0..self.domain.projections().len()).map(ConsumerId::Projection);
        projections.chain((0..self.domain.managers().len()).map(ConsumerId::Manager))
    }

    /// Where a consumer is.
    #[must_use]
    pub fn address(&self, consumer: ConsumerId) -> Address {
        let position = match consumer {
            ConsumerId::Projection(at) => at,
            ConsumerId::Manager(at) => self.domain.projections().len() + at,
        };
        Address::Service(ServiceId(position as u16 + 1))
    }

    /// The consumer at an address.
    #[must_use]
    pub fn consumer(&self, address: Address) -> Option<ConsumerId> {
        self.consumers().find(|&consumer| self.address(consumer) == address)
    }

    /// Whether an event is of interest to a consumer. What was in the log from the start concerns
    /// read models, but no process manager: its answers were given long ago.
    #[must_use]
    pub fn concerns(&self, consumer: ConsumerId, event: &StoredEvent) -> bool {
        match consumer {
            ConsumerId::Projection(at) => self.domain.projects(at, event.kind),
            ConsumerId::Manager(at) => {
                event.position > self.history_end() && self.reacts(at, event.kind)
            }
        }
    }

    fn reacts(&self, manager: usize, event: EventKind) -> bool {
        self.domain.answers(manager, event).next().is_some()
    }

    /// What consumers read: the global log, or every stream by itself.
    #[must_use]
    pub fn sources(&self) -> Vec<Source> {
        match self.knobs.delivery {
            Delivery::ByPosition | Delivery::ByTimestamp => vec![Source::All],
            Delivery::ByCausation | Delivery::ByArrival => {
                self.streams.iter().map(|&stream| Source::Stream(stream)).collect()
            }
        }
    }

    /// The log in which a consumer finds an event.
    #[must_use]
    pub fn source_of(&self, event: &StoredEvent) -> Source {
        match self.knobs.delivery {
            Delivery::ByPosition | Delivery::ByTimestamp => Source::All,
            Delivery::ByCausation | Delivery::ByArrival => Source::Stream(event.stream),
        }
    }

    /// Where an event stands in the order in which it is read.
    #[must_use]
    pub fn mark(&self, event: &StoredEvent) -> Mark {
        let major = match (self.knobs.delivery, self.knobs.gaps) {
            (Delivery::ByTimestamp, _) => self.timestamp(event),
            (Delivery::ByPosition, GapStrategy::TransactionHorizon) => i64::from(event.transaction),
            _ => 0,
        };
        Mark { major, position: event.position }
    }

    /// When an event was written, by the clock of the process that decided it.
    ///
    /// True time is counted in positions, so that it needs no state of its own: what takes position
    /// 5 happens at instant 5, and a clock that is behind by 2 then shows 3.
    #[must_use]
    pub fn timestamp(&self, event: &StoredEvent) -> i64 {
        let now = i64::from(event.position.0);
        match event.command {
            CommandId::Answer { .. } => now - i64::from(self.knobs.clock_skew),
            CommandId::Request(..) | CommandId::History => now,
        }
    }

    /// The stream and position of the event that this one follows from.
    #[must_use]
    pub fn cause(&self, event: &StoredEvent) -> Option<(StreamId, Position)> {
        match event.command {
            CommandId::Answer { policy, cause, workflow } => {
                let kind = self.domain.policies()[usize::from(policy.0)].on;
                Some((self.stream(self.domain.event(kind).aggregate, workflow), cause))
            }
            CommandId::Request(..) | CommandId::History => None,
        }
    }

    /// The next event for a consumer that can be seen, in the order in which it reads.
    #[must_use]
    pub fn next<'a>(
        &'a self,
        log: &'a EventLog,
        open: &[Transaction],
        consumer: ConsumerId,
        source: Source,
        after: Mark,
    ) -> Option<&'a StoredEvent> {
        let horizon = match self.knobs.gaps {
            GapStrategy::TransactionHorizon | GapStrategy::TransactionHorizonByPosition => {
                open.iter().filter_map(|transaction| transaction.id).min()
            }
            _ => None,
        };
        // A reader has to see gaps, or the causes of causes: then it is given every event.
        let every = self.knobs.delivery == Delivery::ByCausation || self.holds_gaps();
        self.events(log)
            .filter(|event| match source {
                Source::All => true,
                Source::Stream(stream) => event.stream == stream,
            })
            .filter(|event| horizon.is_none_or(|oldest| event.transaction < oldest))
            .filter(|event| every || self.concerns(consumer, event))
            .filter(|event| self.mark(event) > after)
            .min_by_key(|event| self.mark(event))
    }

    /// Whether readers wait at gaps of the global log.
    #[must_use]
    pub fn holds_gaps(&self) -> bool {
        self.knobs.gaps == GapStrategy::HoldGaps && self.knobs.delivery == Delivery::ByPosition
    }

    /// Whether transactions get ids.
    #[must_use]
    pub fn numbers_transactions(&self) -> bool {
        matches!(
            self.knobs.gaps,
            GapStrategy::TransactionHorizon | GapStrategy::TransactionHorizonByPosition
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocols::event_sourcing::event::StoreRecord;
    use crate::workflow::domain::{AggregateDraft, CommandDraft, EventDraft};

    /// A stock that older code counted in boxes of ten: two boxes came, then pieces were taken.
    fn plan(knobs: EventSourcingKnobs) -> EventPlan {
        let domain = Domain::builder()
            .aggregate(
                AggregateDraft::new("inventory", [("pieces", 0)])
                    .shared(true)
                    .history(["box-received", "box-received"]),
            )
            .command(CommandDraft::new("take", "inventory").when("pieces >= 1").emits(["taken"]))
            .event(
                EventDraft::new("box-received", "inventory")
                    .evolve(["pieces += 1"])
                    .upcast(["pieces-received"]),
            )
            .event(EventDraft::new("pieces-received", "inventory").evolve(["pieces += 10"]))
            .event(EventDraft::new("taken", "inventory").evolve(["pieces -= 1"]))
            .request("take")
            .build()
            .expect("the domain is sound");
        EventPlan::new(Arc::new(domain), knobs, 1)
    }

    fn taken(plan: &EventPlan, position: u32) -> StoreRecord {
        let id = CommandId::Request(WorkflowId(0), 0);
        let command = plan.issue(id, CommandKind(0), WorkflowId(0));
        let event = StoredEvent {
            position: Position(position),
            transaction: 0,
            stream: command.stream,
            kind: EventKind(2),
            command: id,
            decided_on: 2,
        };
        StoreRecord::Committed([event].into_iter().collect())
    }

    #[test]
    fn time_travel_shows_every_version_that_ever_was() {
        let plan = plan(EventSourcingKnobs::default());
        let mut log = EventLog::default();
        log.fold(&taken(&plan, 3));
        log.fold(&taken(&plan, 5));
        let stream = plan.streams()[0];
        let at = |version| plan.state_at(&log, stream, version).expect("arithmetic has a result");
        let states: Vec<Option<i64>> = (0..=5).map(|v| at(v).map(|state| state[0])).collect();
        assert_eq!(states, [Some(0), Some(10), Some(20), Some(19), Some(18), None]);
    }

    #[test]
    fn a_past_version_does_not_change_when_more_is_appended() {
        let plan = plan(EventSourcingKnobs::default());
        let (mut log, stream) = (EventLog::default(), plan.streams()[0]);
        let before = plan.state_at(&log, stream, 2);
        log.fold(&taken(&plan, 3));
        assert_eq!(plan.state_at(&log, stream, 2), before);
    }

    #[test]
    fn older_code_left_a_snapshot_of_what_it_knew() {
        let plan = plan(EventSourcingKnobs { snapshot_every: Some(2), ..Default::default() });
        let (log, stream) = (EventLog::default(), plan.streams()[0]);
        let snapshot = plan.snapshot(&log, stream).expect("arithmetic has a result");
        let snapshot = snapshot.expect("there is one");
        assert_eq!((snapshot.version, snapshot.state[0], snapshot.current), (2, 2, false));
    }
}
