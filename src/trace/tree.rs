//! The span tree: which span was part of which, or was asked for by which.
//!
//! Real traces are not trees. Parents are missing, because they are still running or were sampled away;
//! two spans have one id; parents run in a circle; a consumer begins a trace of its own and only links to
//! its producer. A [`SpanTree`] takes any spans at all, makes a tree of them, and says in its
//! [`Oddities`] what it had to do for that.
//!
//! Nothing here recurses: a trace may be a million spans deep.

use rustc_hash::FxHashMap;

use crate::id::{SpanId, TraceId};
use crate::span::{Span, SpanKind, Time};

/// A node of a [`SpanTree`]: a span, by its position among the spans that the tree was made of; or, beyond
/// those, a parent that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

impl NodeId {
    /// Its position: spans first, then missing parents.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What stands at a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Node<'s> {
    /// A span.
    Span(&'s Span),
    /// A parent that others name, and that is not there.
    Missing {
        /// The trace it should be in.
        trace: TraceId,
        /// Its id there.
        id: SpanId,
    },
}

/// How a node hangs on its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// It has no parent.
    Root,
    /// It names its parent.
    Child,
    /// It begins a trace of its own, and links to a span of this tree.
    Linked,
}

/// Spans as a tree, or several trees: a root each.
#[derive(Clone, Debug)]
pub struct SpanTree<'s> {
    spans: &'s [Span],
    missing: Vec<(TraceId, SpanId)>,
    by_id: FxHashMap<(TraceId, SpanId), u32>,
    parents: Vec<u32>,
    relations: Vec<Relation>,
    /// The children of node `n` are `children[first_child[n]..first_child[n + 1]]`.
    first_child: Vec<u32>,
    children: Vec<NodeId>,
    roots: Vec<NodeId>,
    oddities: Oddities,
}

/// What had to be done to make a tree of the spans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Oddities {
    /// How many spans name a parent that is not there; they hang on a placeholder for it.
    pub orphans: usize,
    /// Spans whose chain of parents led back to themselves; they became roots.
    pub cycles: Vec<NodeId>,
    /// Spans with the id of an earlier one. Children hang on the first of them.
    pub repeated_ids: Vec<NodeId>,
}

const NOBODY: u32 = u32::MAX;

impl<'s> SpanTree<'s> {
    /// The tree of some spans, of one trace or of several that link to each other.
    ///
    /// # Panics
    /// When there are more than four thousand million of them.
    #[must_use]
    pub fn new(spans: &'s [Span]) -> Self {
        assert!(spans.len() < (NOBODY / 2) as usize, "so many spans cannot be in memory");
        let mut oddities = Oddities::default();
        let mut by_id: FxHashMap<(TraceId, SpanId), u32> = FxHashMap::default();
        by_id.reserve(spans.len());
        for (at, span) in spans.iter().enumerate() {
            let first = *by_id.entry((span.trace, span.id)).or_insert(at as u32);
            if first != at as u32 {
                oddities.repeated_ids.push(NodeId(at as u32));
            }
        }

        let mut missing = Vec::new();
        let mut parents = Vec::with_capacity(spans.len());
        for span in spans {
            parents.push(span.parent.map_or(NOBODY, |id| {
                *by_id.entry((span.trace, id)).or_insert_with(|| {
                    missing.push((span.trace, id));
                    (spans.len() + missing.len() - 1) as u32
                })
            }));
        }
        oddities.orphans = parents
            .iter()
            .filter(|parent| **parent != NOBODY && **parent as usize >= spans.len())
            .count();
        parents.resize(spans.len() + missing.len(), NOBODY);
        break_cycles(spans, &mut parents, &mut oddities);

        let mut relations: Vec<Relation> = parents
            .iter()
            .map(|parent| if *parent == NOBODY { Relation::Root } else { Relation::Child })
            .collect();
        follow_links(spans, &by_id, &mut parents, &mut relations);

        let mut tree = SpanTree {
            spans,
            missing,
            by_id,
            parents,
            relations,
            first_child: Vec::new(),
            children: Vec::new(),
            roots: Vec::new(),
            oddities,
        };
        tree.order_children();
        tree
    }

