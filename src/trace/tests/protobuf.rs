//! Protobuf, as the messages of `opentelemetry-proto` write it, is read into the same as JSON.

use amends_trace::read::{Flaw, Item, Limits, ReadReport, Reader};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Variant;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{Metric, ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;

const OTLP: &str = include_str!("documents/otlp.ndjson");

fn read(input: &[u8]) -> (Vec<Item>, ReadReport) {
    let mut items = Vec::new();
    let report = Reader::new(input).for_each(|item| items.push(item)).expect("readable");
    (items, report)
}

fn value(variant: Variant) -> AnyValue {
    AnyValue { value: Some(variant) }
}

fn pair(key: &str, variant: Variant) -> KeyValue {
    KeyValue { key: key.into(), value: Some(value(variant)), ..KeyValue::default() }
}

fn text(text: &str) -> Variant {
    Variant::StringValue(text.into())
}

fn hex(digits: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("digits");
    (0..digits.len() / 2).map(digit).collect()
}

/// What the first two lines of `otlp.ndjson` say.
fn traces() -> ExportTraceServiceRequest {
    let trace_id = hex("4bf92f3577b34da6a3ce929d0e0e4736");
    let bytes = KeyValueList { values: vec![pair("x", Variant::BytesValue(b"hi".to_vec()))] };
    let list = ArrayValue { values: vec![value(text("a")), value(Variant::IntValue(1))] };
    let saga = Span {
        trace_id: trace_id.clone(),
        span_id: hex("00f067aa0ba902b7"),
        name: "saga order".into(),
        kind: 1,
        start_time_unix_nano: 1_700_000_000_000_000_000,
        end_time_unix_nano: 1_700_000_000_200_000_000,
        attributes: vec![
            pair("saga.id", text("o-17")),
            pair("saga.step.index", Variant::IntValue(2)),
            pair("retry", Variant::BoolValue(true)),
            pair("ratio", Variant::DoubleValue(0.5)),
            pair("tags", Variant::ArrayValue(list)),
            pair("more", Variant::KvlistValue(bytes)),
        ],
        status: Some(Status { code: 2, message: "no stock".into() }),
        events: vec![Event {
            time_unix_nano: 1_700_000_000_100_000_000,
            name: "retry".into(),
            attributes: vec![pair("attempt", Variant::IntValue(1))],
            ..Event::default()
        }],
        links: vec![Link {
            trace_id: hex("5bf92f3577b34da6a3ce929d0e0e4736"),
            span_id: hex("10f067aa0ba902b7"),
            ..Link::default()
        }],
        dropped_attributes_count: 1,
        dropped_events_count: 2,
        dropped_links_count: 3,
        ..Span::default()
    };
    let reserve = Span {
        trace_id,
        span_id: hex("20f067aa0ba902b7"),
        parent_span_id: hex("00f067aa0ba902b7"),
        name: "reserve-stock".into(),
        kind: 3,
        start_time_unix_nano: 1_700_000_000_010_000_000,
        end_time_unix_nano: 1_700_000_000_050_000_000,
        ..Span::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![
                    pair("service.name", text("order")),
                    pair("service.instance.id", text("order-1")),
                ],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                scope: Some(InstrumentationScope { name: "orders".into(), ..Default::default() }),
                spans: vec![saga, reserve],
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}

fn logs() -> ExportLogsServiceRequest {
    let record = LogRecord {
        time_unix_nano: 1_700_000_000_040_000_000,
        observed_time_unix_nano: 1_700_000_000_041_000_000,
        severity_number: 9,
        body: Some(value(text("stock reserved"))),
        event_name: "StockReserved".into(),
        attributes: vec![pair("causation_id", text("c-1"))],
        trace_id: hex("4bf92f3577b34da6a3ce929d0e0e4736"),
        span_id: hex("20f067aa0ba902b7"),
        dropped_attributes_count: 4,
        ..LogRecord::default()
    };
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(Resource {
                attributes: vec![pair("service.name", text("order"))],
                ..Resource::default()
            }),
            scope_logs: vec![ScopeLogs {
                scope: Some(InstrumentationScope { name: "events".into(), ..Default::default() }),
                log_records: vec![record],
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    }
}

fn metrics() -> ExportMetricsServiceRequest {
    let metric = Metric { name: "workflows".into(), unit: "1".into(), ..Metric::default() };
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            scope_metrics: vec![ScopeMetrics { metrics: vec![metric], ..Default::default() }],
            ..ResourceMetrics::default()
        }],
    }
}

