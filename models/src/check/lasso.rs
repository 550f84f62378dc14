//! The loop of a lasso: a shortest fair cycle through a state.
//!
//! A cycle is fair when every weak constraint is taken or disabled somewhere on it, and every strong
//! one is taken or disabled everywhere. The search runs breadth-first over pairs of a state and what
//! the cycle has done for each constraint so far, so the first way back to the start with all
//! constraints met is a shortest one. Finding it is hard in general (it contains the travelling
//! salesman), so the search has a budget; beyond it a fair cycle is put together greedily, which
//! always works in a fair component, but need not be shortest.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::allowance::Allowance;
use super::components::FairComponents;
use super::graph::Graph;
use super::product::Fairness;
use super::record::Edge;
use super::tables::UNFAIR;
use super::verdict::Limit;

/// How many pairs the exact search may visit.
const BUDGET: usize = 1 << 16;

/// Finds cycles in fair components.
pub(super) struct LoopSearch<'g, 'a> {
    graph: &'g Graph<'a>,
    components: &'g FairComponents,
    allowance: &'g Allowance<'g>,
}

impl<'g, 'a> LoopSearch<'g, 'a> {
    pub(super) fn new(
        graph: &'g Graph<'a>,
        components: &'g FairComponents,
        allowance: &'g Allowance<'g>,
    ) -> Self {
        LoopSearch { graph, components, allowance }
    }

    /// A fair cycle from `entry` back to itself, no longer than `longest` when it is exact; `None`
    /// when the exact search proves that there is none so short.
    ///
    /// # Errors
    /// The limit that was reached meanwhile.
    pub(super) fn cycle(&self, entry: u32, longest: usize) -> Result<Option<Vec<Edge>>, Limit> {
        Ok(match self.exact(entry, longest)? {
            Outcome::Found(cycle) => Some(cycle),
            Outcome::TooLong => None,
            Outcome::OverBudget => {
                let cycle = self.greedy(entry)?;
                (cycle.len() <= longest).then_some(cycle)
            }
        })
    }

    fn inside(&self, from: u32) -> impl Iterator<Item = Edge> + '_ {
        self.graph.out(from).filter(move |edge| self.components.together(from, edge.target))
    }

    fn exact(&self, entry: u32, longest: usize) -> Result<Outcome, Limit> {
        let mut ledger = Ledger::new(self.graph, entry);
        let Some(none) = ledger.arrive(self.graph, entry, Deeds::default()) else {
            return Ok(Outcome::OverBudget);
        };
        let start = (entry, none);
        let mut from: FxHashMap<(u32, Deeds), ((u32, Deeds), Edge)> = FxHashMap::default();
        let mut seen: FxHashSet<(u32, Deeds)> = FxHashSet::from_iter([start]);
        let mut frontier = vec![start];
        for _ in 0..longest {
            let mut next = Vec::new();
            for &node in &frontier {
                self.allowance.go_on()?;
                for edge in self.inside(node.0) {
                    let deeds = ledger.take(edge.label, node.1);
                    let Some(deeds) = ledger.arrive(self.graph, edge.target, deeds) else {
                        return Ok(Outcome::OverBudget);
                    };
                    if edge.target == entry && ledger.is_fair(deeds) {
                        let mut cycle = vec![edge];
                        let mut at = node;
                        while let Some((before, edge)) = from.get(&at) {
                            cycle.push(*edge);
                            at = *before;
                        }
                        cycle.reverse();
                        return Ok(Outcome::Found(cycle));
                    }
                    let reached = (edge.target, deeds);
                    if seen.insert(reached) {
                        from.insert(reached, (node, edge));
                        next.push(reached);
                    }
                }
            }
            if seen.len() > BUDGET {
                return Ok(Outcome::OverBudget);
            }
            if next.is_empty() {
                break;
            }
            frontier = next;
        }
        Ok(Outcome::TooLong)
    }

    /// Goes to the nearest place where some constraint is met, until all are, and then home.
    fn greedy(&self, entry: u32) -> Result<Vec<Edge>, Limit> {
        let mut cycle: Vec<Edge> = Vec::new();
        let mut unmet = self.demands(entry)?;
        let mut at = entry;
        while !unmet.is_empty() {
            let walk = self
                .walk(at, |from, edge| unmet.iter().any(|&label| self.meets(label, from, edge)))?;
            for edge in walk {
                unmet.retain(|&label| !self.meets(label, at, edge));
                at = edge.target;
                cycle.push(edge);
            }
        }
        if at != entry || cycle.is_empty() {
            cycle.extend(self.walk(at, |_, edge| edge.target == entry)?);
        }
        Ok(cycle)
    }

    /// What a cycle through all of the component still has to do.
    fn demands(&self, entry: u32) -> Result<Vec<u32>, Limit> {
        let mut demands = self.graph.enabled(entry, Fairness::Weak);
        let mut seen = FxHashSet::from_iter([entry]);
        let mut queue = vec![entry];
        while let Some(state) = queue.pop() {
            self.allowance.go_on()?;
            demands.extend(self.graph.enabled(state, Fairness::Strong));
            for edge in self.inside(state) {
                if seen.insert(edge.target) {
                    queue.push(edge.target);
                }
            }
        }
        demands.sort_unstable();
        demands.dedup();
        Ok(demands)
    }

    fn meets(&self, label: u32, from: u32, edge: Edge) -> bool {
        let weak = self.graph.constraints[label as usize] == Fairness::Weak;
        edge.label == label
            || weak && (!self.graph.enables(from, label) || !self.graph.enables(edge.target, label))
    }

    /// A shortest walk inside the component whose last step is `wanted`.
    fn walk(&self, start: u32, wanted: impl Fn(u32, Edge) -> bool) -> Result<Vec<Edge>, Limit> {
        let mut from: FxHashMap<u32, (u32, Edge)> = FxHashMap::default();
        let mut queue = VecDeque::from([start]);
        while let Some(state) = queue.pop_front() {
            self.allowance.go_on()?;
            for edge in self.inside(state) {
                if wanted(state, edge) {
                    let mut walk = vec![edge];
                    let mut at = state;
                    while at != start {
                        let (before, edge) = from[&at];
                        walk.push(edge);
                        at = before;
                    }
                    walk.reverse();
                    return Ok(walk);
                }
                if edge.target != start && !from.contains_key(&edge.target) {
                    from.insert(edge.target, (state, edge));
                    queue.push_back(edge.target);
                }
            }
        }
        unreachable!("a fair component meets every constraint and is strongly connected")
    }
}