    fn order_children(&mut self) {
        let nodes = self.parents.len();
        let mut begins: Vec<Time> = self.spans.iter().map(|span| span.start).collect();
        begins.resize(nodes, Time(u64::MAX));
        for (at, span) in self.spans.iter().enumerate() {
            // A missing parent stands where the first of its children stands.
            if let Some(begin) = begins.get_mut(self.parents[at] as usize)
                && self.parents[at] as usize >= self.spans.len()
            {
                *begin = span.start.min(*begin);
            }
        }
        let mut order: Vec<u32> = (0..nodes as u32).collect();
        order.sort_by_key(|node| (begins[*node as usize], *node));

        let mut counts = vec![0u32; nodes + 1];
        for parent in &self.parents {
            if *parent != NOBODY {
                counts[*parent as usize + 1] += 1;
            }
        }
        for at in 1..counts.len() {
            counts[at] += counts[at - 1];
        }
        let mut next = counts.clone();
        self.children = vec![NodeId(0); counts[nodes] as usize];
        for node in order {
            match self.parents[node as usize] {
                NOBODY => self.roots.push(NodeId(node)),
                parent => {
                    self.children[next[parent as usize] as usize] = NodeId(node);
                    next[parent as usize] += 1;
                }
            }
        }
        self.first_child = counts;
    }

    /// What stands at a node.
    #[must_use]
    pub fn node(&self, node: NodeId) -> Node<'s> {
        match self.spans.get(node.index()) {
            Some(span) => Node::Span(span),
            None => {
                let (trace, id) = self.missing[node.index() - self.spans.len()];
                Node::Missing { trace, id }
            }
        }
    }

    /// The span at a node, if it is there.
    #[must_use]
    pub fn span(&self, node: NodeId) -> Option<&'s Span> {
        self.spans.get(node.index())
    }

    /// The span with that id, if it is there.
    #[must_use]
    pub fn find(&self, trace: TraceId, id: SpanId) -> Option<NodeId> {
        let node = NodeId(*self.by_id.get(&(trace, id))?);
        self.span(node).map(|_| node)
    }

    /// All spans, in the order in which they came.
    #[must_use]
    pub fn spans(&self) -> &'s [Span] {
        self.spans
    }

    /// The roots, in the order in which they began.
    #[must_use]
    pub fn roots(&self) -> &[NodeId] {
        &self.roots
    }

    /// The children of a node, in the order in which they began.
    #[must_use]
    pub fn children(&self, node: NodeId) -> &[NodeId] {
        let [first, end] = [node.index(), node.index() + 1].map(|at| self.first_child[at] as usize);
        &self.children[first..end]
    }

    /// The parent of a node.
    #[must_use]
    pub fn parent(&self, node: NodeId) -> Option<NodeId> {
        let parent = self.parents[node.index()];
        (parent != NOBODY).then_some(NodeId(parent))
    }

    /// How a node hangs on its parent.
    #[must_use]
    pub fn relation(&self, node: NodeId) -> Relation {
        self.relations[node.index()]
    }

    /// Whether nobody waits for a node by how it was asked for: it handles a message of its parent, or
    /// only links to it.
    #[must_use]
    pub fn handles_message(&self, node: NodeId) -> bool {
        let kind = |node| self.span(node).map(|span| span.kind);
        match self.relation(node) {
            Relation::Root => false,
            Relation::Linked => true,
            Relation::Child => {
                kind(node) == Some(SpanKind::Consumer)
                    && self.parent(node).and_then(kind) == Some(SpanKind::Producer)
            }
        }
    }

    /// Whether the times of two spans are by one clock, as far as is known: they are of one process.
    #[must_use]
    pub fn share_clock(&self, a: NodeId, b: NodeId) -> bool {
        self.span(a).zip(self.span(b)).is_some_and(|(a, b)| {
            a.service() == b.service() && a.source.instance == b.source.instance
        })
    }

    /// How many nodes there are: spans and missing parents.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parents.len()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parents.is_empty()
    }

    /// What had to be done to make a tree of the spans.
    #[must_use]
    pub fn oddities(&self) -> &Oddities {
        &self.oddities
    }

    /// All nodes, each before its children, children in the order in which they began; with their depth,
    /// which is 0 for roots.
    pub fn walk(&self) -> impl Iterator<Item = (NodeId, usize)> + '_ {
        Walk { tree: self, waiting: self.roots.iter().rev().map(|root| (*root, 0)).collect() }
    }

    /// A node and all below it, in the order of [`SpanTree::walk`]; the depth of the node is 0.
    pub fn walk_from(&self, node: NodeId) -> impl Iterator<Item = (NodeId, usize)> + '_ {
        Walk { tree: self, waiting: vec![(node, 0)] }
    }
}

