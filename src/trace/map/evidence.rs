//! Whether anything is missing of what was told of a workflow, and how that is known.

use std::fmt;

use crate::span::Span;

/// How much of what services tell is known to be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Completeness {
    /// Anything may be missing.
    #[default]
    Nothing,
    /// All that the process told that coordinates the workflow: requests, answers, decisions, the end.
    Coordinator,
    /// All that any service told.
    Everything,
}

/// What is known of how complete the observations are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// How much is known to be there.
    pub completeness: Completeness,
    /// Signs that something is missing, or that what is there contradicts itself.
    pub gaps: Vec<Gap>,
}

/// A sign that something is missing, or that what is there contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Gap {
    /// There is no span of the workflow as a whole.
    NoRoot,
    /// The span of the workflow as a whole has not ended.
    RootNotEnded,
    /// Spans whose parent did not come.
    Orphans(usize),
    /// Attributes, events and links that services left out.
    Dropped(u64),
    /// The process that coordinates says that it emitted more spans than came.
    FewerSpans {
        /// How many it emitted.
        emitted: u64,
        /// How many of them came.
        came: u64,
    },
    /// The workflow was coordinated by more than one process, of which only the last says how many spans
    /// it emitted.
    EarlierCoordinator,
    /// Spans were sampled: some were never sent.
    Sampled,
    /// Spans, events or log records that tell of something in words that mean nothing.
    Unreadable(usize),
    /// Observations whose order contradicts itself.
    Contradictions(usize),
    /// There are too many observations to be put in order.
    TooMany,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gap::NoRoot => f.write_str("no span of the workflow as a whole"),
            Gap::RootNotEnded => f.write_str("the workflow has not ended"),
            Gap::Orphans(1) => f.write_str("the parent of 1 span is missing"),
            Gap::Orphans(count) => write!(f, "the parents of {count} spans are missing"),
            Gap::Dropped(count) => {
                write!(f, "services left out {count} attributes, events or links")
            }
            Gap::FewerSpans { emitted, came } => {
                write!(f, "the coordinator emitted {emitted} spans, of which {came} came")
            }
            Gap::EarlierCoordinator => {
                f.write_str("an earlier coordinator does not say how many spans it emitted")
            }
            Gap::Sampled => f.write_str("spans were sampled"),
            Gap::Unreadable(count) => {
                write!(f, "{count} spans or events tell of something in words that mean nothing")
            }
            Gap::Contradictions(count) => {
                write!(f, "the order of {count} observations contradicts itself")
            }
            Gap::TooMany => f.write_str("there are too many observations to be put in order"),
        }
    }
}

/// Whether the span says that others like it were not sent.
pub(super) fn is_sampled(span: &Span) -> bool {
    let number = |name: &str| span.attributes.get(name)?.to_text()?.parse::<f64>().ok();
    let is_probabilistic = span.attributes.text("sampler.type") == Some("probabilistic");
    (is_probabilistic && number("sampler.param").is_some_and(|part| part < 1.0))
        || number("sampling.probability").is_some_and(|part| part < 1.0)
        || number("SampleRate").is_some_and(|one_in| one_in > 1.0)
}
