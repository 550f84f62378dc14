//! The words between a scheduler and the workers.

use amends::models::process::{StepId, WorkflowId};
use serde::{Deserialize, Serialize};

/// A step of a job: its idempotency key, and the change that carries it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JobCall {
    /// Which job.
    pub job: WorkflowId,
    /// Which step of it.
    pub step: StepId,
}

/// A message of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum JobMessage {
    /// The step is to be done.
    Do(JobCall),
    /// It is done.
    Done(JobCall),
}
