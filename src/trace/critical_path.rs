//! The critical path: of the time that a root took, which span is to blame for which part.
//!
//! Walk back from the end of the root. Whatever ended last before that is what it waited for; the time
//! after that is its own. Go on in what it waited for, in the same way, and when that has begun, go on
//! from there in the root. The sections found are disjoint, and their sum is exactly the duration of the
//! root: shortening any of them would have shortened the whole.
//!
//! Three kinds of children are not on the path, since nobody waited for them: what handles a message, what
//! only links here, and what outlasts its parent on the very same clock. Children of other processes are
//! clipped to their caller instead, after the [timeline](crate::timeline) has mended clocks.
//!
//! Some SDKs round starts down to a millisecond, so that what ran one after the other seems to overlap. A
//! child may therefore end a little after the next one began, and counts up to there.
//!
//! The walk is the one of Jaeger's critical path view; that the path is what to shorten, and how to add it
//! up over many traces, is in Zhang et al., "CRISP: Critical Path Analysis of Large-Scale Microservice
//! Architectures", USENIX ATC 2022.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::timeline::{Interval, TOLERANCE, Timeline};
use crate::tree::{NodeId, SpanTree};

/// A part of the root's time, and who is to blame for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// The node that worked, or waited for something that nobody tells of.
    pub node: NodeId,
    /// When; never empty.
    pub interval: Interval,
}

/// The critical path of a root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CriticalPath {
    sections: Vec<Section>,
    total: u64,
    asynchronous: usize,
}

impl CriticalPath {
    /// The critical path of a root (or of any other node, as if it were one).
    #[must_use]
    pub fn new(tree: &SpanTree<'_>, timeline: &Timeline, root: NodeId) -> Self {
        let whole = timeline.interval(root);
        let mut path = CriticalPath { total: whole.length(), ..CriticalPath::default() };
        let mut open = vec![path.enter(tree, timeline, root, whole)];
        while let Some(frame) = open.last_mut() {
            match frame.step_back() {
                Some((child, interval)) => {
                    path.blame(frame.node, interval.end, frame.cursor);
                    frame.cursor = interval.start;
                    open.push(path.enter(tree, timeline, child, interval));
                }
                None => {
                    path.blame(frame.node, frame.begin, frame.cursor);
                    open.pop();
                }
            }
        }
        path.sections.reverse();
        path
    }

    fn enter(
        &mut self,
        tree: &SpanTree<'_>,
        timeline: &Timeline,
        node: NodeId,
        within: Interval,
    ) -> Frame {
        let end = timeline.interval(node).end;
        let mut children = Vec::new();
        for child in tree.children(node) {
            let told = timeline.interval(*child);
            let outlasts = told.end > end + TOLERANCE && tree.share_clock(node, *child);
            if outlasts || tree.handles_message(*child) {
                self.asynchronous += 1;
                continue;
            }
            let clipped =
                Interval { start: told.start.max(within.start), end: told.end.min(within.end) };
            if clipped.start < clipped.end {
                children.push((*child, clipped));
            }
        }
        // The last to end comes last, to be taken first; of those, the one that began last.
        children.sort_by_key(|(child, interval)| (interval.end, interval.start, *child));
        Frame { node, begin: within.start, cursor: within.end, children }
    }

    fn blame(&mut self, node: NodeId, start: i128, end: i128) {
        if start < end {
            self.sections.push(Section { node, interval: Interval { start, end } });
        }
    }

    /// The sections, in the order of time. Each begins where the one before it ends.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// How long the root took, in nanoseconds: the sum of all sections.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The nodes on the path, each with its time on it in nanoseconds, the largest first.
    #[must_use]
    pub fn shares(&self) -> Vec<(NodeId, u64)> {
        let mut shares: FxHashMap<NodeId, u64> = FxHashMap::default();
        for section in &self.sections {
            *shares.entry(section.node).or_default() += section.interval.length();
        }
        let mut shares: Vec<_> = shares.into_iter().collect();
        shares.sort_by_key(|(node, time)| (Reverse(*time), *node));
        shares
    }

    /// How many children of spans on the path were left out, since nobody waited for them.
    #[must_use]
    pub fn asynchronous(&self) -> usize {
        self.asynchronous
    }
}

