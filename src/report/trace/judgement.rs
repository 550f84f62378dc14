//! How a workflow was judged, as plain data: filled in by whoever held its spans against a model.

use amends_models::system::story::Story;
use amends_trace::id::{SpanId, TraceId};
use amends_trace::judge::Divergence;

/// How a workflow was judged, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Whether it is a run of the model.
    pub verdict: Verdict,
    /// Why, in a sentence: `explained by 1 lost reply and 1 crash of the coordinator`; the rule that broke;
    /// what would have to be observed to decide.
    pub reason: String,
    /// The run of the model that comes closest: the explanation, or what should have happened.
    pub expected: Option<Story>,
    /// Of a violation, where the first observation was made that the model does not explain; `None` if what
    /// is wrong is that something is missing at the end.
    pub divergence: Option<Divergence>,
    /// The smallest set of spans that cannot be explained.
    pub evidence: Vec<(TraceId, SpanId)>,
}

/// Whether a workflow is a run of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is.
    Conforms,
    /// It is not, whatever faults struck.
    Violates,
    /// It cannot be said.
    Inconclusive,
}

impl Verdict {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Conforms => "conforms",
            Verdict::Violates => "violates",
            Verdict::Inconclusive => "inconclusive",
        }
    }
}
