//! Requests, as they come over the network: one document or message each, of which it is known what it
//! is about.

use std::ops::ControlFlow;

use super::intake::Intake;
use super::limits::Limits;
use super::protobuf::{self, Signal};
use super::report::{Flaw, ReadReport};
use super::{Item, json};

/// How a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Protobuf,
    Json,
}

/// Reads a request, the `number`-th that came.
pub(crate) fn read_request(
    body: &[u8],
    encoding: Encoding,
    signal: Signal,
    number: u64,
    limits: Limits,
) -> (Vec<Item>, ReadReport) {
    let mut items = Vec::new();
    let mut take = |item| {
        items.push(item);
        ControlFlow::Continue(())
    };
    let mut intake = Intake::new(&mut take, limits);
    intake.counts_lines = false;
    intake.number.set(number);
    match encoding {
        Encoding::Protobuf => protobuf::request(body, Some(signal), &mut intake),
        Encoding::Json => {
            let text = String::from_utf8_lossy(body);
            if let std::borrow::Cow::Owned(_) = text {
                intake.note(Flaw::InvalidText, "");
            }
            let mut deserializer = serde_json::Deserializer::from_str(&text);
            let read = json::read(&mut deserializer, &mut intake);
            if let Err(error) = read.and_then(|()| deserializer.end()) {
                let flaw = if error.is_eof() { Flaw::Truncated } else { Flaw::Syntax };
                intake.note_with(flaw, || compact_str::format_compact!("{error}"));
            }
        }
    }
    let report = intake.into_report();
    (items, report)
}
