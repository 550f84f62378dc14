//! Whatever is read, nothing panics, and what is handed out keeps its promises.
//!
//! All files of `corpus` and `documents` are replayed as they are. Then they are mutated: byte by byte, and
//! (where they are JSON) node by node, so that what is still JSON reaches what is behind the parser.
//! `PROPTEST_CASES=1000000 cargo test --release --test fuzzing` goes on for longer. A file that once
//! did harm belongs into `corpus`.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use amends_trace::assemble::{Assembler, AssemblySettings, ByAttributes};
use amends_trace::read::{Item, Limits, ReadError, ReadReport, Reader};
use amends_trace::{Attributes, Value};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value as Json;

const GOOD: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"fffffffffffffffffffffffffffffff0","spanId":"fffffffffffffff0","name":"good","startTimeUnixNano":"1700000000000000000"}]}]}]}"#;

/// All files to begin with, by name.
static SEEDS: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut seeds: Vec<_> = ["corpus", "documents"]
        .iter()
        .flat_map(|folder| fs::read_dir(tests.join(folder)).expect("a folder"))
        .map(|entry| {
            let path = entry.expect("an entry").path();
            (path.display().to_string(), fs::read(&path).expect("a file"))
        })
        .collect();
    seeds.sort();
    assert!(seeds.len() > 20, "the corpus is there");
    seeds
});

/// All documents in the files, one by one.
static DOCUMENTS: LazyLock<Vec<Json>> = LazyLock::new(|| {
    let texts = SEEDS.iter().filter_map(|(_, bytes)| std::str::from_utf8(bytes).ok());
    let documents: Vec<Json> = texts
        .flat_map(|text| match serde_json::from_str(text) {
            Ok(document) => vec![document],
            Err(_) => text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
        })
        .collect();
    assert!(documents.len() > 10, "most are JSON");
    documents
});

fn limits() -> Limits {
    let mut limits = Limits::default();
    // Small, so that they are met.
    (limits.text, limits.attributes, limits.events, limits.item) = (100, 10, 5, 4_000);
    limits
}

fn read(input: &[u8]) -> (Vec<Item>, Result<ReadReport, ReadError>) {
    let mut items = Vec::new();
    let report = Reader::new(input).limits(limits()).for_each(|item| items.push(item));
    (items, report)
}

/// Whether what is handed out keeps its promises, and the report tells how much it is.
fn check(items: &[Item], report: &Result<ReadReport, ReadError>) {
    if let Ok(report) = report {
        let spans = items.iter().filter(|item| matches!(item, Item::Span(_))).count() as u64;
        assert_eq!((report.spans, report.logs), (spans, items.len() as u64 - spans));
        for tally in report.flaws.values() {
            let told = tally.examples.len() as u64;
            assert!(0 < told && told <= 5 && told <= tally.count, "{tally:?}");
        }
    }
    for item in items {
        check_attributes(&item.source().resource, 0);
        match item {
            Item::Span(span) => {
                assert!(span.start.0 > 0);
                assert!(span.end.is_none_or(|end| end >= span.start));
                assert!(span.name.len() <= 100 && span.events.len() <= 5 && span.links.len() <= 5);
                check_attributes(&span.attributes, 0);
                span.events.iter().for_each(|event| check_attributes(&event.attributes, 0));
            }
            Item::Log(log) => {
                check_value(&log.body, 0);
                check_attributes(&log.attributes, 0);
            }
        }
    }
}

fn check_attributes(attributes: &Attributes, depth: usize) {
    // A process of Jaeger has its name besides.
    assert!(attributes.iter().len() <= 11);
    attributes.iter().for_each(|(name, value)| {
        assert!(name.len() <= 100);
        check_value(value, depth);
    });
}

fn check_value(value: &Value, depth: usize) {
    assert!(depth <= 16);
    match value {
        Value::Text(text) => assert!(text.len() <= 100),
        Value::Bytes(bytes) => assert!(bytes.len() <= 100),
        Value::List(values) => {
            assert!(values.len() <= 10);
            values.iter().for_each(|value| check_value(value, depth + 1));
        }
        Value::Map(values) => check_attributes(values, depth + 1),
        Value::Bool(_) | Value::Int(_) | Value::Double(_) | Value::Empty => {}
    }
}

