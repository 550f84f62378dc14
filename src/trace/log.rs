//! The log record: what a service tells outside of spans, such as an event it stored.

use std::sync::Arc;

use compact_str::CompactString;

use crate::attribute::{Attributes, Value};
use crate::id::{SpanId, TraceId};
use crate::span::{Source, Time};

/// Something that a service told at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRecord {
    /// When it happened, or when it was observed if that is not known.
    pub time: Time,
    /// What kind of event it tells of (`eventName`); empty if it is a plain line.
    pub event_name: CompactString,
    /// What it says.
    pub body: Value,
    /// More about it.
    pub attributes: Attributes,
    /// The trace in whose course it was told.
    pub trace: Option<TraceId>,
    /// The span in whose course it was told.
    pub span: Option<SpanId>,
    /// How many attributes the service left out.
    pub dropped_attributes: u32,
    /// Who says so.
    pub source: Arc<Source>,
}
