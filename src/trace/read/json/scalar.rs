//! Single values: text, times, counts, ids, kinds and codes, however they are written.

use base64::Engine as _;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use compact_str::{CompactString, ToCompactString};

use super::lenient::{Found, Lenient};
use crate::id::{InvalidId, SpanId, TraceId};
use crate::read::draft::{StatusCode, Told};
use crate::read::intake::Intake;
use crate::read::report::Flaw;
use crate::span::SpanKind;

/// Base64, with padding or without.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Text; numbers and truth values are written out.
pub(super) struct Text<'i, 't> {
    pub(super) intake: &'i mut Intake<'t>,
    pub(super) of: &'static str,
}

impl Lenient<'_> for Text<'_, '_> {
    type Output = CompactString;

    fn other(self, found: Found) -> CompactString {
        if found != Found::Null {
            self.intake.note(Flaw::Unreadable, self.of);
        }
        CompactString::default()
    }

    fn boolean(self, value: bool) -> CompactString {
        value.to_compact_string()
    }

    fn int(self, value: i64) -> CompactString {
        value.to_compact_string()
    }

    fn float(self, value: f64) -> CompactString {
        value.to_compact_string()
    }

    fn text(self, text: &str) -> CompactString {
        self.intake.text(text)
    }
}

/// A whole number that is not negative: a time, or a count. Zero for nothing, and for what is none,
/// which is counted.
pub(super) struct Whole<'i, 't> {
    pub(super) intake: &'i mut Intake<'t>,
    pub(super) of: &'static str,
}

impl Lenient<'_> for Whole<'_, '_> {
    type Output = u64;

    fn other(self, found: Found) -> u64 {
        if found != Found::Null {
            self.intake.note(Flaw::Unreadable, self.of);
        }
        0
    }

    fn int(self, value: i64) -> u64 {
        u64::try_from(value).unwrap_or_else(|_| self.other(Found::Number))
    }

    fn large(self, value: u64) -> u64 {
        value
    }

    fn float(self, value: f64) -> u64 {
        // Numbers as large as times lose their last digits this way, which the writer did already.
        if value >= 0.0 && value < u64::MAX as f64 {
            value as u64
        } else {
            self.other(Found::Number)
        }
    }

    fn text(self, text: &str) -> u64 {
        match text.trim() {
            "" => 0,
            text => match text.parse() {
                Ok(value) => value,
                Err(_) => match text.parse::<f64>() {
                    Ok(value) => self.float(value),
                    Err(_) => self.other(Found::Text),
                },
            },
        }
    }
}

/// A count, such as that of dropped attributes.
pub(in crate::read) fn count(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// An id that can be read from its bytes.
pub(in crate::read) trait Bytes: Sized {
    const LENGTH: usize;
    fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidId>;
    fn from_digits(text: &str) -> Result<Self, InvalidId>;
}

macro_rules! bytes {
    ($id:ident, $length:literal) => {
        impl Bytes for $id {
            const LENGTH: usize = $length;

            fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidId> {
                $id::from_slice(bytes)
            }

            fn from_digits(text: &str) -> Result<Self, InvalidId> {
                text.parse()
            }
        }
    };
}
bytes!(TraceId, 16);
bytes!(SpanId, 8);

/// An id, as hexadecimal digits or base64.
pub(super) struct Id<I> {
    id: std::marker::PhantomData<I>,
    /// Whether zeros in front may be missing, as Jaeger writes ids.
    pub(super) may_be_short: bool,
}

impl<I> Id<I> {
    pub(super) const OTLP: Self = Id { id: std::marker::PhantomData, may_be_short: false };
    pub(super) const JAEGER: Self = Id { id: std::marker::PhantomData, may_be_short: true };
}

impl<I: Bytes> Lenient<'_> for Id<I> {
    type Output = Told<I>;

    fn other(self, found: Found) -> Told<I> {
        match found {
            Found::Null => Told::Nothing,
            _ => Told::Invalid(InvalidId::Digit),
        }
    }

    fn text(self, text: &str) -> Told<I> {
        let length = text.len();
        if length == 2 * I::LENGTH {
            return I::from_digits(text).into();
        }
        if length == 0 {
            return Told::Nothing;
        }
        if self.may_be_short && length < 2 * I::LENGTH {
            return I::from_digits(&format!("{text:0>width$}", width = 2 * I::LENGTH)).into();
        }
        // With padding or without.
        if length == I::LENGTH.div_ceil(3) * 4 || length == (I::LENGTH * 4).div_ceil(3) {
            let mut bytes = [0; 24];
            if let Ok(read) = BASE64.decode_slice(text, &mut bytes) {
                return I::from_bytes(&bytes[..read]).into();
            }
        }
        I::from_digits(text).into()
    }
}