enum Outcome {
    Found(Vec<Edge>),
    TooLong,
    OverBudget,
}

/// What a walk has done so far: bits by constraint, as the ledger numbers them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Deeds {
    /// Weak constraints taken or found disabled, and strong ones taken.
    met: u64,
    /// Strong constraints found enabled.
    owed: u64,
}

/// Which constraints matter on cycles through one state.
///
/// Weak constraints that are disabled there are met by every such cycle. Strong ones get a bit when
/// they are first seen enabled.
struct Ledger {
    weak: Vec<u32>,
    strong: Vec<u32>,
    all_weak: u64,
}

impl Ledger {
    fn new(graph: &Graph<'_>, entry: u32) -> Self {
        let weak = graph.enabled(entry, Fairness::Weak);
        let all_weak = if weak.len() >= 64 { u64::MAX } else { (1 << weak.len()) - 1 };
        Ledger { weak, strong: Vec::new(), all_weak }
    }

    /// Takes a transition.
    fn take(&self, label: u32, mut deeds: Deeds) -> Deeds {
        if label == UNFAIR {
            return deeds;
        }
        if let Some(at) = self.weak.iter().position(|&weak| weak == label) {
            deeds.met |= 1 << at;
        } else if let Some(at) = self.strong.iter().position(|&strong| strong == label) {
            deeds.met |= 1 << (self.weak.len() + at);
        }
        deeds
    }

    /// Arrives in a state. `None` when there are more constraints than bits.
    fn arrive(&mut self, graph: &Graph<'_>, state: u32, mut deeds: Deeds) -> Option<Deeds> {
        for (at, &label) in self.weak.iter().enumerate() {
            if !graph.enables(state, label) {
                deeds.met |= 1 << at;
            }
        }
        for label in graph.enabled(state, Fairness::Strong) {
            let at = self.strong.iter().position(|&strong| strong == label).unwrap_or_else(|| {
                self.strong.push(label);
                self.strong.len() - 1
            });
            if self.weak.len() + at >= 64 {
                return None;
            }
            deeds.owed |= 1 << (self.weak.len() + at);
        }
        (self.weak.len() < 64).then_some(deeds)
    }

    fn is_fair(&self, deeds: Deeds) -> bool {
        deeds.met & self.all_weak == self.all_weak && deeds.owed & !deeds.met == 0
    }
}
