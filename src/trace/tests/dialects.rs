//! Every dialect of traces is read into the same spans.

use std::io::Write as _;

use amends_trace::read::{Flaw, Item, ReadReport, Reader};
use amends_trace::{Span, SpanKind, Status, Time, Value};
use flate2::Compression;
use flate2::write::GzEncoder;

const OTLP: &str = include_str!("documents/otlp.ndjson");
const LENIENT: &str = include_str!("documents/lenient.json");
const JAEGER: &str = include_str!("documents/jaeger.json");
const TEMPO: &str = include_str!("documents/tempo.json");

fn read(input: &[u8]) -> (Vec<Item>, ReadReport) {
    let mut items = Vec::new();
    let report = Reader::new(input).for_each(|item| items.push(item)).expect("readable");
    (items, report)
}

fn spans(input: &[u8]) -> Vec<Span> {
    read(input).0.into_iter().filter_map(Item::into_span).collect()
}

/// Spans one after the other, as a person would look at them.
fn shown(items: &[Item]) -> String {
    items.iter().map(|item| format!("{item:#?}\n")).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn lines_of_the_collector_are_read_whole() {
    let (items, report) = read(OTLP.as_bytes());
    insta::assert_snapshot!(shown(&items));
    assert_eq!((report.spans, report.logs, report.metrics), (2, 1, 1));
    assert!(report.flaws.is_empty(), "{report:?}");
}

#[test]
fn what_the_collector_accepts_is_accepted() {
    let (items, report) = read(LENIENT.as_bytes());
    insta::assert_snapshot!(shown(&items));
    let flaws: Vec<_> = report.flaws.iter().map(|(flaw, tally)| (*flaw, tally.count)).collect();
    assert_eq!(flaws, [(Flaw::Mistyped, 1), (Flaw::UnknownValue, 1)]);
    let mistyped = &report.flaws[&Flaw::Mistyped].examples[0];
    assert_eq!(
        mistyped.to_string(),
        "line 31, resourceSpans[1].scopes[0].spans[0]: Int said, but \"seven\" came"
    );
}

#[test]
fn traces_of_jaeger_are_read() {
    let (items, report) = read(JAEGER.as_bytes());
    insta::assert_snapshot!(shown(&items));
    assert!(report.flaws.is_empty(), "{report:?}");
}

#[test]
fn traces_of_tempo_are_read() {
    for document in [TEMPO.to_owned(), format!("{{\"trace\": {TEMPO}}}")] {
        let spans = spans(document.as_bytes());
        let [span] = &spans[..] else { panic!("{spans:?}") };
        assert_eq!((span.service(), span.source.scope.as_str()), ("order", "orders"));
        assert_eq!((span.kind, &span.status), (SpanKind::Internal, &Status::Unset));
        assert_eq!(span.end, Some(Time(1_700_000_000_200_000_000)));
        assert_eq!(span.id.to_string(), "00f067aa0ba902b7");
    }
}

#[test]
fn the_same_lines_are_the_same_spans_however_they_are_arranged() {
    let expected = read(OTLP.as_bytes()).0;
    let documents: Vec<&str> = OTLP.lines().collect();
    let pretty: Vec<String> = documents
        .iter()
        .map(|document| {
            let value: serde_json::Value = serde_json::from_str(document).expect("JSON");
            serde_json::to_string_pretty(&value).expect("JSON")
        })
        .collect();
    let framed: Vec<u8> = documents
        .iter()
        .flat_map(|document| {
            let length = (document.len() as u32).to_be_bytes();
            length.into_iter().chain(document.bytes())
        })
        .collect();
    // Every bracket on a line of its own, and nothing before it.
    let unindented =
        pretty.join("\n").lines().map(|line| format!("{}\n", line.trim())).collect::<String>();
    let arrangements: [(&str, Vec<u8>); 10] = [
        ("documents over lines that all begin at the margin", unindented.into()),
        ("a list on one line", format!("[{}]", documents.join(",")).into()),
        ("a list over lines", format!("[\n{}\n]\n", documents.join(",\n")).into()),
        ("documents over lines", pretty.join("\n").into()),
        ("documents over lines in a list", format!("[{}]", pretty.join(",")).into()),
        ("documents side by side", documents.concat().into()),
        ("lines with blank ones between", format!("\n\n{}\r\n", documents.join("\r\n\r\n")).into()),
        ("with a byte order mark", format!("\u{feff}{OTLP}").into()),
        ("behind lengths", framed),
        ("compressed", gzip(OTLP.as_bytes())),
    ];
    for (named, input) in arrangements {
        let (items, report) = read(&input);
        assert_eq!(items, expected, "{named}");
        assert!(report.flaws.is_empty(), "{named}: {report:?}");
    }
}

#[test]
fn keys_come_in_any_order() {
    let first = OTLP.lines().next().expect("a line");
    // A tree sorts its keys, and the other way round puts the resource last.
    let value: serde_json::Value = serde_json::from_str(first).expect("JSON");
    fn reversed(value: &serde_json::Value) -> String {
        match value {
            serde_json::Value::Object(map) => {
                let mut entries: Vec<_> = map.iter().collect();
                entries.sort_by(|a, b| b.0.cmp(a.0));
                let entries: Vec<_> = entries
                    .into_iter()
                    .map(|(key, value)| format!("{:?}:{}", key, reversed(value)))
                    .collect();
                format!("{{{}}}", entries.join(","))
            }
            serde_json::Value::Array(list) => {
                format!("[{}]", list.iter().map(reversed).collect::<Vec<_>>().join(","))
            }
            other => other.to_string(),
        }
    }
    assert_eq!(spans(reversed(&value).as_bytes()), spans(first.as_bytes()));
}

#[test]
fn a_resource_is_kept_once() {
    let input = OTLP.lines().next().expect("a line").to_owned() + "\n";
    let spans = spans(input.repeat(3).as_bytes());
    assert!(spans.iter().all(|span| std::sync::Arc::ptr_eq(&span.source, &spans[0].source)));
}

#[test]
fn attributes_of_compensation_are_found_by_name() {
    let spans = spans(OTLP.as_bytes());
    assert_eq!(spans[0].attributes.text("saga.id"), Some("o-17"));
    assert_eq!(spans[0].attributes.get("saga.step.index"), Some(&Value::Int(2)));
}
