//! Part of a quotient, unfolded again into the states that its states stand for.
//!
//! In a search up to symmetry one state stands for an orbit. Fairness is about single actions, so loops
//! are judged among all states of the orbits.

use crate::graph::Graph;
use crate::graph::path::Path;
use crate::graph::record::{Edge, Edges};
use crate::product::Fairness;
use crate::store::chunked::Bits;
use crate::store::intern::Interner;
use crate::store::state_vectors::Ids;

/// All states that some states of a quotient stand for, and what leads from one to the other.
#[derive(Debug)]
pub(crate) struct Unfolded {
    pub(crate) states: Interner<Ids>,
    /// For each, the position of the one that it was unfolded from.
    pub(crate) origins: Vec<u32>,
    /// What leads elsewhere leads to one state more, from which nothing leads anywhere.
    pub(crate) edges: Edges,
    pub(crate) ends: Bits,
}

impl Unfolded {
    /// As a graph.
    pub(crate) fn graph<'a>(&'a self, constraints: &'a [Fairness]) -> Graph<'a> {
        let states = self.origins.len() as u32 + 1;
        Graph { edges: &self.edges, ends: &self.ends, states, levels: &[], constraints }
    }

    /// The states by number, and for each the position of the one that it was unfolded from.
    pub(crate) fn states(&self) -> impl Iterator<Item = (u32, usize)> + '_ {
        (0..).zip(self.origins.iter().map(|&from| from as usize))
    }

    /// The position of the state that this one was unfolded from.
    pub(crate) fn origin(&self, number: u32) -> usize {
        self.origins[number as usize] as usize
    }

    /// A lasso whose loop is in the unfolded part.
    pub(crate) fn lasso(&self, stem: Path, entry: u32, cycle: &[Edge]) -> UnfoldedLasso {
        let state = |number: u32| self.states.value(number).clone();
        UnfoldedLasso {
            stem,
            entry: state(entry),
            cycle: cycle.iter().map(|edge| (edge.label, state(edge.target))).collect(),
        }
    }

    /// Memory held, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        let is_spilled = self.states.len() > 0 && self.states.value(0).spilled();
        let spilled =
            if is_spilled { self.states.value(0).len() * self.states.len() * 4 } else { 0 };
        self.states.bytes() + (spilled + self.origins.capacity() * 4) as u64 + self.edges.bytes()
    }
}

/// A lasso whose stem goes through states of the quotient, and its loop through states of the whole
/// space.
#[derive(Debug)]
pub(crate) struct UnfoldedLasso {
    pub(crate) stem: Path,
    /// One of the states that the last one of the stem stands for.
    pub(crate) entry: Ids,
    /// The labels of the transitions, and where they lead.
    pub(crate) cycle: Vec<(u32, Ids)>,
}
