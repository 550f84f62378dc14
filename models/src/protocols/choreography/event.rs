//! What services tell each other: events, and their acknowledgement.

use serde::{Deserialize, Serialize};

use crate::process::rename::renames;
use crate::process::{StepId, WorkflowId};
use crate::protocols::saga::StepCall;

/// Something that happened to a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The client asked for it.
    Requested,
    /// The step took effect.
    Done(StepId),
    /// The client took its request back, or its deadline passed.
    Cancelled,
    /// The business said no to the step, or the client took its request back before the step ran;
    /// nothing changed.
    Refused(StepId),
    /// The step is compensated, or was called off before it ran.
    Undone(StepId),
}

renames!(nothing in Event);

/// Who is to hear an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subscriber {
    /// Whoever asked for the workflow.
    Initiator,
    /// A step, at the service that carries it out.
    Step(StepId),
}

renames!(nothing in Subscriber);

/// A line of an outbox: an event of one workflow that one subscriber is to hear. It is its own
/// idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Line {
    /// Of which workflow.
    pub workflow: WorkflowId,
    /// What happened.
    pub event: Event,
    /// Who is to hear it.
    pub to: Subscriber,
}

renames!(struct Line { workflow, event, to });

/// What processes of a choreography send each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChoreographyMessage {
    /// An event, to a subscriber.
    Event(Line),
    /// The subscriber has it; it need not be repeated.
    Acknowledged(Line),
}

renames!(
    enum ChoreographyMessage {
        Event(line),
        Acknowledged(line),
    }
);

impl ChoreographyMessage {
    /// The line that the message carries or acknowledges.
    #[must_use]
    pub fn line(&self) -> Line {
        match *self {
            ChoreographyMessage::Event(line) | ChoreographyMessage::Acknowledged(line) => line,
        }
    }
}

/// The timers of a choreography.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChoreographyTimer {
    /// Stands in for the acknowledgement of a line.
    Publish(Line),
}

renames!(
    enum ChoreographyTimer {
        Publish(line),
    }
);

/// A change to a service's rows, and the event that called for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reaction {
    /// The step to do or to undo.
    pub call: StepCall,
    /// The event that called for it.
    pub cause: Line,
}

renames!(struct Reaction { call, cause });
