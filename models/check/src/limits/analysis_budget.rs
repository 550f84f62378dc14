//! What its limits leave to a search, once it has explored what it could.
//!
//! Judging what was found can take longer than finding it: obligations are judged on the whole graph, and
//! where one state stood for several, on all of those. So every analysis asks, each time it looks at a
//! state, whether it may go on. It asks its budget, which looks at the clock now and then only.

use std::cell::Cell;
use std::time::Duration;

use crate::limits::Limit;
use crate::limits::Limits;
use crate::limits::stopwatch::Stopwatch;

/// How often an analysis may ask, at least, before anybody looks at the limits.
const PATIENCE: u32 = 1 << 10;

/// A look that takes no longer than this costs nothing. To measure the memory of a large process can
/// take much longer.
const BRIEF: Duration = Duration::from_millis(1);

/// Looks take no more than one in so many parts of the time.
const SHARE: u32 = 16;

/// How many steps the search for a shortest fair loop may take, for each property: as many as take
/// it a few tenths of a second.
pub(crate) const LOOP_EFFORT: u64 = 1 << 25;

/// Keeps what comes after the exploration within the limits.
pub(crate) struct AnalysisBudget<'l> {
    limits: &'l Limits<'l>,
    clock: Stopwatch,
    /// Bytes that the exploration holds.
    held: u64,
    /// How often an analysis may ask between two looks, and how often until the next one.
    patience: Cell<u32>,
    left: Cell<u32>,
    /// When the last look was over.
    looked: Cell<Duration>,
    reached: Cell<Option<Limit>>,
    /// How many steps the search for a shortest fair loop has taken.
    effort: Cell<u64>,
}

impl<'l> AnalysisBudget<'l> {
    /// What is left after an exploration that holds so many bytes, by its own reckoning.
    pub(crate) fn after(limits: &'l Limits<'l>, clock: Stopwatch, held: u64) -> Self {
        AnalysisBudget {
            limits,
            clock,
            held,
            patience: Cell::new(PATIENCE),
            left: Cell::new(PATIENCE),
            looked: Cell::new(clock.elapsed()),
            reached: Cell::new(None),
            effort: Cell::new(0),
        }
    }

    /// Whether an analysis that holds `held` bytes by now can go on with something that takes `needed`
    /// bytes more.
    ///
    /// # Errors
    /// The limit that forbids it.
    pub(crate) fn permit(&self, held: u64, needed: u64) -> Result<(), Limit> {
        let memory = self.limits.measured(self.held + held).saturating_add(needed);
        // Analyses find no states that the search has not found.
        match self.limits.reached(0, self.clock.elapsed(), memory) {
            None => Ok(()),
            Some(limit) => {
                self.reached.set(self.reached.get().or(Some(limit)));
                Err(limit)
            }
        }
    }

    /// Whether there is no time left, or somebody interrupted the search: for what can be left out.
    pub(crate) fn is_out_of_time(&self) -> bool {
        self.limits.reached(0, self.clock.elapsed(), 0).is_some()
    }

    /// Asked for every state that an analysis looks at: whether it can go on within the memory that was
    /// [permitted](Self::permit).
    ///
    /// # Errors
    /// The limit that forbids it.
    #[inline]
    pub(crate) fn go_on(&self) -> Result<(), Limit> {
        self.go_on_holding(|| 0)
    }

    /// The same for an analysis that could not say beforehand how many bytes it would come to hold.
    ///
    /// # Errors
    /// The limit that forbids it.
    #[inline]
    pub(crate) fn go_on_holding(&self, held: impl FnOnce() -> u64) -> Result<(), Limit> {
        match self.left.get().checked_sub(1) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => {
                let start = self.clock.elapsed();
                let permitted = self.permit(held(), 0);
                self.pace(start);
                permitted
            }
        }
    }

    /// A search for a shortest fair loop begins.
    pub(crate) fn begin_loops(&self) {
        self.effort.set(0);
    }

    /// Takes so many steps in the search for a shortest fair loop. Returns whether it may go on.
    #[inline]
    pub(crate) fn spend(&self, steps: usize) -> bool {
        self.effort.set(self.effort.get() + steps as u64);
        self.may_look_for_loops()
    }

    /// Whether the search for a shortest fair loop may take more steps.
    pub(crate) fn may_look_for_loops(&self) -> bool {
        !self.limits.any_loop && self.effort.get() < LOOP_EFFORT
    }

    /// How many steps the search for a shortest fair loop has taken.
    #[cfg(test)]
    pub(crate) fn effort(&self) -> u64 {
        self.effort.get()
    }

    /// Decides when to look again after a look that began at `start`.
    fn pace(&self, start: Duration) {
        let end = self.clock.elapsed();
        let (took, since) = (end.saturating_sub(start), start.saturating_sub(self.looked.get()));
        let patience = match took > BRIEF && took.saturating_mul(SHARE) > since {
            true => self.patience.get().saturating_mul(2),
            false => (self.patience.get() / 2).max(PATIENCE),
        };
        self.patience.set(patience);
        self.left.set(patience);
        self.looked.set(end);
    }

    /// The first limit that forbade something.
    pub(crate) fn reached(&self) -> Option<Limit> {
        self.reached.get()
    }
}
