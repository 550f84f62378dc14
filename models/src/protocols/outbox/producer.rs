//! The producer: a service whose transactions make events, and the database its relays work on.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::process::{Address, Effect, Effects, Input, Verdict, WorkflowId};

use super::knobs::{Claims, Mark, Write};
use super::message::{Line, Lines, OutboxChange, OutboxMessage, OutboxTimer};
use super::plan::OutboxPlan;
use super::process::{OutboxProcess, OutboxRecord};

/// A service whose transactions make events.
#[derive(Clone, Debug)]
pub struct OutboxProducer {
    plan: Arc<OutboxPlan>,
}

/// What the producer's database keeps beside the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProducerStore {
    /// How many requests were decided on, in the order of [`OutboxPlan::requests`].
    pub decided: u32,
    /// Aggregates of which a transaction was refused: nothing more is asked of them.
    pub declined: SmallVec<[WorkflowId; 2]>,
    /// Lines that are not marked as published.
    pub outbox: Lines,
}

/// What is gone when the producer and its database restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProducerMemory {
    /// Which relay holds a lock on which line.
    claims: SmallVec<[(Line, u8); 2]>,
    /// Events that only memory knows of, where there is no outbox.
    pub unlogged: Lines,
}

impl OutboxProducer {
    /// A producer of that plan.
    #[must_use]
    pub fn new(plan: Arc<OutboxPlan>) -> Self {
        OutboxProducer { plan }
    }

    /// What the clients ask for next.
    #[must_use]
    pub fn next_request(&self, store: &ProducerStore) -> Option<Line> {
        self.plan
            .requests()
            .skip(store.decided as usize)
            .find(|line| !store.declined.contains(&line.workflow))
    }

    pub(super) fn fold(&self, store: &mut ProducerStore, record: &OutboxRecord) {
        match record {
            OutboxRecord::Committed(line) | OutboxRecord::Declined(line) => {
                let position = self.plan.requests().position(|request| request == *line);
                store.decided = position.map_or(store.decided, |at| at as u32 + 1);
                if matches!(record, OutboxRecord::Declined(_)) {
                    store.declined.push(line.workflow);
                } else if self.plan.knobs().write == Write::Outbox {
                    store.outbox.push(*line);
                }
            }
            OutboxRecord::Marked(lines) => store.outbox.retain(|line| !lines.contains(line)),
            _ => unreachable!("a producer does not log {record:?}"),
        }
    }

    pub(super) fn handle(
        &self,
        memory: &mut ProducerMemory,
        store: &ProducerStore,
        input: Input<OutboxProcess>,
        effects: &mut Effects<OutboxProcess>,
    ) {
        match input {
            Input::Start => {
                if let Some(line) = self.next_request(store) {
                    self.commit(memory, line, effects);
                }
            }
            Input::Applied { change: OutboxChange::Commit(line), verdict } => {
                let save_first = self.plan.knobs().write == Write::SaveThenPublish;
                if verdict == Verdict::Accepted && save_first {
                    publish(memory, line, effects);
                }
            }
            Input::Message { from: Address::Relay(relay), message: OutboxMessage::Claim } => {
                self.claim(memory, store, relay, effects);
            }
            Input::Message {
                from: Address::Relay(relay),
                message: OutboxMessage::Published(lines),
            } => {
                release(memory, relay, effects);
                mark(store, lines, effects);
            }
            Input::Message { message: OutboxMessage::Accepted(line), .. } => {
                memory.unlogged.retain(|other| *other != line);
                effects.push(Effect::CancelTimer(OutboxTimer::Publish(line)));
            }
            Input::TimerFired(OutboxTimer::Lapse(relay)) => release(memory, relay, effects),
            Input::TimerFired(OutboxTimer::Publish(line)) if memory.unlogged.contains(&line) => {
                publish(memory, line, effects);
            }
            Input::Cancel
            | Input::Recover
            | Input::Applied { .. }
            | Input::Message { .. }
            | Input::TimerFired(_) => {}
        }
    }

    fn commit(
        &self,
        memory: &mut ProducerMemory,
        line: Line,
        effects: &mut Effects<OutboxProcess>,
    ) {
        if self.plan.knobs().write == Write::PublishThenSave {
            publish(memory, line, effects);
        }
        effects.push(Effect::Transact {
            change: OutboxChange::Commit(line),
            accepted: OutboxRecord::Committed(line),
            refused: Some(OutboxRecord::Declined(line)),
        });
    }

    fn claim(
        &self,
        memory: &mut ProducerMemory,
        store: &ProducerStore,
        relay: u8,
        effects: &mut Effects<OutboxProcess>,
    ) {
        // A relay that asks again has lost its connection, and its locks with it.
        release(memory, relay, effects);
        let free = |line: &Line| match self.plan.knobs().claims {
            Claims::ByAggregate => {
                memory.claims.iter().all(|(held, _)| held.workflow != line.workflow)
            }
            Claims::ByLine => memory.claims.iter().all(|(held, _)| held != line),
        };
        let batch = usize::from(self.plan.knobs().batch);
        let lines: Lines = store.outbox.iter().copied().filter(free).take(batch).collect();
        if lines.is_empty() {
            return;
        }
        if self.plan.knobs().mark == Mark::OnClaim {
            effects.push(Effect::Persist(OutboxRecord::Marked(lines.clone())));
        } else {
            memory.claims.extend(lines.iter().map(|&line| (line, relay)));
            memory.claims.sort_unstable();
            effects.push(Effect::SetTimer(OutboxTimer::Lapse(relay)));
        }
        let message = OutboxMessage::Claimed(lines);
        effects.push(Effect::Send { to: Address::Relay(relay), message });
    }
}

fn release(memory: &mut ProducerMemory, relay: u8, effects: &mut Effects<OutboxProcess>) {
    memory.claims.retain(|(_, holder)| *holder != relay);
    effects.push(Effect::CancelTimer(OutboxTimer::Lapse(relay)));
}

fn mark(store: &ProducerStore, mut lines: Lines, effects: &mut Effects<OutboxProcess>) {
    lines.retain(|line| store.outbox.contains(line));
    if !lines.is_empty() {
        effects.push(Effect::Persist(OutboxRecord::Marked(lines)));
    }
}

/// The producer publishes an event itself, and repeats it from memory.
fn publish(memory: &mut ProducerMemory, line: Line, effects: &mut Effects<OutboxProcess>) {
    if !memory.unlogged.contains(&line) {
        memory.unlogged.push(line);
        memory.unlogged.sort_unstable();
    }
    effects.push(Effect::Send { to: Address::Broker, message: OutboxMessage::Publish(line) });
    effects.push(Effect::SetTimer(OutboxTimer::Publish(line)));
}
