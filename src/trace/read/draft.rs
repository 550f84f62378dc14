//! Drafts: what was told of a span or a log record, before it is known to be one.
//!
//! Every format fills in a draft. Whether it becomes a span is decided here, once for all of them.

use std::fmt::Write as _;
use std::sync::Arc;

use compact_str::CompactString;

use super::intake::Intake;
use super::report::Flaw;
use crate::attribute::{Attributes, Value};
use crate::id::{InvalidId, SpanId, TraceId};
use crate::log::LogRecord;
use crate::span::{Dropped, Link, Source, Span, SpanEvent, SpanKind, Status, Time};

/// Ends that are earlier than starts by no more than this come of rounding starts to a millisecond, as
/// the SDK for JavaScript does, and are not worth a word.
const ROUNDING: u64 = 1_000_000;

/// An id as it was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Told<I> {
    /// Not at all, as empty text, or as zeros.
    #[default]
    Nothing,
    /// As an id.
    Id(I),
    /// As something that is none.
    Invalid(InvalidId),
}

impl<I> From<Result<I, InvalidId>> for Told<I> {
    fn from(read: Result<I, InvalidId>) -> Self {
        match read {
            Ok(id) => Told::Id(id),
            Err(InvalidId::Zero) => Told::Nothing,
            Err(invalid) => Told::Invalid(invalid),
        }
    }
}

impl<I> Told<I> {
    fn complaint(&self) -> CompactString {
        let mut text = CompactString::default();
        match self {
            Told::Invalid(invalid) => {
                // Writing to text does not fail.
                let _ = write!(text, "{invalid}");
            }
            Told::Nothing | Told::Id(_) => text.push_str("there is none"),
        }
        text
    }
}

/// The code of a status, as it was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum StatusCode {
    #[default]
    Unset,
    Ok,
    Error,
}

/// What was told of a span.
#[derive(Debug, Default)]
pub(super) struct SpanDraft {
    pub(super) trace: Told<TraceId>,
    pub(super) id: Told<SpanId>,
    pub(super) parent: Told<SpanId>,
    pub(super) name: CompactString,
    pub(super) kind: SpanKind,
    /// Nanoseconds; zero if it was not told.
    pub(super) start: u64,
    /// Nanoseconds; zero if it was not told.
    pub(super) end: u64,
    pub(super) status: StatusCode,
    pub(super) description: CompactString,
    pub(super) attributes: Attributes,
    pub(super) events: Vec<SpanEvent>,
    pub(super) links: Vec<Link>,
    pub(super) dropped: Dropped,
}

impl SpanDraft {
    /// The span, if it is one; or else the flaw is counted.
    pub(super) fn finish(self, source: Arc<Source>, intake: &mut Intake<'_>) -> Option<Span> {
        let Told::Id(trace) = self.trace else {
            intake.note_with(Flaw::TraceId, || self.trace.complaint());
            return None;
        };
        let Told::Id(id) = self.id else {
            intake.note_with(Flaw::SpanId, || self.id.complaint());
            return None;
        };
        let parent = match self.parent {
            Told::Id(parent) => Some(parent),
            Told::Nothing => None,
            // Without its parent it would look like a root, which it is not.
            Told::Invalid(_) => {
                intake.note_with(Flaw::ParentId, || self.parent.complaint());
                return None;
            }
        };
        if self.start == 0 {
            intake.note_with(Flaw::NoStart, || self.name.clone());
            return None;
        }
        let end = match self.end {
            0 => None,
            end if end < self.start => {
                if self.start - end > ROUNDING {
                    intake.note_with(Flaw::EndBeforeStart, || self.name.clone());
                }
                Some(Time(self.start))
            }
            end => Some(Time(end)),
        };
        let status = match self.status {
            StatusCode::Unset => Status::Unset,
            StatusCode::Ok => Status::Ok,
            StatusCode::Error => Status::Error(self.description),
        };
        Some(Span {
            trace,
            id,
            parent,
            name: self.name,
            kind: self.kind,
            start: Time(self.start),
            end,
            status,
            attributes: self.attributes,
            events: self.events,
            links: self.links,
            dropped: self.dropped,
            source,
        })
    }
}

/// What was told of a link.
#[derive(Debug, Default)]
pub(super) struct LinkDraft {
    pub(super) trace: Told<TraceId>,
    pub(super) span: Told<SpanId>,
    pub(super) attributes: Attributes,
}

impl LinkDraft {
    /// The link, if it is one; or else the flaw is counted.
    pub(super) fn finish(self, intake: &mut Intake<'_>) -> Option<Link> {
        let (Told::Id(trace), Told::Id(span)) = (self.trace, self.span) else {
            intake.note_with(Flaw::LinkId, || match self.trace {
                Told::Id(_) => self.span.complaint(),
                Told::Nothing | Told::Invalid(_) => self.trace.complaint(),
            });
            return None;
        };
        Some(Link { trace, span, attributes: self.attributes })
    }
}

/// What was told of a log record.
#[derive(Debug)]
pub(super) struct LogDraft {
    /// Nanoseconds; zero if it was not told.
    pub(super) time: u64,
    /// Nanoseconds; zero if it was not told.
    pub(super) observed: u64,
    pub(super) event_name: CompactString,
    pub(super) body: Value,
    pub(super) attributes: Attributes,
    pub(super) trace: Told<TraceId>,
    pub(super) span: Told<SpanId>,
    pub(super) dropped_attributes: u32,
}

impl Default for LogDraft {
    fn default() -> Self {
        LogDraft {
            time: 0,
            observed: 0,
            event_name: CompactString::default(),
            body: Value::Empty,
            attributes: Attributes::new(),
            trace: Told::Nothing,
            span: Told::Nothing,
            dropped_attributes: 0,
        }
    }
}

impl LogDraft {
    /// The log record. Ids that are none are left out and counted: the record says enough without them.
    pub(super) fn finish(mut self, source: Arc<Source>, intake: &mut Intake<'_>) -> LogRecord {
        let mut id_of = |complaint: Option<CompactString>| {
            if let Some(complaint) = complaint {
                intake.note(Flaw::LogId, complaint);
            }
        };
        id_of(matches!(self.trace, Told::Invalid(_)).then(|| self.trace.complaint()));
        id_of(matches!(self.span, Told::Invalid(_)).then(|| self.span.complaint()));
        let trace = if let Told::Id(id) = self.trace { Some(id) } else { None };
        let span = if let Told::Id(id) = self.span { Some(id) } else { None };
        // The name of an event was an attribute once, and still is in many a program.
        if self.event_name.is_empty()
            && let Some(name) = self.attributes.text("event.name")
        {
            self.event_name = name.into();
        }
        LogRecord {
            time: Time(if self.time == 0 { self.observed } else { self.time }),
            event_name: self.event_name,
            body: self.body,
            attributes: self.attributes,
            trace,
            span,
            dropped_attributes: self.dropped_attributes,
            source,
        }
    }
}

/// Who says so, by what a resource says of itself.
pub(super) fn source(resource: Attributes, scope: CompactString) -> Source {
    let text = |name: &str| resource.get(name).and_then(Value::to_text).map(CompactString::from);
    let service = text("service.name").unwrap_or_default();
    let process = || {
        let process = text("process.pid")?;
        Some(match text("host.name").or_else(|| text("container.id")) {
            Some(host) => compact_str::format_compact!("{process}@{host}"),
            None => process,
        })
    };
    let instance = text("service.instance.id")
        .or_else(|| text("k8s.pod.uid"))
        .or_else(process)
        .unwrap_or_default();
    Source { service, instance, resource, scope }
}
