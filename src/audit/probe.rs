//! One mistake, and who noticed it.

use amends_models::workflow::Fault;

use crate::spec::Setting;

/// A mistake that was made on purpose, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Where it comes from.
    pub kind: Kind,
    /// What it is called: `duplicate effect`, `charge without `undo``.
    pub title: String,
    /// What it takes to make it: each can be given to `amends check --set`.
    pub settings: Vec<Setting>,
    /// What came of it.
    pub outcome: Outcome,
}

/// Where a mistake comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Implementers of the protocol made it before.
    Failure,
    /// Something in a step, a command or an event was changed.
    Step,
}

/// What came of a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Properties notice it.
    Caught {
        /// Which, and the length of the shortest run that shows it.
        properties: Vec<(String, usize)>,
        /// The faults that it takes, if the spec's own budget does not show it.
        with: Option<Vec<(Fault, u32)>>,
    },
    /// It changes what can happen, and no property notices.
    Unseen {
        /// What would.
        advice: String,
    },
    /// It cannot be made in this spec, or changes nothing.
    NoPlace {
        /// Why.
        why: String,
    },
    /// The searches stopped before they knew.
    Undecided,
}

impl Outcome {
    /// The word for it in reports.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Caught { .. } => "caught",
            Outcome::Unseen { .. } => "unseen",
            Outcome::NoPlace { .. } => "no-place",
            Outcome::Undecided => "undecided",
        }
    }
}
