//! The four roles as one [`Process`], since a system hosts processes of one type.

use serde::{Deserialize, Serialize};

use crate::process::{Address, Effects, Input, Process, WorkflowId};

use super::broker::{BrokerStore, OutboxBroker};
use super::consumer::{ConsumerStore, OutboxConsumer};
use super::message::{Delivery, Line, Lines, OutboxChange, OutboxMessage, OutboxTimer};
use super::producer::{OutboxProducer, ProducerMemory, ProducerStore};
use super::relay::{OutboxRelay, RelayMemory};

/// A process of an outbox.
#[derive(Clone, Debug)]
pub enum OutboxProcess {
    /// Writes rows and outbox.
    Producer(OutboxProducer),
    /// Carries the outbox to the broker.
    Relay(OutboxRelay),
    /// Delivers.
    Broker(OutboxBroker),
    /// Handles what is delivered.
    Consumer(OutboxConsumer),
}

/// What a crash destroys. Each role has its own room; the other's stays at its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutboxMemory {
    /// The producer's.
    pub producer: ProducerMemory,
    /// A relay's.
    pub relay: RelayMemory,
}

/// What is durable. Each role has its own room; the others' stay at their defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutboxStore {
    /// The producer's.
    pub producer: ProducerStore,
    /// The broker's.
    pub broker: BrokerStore,
    /// A consumer's.
    pub consumer: ConsumerStore,
}

/// An entry of a process's log.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutboxRecord {
    /// Producer: a transaction is committed.
    Committed(Line),
    /// Producer: the business refused a transaction, and with it all later ones of the aggregate.
    Declined(Line),
    /// Producer: these lines are published.
    Marked(Lines),
    /// Broker: an event is to be delivered.
    Accepted(Line),
    /// Broker: a message need not be delivered again.
    Consumed(Delivery),
    /// Consumer: a message is handled.
    Handled(Delivery),
    /// Consumer: it is forgotten that a message was handled.
    Forgotten(Delivery),
    /// Consumer: a message is put away.
    DeadLettered(Delivery),
}

/// The outcome of which nobody is told: how deliveries end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Nobody {}

impl OutboxStore {
    /// Whether a message was put away as a dead letter.
    #[must_use]
    pub fn is_dead(&self, delivery: Delivery) -> bool {
        self.consumer.dead.contains(&delivery)
    }

    /// Whether the producer was refused a transaction of that aggregate.
    #[must_use]
    pub fn is_declined(&self, workflow: WorkflowId) -> bool {
        self.producer.declined.contains(&workflow)
    }
}

impl Process for OutboxProcess {
    type Volatile = OutboxMemory;
    type Durable = OutboxStore;
    type Record = OutboxRecord;
    type Change = OutboxChange;
    type Message = OutboxMessage;
    type Timer = OutboxTimer;
    type Outcome = Nobody;

    fn fold(&self, store: &mut OutboxStore, record: &OutboxRecord) {
        match self {
            OutboxProcess::Producer(role) => role.fold(&mut store.producer, record),
            OutboxProcess::Broker(role) => role.fold(&mut store.broker, record),
            OutboxProcess::Consumer(role) => role.fold(&mut store.consumer, record),
            OutboxProcess::Relay(_) => unreachable!("a relay keeps no log"),
        }
    }

    fn handle(
        &self,
        memory: &mut OutboxMemory,
        store: &OutboxStore,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        match self {
            OutboxProcess::Producer(role) => {
                role.handle(&mut memory.producer, &store.producer, input, effects);
            }
            OutboxProcess::Relay(role) => role.handle(&mut memory.relay, input, effects),
            OutboxProcess::Broker(role) => role.handle(&store.broker, input, effects),
            OutboxProcess::Consumer(role) => role.handle(&store.consumer, input, effects),
        }
    }

    fn awaits_start(&self, _memory: &OutboxMemory, store: &OutboxStore) -> bool {
        match self {
            OutboxProcess::Producer(role) => role.next_request(&store.producer).is_some(),
            _ => false,
        }
    }

    fn awaits(&self, timer: &OutboxTimer) -> Option<Address> {
        match (self, timer) {
            (OutboxProcess::Relay(role), OutboxTimer::Poll) => Some(role.plan().producer()),
            (OutboxProcess::Broker(role), OutboxTimer::Deliver(delivery)) => {
                Some(role.plan().consumer(*delivery))
            }
            (_, OutboxTimer::Lapse(relay)) => Some(Address::Relay(*relay)),
            (_, OutboxTimer::Publish(_)) => Some(Address::Broker),
            (_, OutboxTimer::Poll | OutboxTimer::Deliver(_) | OutboxTimer::Forget(_)) => None,
        }
    }

    fn paces(&self, timer: &OutboxTimer) -> bool {
        *timer == OutboxTimer::Poll
    }
}
