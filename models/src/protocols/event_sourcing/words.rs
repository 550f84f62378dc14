//! How an event-sourced system reads in a story.

use crate::process::{Address, Verdict};
use crate::system::{RoleRecord, Words};
use crate::workflow::domain::EventKind;

use super::consumer::ConsumerRecord;
use super::event::{CommandId, IssuedCommand, StoreRecord, StoredEvent, StreamId};
use super::handler::HandlerRecord;
use super::message::{Answer, EventChange, EventMessage, EventTimer, Read, Source, Told};
use super::plan::ConsumerId;
use super::system::{EventSourcing, ReadModel};
use super::witness::EventWitness;

impl EventSourcing {
    fn stream(&self, stream: StreamId) -> String {
        let name = &self.plan.domain().aggregate(stream.aggregate).name;
        match stream.owner {
            Some(workflow) => format!("{name} {workflow}"),
            None => name.clone(),
        }
    }

    fn event(&self, kind: EventKind) -> &str {
        &self.plan.domain().event(kind).name
    }

    fn stored(&self, event: &StoredEvent) -> String {
        let origin = match event.command {
            CommandId::Answer { cause, .. } => format!(", caused by {cause}"),
            CommandId::Request(..) | CommandId::History => String::new(),
        };
        let (name, stream) = (self.event(event.kind), self.stream(event.stream));
        format!("{name} of {stream} at {}{origin}", event.position)
    }

    fn command(&self, command: IssuedCommand) -> String {
        let name = &self.plan.domain().command(command.kind).name;
        format!("{name} for {}", self.stream(command.stream))
    }

    fn command_by_id(&self, id: CommandId) -> String {
        let domain = self.plan.domain();
        match id {
            CommandId::Request(workflow, at) => {
                let kind = domain.requests()[usize::from(at)];
                format!("{} of {workflow}", domain.command(kind).name)
            }
            CommandId::Answer { policy, cause, .. } => {
                let kind = domain.policies()[usize::from(policy.0)].command;
                format!("{} after event {cause}", domain.command(kind).name)
            }
            CommandId::History => "history".to_owned(),
        }
    }

    fn read(&self, read: &Read) -> String {
        let log = match read.source {
            Source::All => "the log".to_owned(),
            Source::Stream(stream) => format!("the stream of {}", self.stream(stream)),
        };
        let gap = match read.past_gap {
            Some(end) => format!(", past the gap up to {end}"),
            None => String::new(),
        };
        format!("next of {log} after {}{gap}", read.after.position)
    }

    fn answer(&self, told: &Told) -> String {
        let command = self.command(told.command);
        match &told.answer {
            Answer::Accepted { version, .. } => format!("{command} is done, version {version}"),
            Answer::Rejected => format!("{command} is rejected"),
            Answer::Undefined(error) => format!("{command} cannot be computed: {error}"),
        }
    }
}

impl Words<EventSourcing> for EventSourcing {
    fn process(&self, address: Address) -> String {
        match address {
            Address::Coordinator(workflow) => format!("handler {workflow}"),
            Address::Service(_) => match self.plan.consumer(address) {
                Some(ConsumerId::Projection(at)) => {
                    self.plan.domain().projections()[at].name.clone()
                }
                Some(ConsumerId::Manager(at)) => self.plan.domain().managers()[at].clone(),
                None => "store".to_owned(),
            },
            elsewhere => unreachable!("an event-sourced system has no process at {elsewhere:?}"),
        }
    }

