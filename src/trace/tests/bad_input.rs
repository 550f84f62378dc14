//! Bad input is left out or mended, counted, and told with its place; what is good is read all the same.

use amends_trace::read::{Flaw, Item, Limits, ReadError, ReadReport, Reader};
use amends_trace::{Span, Time};

const GOOD: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"good","startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000200000000"}]}]}]}"#;

/// A line with one span, of which parts are replaced.
fn line(replaced: &[(&str, &str)]) -> String {
    let mut line = GOOD.to_owned();
    for (part, by) in replaced {
        assert!(line.contains(part), "{part}");
        line = line.replacen(part, by, 1);
    }
    line
}

fn read_within(limits: Limits, input: &[u8]) -> (Vec<Span>, ReadReport) {
    let mut spans = Vec::new();
    let report = Reader::new(input)
        .limits(limits)
        .for_each(|item| spans.extend(Item::into_span(item)))
        .expect("readable");
    (spans, report)
}

fn read(input: &[u8]) -> (Vec<Span>, ReadReport) {
    read_within(Limits::default(), input)
}

/// The flaws of some input, each with its first example, a line for each.
fn flaws(report: &ReadReport) -> String {
    let of_flaw = |(flaw, tally): (&Flaw, &amends_trace::read::Tally)| {
        format!("{} × {flaw}\n    {}\n", tally.count, tally.examples[0])
    };
    report.flaws.iter().map(of_flaw).collect()
}

#[test]
fn a_span_that_cannot_be_one_is_left_out_with_the_reason_and_the_place() {
    let id = "00f067aa0ba902b7";
    let input = [
        GOOD.to_owned(),
        line(&[("4bf92f3577b34da6a3ce929d0e0e4736", "4bf92f3577b34da6")]),
        line(&[("4bf92f3577b34da6a3ce929d0e0e4736", "00000000000000000000000000000000")]),
        line(&[("\"traceId\":\"4bf92f3577b34da6a3ce929d0e0e4736\",", "")]),
        line(&[(id, "00f067aa0ba902bx")]),
        line(&[(id, "")]),
        line(&[("\"name\":", "\"parentSpanId\":\"1234\",\"name\":")]),
        line(&[("\"1700000000000000000\"", "\"yesterday\"")]),
        line(&[("\"1700000000000000000\"", "null")]),
        line(&[("\"1700000000000000000\"", "-5")]),
        line(&[("[{\"traceId", "[17,{\"traceId")]),
        line(&[("\"name\":", "\"links\":[{\"traceId\":\"1\"}],\"name\":")]),
    ]
    .join("\n");
    let (spans, report) = read(input.as_bytes());
    assert_eq!(spans.len(), 3);
    insta::assert_snapshot!(flaws(&report));
}

#[test]
fn times_that_cannot_be_are_mended() {
    let end = "\"1700000000200000000\"";
    let input = [
        line(&[(end, "\"1699999999999999999\"")]),
        line(&[(end, "\"1600000000000000000\"")]),
        line(&[(end, "99999999999999999999999999")]),
        line(&[(end, "[1]")]),
        line(&[(end, "\"18446744073709551615\"")]),
    ]
    .join("\n");
    let (spans, report) = read(input.as_bytes());
    let ends: Vec<_> = spans.iter().map(|span| span.end).collect();
    let start = spans[0].start;
    assert_eq!(ends, [Some(start), Some(start), None, None, Some(Time(u64::MAX))]);
    insta::assert_snapshot!(flaws(&report));
}

