//! Text: JSON on lines of its own, or documents that go over many lines.
//!
//! A line is read at once, which is fast. A document that goes over lines, or a line beyond the limit,
//! is read from the stream, with memory for one span at a time. After something broken, reading goes on
//! with the next line that begins like a document.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;
use std::str;

use serde_json::error::Category;

use super::bounded_json::{BoundedJson, is_endless};
use super::intake::Intake;
use super::json;
use super::report::Flaw;

/// How a line ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Newline,
    Input,
    /// Not yet, within the limit.
    Limit,
}

/// Reads all lines and documents.
pub(super) fn read(input: &mut dyn BufRead, intake: &mut Intake<'_>) -> io::Result<()> {
    let mut input = Replay { again: Vec::new(), at: 0, input };
    let mut line = Vec::new();
    let number = Rc::clone(&intake.number);
    number.set(1);
    while !intake.stopped {
        line.clear();
        let end = input.read_line(&mut line, intake.limits.line)?;
        let text = line.trim_ascii();
        let is_document = end == End::Limit || (!text.is_empty() && goes_on(text, &mut input)?);
        let was_read = is_document || text.is_empty() || read_line(text, end, intake);
        if is_document || !was_read {
            if end == End::Newline {
                line.push(b'\n');
            }
            input.push_back(&line);
            read_document(&mut input, intake, &number)?;
        } else if end == End::Newline {
            number.set(number.get() + 1);
        } else {
            return Ok(());
        }
    }
    Ok(())
}

/// Whether the document that this line begins goes on with the next line.
fn goes_on(text: &[u8], following: &mut impl BufRead) -> io::Result<bool> {
    let ([b'{' | b'[', .., last] | [last @ (b'{' | b'[')]) = text else { return Ok(false) };
    if let b'}' | b']' = last {
        return Ok(false);
    }
    let next = following.fill_buf()?;
    // A line that was cut off is followed by a document of its own.
    let was_cut_off = next.starts_with(b"{") && !matches!(last, b'{' | b'[' | b',' | b':');
    Ok(!next.is_empty() && !was_cut_off)
}

/// Reads the documents on one line. False if it seems to be the beginning of a longer one.
fn read_line(line: &[u8], end: End, intake: &mut Intake<'_>) -> bool {
    let before = intake.handed_out();
    let lossy;
    let text = match str::from_utf8(line) {
        Ok(text) => text,
        Err(error) => {
            let column = error.valid_up_to() + 1;
            intake.note_with(Flaw::InvalidText, || compact_str::format_compact!("column {column}"));
            lossy = String::from_utf8_lossy(line);
            &lossy
        }
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    loop {
        if let Err(error) = json::read(&mut deserializer, intake) {
            let whole = matches!(line, [.., b'}' | b']']);
            match error.classify() {
                Category::Eof if whole && end == End::Newline && before == intake.handed_out() => {
                    return false;
                }
                Category::Eof => intake.note(Flaw::Truncated, ""),
                _ if intake.stopped => {}
                _ => intake.note_with(Flaw::Syntax, || {
                    compact_str::format_compact!("column {}: {}", error.column(), reason(&error))
                }),
            }
            return true;
        }
        if deserializer.end().is_ok() || intake.stopped {
            return true;
        }
    }
}

/// Reads a document from the stream.
fn read_document(
    input: &mut Replay<'_>,
    intake: &mut Intake<'_>,
    number: &Rc<Cell<u64>>,
) -> io::Result<()> {
    // However much it is escaped, a text this long is still beyond the limit when it is read.
    let text_limit = intake.limits.text.saturating_mul(6).saturating_add(6);
    let mut source = BoundedJson::new(&mut *input, text_limit, Rc::clone(number));
    let read = json::read(&mut serde_json::Deserializer::from_reader(&mut source), intake);
    let invalid = source.invalid();
    let (rest, last) = source.into_rest();
    input.push_back(&rest);
    if invalid > 0 {
        intake.note_with(Flaw::InvalidText, || {
            compact_str::format_compact!("{invalid} sequences of bytes up to here")
        });
    }
    let Err(error) = read else { return Ok(()) };
    let begins_line = matches!(last, [b'\n', b'{']);
    match error.classify() {
        _ if intake.stopped => return Ok(()),
        Category::Io => {
            let error = io::Error::from(error);
            if !is_endless(&error) {
                return Err(error);
            }
            intake.note_with(Flaw::NestedTooDeep, || error.to_string().into());
        }
        Category::Eof => {
            // It may have been cut off where another begins.
            let next_line = u64::from(last[1] == b'\n');
            number.set(number.get() - next_line);
            intake.note(Flaw::Truncated, "");
            number.set(number.get() + next_line);
            return Ok(());
        }
        Category::Syntax | Category::Data => {
            // The parser looks at a character more, and that of the next line is not to blame.
            let next_line = u64::from(begins_line || last[1] == b'\n');
            number.set(number.get() - next_line);
            if begins_line {
                intake.note(Flaw::Truncated, "");
                input.push_back(b"{");
            } else {
                intake.note_with(Flaw::Syntax, || reason(&error).into());
            }
            number.set(number.get() + next_line);
            if next_line == 1 && matches!(input.fill_buf()?, [b'{', ..] | []) {
                return Ok(());
            }
        }
    }
    input.skip_to_document(number)
}

/// What the parser complains of, without the place, which is told apart.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.find(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// An input to which something can be given back.
struct Replay<'i> {
    again: Vec<u8>,
    at: usize,
    input: &'i mut dyn BufRead,
}

impl Replay<'_> {
    fn push_back(&mut self, bytes: &[u8]) {
        let mut again = bytes.to_vec();
        again.extend_from_slice(&self.again[self.at..]);
        self.again = again;
        self.at = 0;
    }

    /// Reads a line, without its end.
    fn read_line(&mut self, line: &mut Vec<u8>, limit: usize) -> io::Result<End> {
        loop {
            let available = match self.fill_buf() {
                Ok([]) => return Ok(End::Input),
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            match memchr::memchr(b'\n', available) {
                Some(at) => {
                    line.extend_from_slice(&available[..at]);
                    self.consume(at + 1);
                    return Ok(End::Newline);
                }
                None => {
                    let length = available.len();
                    line.extend_from_slice(available);
                    self.consume(length);
                }
            }
            if line.len() > limit {
                return Ok(End::Limit);
            }
        }
    }

    /// Passes over everything up to a line that begins like a document.
    fn skip_to_document(&mut self, number: &Rc<Cell<u64>>) -> io::Result<()> {
        loop {
            let available = self.fill_buf()?;
            if available.is_empty() {
                return Ok(());
            }
            let length = available.len();
            match memchr::memchr(b'\n', available) {
                None => self.consume(length),
                Some(at) => {
                    self.consume(at + 1);
                    number.set(number.get() + 1);
                    if let [b'{', ..] = self.fill_buf()? {
                        return Ok(());
                    }
                }
            }
        }
    }
}

impl Read for Replay<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let read = available.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Replay<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at < self.again.len() {
            return Ok(&self.again[self.at..]);
        }
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if self.at < self.again.len() {
            self.at += amount;
        } else {
            self.input.consume(amount);
        }
    }
}
