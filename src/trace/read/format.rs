//! Formats, told apart by how the input begins.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;

use super::intake::Intake;
use super::report::Flaw;
use super::{protobuf, text};

/// So many bytes tell the format.
const BEGINNING: usize = 64;

/// Why nothing more can be read.
pub(super) enum Failure {
    Io(io::Error),
    Zstd,
    /// Neither of the formats; it begins like this.
    Unknown(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Io(error)
    }
}

/// How a beginning looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Gzip,
    Zstd,
    /// JSON: lines, or documents.
    Text {
        /// Whether it begins like a document, and not like the rest of one.
        begins: bool,
    },
    /// Messages behind their lengths in four bytes.
    Framed,
    /// One protobuf message.
    Protobuf,
    Unknown,
}

impl Format {
    fn of(beginning: &[u8]) -> Format {
        match beginning {
            [0x1f, 0x8b, ..] => return Format::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => return Format::Zstd,
            // Messages are shorter than 16 MiB, so that their length begins with a zero.
            [0, _, _, _, 0x28, 0xb5, 0x2f, 0xfd, ..] => return Format::Zstd,
            [0, _, _, _, b'{' | 0x0a, ..] | [0, 0, 0, 0, ..] => return Format::Framed,
            _ => {}
        }
        let text = beginning.trim_ascii_start();
        match text {
            [] => return Format::Text { begins: true },
            // A newline is also the tag of a protobuf message's first field, and a brace may be its
            // length. What follows a brace in JSON is rarely found in a message.
            [b'{', rest @ ..] => match rest.trim_ascii_start() {
                [] | [b'}', ..] | [b'"'] => return Format::Text { begins: true },
                [b'"', key, ..] if *key >= b' ' => return Format::Text { begins: true },
                _ => {}
            },
            [b'[', rest @ ..] => {
                if let [] | [b'{' | b'[' | b']', ..] = rest.trim_ascii_start() {
                    return Format::Text { begins: true };
                }
            }
            _ => {}
        }
        if beginning.first() == Some(&0x0a) {
            return Format::Protobuf;
        }
        let is_control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
        if beginning.iter().any(is_control) {
            return Format::Unknown;
        }
        Format::Text { begins: matches!(text, [b'{' | b'[', ..]) }
    }
}

/// Reads whatever it is.
pub(super) fn read(input: impl BufRead, intake: &mut Intake<'_>) -> Result<(), Failure> {
    let (beginning, input) = peek(input)?;
    if Format::of(&beginning) != Format::Gzip {
        return read_plain(&beginning, input, intake);
    }
    let cut_off = Rc::default();
    let plain = CutOff { input: MultiGzDecoder::new(input), cut_off: Rc::clone(&cut_off) };
    let (beginning, plain) = peek(BufReader::with_capacity(1 << 16, plain))?;
    read_plain(&beginning, plain, intake)?;
    if cut_off.get() {
        intake.note(Flaw::Truncated, "the compressed data ends in the middle");
    }
    Ok(())
}

/// Compressed data that may end in the middle, as it does when its writer was killed: what came before
/// is worth reading.
struct CutOff<R> {
    input: R,
    cut_off: Rc<Cell<bool>>,
}

impl<R: Read> Read for CutOff<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.input.read(into) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.cut_off.set(true);
                Ok(0)
            }
            read => read,
        }
    }
}

/// The beginning, and an input that still has it.
fn peek(mut input: impl BufRead) -> io::Result<(Vec<u8>, impl BufRead)> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    let mut beginning = Vec::with_capacity(BEGINNING);
    input.by_ref().take(BEGINNING as u64).read_to_end(&mut beginning)?;
    if beginning.starts_with(MARK) {
        beginning.drain(..MARK.len());
    }
    Ok((beginning.clone(), Cursor::new(beginning).chain(input)))
}

fn read_plain(
    beginning: &[u8],
    input: impl BufRead,
    intake: &mut Intake<'_>,
) -> Result<(), Failure> {
    // One type for all inputs keeps the code of the readers small.
    let mut input: Box<dyn BufRead + '_> = Box::new(input);
    match Format::of(beginning) {
        Format::Text { begins } => {
            text::read(&mut input, intake)?;
            if !begins && intake.has_nothing() {
                return Err(Failure::Unknown(shown(beginning)));
            }
        }
        Format::Framed => protobuf::read_framed(&mut input, intake)?,
        Format::Protobuf => protobuf::read_whole(&mut input, intake)?,
        Format::Zstd => return Err(Failure::Zstd),
        Format::Gzip | Format::Unknown => return Err(Failure::Unknown(shown(beginning))),
    }
    Ok(())
}

fn shown(beginning: &[u8]) -> String {
    let few = &beginning[..beginning.len().min(16)];
    format!("\"{}\"", few.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_tells_the_format() {
        let begins = Format::Text { begins: true };
        let cases: [(&[u8], Format); 14] = [
            (b"", begins),
            (b"{\"resourceSpans\":[", begins),
            (b"\n\n {\n  \"data\": [", begins),
            (b"[{\"resourceSpans\"", begins),
            (b"[\n{", begins),
            (b"{}", begins),
            (b"ns\":[{\"traceId\":", Format::Text { begins: false }),
            (b"hello", Format::Text { begins: false }),
            (b"\x1f\x8b\x08", Format::Gzip),
            (b"\x28\xb5\x2f\xfd", Format::Zstd),
            (b"\0\0\x01\x20\x0a\x9d", Format::Framed),
            (b"\x0a\x9d\x02\x0a\x20", Format::Protobuf),
            // 123 bytes of a message, which begins with 34 bytes of a resource.
            (b"\n{\n\"\n\x20", Format::Protobuf),
            (b"\x89PNG\r\n\x1a\n", Format::Unknown),
        ];
        for (beginning, format) in cases {
            assert_eq!(Format::of(beginning), format, "{}", beginning.escape_ascii());
        }
    }
}
