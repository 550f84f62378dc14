//! What participants answer, whatever the protocol that asks.

use serde::{Deserialize, Serialize};

use super::rename::renames;

/// What a participant answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// What was asked for is done, now or earlier.
    Done,
    /// The business says no. Nothing changed, and nothing will.
    Refused,
    /// It did not work this time. Nothing changed; ask again.
    Failed,
}

renames!(nothing in Answer);
