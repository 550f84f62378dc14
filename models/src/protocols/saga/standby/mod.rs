//! A saga whose coordinator has another that stands by: whichever leads goes on where the last leader
//! stopped.
//!
//! The one idea: **the log moves, the coordinator stays as it is**. A [`LedCoordinator`] hosts an
//! unchanged [`SagaCoordinator`](super::SagaCoordinator) whose log is the register of a
//! [store](crate::protocols::lease) that both coordinators share. What the saga wants persisted is
//! written there, and whatever follows waits until the store has answered. Who takes the lead over
//! reads the log with the grant, folds it, and lets the saga recover, as if it had crashed itself.
//!
//! | who | its log |
//! |---|---|
//! | [`LedCoordinator`] | that the client asked, and which tokens it claimed |
//! | [`LogStore`] | per workflow: who leads with which token, and the saga's log |
//! | [`AskedParticipant`] | its [ledger](crate::process::barrier) |
//!
//! A leader that lost its lease may live on and not know it. Its calls are harmless: participants
//! answer whoever asked, and their barrier makes of two leaders' calls one change. Its log is not: one
//! step that it takes for done and the new leader has undone is enough. So the store refuses what does
//! not carry the newest token, and only the leader learns what comes next.
//! [Without fencing](super::SagaKnobs::fencing) there are two leaders.

mod coordinator;
mod message;
mod participant;
mod properties;
mod store;
mod system;
mod words;

pub use coordinator::{LedCoordinator, LedLog, LedMemory, LedRecord};
pub use message::{StandbyChange, StandbyMessage, StandbyTimer};
pub use participant::AskedParticipant;
pub use store::LogStore;
pub use system::{StandbyProcess, StandbySaga, system};
