//! Liveness: does every fair path meet its obligation?
//!
//! An obligation is violated by a path on which the goal is owed and never reached. Such a path is of one
//! of two kinds. It ends, in a state without successors; or it goes on for ever, and then it ends up
//! in a strongly connected set of states, which it must visit *fairly*. Both kinds lie in the
//! [`Pending`] states: those that a path can be in while the goal is owed. So the question is whether
//! the pending states contain an end or a fair component ([`FairComponents`]).
//!
//! This is sound on cycles and on states that several paths join in, because it is asked of the whole
//! graph at once, not of the paths by which the search happened to arrive.

pub(crate) mod cycle_bounds;
pub(crate) mod fair_cycle;
pub(crate) mod fair_scc;
pub(crate) mod fairness_mask;
pub(crate) mod fairness_rules;
pub(crate) mod landmarks;
pub(crate) mod obligation;

use crate::graph::Graph;
use crate::graph::path::Path;
use crate::graph::record::{Edge, Edges};
use crate::graph::unfolded::Unfolded;
use crate::graph::unfolded::UnfoldedLasso;
use crate::limits::Limit;
use crate::limits::analysis_budget::AnalysisBudget;
use crate::liveness::fair_cycle::FairCycleSearch;
use crate::liveness::fair_scc::FairComponents;
use crate::liveness::fairness_rules::{AnyLoop, FairnessRules, Sound};
use crate::liveness::obligation::{Obligation, Pending};
use crate::product::Fairness;
use crate::property::PropertyKind;
use crate::store::chunked::{Bits, Column};

/// The most memory, in bytes, that it takes to decide this kind of property in a graph of so
/// many states and transitions.
pub(crate) fn bytes_needed(kind: PropertyKind, states: u64, transitions: u64) -> u64 {
    match kind {
        // The pending states with their ways there; numbers, bounds and zones for each state; the stacks
        // of the search for components; and the components themselves.
        PropertyKind::Eventually | PropertyKind::LeadsTo | PropertyKind::AlwaysEventually => {
            states * 48
        }
        // The transitions the other way round, and those states that have a way to the goal.
        PropertyKind::NeverStuck => states * 13 + transitions * 4,
        PropertyKind::Always
        | PropertyKind::Sometimes
        | PropertyKind::DeadlockFree
        | PropertyKind::AlwaysStep => 0,
    }
}

/// How many places are tried as the start of the loop, to find a short lasso.
const ENTRIES: usize = 256;

/// An obligation in a space: where it is pending, and the nearest state in which paths end with it.
pub(crate) struct PendingObligation {
    pending: Pending,
    end: Option<usize>,
}

/// How an obligation is violated.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) run: Run,
    /// Whether there is surely no shorter one.
    pub(crate) is_shortest: bool,
}

/// A run on which an obligation is never met.
#[derive(Debug)]
pub(crate) enum Run {
    /// A path of the space.
    Path(Path),
    /// A path that loops among unfolded states.
    Lasso(UnfoldedLasso),
}

/// Why an obligation could not be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Undecided {
    /// A limit was reached first.
    #[error("stopped by a limit: {0:?}")]
    Stopped(Limit),
    /// A component was said to be fair, and has no fair cycle. The components are found by one
    /// algorithm and the cycles by another, so each checks the other: this would be a defect of the
    /// checker.
    #[error("the checker contradicts itself: a component is fair, but no cycle in it is")]
    Contradiction,
}

impl From<Limit> for Undecided {
    fn from(limit: Limit) -> Self {
        Undecided::Stopped(limit)
    }
}

struct Lasso {
    entry: u32,
    cycle: Vec<Edge>,
}

/// What a search for a short lasso found.
struct Found<Run> {
    run: Option<Run>,
    /// Whether there is surely none that is shorter, stem and loop together.
    is_exact: bool,
}

impl PendingObligation {
    /// Finds out where it is pending.
    ///
    /// # Errors
    /// The limit that was reached meanwhile.
    pub(crate) fn find(
        graph: &Graph<'_>,
        obligation: &Obligation<'_>,
        rules: &dyn FairnessRules,
        budget: &AnalysisBudget<'_>,
    ) -> Result<Self, Limit> {
        let pending = Pending::new(graph, obligation, rules, budget)?;
        let end = rules.counts_ends().then(|| pending.first_end(graph)).flatten();
        Ok(PendingObligation { pending, end })
    }

