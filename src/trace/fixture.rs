//! Spans made by hand, for tests.

use std::sync::Arc;

use crate::attribute::Attributes;
use crate::id::{SpanId, TraceId};
use crate::span::{Dropped, Link, Source, Span, SpanKind, Status, Time};

/// Milliseconds, as nanoseconds.
pub(crate) const MS: u64 = 1_000_000;

/// A span of service `order` in trace 1, with times in milliseconds.
pub(crate) fn span(id: u64, parent: Option<u64>, name: &str, start: u64, end: u64) -> Span {
    Span {
        trace: TraceId::new([1; 16]).expect("an id"),
        id: span_id(id),
        parent: parent.map(span_id),
        name: name.into(),
        kind: SpanKind::Internal,
        start: Time(start * MS),
        end: Some(Time(end * MS)),
        status: Status::Unset,
        attributes: Attributes::new(),
        events: Vec::new(),
        links: Vec::new(),
        dropped: Dropped::default(),
        source: source("order"),
    }
}

pub(crate) fn span_id(id: u64) -> SpanId {
    SpanId::new(id.to_be_bytes()).expect("an id")
}

pub(crate) fn source(service: &str) -> Arc<Source> {
    Arc::new(Source { service: service.into(), ..Source::default() })
}

/// The span, as another service tells of it.
pub(crate) fn at(service: &str, span: Span) -> Span {
    Span { source: source(service), ..span }
}

pub(crate) fn linked_to(mut span: Span, other: &Span) -> Span {
    span.links.push(Link { trace: other.trace, span: other.id, attributes: Attributes::new() });
    span
}

/// The span, with an attribute.
pub(crate) fn with(name: &str, value: &str, mut span: Span) -> Span {
    span.attributes.push(name, value);
    span
}
