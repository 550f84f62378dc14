//! What the processes of an outbox say to each other and do.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::process::{StepId, WorkflowId};

/// A line of the outbox: the event of one transaction of one aggregate. Lines are ordered as they
/// are committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Line {
    /// The producer's transaction.
    pub step: StepId,
    /// The aggregate.
    pub workflow: WorkflowId,
}

/// A message for one of the handlers that subscribe to an event. It is its own idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Delivery {
    /// The event.
    pub line: Line,
    /// Who is to handle it.
    pub handler: StepId,
}

/// Some lines, in order.
pub type Lines = SmallVec<[Line; 2]>;

/// What processes of an outbox send each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutboxMessage {
    /// Relay to producer: give me lines, and release what I held.
    Claim,
    /// Producer to relay: these are yours.
    Claimed(Lines),
    /// Relay to producer: the broker has these.
    Published(Lines),
    /// To the broker: deliver this event.
    Publish(Line),
    /// From the broker: it will be delivered.
    Accepted(Line),
    /// Broker to consumer: handle this.
    Deliver(Delivery),
    /// Consumer to broker: need not be delivered again.
    Acknowledged(Delivery),
}

/// The timers of an outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutboxTimer {
    /// Time for a relay to ask for lines (again).
    Poll,
    /// A relay did not say what came of its claim.
    Lapse(u8),
    /// Stands in for the broker's acceptance of an event.
    Publish(Line),
    /// Stands in for a consumer's acknowledgement.
    Deliver(Delivery),
    /// A consumer is about to forget that it handled a message.
    Forget(Delivery),
}

/// What services do to their own rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutboxChange {
    /// A transaction of the producer.
    Commit(Line),
    /// The handling of a message by a consumer.
    Handle(Delivery),
}

impl OutboxChange {
    /// For which aggregate.
    #[must_use]
    pub fn workflow(&self) -> WorkflowId {
        match self {
            OutboxChange::Commit(line) => line.workflow,
            OutboxChange::Handle(delivery) => delivery.line.workflow,
        }
    }

    /// The step of the workflow that says what is changed.
    #[must_use]
    pub fn step(&self) -> StepId {
        match self {
            OutboxChange::Commit(line) => line.step,
            OutboxChange::Handle(delivery) => delivery.handler,
        }
    }
}
