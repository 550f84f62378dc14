//! Attributes: what spans, log records and services say of themselves, by name.

use std::borrow::Cow;

use compact_str::CompactString;

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text.
    Text(CompactString),
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction; may be infinite, or no number at all.
    Double(f64),
    /// Bytes.
    Bytes(Box<[u8]>),
    /// A list of values.
    List(Box<[Value]>),
    /// Values by name.
    Map(Attributes),
    /// No value.
    Empty,
}

impl Value {
    /// The text, if it is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value as text, if it is a single one: text, a number or a truth value.
    #[must_use]
    pub fn to_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Value::Text(text) => Some(Cow::Borrowed(text)),
            Value::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
            Value::Int(value) => Some(Cow::Owned(value.to_string())),
            Value::Double(value) => Some(Cow::Owned(value.to_string())),
            Value::Bytes(_) | Value::List(_) | Value::Map(_) | Value::Empty => None,
        }
    }

    /// The whole number, if it is one, also where it is written as text or with a fraction of zero.
    #[must_use]
    pub fn to_int(&self) -> Option<i64> {
        match self {
            Value::Int(value) => Some(*value),
            Value::Text(text) => text.trim().parse().ok(),
            // Beyond that, doubles skip whole numbers.
            Value::Double(value) if value.fract() == 0.0 && value.abs() < 9e15 => {
                Some(*value as i64)
            }
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text.into())
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Double(value)
    }
}

/// Values by name, in the order in which they came. Of a name that comes twice, the last value counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes(Vec<(CompactString, Value)>);

impl Attributes {
    /// No attributes.
    #[must_use]
    pub const fn new() -> Self {
        Attributes(Vec::new())
    }

    /// The value of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        // There are few of them: looking at each is faster than any index.
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The value of that name, if it is text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_text()
    }

    /// Adds a value at the end.
    pub fn push(&mut self, name: impl Into<CompactString>, value: impl Into<Value>) {
        self.0.push((name.into(), value.into()));
    }

    /// All names and values, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps those of which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &Value) -> bool) {
        self.0.retain(|(name, value)| keep(name, value));
    }

    pub(crate) fn pairs(&self) -> &[(CompactString, Value)] {
        &self.0
    }

    pub(crate) fn capacity(&self) -> usize {
        self.0.capacity()
    }

    /// Gives back memory that was taken for more.
    pub(crate) fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }
}

impl<N: Into<CompactString>, V: Into<Value>> FromIterator<(N, V)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Attributes(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_a_name_counts() {
        let attributes: Attributes =
            [("saga.step.index", 1i64), ("saga.step.index", 2)].into_iter().collect();
        assert_eq!(attributes.get("saga.step.index"), Some(&Value::Int(2)));
        assert_eq!(attributes.get("saga.step.name"), None);
    }

    #[test]
    fn numbers_are_read_however_they_are_written() {
        assert_eq!(Value::from("7").to_int(), Some(7));
        assert_eq!(Value::Double(7.0).to_int(), Some(7));
        assert_eq!(Value::Double(7.5).to_int(), None);
        assert_eq!(Value::Double(f64::NAN).to_int(), None);
    }
}