fn framed(messages: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for message in messages {
        bytes.extend((message.len() as u32).to_be_bytes());
        bytes.extend(message);
    }
    bytes
}

#[test]
fn messages_say_the_same_as_lines_of_json() {
    let (expected, _) = read(OTLP.as_bytes());
    let messages = [traces().encode_to_vec(), logs().encode_to_vec(), metrics().encode_to_vec()];
    let (items, report) = read(&framed(&messages));
    assert_eq!(items, expected);
    assert_eq!(report, ReadReport { spans: 2, logs: 1, metrics: 1, ..ReadReport::default() });

    let whole: Vec<Item> = messages.iter().flat_map(|message| read(message).0).collect();
    assert_eq!(whole, expected);
}

#[test]
fn a_message_that_ends_in_the_middle_gives_what_came_before() {
    let message = traces().encode_to_vec();
    let (whole, _) = read(&message);
    // One byte alone is a newline, which is an empty text.
    for length in 2..message.len() {
        let (items, report) = read(&message[..length]);
        assert!(whole.starts_with(&items), "{length} bytes");
        assert!(report.losses() > 0, "{length} bytes: {report:?}");
    }
}

#[test]
fn a_span_is_left_out_where_it_is_broken_and_only_that() {
    let mut request = traces();
    let spans = &mut request.resource_spans[0].scope_spans[0].spans;
    let mut wrong = spans[0].clone();
    wrong.trace_id.pop();
    let mut orphan = spans[0].clone();
    orphan.parent_span_id = vec![1, 2, 3];
    let mut timeless = spans[0].clone();
    timeless.start_time_unix_nano = 0;
    spans.extend([wrong, orphan, timeless]);
    let (items, report) = read(&request.encode_to_vec());
    assert_eq!(items, read(&traces().encode_to_vec()).0);
    for (flaw, place) in [
        (
            Flaw::TraceId,
            "message 1, scopes[0].items[2]: an id of 16 bytes was expected, and 15 came",
        ),
        (
            Flaw::ParentId,
            "message 1, scopes[0].items[3]: an id of 8 bytes was expected, and 3 came",
        ),
        (Flaw::NoStart, "message 1, scopes[0].items[4]: saga order"),
    ] {
        let tally = &report.flaws[&flaw];
        assert_eq!((tally.count, tally.examples[0].to_string().as_str()), (1, place));
    }
}

#[test]
fn a_message_beyond_the_limit_is_passed_over() {
    let messages = [traces().encode_to_vec(), logs().encode_to_vec()];
    let mut limits = Limits::default();
    limits.message = messages[1].len();
    let mut items = Vec::new();
    let report = Reader::new(&framed(&messages)[..])
        .limits(limits)
        .for_each(|item| items.push(item))
        .expect("readable");
    assert_eq!((report.spans, report.logs), (0, 1));
    assert_eq!(report.flaws[&Flaw::MessageTooLarge].count, 1);
}

#[test]
fn values_within_values_are_read_to_a_depth() {
    let mut request = traces();
    let mut deep = value(text("end"));
    for _ in 0..60 {
        deep = value(Variant::ArrayValue(ArrayValue { values: vec![deep] }));
    }
    let span = &mut request.resource_spans[0].scope_spans[0].spans[0];
    span.attributes =
        vec![KeyValue { key: "deep".into(), value: Some(deep), ..Default::default() }];
    let (items, report) = read(&request.encode_to_vec());
    assert_eq!(items.len(), 2);
    assert_eq!(report.flaws[&Flaw::NestedTooDeep].count, 1);
}
