//! Whether several threads are faster than one, found out while they search.
//!
//! It depends on the model, on the machine and on what else the machine does: where states are made on
//! the heap, or another program has the processors, several threads can take longer than one. So both
//! ways are tried on some runs of states now and then, and the faster one is taken for the others. What
//! is found does not depend on the choice.

use std::time::Duration;

/// A way to expand a run of states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// On one thread.
    Alone,
    /// On all threads.
    Together,
}

/// How many runs each way is tried at first.
const TRIALS: u32 = 2;

/// After how many runs the slower way is tried again, and how much rarer that gets each time it is
/// still the slower one.
const RETRY: u32 = 16;
const MOST_RETRY: u32 = 256;

/// Several threads are worth while if they take no more than this part of the time of one.
const WORTH: f64 = 0.9;

/// How fast each way is, as far as is known.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    alone: Speed,
    together: Speed,
    /// Runs since the slower way was tried, and how many there are to be before it is tried again.
    since: u32,
    retry: u32,
}

#[derive(Debug, Default)]
struct Speed {
    runs: u32,
    /// Nanoseconds for each transition, of late.
    cost: f64,
}

impl Speed {
    fn note(&mut self, transitions: u64, took: Duration) {
        let cost = took.as_nanos() as f64 / transitions.max(1) as f64;
        self.cost = if self.runs == 0 { cost } else { (self.cost + cost) / 2.0 };
        self.runs += 1;
    }
}

impl Pace {
    /// The way to expand the next run.
    pub(crate) fn choose(&self) -> Way {
        let (faster, slower) = match self.together.cost < WORTH * self.alone.cost {
            true => (Way::Together, Way::Alone),
            false => (Way::Alone, Way::Together),
        };
        match (self.alone.runs, self.together.runs) {
            (_, together) if together < TRIALS => Way::Together,
            (alone, _) if alone < TRIALS => Way::Alone,
            _ if self.since >= self.retry.max(RETRY) => slower,
            _ => faster,
        }
    }

    /// Notes how long a run took.
    pub(crate) fn note(&mut self, way: Way, transitions: u64, took: Duration) {
        let expected = self.choose();
        match way {
            Way::Alone => self.alone.note(transitions, took),
            Way::Together => self.together.note(transitions, took),
        }
        self.since += 1;
        if self.since > self.retry.max(RETRY) {
            self.since = 0;
            let is_still_slower = self.choose() != expected;
            let retry = self.retry.max(RETRY);
            self.retry = if is_still_slower { (2 * retry).min(MOST_RETRY) } else { RETRY };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of so many runs are expanded on all threads, if those take so many nanoseconds for each
    /// transition, and one thread takes 100.
    fn together(runs: u64, cost: impl Fn(u64) -> u64) -> u64 {
        let mut pace = Pace::default();
        let mut count = 0;
        for run in 0..runs {
            let way = pace.choose();
            let cost = if way == Way::Together { cost(run) } else { 100 };
            count += u64::from(way == Way::Together);
            pace.note(way, 1_000, Duration::from_nanos(1_000 * cost));
        }
        count
    }

    #[test]
    fn threads_that_are_faster_are_used() {
        assert!(together(1_000, |_| 60) > 960);
    }

    #[test]
    fn threads_that_are_slower_are_only_tried() {
        assert!(together(1_000, |_| 150) < 20);
        assert!(together(1_000, |_| 100) < 20, "nor those that cost more and save nothing");
    }

    #[test]
    fn what_changes_is_noticed() {
        assert!(together(2_000, |run| if run < 500 { 150 } else { 50 }) > 1_000);
        assert!(together(2_000, |run| if run < 500 { 50 } else { 150 }) < 700);
    }
}