/// A span's kind, as a number or a name.
pub(super) struct Kind<'i, 't>(pub(super) &'i mut Intake<'t>);

impl Kind<'_, '_> {
    pub(super) fn named(name: &str) -> Option<SpanKind> {
        const KINDS: [(&str, SpanKind); 6] = [
            ("internal", SpanKind::Internal),
            ("server", SpanKind::Server),
            ("client", SpanKind::Client),
            ("producer", SpanKind::Producer),
            ("consumer", SpanKind::Consumer),
            ("unspecified", SpanKind::Unspecified),
        ];
        let name = name.strip_prefix("SPAN_KIND_").unwrap_or(name);
        let is = |(kind, _): &&(&str, _)| kind.eq_ignore_ascii_case(name);
        KINDS.iter().find(is).map(|(_, kind)| *kind)
    }
}

/// A span's kind by its number in OTLP.
pub(in crate::read) fn kind_of(number: i64) -> Option<SpanKind> {
    Some(match number {
        0 => SpanKind::Unspecified,
        1 => SpanKind::Internal,
        2 => SpanKind::Server,
        3 => SpanKind::Client,
        4 => SpanKind::Producer,
        5 => SpanKind::Consumer,
        _ => return None,
    })
}

/// The code of a status by its number in OTLP.
pub(in crate::read) fn status_of(number: i64) -> Option<StatusCode> {
    Some(match number {
        0 => StatusCode::Unset,
        1 => StatusCode::Ok,
        2 => StatusCode::Error,
        _ => return None,
    })
}

impl Lenient<'_> for Kind<'_, '_> {
    type Output = SpanKind;

    fn other(self, found: Found) -> SpanKind {
        if found != Found::Null {
            self.0.note(Flaw::Unreadable, "kind");
        }
        SpanKind::Unspecified
    }

    fn int(self, number: i64) -> SpanKind {
        kind_of(number).unwrap_or_else(|| self.other(Found::Number))
    }

    fn text(self, text: &str) -> SpanKind {
        if text.is_empty() {
            return SpanKind::Unspecified;
        }
        if let Some(kind) = Self::named(text) {
            return kind;
        }
        match text.parse() {
            Ok(number) => self.int(number),
            Err(_) => self.other(Found::Text),
        }
    }
}

/// The code of a status, as a number or a name.
pub(super) struct Code<'i, 't>(pub(super) &'i mut Intake<'t>);

impl Code<'_, '_> {
    pub(super) fn named(name: &str) -> Option<StatusCode> {
        let name = name.strip_prefix("STATUS_CODE_").unwrap_or(name);
        let is = |code: &str| code.eq_ignore_ascii_case(name);
        if is("error") {
            Some(StatusCode::Error)
        } else if is("ok") {
            Some(StatusCode::Ok)
        } else if is("unset") || name.is_empty() {
            Some(StatusCode::Unset)
        } else {
            None
        }
    }
}

impl Lenient<'_> for Code<'_, '_> {
    type Output = StatusCode;

    fn other(self, found: Found) -> StatusCode {
        if found != Found::Null {
            self.0.note(Flaw::Unreadable, "status code");
        }
        StatusCode::Unset
    }

    fn int(self, number: i64) -> StatusCode {
        status_of(number).unwrap_or_else(|| self.other(Found::Number))
    }

    fn text(self, text: &str) -> StatusCode {
        if let Some(code) = Self::named(text) {
            return code;
        }
        match text.parse() {
            Ok(number) => self.int(number),
            Err(_) => self.other(Found::Text),
        }
    }
}
