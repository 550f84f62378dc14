//! What implementers of two-phase commits got wrong before.

use crate::system::{KnownFailure, known_failures};

/// The known failures of a two-phase commit.
pub(crate) const KNOWN_FAILURES: &[KnownFailure] = known_failures! {
    "lost decision": "two-phase-commit.decision-log" = "after-send"; Crash 1 => "agreement",
        "two steps";
    "forgotten promise": "two-phase-commit.prepare-log" = "after-vote"; Crash 1 => "stability";
    "early acknowledgement": "two-phase-commit.commit-log" = "after-ack"; Crash 1 => "agreement",
        "two steps";
    "split snapshot": "two-phase-commit.snapshot" = "before-log"; Crash 1 => "no-split-snapshot";
    "no locks": "two-phase-commit.locks" = "none"; => "agreement",
        "two transactions at the same time that cannot both have what they want";
    "silence is consent": "two-phase-commit.silence" = "yes"; Lose 1 => "validity", "two steps";
    "nothing presumed": "two-phase-commit.presumption" = "none"; Crash 1 => "settles";
    "outcome told before it is logged": "two-phase-commit.tell" = "before-log";
        Crash 1 => "outcome-final", "two steps";
    "request acknowledged before it is logged": "two-phase-commit.accept" = "before-log";
        Crash 1 => "no-forgotten-request";
    "prepared work aborted": "two-phase-commit.suspicion" = "abort-prepared"; Timeout 1 => "agreement",
        "two steps";
    "hanging unnoticed": "two-phase-commit.suspicion" = "ignore"; Halt 1 => "hanging-reported";
    "abandoned locks": "two-phase-commit.suspicion" = "wait", "two-phase-commit.work" = "own-round";
        Halt 1 => "no-abandoned-locks";
    "heuristic rollback": "two-phase-commit.heuristic" = "rollback";
        Timeout 1 => "no-heuristic-damage", "two steps";
    "heuristic commit": "two-phase-commit.heuristic" = "commit";
        Timeout 1, Refuse 1 => "no-heuristic-damage", "two steps";
    "heuristic decision unreported":
        "two-phase-commit.heuristic-report" = "never", "two-phase-commit.heuristic" = "rollback";
        Timeout 1 => "heuristics-reported", "two steps";
    "two leaders": "two-phase-commit.fencing" = "unchecked", "two-phase-commit.standby" = "true";
        Timeout 2 => "agreement", "two steps";
    "put for compare-and-swap": "two-phase-commit.claim" = "put", "two-phase-commit.standby" = "true";
        Timeout 1 => "agreement", "two steps";
    "decision on a lease": "two-phase-commit.decision-life" = "lease",
        "two-phase-commit.standby" = "true"; Crash 1 => "agreement", "two steps";
};
