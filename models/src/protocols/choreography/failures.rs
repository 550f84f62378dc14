//! What implementers of choreographies got wrong before.

use crate::system::{KnownFailure, known_failures};

/// The known failures of a choreography.
pub(crate) const KNOWN_FAILURES: &[KnownFailure] = known_failures! {
    "dual write, published last": "choreography.publish" = "write-then-publish";
        Crash 1 => "atomic";
    "dual write, published first": "choreography.publish" = "publish-then-write";
        Refuse 1 => "causal", "a step that can be refused, and one that waits for it";
    "duplicate consume": "choreography.inbox" = "none"; Duplicate 1 => "effect-once";
    "late step": "choreography.inbox" = "without-tombstone"; Refuse 1 => "no-late-effect",
        "steps side by side, one of which can be refused";
    "outcome told before it is logged": "choreography.tell" = "before-log";
        Crash 1, Cancel 1 => "outcome-final", "a step that can be undone";
    "acknowledged too early": "choreography.acknowledge" = "before-handling"; Crash 1 => "atomic";
    "effect before its cause": "choreography.join" = "any"; => "causal",
        "a step that waits for two others";
    "compensations in any order": "choreography.rollback" = "broadcast"; Refuse 1 => "lifo",
        "a step that can be refused after two that can be undone";
    "pivot violation": "choreography.cancellation" = "anytime"; Cancel 1 => "atomic",
        "a pivot or a retriable step";
    "cancelled without compensation": "choreography.cancellation" = "without-compensation";
        Cancel 1 => "atomic", "a step that can be undone";
};
