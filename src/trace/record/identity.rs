//! Ids of spans, and the context that travels with messages.

use crate::{LogRecord, Span, SpanId, TraceId};
use amends_models::process::{Address, WorkflowId};

/// Tells the runs of a system apart: the workflows of each have traces of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RunId(pub u64);

/// Where a span belongs, for those that follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpanContext {
    /// Its trace.
    pub trace: TraceId,
    /// The span.
    pub span: SpanId,
}

/// What was recorded.
#[derive(Clone, Debug, PartialEq)]
pub enum Recorded {
    /// A span that has ended.
    Span(Box<Span>),
    /// A log record.
    Log(Box<LogRecord>),
}

/// The trace of a workflow: the same for whoever tells of it, also after a restart.
pub(super) fn trace_of(run: RunId, workflow: WorkflowId) -> TraceId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&mix(run.0).to_be_bytes());
    bytes[8..].copy_from_slice(&mix(mix(run.0) ^ u64::from(workflow.0)).to_be_bytes());
    TraceId::new(bytes).unwrap_or_else(|_| TraceId::new([1; 16]).expect("ones are an id"))
}

/// Numbers spans within what one process tells.
#[derive(Clone, Debug)]
pub(super) struct SpanNumbers(u64);

impl SpanNumbers {
    /// `life` tells the restarts of a process apart.
    pub(super) fn new(run: RunId, process: Address, life: u64) -> Self {
        let place =
            process.to_bytes().into_iter().fold(0, |seed, byte| seed << 8 | u64::from(byte));
        SpanNumbers(mix(mix(run.0 ^ mix(place)) ^ life))
    }

    pub(super) fn next(&mut self) -> SpanId {
        loop {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            if let Ok(id) = SpanId::new(mix(self.0).to_be_bytes()) {
                return id;
            }
        }
    }
}

/// The mixing function of SplitMix64 (Steele, Lea and Flood 2014): neighbours end up far apart.
fn mix(number: u64) -> u64 {
    let z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
