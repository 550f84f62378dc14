//! The checker's own clock. Models have none; the checker measures itself, and stops in time.

use std::time::{Duration, Instant};

/// Time since a search began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "the search is timed, not the model")]
    pub(super) fn start() -> Self {
        Stopwatch(Instant::now())
    }

    pub(super) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
