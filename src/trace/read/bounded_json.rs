//! JSON from a stream, with bounds: no text, number or nesting in it makes a parser take memory without
//! end.
//!
//! A text is cut where it gets too long, between its characters. Bytes that are no text are replaced.
//! Lines are counted as they are read.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;
use std::str;

/// So deep may lists and objects be within each other, also where they are passed over.
const DEPTH: usize = 10_000;
/// So long may a number be.
const NUMBER: usize = 4_096;

/// Something that takes memory until it ends, and was given up.
#[derive(Debug)]
struct Endless(&'static str);

impl fmt::Display for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} without end", self.0)
    }
}

impl std::error::Error for Endless {}

/// Whether that is why reading failed.
pub(super) fn is_endless(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|error| error.is::<Endless>())
}

/// A stream of JSON, read a byte at a time.
pub(super) struct BoundedJson<R> {
    input: R,
    /// Room for what one read brings. An input may bring little at a time: it is not cleared before each.
    room: Box<[u8]>,
    chunk: Vec<u8>,
    at: usize,
    /// The line that is being read.
    number: Rc<Cell<u64>>,
    text_limit: usize,
    depth: usize,
    /// How long the present number or word is.
    word: usize,
    text: Option<InText>,
    /// Bytes of a character, or of a replacement, to hand out next.
    ready: [u8; 4],
    ready_at: usize,
    ready_end: usize,
    /// The last two bytes that were handed out.
    last: [u8; 2],
    /// Whether it is an object, and not a list of documents.
    is_object: bool,
    invalid: u64,
}

/// Where in a text the reading is.
#[derive(Default)]
struct InText {
    length: usize,
    escape: Escape,
    /// Whether the last character was the first half of a pair, which must not be parted.
    half: bool,
    /// Whether its limit is reached, and the rest of it passed over.
    cut: bool,
}

#[derive(Clone, Copy, Default)]
enum Escape {
    #[default]
    None,
    /// After the backslash.
    Begun,
    /// After so many hexadecimal digits, which are this number.
    Digits(u8, u32),
}

/// What becomes of a byte of a text.
enum Step {
    HandOut,
    PassOver,
    Ends,
}

impl InText {
    fn step(&mut self, byte: u8, limit: usize) -> Step {
        self.length += 1;
        match self.escape {
            Escape::None if byte == b'"' => return Step::Ends,
            Escape::None if (0x80..0xc0).contains(&byte) => {}
            Escape::None => {
                // Here a character begins.
                self.cut |= self.length > limit && !self.half;
                if byte == b'\\' {
                    self.escape = Escape::Begun;
                } else {
                    self.half = false;
                }
            }
            Escape::Begun if byte == b'u' => self.escape = Escape::Digits(0, 0),
            Escape::Begun => {
                self.escape = Escape::None;
                self.half = false;
            }
            Escape::Digits(read, number) => {
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                let number = number << 4 | digit;
                self.escape = Escape::Digits(read + 1, number);
                if read == 3 {
                    self.escape = Escape::None;
                    self.half = (0xd800..0xdc00).contains(&number);
                }
            }
        }
        if self.cut { Step::PassOver } else { Step::HandOut }
    }
}

impl<R: Read> BoundedJson<R> {
    pub(super) fn new(input: R, text_limit: usize, number: Rc<Cell<u64>>) -> Self {
        BoundedJson {
            input,
            room: vec![0; 1 << 16].into_boxed_slice(),
            chunk: Vec::new(),
            at: 0,
            number,
            text_limit,
            depth: 0,
            word: 0,
            text: None,
            ready: [0; 4],
            ready_at: 0,
            ready_end: 0,
            // As at the beginning of a line.
            last: [b'\n'; 2],
            is_object: false,
            invalid: 0,
        }
    }

    /// How many sequences of bytes were no text.
    pub(super) fn invalid(&self) -> u64 {
        self.invalid
    }

