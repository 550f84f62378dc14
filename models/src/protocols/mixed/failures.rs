//! What implementers of mixed workflows got wrong before, beside the known failures of their parts.

use crate::system::{KnownFailure, known_failures};

/// The known failures of putting protocols together.
pub(crate) const KNOWN_FAILURES: &[KnownFailure] = known_failures! {
    "confirmed too early": "mixed.settle" = "at-once"; Refuse 1 => "atomic",
        "a saga step that can be refused beside a TCC";
    "rolled back too early": "mixed.roll-back" = "at-refusal"; Refuse 1 => "lifo",
        "saga steps, and a TCC of two steps that can be refused";
    "notice too early": "mixed.notify" = "at-once"; Lose 1 => "published-iff-committed",
        "a notice";
    "notice lost": "mixed.table" = "after-decision"; Crash 1 => "published-iff-committed",
        "a notice";
};
