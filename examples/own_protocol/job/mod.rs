//! A job: steps that are only ever repeated until they are done, like those of a durable queue.
//!
//! A job knows no way back. Its [`Scheduler`] logs that it was taken on, asks the services for every step
//! whose predecessors are done, and asks again when no answer comes. A [`Worker`] makes the change, and
//! says so. What makes repeating harmless is the *idempotency key*: in the transaction of the change, the
//! worker records that this step of this job is done, and a step with a key is not done again.
//!
//! | state | meaning | log |
//! |---|---|---|
//! | pending | not yet accepted | empty |
//! | running | steps are asked for until they are done | `Accepted`, `Done` |
//! | ended | every step is done | `Ended` |
//!
//! `knobs.rs` has the choice that this leaves to implementers, `properties.rs` what must be true,
//! `system.rs` who lives where, and `definition.rs` what a catalogue and a spec have to know.

mod definition;
mod knobs;
mod message;
mod properties;
mod scheduler;
mod system;
mod worker;

pub use knobs::{JobKnobs, Keys};
pub use message::{JobCall, JobMessage};
pub use scheduler::{JobEnded, JobLog, JobRecord, Scheduler};
pub use system::{Job, system};
pub use worker::{JobKeys, Worker};
