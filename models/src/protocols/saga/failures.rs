//! What implementers of sagas got wrong before.

use crate::system::{KnownFailure, known_failures};

/// The known failures of a saga.
pub(crate) const KNOWN_FAILURES: &[KnownFailure] = known_failures! {
    "duplicate effect": "saga.barrier" = "none"; Duplicate 1 => "effect-once";
    "empty rollback": "saga.barrier" = "none"; Lose 1 => "no-empty-rollback",
        "a step that can be undone";
    "late step": "saga.barrier" = "without-tombstone"; Timeout 1 => "no-late-effect",
        "a step that can be undone";
    "idempotency key outlived": "saga.keys" = "expires"; Duplicate 1 => "effect-once";
    "ledger written before the change": "saga.ledger" = "before-change", "saga.attempts" = "2";
        Crash 1 => "atomic";
    "ledger written after the change": "saga.ledger" = "after-change", "saga.attempts" = "2";
        Crash 1 => "effect-once";
    "step logged after it was sent": "saga.log" = "after-send", "saga.recovery" = "backward";
        Crash 1 => "atomic", "a step that can be undone";
    "lost decision": "saga.decision" = "never", "saga.recovery" = "forward"; Crash 1, Cancel 1 => "atomic",
        "a step that can be undone";
    "unknown outcome taken for none": "saga.in-doubt" = "ignore"; Lose 1 => "atomic",
        "a step that can be undone";
    "abandoned compensation": "saga.compensation-attempts" = "1"; Lose 1, Refuse 1 => "atomic",
        "a step that can be refused after one that can be undone";
    "abandoned retriable step": "saga.retriable-attempts" = "1"; Lose 1 => "atomic",
        "a retriable step";
    "new key for each attempt": "saga.request-key" = "per-attempt", "saga.attempts" = "2"; Lose 1 =>
        "effect-once";
    "deadline checked beside the driver": "saga.deadline" = "check-then-set"; Cancel 1 => "outcome-final",
        "a step that can be undone";
    "step joins a rollback": "saga.late-join" = "accept"; Cancel 1 => "atomic",
        "two steps, the first of which can be undone";
    "failed compensation reported as done": "saga.failed-compensation" = "count-as-done";
        Fail 1, Cancel 1 => "atomic", "a step that can be undone";
    "outcome told before it is logged": "saga.tell" = "before-log"; Crash 1, Cancel 1 => "outcome-final",
        "a last step that can be undone";
    "request acknowledged before it is logged": "saga.accept" = "before-log";
        Crash 1 => "no-forgotten-request";
    "compensations in parallel": "saga.compensation-order" = "parallel"; Refuse 1 => "lifo",
        "a step that can be refused after two that can be undone";
    "compensations in forward order": "saga.compensation-order" = "forward"; Refuse 1 => "lifo",
        "a step that can be refused after two that can be undone";
    "forgotten workflow": "saga.recovery" = "never"; Crash 1 => "settles";
    "pivot violation": "saga.cancellation" = "anytime"; Cancel 1 => "atomic",
        "a pivot or a retriable step";
    "cancelled without compensation": "saga.cancellation" = "without-compensation";
        Cancel 1 => "atomic", "a step that can be undone";
    "no isolation": "saga.isolation" = "none"; => "no-lost-update",
        "steps that `read`, and two workflows at the same time";
    "two leaders": "saga.fencing" = "unchecked", "saga.standby" = "true";
        Timeout 2, Cancel 1 => "atomic", "a step that can be undone";
};
