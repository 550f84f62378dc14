//! What coordinator and participants say to each other.

use serde::{Deserialize, Serialize};

use crate::protocol::address::{StepId, WorkflowId};
use crate::protocol::answer::Answer;
use crate::protocol::rename::renames;

/// Whether a step is done or undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The step itself.
    Forward,
    /// Its compensation.
    Backward,
}

renames!(nothing in Direction);

/// One call of one step, in one direction: the idempotency key of everything done on its behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StepCall {
    /// For which workflow.
    pub workflow: WorkflowId,
    /// Which step.
    pub step: StepId,
    /// Do it or undo it.
    pub direction: Direction,
}

renames!(struct StepCall { workflow, step, direction });

/// A request of the coordinator, or a participant's reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SagaMessage {
    /// Do it, or undo it.
    Request(StepCall),
    /// What came of it.
    Reply(StepCall, Answer),
}

renames!(
    enum SagaMessage {
        Request(call),
        Reply(call, answer),
    }
);

impl SagaMessage {
    /// The call that the message is about.
    #[must_use]
    pub fn call(&self) -> StepCall {
        match *self {
            SagaMessage::Request(call) | SagaMessage::Reply(call, _) => call,
        }
    }
}
