//! How workflows end, whatever their protocol.

use serde::{Deserialize, Serialize};

/// How a workflow can end, whatever its protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Every step is done.
    Completed,
    /// Every step is undone.
    Compensated,
    /// It needs a person.
    Failed,
}
