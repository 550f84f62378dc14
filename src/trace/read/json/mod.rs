//! JSON, read straight into spans and log records, without a tree in between.
//!
//! Every value is read by asking what it is, and making the best of it: nothing but broken JSON is an
//! error. Lists of spans are handed out one by one, so that a document may be larger than memory.

mod attributes;
mod document;
mod jaeger;
mod lenient;
mod log;
mod otlp;
mod scalar;
mod span;

use serde::de::{DeserializeSeed, Deserializer};

pub(super) use attributes::{ELEMENT, NESTING};
pub(super) use scalar::{Bytes, count, kind_of, status_of};

use super::intake::Intake;
use document::Document;
use lenient::As;

/// Reads one document.
pub(super) fn read<'de, D: Deserializer<'de>>(
    deserializer: D,
    intake: &mut Intake<'_>,
) -> Result<(), D::Error> {
    let read = As(Document { intake, depth: 0 }).deserialize(deserializer);
    intake.leave_all();
    read
}
