//! What a search writes down about the states it visits.

use crate::property::StepSays;
use crate::store::chunked::{Bits, Chunked, Column};

/// The notes of a search: one entry per state, in the order in which states were found.
#[derive(Debug)]
pub(crate) struct Record {
    /// For each state, whether it passes each of the tests.
    pub(crate) marks: Bits,
    tests: usize,
    /// For each expanded state, what its steps say to each claim about steps: two bits each.
    step_marks: Bits,
    step_tests: usize,
    /// For each expanded state, whether it has no successor.
    pub(crate) ends: Bits,
    /// The transitions, if the properties at hand need them afterwards.
    pub(crate) edges: Option<Edges>,
    /// Transitions taken.
    pub(crate) transitions: u64,
}

impl Record {
    pub(crate) fn new(tests: usize, step_tests: usize, keep_edges: bool) -> Self {
        Record {
            marks: Bits::default(),
            tests,
            step_marks: Bits::default(),
            step_tests,
            ends: Bits::default(),
            edges: keep_edges.then(Edges::new),
            transitions: 0,
        }
    }

    /// What one test said of each state.
    pub(crate) fn column(&self, test: usize) -> Column<'_> {
        Column::new(&self.marks, test, self.tests)
    }

    /// Whether each expanded state has a step that breaks the claim, and whether it has one that the
    /// claim is about.
    pub(crate) fn step_columns(&self, test: usize) -> (Column<'_>, Column<'_>) {
        let column = |at| Column::new(&self.step_marks, 2 * test + at, 2 * self.step_tests);
        (column(0), column(1))
    }

    /// Notes what the steps of the next states say to each claim about steps.
    pub(crate) fn note_steps(&mut self, said: &[StepSays]) {
        for says in said {
            self.step_marks.push(says.is_broken);
            self.step_marks.push(says.is_asked);
        }
    }

    /// Notes that the next state is expanded, and has so many successors.
    pub(crate) fn expanded(&mut self, successors: usize) {
        self.ends.push(successors == 0);
        self.transitions += successors as u64;
        if let Some(edges) = &mut self.edges {
            edges.close();
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        let bits = self.marks.bytes() + self.step_marks.bytes() + self.ends.bytes();
        bits + self.edges.as_ref().map_or(0, Edges::bytes)
    }
}

/// A transition: what fairness constraint it meets, and where it leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Edge {
    /// The number of the constraint, or [`UNFAIR`](crate::product::memo::UNFAIR).
    pub(crate) label: u32,
    /// The state it leads to.
    pub(crate) target: u32,
}

/// The transitions of all expanded states.
#[derive(Clone, Debug)]
pub(crate) struct Edges {
    edges: Chunked<Edge>,
    ends: Chunked<u64>,
}

impl Edges {
    pub(crate) fn new() -> Self {
        Edges { edges: Chunked::new(), ends: Chunked::new() }
    }

    pub(crate) fn push(&mut self, edge: Edge) {
        self.edges.push(edge);
    }

    /// The next state has no more edges.
    pub(crate) fn close(&mut self) {
        self.ends.push(self.edges.len() as u64);
    }

    /// How many states have their edges here.
    pub(crate) fn states(&self) -> usize {
        self.ends.len()
    }

    /// How many edges a state has; none when it was not expanded.
    pub(crate) fn degree(&self, state: u32) -> usize {
        let (from, to) = self.bounds(state);
        to - from
    }

    pub(crate) fn edge(&self, state: u32, at: usize) -> Edge {
        self.edges.get(self.bounds(state).0 + at)
    }

    /// The edges out of a state; none when it was not expanded.
    pub(crate) fn out(&self, state: u32) -> impl Iterator<Item = Edge> + '_ {
        let (from, to) = self.bounds(state);
        self.edges.range(from..to)
    }

    fn bounds(&self, state: u32) -> (usize, usize) {
        let state = state as usize;
        if state >= self.states() {
            return (0, 0);
        }
        let from = if state == 0 { 0 } else { self.ends.get(state - 1) };
        (from as usize, self.ends.get(state) as usize)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.edges.bytes() + self.ends.bytes()
    }
}
