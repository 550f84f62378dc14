//! What must happen: does every fair path keep the promise?
//!
//! A promise is broken by a path on which the goal is owed and never reached. Such a path is of one
//! of two kinds. It ends, in a state without successors; or it goes on for ever, and then it ends up
//! in a strongly connected set of states, which it must visit *fairly*. Both kinds lie in the
//! [`Pending`] states: those that a path can be in while the goal is owed. So the question is whether
//! the pending states contain an end or a fair component ([`FairComponents`]).
//!
//! This is sound on cycles and on states that several paths join in, because it is asked of the whole
//! graph at once, not of the paths by which the search happened to arrive.

use crate::allowance::Allowance;
use crate::chunked::{Bits, Column};
use crate::components::FairComponents;
use crate::condition::PropertyKind;
use crate::discipline::{AnyLoop, Discipline, Sound};
use crate::graph::Graph;
use crate::lasso::LoopSearch;
use crate::obligation::{Obligation, Pending};
use crate::product::Fairness;
use crate::record::{Edge, Edges};
use crate::space::Path;
use crate::unfolding::{Unfolded, UnfoldedLasso};
use crate::verdict::Limit;

/// The most memory, in bytes, that it takes to decide what kind of promise there is in a graph of so
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

/// A path that breaks the promise, if there is one: every fair path must meet the obligation.
///
/// The path is a shortest one, counting stem and loop, as far as the budget for loops allows.
///
/// # Errors
/// When a limit is reached before such a path is found, or when the two halves of the analysis
/// contradict each other.
pub(crate) fn broken_promise(
    graph: &Graph<'_>,
    obligation: &Obligation<'_>,
    parent: impl Fn(u32) -> u32,
    discipline: &impl Discipline,
    allowance: &Allowance<'_>,
) -> Result<Option<Path>, Undecided> {
    let pending = Pending::new(graph, obligation, discipline, allowance)?;
    let end = discipline.counts_ends().then(|| pending.first_end(graph)).flatten();
    let shortest_end = end.map(|at| pending.distance(at));
    let lasso = FairComponents::find(graph, &pending.states, discipline, allowance)
        .map_err(Undecided::Stopped)
        .and_then(|components| {
            let states = pending.with_distance();
            shortest_lasso(graph, states, &components, shortest_end, allowance)
        });
    Ok(match unless_broken_anyway(lasso, end)? {
        Some(lasso) => {
            let mut path = pending.stem(lasso.entry, parent);
            path.repeats_from = Some(path.labels.len());
            for edge in lasso.cycle {
                path.step(Some(edge.label), edge.target);
            }
            Some(path)
        }
        None => end.map(|at| pending.stem(pending.states[at], parent)),
    })
}

/// Why a promise could not be decided.
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

/// The lasso that was looked for. No limit makes a promise undecided that is known to be broken by a
/// path that ends.
fn unless_broken_anyway<L>(
    lasso: Result<Option<L>, Undecided>,
    end: Option<usize>,
) -> Result<Option<L>, Undecided> {
    match lasso {
        Err(Undecided::Stopped(_)) if end.is_some() => Ok(None),
        lasso => lasso,
    }
}

struct Lasso {
    entry: u32,
    cycle: Vec<Edge>,
}

/// A promise in a space where one state stands for several that differ in names only.
pub(crate) struct Folded {
    pending: Pending,
    end: Option<usize>,
    /// The places, among the pending states, of those in which a path can stay, fair or not.
    looping: Vec<usize>,
}

/// How a promise is broken.
#[derive(Debug)]
pub(crate) enum Broken {
    /// By a path of the space.
    Path(Path),
    /// By a path that loops among unfolded states.
    Lasso(UnfoldedLasso),
}

impl Folded {
    /// What can be said without names.
    ///
    /// # Errors
    /// The limit that was reached meanwhile.
    pub(crate) fn new(
        graph: &Graph<'_>,
        obligation: &Obligation<'_>,
        allowance: &Allowance<'_>,
    ) -> Result<Self, Limit> {
        let pending = Pending::new(graph, obligation, &Sound, allowance)?;
        let end = pending.first_end(graph);
        let places = pending.states.iter().enumerate();
        let looping = match FairComponents::find(graph, &pending.states, &AnyLoop, allowance) {
            Ok(loops) => {
                let stays = |(_, state): &(usize, &u32)| loops.contains(**state);
                places.filter(stays).map(|(place, _)| place).collect()
            }
            // It is broken by a path that ends, whatever loops there are.
            Err(_) if end.is_some() => Vec::new(),
            Err(limit) => return Err(limit),
        };
        Ok(Folded { pending, end, looping })
    }

    /// The states to unfold.
    pub(crate) fn looping(&self) -> Vec<u32> {
        self.looping.iter().map(|&place| self.pending.states[place]).collect()
    }

