//! How much memory spans and log records take, about: what is held of them is limited by that.

use compact_str::CompactString;

use crate::attribute::{Attributes, Value};
use crate::log::LogRecord;
use crate::read::Item;
use crate::span::{Link, Span, SpanEvent, Status};

fn of_text(text: &CompactString) -> usize {
    if text.is_heap_allocated() { text.capacity() } else { 0 }
}

fn of_value(value: &Value) -> usize {
    match value {
        Value::Text(text) => of_text(text),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(values) => {
            size_of_val::<[Value]>(values) + values.iter().map(of_value).sum::<usize>()
        }
        Value::Map(values) => values.memory(),
        Value::Bool(_) | Value::Int(_) | Value::Double(_) | Value::Empty => 0,
    }
}

impl Attributes {
    /// Bytes that they take, besides themselves.
    pub(crate) fn memory(&self) -> usize {
        let of_pair = |(name, value): &(CompactString, Value)| of_text(name) + of_value(value);
        self.capacity() * size_of::<(CompactString, Value)>()
            + self.pairs().iter().map(of_pair).sum::<usize>()
    }
}

impl Span {
    /// Bytes that it takes; its source is shared and does not count.
    pub(crate) fn memory(&self) -> usize {
        let description = match &self.status {
            Status::Error(description) => of_text(description),
            Status::Unset | Status::Ok => 0,
        };
        let of_event = |event: &SpanEvent| of_text(&event.name) + event.attributes.memory();
        size_of::<Span>()
            + of_text(&self.name)
            + description
            + self.attributes.memory()
            + self.events.capacity() * size_of::<SpanEvent>()
            + self.events.iter().map(of_event).sum::<usize>()
            + self.links.capacity() * size_of::<Link>()
            + self.links.iter().map(|link| link.attributes.memory()).sum::<usize>()
    }
}

impl LogRecord {
    /// Bytes that it takes; its source is shared and does not count.
    pub(crate) fn memory(&self) -> usize {
        size_of::<LogRecord>()
            + of_text(&self.event_name)
            + of_value(&self.body)
            + self.attributes.memory()
    }
}

impl Item {
    /// Bytes that it takes; its source is shared and does not count.
    pub(crate) fn memory(&self) -> usize {
        match self {
            Item::Span(span) => span.memory(),
            Item::Log(log) => log.memory(),
        }
    }
}
