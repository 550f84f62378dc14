//! Protobuf: OTLP's messages, walked through field by field.
//!
//! Generated messages would take a hundred times the memory of some messages (two bytes make a span of
//! hundreds), and refuse all of a message for one bad text in it. Walking takes memory for what is kept,
//! and leaves out what is broken. The numbers of the fields are those of `opentelemetry-proto`.

mod fields;
mod item;
mod value;

use std::io::{self, BufRead, Read};

use compact_str::CompactString;

use super::intake::Intake;
use super::report::Flaw;
use super::{Item, draft, json};
use crate::attribute::Attributes;
use fields::{Field, Fields};

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Spans.
    Traces,
    /// Log records.
    Logs,
    /// Metrics, which are passed over.
    Metrics,
}

/// Reads a file that is one message, a resource at a time.
pub(super) fn read_whole(input: &mut dyn BufRead, intake: &mut Intake<'_>) -> io::Result<()> {
    /// The field of resources, and that it has a length.
    const RESOURCE: u64 = 1 << 3 | 2;
    intake.counts_lines = false;
    let mut message = Vec::new();
    while !intake.stopped {
        let Some(key) = read_varint(input)? else { return Ok(()) };
        intake.number.set(intake.number.get() + 1);
        if key != RESOURCE {
            intake.note_with(Flaw::MalformedMessage, || {
                compact_str::format_compact!("a resource was expected, and field {} came", key >> 3)
            });
            return Ok(());
        }
        let Some(length) = read_varint(input)? else {
            intake.note(Flaw::Truncated, "");
            return Ok(());
        };
        if read_message(input, length, &mut message, intake)? {
            resource(&message, None, intake);
            intake.leave_all();
        }
    }
    Ok(())
}

/// Reads messages that each stand behind their length in four bytes, the greatest first.
pub(super) fn read_framed(input: &mut dyn BufRead, intake: &mut Intake<'_>) -> io::Result<()> {
    intake.counts_lines = false;
    let mut message = Vec::new();
    while !intake.stopped && !input.fill_buf()?.is_empty() {
        intake.number.set(intake.number.get() + 1);
        let mut length = Vec::with_capacity(4);
        input.take(4).read_to_end(&mut length)?;
        let Ok(length) = <[u8; 4]>::try_from(length) else {
            intake.note(Flaw::Truncated, "");
            return Ok(());
        };
        if !read_message(input, u32::from_be_bytes(length).into(), &mut message, intake)? {
            continue;
        }
        if message.trim_ascii_start().starts_with(b"{") {
            let read = json::read(&mut serde_json::Deserializer::from_slice(&message), intake);
            if let Err(error) = read
                && !intake.stopped
            {
                intake.note_with(Flaw::Syntax, || compact_str::format_compact!("{error}"));
            }
        } else {
            request(&message, None, intake);
        }
    }
    Ok(())
}

/// Reads a message of that length. False if it is too long, and was passed over.
fn read_message(
    mut input: &mut dyn BufRead,
    length: u64,
    message: &mut Vec<u8>,
    intake: &mut Intake<'_>,
) -> io::Result<bool> {
    message.clear();
    let mut of_message = (&mut input).take(length);
    if length > intake.limits.message as u64 {
        intake.note_with(Flaw::MessageTooLarge, || compact_str::format_compact!("{length} bytes"));
        io::copy(&mut of_message, &mut io::sink())?;
        return Ok(false);
    }
    // Memory grows with what comes, not with what is announced.
    of_message.read_to_end(message)?;
    if (message.len() as u64) < length {
        intake.note(Flaw::Truncated, "");
    }
    Ok(true)
}

/// A number of variable length; `None` at the end of the input.
fn read_varint(input: &mut dyn BufRead) -> io::Result<Option<u64>> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let Some(&byte) = input.fill_buf()?.first() else {
            return Ok((shift > 0).then_some(number));
        };
        input.consume(1);
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    Ok(Some(number))
}

/// Reads a whole request. If it is not said what it is about, that is told by what is in it.
pub(super) fn request(message: &[u8], signal: Option<Signal>, intake: &mut Intake<'_>) {
    intake.enter("resources");
    for field in Fields::new(message) {
        match field {
            Ok((1, Field::Bytes(message))) => resource(message, signal, intake),
            Ok(_) => {}
            Err(error) => {
                intake.note(Flaw::MalformedMessage, error.to_string());
                break;
            }
        }
        if intake.stopped {
            break;
        }
        intake.step();
    }
    intake.leave_all();
}

/// A resource, with its scopes.
fn resource(message: &[u8], signal: Option<Signal>, intake: &mut Intake<'_>) {
    if signal == Some(Signal::Metrics) {
        return intake.count_metrics();
    }
    // The order of fields is the writer's choice, so what is needed first is looked for first.
    let mut attributes = Attributes::new();
    intake.begin_item();
    for field in Fields::new(message) {
        if let Ok((1, Field::Bytes(of_resource))) = field {
            attributes = value::attributes(of_resource, 1, intake);
        }
    }
    let metrics_before = intake.metrics();
    intake.enter("scopes");
    for field in Fields::new(message) {
        match field {
            // 1000 is where they were once.
            Ok((2 | 1000, Field::Bytes(message))) => scope(message, &attributes, signal, intake),
            Ok(_) => continue,
            Err(error) => {
                intake.note(Flaw::MalformedMessage, error.to_string());
                break;
            }
        }
        if intake.stopped {
            break;
        }
        intake.step();
    }
    intake.leave();
    // Metrics are counted by resources.
    intake.limit_metrics(metrics_before + 1);
}

fn scope(message: &[u8], resource: &Attributes, signal: Option<Signal>, intake: &mut Intake<'_>) {
    let mut name = CompactString::default();
    for field in Fields::new(message) {
        if let Ok((1, Field::Bytes(scope))) = field {
            for field in Fields::new(scope) {
                if let Ok((1, Field::Bytes(text))) = field {
                    name = value::text(text, intake);
                }
            }
        }
    }
    let source = intake.source(draft::source(resource.clone(), name));
    intake.enter("items");
    for field in Fields::new(message) {
        let message = match field {
            Ok((2, Field::Bytes(message))) => message,
            Ok(_) => continue,
            Err(error) => {
                intake.note(Flaw::MalformedMessage, error.to_string());
                break;
            }
        };
        intake.begin_item();
        match signal.or_else(|| item::signal_of(message)) {
            Some(Signal::Traces) => {
                if let Some(draft) = item::span(message, intake)
                    && let Some(span) = draft.finish(source.clone(), intake)
                {
                    intake.hand_out(Item::Span(span));
                }
            }
            Some(Signal::Logs) => {
                if let Some(draft) = item::log(message, intake) {
                    let log = draft.finish(source.clone(), intake);
                    intake.hand_out(Item::Log(log));
                }
            }
            Some(Signal::Metrics) => intake.count_metrics(),
            None => {
                intake.note(Flaw::MalformedMessage, "neither a span, nor a log record or metric")
            }
        }
        if intake.stopped {
            break;
        }
        intake.step();
    }
    intake.leave();
}
