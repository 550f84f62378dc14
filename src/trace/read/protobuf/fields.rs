//! The fields of a message, as they come.

use prost::DecodeError;
use prost::encoding::{WireType, decode_key, decode_varint};
use thiserror::Error;

/// What a field holds, as far as the message itself tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field<'m> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    /// Text, bytes, or a message.
    Bytes(&'m [u8]),
}

/// Why a message is none.
#[derive(Debug, Error)]
pub(super) enum Malformed {
    #[error(transparent)]
    Field(#[from] DecodeError),
    #[error("a field goes beyond the end of its message")]
    BeyondEnd,
    #[error("groups are not used")]
    Group,
}

/// The fields of a message with their numbers. After an error there are no more.
pub(super) struct Fields<'m>(&'m [u8]);

impl<'m> Fields<'m> {
    pub(super) fn new(message: &'m [u8]) -> Self {
        Fields(message)
    }

    fn read(&mut self) -> Result<(u32, Field<'m>), Malformed> {
        let (number, wire_type) = decode_key(&mut self.0)?;
        let field = match wire_type {
            WireType::Varint => Field::Varint(decode_varint(&mut self.0)?),
            WireType::SixtyFourBit => Field::Fixed64(u64::from_le_bytes(self.array()?)),
            WireType::ThirtyTwoBit => Field::Fixed32(u32::from_le_bytes(self.array()?)),
            WireType::LengthDelimited => {
                let length = decode_varint(&mut self.0)?;
                let length = usize::try_from(length).map_err(|_| Malformed::BeyondEnd)?;
                let (bytes, rest) = self.0.split_at_checked(length).ok_or(Malformed::BeyondEnd)?;
                self.0 = rest;
                Field::Bytes(bytes)
            }
            WireType::StartGroup | WireType::EndGroup => return Err(Malformed::Group),
        };
        Ok((number, field))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(Malformed::BeyondEnd)?;
        self.0 = rest;
        Ok(*bytes)
    }
}

impl<'m> Iterator for Fields<'m> {
    type Item = Result<(u32, Field<'m>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let read = self.read();
        if read.is_err() {
            self.0 = &[];
        }
        Some(read)
    }
}
