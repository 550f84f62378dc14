//! Where an obligation can be pending: all states that a path can be in after it owed the goal and
//! before it reached it.

use crate::graph::Graph;
use crate::graph::path::Path;
use crate::limits::Limit;
use crate::limits::analysis_budget::AnalysisBudget;
use crate::liveness::fairness_rules::FairnessRules;
use crate::property::PropertyKind;
use crate::store::chunked::Column;

/// Where an obligation begins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sources<'a> {
    /// In the initial states that are marked, or in all of them.
    Initial(Option<Column<'a>>),
    /// In every state that is marked, or in all of them.
    Anywhere(Option<Column<'a>>),
}

/// What a path owes: to come to a state of the goal, from certain states on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Obligation<'a> {
    sources: Sources<'a>,
    goal: Column<'a>,
    /// Whether the goal is owed again as soon as it was met.
    is_recurring: bool,
}

impl<'a> Obligation<'a> {
    /// What a property of this kind makes paths owe; `None` if it is not about fair paths.
    pub(crate) fn of(
        kind: PropertyKind,
        goal: Column<'a>,
        premise: Option<Column<'a>>,
    ) -> Option<Self> {
        let (sources, is_recurring) = match kind {
            PropertyKind::Eventually => (Sources::Initial(premise), false),
            PropertyKind::LeadsTo => (Sources::Anywhere(premise), false),
            // Where every state owes the goal, whatever comes after the goal owes it by itself.
            PropertyKind::AlwaysEventually => (Sources::Anywhere(premise), premise.is_some()),
            PropertyKind::Always
            | PropertyKind::Sometimes
            | PropertyKind::NeverStuck
            | PropertyKind::DeadlockFree
            | PropertyKind::AlwaysStep => return None,
        };
        Some(Obligation { sources, goal, is_recurring })
    }
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
    /// All states in which the goal is owed and not met.
    ///
    /// The way to a pending state is a shortest one: it leads to some source by the breadth-first
    /// tree, and on from there without meeting the goal, or by way of it where it is owed again
    /// afterwards. Both halves are explored by increasing total length, so the first state found with
    /// some quality has the shortest stem.
    ///
    /// # Errors
    /// The limit that was reached meanwhile.
    pub(crate) fn new(
        graph: &Graph<'_>,
        obligation: &Obligation<'_>,
        rules: &dyn FairnessRules,
        budget: &AnalysisBudget<'_>,
    ) -> Result<Self, Limit> {
        let &Obligation { sources, goal, is_recurring } = obligation;
        let is_owed_again = is_recurring && rules.goal_is_owed_again();
        let is_met = |state: u32| rules.goal_settles() && goal.get(state);
        let spares = |state: u32| !is_owed_again && is_met(state);
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
                budget.go_on()?;
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
        if is_owed_again {
            pending.retain(|state| !is_met(state));
        }
        Ok(pending)
    }

    /// Leaves out states in which nothing is pending, although the way to others leads through them.
    fn retain(&mut self, is_pending: impl Fn(u32) -> bool) {
        let states = std::mem::take(&mut self.states);
        let ends = self.levels.split_off(0).into_iter().skip(1).chain([states.len()]);
        let mut from = 0;
        for to in ends {
            self.levels.push(self.states.len());
            self.states.extend(states[from..to].iter().filter(|state| is_pending(**state)));
            from = to;
        }
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
