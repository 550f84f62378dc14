//! One workflow whose steps use different protocols, made atomic by putting cores together.
//!
//! The one idea: **the TCC of a workflow is the pivot of its saga**. No rule of a protocol is written
//! a second time; what is here only joins three coordinators at one address ([`MixedCoordinator`]) and
//! two participants at each service ([`MixedParticipant`]).
//!
//! 1. The [saga](super::saga) does its compensatable steps, each visible at once.
//! 2. When all are done it reaches its point of no return, which is a whole [TCC](super::tcc): every
//!    branch reserves, and the TCC decides. Its logged decision is the decision of the workflow.
//!    *Confirm* is the pivot done: the workflow can only go forward. *Cancel* is the pivot refused:
//!    the saga compensates, once everything that was reserved is released.
//! 3. Retriable saga steps follow, and the saga has completed. The record that says so puts the
//!    notices into the local message table, which is nothing else than the log of a second saga whose
//!    steps are all retriable: a line is sent until its service has acknowledged it, the service's
//!    ledger is its inbox, and nobody waits for it.
//!
//! | part | carried out by | if the workflow is given up |
//! |---|---|---|
//! | saga steps | `do`, `undo` | compensated, latest first |
//! | TCC steps | `try`, `confirm`, `cancel` | cancelled, before anything is compensated |
//! | outbox steps | `do`, sent after the decision | never sent |
//!
//! Which steps are which may depend on the request: a [rule](crate::workflow::Rule) picks the protocol
//! of the steps that leave it open, and each workflow has the [`Composition`] that follows for it.
//! A workflow without TCC steps has no such pivot, and one of nothing but TCC steps has nothing else.

mod activity;
mod composition;
mod coordinator;
mod definition;
pub(super) mod failures;
mod knobs;
mod message;
mod participant;
pub(super) mod properties;
mod system;
mod validate;
mod witness;
mod words;

pub use composition::Composition;
pub use coordinator::{MixedCoordinator, MixedLog, MixedMemory};
pub use knobs::{MessageTable, MixedChoices, MixedKnobs, Notify, RollBack, Settle};
pub use message::{MixedChange, MixedLedgerRecord, MixedMessage, MixedRecord, MixedTimer};
pub use participant::{MixedLedger, MixedParticipant};
pub use system::{Mixed, system};
pub use witness::MixedWitness;
