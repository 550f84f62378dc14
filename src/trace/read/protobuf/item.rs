//! Spans and log records in protobuf.

use super::fields::{Field, Fields};
use super::{Signal, value};
use crate::id::InvalidId;
use crate::read::draft::{LinkDraft, LogDraft, SpanDraft, Told};
use crate::read::intake::Intake;
use crate::read::json::{Bytes, count, kind_of, status_of};
use crate::read::report::Flaw;
use crate::span::{Link, SpanEvent, Time};

/// What it is, told by fields that only one of them has.
pub(super) fn signal_of(message: &[u8]) -> Option<Signal> {
    let mut named = None;
    for field in Fields::new(message) {
        match field.ok()? {
            // A span's start or end.
            (7 | 8, Field::Fixed64(_)) => return Some(Signal::Traces),
            // A log record's time, severity or flags.
            (1 | 11, Field::Fixed64(_)) | (2, Field::Varint(_)) | (8, Field::Fixed32(_)) => {
                return Some(Signal::Logs);
            }
            // The id of a span's trace, or the name of a metric.
            (1, Field::Bytes(bytes)) => {
                named = Some(if bytes.len() == 16 { Signal::Traces } else { Signal::Metrics });
            }
            // The data of a metric.
            (7 | 9 | 10 | 11, Field::Bytes(_)) if named == Some(Signal::Metrics) => {
                return Some(Signal::Metrics);
            }
            // The body of a log record, or its event's name.
            (5 | 12, Field::Bytes(_)) if named.is_none() => return Some(Signal::Logs),
            _ => {}
        }
    }
    named
}

fn id<I: Bytes>(bytes: &[u8]) -> Told<I> {
    if bytes.is_empty() { Told::Nothing } else { I::from_bytes(bytes).into() }
}

/// A span, as far as it is told.
pub(super) fn span(message: &[u8], intake: &mut Intake<'_>) -> Option<SpanDraft> {
    let mut draft = SpanDraft::default();
    for field in Fields::new(message) {
        match field {
            Ok((1, Field::Bytes(bytes))) => draft.trace = id(bytes),
            Ok((2, Field::Bytes(bytes))) => draft.id = id(bytes),
            Ok((4, Field::Bytes(bytes))) => draft.parent = id(bytes),
            // A parent that is told as something else is no reason to call it a root.
            Ok((4, _)) => draft.parent = Told::Invalid(InvalidId::Digit),
            Ok((5, Field::Bytes(bytes))) => draft.name = value::text(bytes, intake),
            Ok((6, Field::Varint(kind))) => match kind_of(kind.cast_signed()) {
                Some(kind) => draft.kind = kind,
                None => intake.note(Flaw::Unreadable, "kind"),
            },
            Ok((7, Field::Fixed64(start))) => draft.start = start,
            Ok((8, Field::Fixed64(end))) => draft.end = end,
            Ok((9, Field::Bytes(message))) => {
                value::push_attribute(&mut draft.attributes, message, 0, intake);
            }
            Ok((10, Field::Varint(dropped))) => draft.dropped.attributes = count(dropped),
            Ok((11, Field::Bytes(message))) => {
                if has_room::<SpanEvent>(draft.events.len(), intake) {
                    draft.events.push(event(message, intake));
                }
            }
            Ok((12, Field::Varint(dropped))) => draft.dropped.events = count(dropped),
            Ok((13, Field::Bytes(message))) => {
                if has_room::<Link>(draft.links.len(), intake) {
                    draft.links.extend(link(message, intake).finish(intake));
                }
            }
            Ok((14, Field::Varint(dropped))) => draft.dropped.links = count(dropped),
            Ok((15, Field::Bytes(message))) => status(message, &mut draft, intake),
            Ok(_) => {}
            Err(error) => {
                intake.note(Flaw::MalformedMessage, error.to_string());
                return None;
            }
        }
    }
    draft.attributes.shrink();
    Some(draft)
}

/// Whether there is room for one more event or link.
fn has_room<T>(there: usize, intake: &mut Intake<'_>) -> bool {
    let enough = there < intake.limits.events && intake.charge(size_of::<T>());
    if !enough {
        intake.note(Flaw::TooMany, "events or links");
    }
    enough
}

fn status(message: &[u8], draft: &mut SpanDraft, intake: &mut Intake<'_>) {
    for field in Fields::new(message) {
        match field {
            Ok((2, Field::Bytes(bytes))) => draft.description = value::text(bytes, intake),
            Ok((3, Field::Varint(code))) => match status_of(code.cast_signed()) {
                Some(code) => draft.status = code,
                None => intake.note(Flaw::Unreadable, "status code"),
            },
            Ok(_) => {}
            Err(error) => intake.note(Flaw::MalformedMessage, error.to_string()),
        }
    }
}

fn event(message: &[u8], intake: &mut Intake<'_>) -> SpanEvent {
    let mut event = SpanEvent::default();
    for field in Fields::new(message) {
        match field {
            Ok((1, Field::Fixed64(time))) => event.time = Time(time),
            Ok((2, Field::Bytes(bytes))) => event.name = value::text(bytes, intake),
            Ok((3, Field::Bytes(message))) => {
                value::push_attribute(&mut event.attributes, message, 0, intake);
            }
            Ok(_) => {}
            Err(error) => intake.note(Flaw::MalformedMessage, error.to_string()),
        }
    }
    event.attributes.shrink();
    event
}

fn link(message: &[u8], intake: &mut Intake<'_>) -> LinkDraft {
    let mut link = LinkDraft::default();
    for field in Fields::new(message) {
        match field {
            Ok((1, Field::Bytes(bytes))) => link.trace = id(bytes),
            Ok((2, Field::Bytes(bytes))) => link.span = id(bytes),
            Ok((4, Field::Bytes(message))) => {
                value::push_attribute(&mut link.attributes, message, 0, intake);
            }
            Ok(_) => {}
            Err(error) => intake.note(Flaw::MalformedMessage, error.to_string()),
        }
    }
    link.attributes.shrink();
    link
}

/// A log record, as far as it is told.
pub(super) fn log(message: &[u8], intake: &mut Intake<'_>) -> Option<LogDraft> {
    let mut draft = LogDraft::default();
    for field in Fields::new(message) {
        match field {
            Ok((1, Field::Fixed64(time))) => draft.time = time,
            Ok((5, Field::Bytes(message))) => draft.body = value::value(message, 0, intake),
            Ok((6, Field::Bytes(message))) => {
                value::push_attribute(&mut draft.attributes, message, 0, intake);
            }
            Ok((7, Field::Varint(dropped))) => draft.dropped_attributes = count(dropped),
            Ok((9, Field::Bytes(bytes))) => draft.trace = id(bytes),
            Ok((10, Field::Bytes(bytes))) => draft.span = id(bytes),
            Ok((11, Field::Fixed64(time))) => draft.observed = time,
            Ok((12, Field::Bytes(bytes))) => draft.event_name = value::text(bytes, intake),
            Ok(_) => {}
            Err(error) => {
                intake.note(Flaw::MalformedMessage, error.to_string());
                return None;
            }
        }
    }
    draft.attributes.shrink();
    Some(draft)
}
