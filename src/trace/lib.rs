//! Traces of distributed transactions, as services in any language emit them.
//!
//! OpenTelemetry comes in many dialects. Whatever the dialect, it is read into one plain type, the
//! [`Span`] (and the [`LogRecord`], for what is told in logs), and nothing after that knows of protobuf,
//! JSON or Jaeger. The reader is lenient about form and strict about meaning: what a Collector accepts is
//! accepted, ids are validated, and what is left out is counted and said.
//!
//! Times of different services prove nothing about order, since clocks differ; parents, links and the
//! clock of one service do. This package keeps to what spans say of themselves. Whether they tell of a
//! correct saga is judged elsewhere, by the very models that are checked.
//!
//! Start reading at [`span`], then [`read`] and [`assemble`].

#![forbid(unsafe_code)]

pub mod assemble;
pub mod attribute;
pub mod compensation;
pub mod conventions;
pub mod critical_path;
pub mod draft;
pub mod failure;
#[cfg(test)]
mod fixture;
pub mod id;
pub mod judge;
pub mod log;
pub mod map;
mod memory;
pub mod metrics;
pub mod read;
#[cfg(feature = "receiver")]
pub mod receive;
pub mod record;
pub mod shape;
mod sources;
pub mod span;
pub mod statistics;
pub mod timeline;
pub mod tree;
pub mod workflow;
pub mod write;

pub use attribute::{Attributes, Value};
pub use conventions::{Facts, Phase, Protocol, SpanOutcome, WorkflowOutcome};
pub use id::{InvalidId, SpanId, TraceId};
pub use log::LogRecord;
pub use span::{Dropped, Link, Source, Span, SpanEvent, SpanKind, Status, Time};