/// Reads and assembles an input: what goes in comes out, or is counted.
fn exercise(input: &[u8]) {
    let (items, report) = read(input);
    check(&items, &report);
    let mut settings = AssemblySettings::default();
    settings.quiet_spans = 2;
    settings.max_memory = 10_000;
    let mut assembler = Assembler::new(ByAttributes::default(), settings);
    let (mut out, count) = (0, items.len() as u64);
    let mut take = |spans: usize, logs: usize| out += (spans + logs) as u64;
    for item in items {
        assembler.add(item, &mut |workflow| take(workflow.spans.len(), workflow.logs.len()));
    }
    let report = assembler.finish(&mut |workflow| take(workflow.spans.len(), workflow.logs.len()));
    let counted = report.duplicates + report.conflicts + report.late + report.unattached;
    assert_eq!(out + counted, count, "{report:?}");
}

#[test]
fn the_corpus_does_no_harm() {
    for (name, seed) in SEEDS.iter() {
        println!("{name}");
        exercise(seed);
        exercise(&[seed, GOOD.as_bytes()].join(&b'\n'));
    }
}

/// A change of bytes.
#[derive(Clone, Debug)]
enum Edit {
    Replace(Index, u8),
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
    CutOff(Index),
}

/// Bytes that mean something somewhere.
const TELLING: &[u8] = b"{}[]\",:\\\n0u\0\x0a\x12\x7f\x80\xff";

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    let byte = prop_oneof![any::<u8>(), prop::sample::select(TELLING)];
    prop_oneof![
        (at(), byte.clone()).prop_map(|(at, byte)| Edit::Replace(at, byte)),
        (at(), 0..8u8).prop_map(|(at, bit)| Edit::Flip(at, bit)),
        (at(), prop::collection::vec(byte, 1..8)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (at(), 1..20usize).prop_map(|(at, length)| Edit::Remove(at, length)),
        (at(), 1..200usize).prop_map(|(at, length)| Edit::Repeat(at, length)),
        at().prop_map(Edit::CutOff),
    ]
}

fn edited(mut bytes: Vec<u8>, edits: &[Edit]) -> Vec<u8> {
    for edit in edits {
        let length = bytes.len();
        if length == 0 {
            break;
        }
        match edit {
            Edit::Replace(at, byte) => bytes[at.index(length)] = *byte,
            Edit::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Edit::Insert(at, inserted) => {
                let at = at.index(length);
                bytes.splice(at..at, inserted.iter().copied());
            }
            Edit::Remove(at, count) => {
                let at = at.index(length);
                bytes.drain(at..length.min(at + count));
            }
            Edit::Repeat(at, count) => {
                let at = at.index(length);
                let again = bytes[at..length.min(at + count)].to_vec();
                bytes.splice(at..at, again);
            }
            Edit::CutOff(at) => bytes.truncate(at.index(length)),
        }
    }
    bytes
}

/// A change of a node of a document.
#[derive(Clone, Debug)]
enum Change {
    To(Json),
    Remove,
    Repeat,
    Wrap,
    /// Takes another node of the same document in.
    Graft(Index),
}

fn change() -> impl Strategy<Value = (Index, Change)> {
    let values: Vec<Json> = [
        "null",
        "true",
        "0",
        "-1",
        "1.5",
        "1e300",
        "18446744073709551615",
        "\"\"",
        "\"NaN\"",
        "[]",
        "{}",
        "\"4bf92f3577b34da6a3ce929d0e0e4736\"",
        "\"00f067aa0ba902b7\"",
        "\"AAAAAAAAAAA=\"",
        "{\"stringValue\":\"a\"}",
        "{\"arrayValue\":{}}",
        "{\"key\":\"a\"}",
        "[[]]",
        "[null]",
    ]
    .iter()
    .map(|text| serde_json::from_str(text).expect("JSON"))
    .collect();
    let change = prop_oneof![
        prop::sample::select(values).prop_map(Change::To),
        "\\PC{0,200}".prop_map(|text| Change::To(Json::String(text))),
        Just(Change::Remove),
        Just(Change::Repeat),
        Just(Change::Wrap),
        any::<Index>().prop_map(Change::Graft),
    ];
    (any::<Index>(), change)
}

fn nodes(document: &Json) -> usize {
    1 + match document {
        Json::Array(list) => list.iter().map(nodes).sum(),
        Json::Object(map) => map.values().map(nodes).sum(),
        _ => 0,
    }
}

