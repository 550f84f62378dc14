//! The event store: appends in transactions, and serves what is committed.
//!
//! Where appends are not serialised, an append *opens* a transaction, which takes its positions at
//! once and commits whenever it likes. A crash rolls back what is open; the positions stay taken,
//! and are a gap for ever.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::process::rename::renames;
use crate::process::{Address, Effect, Effects, Input, Process, Verdict};
use crate::workflow::domain::Values;

use super::event::{
    EventLog, IssuedCommand, Position, Snapshot, StoreRecord, StoredEvent, StreamId,
};
use super::knobs::{CommandIdentity, ExpectedVersion, GapStrategy, GapTimeout, SnapshotUse};
use super::message::{Append, EventChange, EventMessage, EventTimer, Read, Told, Transaction};
use super::plan::{EventPlan, STORE};

/// The store.
#[derive(Clone, Debug)]
pub struct EventStore {
    plan: Arc<EventPlan>,
}

/// What the store forgets in a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreMemory {
    /// Transactions that are open, by position.
    pub open: Vec<Transaction>,
    /// Readers that wait for the next event.
    waiting: SmallVec<[(Address, Read); 2]>,
}

renames!(struct StoreMemory { open; sorted waiting });

impl EventStore {
    /// A store of that plan.
    #[must_use]
    pub fn new(plan: Arc<EventPlan>) -> Self {
        EventStore { plan }
    }

    fn load(&self, log: &EventLog, command: IssuedCommand) -> EventMessage {
        if let Some(version) = self.carried_out(log, command) {
            return EventMessage::Appended(command.id, version);
        }
        let usable = |snapshot: &Snapshot| {
            snapshot.current || self.plan.knobs().snapshot == SnapshotUse::WithoutUpcast
        };
        // A snapshot that cannot be computed does not exist.
        let snapshot = self.plan.snapshot(log, command.stream).ok().flatten().filter(usable);
        let covered = snapshot.as_ref().map_or(0, |snapshot| snapshot.version);
        let tail = self
            .plan
            .stream_events(log, command.stream)
            .skip(covered as usize)
            .map(|event| event.kind)
            .collect();
        EventMessage::Loaded { command: command.id, snapshot, tail }
    }

    /// The version of the stream after the events of a command that comes again.
    fn carried_out(&self, log: &EventLog, command: IssuedCommand) -> Option<u32> {
        if self.plan.knobs().commands == CommandIdentity::None {
            return None;
        }
        let last = self
            .plan
            .stream_events(log, command.stream)
            .enumerate()
            .filter(|(_, event)| event.command == command.id)
            .last();
        last.map(|(at, _)| at as u32 + 1)
    }

    /// The answer to an append that cannot be made, because it was made before, or because another
    /// one came first.
    fn objection(&self, log: &EventLog, append: &Append) -> Option<EventMessage> {
        let command = append.command;
        if let Some(version) = self.carried_out(log, command) {
            return Some(EventMessage::Appended(command.id, version));
        }
        let version = self.plan.version(log, command.stream);
        let checked = self.plan.knobs().expected_version == ExpectedVersion::Checked;
        (checked && version != append.expected)
            .then_some(EventMessage::Conflicts(command.id, version))
    }

    fn append(
        &self,
        memory: &mut StoreMemory,
        log: &EventLog,
        from: Address,
        append: Append,
        effects: &mut Effects<Self>,
    ) {
        if let Some(objection) = self.objection(log, &append) {
            return effects.push(Effect::Send { to: from, message: objection });
        }
        let repeated = memory.open.iter().any(|open| open.append.command.id == append.command.id);
        if repeated && self.plan.knobs().commands == CommandIdentity::Stored {
            return;
        }
        let taken = log.taken.max(self.plan.history_end()).0;
        let position = Position(taken + 1);
        let last = Position(taken + append.events.len() as u32);
        let transaction = Transaction { from, append, position, id: None };
        if self.plan.knobs().gaps == GapStrategy::SerialiseAppends {
            // It holds the lock from insert to commit, so nobody sees the time in between.
            return self.commit(transaction, effects);
        }
        effects.push(Effect::Persist(StoreRecord::Taken(last)));
        effects.push(Effect::SetTimer(EventTimer::Transaction(position)));
        memory.open.push(transaction);
    }

    /// An open transaction goes on: it gets its id, or it commits.
    fn proceed(
        &self,
        memory: &mut StoreMemory,
        log: &EventLog,
        position: Position,
        effects: &mut Effects<Self>,
    ) {
        let Some(at) = memory.open.iter().position(|open| open.position == position) else {
            return;
        };
        if self.plan.numbers_transactions() && memory.open[at].id.is_none() {
            let committed = log.events.iter().map(|event| event.transaction).max();
            let open = memory.open.iter().filter_map(|open| open.id).max();
            memory.open[at].id = Some(committed.max(open).unwrap_or(0) + 1);
            return effects.push(Effect::SetTimer(EventTimer::Transaction(position)));
        }
        let transaction = memory.open.remove(at);
        match self.objection(log, &transaction.append) {
            Some(objection) => {
                effects.push(Effect::Send { to: transaction.from, message: objection });
                self.serve(memory, log, effects);
            }
            None => self.commit(transaction, effects),
        }
    }

