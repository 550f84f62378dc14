//! Telemetry: where that goes which the processes of a run tell of themselves.
//!
//! What is told is [recorded](amends_trace::record) beside each process, by the runtime. A [`Sink`] takes
//! it: a [file](NdjsonFile), or a Collector, by way of the OpenTelemetry SDK (with the feature
//! `exporter`). It is off unless a run is given [`Telemetry`].

#[cfg(feature = "exporter")]
pub mod exporter;
#[cfg(feature = "exporter")]
mod metrics;
mod sink;

pub use amends_trace::record::{Recorded, RunId, SpanContext};
pub use sink::{NdjsonFile, Sink, Telemetry};
