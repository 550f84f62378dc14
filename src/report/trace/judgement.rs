//! How a workflow was judged, as plain data: filled in by whoever held its spans against a model.

use amends_models::system::story::Story;
use amends_trace::id::{SpanId, TraceId};

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
    /// What was observed, in the words of the model; `None` to tell it by the spans alone.
    pub observed: Option<Story>,
    /// The first event of the observed story that the expected one does not explain, by its position.
    pub first_divergence: Option<usize>,
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
