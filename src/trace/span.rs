//! The span: one operation of one service, with when, for whom, and what came of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use compact_str::CompactString;

use crate::attribute::Attributes;
use crate::id::{SpanId, TraceId};

/// An instant on the clock of the service that said so: nanoseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time(pub u64);

impl Time {
    /// How long it is from `earlier` to this; nothing if it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Time) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// One operation of one service.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The trace that it belongs to.
    pub trace: TraceId,
    /// Its id within the trace.
    pub id: SpanId,
    /// The operation that it is part of, or was asked for by.
    pub parent: Option<SpanId>,
    /// What it does.
    pub name: CompactString,
    /// Its part in a call or a message.
    pub kind: SpanKind,
    /// When it began, by its service's clock.
    pub start: Time,
    /// When it ended, by the same clock; `None` if that was not told.
    pub end: Option<Time>,
    /// What came of it, as far as the status says.
    pub status: Status,
    /// What else it says of itself.
    pub attributes: Attributes,
    /// What happened in its course, in the order in which it was told.
    pub events: Vec<SpanEvent>,
    /// Spans it has to do with, of this trace or another.
    pub links: Vec<Link>,
    /// What its service left out.
    pub dropped: Dropped,
    /// Who says so.
    pub source: Arc<Source>,
}

impl Span {
    /// How long it took; `None` if its end is not known.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        Some(self.end?.since(self.start))
    }

    /// The name of its service; empty if it has none.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.source.service
    }
}

/// Who emitted spans or log records: a process of a service, and the library in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Source {
    /// The name of the service (`service.name`); empty if it has none.
    pub service: CompactString,
    /// What tells processes of the service apart (`service.instance.id`, or the process id and host);
    /// empty if nothing does. Clocks are compared within one instance only.
    pub instance: CompactString,
    /// All attributes of the resource.
    pub resource: Attributes,
    /// The name of the instrumentation; empty if it has none.
    pub scope: CompactString,
}

/// A span's part in a call or a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SpanKind {
    /// Not said, which means an operation within a service.
    #[default]
    Unspecified,
    /// An operation within a service.
    Internal,
    /// It answers a call.
    Server,
    /// It calls, and waits for the answer.
    Client,
    /// It sends a message, and does not wait.
    Producer,
    /// It handles a message.
    Consumer,
}

/// What came of a span, as far as its status says. Unset is what successful operations have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Nothing is said.
    #[default]
    Unset,
    /// Success, by the word of an application.
    Ok,
    /// Failure, with a description that may be empty.
    Error(CompactString),
}

/// Something that happened in the course of a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanEvent {
    /// When, by the clock of the span's service.
    pub time: Time,
    /// What.
    pub name: CompactString,
    /// More about it.
    pub attributes: Attributes,
}

/// A span that another has to do with.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Its trace.
    pub trace: TraceId,
    /// Its id there.
    pub span: SpanId,
    /// More about it.
    pub attributes: Attributes,
}

/// How much was left out by the service, to stay within its limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Attributes.
    pub attributes: u32,
    /// Events.
    pub events: u32,
    /// Links.
    pub links: u32,
}

impl Dropped {
    /// Whether anything was left out.
    #[must_use]
    pub fn any(self) -> bool {
        self != Dropped::default()
    }
}

impl fmt::Display for SpanKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SpanKind::Unspecified => "unspecified",
            SpanKind::Internal => "internal",
            SpanKind::Server => "server",
            SpanKind::Client => "client",
            SpanKind::Producer => "producer",
            SpanKind::Consumer => "consumer",
        })
    }
}
