//! What implementers of event sourcing got wrong before.

use crate::system::{KnownFailure, known_failures};

/// The known failures of event sourcing.
pub(crate) const KNOWN_FAILURES: &[KnownFailure] = known_failures! {
    "lost append": "event-sourcing.expected-version" = "ignored"; => "no-lost-update",
        "a shared aggregate that two workflows change";
    "blind retry": "event-sourcing.conflict" = "append-again"; => "no-lost-update",
        "a shared aggregate that two workflows change";
    "phantom event": "event-sourcing.state-change" = "before-append"; => "replay-equals-state",
        "a shared aggregate that two workflows change";
    "repeated command": "event-sourcing.commands" = "none"; Lose 1 => "effect-once";
    "skipped gap": "event-sourcing.gaps" = "naive"; => "no-gap-skipped",
        "two workflows at the same time, and a projection or a policy";
    "skipped gap, position as checkpoint":
        "event-sourcing.gaps" = "transaction-horizon-by-position"; => "no-gap-skipped",
        "two workflows at the same time, and a projection or a policy";
    "skipped gap, short timeout":
        "event-sourcing.gap-timeout" = "too-short", "event-sourcing.gaps" = "hold-gaps";
        => "no-gap-skipped", "two workflows at the same time, and a projection or a policy";
    "projection never": "event-sourcing.checkpoint" = "before-change";
        Crash 1 => "projection-exactly-once", "a projection";
    "projection twice": "event-sourcing.checkpoint" = "after-change";
        Crash 1 => "projection-exactly-once", "a projection";
    "stale snapshot": "event-sourcing.snapshot" = "stale", "event-sourcing.snapshot-every" = "1";
        => "snapshot-equivalent", "a shared aggregate that two workflows change";
    "snapshot without upcast":
        "event-sourcing.snapshot" = "without-upcast", "event-sourcing.snapshot-every" = "2";
        => "snapshot-equivalent", "a `history` with events that are upcast";
    "effect before its cause": "event-sourcing.delivery" = "by-arrival"; => "causal",
        "a projection of two aggregates";
    "causality by timestamps":
        "event-sourcing.delivery" = "by-timestamp", "event-sourcing.clock-skew" = "2";
        => "causal", "a projection of two aggregates, and a policy";
};
