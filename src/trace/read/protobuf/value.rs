//! Attributes and values in protobuf.

use std::str;

use compact_str::CompactString;

use super::fields::{Field, Fields};
use crate::attribute::{Attributes, Value};
use crate::read::intake::Intake;
use crate::read::json::{ELEMENT, NESTING};
use crate::read::report::Flaw;

/// Text, with what is none replaced.
pub(super) fn text(bytes: &[u8], intake: &mut Intake<'_>) -> CompactString {
    match str::from_utf8(bytes) {
        Ok(text) => intake.text(text),
        Err(_) => {
            intake.note(Flaw::InvalidText, "");
            // Only as much of it as may be kept.
            let few = &bytes[..bytes.len().min(intake.limits.text + 4)];
            intake.text(&String::from_utf8_lossy(few))
        }
    }
}

/// All attributes that are in fields of that number.
pub(super) fn attributes(message: &[u8], number: u32, intake: &mut Intake<'_>) -> Attributes {
    let mut attributes = Attributes::new();
    for field in Fields::new(message) {
        match field {
            Ok((at, Field::Bytes(message))) if at == number => {
                push_attribute(&mut attributes, message, 0, intake);
            }
            Ok(_) => {}
            Err(error) => intake.note(Flaw::MalformedMessage, error.to_string()),
        }
    }
    attributes.shrink();
    attributes
}

/// Adds one attribute, if there is room for it.
pub(super) fn push_attribute(
    attributes: &mut Attributes,
    message: &[u8],
    depth: usize,
    intake: &mut Intake<'_>,
) {
    if attributes.iter().len() >= intake.limits.attributes || !intake.charge(ELEMENT) {
        return intake.note(Flaw::TooMany, "attributes");
    }
    let (mut name, mut value) = (CompactString::default(), Value::Empty);
    for field in Fields::new(message) {
        match field {
            Ok((1, Field::Bytes(bytes))) => name = text(bytes, intake),
            Ok((2, Field::Bytes(message))) => value = self::value(message, depth, intake),
            Ok((1 | 2, _)) => intake.note(Flaw::Mistyped, "attribute"),
            Ok(_) => {}
            Err(error) => intake.note(Flaw::MalformedMessage, error.to_string()),
        }
    }
    if !(name.is_empty() && value == Value::Empty) {
        attributes.push(name, value);
    }
}

/// A value.
pub(super) fn value(message: &[u8], depth: usize, intake: &mut Intake<'_>) -> Value {
    let mut value = Value::Empty;
    for field in Fields::new(message) {
        value = match field {
            Ok((1, Field::Bytes(bytes))) => Value::Text(text(bytes, intake)),
            Ok((2, Field::Varint(flag))) => Value::Bool(flag != 0),
            Ok((3, Field::Varint(number))) => Value::Int(number.cast_signed()),
            Ok((4, Field::Fixed64(bits))) => Value::Double(f64::from_bits(bits)),
            Ok((5 | 6, Field::Bytes(_))) if depth == NESTING => {
                intake.note(Flaw::NestedTooDeep, "");
                Value::Empty
            }
            Ok((5, Field::Bytes(message))) => list(message, depth + 1, intake),
            Ok((6, Field::Bytes(message))) => map(message, depth + 1, intake),
            Ok((7, Field::Bytes(bytes))) => self::bytes(bytes, intake),
            Ok((1..=7, _)) => {
                intake.note(Flaw::Mistyped, "value");
                continue;
            }
            Ok(_) => {
                intake.note(Flaw::UnknownValue, "");
                continue;
            }
            Err(error) => {
                intake.note(Flaw::MalformedMessage, error.to_string());
                continue;
            }
        };
    }
    value
}

fn bytes(bytes: &[u8], intake: &mut Intake<'_>) -> Value {
    let length = bytes.len().min(intake.limits.text);
    if length < bytes.len() || !intake.charge(length) {
        intake.note(Flaw::TextCut, "bytes");
    }
    Value::Bytes(bytes[..length].into())
}

fn list(message: &[u8], depth: usize, intake: &mut Intake<'_>) -> Value {
    let mut values = Vec::new();
    for field in Fields::new(message) {
        match field {
            Ok((1, Field::Bytes(message))) => {
                if values.len() >= intake.limits.attributes || !intake.charge(ELEMENT) {
                    intake.note(Flaw::TooMany, "values");
                    break;
                }
                values.push(value(message, depth, intake));
            }
            Ok(_) => {}
            Err(error) => intake.note(Flaw::MalformedMessage, error.to_string()),
        }
    }
    Value::List(values.into())
}

fn map(message: &[u8], depth: usize, intake: &mut Intake<'_>) -> Value {
    let mut values = Attributes::new();
    for field in Fields::new(message) {
        match field {
            Ok((1, Field::Bytes(message))) => push_attribute(&mut values, message, depth, intake),
            Ok(_) => {}
            Err(error) => intake.note(Flaw::MalformedMessage, error.to_string()),
        }
    }
    values.shrink();
    Value::Map(values)
}