    fn message(&self, message: &EventMessage) -> String {
        match message {
            EventMessage::Load(command) => format!("load {}", self.stream(command.stream)),
            EventMessage::Loaded { snapshot, tail, .. } => {
                let tail: Vec<&str> = tail.iter().map(|&kind| self.event(kind)).collect();
                match (snapshot, tail.is_empty()) {
                    (None, true) => "no events".to_owned(),
                    (None, false) => format!("events: {}", tail.join(", ")),
                    (Some(of), true) => format!("snapshot of version {}", of.version),
                    (Some(of), false) => {
                        format!("snapshot of version {}, then {}", of.version, tail.join(", "))
                    }
                }
            }
            EventMessage::Append(append) => {
                let names: Vec<&str> = append.events.iter().map(|&kind| self.event(kind)).collect();
                let stream = self.stream(append.command.stream);
                format!("append {} to {stream} at version {}", names.join(", "), append.expected)
            }
            EventMessage::Appended(command, version) => {
                format!("{} appended, version {version}", self.command_by_id(*command))
            }
            EventMessage::Conflicts(command, version) => {
                format!("conflict for {}, version is {version}", self.command_by_id(*command))
            }
            EventMessage::Keep(stream, version, _) => {
                format!("snapshot of {} at version {version}", self.stream(*stream))
            }
            EventMessage::Read(read) => self.read(read),
            EventMessage::Next { event, .. } => self.stored(event),
        }
    }

    fn record(
        &self,
        _address: Address,
        record: &RoleRecord<HandlerRecord, RoleRecord<StoreRecord, ConsumerRecord>>,
    ) -> String {
        match record {
            RoleRecord::Coordinator(HandlerRecord { verdict }) => match verdict {
                Verdict::Accepted => "request answered".to_owned(),
                Verdict::Refused | Verdict::Failed => "request turned down".to_owned(),
            },
            RoleRecord::Participant(RoleRecord::Coordinator(record)) => match record {
                StoreRecord::Taken(position) => format!("position {position} taken"),
                StoreRecord::Committed(events) => {
                    let events: Vec<String> = events.iter().map(|e| self.stored(e)).collect();
                    format!("committed {}", events.join(", "))
                }
                StoreRecord::Snapshot(stream, snapshot) => {
                    let version = snapshot.version;
                    format!("snapshot of {} as version {version}", self.stream(*stream))
                }
            },
            RoleRecord::Participant(RoleRecord::Participant(checkpoint)) => {
                format!("checkpoint {}", checkpoint.mark.position)
            }
        }
    }

    fn change(&self, change: &EventChange) -> String {
        match change {
            EventChange::Insert(transaction) => {
                let events = &transaction.append.events;
                let names: Vec<&str> = events.iter().map(|&kind| self.event(kind)).collect();
                let stream = self.stream(transaction.append.command.stream);
                format!("{} of {stream} at {}", names.join(", "), transaction.position)
            }
            EventChange::Project(event) => self.stored(event),
        }
    }

    fn timer(&self, timer: &EventTimer) -> String {
        match timer {
            EventTimer::Answer => "no answer from the store".to_owned(),
            EventTimer::Next(_) => "no news from the store".to_owned(),
            EventTimer::Gap(end) => format!("waited long enough for {end}"),
            EventTimer::Transaction(position) => format!("transaction of {position} goes on"),
        }
    }

    fn outcome(&self, told: &Told) -> String {
        self.answer(told)
    }

    fn resources(&self, address: Address, model: &ReadModel) -> Vec<String> {
        let Some(ConsumerId::Projection(at)) = self.plan.consumer(address) else {
            return Vec::new();
        };
        let names = &self.plan.domain().projections()[at].values;
        names
            .iter()
            .zip(&model.values)
            .map(|((name, _), value)| format!("{name} = {value}"))
            .collect()
    }

    fn monitor(&self, _position: usize, witness: &EventWitness) -> Vec<String> {
        let handled: Vec<String> = witness.handled().iter().map(ToString::to_string).collect();
        let mut facts: Vec<String> =
            witness.answers().iter().map(|told| format!("told: {}", self.answer(told))).collect();
        if !handled.is_empty() {
            let who = witness.consumer().map(|id| self.process(self.plan.address(id)));
            let who = who.as_deref().unwrap_or("client");
            facts.push(format!("{who} handled the events at {}", handled.join(", ")));
        }
        facts
    }
}
