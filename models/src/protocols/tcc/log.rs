//! The coordinator's durable log, and what it folds to.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::process::rename::renames;

/// An entry of the coordinator's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TccRecord {
    /// The workflow is taken on; the client may be told so, and every step may be tried.
    Accepted,
    /// It is decided.
    Decided(Decision),
    /// It is over.
    Ended(TccOutcome),
}

/// What becomes of the reservations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// All are confirmed.
    Confirm,
    /// All are released.
    Cancel,
}

/// How a TCC ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TccOutcome {
    /// Every step is confirmed.
    Completed,
    /// Every reservation is released.
    Cancelled,
    /// Neither: something was given up, and needs a person.
    Failed,
}

impl fmt::Display for TccOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TccOutcome::Completed => "completed",
            TccOutcome::Cancelled => "cancelled",
            TccOutcome::Failed => "failed",
        })
    }
}

/// Where a TCC stands, as its log tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TccLog {
    /// Not yet accepted.
    #[default]
    Pending,
    /// Steps are being tried; nothing is decided.
    Trying,
    /// Decided, and not everybody is known to have followed.
    Decided(Decision),
    /// Over.
    Ended(TccOutcome),
}

renames!(nothing in TccRecord, Decision, TccOutcome, TccLog);

impl TccLog {
    /// Adds a record.
    pub fn fold(&mut self, record: &TccRecord) {
        *self = match *record {
            TccRecord::Accepted => TccLog::Trying,
            TccRecord::Decided(decision) => TccLog::Decided(decision),
            TccRecord::Ended(outcome) => TccLog::Ended(outcome),
        };
    }

    /// How it ended, if it ended.
    #[must_use]
    pub fn outcome(self) -> Option<TccOutcome> {
        match self {
            TccLog::Ended(outcome) => Some(outcome),
            _ => None,
        }
    }
}
