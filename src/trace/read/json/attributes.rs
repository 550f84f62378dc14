//! Attributes and their values: OTLP's `{"key": …, "value": {"stringValue": …}}`, Jaeger's
//! `{"key": …, "type": …, "value": …}`, and plain JSON where tools write that.

use std::fmt;

use base64::Engine as _;
use compact_str::CompactString;
use serde::de::{IgnoredAny, MapAccess, SeqAccess};

use super::lenient::{As, Found, Lenient, keys, next_key, skip};
use super::scalar::{BASE64, Text};
use crate::attribute::{Attributes, Value};
use crate::read::intake::Intake;
use crate::read::report::Flaw;

/// So deep may values be nested. Each level of OTLP takes four of JSON, of which the parser allows 128.
pub(in crate::read) const NESTING: usize = 16;

/// About as many bytes does an attribute take, besides its text.
pub(in crate::read) const ELEMENT: usize = size_of::<(CompactString, Value)>();

/// A list of names with values, or a map of them.
pub(super) struct Pairs<'i, 't> {
    pub(super) intake: &'i mut Intake<'t>,
    pub(super) depth: usize,
}

impl<'i, 't> Pairs<'i, 't> {
    pub(super) fn new(intake: &'i mut Intake<'t>) -> Self {
        Pairs { intake, depth: 0 }
    }
}

impl<'de> Lenient<'de> for Pairs<'_, '_> {
    type Output = Attributes;

