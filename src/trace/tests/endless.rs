//! Input without end does not take memory without end.
//!
//! A process of its own, since its peak of memory is looked at.

use std::fs;
use std::io::{self, Read};

use amends_trace::read::{Flaw, Limits, ReadReport, Reader};

/// So much is read of each.
const BYTES: usize = 32 << 20;

/// A beginning, and then the same again and again.
struct Endless {
    beginning: &'static [u8],
    again: &'static [u8],
    at: usize,
}

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let rest = self.beginning.get(self.at..).unwrap_or_default();
        let part = if rest.is_empty() {
            &self.again[(self.at - self.beginning.len()) % self.again.len()..]
        } else {
            rest
        };
        let length = part.len().min(into.len()).min(BYTES.saturating_sub(self.at));
        into[..length].copy_from_slice(&part[..length]);
        self.at += length;
        Ok(length)
    }
}

fn read(beginning: &'static str, again: &'static str) -> ReadReport {
    let input = Endless { beginning: beginning.as_bytes(), again: again.as_bytes(), at: 0 };
    let mut limits = Limits::default();
    limits.held = 8 << 20;
    Reader::new(input).limits(limits).for_each(drop).expect("readable")
}

/// The most memory that this process ever held, as Linux tells it.
fn peak_resident_memory() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let kibibytes: usize = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kibibytes * 1024
}

const SPANS: &str = r#"{"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{},"spans":["#;
const UNTOLD: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":["#;
const SPAN: &str = r#"{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","startTimeUnixNano":1},"#;

#[test]
fn memory_stays_within_bounds() {
    let before = peak_resident_memory();

    let report = read(SPANS, SPAN);
    assert!(report.spans > 300_000, "a document of any size is read span by span");

    let report = read(UNTOLD, SPAN);
    assert!(report.flaws[&Flaw::ResourceTooLate].count > 250_000, "{report:?}");

    let jaeger = r#"{"data":[{"traceID":"1","spans":["#;
    let report = read(jaeger, r#"{"traceID":"1","spanID":"2","startTime":3,"duration":4},"#);
    assert!(report.flaws[&Flaw::ResourceTooLate].count > 250_000, "{report:?}");

    let text = r#"{"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{},"spans":[{"name":""#;
    assert_eq!(read(text, "a text without end, ").flaws[&Flaw::Truncated].count, 1);
    assert_eq!(read(text, "\\u00e9\\n\\\"").flaws[&Flaw::Truncated].count, 1);

    let attributes =
        r#"{"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{},"spans":[{"attributes":["#;
    let pair = r#"{"key":"k","value":{"stringValue":"v"}},"#;
    assert_eq!(read(attributes, pair).flaws[&Flaw::Truncated].count, 1);
    let values = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"k","value":{"arrayValue":{"values":["#;
    assert_eq!(read(values, r#"{"kvlistValue":{}},"#).flaws[&Flaw::Truncated].count, 1);
    let processes = r#"{"data":[{"processes":{"#;
    read(processes, r#""p":{"serviceName":"s"},"#);

    assert_eq!(read("", "[").flaws[&Flaw::NestedTooDeep].count, 1);
    assert_eq!(read("{\"a\":", "{\"a\":").flaws[&Flaw::NestedTooDeep].count, 1);
    assert_eq!(read("[", "1").flaws[&Flaw::NestedTooDeep].count, 1);
    assert_eq!(read("{} not JSON", " at all").flaws.len(), 1);
    // A resource that announces much more than comes, and another that is passed over.
    let announced = "\n\u{7f}\n\n\n\n\n\n\n";
    assert_eq!(read(announced, "\u{fffd}").spans, 0);
    assert_eq!(read("\0\0\0\0", "\0").spans, 0);

    let taken = peak_resident_memory() - before;
    assert!(taken < 64 << 20, "{} MiB were taken for {} MiB of each", taken >> 20, BYTES >> 20);
}