    /// How the promise is broken, if it is, as the unfolded states tell, or the limit that was reached
    /// while they were unfolded.
    ///
    /// # Errors
    /// When a limit is reached before it is known, or when the two halves of the analysis contradict
    /// each other.
    pub(crate) fn broken(
        &self,
        unfolded: Result<Unfolded, Limit>,
        constraints: &[Fairness],
        parent: impl Fn(u32) -> u32,
        allowance: &Allowance<'_>,
    ) -> Result<Option<Broken>, Undecided> {
        let lasso = unfolded.map_err(Undecided::Stopped).and_then(|unfolded| {
            Ok(self.lasso(&unfolded, constraints, allowance)?.map(|lasso| (unfolded, lasso)))
        });
        Ok(match unless_broken_anyway(lasso, self.end)? {
            Some((unfolded, lasso)) => {
                let from = unfolded.origin(lasso.entry);
                let state = self.pending.states[self.looping[from]];
                let stem = self.pending.stem(state, &parent);
                Some(Broken::Lasso(unfolded.lasso(stem, lasso.entry, &lasso.cycle)))
            }
            None => {
                let stem = |at: usize| self.pending.stem(self.pending.states[at], &parent);
                self.end.map(|at| Broken::Path(stem(at)))
            }
        })
    }

    /// A shortest lasso whose loop is among the unfolded states.
    fn lasso(
        &self,
        unfolded: &Unfolded,
        constraints: &[Fairness],
        allowance: &Allowance<'_>,
    ) -> Result<Option<Lasso>, Undecided> {
        let graph = unfolded.graph(constraints);
        let needed = bytes_needed(PropertyKind::Eventually, graph.states.into(), 0);
        allowance.permit(unfolded.bytes(), needed)?;
        let numbers: Vec<u32> = unfolded.states().map(|(number, _)| number).collect();
        let components = FairComponents::find(&graph, &numbers, &Sound, allowance)?;
        let distance = |from: usize| self.pending.distance(self.looping[from]);
        let states = unfolded.states().map(|(number, from)| (number, distance(from)));
        let shortest_end = self.end.map(|at| self.pending.distance(at));
        shortest_lasso(&graph, states, &components, shortest_end, allowance)
    }
}

/// A shortest lasso that is shorter than `bound`, if there is one. When a limit is reached, the
/// shortest so far.
fn shortest_lasso(
    graph: &Graph<'_>,
    states: impl Iterator<Item = (u32, usize)>,
    components: &FairComponents,
    bound: Option<usize>,
    allowance: &Allowance<'_>,
) -> Result<Option<Lasso>, Undecided> {
    let mut search = LoopSearch::new(graph, components, allowance);
    let mut best: Option<(usize, Lasso)> = None;
    let entries = states.filter(|&(state, _)| components.contains(state));
    for (tried, (entry, stem)) in entries.enumerate() {
        let shortest = best.as_ref().map(|(length, _)| *length).or(bound);
        let allowed = match shortest {
            Some(shortest) if stem + 2 > shortest => break,
            Some(shortest) => shortest - stem - 1,
            None => usize::MAX,
        };
        if tried >= ENTRIES && best.is_some() {
            break;
        }
        match search.cycle(entry, allowed) {
            Ok(Some(cycle)) => best = Some((stem + cycle.len(), Lasso { entry, cycle })),
            Ok(None) if allowed == usize::MAX => return Err(Undecided::Contradiction),
            Ok(None) => {}
            Err(_) if best.is_some() => break,
            Err(limit) => return Err(limit.into()),
        }
    }
    Ok(best.map(|(_, lasso)| lasso))
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
    allowance: &Allowance<'_>,
) -> Result<Option<u32>, Limit> {
    let target = |state| goal.get(state) || !graph.is_expanded(state);
    let hopeful = can_reach(graph.edges, graph.states, target, allowance)?;
    Ok((0..graph.states)
        .find(|&state| asked.is_none_or(|asked| asked.get(state)) && !hopeful.get(state as usize)))
}

/// All states from which some path leads to a target.
fn can_reach(
    edges: &Edges,
    states: u32,
    target: impl Fn(u32) -> bool,
    allowance: &Allowance<'_>,
) -> Result<Bits, Limit> {
    let (starts, sources) = reversed(edges, states, allowance)?;
    let mut reached = Bits::zeros(states as usize);
    let mut queue: Vec<u32> = (0..states).filter(|&state| target(state)).collect();
    for &state in &queue {
        reached.set(state as usize);
    }
    while let Some(state) = queue.pop() {
        allowance.go_on()?;
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
    allowance: &Allowance<'_>,
) -> Result<(Vec<u64>, Vec<u32>), Limit> {
    let mut starts = vec![0u64; states as usize + 2];
    for state in 0..states {
        allowance.go_on()?;
        for edge in edges.out(state) {
            starts[edge.target as usize + 2] += 1;
        }
    }
    for at in 2..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut sources = vec![0; starts[starts.len() - 1] as usize];
    for state in 0..states {
        allowance.go_on()?;
        for edge in edges.out(state) {
            let place = &mut starts[edge.target as usize + 1];
            sources[*place as usize] = state;
            *place += 1;
        }
    }
    starts.pop();
    Ok((starts, sources))
}
