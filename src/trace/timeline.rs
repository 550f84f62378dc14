//! The timeline: when the nodes of a span tree began and ended, as by one clock.
//!
//! Clocks of different processes differ by milliseconds, or by hours. A callee that seems to work before
//! it was called, or after its caller had the answer, shows by how much at least. The children of one
//! parent that come from one process are shifted together, since they share a clock, and all that is
//! below them with them. By how much is not known: the middle of what is possible is taken, as NTP does.
//! What is longer than the call it belongs to (its caller gave up) stays where it is, if it overlaps it at
//! all.
//!
//! Whatever handles a message may do so at any time after it was sent, so only what begins before is
//! shifted.

use rustc_hash::FxHashMap;

use crate::tree::{NodeId, SpanTree};

/// Times within a process are precise to this, in nanoseconds: some SDKs round starts to a millisecond.
pub const TOLERANCE: i128 = 1_000_000;

/// From when to when, in nanoseconds since 1970 by the clock of the root. It never ends before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Interval {
    /// When it begins.
    pub start: i128,
    /// When it ends.
    pub end: i128,
}

impl Interval {
    /// How long it is, in nanoseconds.
    #[must_use]
    pub fn length(self) -> u64 {
        u64::try_from(self.end - self.start).unwrap_or(u64::MAX)
    }
}

/// Children that were shifted, because they did not fit into the call that they belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    /// The first child that was shifted; all children of its parent from the same process were, too.
    pub child: NodeId,
    /// By how many nanoseconds; negative if to earlier times.
    pub by: i128,
}

/// When the nodes of a tree began and ended, as by one clock.
#[derive(Clone, Debug)]
pub struct Timeline {
    intervals: Vec<Interval>,
    shifts: Vec<Shift>,
}

impl Timeline {
    /// The timeline of a tree.
    #[must_use]
    pub fn new(tree: &SpanTree<'_>) -> Self {
        let order: Vec<NodeId> = tree.walk().map(|(node, _)| node).collect();
        let mut timeline = Timeline { intervals: told(tree, &order), shifts: Vec::new() };
        // By how much each node is shifted; parents come before their children.
        let mut shifted = vec![0i128; tree.len()];
        for node in &order {
            timeline.place(tree, *node, &mut shifted);
        }
        timeline
    }

    /// Places the children of a node that is placed itself.
    fn place(&mut self, tree: &SpanTree<'_>, parent: NodeId, shifted: &mut [i128]) {
        let children = tree.children(parent);
        for child in children {
            let by = shifted[parent.index()];
            self.shift(*child, by, shifted);
        }
        if tree.span(parent).is_none() {
            return;
        }
        let whole = self.intervals[parent.index()];
        // By process: how many nanoseconds its clock may be shifted by, so that all its children fit.
        let mut processes: FxHashMap<(&str, &str, bool), Fit> = FxHashMap::default();
        let process = |child: NodeId| {
            if tree.share_clock(parent, child) {
                return None;
            }
            let span = tree.span(child)?;
            Some((span.service(), span.source.instance.as_str(), tree.handles_message(child)))
        };
        for child in children {
            let Some(process) = process(*child) else { continue };
            let fit = processes.entry(process).or_insert_with(Fit::any);
            fit.require(whole, self.intervals[child.index()], process.2);
        }
        if processes.is_empty() {
            return;
        }
        let shifts: FxHashMap<_, i128> = processes
            .into_iter()
            .map(|(process, fit)| (process, fit.shift()))
            .filter(|(_, by)| *by != 0)
            .collect();
        let mut said = rustc_hash::FxHashSet::default();
        for child in children {
            let Some(process) = process(*child) else { continue };
            let Some(by) = shifts.get(&process) else { continue };
            self.shift(*child, *by, shifted);
            if by.abs() > TOLERANCE && said.insert(process) {
                self.shifts.push(Shift { child: *child, by: *by });
            }
        }
    }

    fn shift(&mut self, node: NodeId, by: i128, shifted: &mut [i128]) {
        let interval = &mut self.intervals[node.index()];
        interval.start += by;
        interval.end += by;
        shifted[node.index()] += by;
    }

    /// When a node began and ended.
    #[must_use]
    pub fn interval(&self, node: NodeId) -> Interval {
        self.intervals[node.index()]
    }

    /// What was shifted by more than the tolerance, in the order of the tree.
    #[must_use]
    pub fn shifts(&self) -> &[Shift] {
        &self.shifts
    }
}

/// What spans say themselves. What has not ended lasts as long as what is below it on its own clock, or
/// else on any clock.
fn told(tree: &SpanTree<'_>, order: &[NodeId]) -> Vec<Interval> {
    let mut intervals = vec![Interval { start: i128::MAX, end: i128::MIN }; tree.len()];
    let mut same_clock: Vec<Option<i128>> = vec![None; tree.len()];
    for node in order.iter().rev() {
        let below = intervals[node.index()];
        let own = match tree.span(*node) {
            Some(span) => {
                let start = i128::from(span.start.0);
                let open = || same_clock[node.index()].unwrap_or(below.end);
                let end = span.end.map_or_else(open, |end| i128::from(end.0));
                Interval { start, end: end.max(start) }
            }
            None => below,
        };
        intervals[node.index()] = own;
        if let Some(parent) = tree.parent(*node) {
            let above = &mut intervals[parent.index()];
            // Of a span that is there only the end is ever taken from what is below it.
            above.start = above.start.min(own.start);
            above.end = above.end.max(own.end);
            if tree.share_clock(parent, *node) {
                let latest = &mut same_clock[parent.index()];
                *latest = Some(latest.map_or(own.end, |end| end.max(own.end)));
            }
        }
    }
    intervals
}

/// By how much the children of one process may be shifted.
struct Fit {
    at_least: i128,
    at_most: i128,
    /// Whether some child has nothing in common with its caller, so that the clocks must differ.
    apart: bool,
    /// What brings the first of them to the beginning of the call.
    to_start: i128,
}

impl Fit {
    fn any() -> Self {
        Fit {
            at_least: i128::from(i64::MIN),
            at_most: i128::from(i64::MAX),
            apart: false,
            to_start: i128::MIN,
        }
    }

    fn require(&mut self, caller: Interval, callee: Interval, message: bool) {
        self.at_least = self.at_least.max(caller.start - callee.start);
        self.to_start = self.to_start.max(caller.start - callee.start);
        if !message {
            self.at_most = self.at_most.min(caller.end - callee.end);
            self.apart |= callee.end < caller.start || callee.start > caller.end;
        }
    }

    fn shift(&self) -> i128 {
        if self.at_least > self.at_most {
            return if self.apart { self.to_start } else { 0 };
        }
        if self.at_least <= 0 && self.at_most >= 0 {
            return 0;
        }
        if self.at_most == i128::from(i64::MAX) {
            return self.at_least;
        }
        self.at_least + (self.at_most - self.at_least) / 2
    }
}
