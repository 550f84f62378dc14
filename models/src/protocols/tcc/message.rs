//! What coordinator and participants say to each other, and what they wait for.

use serde::{Deserialize, Serialize};

use crate::process::rename::renames;
use crate::process::{Answer, StepId, WorkflowId};
use crate::workflow::Work;

/// What can be asked of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Reserve.
    Try,
    /// Use what is reserved.
    Confirm,
    /// Release what is reserved.
    Cancel,
}

impl From<Operation> for Work {
    fn from(operation: Operation) -> Work {
        match operation {
            Operation::Try => Work::Reserve,
            Operation::Confirm => Work::Confirm,
            Operation::Cancel => Work::Cancel,
        }
    }
}

renames!(nothing in Operation);

/// One operation of one step: the idempotency key of everything done on its behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TccCall {
    /// For which workflow.
    pub workflow: WorkflowId,
    /// Which step.
    pub step: StepId,
    /// What is asked of it.
    pub operation: Operation,
    /// It was made before, and has a key that nobody knows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub new_key: bool,
}

renames!(struct TccCall { workflow, step, operation, new_key });

impl TccCall {
    /// A call of the step, under its own key.
    #[must_use]
    pub fn new(workflow: WorkflowId, step: StepId, operation: Operation) -> TccCall {
        TccCall { workflow, step, operation, new_key: false }
    }
}

/// A request of the coordinator, a participant's reply, or its own question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TccMessage {
    /// Try, confirm or cancel it.
    Request(TccCall),
    /// What came of it.
    Reply(TccCall, Answer),
    /// A participant's reservation for this step grows old: what was decided? Answered with a
    /// request.
    Inquiry(WorkflowId, StepId),
}

renames!(
    enum TccMessage {
        Request(call),
        Reply(call, answer),
        Inquiry(workflow, step),
    }
);

/// The timers of both roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TccTimer {
    /// The coordinator's: stands in for the answer to a call of the step.
    Call(StepId),
    /// A participant's: its reservation has grown old.
    Reservation(WorkflowId, StepId),
    /// A participant's: stands in for the answer to an inquiry.
    Inquiry(WorkflowId, StepId),
    /// A participant's: the idempotency key of the step is due to be forgotten.
    Key(WorkflowId, StepId),
}

renames!(
    enum TccTimer {
        Call(step),
        Reservation(workflow, step),
        Inquiry(workflow, step),
        Key(workflow, step),
    }
);
