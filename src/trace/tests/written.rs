//! What is written is read again as it was.

use std::sync::Arc;

use amends_trace::read::{Item, Reader};
use amends_trace::{
    Attributes, Dropped, Link, LogRecord, Source, Span, SpanEvent, SpanKind, Status, Time, Value,
    write,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn value() -> impl Strategy<Value = Value> {
    let single = prop_oneof![
        ".{0,8}".prop_map(|text: String| Value::from(text)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // Fractions that are read exactly, however they are written.
        any::<i32>().prop_map(|quarters| Value::Double(f64::from(quarters) / 4.0)),
        Just(Value::Double(f64::NEG_INFINITY)),
        vec(any::<u8>(), 0..6).prop_map(|bytes| Value::Bytes(bytes.into())),
    ];
    single.prop_recursive(3, 12, 3, |inner| {
        let named = ("[a-z]{1,4}", inner.clone());
        prop_oneof![
            vec(inner, 0..3).prop_map(|values| Value::List(values.into())),
            vec(named, 0..3).prop_map(|pairs| Value::Map(pairs.into_iter().collect())),
        ]
    })
}

fn attributes() -> impl Strategy<Value = Attributes> {
    vec(("[a-z.]{1,8}", value()), 0..4).prop_map(|pairs| pairs.into_iter().collect())
}

fn source() -> impl Strategy<Value = Arc<Source>> {
    ("[a-z]{1,6}", "[a-z0-9]{1,6}", "[a-z]{0,4}").prop_map(|(service, instance, scope)| {
        let resource = [("service.name", &*service), ("service.instance.id", &*instance)];
        Arc::new(Source {
            resource: resource.into_iter().collect(),
            service: service.into(),
            instance: instance.into(),
            scope: scope.into(),
        })
    })
}

fn kind() -> impl Strategy<Value = SpanKind> {
    prop_oneof![
        Just(SpanKind::Unspecified),
        Just(SpanKind::Internal),
        Just(SpanKind::Server),
        Just(SpanKind::Client),
        Just(SpanKind::Producer),
        Just(SpanKind::Consumer),
    ]
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![
        Just(Status::Unset),
        Just(Status::Ok),
        "[a-z]{0,6}".prop_map(|text: String| Status::Error(text.into())),
    ]
}

prop_compose! {
    fn span()(
        ids in (1..=u128::MAX, 1..=u64::MAX, proptest::option::of(1..=u64::MAX)),
        name in "[a-z ]{1,8}",
        kind in kind(),
        times in (1..u64::MAX / 2, proptest::option::of(0..u64::MAX / 4)),
        status in status(),
        attributes in attributes(),
        events in vec((1..u64::MAX / 2, "[a-z]{1,6}", attributes()), 0..2),
        links in vec((1..=u128::MAX, 1..=u64::MAX, attributes()), 0..2),
        dropped in (0..3u32, 0..3u32, 0..3u32),
        source in source(),
    ) -> Span {
        let (trace, id, parent) = ids;
        let span_id = |id: u64| id.to_be_bytes().as_slice().try_into().map(amends_trace::SpanId::new);
        let span_id = |id| span_id(id).expect("eight bytes").expect("not zero");
        let trace_id = |id: u128| amends_trace::TraceId::new(id.to_be_bytes()).expect("not zero");
        let (start, length) = times;
        Span {
            trace: trace_id(trace),
            id: span_id(id),
            parent: parent.map(span_id),
            name: name.into(),
            kind,
            start: Time(start),
            end: length.map(|length| Time(start + length)),
            status,
            attributes,
            events: events
                .into_iter()
                .map(|(time, name, attributes)| {
                    SpanEvent { time: Time(time), name: name.into(), attributes }
                })
                .collect(),
            links: links
                .into_iter()
                .map(|(trace, id, attributes)| {
                    Link { trace: trace_id(trace), span: span_id(id), attributes }
                })
                .collect(),
            dropped: Dropped { attributes: dropped.0, events: dropped.1, links: dropped.2 },
            source,
        }
    }
}

fn read(text: &[u8]) -> Vec<Item> {
    let mut items = Vec::new();
    let report = Reader::new(text).for_each(|item| items.push(item)).expect("it is read");
    assert_eq!(report.losses(), 0, "{report:?}");
    items
}

proptest! {
    #[test]
    fn spans_are_read_as_they_were_written(spans in vec(span(), 1..5)) {
        let mut text = Vec::new();
        write::spans(&spans, &mut text).expect("memory takes all");
        let again: Vec<Span> = read(&text).into_iter().filter_map(Item::into_span).collect();
        prop_assert_eq!(again, spans);
    }

    #[test]
    fn log_records_are_read_as_they_were_written(
        source in source(),
        attributes in attributes(),
        body in value(),
        time in 1..u64::MAX,
    ) {
        let record = LogRecord {
            time: Time(time),
            event_name: "order-placed".into(),
            body,
            attributes,
            trace: Some("4bf92f3577b34da6a3ce929d0e0e4736".parse().expect("an id")),
            span: Some("00f067aa0ba902b7".parse().expect("an id")),
            dropped_attributes: 0,
            source,
        };
        let mut text = Vec::new();
        write::logs(std::slice::from_ref(&record), &mut text).expect("memory takes all");
        let again: Vec<LogRecord> = read(&text).into_iter().filter_map(Item::into_log).collect();
        prop_assert_eq!(again, [record]);
    }
}