#[test]
fn after_a_broken_line_the_next_ones_are_read() {
    let broken = [
        "",
        "not JSON at all",
        "}",
        "[[",
        &GOOD[..GOOD.len() - 1],
        &GOOD[..GOOD.len() / 2],
        &GOOD[..18],
        &GOOD[..17],
        &GOOD[..20],
        &GOOD[40..],
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"name\":\"\\",
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"name\":\"\\ud800\"}]}]}]}",
        "{\"resourceSpans\":[{},]}",
        "{\n  \"resourceSpans\": [\n    {\n      \"scope",
    ];
    for broken in broken {
        let (spans, report) = read(format!("{broken}\n{GOOD}\n{GOOD}").as_bytes());
        // What came before the break may be there, too.
        let good = spans.iter().rev().take_while(|span| span.name == "good").count();
        assert!(good >= 2, "{broken:?}: {report:?}");
        assert_eq!(report.flaws.is_empty(), broken.is_empty(), "{broken:?}");
        let place = report.flaws.values().flat_map(|tally| &tally.examples).next();
        // At the latest, it breaks where the next line begins.
        let last = broken.lines().count() as u64 + 1;
        assert!(place.is_none_or(|example| example.place.number <= last), "{broken:?}: {place:?}");
    }
}

#[test]
fn a_document_cut_off_at_any_byte_gives_the_spans_before() {
    let spans: Vec<String> = (1..=3u8)
        .map(|number| {
            format!(
                "{{\"traceId\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"spanId\":\"{number:016x}\",\"startTimeUnixNano\":1}}"
            )
        })
        .collect();
    let document = format!(
        "{{\n\"resourceSpans\": [{{\n\"resource\": {{}}, \"scopeSpans\": [{{\"scope\": {{}}, \"spans\": [\n{}\n]}}]}}]}}",
        spans.join(",\n")
    );
    let whole = read(document.as_bytes()).0;
    assert_eq!(whole.len(), 3);
    for length in 1..document.len() {
        let (spans, report) = read(&document.as_bytes()[..length]);
        assert_eq!(spans, whole[..spans.len()], "{length} bytes");
        assert_eq!(report.losses(), 1, "{length} bytes: {report:?}");
        let complete = document[..length].matches("\"startTimeUnixNano\":1}").count();
        assert_eq!(spans.len(), complete, "{length} bytes");
    }
}

#[test]
fn bytes_that_are_no_text_are_replaced() {
    let mut line = line(&[("good", "g??d")]).into_bytes();
    let at = line.windows(2).position(|bytes| bytes == b"??").expect("there");
    line[at..at + 2].copy_from_slice(b"\xff\xfe");
    let mut document = line.clone();
    // The same over lines.
    document.insert(1, b'\n');
    for input in [line, document] {
        let (spans, report) = read(&input);
        assert_eq!(spans[0].name, "g\u{fffd}\u{fffd}d");
        assert_eq!(report.flaws[&Flaw::InvalidText].count, 1);
        assert_eq!(report.losses(), 0);
    }
}

#[test]
fn what_is_too_much_is_cut_and_counted() {
    let mut limits = Limits::default();
    limits.text = 10;
    limits.attributes = 3;
    limits.events = 2;
    let list = |element: &str, times| vec![element; times].join(",");
    let pair = r#"{"key":"k","value":{"stringValue":"a text that is too long"}}"#;
    let element = r#"{"intValue":1}"#;
    let spans = format!(
        r#""attributes":[{},{{"key":"list","value":{{"arrayValue":{{"values":[{}]}}}}}}],"events":[{}],"name":"#,
        list(pair, 2),
        list(element, 5),
        list("{}", 5)
    );
    let (spans, report) = read_within(limits, line(&[("\"name\":", &spans)]).as_bytes());
    assert_eq!(spans[0].attributes.iter().len(), 3);
    assert_eq!(spans[0].attributes.text("k"), Some("a text tha"));
    assert_eq!(spans[0].events.len(), 2);
    insta::assert_snapshot!(flaws(&report));
}

