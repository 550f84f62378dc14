//! The verdict on a workflow.

use amends_models::conformance::{Explanation, FaultAt, Rule};
use amends_models::system::story::Story;
use amends_models::workflow::Fault;

use crate::{Span, SpanId, TraceId};

use super::doubt::Doubt;

/// What came of judging a workflow.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The design has a run that shows just what was observed.
    Conforms(Explained),
    /// The design has no such run, whatever faults struck.
    Violates(Box<Violated>),
    /// It cannot be decided.
    Inconclusive {
        /// Why not.
        doubts: Vec<Doubt>,
        /// What explains that which was observed.
        explained: Option<Explained>,
    },
}

/// The least explanation of what was observed.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The faults that must have struck, and how often.
    pub faults: Vec<(FaultAt, u32)>,
    /// The run, with what nobody observed.
    pub story: Story,
}

/// What is wrong.
#[derive(Clone, Debug)]
pub struct Violated {
    /// The rule that is broken.
    pub rule: Rule,
    /// The smallest set of observations that cannot be explained, in words.
    pub evidence: Vec<String>,
    /// Their spans.
    pub spans: Vec<(TraceId, SpanId)>,
    /// What should have happened and did not, in words.
    pub missing: Vec<String>,
    /// The first observation that cannot be explained beside all others, in words.
    pub unexplained: Option<String>,
    /// Where that was observed.
    pub divergence: Option<Divergence>,
    /// What could have been observed in its place, in words.
    pub expected: Vec<String>,
    /// The run of the design that comes closest.
    pub closest: Option<Story>,
}

/// Where an observation was made that cannot be explained beside all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The trace.
    pub trace: TraceId,
    /// The span, or that around an event or log record.
    pub span: SpanId,
    /// Whether it was observed when the span began, and not in its course or at its end.
    pub is_at_start: bool,
}

impl Divergence {
    /// Whether it was made in that span.
    #[must_use]
    pub fn is_of(&self, span: &Span) -> bool {
        (self.trace, self.span) == (span.trace, span.id)
    }
}

impl Explained {
    pub(super) fn new(explanation: &Explanation) -> Explained {
        Explained { faults: explanation.faults.clone(), story: explanation.story.clone() }
    }

    /// How many faults must have struck.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.faults.iter().map(|(_, count)| count).sum()
    }

    /// The faults in a phrase: `1 lost message and 2 crashes of payment`.
    #[must_use]
    pub fn in_words(&self) -> String {
        if self.faults.is_empty() {
            return "without any fault".to_owned();
        }
        let phrases: Vec<String> =
            self.faults.iter().map(|(at, count)| phrase(at, *count)).collect();
        match phrases.split_last() {
            Some((last, [])) => format!("by {last}"),
            Some((last, others)) => format!("by {} and {last}", others.join(", ")),
            None => String::new(),
        }
    }
}

fn phrase(at: &FaultAt, count: u32) -> String {
    let (one, many, of) = match at.fault {
        Fault::Crash => ("crash", "crashes", " of "),
        Fault::Halt => ("crash for ever", "crashes for ever", " of "),
        Fault::Lose => ("lost message", "lost messages", ": "),
        Fault::Duplicate => ("repeated message", "repeated messages", ": "),
        Fault::Partition => ("partition", "partitions", " of "),
        Fault::Refuse => ("refusal", "refusals", " by "),
        Fault::Fail => ("failed transaction", "failed transactions", " of "),
        Fault::Timeout => ("timeout that came too early", "timeouts that came too early", " at "),
        Fault::Cancel => ("cancellation", "cancellations", " of "),
    };
    let what = if count == 1 { one } else { many };
    format!("{count} {what}{of}{}", at.what)
}
