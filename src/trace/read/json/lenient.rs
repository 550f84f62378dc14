//! Reading a value whatever its type: one visitor for all that is read.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The type of a value that nothing could be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Null,
    Bool,
    Number,
    Text,
    List,
    Map,
}

/// Something that can be made of a value. What is not overridden goes to [`other`](Lenient::other).
pub(super) trait Lenient<'de>: Sized {
    type Output;

    /// What is made of a value of any other type.
    fn other(self, found: Found) -> Self::Output;

    fn boolean(self, _: bool) -> Self::Output {
        self.other(Found::Bool)
    }

    fn int(self, _: i64) -> Self::Output {
        self.other(Found::Number)
    }

    /// A whole number beyond those of [`int`](Lenient::int).
    fn large(self, value: u64) -> Self::Output {
        self.float(value as f64)
    }

    fn float(self, _: f64) -> Self::Output {
        self.other(Found::Number)
    }

    fn text(self, _: &str) -> Self::Output {
        self.other(Found::Text)
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Output, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self.other(Found::List))
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Output, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self.other(Found::Map))
    }
}

/// Reads a value as something lenient.
pub(super) struct As<L>(pub(super) L);

impl<'de, L: Lenient<'de>> DeserializeSeed<'de> for As<L> {
    type Value = L::Output;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<L::Output, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, L: Lenient<'de>> Visitor<'de> for As<L> {
    type Value = L::Output;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<L::Output, E> {
        Ok(self.0.other(Found::Null))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<L::Output, E> {
        Ok(self.0.boolean(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<L::Output, E> {
        Ok(self.0.int(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<L::Output, E> {
        Ok(match i64::try_from(value) {
            Ok(value) => self.0.int(value),
            Err(_) => self.0.large(value),
        })
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<L::Output, E> {
        Ok(self.0.float(value))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<L::Output, E> {
        Ok(self.0.text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<L::Output, A::Error> {
        self.0.list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<L::Output, A::Error> {
        self.0.map(map)
    }
}

/// A key out of the few that are known at some place.
pub(super) trait Key: Sized {
    fn of(name: &str) -> Self;
}

/// Reads a key.
pub(super) struct KeyOf<K>(PhantomData<K>);

impl<K> KeyOf<K> {
    pub(super) const NEW: Self = KeyOf(PhantomData);
}

impl<'de, K: Key> DeserializeSeed<'de> for KeyOf<K> {
    type Value = K;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<K, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<K: Key> Visitor<'_> for KeyOf<K> {
    type Value = K;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<K, E> {
        Ok(K::of(name))
    }
}

/// Declares the keys that are known at some place, each with all of its spellings. The order is that of
/// comparing them: frequent ones come first.
macro_rules! keys {
    ($name:ident { $($key:ident = $($text:literal)|+),+ $(,)? }) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum $name { $($key,)+ Other }

        impl $crate::read::json::lenient::Key for $name {
            fn of(name: &str) -> Self {
                match name {
                    $($($text)|+ => $name::$key,)+
                    _ => $name::Other,
                }
            }
        }
    };
}
pub(super) use keys;

/// Goes through the entries of a map, a known key at a time; the values of other keys are passed over.
pub(super) fn next_key<'de, K: Key, A: MapAccess<'de>>(map: &mut A) -> Result<Option<K>, A::Error> {
    map.next_key_seed(KeyOf::NEW)
}

/// Passes over a value.
pub(super) fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(drop)
}
