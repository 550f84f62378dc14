//! Recording: what the processes of a system do, as spans and log records.
//!
//! A [`Recorder`] stands beside one process. It is told what the process takes in and what it does, and
//! makes spans of that: one for a workflow as a whole, one for each request, one for each piece of work.
//! Which effects are worth a span is said by the protocol, in the same words in which traces are
//! [judged](crate::judge) ([`Activity`](amends_models::system::Activity)), so that what is told can be held
//! against the model.
//!
//! Spans carry two sets of attributes: those of [`names`], which say exactly which activity they tell of,
//! and the [conventional](crate::conventions) ones, for people and other tools.
//!
//! The same recorder serves a runtime, where the context of a span travels with each message, and
//! [counterexamples](counterexample), so that a bug can be seen in a trace viewer before it happens.

pub mod counterexample;
mod identity;
pub mod names;
mod open;
mod recorder;

pub use identity::{Recorded, RunId, SpanContext};
pub use recorder::Recorder;
