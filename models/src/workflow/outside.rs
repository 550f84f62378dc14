//! Effects outside of the local transaction: a cache, an email, a call elsewhere.
//!
//! What a step does is one transaction of its service, and a transaction that is rolled back leaves
//! nothing. What it does *outside* of that transaction stays, however the transaction ends: it happens
//! before the commit and survives a rollback, or after it and is lost in a crash. Done again, it happens
//! again, unless it has an idempotency key of its own.

use crate::process::knob::knob;

use super::expression::Assignment;

knob! {
    /// When a step does what it does outside of its transaction.
    OutsideAt {
        /// Once `when` is found true, and before the commit: a rollback does not take it back.
        #[default]
        BeforeCommit,
        /// After the commit: a crash in between loses it.
        AfterCommit,
    }
}

impl OutsideAt {
    /// Both.
    pub const ALL: [OutsideAt; 2] = [OutsideAt::BeforeCommit, OutsideAt::AfterCommit];

    /// Its name in specs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            OutsideAt::BeforeCommit => "before-commit",
            OutsideAt::AfterCommit => "after-commit",
        }
    }
}

/// What a step does outside of its transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// What that changes: resources of the step's service that stand for something elsewhere.
    pub changes: Vec<Assignment>,
    /// When it is done.
    pub at: OutsideAt,
    /// Whether it has an idempotency key of its own: who is asked again does it once.
    pub keyed: bool,
}

/// What a step does outside of its transaction, without its business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedOutside {
    /// When it is done.
    pub at: OutsideAt,
    /// Whether it has an idempotency key of its own.
    pub keyed: bool,
}

impl From<&Outside> for PlannedOutside {
    fn from(outside: &Outside) -> PlannedOutside {
        PlannedOutside { at: outside.at, keyed: outside.keyed }
    }
}
