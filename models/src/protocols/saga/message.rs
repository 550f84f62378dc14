//! What coordinator and participants say to each other.

use serde::{Deserialize, Serialize};

use crate::process::rename::renames;
use crate::process::{Answer, Locals, StepId, WorkflowId};
use crate::workflow::Work;

/// Whether a step is done or undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The step itself.
    Forward,
    /// Its compensation.
    Backward,
}

impl From<Direction> for Work {
    fn from(direction: Direction) -> Work {
        match direction {
            Direction::Forward => Work::Change,
            Direction::Backward => Work::Undo,
        }
    }
}

renames!(nothing in Direction);

/// One call of one step, in one direction: the idempotency key of everything done on its behalf, and
/// what has to be known for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StepCall {
    /// For which workflow.
    pub workflow: WorkflowId,
    /// Which step.
    pub step: StepId,
    /// Do it or undo it.
    pub direction: Direction,
    /// In a request, what the workflow has read and the step needs; in a reply, what the step read.
    #[serde(default, skip_serializing_if = "Locals::is_empty")]
    pub locals: Locals,
    /// It was made before, and has a key that nobody knows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub new_key: bool,
}

impl StepCall {
    /// A call that needs to know nothing.
    #[must_use]
    pub fn new(workflow: WorkflowId, step: StepId, direction: Direction) -> StepCall {
        StepCall { workflow, step, direction, locals: Locals::NONE, new_key: false }
    }

    /// The same call, under a key that nobody knows.
    #[must_use]
    pub fn under_new_key(self) -> StepCall {
        StepCall { new_key: true, ..self }
    }

    /// The same call, with this knowledge.
    #[must_use]
    pub fn knowing(self, locals: Locals) -> StepCall {
        StepCall { locals, ..self }
    }
}

renames!(struct StepCall { workflow, step, direction, locals, new_key });

/// A request of the coordinator, or a participant's reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SagaMessage {
    /// Do it, or undo it.
    Request(StepCall),
    /// What came of it.
    Reply(StepCall, Answer),
    /// The workflow has completed: what the step left is taken away, above all its
    /// [semantic lock](super::Isolation::SemanticLock).
    Release(StepCall),
    /// It is taken away.
    Released(StepCall),
}

renames!(
    enum SagaMessage {
        Request(call),
        Reply(call, answer),
        Release(call),
        Released(call),
    }
);

impl SagaMessage {
    /// The call that the message is about.
    #[must_use]
    pub fn call(&self) -> StepCall {
        match *self {
            SagaMessage::Request(call)
            | SagaMessage::Reply(call, _)
            | SagaMessage::Release(call)
            | SagaMessage::Released(call) => call,
        }
    }
}
