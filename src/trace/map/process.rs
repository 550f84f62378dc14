//! Which spans are of one process, so that their times can be compared.
//!
//! A service that names its instance says it itself. Where it does not, a span of kind internal, client or
//! producer is of the same process as its parent, if both are of the same service: such spans have no
//! remote parent (OpenTelemetry, *Span Kind*). Spans of kind server and consumer begin a process of
//! their own, as far as anybody knows.

use rustc_hash::FxHashMap;

use crate::log::LogRecord;
use crate::span::{Source, Span, SpanKind};

/// A process, by number.
pub(super) type ProcessId = u32;

/// Not known yet.
const OPEN: ProcessId = 0;
/// It depends on itself, so far.
const ON_PATH: ProcessId = ProcessId::MAX;

/// The processes of spans and log records.
pub(super) struct Processes {
    pub(super) of_spans: Vec<ProcessId>,
    pub(super) of_logs: Vec<ProcessId>,
}

impl Processes {
    /// Finds out of which process each span and log record is.
    pub(super) fn of(
        spans: &[&Span],
        logs: &[&LogRecord],
        parent: impl Fn(usize) -> Option<usize>,
        around: impl Fn(usize) -> Option<usize>,
        is_remote: impl Fn(usize) -> bool,
    ) -> Processes {
        let mut named: FxHashMap<(&str, &str), ProcessId> = FxHashMap::default();
        let mut next = 0;
        let mut new = || {
            next += 1;
            next
        };
        let mut of_spans: Vec<ProcessId> = vec![OPEN; spans.len()];
        let mut path = Vec::new();
        for start in 0..spans.len() {
            // Up to a span whose process is known, or that begins one; a circle begins one, too.
            let mut at = start;
            let process = loop {
                if of_spans[at] != OPEN {
                    break of_spans[at];
                }
                of_spans[at] = ON_PATH;
                path.push(at);
                let source = &*spans[at].source;
                if !source.instance.is_empty() {
                    let key = (source.service.as_str(), source.instance.as_str());
                    break *named.entry(key).or_insert_with(&mut new);
                }
                let local = parent(at).filter(|&up| {
                    is_local(spans[at].kind) && !is_remote(at) && are_one(source, &spans[up].source)
                });
                match local {
                    Some(up) if of_spans[up] != ON_PATH => at = up,
                    _ => break new(),
                }
            };
            path.drain(..).for_each(|at| of_spans[at] = process);
        }
        let of_logs = logs.iter().enumerate().map(|(at, log)| {
            let source = &*log.source;
            if !source.instance.is_empty() {
                let key = (source.service.as_str(), source.instance.as_str());
                return *named.entry(key).or_insert_with(&mut new);
            }
            let span = around(at).filter(|&span| are_one(source, &spans[span].source));
            span.map_or_else(&mut new, |span| of_spans[span])
        });
        let of_logs = of_logs.collect();
        Processes { of_spans, of_logs }
    }
}

/// Whether a span of that kind has a parent in its own process.
fn is_local(kind: SpanKind) -> bool {
    match kind {
        SpanKind::Unspecified | SpanKind::Internal | SpanKind::Client | SpanKind::Producer => true,
        SpanKind::Server | SpanKind::Consumer => false,
    }
}

/// Whether nothing tells the two apart but the library that speaks.
fn are_one(one: &Source, other: &Source) -> bool {
    std::ptr::eq(one, other)
        || (one.service == other.service
            && one.instance == other.instance
            && one.resource == other.resource)
}
