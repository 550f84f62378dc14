//! What implementers of Try-Confirm-Cancel got wrong before.

use crate::system::{KnownFailure, known_failures};

/// The known failures of a TCC.
pub(crate) const KNOWN_FAILURES: &[KnownFailure] = known_failures! {
    "duplicate effect": "tcc.barrier" = "none"; Duplicate 1 => "effect-once";
    "empty rollback": "tcc.barrier" = "none"; Lose 1 => "no-empty-rollback";
    "hanging": "tcc.barrier" = "without-tombstone"; Refuse 1 => "no-hanging",
        "two steps at the same time";
    "idempotency key outlived": "tcc.keys" = "expires"; Duplicate 1 => "effect-once";
    "ledger written before the change": "tcc.ledger" = "before-change", "tcc.try-attempts" = "2";
        Crash 1 => "atomic";
    "ledger written after the change": "tcc.ledger" = "after-change", "tcc.try-attempts" = "2";
        Crash 1 => "effect-once";
    "decision logged after it was sent": "tcc.decision" = "after-send"; Crash 1 => "atomic",
        "two steps";
    "decision never logged": "tcc.decision" = "never"; Crash 1 => "atomic", "two steps";
    "refusal taken for a passing error": "tcc.refusal" = "retry"; => "settles",
        "a step whose `when` can be false";
    "new key for each attempt": "tcc.request-key" = "per-attempt", "tcc.try-attempts" = "2"; Lose 1 =>
        "effect-once";
    "unknown outcome taken for none": "tcc.cancel" = "only-answered";
        Lose 1 => "reservations-released";
    "abandoned Confirm": "tcc.confirm-attempts" = "1"; Lose 1 => "atomic", "two steps";
    "abandoned Cancel": "tcc.cancel-attempts" = "1"; Lose 1, Refuse 1 => "reservations-released",
        "two steps";
    "Confirm given up, and reported as done":
        "tcc.unconfirmed" = "ignore", "tcc.confirm-attempts" = "1"; Lose 1 => "atomic";
    "confirmed and cancelled": "tcc.unconfirmed" = "cancel", "tcc.confirm-attempts" = "1";
        Lose 1 => "atomic", "two steps";
    "zero rows taken for success": "tcc.zero-rows" = "succeed"; => "atomic",
        "a step whose `when` can be false";
    "outcome told before it is logged": "tcc.tell" = "before-log"; Crash 1 => "outcome-final";
    "request acknowledged before it is logged": "tcc.accept" = "before-log";
        Crash 1 => "no-forgotten-request";
    "reservation expires": "tcc.expiry" = "release-and-fence"; => "atomic", "two steps";
    "reservation expires without a fence": "tcc.expiry" = "release"; => "no-empty-confirm";
};
