//! The file: sagas of an order as their services would have told them, in lines of a Collector.
//!
//! A saga begins every 20 ms and takes about a second, so that some fifty are under way at a time, and
//! spans are exported when they have ended. Everything is drawn from the number of the saga: the same
//! file comes out each time.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

const MILLISECOND: u64 = 1_000_000;
const DAWN: u64 = 1_700_000_000_000 * MILLISECOND;
const BETWEEN: u64 = 20 * MILLISECOND;
/// Spans on a line.
const BATCH: usize = 200;

const SERVICES: [&str; 4] = ["order", "inventory", "payment", "shipping"];
/// What is called for, the service that does it, and the step that it undoes.
type Call = (&'static str, usize, Option<&'static str>);
const ACCEPTED: &[Call] = &[
    ("create-order", 0, None),
    ("reserve-stock", 1, None),
    ("charge", 2, None),
    ("ship", 3, None),
];
/// The charge is declined, and what was done is undone, from the last.
const DECLINED: &[Call] = &[
    ("create-order", 0, None),
    ("reserve-stock", 1, None),
    ("charge", 2, None),
    ("compensate reserve-stock", 1, Some("reserve-stock")),
    ("compensate create-order", 0, Some("create-order")),
];

/// A span in JSON, and the service that tells of it.
struct Told {
    service: usize,
    json: String,
}

/// Writes a file of so many workflows.
pub(crate) fn write(path: &Path, workflows: u64) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    // By the time of their end, and a number that tells those of the same time apart.
    let mut under_way: BTreeMap<(u64, u64), Told> = BTreeMap::new();
    let mut batch = Vec::with_capacity(BATCH);
    for number in 0..workflows {
        let begin = DAWN + number * BETWEEN;
        while let Some(entry) = under_way.first_entry()
            && entry.key().0 < begin
        {
            batch.push(entry.remove());
            if batch.len() == BATCH {
                write_line(&mut file, &mut batch)?;
            }
        }
        Saga { number, begin, spans: 0, random: number }.tell(&mut under_way);
    }
    for told in under_way.into_values() {
        batch.push(told);
        if batch.len() == BATCH {
            write_line(&mut file, &mut batch)?;
        }
    }
    write_line(&mut file, &mut batch)?;
    file.flush()
}

fn write_line(file: &mut impl io::Write, batch: &mut Vec<Told>) -> io::Result<()> {
    let mut resources = Vec::new();
    for (service, name) in SERVICES.into_iter().enumerate() {
        let spans: Vec<&str> =
            batch.iter().filter(|told| told.service == service).map(|told| &*told.json).collect();
        if !spans.is_empty() {
            resources.push(format!(
                r#"{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"{name}"}}}},{{"key":"service.instance.id","value":{{"stringValue":"{name}-7d9f4b6c5-x2x4z"}}}},{{"key":"telemetry.sdk.language","value":{{"stringValue":"nodejs"}}}}]}},"scopeSpans":[{{"scope":{{"name":"{name}","version":"1.4.2"}},"spans":[{}]}}]}}"#,
                spans.join(",")
            ));
        }
    }
    batch.clear();
    writeln!(file, r#"{{"resourceSpans":[{}]}}"#, resources.join(","))
}

/// A saga, while it is told.
struct Saga {
    number: u64,
    begin: u64,
    /// How many spans were told.
    spans: u64,
    random: u64,
}

impl Saga {
    /// Between that many milliseconds.
    fn draw(&mut self, from: u64, to: u64) -> u64 {
        // SplitMix64 (Steele, Lea and Flood, 2014).
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (from + (mixed ^ (mixed >> 31)) % (to - from)) * MILLISECOND
    }

    /// Ten spans: the saga, four calls with the work that they ask for, and a query. In one saga of
    /// twenty the charge is declined, and what was done is undone, which takes one call more.
    fn tell(&mut self, under_way: &mut BTreeMap<(u64, u64), Told>) {
        let declined = self.number.is_multiple_of(20);
        let mut now = self.begin + self.draw(1, 5);
        let mut calls = Vec::new();
        for &call in if declined { DECLINED } else { ACCEPTED } {
            let end = now + self.draw(20, 400);
            calls.push((call, now, end));
            now = end + self.draw(1, 5);
        }
        let outcome = if declined { "compensated" } else { "completed" };
        let outcome = format!(r#",{{"key":"saga.outcome","value":{{"stringValue":"{outcome}"}}}}"#);
        let times = (self.begin, now);
        let root = self.span(under_way, 0, None, "saga order", 1, times, &outcome, false);
        for (index, ((step, service, undoes), begin, end)) in calls.into_iter().enumerate() {
            let failed = declined && step == "charge";
            let mut attributes = format!(
                r#",{{"key":"saga.step.name","value":{{"stringValue":"{step}"}}}},{{"key":"saga.step.index","value":{{"intValue":"{index}"}}}},{{"key":"saga.step.attempt","value":{{"intValue":"1"}}}}"#
            );
            if let Some(step) = undoes {
                attributes +=
                    &format!(r#",{{"key":"compensation.for","value":{{"stringValue":"{step}"}}}}"#);
            }
            if failed {
                attributes += r#",{"key":"error.type","value":{"stringValue":"card_declined"}}"#;
            }
            let times = (begin, end);
            let call = self.span(under_way, 0, Some(root), step, 3, times, &attributes, failed);
            let within = (begin + MILLISECOND / 2, end - MILLISECOND / 2);
            let work =
                self.span(under_way, service, Some(call), step, 2, within, &attributes, failed);
            if index == 0 {
                let query = r#",{"key":"db.system","value":{"stringValue":"postgresql"}},{"key":"db.query.text","value":{"stringValue":"INSERT INTO orders (id, customer, total) VALUES ($1, $2, $3)"}}"#;
                let times = (within.0 + MILLISECOND, within.1 - MILLISECOND);
                self.span(under_way, service, Some(work), "INSERT orders", 3, times, query, false);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "that is what a span has")]
    fn span(
        &mut self,
        under_way: &mut BTreeMap<(u64, u64), Told>,
        service: usize,
        parent: Option<u64>,
        name: &str,
        kind: u8,
        (begin, end): (u64, u64),
        attributes: &str,
        failed: bool,
    ) -> u64 {
        self.spans += 1;
        let number = self.number;
        let id = (number + 1) << 8 | self.spans;
        let mut json = format!(
            r#"{{"traceId":"{:032x}","spanId":"{id:016x}","#,
            u128::from(number + 1) << 64 | 0x4bf9_2f35
        );
        // Writing to text does not fail.
        if let Some(parent) = parent {
            let _ = write!(json, r#""parentSpanId":"{parent:016x}","#);
        }
        let status = if failed { r#"{"code":2,"message":"card declined"}"# } else { "{}" };
        let _ = write!(
            json,
            r#""flags":257,"name":"{name}","kind":{kind},"startTimeUnixNano":"{begin}","endTimeUnixNano":"{end}","attributes":[{{"key":"saga.name","value":{{"stringValue":"order"}}}},{{"key":"saga.id","value":{{"stringValue":"order-{number}"}}}}{attributes}],"status":{status}}}"#,
        );
        under_way.insert((end, id), Told { service, json });
        id
    }
}
