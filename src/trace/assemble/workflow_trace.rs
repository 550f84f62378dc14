//! What is handed out: a workflow, with what is known of how complete it is.

use std::fmt;

use compact_str::CompactString;

use crate::log::LogRecord;
use crate::span::Span;

/// The spans and log records of one workflow, in the order in which they came.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowTrace {
    /// The workflow that they name; `None` if they name none, and only share a trace.
    pub key: Option<CompactString>,
    /// Its spans; no two have the same trace and id.
    pub spans: Vec<Span>,
    /// Its log records.
    pub logs: Vec<LogRecord>,
    /// Why it was handed out when it was.
    pub completeness: Completeness,
    /// Spans that are part of no other span of this workflow, and do not say that they should be.
    pub roots: usize,
    /// Spans whose parent did not come.
    pub orphans: usize,
    /// Spans that are part of themselves, by way of their parents.
    pub in_cycles: usize,
    /// Spans that came twice, with different content.
    pub conflicts: usize,
    /// Attributes, events and links that services left out.
    pub dropped: u64,
}

impl WorkflowTrace {
    /// Whether some span is known to be the root.
    #[must_use]
    pub fn has_root(&self) -> bool {
        self.roots > 0
    }
}

/// Why a workflow was handed out when it was. Where it was cut short, spans may be missing that came
/// later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Completeness {
    /// Its roots had ended, and nothing more came for a while.
    Settled,
    /// There was nothing more to read.
    EndOfInput,
    /// It was cut short: it had not ended, or not been quiet, for too long.
    TooOld,
    /// It was cut short: memory was short.
    MemoryShort,
}

impl Completeness {
    /// Whether it was handed out although more of it may have come.
    #[must_use]
    pub fn is_cut_short(self) -> bool {
        matches!(self, Completeness::TooOld | Completeness::MemoryShort)
    }
}

impl fmt::Display for Completeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Completeness::Settled => "complete",
            Completeness::EndOfInput => "at the end of the input",
            Completeness::TooOld => "cut short, since it was too old",
            Completeness::MemoryShort => "cut short, since memory was short",
        })
    }
}