    /// A fair path on which the obligation is never met, if there is one: a shortest one, counting stem
    /// and loop, as far as the effort for loops allows.
    ///
    /// # Errors
    /// When a limit is reached before such a path is found, or when the two halves of the analysis
    /// contradict each other.
    pub(crate) fn violation(
        &self,
        graph: &Graph<'_>,
        parent: impl Fn(u32) -> u32,
        rules: &dyn FairnessRules,
        budget: &AnalysisBudget<'_>,
    ) -> Result<Option<Violation>, Undecided> {
        let lasso = self.lasso(graph, || self.pending.with_distance(), rules, budget);
        let show = |lasso: Lasso| {
            let mut path = self.pending.stem(lasso.entry, &parent);
            path.repeats_from = Some(path.labels.len());
            for edge in lasso.cycle {
                path.step(Some(edge.label), edge.target);
            }
            Run::Path(path)
        };
        let lasso = lasso.map(|found| Found { run: found.run.map(show), is_exact: found.is_exact });
        self.nearest(lasso, parent)
    }

    /// Where one state stands for several that differ in names only: the places, among the pending
    /// states, of those in which a path can stay, fair or not.
    ///
    /// # Errors
    /// The limit that was reached meanwhile.
    pub(crate) fn looping(
        &self,
        graph: &Graph<'_>,
        budget: &AnalysisBudget<'_>,
    ) -> Result<Vec<usize>, Limit> {
        let loops = FairComponents::find(graph, &self.pending.states, &AnyLoop, budget)?;
        let places = self.pending.states.iter().enumerate();
        let stays = |(_, state): &(usize, &u32)| loops.contains(**state);
        Ok(places.filter(stays).map(|(place, _)| place).collect())
    }

    /// The states at these places.
    pub(crate) fn states(&self, places: &[usize]) -> Vec<u32> {
        places.iter().map(|&place| self.pending.states[place]).collect()
    }

    /// The same as [`violation`](Self::violation) where one state stands for several, with the
    /// [looping](Self::looping) states and what they were unfolded to, or the limit that was reached
    /// meanwhile.
    ///
    /// # Errors
    /// The same.
    pub(crate) fn violation_unfolded(
        &self,
        unfolded: Result<(Vec<usize>, Unfolded), Limit>,
        constraints: &[Fairness],
        parent: impl Fn(u32) -> u32,
        budget: &AnalysisBudget<'_>,
    ) -> Result<Option<Violation>, Undecided> {
        let lasso = unfolded.map_err(Undecided::Stopped).and_then(|(looping, unfolded)| {
            let graph = unfolded.graph(constraints);
            let needed = bytes_needed(PropertyKind::Eventually, graph.states.into(), 0);
            budget.permit(unfolded.bytes(), needed)?;
            let distance = |from: usize| self.pending.distance(looping[from]);
            let states = || unfolded.states().map(|(number, from)| (number, distance(from)));
            let Found { run, is_exact } = self.lasso(&graph, states, &Sound, budget)?;
            let show = |lasso: Lasso| {
                let from = looping[unfolded.origin(lasso.entry)];
                let stem = self.pending.stem(self.pending.states[from], &parent);
                Run::Lasso(unfolded.lasso(stem, lasso.entry, &lasso.cycle))
            };
            Ok(Found { run: run.map(show), is_exact })
        });
        self.nearest(lasso, parent)
    }

    /// A lasso with its loop among these states, each with the length of a stem to it, if it is shorter
    /// than the nearest path that ends.
    fn lasso<States: Iterator<Item = (u32, usize)>>(
        &self,
        graph: &Graph<'_>,
        states: impl Fn() -> States,
        rules: &dyn FairnessRules,
        budget: &AnalysisBudget<'_>,
    ) -> Result<Found<Lasso>, Undecided> {
        let numbers: Vec<u32> = states().map(|(number, _)| number).collect();
        let components = FairComponents::find(graph, &numbers, rules, budget)?;
        let shortest_end = self.end.map(|at| self.pending.distance(at));
        shortest_lasso(graph, states(), &components, shortest_end, budget)
    }

    /// The lasso, or else the nearest path that ends. No limit makes an obligation undecided that such a
    /// path is known to violate.
    fn nearest(
        &self,
        lasso: Result<Found<Run>, Undecided>,
        parent: impl Fn(u32) -> u32,
    ) -> Result<Option<Violation>, Undecided> {
        let Found { run, is_exact: is_shortest } = match (lasso, self.end) {
            (Err(Undecided::Stopped(_)), Some(_)) => Found { run: None, is_exact: false },
            (lasso, _) => lasso?,
        };
        let end = || {
            let state = self.pending.states[self.end?];
            Some(Run::Path(self.pending.stem(state, parent)))
        };
        Ok(run.or_else(end).map(|run| Violation { run, is_shortest }))
    }
}

