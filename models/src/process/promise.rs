//! The promises of a coordinator to its client: that a request is taken on, and how it ended.
//!
//! What is promised must be durable first (*output commit*): a crash takes everything else back, and the
//! client acts on it already.

use super::knob::knob;

knob! {
    /// When the client is told that its request is taken on, so that it does not ask again.
    Acceptance {
        /// When the log has it: no crash forgets it.
        #[default]
        AfterLog,
        /// As soon as it arrives. A crash before it is logged forgets a request that nobody will repeat.
        BeforeLog,
    }
}

knob! {
    /// When the client is told how it ended.
    Telling {
        /// When the log has it: after any crash it is told the same.
        #[default]
        AfterLog,
        /// As soon as it is known. A crash before it is logged may let it end otherwise.
        BeforeLog,
    }
}
