//! Breadth-first search: the frontier is the run of states that are numbered and not yet expanded.
//!
//! States are numbered as they are found, and expanded in the order of their numbers, so the states
//! themselves are the queue, the first state that violates something is a nearest one, and nothing
//! but the numbers of the first state of each depth has to be remembered.

use std::time::Duration;

use crate::explore::state_space::{Space, Tests};
use crate::graph::record::Record;
use crate::limits::Limit;
use crate::limits::stopwatch::Stopwatch;
use crate::limits::{Limits, Progress};
use crate::reduction::Refusal;
use crate::report::verdict::Completeness;

/// How the search went.
#[derive(Debug)]
pub(crate) struct Exploration {
    /// The first state of each depth.
    pub(crate) levels: Vec<u32>,
    /// Whether it saw everything.
    pub(crate) completeness: Completeness,
}

const BRIEF: Duration = Duration::from_millis(20);
const REPORT_EVERY: Duration = Duration::from_millis(100);
const LARGEST_BLOCK: u32 = 1 << 16;

/// Visits every reachable state, or as many as the limits allow, or until `enough` says why it can
/// stop, given the number of states found.
///
/// # Errors
/// When a reduction has to be given up, or nothing can be said about the model.
pub(crate) fn explore<S: Space>(
    space: &mut S,
    tests: &Tests<'_, S>,
    record: &mut Record,
    limits: &mut Limits<'_>,
    mut enough: impl FnMut(&Record, u32) -> Option<Limit>,
    clock: Stopwatch,
) -> Result<Exploration, Refusal> {
    space.open(tests, record);
    let mut levels = vec![0];
    let mut level_end = space.len();
    let mut next = 0;
    // A model may take long for a single state.
    let mut block = 1;
    let mut reported = Duration::ZERO;
    let completeness = loop {
        if next == level_end {
            if next == space.len() && space.objection().is_none() && space.flaw().is_none() {
                break Completeness::Complete;
            }
            levels.push(next);
            level_end = space.len();
        }
        if let Some(objection) = space.objection() {
            return Err(objection.into());
        }
        if let Some(error) = space.flaw() {
            return Err(error.into());
        }
        let elapsed = clock.elapsed();
        let queue = u64::from(space.len() - next);
        let depth = depth_of(&levels);
        let progress = Progress {
            states: space.len().into(),
            transitions: record.transitions,
            depth,
            queue,
            memory: limits.measured(space.bytes() + record.bytes()),
            elapsed,
        };
        if let Some(watcher) = &mut limits.watcher
            && elapsed - reported >= REPORT_EVERY
        {
            watcher(&progress);
            reported = elapsed;
        }
        // Only whole levels are judged, so that what is known does not depend on the time it took.
        let is_level = levels.last() == Some(&next);
        let limit = is_level.then(|| enough(record, space.len())).flatten();
        let limit = limit.or_else(|| limits.reached(progress.states, elapsed, progress.memory));
        if let Some(limit) = limit {
            break Completeness::Incomplete { limit, depth_complete: depth, queue };
        }
        let size = block.min(limits.patience(progress.states));
        let to = level_end.min(next.saturating_add(size));
        space.expand(next..to, tests, record);
        next = to;
        block = if clock.elapsed() - elapsed < BRIEF {
            (block * 2).min(LARGEST_BLOCK)
        } else {
            (block / 2).max(1)
        };
    };
    if level_end < space.len() {
        levels.push(level_end);
    }
    Ok(Exploration { levels, completeness })
}

/// The number of steps to the states of the last level.
pub(crate) fn depth_of(levels: &[u32]) -> u32 {
    u32::try_from(levels.len()).map_or(u32::MAX, |levels| levels - 1)
}
