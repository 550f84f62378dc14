//! Export requests in OTLP/JSON: hexadecimal ids, 64-bit integers as text, enumerations as numbers.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::{Attributes, Link, LogRecord, Source, Span, SpanEvent, SpanKind, Status, Time, Value};

/// An `ExportTraceServiceRequest`.
pub(super) struct Traces<'a>(pub(super) &'a [Span]);

/// An `ExportLogsServiceRequest`.
pub(super) struct Logs<'a>(pub(super) &'a [LogRecord]);

impl Serialize for Traces<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let runs = runs(self.0, |span| &span.source);
        let resources: Vec<_> = runs
            .map(|(source, spans)| {
                let spans = spans.iter().map(span).collect();
                ResourceSpans { resource: resource(source), scope_spans: [scoped(source, spans)] }
            })
            .collect();
        single(out, "resourceSpans", &resources)
    }
}

impl Serialize for Logs<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let runs = runs(self.0, |record| &record.source);
        let resources: Vec<_> = runs
            .map(|(source, records)| {
                let log_records = records.iter().map(log).collect();
                let scope = Scope { name: &source.scope };
                let scope_logs = [ScopeLogs { scope, log_records }];
                ResourceLogs { resource: resource(source), scope_logs }
            })
            .collect();
        single(out, "resourceLogs", &resources)
    }
}

fn single<S: Serializer>(out: S, name: &str, value: &impl Serialize) -> Result<S::Ok, S::Error> {
    let mut map = out.serialize_map(Some(1))?;
    map.serialize_entry(name, value)?;
    map.end()
}

/// Neighbours with one source.
fn runs<T>(
    items: &[T],
    source: impl Fn(&T) -> &Arc<Source> + Copy,
) -> impl Iterator<Item = (&Source, &[T])> {
    items
        .chunk_by(move |one, next| source(one) == source(next))
        .map(move |run| (source(&run[0]).as_ref(), run))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: Resource<'a>,
    scope_spans: [ScopeSpans<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceLogs<'a> {
    resource: Resource<'a>,
    scope_logs: [ScopeLogs<'a>; 1],
}

#[derive(Serialize)]
struct Resource<'a> {
    attributes: Pairs<'a>,
}

#[derive(Serialize)]
struct Scope<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
}

#[derive(Serialize)]
struct ScopeSpans<'a> {
    scope: Scope<'a>,
    spans: Vec<SpanJson<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ScopeLogs<'a> {
    scope: Scope<'a>,
    log_records: Vec<LogJson<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpanJson<'a> {
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<String>,
    name: &'a str,
    kind: u8,
    start_time_unix_nano: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time_unix_nano: Option<String>,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    attributes: Pairs<'a>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_attributes_count: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<EventJson<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_events_count: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<LinkJson<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_links_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<StatusJson<'a>>,
}

#[derive(Serialize)]
struct StatusJson<'a> {
    code: u8,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventJson<'a> {
    time_unix_nano: String,
    name: &'a str,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    attributes: Pairs<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkJson<'a> {
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    attributes: Pairs<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogJson<'a> {
    time_unix_nano: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    event_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<AnyValue<'a>>,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    attributes: Pairs<'a>,
    #[serde(skip_serializing_if = "is_zero")]
    dropped_attributes_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<String>,
}

fn resource(source: &Source) -> Resource<'_> {
    Resource { attributes: Pairs(&source.resource) }
}

fn scoped<'a>(source: &'a Source, spans: Vec<SpanJson<'a>>) -> ScopeSpans<'a> {
    ScopeSpans { scope: Scope { name: &source.scope }, spans }
}

fn span(span: &Span) -> SpanJson<'_> {
    SpanJson {
        trace_id: span.trace.to_string(),
        span_id: span.id.to_string(),
        parent_span_id: span.parent.map(|id| id.to_string()),
        name: &span.name,
        kind: kind(span.kind),
        start_time_unix_nano: nanos(span.start),
        end_time_unix_nano: span.end.map(nanos),
        attributes: Pairs(&span.attributes),
        dropped_attributes_count: span.dropped.attributes,
        events: span.events.iter().map(event).collect(),
        dropped_events_count: span.dropped.events,
        links: span.links.iter().map(link).collect(),
        dropped_links_count: span.dropped.links,
        status: match &span.status {
            Status::Unset => None,
            Status::Ok => Some(StatusJson { code: 1, message: "" }),
            Status::Error(message) => Some(StatusJson { code: 2, message }),
        },
    }
}

fn event(event: &SpanEvent) -> EventJson<'_> {
    EventJson {
        time_unix_nano: nanos(event.time),
        name: &event.name,
        attributes: Pairs(&event.attributes),
    }
}

fn link(link: &Link) -> LinkJson<'_> {
    LinkJson {
        trace_id: link.trace.to_string(),
        span_id: link.span.to_string(),
        attributes: Pairs(&link.attributes),
    }
}

fn log(record: &LogRecord) -> LogJson<'_> {
    LogJson {
        time_unix_nano: nanos(record.time),
        event_name: &record.event_name,
        body: (record.body != Value::Empty).then_some(AnyValue(&record.body)),
        attributes: Pairs(&record.attributes),
        dropped_attributes_count: record.dropped_attributes,
        trace_id: record.trace.map(|id| id.to_string()),
        span_id: record.span.map(|id| id.to_string()),
    }
}

fn nanos(time: Time) -> String {
    time.0.to_string()
}

fn kind(kind: SpanKind) -> u8 {
    match kind {
        SpanKind::Unspecified => 0,
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Attributes as a list of keys and values.
struct Pairs<'a>(&'a Attributes);

impl Pairs<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[derive(Serialize)]
struct Pair<'a> {
    key: &'a str,
    value: AnyValue<'a>,
}

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(self.0.iter().map(|(key, value)| Pair { key, value: AnyValue(value) }))
    }
}

/// A value under the name of its type.
struct AnyValue<'a>(&'a Value);

impl Serialize for AnyValue<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Text(text) => single(out, "stringValue", &text.as_str()),
            Value::Bool(value) => single(out, "boolValue", value),
            Value::Int(value) => single(out, "intValue", &value.to_string()),
            Value::Double(value) if value.is_finite() => single(out, "doubleValue", value),
            Value::Double(value) if value.is_nan() => single(out, "doubleValue", &"NaN"),
            Value::Double(value) if *value > 0.0 => single(out, "doubleValue", &"Infinity"),
            Value::Double(_) => single(out, "doubleValue", &"-Infinity"),
            Value::Bytes(bytes) => single(out, "bytesValue", &STANDARD.encode(bytes)),
            Value::List(values) => single(out, "arrayValue", &Values { values: List(values) }),
            Value::Map(values) => single(out, "kvlistValue", &Values { values: Pairs(values) }),
            Value::Empty => out.serialize_map(Some(0))?.end(),
        }
    }
}

/// A list or a map, under the name `values`.
#[derive(Serialize)]
struct Values<T> {
    values: T,
}

struct List<'a>(&'a [Value]);

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut list = out.serialize_seq(Some(self.0.len()))?;
        self.0.iter().try_for_each(|value| list.serialize_element(&AnyValue(value)))?;
        list.end()
    }
}
