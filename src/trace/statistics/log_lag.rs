//! How long events of a log wait: from the record that tells of the event to the beginning of the spans that
//! handle it.
//!
//! A span handles an event if it names the event's id as its cause or as its message; or, by our own
//! attributes, if it consumes an event of the name that was appended.

use rustc_hash::FxHashMap;

use crate::attribute::Attributes;
use crate::conventions::{CAUSATION_ID, EVENT_ID, MESSAGE_ID};
use crate::log::LogRecord;
use crate::record::names;
use crate::span::{Span, Time};

/// How long each event of a workflow waited for each that handled it, in nanoseconds. An event that clocks
/// place after its handling did not wait.
pub(super) fn of<'s>(spans: &'s [Span], logs: &'s [LogRecord]) -> impl Iterator<Item = u64> + 's {
    let mut told: FxHashMap<&str, Vec<Time>> = FxHashMap::default();
    for log in logs {
        let id = log.attributes.text(EVENT_ID).or_else(|| appended(&log.attributes));
        if let Some(id) = id {
            told.entry(id).or_default().push(log.time);
        }
    }
    told.values_mut().for_each(|times| times.sort_unstable());
    spans.iter().filter_map(move |span| {
        let attributes = &span.attributes;
        let by_id = [CAUSATION_ID, MESSAGE_ID].into_iter().filter_map(|name| attributes.text(name));
        let times = by_id.chain(consumed(attributes)).find_map(|id| told.get(id))?;
        // Of several events of one name, the last before it.
        let at = times.partition_point(|time| *time <= span.start).saturating_sub(1);
        Some(span.start.0.saturating_sub(times[at].0))
    })
}

/// The name of the event that a record says was appended.
fn appended(attributes: &Attributes) -> Option<&str> {
    let is_append = attributes.text(names::OPERATION) == Some("append");
    attributes.text(names::SUBJECT).filter(|_| is_append)
}

/// The name of the event that a span says was consumed.
fn consumed(attributes: &Attributes) -> Option<&str> {
    let is_consumed = attributes.text(names::OPERATION) == Some("consume");
    let subject = attributes.text(names::SUBJECT).filter(|_| is_consumed)?;
    subject.split_once('@').map(|(event, _)| event)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::attribute::Value;
    use crate::fixture::span;

    fn record(time: u64, attributes: &[(&str, &str)]) -> LogRecord {
        LogRecord {
            time: Time(time),
            event_name: "placed".into(),
            body: Value::Empty,
            attributes: attributes.iter().copied().collect(),
            trace: None,
            span: None,
            dropped_attributes: 0,
            source: Arc::default(),
        }
    }

    fn handled(id: u64, start: u64, attributes: &[(&str, &str)]) -> Span {
        let mut span = span(id, None, "handle", 0, 1);
        span.start = Time(start);
        span.attributes = attributes.iter().copied().collect();
        span
    }

    #[test]
    fn an_event_waits_until_whoever_names_it_begins() {
        let logs = [record(100, &[("event.id", "e1")]), record(150, &[("event.id", "e2")])];
        let spans = [
            handled(1, 130, &[("causation_id", "e1")]),
            handled(2, 120, &[("messaging.message.id", "e2")]),
            handled(3, 500, &[("causation_id", "e3")]),
        ];
        assert_eq!(of(&spans, &logs).collect::<Vec<_>>(), [30, 0]);
    }

    #[test]
    fn what_is_consumed_is_the_last_event_of_its_name() {
        let append = [("amends.operation", "append"), ("amends.subject", "placed")];
        let consume = [("amends.operation", "consume"), ("amends.subject", "placed@sales")];
        let logs = [record(200, &append), record(100, &append)];
        let spans = [handled(1, 110, &consume), handled(2, 250, &consume)];
        assert_eq!(of(&spans, &logs).collect::<Vec<_>>(), [10, 50]);
    }
}