struct Walk<'t, 's> {
    tree: &'t SpanTree<'s>,
    waiting: Vec<(NodeId, usize)>,
}

impl Iterator for Walk<'_, '_> {
    type Item = (NodeId, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let (node, depth) = self.waiting.pop()?;
        let children = self.tree.children(node).iter().rev();
        self.waiting.extend(children.map(|child| (*child, depth + 1)));
        Some((node, depth))
    }
}

/// Makes a root of one span in each circle of parents: the one that began first.
fn break_cycles(spans: &[Span], parents: &mut [u32], oddities: &mut Oddities) {
    /// On which walk a node was met first; 0 is never.
    const NEVER: u32 = 0;
    let mut met = vec![NEVER; parents.len()];
    for start in 0..parents.len() {
        let walk = start as u32 + 1;
        let mut at = start;
        while met[at] == NEVER {
            met[at] = walk;
            match parents[at] {
                NOBODY => break,
                parent => at = parent as usize,
            }
        }
        if parents[at] == NOBODY || met[at] != walk {
            continue;
        }
        // The walk came back to itself; missing parents have no parents, so all of these are spans.
        let (mut first, mut next) = (at, parents[at] as usize);
        while next != at {
            if (spans[next].start, next) < (spans[first].start, first) {
                first = next;
            }
            next = parents[next] as usize;
        }
        parents[first] = NOBODY;
        oddities.cycles.push(NodeId(first as u32));
    }
}