/// Changes the node of that number.
fn apply(document: &mut Json, number: usize, change: &Change, graft: &Json) {
    let mut left = number;
    visit(document, &mut left, &mut |node| match change {
        Change::To(value) => *node = value.clone(),
        Change::Remove => match node {
            Json::Array(list) => drop(list.pop()),
            Json::Object(map) => {
                if let Some(key) = map.keys().next().cloned() {
                    map.remove(&key);
                }
            }
            other => *other = Json::Null,
        },
        Change::Repeat => match node {
            Json::Array(list) if list.len() < 20 => list.extend(list.clone()),
            Json::String(text) if text.len() < 200 => *text = text.repeat(2),
            _ => {}
        },
        Change::Wrap => *node = Json::Array(vec![node.take()]),
        Change::Graft(_) => *node = graft.clone(),
    });
}

/// Visits the node of that number, counted in the order of the text.
fn visit(document: &mut Json, left: &mut usize, act: &mut dyn FnMut(&mut Json)) -> bool {
    if *left == 0 {
        act(document);
        return true;
    }
    *left -= 1;
    match document {
        Json::Array(list) => list.iter_mut().any(|element| visit(element, left, act)),
        Json::Object(map) => map.values_mut().any(|value| visit(value, left, act)),
        _ => false,
    }
}

fn changed(mut document: Json, changes: &[(Index, Change)]) -> Json {
    for (at, change) in changes {
        let count = nodes(&document);
        if count > 5_000 {
            break;
        }
        let mut graft = Json::Null;
        if let Change::Graft(from) = change {
            let mut left = from.index(count);
            visit(&mut document, &mut left, &mut |node| graft = node.clone());
        }
        apply(&mut document, at.index(count), change, &graft);
    }
    document
}

fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    // What does harm is kept in the corpus. As many as are asked for, but no fewer than these.
    ProptestConfig { cases: default.cases.max(3_000), failure_persistence: None, ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn bytes_that_are_changed_do_no_harm(
        seed in any::<Index>(),
        edits in prop::collection::vec(edit(), 1..6),
    ) {
        let (_, bytes) = &SEEDS[seed.index(SEEDS.len())];
        exercise(&edited(bytes.clone(), &edits));
    }

    #[test]
    fn a_good_line_is_read_whatever_line_was_before(
        document in any::<Index>(),
        edits in prop::collection::vec(edit(), 1..4),
    ) {
        let line = DOCUMENTS[document.index(DOCUMENTS.len())].to_string();
        let bad = edited(line.into_bytes(), &edits);
        let input = [GOOD.as_bytes(), &bad, GOOD.as_bytes(), GOOD.as_bytes()].join(&b'\n');
        let (items, report) = read(&input);
        let good = |item: &&Item| matches!(item, Item::Span(span) if span.name == "good");
        prop_assert_eq!(items.iter().filter(good).count(), 3, "{:?}", report);
    }

    #[test]
    fn documents_that_are_changed_do_no_harm_and_are_the_same_over_lines(
        document in any::<Index>(),
        changes in prop::collection::vec(change(), 1..8),
    ) {
        let document = changed(DOCUMENTS[document.index(DOCUMENTS.len())].clone(), &changes);
        let line = document.to_string();
        exercise(line.as_bytes());
        let over_lines = serde_json::to_string_pretty(&document).expect("JSON");
        let (one, other) = (read(line.as_bytes()), read(over_lines.as_bytes()));
        // Numbers without meaning are not equal to themselves.
        prop_assert_eq!(format!("{:?}", one.0), format!("{:?}", other.0));
        let flaws = |report: Result<ReadReport, ReadError>| {
            let flaws = report.map(|report| report.flaws).unwrap_or_default();
            flaws.into_iter().map(|(flaw, tally)| (flaw, tally.count)).collect::<Vec<_>>()
        };
        prop_assert_eq!(flaws(one.1), flaws(other.1));
    }

    #[test]
    fn a_document_that_is_cut_off_gives_the_beginning_of_what_it_gives(
        document in any::<Index>(),
        changes in prop::collection::vec(change(), 0..4),
        at in any::<Index>(),
    ) {
        let document = changed(DOCUMENTS[document.index(DOCUMENTS.len())].clone(), &changes);
        let line = document.to_string();
        let (whole, _) = read(line.as_bytes());
        let (beginning, _) = read(&line.as_bytes()[..at.index(line.len())]);
        let shown = |items: &[Item]| -> Vec<String> {
            // Who says so may not have been told yet.
            items.iter().map(|item| match item {
                Item::Span(span) => format!("{} {} {:?}", span.trace, span.id, span.attributes),
                Item::Log(log) => format!("{:?} {:?}", log.body, log.attributes),
            }).collect()
        };
        let (whole, beginning) = (shown(&whole), shown(&beginning));
        prop_assert_eq!(&whole[..beginning.len().min(whole.len())], &beginning[..]);
    }
}
