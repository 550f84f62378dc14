//! The explored part of a state space as a graph, for questions that only a graph can answer.

pub(crate) mod path;
pub(crate) mod record;
pub(crate) mod unfolded;

use crate::graph::record::{Edge, Edges};
use crate::product::Fairness;
use crate::product::memo::UNFAIR;
use crate::store::chunked::Bits;

/// The graph of everything that was explored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Graph<'a> {
    /// The transitions of the states that were expanded.
    pub(crate) edges: &'a Edges,
    /// For each expanded state, whether it has no successor.
    pub(crate) ends: &'a Bits,
    /// How many states there are, those that were not expanded included.
    pub(crate) states: u32,
    /// The first state of each depth. States of depth 0 are the initial ones.
    pub(crate) levels: &'a [u32],
    /// The fairness constraints, by label.
    pub(crate) constraints: &'a [Fairness],
}

impl Graph<'_> {
    /// The edges out of a state; none when it was not expanded.
    pub(crate) fn out(&self, state: u32) -> impl Iterator<Item = Edge> + '_ {
        self.edges.out(state)
    }

    /// Whether paths end here.
    pub(crate) fn is_end(&self, state: u32) -> bool {
        (state as usize) < self.ends.len() && self.ends.get(state as usize)
    }

    /// Whether the successors of a state are known.
    pub(crate) fn is_expanded(&self, state: u32) -> bool {
        (state as usize) < self.ends.len()
    }

    /// Whether taking a transition with this label is possible in a state.
    pub(crate) fn enables(&self, state: u32, label: u32) -> bool {
        self.out(state).any(|edge| edge.label == label)
    }

    /// The constraints of this fairness that a state enables, without repetition.
    pub(crate) fn enabled(&self, state: u32, fairness: Fairness) -> Vec<u32> {
        let mut labels: Vec<u32> = self
            .out(state)
            .map(|edge| edge.label)
            .filter(|&label| label != UNFAIR && self.constraints[label as usize] == fairness)
            .collect();
        labels.sort_unstable();
        labels.dedup();
        labels
    }

    /// The states of a depth.
    pub(crate) fn level(&self, depth: usize) -> std::ops::Range<u32> {
        let start = |depth: usize| self.levels.get(depth).copied().unwrap_or(self.states);
        start(depth)..start(depth + 1)
    }
}