/// Hangs roots that link to a span of the tree on that span, unless it is below them.
fn follow_links(
    spans: &[Span],
    by_id: &FxHashMap<(TraceId, SpanId), u32>,
    parents: &mut [u32],
    relations: &mut [Relation],
) {
    let mut tops = parents.to_vec();
    let top_of = |node: u32, tops: &mut Vec<u32>| {
        let mut top = node;
        while tops[top as usize] != NOBODY {
            top = tops[top as usize];
        }
        // The next walk from here is short.
        let mut at = node;
        while tops[at as usize] != NOBODY {
            at = std::mem::replace(&mut tops[at as usize], top);
        }
        top
    };
    for (root, span) in spans.iter().enumerate() {
        if parents[root] != NOBODY {
            continue;
        }
        let target = span.links.iter().find_map(|link| {
            let target = *by_id.get(&(link.trace, link.span))?;
            let there = (target as usize) < spans.len();
            (there && top_of(target, &mut tops) != root as u32).then_some(target)
        });
        if let Some(target) = target {
            parents[root] = target;
            tops[root] = target;
            relations[root] = Relation::Linked;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{linked_to, span};

    fn shape(spans: &[Span]) -> String {
        let tree = SpanTree::new(spans);
        let mut lines = String::new();
        for (node, depth) in tree.walk() {
            let name = match tree.node(node) {
                Node::Span(span) => span.name.to_string(),
                Node::Missing { id, .. } => format!("? {id}"),
            };
            lines += &format!("{}{name}\n", "  ".repeat(depth));
        }
        lines
    }

    #[test]
    fn children_stand_below_their_parent_in_the_order_of_their_start() {
        let spans = [
            span(3, Some(1), "pay", 52, 150),
            span(1, None, "saga", 0, 200),
            span(2, Some(1), "reserve", 21, 51),
            span(4, Some(3), "psp", 60, 140),
        ];
        assert_eq!(shape(&spans), "saga\n  reserve\n  pay\n    psp\n");
    }

    #[test]
    fn orphans_of_one_parent_stand_together_under_a_placeholder() {
        let spans = [
            span(3, Some(9), "b", 20, 30),
            span(1, None, "other", 15, 16),
            span(2, Some(9), "a", 10, 20),
        ];
        assert_eq!(shape(&spans), "? 0000000000000009\n  a\n  b\nother\n");
        assert_eq!(SpanTree::new(&spans).oddities().orphans, 2);
    }

    #[test]
    fn a_circle_of_parents_is_broken_where_it_began() {
        let spans = [
            span(1, Some(3), "c", 5, 6),
            span(2, Some(1), "a", 1, 9),
            span(3, Some(2), "b", 3, 8),
            span(4, Some(3), "hangs on the circle", 4, 5),
            span(5, Some(5), "its own parent", 7, 8),
        ];
        assert_eq!(shape(&spans), "a\n  b\n    hangs on the circle\n    c\nits own parent\n");
        let names: Vec<_> = SpanTree::new(&spans)
            .oddities()
            .cycles
            .iter()
            .map(|node| spans[node.index()].name.to_string())
            .collect();
        assert_eq!(names, ["a", "its own parent"]);
    }

    #[test]
    fn a_trace_that_links_to_another_hangs_on_it() {
        let mut consumer = span(7, None, "notify", 50, 60);
        consumer.trace = TraceId::new([2; 16]).expect("an id");
        let producer = span(2, Some(1), "publish", 10, 11);
        let consumer = linked_to(consumer, &producer);
        let spans = [consumer, span(1, None, "saga", 0, 40), producer];
        assert_eq!(shape(&spans), "saga\n  publish\n    notify\n");
        let tree = SpanTree::new(&spans);
        assert_eq!(tree.relation(NodeId(0)), Relation::Linked);
        assert!(tree.handles_message(NodeId(0)));
    }

    #[test]
    fn links_that_lead_in_a_circle_leave_a_root() {
        let (a, b) = (span(1, None, "a", 0, 1), span(2, None, "b", 1, 2));
        let spans = [linked_to(a.clone(), &b), linked_to(b, &a)];
        assert_eq!(shape(&spans), "b\n  a\n");
        let itself = [linked_to(a.clone(), &a)];
        assert_eq!(shape(&itself), "a\n");
    }

    #[test]
    fn of_spans_with_one_id_the_first_has_the_children() {
        let spans = [
            span(1, None, "first", 0, 9),
            span(1, None, "second", 1, 9),
            span(2, Some(1), "child", 2, 3),
        ];
        assert_eq!(shape(&spans), "first\n  child\nsecond\n");
        assert_eq!(SpanTree::new(&spans).oddities().repeated_ids, [NodeId(1)]);
    }

    #[test]
    fn a_trace_may_be_very_deep() {
        let spans: Vec<Span> = (1..=1_000_000)
            .map(|at| span(at, (at > 1).then(|| at - 1), "down", at, 2_000_000 - at))
            .collect();
        let tree = SpanTree::new(&spans);
        assert_eq!(tree.walk().last().map(|(_, depth)| depth), Some(999_999));
    }
}
