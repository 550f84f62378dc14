//! Reading: from whatever tools wrote to spans and log records.
//!
//! A [`Reader`] looks at the first bytes to tell the format, and hands out one [`Item`] after the other
//! while it reads. Nothing is kept but what the present line or message needs, so that files larger than
//! memory are read, also where all of a file is one JSON object.
//!
//! | written by | how it looks |
//! |---|---|
//! | the Collector's file exporter | an OTLP export request in JSON on each line, or protobuf behind its length in four bytes |
//! | OTLP tools | one JSON object, a JSON array of them, or one protobuf message |
//! | Tempo | OTLP under the name of `batches`, also within `trace` |
//! | Jaeger | `{"data": [{"traceID": …, "spans": […], "processes": {…}}]}` |
//!
//! All of it may be compressed with gzip.
//!
//! Form is read leniently, as the Collector reads it: ids as hexadecimal digits or base64, enums as
//! numbers or names, keys in either case, numbers as text, `null` and `{}` for nothing. Meaning is not
//! guessed: a span without a valid id, or without a start, is left out. Whatever is left out or mended
//! is a [`Flaw`], counted in the [`ReadReport`] with a few examples of where it was.
//!
//! ```
//! use amends_trace::read::Reader;
//!
//! let line = br#"{"resourceSpans": [{"scopeSpans": [{"spans": [{
//!     "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b7", "name": "saga order",
//!     "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000000200000000"
//! }]}]}]}"#;
//! let mut names = Vec::new();
//! let report = Reader::new(&line[..]).for_each(|item| names.extend(item.into_span().map(|s| s.name)))?;
//! assert_eq!(names, ["saga order"]);
//! assert_eq!((report.spans, report.flaws.len()), (1, 0));
//! # Ok::<(), amends_trace::read::ReadError>(())
//! ```
//!
//! From here: `format` tells formats apart, `text` splits lines and documents, `json` and
//! `protobuf` read items, `draft` decides what a span or a log record is, and `intake` hands it out.

mod bounded_json;
mod draft;
mod format;
mod intake;
mod json;
mod limits;
mod protobuf;
mod report;
#[cfg(feature = "receiver")]
mod request;
mod text;

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

pub use limits::Limits;
pub use report::{Example, Flaw, Place, ReadReport, Tally};
#[cfg(feature = "receiver")]
pub(crate) use {
    protobuf::Signal,
    request::{Encoding, read_request},
};

use crate::log::LogRecord;
use crate::span::{Source, Span};
use intake::Intake;

/// What is read.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A span.
    Span(Span),
    /// A log record.
    Log(LogRecord),
}

impl Item {
    /// The span, if it is one.
    #[must_use]
    pub fn into_span(self) -> Option<Span> {
        match self {
            Item::Span(span) => Some(span),
            Item::Log(_) => None,
        }
    }

    /// The log record, if it is one.
    #[must_use]
    pub fn into_log(self) -> Option<LogRecord> {
        match self {
            Item::Log(log) => Some(log),
            Item::Span(_) => None,
        }
    }
}

impl Item {
    /// Who says so.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        match self {
            Item::Span(span) => &span.source,
            Item::Log(log) => &log.source,
        }
    }

    fn set_source(&mut self, source: Arc<Source>) {
        match self {
            Item::Span(span) => span.source = source,
            Item::Log(log) => log.source = source,
        }
    }
}

/// Why nothing, or nothing more, can be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The file cannot be opened.
    #[error("{} cannot be opened", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Reading failed.
    #[error("reading failed after {spans} spans and {logs} log records")]
    Io {
        /// Spans read until then.
        spans: u64,
        /// Log records read until then.
        logs: u64,
        /// Why.
        source: io::Error,
    },
    /// Compressed in a way that is not read.
    #[error("compressed with zstd, which is not read; decompress it first: zstd -d FILE")]
    Zstd,
    /// Neither JSON nor protobuf.
    #[error(
        "neither JSON nor protobuf (it begins with {beginning}); traces are read as OTLP in JSON (one \
         object, or one on each line) or protobuf, or as JSON of Jaeger or Tempo, also compressed with gzip"
    )]
    UnknownFormat {
        /// The first bytes.
        beginning: String,
    },
}

/// Reads spans and log records from a file or a stream.
pub struct Reader<R> {
    input: R,
    limits: Limits,
}

impl Reader<File> {
    /// A reader of a file.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ReadError> {
        let path = path.as_ref();
        let open = |source| ReadError::Open { path: path.to_owned(), source };
        let input = File::open(path).map_err(open)?;
        if input.metadata().map_err(open)?.is_dir() {
            return Err(open(io::ErrorKind::IsADirectory.into()));
        }
        Ok(Reader::new(input))
    }
}

impl<R: Read> Reader<R> {
    /// A reader of anything that has bytes, such as standard input.
    pub fn new(input: R) -> Self {
        Reader { input, limits: Limits::default() }
    }

    /// Sets how much memory any one thing may take.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Reads everything, and hands out each item.
    ///
    /// # Errors
    /// When the format is not known, or reading fails. Flaws of what is read are no errors: they are in
    /// the report.
    pub fn for_each(self, mut take: impl FnMut(Item)) -> Result<ReadReport, ReadError> {
        self.try_for_each(|item| {
            take(item);
            ControlFlow::Continue(())
        })
    }

    /// Reads until the end, or until `take` breaks off.
    ///
    /// # Errors
    /// As [`for_each`](Reader::for_each).
    pub fn try_for_each(
        self,
        mut take: impl FnMut(Item) -> ControlFlow<()>,
    ) -> Result<ReadReport, ReadError> {
        let mut intake = Intake::new(&mut take, self.limits);
        let read = format::read(BufReader::with_capacity(1 << 16, self.input), &mut intake);
        let report = intake.into_report();
        match read {
            Ok(()) => Ok(report),
            Err(format::Failure::Io(source)) => {
                Err(ReadError::Io { spans: report.spans, logs: report.logs, source })
            }
            Err(format::Failure::Zstd) => Err(ReadError::Zstd),
            Err(format::Failure::Unknown(beginning)) => Err(ReadError::UnknownFormat { beginning }),
        }
    }
}