/// A node on the way back, with all that may still be found in it.
struct Frame {
    node: NodeId,
    begin: i128,
    cursor: i128,
    children: Vec<(NodeId, Interval)>,
}

impl Frame {
    /// The child that was waited for before the cursor, as far as it is before it.
    fn step_back(&mut self) -> Option<(NodeId, Interval)> {
        while let Some((child, interval)) = self.children.pop() {
            let overlap = interval.end - self.cursor;
            // If more of it than rounding explains comes later, it ran beside what came later.
            let before = overlap <= TOLERANCE && 2 * overlap <= interval.end - interval.start;
            let end = interval.end.min(self.cursor);
            if before && interval.start < end {
                return Some((child, Interval { end, ..interval }));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixture::{MS, at, linked_to, span, span_id};
    use crate::span::{Span, SpanKind, Time};

    /// The path of the first root: names, and milliseconds.
    fn path(spans: &[Span]) -> Vec<(String, u64)> {
        let tree = SpanTree::new(spans);
        let found = CriticalPath::new(&tree, &Timeline::new(&tree), tree.roots()[0]);
        found
            .sections()
            .iter()
            .map(|section| {
                let name = tree.span(section.node).map_or("?", |span| &span.name);
                (name.to_owned(), section.interval.length() / MS)
            })
            .collect()
    }

    fn sum_of(path: &[(String, u64)], name: &str) -> u64 {
        path.iter().filter(|(of, _)| of == name).map(|(_, length)| length).sum()
    }

    #[test]
    fn an_order_that_was_compensated() {
        let found = path(&[
            span(1, None, "saga", 0, 200),
            span(2, Some(1), "create", 0, 20),
            span(3, Some(1), "reserve", 21, 51),
            span(4, Some(1), "pay", 52, 150),
            span(5, Some(4), "psp", 60, 140),
            span(6, Some(1), "audit", 52, 110),
            span(7, Some(1), "compensate reserve", 155, 195),
        ]);
        let names = ["create", "reserve", "pay", "psp", "compensate reserve", "saga", "audit"];
        let sums = names.map(|name| sum_of(&found, name));
        assert_eq!(sums, [20, 30, 18, 80, 40, 12, 0]);
        assert_eq!(found.iter().map(|(_, length)| length).sum::<u64>(), 200);
    }

    #[test]
    fn a_slow_step_that_overlaps_the_next_by_rounding_is_not_lost() {
        let mut slow = span(2, Some(1), "charge", 10, 90);
        slow.end = Some(Time(90 * MS + 200_000));
        let found = path(&[span(1, None, "saga", 0, 120), slow, span(3, Some(1), "undo", 90, 110)]);
        let expected = [("saga", 10), ("charge", 80), ("undo", 20), ("saga", 10)]
            .map(|(n, l)| (n.to_owned(), l));
        assert_eq!(found, expected);
    }

    #[test]
    fn what_ran_beside_a_later_child_is_off_the_path() {
        let found = path(&[
            span(1, None, "root", 0, 100),
            span(2, Some(1), "short", 0, 52),
            span(3, Some(1), "long", 50, 100),
        ]);
        assert_eq!(sum_of(&found, "short"), 0, "it overlaps by more than rounding explains");
        assert_eq!(sum_of(&found, "root"), 50);
    }

    #[test]
    fn nobody_waits_for_a_message_to_be_handled() {
        let of_kind = |kind, span| Span { kind, ..span };
        let found = path(&[
            span(1, None, "root", 0, 100),
            of_kind(SpanKind::Producer, span(2, Some(1), "publish", 10, 20)),
            of_kind(SpanKind::Consumer, at("audit", span(3, Some(2), "handle", 12, 90))),
        ]);
        assert_eq!([sum_of(&found, "handle"), sum_of(&found, "publish")], [0, 10]);
    }

    #[test]
    fn nobody_waits_for_what_only_links_to_it() {
        let root = span(1, None, "root", 0, 100);
        let other = linked_to(at("audit", span(2, None, "handle", 10, 90)), &root);
        assert_eq!(path(&[root, other]), [("root".to_owned(), 100)]);
    }

    #[test]
    fn nobody_waited_for_what_outlasts_its_parent_on_one_clock() {
        let forgotten = span(2, Some(1), "fire and forget", 10, 300);
        assert_eq!(path(&[span(1, None, "root", 0, 100), forgotten]), [("root".to_owned(), 100)]);
    }

    #[test]
    fn a_server_that_outlasts_its_caller_is_clipped() {
        let slow = at("payment", span(2, Some(1), "gave up on it", 10, 300));
        let found = path(&[span(1, None, "root", 0, 100), slow]);
        assert_eq!(found, [("root".to_owned(), 10), ("gave up on it".to_owned(), 90)]);
    }

    #[test]
    fn a_callee_with_a_clock_of_its_own_is_shifted_into_the_call() {
        let hour = 3_600_000;
        let spans = [
            span(1, None, "root", 0, 100),
            at("payment", span(2, Some(1), "check", hour, hour + 20)),
            at("payment", span(3, Some(1), "charge", hour + 30, hour + 90)),
            at("bank", span(4, Some(3), "transfer", hour + 40, hour + 80)),
        ];
        let found = path(&spans);
        let names = ["root", "check", "charge", "transfer"];
        assert_eq!(names.map(|name| sum_of(&found, name)), [20, 20, 20, 40]);
        let tree = SpanTree::new(&spans);
        let timeline = Timeline::new(&tree);
        let shifts: Vec<i128> = timeline.shifts().iter().map(|shift| shift.by).collect();
        assert_eq!(shifts, [-i128::from((hour - 5) * MS)], "both children by one shift");
    }

    #[test]
    fn a_root_without_an_end_lasts_as_long_as_what_is_below_it() {
        let running = Span { end: None, ..span(1, None, "root", 0, 0) };
        let found = path(&[running, span(2, Some(1), "work", 10, 40)]);
        assert_eq!(found, [("root".to_owned(), 10), ("work".to_owned(), 30)]);
    }

    #[test]
    fn a_trace_may_be_very_deep() {
        let spans: Vec<Span> = (1..=200_000)
            .map(|id| span(id, (id > 1).then(|| id - 1), "down", id, 1_000_000 - id))
            .collect();
        assert_eq!(path(&spans).iter().map(|(_, length)| length).sum::<u64>(), 999_998);
    }

    prop_compose! {
        /// A span of any shape: its parent may be itself, later, or missing; it may end before it begins.
        fn any_span(many: u64)(
            parent in prop::option::weighted(0.9, 1..=many + 1),
            start in 0..50_000_000u64,
            length in -1_000_000..40_000_000i64,
            ends in prop::bool::weighted(0.95),
            service in prop::sample::select(vec!["order", "payment", "inventory"]),
            kind in prop::sample::select(vec![
                SpanKind::Internal, SpanKind::Producer, SpanKind::Consumer, SpanKind::Client,
            ]),
        ) -> Span {
            Span {
                start: Time(start),
                end: ends.then(|| Time(start.saturating_add_signed(length))),
                kind,
                ..at(service, span(1, parent, "s", 0, 0))
            }
        }
    }

    fn any_trace() -> impl Strategy<Value = Vec<Span>> {
        prop::collection::vec(any_span(24), 1..24).prop_map(|mut spans| {
            for (at, span) in spans.iter_mut().enumerate() {
                span.id = span_id(at as u64 + 1);
            }
            spans
        })
    }

    proptest! {
        #[test]
        fn sections_are_disjoint_and_sum_to_the_duration_of_the_root(spans in any_trace()) {
            let tree = SpanTree::new(&spans);
            let timeline = Timeline::new(&tree);
            for root in tree.roots() {
                let below: Vec<NodeId> = tree.walk_from(*root).map(|(node, _)| node).collect();
                let path = CriticalPath::new(&tree, &timeline, *root);
                let whole = timeline.interval(*root);
                let mut now = whole.start;
                for section in path.sections() {
                    prop_assert_eq!(section.interval.start, now, "no gap, no overlap");
                    prop_assert!(section.interval.end > now);
                    prop_assert!(below.contains(&section.node));
                    let own = timeline.interval(section.node);
                    prop_assert!(own.start <= now && section.interval.end <= own.end);
                    now = section.interval.end;
                }
                prop_assert_eq!(now, whole.end);
                prop_assert_eq!(path.total(), whole.length());
                if let Some(span) = tree.span(*root) && let Some(duration) = span.duration() {
                    prop_assert_eq!(u128::from(path.total()), duration.as_nanos());
                }
            }
        }
    }
}
