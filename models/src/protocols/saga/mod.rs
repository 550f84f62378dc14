//! The orchestrated saga: a coordinator that drives a workflow's steps forward, and back when one is
//! refused (Garcia-Molina and Salem, *Sagas*, 1987).
//!
//! One [`SagaCoordinator`] runs one workflow; one [`SagaParticipant`] serves one service. The
//! coordinator logs before it sends, so that whatever may have happened is known after a crash; the
//! participant keeps a [barrier](crate::process::barrier) in the transaction of the change, so that whatever
//! arrives again or too late changes nothing. Everything that real systems got wrong about this is a
//! [knob](SagaKnobs).
//!
//! | state | meaning | log |
//! |---|---|---|
//! | pending | not yet accepted | empty |
//! | executing | steps are carried out, each as soon as those it waits for are done | `Accepted`, `Started`, `Done` |
//! | failed | it will be rolled back | `RollingBack` |
//! | compensating | what was or may have been done is undone, latest first | `Undone` |
//! | succeeded, compensated | ended | `Ended` |
//!
//! A step whose call timed out is *in doubt*: it may have happened, or may still happen. It is
//! compensated like one that was done; the barrier makes that right whichever it was.
//!
//! A coordinator that never comes back leaves its workflow where it is, unless another
//! [stands by](standby) to take it over.

pub(in crate::protocols) mod activity;
mod coordinator;
mod definition;
pub(super) mod failures;
pub(super) mod isolation;
mod knobs;
mod log;
mod marks;
mod message;
mod participant;
mod plan;
pub(super) mod properties;
mod rows;
pub mod standby;
mod system;
mod validate;
mod witness;
mod words;

pub use crate::process::Answer;
pub use crate::process::barrier::{Barrier, KeyLifetime, LedgerWrite, RequestKey};
pub use coordinator::{SagaCoordinator, SagaMemory, SagaTimer};
pub use isolation::IsolationWitness;
pub use knobs::{
    Cancellation, CompensationOrder, Deadline, DecisionLog, FailedCompensation, InDoubt, Isolation,
    LateJoin, Recovery, SagaExceptions, SagaKnobs, StepLog,
};
pub use log::{SagaLog, SagaOutcome, SagaPhase, SagaRecord, SagaState};
pub use marks::Marks;
pub use message::{Direction, SagaMessage, StepCall};
pub use participant::{LedgerRecord, SagaChange, SagaParticipant};
pub use plan::{PlannedStep, SagaPlan};
pub use rows::Rows;
pub use system::{Saga, SagaMonitor, system};
pub use witness::{StepOrder, WorkflowWitness};