/// A lasso that is shorter than `bound`, if there is one: a shortest one, as far as the effort allows.
/// Where there is no bound, one is found if there is any.
fn shortest_lasso(
    graph: &Graph<'_>,
    states: impl Iterator<Item = (u32, usize)>,
    components: &FairComponents,
    bound: Option<usize>,
    budget: &AnalysisBudget<'_>,
) -> Result<Found<Lasso>, Undecided> {
    budget.begin_loops();
    let mut search = FairCycleSearch::new(graph, components, budget);
    let mut best: Option<(usize, Lasso)> = None;
    let mut saw_all = true;
    let entries = states.filter(|&(state, _)| components.contains(state));
    for (tried, (entry, stem)) in entries.enumerate() {
        let shortest = best.as_ref().map(|(length, _)| *length).or(bound);
        let allowed = match shortest {
            Some(shortest) if stem + 2 > shortest => break,
            Some(shortest) => shortest - stem - 1,
            None => usize::MAX,
        };
        let is_out_of_patience = best.is_some() && tried >= ENTRIES;
        if is_out_of_patience || shortest.is_some() && !budget.may_look_for_loops() {
            saw_all = false;
            break;
        }
        match search.cycle(entry, allowed) {
            Ok(Some(cycle)) => {
                let length = stem + cycle.len();
                best = Some((length, Lasso { entry, cycle }));
            }
            Ok(None) if allowed == usize::MAX => return Err(Undecided::Contradiction),
            Ok(None) => {}
            Err(_) if best.is_some() => {
                saw_all = false;
                break;
            }
            Err(limit) => return Err(limit.into()),
        }
    }
    let is_exact = saw_all && search.is_exact();
    Ok(Found { run: best.map(|(_, lasso)| lasso), is_exact })
}

/// The nearest state marked `asked` (or any state) from which no state of `goal` can be reached.
///
/// Where the search stopped early, what lies beyond might reach the goal, so only states that
/// certainly cannot are found.
///
/// # Errors
/// The limit that was reached meanwhile.
pub(crate) fn first_stuck(
    graph: &Graph<'_>,
    asked: Option<Column<'_>>,
    goal: Column<'_>,
    budget: &AnalysisBudget<'_>,
) -> Result<Option<u32>, Limit> {
    let target = |state| goal.get(state) || !graph.is_expanded(state);
    let hopeful = can_reach(graph.edges, graph.states, target, budget)?;
    for state in 0..graph.states {
        budget.go_on()?;
        if asked.is_none_or(|asked| asked.get(state)) && !hopeful.get(state as usize) {
            return Ok(Some(state));
        }
    }
    Ok(None)
}

/// All states from which some path leads to a target.
fn can_reach(
    edges: &Edges,
    states: u32,
    target: impl Fn(u32) -> bool,
    budget: &AnalysisBudget<'_>,
) -> Result<Bits, Limit> {
    let (starts, sources) = reversed(edges, states, budget)?;
    let mut reached = Bits::zeros(states as usize);
    let mut queue: Vec<u32> = Vec::new();
    for state in 0..states {
        budget.go_on()?;
        if target(state) {
            reached.set(state as usize);
            queue.push(state);
        }
    }
    while let Some(state) = queue.pop() {
        budget.go_on()?;
        let from = starts[state as usize] as usize;
        let to = starts[state as usize + 1] as usize;
        for &source in &sources[from..to] {
            if !reached.get(source as usize) {
                reached.set(source as usize);
                queue.push(source);
            }
        }
    }
    Ok(reached)
}

/// For each state, where its predecessors begin, and all predecessors in a row.
fn reversed(
    edges: &Edges,
    states: u32,
    budget: &AnalysisBudget<'_>,
) -> Result<(Vec<u64>, Vec<u32>), Limit> {
    let mut starts = vec![0u64; states as usize + 2];
    for state in 0..states {
        budget.go_on()?;
        for edge in edges.out(state) {
            starts[edge.target as usize + 2] += 1;
        }
    }
    for at in 2..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut sources = vec![0; starts[starts.len() - 1] as usize];
    for state in 0..states {
        budget.go_on()?;
        for edge in edges.out(state) {
            let place = &mut starts[edge.target as usize + 1];
            sources[*place as usize] = state;
            *place += 1;
        }
    }
    starts.pop();
    Ok((starts, sources))
}