    fn commit(&self, transaction: Transaction, effects: &mut Effects<Self>) {
        let Append { command, decided_on, ref events, .. } = transaction.append;
        let stored = events
            .iter()
            .enumerate()
            .map(|(at, &kind)| StoredEvent {
                position: Position(transaction.position.0 + at as u32),
                transaction: transaction.id.unwrap_or(0),
                stream: command.stream,
                kind,
                command: command.id,
                decided_on,
            })
            .collect();
        effects.push(Effect::Transact {
            change: EventChange::Insert(transaction),
            accepted: StoreRecord::Committed(stored),
            refused: None,
        });
    }

    /// Gives waiting readers what they can see by now.
    fn serve(&self, memory: &mut StoreMemory, log: &EventLog, effects: &mut Effects<Self>) {
        let open = &memory.open;
        memory.waiting.retain(|&mut (reader, read)| {
            let Some(next) = self.next(log, open, reader, read) else { return true };
            effects.push(Effect::Send { to: reader, message: next });
            false
        });
    }

    fn next(
        &self,
        log: &EventLog,
        open: &[Transaction],
        reader: Address,
        read: Read,
    ) -> Option<EventMessage> {
        let consumer = self.plan.consumer(reader)?;
        let event = self.plan.next(log, open, consumer, read.source, read.after)?;
        Some(EventMessage::Next { read, event: *event })
    }

    fn keep(
        &self,
        log: &EventLog,
        stream: StreamId,
        version: u32,
        state: Values,
    ) -> Option<StoreRecord> {
        let version = match self.plan.knobs().snapshot {
            SnapshotUse::Stale => self.plan.version(log, stream),
            SnapshotUse::Exact | SnapshotUse::WithoutUpcast => version,
        };
        let kept = log.snapshots.iter().find(|(of, _)| *of == stream);
        let newer = kept.is_none_or(|(_, kept)| kept.version < version);
        newer.then(|| StoreRecord::Snapshot(stream, Snapshot { version, state, current: true }))
    }
}

impl Process for EventStore {
    type Volatile = StoreMemory;
    type Durable = EventLog;
    type Record = StoreRecord;
    type Change = EventChange;
    type Message = EventMessage;
    type Timer = EventTimer;
    type Outcome = Told;

    fn fold(&self, log: &mut EventLog, record: &StoreRecord) {
        log.fold(record);
    }

    fn handle(
        &self,
        memory: &mut StoreMemory,
        log: &EventLog,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        match input {
            Input::Message { from, message } => match message {
                EventMessage::Load(command) => {
                    effects.push(Effect::Send { to: from, message: self.load(log, command) });
                }
                EventMessage::Append(append) => self.append(memory, log, from, append, effects),
                EventMessage::Keep(stream, version, state) => {
                    effects.extend(self.keep(log, stream, version, state).map(Effect::Persist));
                }
                EventMessage::Read(read) => {
                    memory.waiting.retain(|(by, other)| *by != from || other.source != read.source);
                    let at = memory.waiting.partition_point(|entry| *entry < (from, read));
                    memory.waiting.insert(at, (from, read));
                    self.serve(memory, log, effects);
                }
                EventMessage::Loaded { .. }
                | EventMessage::Appended(..)
                | EventMessage::Conflicts(..)
                | EventMessage::Next { .. } => {}
            },
            Input::TimerFired(EventTimer::Transaction(position)) => {
                self.proceed(memory, log, position, effects);
            }
            Input::Applied { change: EventChange::Insert(transaction), verdict } => {
                // What was rolled back is asked for again by its timer.
                if verdict == Verdict::Accepted {
                    let command = transaction.append.command;
                    let version = self.plan.version(log, command.stream);
                    let message = EventMessage::Appended(command.id, version);
                    effects.push(Effect::Send { to: transaction.from, message });
                }
                self.serve(memory, log, effects);
            }
            Input::Applied { change: EventChange::Project(_), .. }
            | Input::TimerFired(_)
            | Input::Start
            | Input::Cancel
            | Input::Recover => {}
        }
    }

    fn awaits_start(&self, _memory: &StoreMemory, _log: &EventLog) -> bool {
        false
    }

    fn awaits(&self, _timer: &EventTimer) -> Option<Address> {
        None
    }

    fn still_owes(
        &self,
        memory: &StoreMemory,
        _log: &EventLog,
        peer: Address,
        timer: &EventTimer,
    ) -> bool {
        match timer {
            EventTimer::Answer => memory.open.iter().any(|open| open.from == peer),
            EventTimer::Next(source) => {
                memory.waiting.iter().any(|(by, read)| *by == peer && read.source == *source)
            }
            EventTimer::Gap(end) => memory.open.iter().any(|open| open.position <= *end),
            EventTimer::Transaction(_) => false,
        }
    }

    fn paces(&self, timer: &EventTimer) -> bool {
        matches!(timer, EventTimer::Gap(_) | EventTimer::Transaction(_))
    }
}

/// Whom a timer of a reader or a command handler stands in for.
pub(super) fn awaited(timer: &EventTimer, plan: &EventPlan) -> Option<Address> {
    match timer {
        EventTimer::Answer | EventTimer::Next(_) => Some(STORE),
        EventTimer::Gap(_) => match plan.knobs().gap_timeout {
            GapTimeout::OutlastsTransactions => Some(STORE),
            GapTimeout::TooShort => None,
        },
        EventTimer::Transaction(_) => None,
    }
}
