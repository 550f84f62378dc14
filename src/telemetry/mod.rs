//! Telemetry: what the processes of a system tell of themselves, as spans and log records.
//!
//! A [`Recorder`] stands beside one process. It is told what the process takes in and what it does, and
//! makes spans of that: one for a workflow as a whole, one for each request, one for each piece of work.
//! Which effects are worth a span is said by the protocol, in the same words in which traces are judged
//! ([`Activity`](amends_models::system::Activity)), so that what is told can be held against the model.
//!
//! Spans carry two sets of attributes: those of [`names`], which say exactly which activity they tell of,
//! and the conventional ones ([`amends_trace::conventions`]) for people and other tools.
//!
//! The same recorder serves the runtime, where the context of a span travels with each message, and
//! [counterexamples](counterexample), so that a bug can be seen in a trace viewer before it happens.

pub mod counterexample;
#[cfg(feature = "exporter")]
pub mod exporter;
mod identity;
#[cfg(feature = "exporter")]
mod metrics;
pub mod names;
mod open;
mod recorder;
mod sink;

pub use identity::{Recorded, RunId, SpanContext};
pub use recorder::Recorder;
pub use sink::{NdjsonFile, Sink, Telemetry};
