//! Steps that can be taken back, whatever protocol they are part of: what really happened to each, where
//! a state of the system shows it, and what must be true of it.
//!
//! Sagas, choreographies, TCCs and mixed workflows are made of such steps. Properties look at states.
//! What they need of history is kept by witnesses: monitors that see what processes really did, and not
//! what the protocol's own bookkeeping says they did.

mod compensation;
mod history;
mod layout;
pub(crate) mod properties;

pub use compensation::{Compensations, Leftover, OwnChanges};
pub use history::StepHistory;
pub use layout::{ATOMIC, Orchestrated, StateLayout, View};
