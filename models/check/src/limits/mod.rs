//! Where a search stops, and what it says while it runs.

pub(crate) mod analysis_budget;
pub(crate) mod stopwatch;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The greatest number of states: numbers are 32 bits wide, and two are spoken for.
pub(crate) const MOST_STATES: u64 = u32::MAX as u64 - 2;

/// What can stop a search early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// The greatest number of states.
    States(u64),
    /// The greatest amount of memory, in bytes.
    Memory(u64),
    /// The longest time.
    Time(Duration),
    /// Somebody asked it to stop.
    Interrupted,
    /// A property was violated, and [that was enough](crate::Verification::stop_at_violation).
    Violation,
    /// Nothing was left to decide, and [that was enough](crate::Verification::stop_when_decided).
    Decided,
}

/// When to stop although not everything was explored.
#[derive(Default)]
pub(crate) enum StopCondition<'m> {
    /// Only everything.
    #[default]
    Everything,
    /// A violation of a property that counts, by its name.
    Violation(Box<dyn Fn(&str) -> bool + 'm>),
    /// A violation or a witness for each property.
    Decisions,
}

/// How far a running search has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Distinct states found.
    pub states: u64,
    /// Transitions generated.
    pub transitions: u64,
    /// Steps from the start of the states that are being expanded.
    pub depth: u32,
    /// States found but not expanded.
    pub queue: u64,
    /// Memory held, in bytes.
    pub memory: u64,
    /// Time since the search began.
    pub elapsed: Duration,
}

type Watcher<'m> = Box<dyn FnMut(&Progress) + 'm>;
type Gauge<'m> = Box<dyn Fn() -> u64 + 'm>;

/// Limits of a search, and who watches it.
#[derive(Default)]
pub(crate) struct Limits<'m> {
    pub(crate) states: Option<u64>,
    pub(crate) memory: Option<u64>,
    pub(crate) gauge: Option<Gauge<'m>>,
    pub(crate) time: Option<Duration>,
    pub(crate) interrupt: Option<Arc<AtomicBool>>,
    pub(crate) watcher: Option<Watcher<'m>>,
    pub(crate) enough: StopCondition<'m>,
    /// Whether any fair loop will do, and not only a short one.
    pub(crate) any_loop: bool,
}

impl Limits<'_> {
    /// What stops a search that has found so many states, or what comes after it, when it holds, or
    /// would come to hold, so much memory.
    pub(crate) fn reached(&self, states: u64, elapsed: Duration, memory: u64) -> Option<Limit> {
        let most = self.states.unwrap_or(MOST_STATES).min(MOST_STATES);
        if states > most {
            return Some(Limit::States(most));
        }
        if let Some(time) = self.time.filter(|time| elapsed >= *time) {
            return Some(Limit::Time(time));
        }
        if let Some(limit) = self.memory.filter(|limit| memory > *limit) {
            return Some(Limit::Memory(limit));
        }
        self.interrupted().then_some(Limit::Interrupted)
    }

    /// The memory of a search that holds so many bytes by its own reckoning, as the gauge measures it,
    /// if there is one.
    pub(crate) fn measured(&self, held: u64) -> u64 {
        self.gauge.as_ref().map_or(held, |gauge| gauge())
    }

    pub(crate) fn interrupted(&self) -> bool {
        self.interrupt.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    /// The greatest number of states that it makes sense to expand before looking again.
    pub(crate) fn patience(&self, states: u64) -> u32 {
        let left = self.states.unwrap_or(MOST_STATES).min(MOST_STATES).saturating_sub(states);
        u32::try_from(left / 8).unwrap_or(u32::MAX).max(1)
    }
}

impl fmt::Debug for Limits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits")
            .field("states", &self.states)
            .field("memory", &self.memory)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}
