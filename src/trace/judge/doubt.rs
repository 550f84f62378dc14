//! Doubts: why a workflow cannot be judged, and what would have to be observed to do so.

use std::fmt;

use crate::assemble::WorkflowTrace;
use crate::map::{Gap, Sightings};

/// A reason why it cannot be said whether a workflow conforms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Nothing in it is told in a way that the mapping knows.
    NothingObserved,
    /// The workflow is not over, as far as is told.
    InFlight,
    /// These should have been observed.
    Missing(Vec<String>),
    /// These must have been done, and nobody is seen to tell of such things at all.
    Silent(Vec<String>),
    /// A sign that something is missing.
    Gap(Gap),
    /// It was judged before it was quiet, for lack of memory or because it was too old.
    CutShort,
    /// To decide it would take too many states.
    TooTangled,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::NothingObserved => f.write_str("no span of it is known to the mapping"),
            Doubt::InFlight => f.write_str("it is still in flight: nothing says how it ended"),
            Doubt::Missing(activities) => {
                write!(f, "not observed: {}", activities.join("; "))
            }
            Doubt::Silent(activities) => write!(f, "nobody tells that {}", activities.join("; ")),
            Doubt::Gap(gap) => gap.fmt(f),
            Doubt::CutShort => f.write_str("it was judged before all of it had come"),
            Doubt::TooTangled => f.write_str("it is too tangled to be decided within the limit"),
        }
    }
}

impl Doubt {
    /// What would have to be observed, or done, to decide.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Doubt::NothingObserved => "`--map`, with a mapping file or the name of a preset",
            Doubt::InFlight => "the span of the workflow as a whole, with its outcome",
            Doubt::Missing(_) => {
                "those spans; if all spans are known to arrive, `--complete` makes this a violation"
            }
            Doubt::Silent(_) => "the spans of those who do it",
            Doubt::Gap(Gap::NoRoot | Gap::RootNotEnded) => {
                "the span of the workflow as a whole, once it has ended"
            }
            Doubt::Gap(Gap::Sampled) => "all spans: sample whole workflows, by their id",
            Doubt::Gap(Gap::Unreadable(_)) => {
                "words that the mapping knows: `values` in its rules say what others mean"
            }
            Doubt::Gap(_) => "the spans that are missing",
            Doubt::CutShort => "the rest of it: give more memory, or a higher age",
            Doubt::TooTangled => "fewer retries in one workflow, or a higher `--max-states`",
        }
    }
}

/// What casts doubt on a workflow whatever was observed of it.
pub(super) fn of_trace(trace: &WorkflowTrace, sightings: &Sightings) -> Vec<Doubt> {
    let mut doubts: Vec<Doubt> = sightings.evidence.gaps.iter().cloned().map(Doubt::Gap).collect();
    let is_root_missing =
        doubts.iter().any(|it| matches!(it, Doubt::Gap(Gap::NoRoot | Gap::RootNotEnded)));
    if !sightings.is_over && !is_root_missing {
        doubts.push(Doubt::InFlight);
    }
    if trace.completeness.is_cut_short() {
        doubts.push(Doubt::CutShort);
    }
    doubts
}
