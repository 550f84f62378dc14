//! Ids of traces and spans: sixteen and eight bytes, not all zero (W3C Trace Context).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The id of a trace: sixteen bytes that are not all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId([u8; 16]);

/// The id of a span within its trace: eight bytes that are not all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanId([u8; 8]);

/// Bytes or digits that are no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidId {
    /// It is too short or too long.
    #[error("an id of {expected} bytes was expected, and {found} came")]
    Length {
        /// How many bytes an id has.
        expected: usize,
        /// How many there were.
        found: usize,
    },
    /// It is all zeros, which stands for "no id".
    #[error("an id of zeros only means that there is none")]
    Zero,
    /// A character that is no hexadecimal digit.
    #[error("an id is written in hexadecimal digits")]
    Digit,
}

macro_rules! id {
    ($name:ident, $length:literal) => {
        impl $name {
            /// The id with those bytes.
            ///
            /// # Errors
            /// When all of them are zero.
            pub fn new(bytes: [u8; $length]) -> Result<Self, InvalidId> {
                if bytes == [0; $length] { Err(InvalidId::Zero) } else { Ok($name(bytes)) }
            }

            /// The id in a slice of bytes.
            ///
            /// # Errors
            /// When there are more or fewer bytes than an id has, or all of them are zero.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, InvalidId> {
                let wrong = InvalidId::Length { expected: $length, found: bytes.len() };
                Self::new(bytes.try_into().map_err(|_| wrong)?)
            }

            /// Its bytes.
            #[must_use]
            pub fn to_bytes(self) -> [u8; $length] {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            /// Reads hexadecimal digits, of either case.
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let digits = text.as_bytes();
                if digits.len() != 2 * $length {
                    let found = digits.len().div_ceil(2);
                    return Err(InvalidId::Length { expected: $length, found });
                }
                let mut bytes = [0; $length];
                for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
                    let [high, low] = [digit(pair[0])?, digit(pair[1])?];
                    *byte = high << 4 | low;
                }
                Self::new(bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

id!(TraceId, 16);
id!(SpanId, 8);

fn digit(character: u8) -> Result<u8, InvalidId> {
    match character {
        b'0'..=b'9' => Ok(character - b'0'),
        b'a'..=b'f' => Ok(character - b'a' + 10),
        b'A'..=b'F' => Ok(character - b'A' + 10),
        _ => Err(InvalidId::Digit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        let id: SpanId = "00f067aa0ba902b7".parse().expect("an id");
        assert_eq!(id.to_string(), "00f067aa0ba902b7");
        assert_eq!("00F067AA0BA902B7".parse(), Ok(id));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        assert_eq!("00".parse::<SpanId>(), Err(InvalidId::Length { expected: 8, found: 1 }));
        assert_eq!("zzf067aa0ba902b7".parse::<SpanId>(), Err(InvalidId::Digit));
        assert_eq!("0000000000000000".parse::<SpanId>(), Err(InvalidId::Zero));
        assert_eq!(TraceId::from_slice(&[0; 16]), Err(InvalidId::Zero));
        assert_eq!("é0f067aa0ba902b".parse::<SpanId>(), Err(InvalidId::Digit));
    }
}
