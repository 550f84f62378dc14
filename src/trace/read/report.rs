//! The report of a reading: how much was read, and what was left out or mended, and where.

use std::collections::BTreeMap;
use std::fmt;

use compact_str::CompactString;

/// So many examples of each flaw are kept.
const EXAMPLES: usize = 5;

/// How much was read, and what was wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadReport {
    /// Spans handed out.
    pub spans: u64,
    /// Log records handed out.
    pub logs: u64,
    /// Resources with metrics, which are passed over.
    pub metrics: u64,
    /// What was left out or mended.
    pub flaws: BTreeMap<Flaw, Tally>,
}

impl ReadReport {
    /// How many flaws left something out, so that what was read is not all there was.
    #[must_use]
    pub fn losses(&self) -> u64 {
        self.flaws.iter().filter(|(flaw, _)| flaw.loses()).map(|(_, tally)| tally.count).sum()
    }

    /// Adds what another reading found, such as that of a further file.
    pub fn merge(&mut self, other: ReadReport) {
        self.spans += other.spans;
        self.logs += other.logs;
        self.metrics += other.metrics;
        for (flaw, tally) in other.flaws {
            let into = self.flaws.entry(flaw).or_default();
            into.count += tally.count;
            let free = EXAMPLES.saturating_sub(into.examples.len());
            into.examples.extend(tally.examples.into_iter().take(free));
        }
    }

    /// Spans and log records that were left out as a whole.
    #[cfg(feature = "receiver")]
    pub(crate) fn items_left_out(&self) -> u64 {
        const WHOLE: [Flaw; 7] = [
            Flaw::NotAnObject,
            Flaw::MalformedMessage,
            Flaw::TraceId,
            Flaw::SpanId,
            Flaw::ParentId,
            Flaw::NoStart,
            Flaw::ResourceTooLate,
        ];
        WHOLE.iter().filter_map(|flaw| self.flaws.get(flaw)).map(|tally| tally.count).sum()
    }

    /// What was wrong, in a sentence for whoever sent it; empty if nothing was left out.
    #[cfg(feature = "receiver")]
    pub(crate) fn complaint(&self) -> String {
        let of_flaw = |(flaw, tally): (&Flaw, &Tally)| {
            let example = tally.examples.first().map(|example| format!(" ({example})"));
            format!("{}: {flaw}{}", tally.count, example.unwrap_or_default())
        };
        let losses = self.flaws.iter().filter(|(flaw, _)| flaw.loses());
        losses.map(of_flaw).collect::<Vec<_>>().join("; ")
    }

    /// Why a request is no request at all, if it is not.
    #[cfg(feature = "receiver")]
    pub(crate) fn why_malformed(&self) -> Option<String> {
        let nothing = self.spans + self.logs + self.metrics == 0;
        let fatal = [Flaw::Syntax, Flaw::Truncated, Flaw::UnknownDocument];
        let malformed = fatal.iter().any(|flaw| self.flaws.contains_key(flaw))
            || (nothing && self.flaws.contains_key(&Flaw::MalformedMessage));
        malformed.then(|| self.complaint())
    }

    pub(super) fn note(&mut self, flaw: Flaw, example: impl FnOnce() -> Example) {
        let tally = self.flaws.entry(flaw).or_default();
        tally.count += 1;
        if tally.examples.len() < EXAMPLES {
            tally.examples.push(example());
        }
    }
}

/// How often there was a flaw, and the first places where it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often.
    pub count: u64,
    /// The first few.
    pub examples: Vec<Example>,
}

/// One place where there was a flaw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Where.
    pub place: Place,
    /// What exactly, such as the name of an attribute; may be empty.
    pub detail: CompactString,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, counted from 1; in protobuf, the message.
    pub number: u64,
    /// Whether it is a line.
    pub is_line: bool,
    /// The path within the document, such as `resourceSpans[0].scopeSpans[0].spans[3]`; may be empty.
    pub path: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", if self.is_line { "line" } else { "message" }, self.number)?;
        if self.path.is_empty() { Ok(()) } else { write!(f, ", {}", self.path) }
    }
}

impl fmt::Display for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.place)?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

/// What can be wrong with what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flaw {
    /// Text that is no JSON; the rest of its line or document is left out.
    Syntax,
    /// A line, document or message that ends in the middle; its end is left out.
    Truncated,
    /// JSON that is none of the documents known here.
    UnknownDocument,
    /// Something else where an object should be.
    NotAnObject,
    /// A protobuf message that is none.
    MalformedMessage,
    /// A message larger than the limit.
    MessageTooLarge,
    /// A span without a trace id, or with one that is none.
    TraceId,
    /// A span without an id, or with one that is none.
    SpanId,
    /// A span whose parent is told, but by no id.
    ParentId,
    /// A span that does not say when it began.
    NoStart,
    /// A link without valid ids; the span is kept without it.
    LinkId,
    /// Spans left out because so many of them came before their resource that they could not be held.
    ResourceTooLate,
    /// Attributes, events, links or elements beyond the limit.
    TooMany,
    /// A value nested deeper than is read.
    NestedTooDeep,
    /// A time, an enum or a list that cannot be read as one, taken as not told.
    Unreadable,
    /// A text beyond the limit, cut.
    TextCut,
    /// A log record with ids that are none; it is kept without them.
    LogId,
    /// An attribute's value of another type than it is said to have, kept as the type that it has.
    Mistyped,
    /// A value of a kind that is not known, kept as an empty one.
    UnknownValue,
    /// Bytes that are no text, replaced.
    InvalidText,
    /// A span that ended before it began, taken to have ended as it began.
    EndBeforeStart,
}

impl Flaw {
    /// Whether a span, a log record or a part of one was left out because of it.
    #[must_use]
    pub fn loses(self) -> bool {
        !matches!(
            self,
            Flaw::TextCut
                | Flaw::LogId
                | Flaw::Mistyped
                | Flaw::UnknownValue
                | Flaw::InvalidText
                | Flaw::EndBeforeStart
        )
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Flaw::Syntax => "not JSON, left out",
            Flaw::Truncated => "ends in the middle, its end left out",
            Flaw::UnknownDocument => "JSON, but no traces or logs that are known here, left out",
            Flaw::NotAnObject => "something else where an object should be, left out",
            Flaw::MalformedMessage => "not a protobuf message, left out",
            Flaw::MessageTooLarge => "message too large, left out",
            Flaw::TraceId => "span without a valid trace id, left out",
            Flaw::SpanId => "span without a valid id, left out",
            Flaw::ParentId => "span with an invalid id of its parent, left out",
            Flaw::NoStart => "span without a start, left out",
            Flaw::LinkId => "link without valid ids, left out",
            Flaw::ResourceTooLate => "span too long before its resource, left out",
            Flaw::TooMany => "more attributes, events or links than are read, the rest left out",
            Flaw::NestedTooDeep => "nested too deeply, left out",
            Flaw::Unreadable => "cannot be read, taken as not told",
            Flaw::TextCut => "text too long, cut",
            Flaw::LogId => "log record with invalid ids, kept without them",
            Flaw::Mistyped => "value not of the type that it is said to have, kept",
            Flaw::UnknownValue => "value of an unknown kind, kept as an empty one",
            Flaw::InvalidText => "bytes that are no text, replaced",
            Flaw::EndBeforeStart => "span that ended before it began, taken to have ended then",
        })
    }
}