    /// What was taken from the input, and not handed out; and the last two bytes that were.
    pub(super) fn into_rest(mut self) -> (Vec<u8>, [u8; 2]) {
        self.chunk.drain(..self.at);
        (self.chunk, self.last)
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.at == self.chunk.len() {
            let read = loop {
                match self.input.read(&mut self.room) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read,
                }
            };
            self.chunk.clear();
            self.at = 0;
            self.chunk.extend_from_slice(&self.room[..read?]);
        }
        Ok(self.chunk.get(self.at).copied())
    }

    fn next(&mut self) -> io::Result<Option<u8>> {
        if self.ready_at < self.ready_end {
            self.ready_at += 1;
            return Ok(Some(self.ready[self.ready_at - 1]));
        }
        if self.last[1] == b'\n' && self.is_cut_off()? {
            return Ok(None);
        }
        while let Some(byte) = self.peek()? {
            self.at += 1;
            if byte == b'\n' {
                self.number.set(self.number.get() + 1);
            }
            let Some(text) = &mut self.text else {
                self.outside(byte)?;
                return Ok(Some(byte));
            };
            match text.step(byte, self.text_limit) {
                Step::PassOver => {}
                Step::HandOut if byte >= 0x80 => return self.character(byte).map(Some),
                Step::HandOut => return Ok(Some(byte)),
                Step::Ends => {
                    self.text = None;
                    return Ok(Some(byte));
                }
            }
        }
        Ok(None)
    }

    /// Whether a document of its own begins with this line, so that this one must have been cut off.
    fn is_cut_off(&mut self) -> io::Result<bool> {
        const BEGINNINGS: [&[u8]; 3] =
            [b"{\"resourceSpans\"", b"{\"resourceLogs\"", b"{\"resourceMetrics\""];
        if !self.is_object || self.depth == 0 || self.text.is_some() || self.peek()? != Some(b'{') {
            return Ok(false);
        }
        let longest = BEGINNINGS[2].len();
        if self.chunk.len() - self.at < longest {
            self.chunk.drain(..self.at);
            self.at = 0;
            self.input.by_ref().take(longest as u64).read_to_end(&mut self.chunk)?;
        }
        Ok(BEGINNINGS.iter().any(|beginning| self.chunk[self.at..].starts_with(beginning)))
    }

    /// A byte outside of texts.
    fn outside(&mut self, byte: u8) -> io::Result<()> {
        match byte {
            b'"' => self.text = Some(InText::default()),
            b'{' | b'[' => {
                self.is_object |= self.depth == 0 && byte == b'{';
                self.depth += 1;
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' => {}
            _ => {
                self.word += 1;
                if self.word > NUMBER {
                    return Err(io::Error::other(Endless("a number")));
                }
                return Ok(());
            }
        }
        self.word = 0;
        if self.depth > DEPTH {
            return Err(io::Error::other(Endless("lists within lists")));
        }
        Ok(())
    }

    /// The character that begins with this byte, or its replacement; its other bytes are next.
    fn character(&mut self, first: u8) -> io::Result<u8> {
        let length = match first {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        let mut bytes = [first, 0, 0, 0];
        let mut read = 1;
        while read < length {
            match self.peek()? {
                Some(byte @ 0x80..=0xbf) => {
                    bytes[read] = byte;
                    read += 1;
                    self.at += 1;
                }
                _ => break,
            }
        }
        if read < length || str::from_utf8(&bytes[..read]).is_err() {
            self.invalid += 1;
            bytes = [0xef, 0xbf, 0xbd, 0];
            read = 3;
        }
        self.ready = bytes;
        self.ready_at = 1;
        self.ready_end = read;
        Ok(bytes[0])
    }
}

impl<R: Read> Read for BoundedJson<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(slot) = into.first_mut() else { return Ok(0) };
        match self.next()? {
            Some(byte) => {
                *slot = byte;
                self.last = [self.last[1], byte];
                Ok(1)
            }
            None => Ok(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounded(input: &[u8], limit: usize) -> Result<(String, u64), io::Error> {
        let mut source = BoundedJson::new(input, limit, Rc::default());
        let mut text = String::new();
        source.read_to_string(&mut text)?;
        Ok((text, source.invalid()))
    }

    #[test]
    fn what_is_within_bounds_stays_as_it_is() {
        let json = r#"{"a\"b": [1, -2.5e3, null], "é": "\ud83d\ude00 🙂\\"}"#;
        assert_eq!(bounded(json.as_bytes(), 100).expect("readable"), (json.to_owned(), 0));
    }

    #[test]
    fn a_text_is_cut_between_its_characters() {
        let cut = |text: &str| {
            let json = format!("[\"{text}\", 1]");
            let (bounded, _) = bounded(json.as_bytes(), 4).expect("readable");
            let (text, one): (String, u8) = serde_json::from_str(&bounded).expect("still JSON");
            assert_eq!(one, 1);
            text
        };
        assert_eq!(cut("abcdefgh"), "abcd");
        assert_eq!(cut("abcd"), "abcd");
        assert_eq!(cut(r"abc\\d"), r"abc\");
        assert_eq!(cut(r"abc\u00e9f"), "abcé");
        assert_eq!(cut(r"abc\ud83d\ude00f"), "abc😀");
        assert_eq!(cut(r"abcd\ud83d\ude00f"), "abcd");
        assert_eq!(cut("abc🙂🙂🙂"), "abc🙂");
        assert_eq!(cut(r#"abcdef\"ghi"#), "abcd");
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let (text, invalid) =
            bounded(b"[\"a\xff\xe2\x82b\xf0\x9f\x99\x82\"]", 100).expect("readable");
        assert_eq!((text.as_str(), invalid), ("[\"a\u{fffd}\u{fffd}b🙂\"]", 2));
    }

    #[test]
    fn what_has_no_end_is_given_up() {
        for endless in ["[".repeat(DEPTH + 1), "7".repeat(NUMBER + 1)] {
            let error = bounded(endless.as_bytes(), 100).expect_err("too much");
            assert!(is_endless(&error), "{error}");
        }
    }
}
