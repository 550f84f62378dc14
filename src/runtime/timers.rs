//! The timers of one process.

use std::collections::BTreeMap;

use amends_models::process::retry::Backoff;
use tokio::time::Instant;

/// Timers by name. A timer that is set again after it ran out waits longer; one that was stopped
/// starts over.
#[derive(Debug)]
pub(crate) struct Timers<T> {
    timers: BTreeMap<T, Timer>,
}

#[derive(Debug)]
struct Timer {
    backoff: Backoff,
    /// When it runs out; `None` once it did.
    due: Option<Instant>,
    /// How often it was set.
    attempts: u32,
    /// Whether it runs out at once, whatever it stands in for.
    hasty: bool,
}

impl<T: Ord + Clone> Timers<T> {
    pub(crate) fn new() -> Timers<T> {
        Timers { timers: BTreeMap::new() }
    }

    /// Sets a timer; to run out at once, if `hasty`. The random number decides the jitter.
    pub(crate) fn set(&mut self, name: T, backoff: Backoff, random: u64, hasty: bool) {
        let fresh = Timer { backoff, due: None, attempts: 0, hasty };
        let timer = self.timers.entry(name).or_insert(fresh);
        timer.hasty = hasty;
        timer.start(random);
    }

    /// Starts a timer over that just ran out, because what it listens for was heard.
    pub(crate) fn restart(&mut self, name: &T, random: u64) {
        if let Some(timer) = self.timers.get_mut(name) {
            timer.attempts = 0;
            timer.start(random);
        }
    }

    /// Stops a timer.
    pub(crate) fn cancel(&mut self, name: &T) {
        self.timers.remove(name);
    }

    /// Stops all timers, as a crash does.
    pub(crate) fn clear(&mut self) {
        self.timers.clear();
    }

    /// Whether none is set.
    pub(crate) fn is_empty(&self) -> bool {
        self.timers.values().all(|timer| timer.due.is_none())
    }

    /// Waits until a timer runs out, for ever if none is set, and says whether that was in haste. Can
    /// be dropped and asked again.
    pub(crate) async fn next(&mut self) -> (T, bool) {
        let set = self.timers.iter().filter_map(|(name, timer)| Some((timer.due?, name)));
        let earliest = set.min().map(|(due, name)| (due, name.clone()));
        match earliest {
            None => std::future::pending().await,
            Some((due, name)) => {
                tokio::time::sleep_until(due).await;
                let timer = self.timers.get_mut(&name);
                let hasty = timer.is_some_and(|timer| {
                    timer.due = None;
                    std::mem::take(&mut timer.hasty)
                });
                (name, hasty)
            }
        }
    }
}

impl Timer {
    fn start(&mut self, random: u64) {
        let now = Instant::now();
        let wait = self.backoff.delay(self.attempts, random);
        self.due = Some(if self.hasty { now } else { now + wait });
        self.attempts = self.attempts.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn backoff() -> Backoff {
        Backoff::new(Duration::from_secs(2), Duration::from_secs(8))
    }

    /// How long until the next timer runs out, and which.
    async fn next(timers: &mut Timers<&'static str>) -> (&'static str, Duration) {
        let before = Instant::now();
        let (name, _) = timers.next().await;
        (name, before.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_that_is_set_again_and_again_waits_longer_until_it_is_stopped() {
        let mut timers = Timers::new();
        for seconds in [1, 2, 4, 4] {
            timers.set("call", backoff(), 0, false);
            assert_eq!(next(&mut timers).await, ("call", Duration::from_secs(seconds)));
        }
        timers.cancel(&"call");
        timers.set("call", backoff(), 0, false);
        assert_eq!(next(&mut timers).await, ("call", Duration::from_secs(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_earliest_timer_runs_out_first_and_a_stopped_one_never() {
        let mut timers = Timers::new();
        timers.set("late", backoff(), u64::MAX, false);
        timers.set("stopped", backoff(), 0, false);
        timers.set("early", backoff(), 0, true);
        timers.cancel(&"stopped");
        assert_eq!(next(&mut timers).await.0, "early");
        assert_eq!(next(&mut timers).await.0, "late");
        let nothing = tokio::time::timeout(Duration::from_secs(60), timers.next()).await;
        assert!(nothing.is_err());
    }
}
