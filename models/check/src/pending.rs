//! Where an obligation can be pending: all states that a path can be in after it owed the goal and
//! before it reached it.

use crate::allowance::Allowance;
use crate::chunked::Column;
use crate::graph::Graph;
use crate::space::Path;
use crate::verdict::Limit;

/// Where an obligation begins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sources<'a> {
    /// In the initial states that are marked, or in all of them.
    Initial(Option<Column<'a>>),
    /// In every state that is marked, or in all of them.
    Anywhere(Option<Column<'a>>),
}

const UNREACHED: u32 = u32::MAX;

/// The states in which the obligation can be pending, nearest to the start first.
#[derive(Debug)]
pub(crate) struct Pending {
    /// The states, in order of their distance.
    pub(crate) states: Vec<u32>,
    /// For each distance, where in `states` the states of that distance begin.
    levels: Vec<usize>,
    via: Vec<u32>,
}

impl Pending {
    /// All states from which the goal is still owed. `spares` tells whether a state settles the debt.
    ///
    /// The way to a pending state is a shortest one: it leads to some source by the breadth-first
    /// tree, and on from there without meeting the goal. Both halves are explored by increasing total
    /// length, so the first state found with some quality has the shortest stem.
    ///
    /// # Errors
    /// The limit that was reached meanwhile.
    pub(crate) fn new(
        graph: &Graph<'_>,
        sources: Sources<'_>,
        spares: impl Fn(u32) -> bool,
        allowance: &Allowance<'_>,
    ) -> Result<Self, Limit> {
        let mut pending = Pending {
            states: Vec::new(),
            levels: Vec::new(),
            via: vec![UNREACHED; graph.states as usize],
        };
        let (marks, source_levels) = match sources {
            Sources::Initial(marks) => (marks, 1),
            Sources::Anywhere(marks) => (marks, graph.levels.len()),
        };
        let mut from = 0;
        for depth in 0.. {
            let to = pending.states.len();
            if depth >= source_levels && from == to {
                break;
            }
            pending.levels.push(to);
            for at in from..to {
                allowance.go_on()?;
                let state = pending.states[at];
                for edge in graph.out(state) {
                    pending.reach(edge.target, state, &spares);
                }
            }
            if depth < source_levels {
                for state in graph.level(depth) {
                    if marks.is_none_or(|marks| marks.get(state)) {
                        pending.reach(state, state, &spares);
                    }
                }
            }
            from = to;
        }
        Ok(pending)
    }

    fn reach(&mut self, state: u32, via: u32, spares: &impl Fn(u32) -> bool) {
        if self.via[state as usize] == UNREACHED && !spares(state) {
            self.via[state as usize] = via;
            self.states.push(state);
        }
    }

    /// The place of the first state in which paths end.
    pub(crate) fn first_end(&self, graph: &Graph<'_>) -> Option<usize> {
        self.states.iter().position(|&state| graph.is_end(state))
    }

    /// The length of a stem to the state at this place.
    pub(crate) fn distance(&self, at: usize) -> usize {
        self.levels.partition_point(|&start| start <= at) - 1
    }

    /// All states, each with the length of a stem to it.
    pub(crate) fn with_distance(&self) -> impl Iterator<Item = (u32, usize)> + '_ {
        self.states.iter().enumerate().map(|(at, &state)| (state, self.distance(at)))
    }

    /// A shortest path on which the obligation arises and is still pending in `state`.
    pub(crate) fn stem(&self, state: u32, parent: impl Fn(u32) -> u32) -> Path {
        let mut tail = Vec::new();
        let mut at = state;
        while self.via[at as usize] != at {
            tail.push(at);
            at = self.via[at as usize];
        }
        let mut path = Path::to(at, parent);
        for &state in tail.iter().rev() {
            path.step(None, state);
        }
        path
    }
}
