//! Try-Confirm-Cancel: every participant first *reserves* what it will need, and when all of them
//! have, every reservation is confirmed; otherwise every one is cancelled (Pardon and Pautasso,
//! *Towards Distributed Atomic Transactions over RESTful Services*, 2011; Helland's tentative
//! operations, *Life beyond Distributed Transactions*, 2007).
//!
//! One [`TccCoordinator`] runs one workflow; one [`TccParticipant`] serves one service. All Trys go
//! out at once. The first refusal is enough to cancel, even while other Trys are still on their way:
//! the participant's [barrier](crate::process::barrier) turns a Try away whose Cancel came first. What was
//! decided is logged before anybody is told, and told until everybody has answered.
//!
//! | state | meaning | log |
//! |---|---|---|
//! | pending | not yet accepted | empty |
//! | trying | every step may have reserved | `Accepted` |
//! | confirming | all have reserved; every one is confirmed until it says so | `Decided(Confirm)` |
//! | cancelling | what may be reserved is released until everybody says so | `Decided(Cancel)` |
//! | ended | completed, cancelled, or failed | `Ended` |
//!
//! The log does not keep who reserved or answered: after a crash, what was forgotten is asked for
//! again, and the barrier makes asking again harmless.
//!
//! # Reservations that grow old
//!
//! A participant that waits too long would like to have its stock back. It must not simply take it:
//! the decision to confirm may already be on its way, and other participants may have followed it.
//! So it [asks](ReservationExpiry::AskFirst): a coordinator that has not decided then decides to
//! cancel, and one that has repeats what it decided. Everything else that real systems do about this,
//! and about the rest, is a [knob](TccKnobs).

pub(in crate::protocols) mod activity;
mod coordinator;
mod definition;
pub(super) mod failures;
mod knobs;
mod log;
mod message;
mod participant;
mod plan;
pub(super) mod properties;
mod system;
mod validate;
mod witness;

pub use crate::process::barrier::{KeyLifetime, RequestKey};
pub use coordinator::{TccCoordinator, TccMemory};
pub use knobs::{
    CancelScope, DecisionLog, Recovery, Refusal, ReservationExpiry, TccExceptions, TccKnobs,
    Unconfirmed, ZeroRows,
};
pub use log::{Decision, TccLog, TccOutcome, TccRecord};
pub use message::{Operation, TccCall, TccMessage, TccTimer};
pub use participant::{Reservation, ReservationRecord, TccChange, TccParticipant};
pub use plan::{PlannedTry, TccPlan};
pub use system::{Tcc, system};
pub use witness::TccWitness;
