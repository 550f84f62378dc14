//! What implementers of outboxes got wrong before.

use crate::system::{KnownFailure, known_failures};

/// The known failures of an outbox.
pub(crate) const KNOWN_FAILURES: &[KnownFailure] = known_failures! {
    "dual write, published last": "outbox.write" = "save-then-publish";
        Crash 1 => "published-iff-committed";
    "dual write, published first": "outbox.write" = "publish-then-save";
        Refuse 1 => "published-iff-committed";
    "competing relays": "outbox.claims" = "by-line", "outbox.relays" = "2";
        => "ordered-per-aggregate", "two events of one aggregate";
    "competing consumers": "outbox.delivery" = "any-order"; => "ordered-per-aggregate",
        "two events of one aggregate";
    "marked too early": "outbox.mark" = "on-claim"; Crash 1 => "published-iff-committed";
    "duplicate consume": "outbox.inbox" = "none"; Crash 1 => "effect-once";
    "inbox written before the change": "outbox.inbox" = "before-change";
        Crash 1 => "no-message-dropped";
    "inbox written after the change": "outbox.inbox" = "after-change"; Crash 1 => "effect-once";
    "relay skips what fails": "outbox.failed-publish" = "skip"; Lose 1 => "ordered-per-aggregate",
        "two events of one aggregate";
    "inbox cleaned up too early": "outbox.inbox-life" = "expires"; Crash 1 => "effect-once";
    "acknowledged too early": "outbox.acknowledge" = "before-handling";
        Crash 1 => "no-message-dropped";
    "poison message dropped": "outbox.poison" = "drop"; => "no-message-dropped",
        "a message that the consumer can never handle";
    "poison message blocks": "outbox.poison" = "retry"; => "settles",
        "a message that the consumer can never handle";
};
