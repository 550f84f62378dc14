//! Writing traces: what was recorded leaves as OTLP/JSON, one export request per line, which is what the
//! Collector's file exporter writes and every reader of it takes.
//!
//! ```
//! use std::sync::Arc;
//! use amends_trace::{Attributes, Dropped, Source, Span, SpanKind, Status, Time, write};
//!
//! let span = Span {
//!     trace: "4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap(),
//!     id: "00f067aa0ba902b7".parse().unwrap(),
//!     parent: None,
//!     name: "saga order".into(),
//!     kind: SpanKind::Internal,
//!     start: Time(1_000),
//!     end: Some(Time(2_000)),
//!     status: Status::Unset,
//!     attributes: [("saga.name", "order")].into_iter().collect(),
//!     events: Vec::new(),
//!     links: Vec::new(),
//!     dropped: Dropped::default(),
//!     source: Arc::new(Source { service: "orders".into(), ..Source::default() }),
//! };
//! let mut line = Vec::new();
//! write::spans(&[span], &mut line).unwrap();
//! assert!(line.starts_with(br#"{"resourceSpans":[{"resource":"#));
//! ```

mod otlp_json;

use std::io::{self, Write};

use crate::{LogRecord, Span};

/// Writes spans as one export request, on a line of its own. Nothing is written if there are none.
///
/// # Errors
/// When `out` cannot be written to.
pub fn spans(spans: &[Span], out: &mut impl Write) -> io::Result<()> {
    if spans.is_empty() { Ok(()) } else { line(&otlp_json::Traces(spans), out) }
}

/// Writes log records as one export request, on a line of its own. Nothing is written if there are none.
///
/// # Errors
/// When `out` cannot be written to.
pub fn logs(records: &[LogRecord], out: &mut impl Write) -> io::Result<()> {
    if records.is_empty() { Ok(()) } else { line(&otlp_json::Logs(records), out) }
}

fn line(request: &impl serde::Serialize, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, request).map_err(io::Error::from)?;
    out.write_all(b"\n")
}