#[test]
fn values_within_values_are_read_to_a_depth() {
    let nested = |depth: usize| {
        let (open, close) = (r#"{"arrayValue":{"values":["#, "]}}");
        let value = format!("{}{{\"intValue\":1}}{}", open.repeat(depth), close.repeat(depth));
        let pair = format!("\"attributes\":[{{\"key\":\"deep\",\"value\":{value}}}],\"name\":");
        line(&[("\"name\":", &pair)])
    };
    for (depth, is_read) in [(16, true), (17, false), (2_000, false)] {
        for input in [nested(depth), nested(depth).replacen('{', "{\n", 1)] {
            let (spans, report) = read(format!("{input}\n{GOOD}").as_bytes());
            assert_eq!(spans.len(), 2, "{depth}: {report:?}");
            assert_eq!(report.flaws.contains_key(&Flaw::NestedTooDeep), !is_read, "{depth}");
        }
    }
    // Nested in places that are passed over, it is not even noticed.
    let deep = format!("{}{}", "[".repeat(9_000), "]".repeat(9_000));
    let input = line(&[("\"name\":", &format!("\"unknown\":{deep},\"name\":"))]);
    assert_eq!(read(input.as_bytes()).0.len(), 1);
}

#[test]
fn lists_and_objects_are_nothing_where_something_else_belongs() {
    for wrong in ["[]", "{}", "[[{}]]", "true", "1e999", "\"\"", "null", "{\"a\":[1,{\"b\":2}]}"] {
        for part in [
            "[{\"scopeSpans\":",
            "\"spans\":",
            "\"traceId\":",
            "\"spanId\":",
            "\"name\":",
            "\"startTimeUnixNano\":",
            "\"endTimeUnixNano\":",
        ] {
            // The wrong value comes first, and the right one again after it.
            let input =
                line(&[(part, &format!("{part}{wrong},{}", part.trim_start_matches("[{")))]);
            let (spans, report) = read(format!("{input}\n{GOOD}").as_bytes());
            let expected = if wrong == "1e999" { 1 } else { 2 };
            assert_eq!(spans.len(), expected, "{input}: {report:?}");
        }
    }
}

#[test]
fn a_file_of_another_kind_is_refused_with_a_word_on_what_is_read() {
    let refused = |input: &[u8]| {
        let error = Reader::new(input).for_each(drop).expect_err("it is nothing that is read");
        error.to_string()
    };
    insta::assert_snapshot!(refused(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"));
    assert!(refused(b"name,duration\na,1\nb,2\n").starts_with("neither JSON nor protobuf"));
    assert!(refused(b"\x28\xb5\x2f\xfd\x04\x00").contains("zstd -d FILE"));
    assert!(matches!(Reader::open("no/such/file"), Err(ReadError::Open { .. })));
    assert!(matches!(Reader::open(env!("CARGO_MANIFEST_DIR")), Err(ReadError::Open { .. })));

    let (spans, report) = read(b"{\"items\": [1, 2, 3]}\n{}\n");
    assert_eq!((spans.len(), report.flaws[&Flaw::UnknownDocument].count), (0, 1));
}

#[test]
fn compressed_data_that_is_cut_off_gives_what_came_before() {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(format!("{GOOD}\n{GOOD}\n").as_bytes()).expect("memory");
    let compressed = encoder.finish().expect("memory");
    let (spans, report) = read(&compressed[..compressed.len() - 20]);
    assert_eq!(spans.len(), 1);
    assert!(report.flaws.contains_key(&Flaw::Truncated), "{report:?}");
}

#[test]
fn reading_ends_when_nothing_more_is_wanted() {
    use std::ops::ControlFlow;
    // Nothing is held back where the resource and scope come first.
    let two = line(&[
        ("[{\"scopeSpans\":[{", "[{\"resource\":{},\"scopeSpans\":[{\"scope\":{},"),
        ("}]}]}]}", "},{\"traceId\":\"1\"}]}]}]}"),
    ]);
    for input in [format!("{two}\n{GOOD}\nnot JSON"), format!("[\n{two},\n{GOOD},\nnot JSON")] {
        let mut count = 0;
        let report = Reader::new(input.as_bytes())
            .try_for_each(|_| {
                count += 1;
                ControlFlow::Break(())
            })
            .expect("readable");
        assert_eq!((count, report.spans, report.flaws.len()), (1, 1, 0), "{report:?}");
    }
}
