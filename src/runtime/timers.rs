//! The timers of one process.

use std::collections::BTreeMap;

use amends_models::protocol::retry::Backoff;
use tokio::time::Instant;

/// Timers by name. A timer that is set again after it ran out waits longer; one that was stopped
/// starts over.
#[derive(Debug)]
pub(crate) struct Timers<T> {
    backoff: Backoff,
    timers: BTreeMap<T, Timer>,
}

#[derive(Debug)]
struct Timer {
    /// When it runs out; `None` once it did.
    due: Option<Instant>,
    /// How often it was set.
    attempts: u32,
}

impl<T: Ord + Clone> Timers<T> {
    pub(crate) fn new(backoff: Backoff) -> Timers<T> {
        Timers { backoff, timers: BTreeMap::new() }
    }

    /// Sets a timer; to run out at once, if `hasty`. The random number decides the jitter.
    pub(crate) fn set(&mut self, name: T, random: u64, hasty: bool) {
        let timer = self.timers.entry(name).or_insert(Timer { due: None, attempts: 0 });
        let now = Instant::now();
        let wait = self.backoff.delay(timer.attempts, random);
        timer.due = Some(if hasty { now } else { now + wait });
        timer.attempts = timer.attempts.saturating_add(1);
    }

    /// Stops a timer.
    pub(crate) fn cancel(&mut self, name: &T) {
        self.timers.remove(name);
    }

    /// Waits until a timer runs out, for ever if none is set. Can be dropped and asked again.
    pub(crate) async fn next(&mut self) -> T {
        let earliest = self
            .timers
            .iter()
            .filter_map(|(name, timer)| timer.due.map(|due| (due, name.clone())))
            .min();
        match earliest {
            None => std::future::pending().await,
            Some((due, name)) => {
                tokio::time::sleep_until(due).await;
                if let Some(timer) = self.timers.get_mut(&name) {
                    timer.due = None;
                }
                name
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn timers() -> Timers<&'static str> {
        Timers::new(Backoff::new(Duration::from_secs(2), Duration::from_secs(8)))
    }

    /// How long until the next timer runs out, and which.
    async fn next(timers: &mut Timers<&'static str>) -> (&'static str, Duration) {
        let before = Instant::now();
        let name = timers.next().await;
        (name, before.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_that_is_set_again_and_again_waits_longer_until_it_is_stopped() {
        let mut timers = timers();
        for seconds in [1, 2, 4, 4] {
            timers.set("call", 0, false);
            assert_eq!(next(&mut timers).await, ("call", Duration::from_secs(seconds)));
        }
        timers.cancel(&"call");
        timers.set("call", 0, false);
        assert_eq!(next(&mut timers).await, ("call", Duration::from_secs(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_earliest_timer_runs_out_first_and_a_stopped_one_never() {
        let mut timers = timers();
        timers.set("late", u64::MAX, false);
        timers.set("stopped", 0, false);
        timers.set("early", 0, true);
        timers.cancel(&"stopped");
        assert_eq!(next(&mut timers).await.0, "early");
        assert_eq!(next(&mut timers).await.0, "late");
        let nothing = tokio::time::timeout(Duration::from_secs(60), timers.next()).await;
        assert!(nothing.is_err());
    }
}