    fn other(self, found: Found) -> Attributes {
        if found != Found::Null {
            self.intake.note(Flaw::Unreadable, "attributes");
        }
        Attributes::new()
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Attributes, A::Error> {
        let Pairs { intake, depth } = self;
        let mut attributes = Attributes::new();
        let mut room = intake.limits.attributes;
        while let Some(pair) = list.next_element_seed(As(Pair { intake: &mut *intake, depth }))? {
            if let Some((name, value)) = pair
                && !(name.is_empty() && value == Value::Empty)
            {
                attributes.push(name, value);
                room = room.saturating_sub(1);
                if !intake.charge(ELEMENT) || room == 0 {
                    pass_over(&mut list, intake)?;
                    break;
                }
            }
        }
        attributes.shrink();
        Ok(attributes)
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attributes, A::Error> {
        let Pairs { intake, depth } = self;
        let mut attributes = Attributes::new();
        let mut room = intake.limits.attributes;
        while let Some(name) =
            map.next_key_seed(As(Text { intake: &mut *intake, of: "name of an attribute" }))?
        {
            if !intake.charge(ELEMENT) || room == 0 {
                skip(&mut map)?;
                skip_entries(&mut map)?;
                intake.note(Flaw::TooMany, "attributes");
                break;
            }
            room -= 1;
            let value = map.next_value_seed(As(Any { intake: &mut *intake, depth }))?;
            attributes.push(name, value);
        }
        attributes.shrink();
        Ok(attributes)
    }
}

/// Passes over the rest of a list that has as many elements as are read.
pub(super) fn pass_over<'de, A: SeqAccess<'de>>(
    list: &mut A,
    intake: &mut Intake<'_>,
) -> Result<(), A::Error> {
    let mut more: u64 = 0;
    while list.next_element::<IgnoredAny>()?.is_some() {
        more += 1;
    }
    if more > 0 {
        intake.note_with(Flaw::TooMany, || compact_str::format_compact!("{more} more"));
    }
    Ok(())
}

keys!(PairKey { Key = "key", Value = "value", Type = "type" });

/// A name and a value.
struct Pair<'i, 't> {
    intake: &'i mut Intake<'t>,
    depth: usize,
}

impl<'de> Lenient<'de> for Pair<'_, '_> {
    type Output = Option<(CompactString, Value)>;

    fn other(self, _: Found) -> Self::Output {
        self.intake.note(Flaw::NotAnObject, "attribute");
        None
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Output, A::Error> {
        let Pair { intake, depth } = self;
        let (mut name, mut value) = (CompactString::default(), Value::Empty);
        let mut of_type = CompactString::default();
        while let Some(key) = next_key(&mut map)? {
            match key {
                PairKey::Key => {
                    let of = "name of an attribute";
                    name = map.next_value_seed(As(Text { intake: &mut *intake, of }))?;
                }
                PairKey::Value => {
                    value = map.next_value_seed(As(Any { intake: &mut *intake, depth }))?;
                }
                PairKey::Type => {
                    let of = "type of a tag";
                    of_type = map.next_value_seed(As(Text { intake: &mut *intake, of }))?;
                }
                PairKey::Other => skip(&mut map)?,
            }
        }
        if !of_type.is_empty() {
            value = of_jaeger_type(&of_type, value);
        }
        Ok(Some((name, value)))
    }
}

/// A tag's value as the type that Jaeger says it has, where it was written as text.
fn of_jaeger_type(of_type: &str, value: Value) -> Value {
    let Value::Text(text) = &value else {
        return match (of_type, value) {
            ("float64", Value::Int(number)) => Value::Double(number as f64),
            (_, value) => value,
        };
    };
    let read = match of_type {
        "int64" => text.parse().ok().map(Value::Int),
        "float64" => text.parse().ok().map(Value::Double),
        "bool" => text.parse().ok().map(Value::Bool),
        "binary" => BASE64.decode(text).ok().map(|bytes| Value::Bytes(bytes.into())),
        _ => None,
    };
    read.unwrap_or(value)
}

keys!(Variant {
    Text = "stringValue" | "string_value",
    Int = "intValue" | "int_value",
    Bool = "boolValue" | "bool_value",
    Double = "doubleValue" | "double_value",
    List = "arrayValue" | "array_value",
    Map = "kvlistValue" | "kvlist_value",
    Bytes = "bytesValue" | "bytes_value",
});

/// A value: OTLP's, which says its type, or plain JSON.
pub(super) struct Any<'i, 't> {
    pub(super) intake: &'i mut Intake<'t>,
    pub(super) depth: usize,
}

impl<'de> Lenient<'de> for Any<'_, '_> {
    type Output = Value;

    fn other(self, _: Found) -> Value {
        Value::Empty
    }

    fn boolean(self, value: bool) -> Value {
        Value::Bool(value)
    }

    fn int(self, value: i64) -> Value {
        Value::Int(value)
    }

    fn float(self, value: f64) -> Value {
        Value::Double(value)
    }

    fn text(self, text: &str) -> Value {
        Value::Text(self.intake.text(text))
    }

    fn list<A: SeqAccess<'de>>(self, list: A) -> Result<Value, A::Error> {
        elements(list, self.intake, self.depth + 1)
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let Any { intake, depth } = self;
        let mut value = Value::Empty;
        let mut unknown = false;
        while let Some(variant) = next_key(&mut map)? {
            if variant == Variant::Other {
                unknown = true;
                skip(&mut map)?;
            } else {
                value = map.next_value_seed(As(Said { variant, intake: &mut *intake, depth }))?;
            }
        }
        if unknown && value == Value::Empty {
            intake.note(Flaw::UnknownValue, "");
        }
        Ok(value)
    }
}

fn elements<'de, A: SeqAccess<'de>>(
    mut list: A,
    intake: &mut Intake<'_>,
    depth: usize,
) -> Result<Value, A::Error> {
    let mut values = Vec::new();
    if depth > NESTING {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        intake.note(Flaw::NestedTooDeep, "");
        return Ok(Value::Empty);
    }
    while let Some(value) = list.next_element_seed(As(Any { intake: &mut *intake, depth }))? {
        values.push(value);
        if values.len() >= intake.limits.attributes || !intake.charge(ELEMENT) {
            pass_over(&mut list, intake)?;
            break;
        }
    }
    Ok(Value::List(values.into()))
}

keys!(Nested { Values = "values" });

/// A value that is said to be of some type.
struct Said<'i, 't> {
    variant: Variant,
    intake: &'i mut Intake<'t>,
    depth: usize,
}

impl Said<'_, '_> {
    fn mistyped(&mut self, found: impl fmt::Debug) {
        self.intake.note_with(Flaw::Mistyped, || {
            compact_str::format_compact!("{:?} said, but {found:?} came", self.variant)
        });
    }
}

impl<'de> Lenient<'de> for Said<'_, '_> {
    type Output = Value;

    fn other(self, _: Found) -> Value {
        // `null` stands for the variant's own nothing.
        match self.variant {
            Variant::Text => Value::Text(CompactString::default()),
            Variant::List => Value::List(Box::default()),
            Variant::Map => Value::Map(Attributes::new()),
            Variant::Bytes => Value::Bytes(Box::default()),
            Variant::Int => Value::Int(0),
            Variant::Bool => Value::Bool(false),
            Variant::Double => Value::Double(0.0),
            Variant::Other => Value::Empty,
        }
    }

    fn boolean(mut self, value: bool) -> Value {
        if self.variant != Variant::Bool {
            self.mistyped(value);
        }
        Value::Bool(value)
    }

    fn int(mut self, value: i64) -> Value {
        match self.variant {
            Variant::Int => Value::Int(value),
            Variant::Double => Value::Double(value as f64),
            _ => {
                self.mistyped(value);
                Value::Int(value)
            }
        }
    }

    fn float(mut self, value: f64) -> Value {
        match self.variant {
            Variant::Double => Value::Double(value),
            Variant::Int => match Value::Double(value).to_int() {
                Some(value) => Value::Int(value),
                None => {
                    self.mistyped(value);
                    Value::Double(value)
                }
            },
            _ => {
                self.mistyped(value);
                Value::Double(value)
            }
        }
    }

    fn text(mut self, text: &str) -> Value {
        let read = match self.variant {
            Variant::Text => return Value::Text(self.intake.text(text)),
            Variant::Int => text.trim().parse().ok().map(Value::Int),
            // Reads "NaN" and "Infinity" too.
            Variant::Double => text.trim().parse().ok().map(Value::Double),
            Variant::Bool => text.trim().parse().ok().map(Value::Bool),
            Variant::Bytes => {
                let text = self.intake.text(text);
                BASE64.decode(&text).ok().map(|bytes| Value::Bytes(bytes.into()))
            }
            Variant::List | Variant::Map | Variant::Other => None,
        };
        read.unwrap_or_else(|| {
            self.mistyped(text);
            Value::Text(self.intake.text(text))
        })
    }

    fn list<A: SeqAccess<'de>>(mut self, list: A) -> Result<Value, A::Error> {
        if self.variant == Variant::Map {
            let depth = self.depth + 1;
            return Values { variant: self.variant, intake: self.intake, depth }.list(list);
        }
        if self.variant != Variant::List {
            self.mistyped(Found::List);
        }
        elements(list, self.intake, self.depth + 1)
    }

    fn map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        if !matches!(self.variant, Variant::List | Variant::Map) {
            self.mistyped(Found::Map);
            skip_entries(&mut map)?;
            return Ok(Value::Empty);
        }
        let variant = self.variant;
        let mut value = None;
        while let Some(key) = next_key(&mut map)? {
            match key {
                Nested::Values => {
                    let (intake, depth) = (&mut *self.intake, self.depth + 1);
                    value = Some(map.next_value_seed(As(Values { variant, intake, depth }))?);
                }
                Nested::Other => skip(&mut map)?,
            }
        }
        Ok(value.unwrap_or_else(|| self.other(Found::Null)))
    }
}

fn skip_entries<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// The values within a list or a map.
struct Values<'i, 't> {
    variant: Variant,
    intake: &'i mut Intake<'t>,
    depth: usize,
}

impl<'de> Lenient<'de> for Values<'_, '_> {
    type Output = Value;

    fn other(self, found: Found) -> Value {
        if found != Found::Null {
            self.intake.note(Flaw::Unreadable, "values");
        }
        match self.variant {
            Variant::Map => Value::Map(Attributes::new()),
            _ => Value::List(Box::default()),
        }
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let Values { variant, intake, depth } = self;
        if variant != Variant::Map {
            return elements(list, intake, depth);
        }
        if depth > NESTING {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            intake.note(Flaw::NestedTooDeep, "");
            return Ok(Value::Empty);
        }
        Pairs { intake, depth }.list(list).map(Value::Map)
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        if self.depth > NESTING || self.variant != Variant::Map {
            skip_entries(&mut map)?;
            self.intake.note(Flaw::NestedTooDeep, "");
            return Ok(Value::Empty);
        }
        Pairs { intake: self.intake, depth: self.depth }.map(map).map(Value::Map)
    }
}
