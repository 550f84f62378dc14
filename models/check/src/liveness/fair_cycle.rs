//! The loop of a lasso: a shortest fair cycle through a state.
//!
//! A cycle is fair when every weak constraint is taken or disabled somewhere on it, and every strong
//! one is taken or disabled everywhere. The search runs breadth-first over pairs of a state and what
//! the cycle has done for each constraint so far ([`FairnessProgress`]), so the first way back to the start with
//! all constraints met is a shortest one. Finding it is hard in general (it contains the travelling
//! salesman), so the search has a budget; beyond it a fair cycle is put together greedily, which
//! always works in a fair component, but need not be shortest.
//!
//! Most pairs are never looked at. A walk is given up where it is too long to come
//! [home](crate::liveness::cycle_bounds) in time, or to come by all [landmarks](crate::liveness::landmarks), and where an
//! earlier walk to the same state has done as much. That only spares walks that do not become the first
//! shortest cycle, so what is found is the same. How long is too long is known from the lassos found
//! before, and for the first one from the greedy cycle.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::graph::Graph;
use crate::graph::record::Edge;
use crate::limits::Limit;
use crate::limits::analysis_budget::AnalysisBudget;
use crate::liveness::cycle_bounds::{CycleLowerBound, Region};
use crate::liveness::fair_scc::FairComponents;
use crate::liveness::fairness_mask::{FairnessMask, FairnessProgress};
use crate::liveness::landmarks::Landmarks;
use crate::product::Fairness;

/// How many pairs the exact search from one entry may visit.
const BUDGET: usize = 1 << 16;

/// Finds cycles in fair components.
pub(crate) struct FairCycleSearch<'g, 'a> {
    graph: &'g Graph<'a>,
    components: &'g FairComponents,
    budget: &'g AnalysisBudget<'g>,
    /// The component that was searched last.
    searched: Option<Searched>,
    /// Whether some search was given up, so that there may be a shorter cycle than was found.
    gave_up: bool,
}

/// What is known of a component that was searched.
struct Searched {
    region: Region,
    /// Whether it took long.
    was_hard: bool,
    landmarks: Option<Landmarks>,
}

impl<'g, 'a> FairCycleSearch<'g, 'a> {
    pub(crate) fn new(
        graph: &'g Graph<'a>,
        components: &'g FairComponents,
        budget: &'g AnalysisBudget<'g>,
    ) -> Self {
        FairCycleSearch { graph, components, budget, searched: None, gave_up: false }
    }

    /// Whether every cycle that was found is a shortest one.
    pub(crate) fn is_exact(&self) -> bool {
        !self.gave_up
    }

    /// A fair cycle from `entry` back to itself, no longer than `longest` when it is exact; `None`
    /// when the exact search proves that there is none so short.
    ///
    /// # Errors
    /// The limit that was reached meanwhile.
    pub(crate) fn cycle(&mut self, entry: u32, longest: usize) -> Result<Option<Vec<Edge>>, Limit> {
        if !self.budget.may_look_for_loops() {
            self.gave_up = true;
            let cycle = self.greedy(entry)?;
            return Ok(cycle.filter(|cycle| cycle.len() <= longest));
        }
        let mut searched = match self.searched.take() {
            Some(searched) if searched.region.is_around(entry, self.components) => searched,
            _ => {
                let inside = |state| self.inside(state).collect();
                let region = Region::around(entry, inside, self.budget)?;
                Searched { region, was_hard: false, landmarks: None }
            }
        };
        let cycle = self.cycle_in(&mut searched, entry, longest);
        self.searched = Some(searched);
        cycle
    }

    fn cycle_in(
        &mut self,
        searched: &mut Searched,
        entry: u32,
        longest: usize,
    ) -> Result<Option<Vec<Edge>>, Limit> {
        let Searched { region, was_hard, landmarks } = searched;
        let mut greedy = None;
        if longest == usize::MAX && region.has_bounds() {
            greedy = self.greedy(entry)?;
        }
        let longest = greedy.as_ref().map_or(longest, Vec::len);
        if *was_hard && landmarks.is_none() {
            let cycle = self.greedy(entry)?.unwrap_or_default();
            *landmarks = Some(Landmarks::find(self.graph, region, &cycle, self.budget)?);
        }
        let none = Landmarks::default();
        let landmarks = landmarks.as_ref().unwrap_or(&none);
        if landmarks.left(0) > longest {
            return Ok(None);
        }
        let mut walks = Vec::new();
        let outcome = self.exact(region, landmarks, entry, longest, &mut walks)?;
        *was_hard |= region.is_hard(walks.len());
        Ok(match outcome {
            Outcome::Found(cycle) => Some(cycle),
            Outcome::TooLong => None,
            Outcome::OverBudget => {
                self.gave_up = true;
                let cycle = if greedy.is_some() { greedy } else { self.greedy(entry)? };
                cycle.filter(|cycle| cycle.len() <= longest)
            }
        })
    }

    fn inside(&self, from: u32) -> impl Iterator<Item = Edge> + '_ {
        self.graph.out(from).filter(move |edge| self.components.together(from, edge.target))
    }

    fn exact(
        &self,
        region: &Region,
        landmarks: &Landmarks,
        entry: u32,
        longest: usize,
        walks: &mut Vec<Walk>,
    ) -> Result<Outcome, Limit> {
        let graph = self.graph;
        let Ok(mut mask) = FairnessMask::new(graph, entry) else { return Ok(Outcome::OverBudget) };
        let Ok(progress) = mask.arrive(graph, entry, FairnessProgress::default()) else {
            return Ok(Outcome::OverBudget);
        };
        let mut bound = CycleLowerBound::new(region, entry, longest, self.budget);
        walks.push(Walk { state: entry, progress, passed: 0, last: None });
        let mut seen: FxHashMap<u32, Vec<FairnessProgress>> =
            FxHashMap::from_iter([(entry, vec![progress])]);
        let mut from = 0;
        for length in 1..=longest {
            let to = walks.len();
            if from == to {
                break;
            }
            for at in from..to {
                self.budget.go_on()?;
                if walks.len() > BUDGET {
                    return Ok(Outcome::OverBudget);
                }
                let Walk { state, progress, passed, .. } = walks[at];
                for edge in self.inside(state) {
                    let progress = mask.take(edge.label, progress);
                    let Ok(progress) = mask.arrive(graph, edge.target, progress) else {
                        return Ok(Outcome::OverBudget);
                    };
                    if edge.target == entry && mask.is_fair(progress) {
                        return Ok(Outcome::Found(steps(walks, at, edge)));
                    }
                    self.budget.spend(1);
                    let is_thorough = bound.is_worth_while(walks.len());
                    let home = bound.at_least(graph, &mask, edge.target, progress, is_thorough);
                    let passed = landmarks.pass(passed, edge.label);
                    if length + home.max(landmarks.left(passed)) > longest {
                        continue;
                    }
                    let others = seen.entry(edge.target).or_default();
                    if !self.budget.spend(others.len()) {
                        return Ok(Outcome::OverBudget);
                    }
                    if others.iter().any(|other| other.are_as_good_as(progress)) {
                        continue;
                    }
                    others.retain(|other| !progress.are_as_good_as(*other));
                    others.push(progress);
                    walks.push(Walk {
                        state: edge.target,
                        progress,
                        passed,
                        last: Some((at, edge)),
                    });
                }
            }
            from = to;
        }
        Ok(Outcome::TooLong)
    }

    /// Goes to the nearest place where some constraint is met, until all are, and then home. `None`
    /// where the component is not fair.
    fn greedy(&self, entry: u32) -> Result<Option<Vec<Edge>>, Limit> {
        let mut cycle: Vec<Edge> = Vec::new();
        let mut unmet = self.demands(entry)?;
        let mut at = entry;
        unmet.visit(self.graph, entry);
        while !unmet.is_empty() {
            let meets = |_, edge: Edge| unmet.is_met_by(self.graph, edge);
            let Some(walk) = self.walk(at, meets)? else { return Ok(None) };
            for edge in walk {
                unmet.take(self.graph, edge);
                at = edge.target;
                cycle.push(edge);
            }
        }
        if at != entry || cycle.is_empty() {
            let Some(walk) = self.walk(at, |_, edge| edge.target == entry)? else {
                return Ok(None);
            };
            cycle.extend(walk);
        }
        Ok(Some(cycle))
    }

    /// What a cycle through all of the component has to do.
    fn demands(&self, entry: u32) -> Result<Demands, Limit> {
        let mut demands = Demands::default();
        demands.weak.extend(self.graph.enabled(entry, Fairness::Weak));
        let mut seen = FxHashSet::from_iter([entry]);
        let mut queue = vec![entry];
        while let Some(state) = queue.pop() {
            self.budget.go_on()?;
            self.budget.spend(self.graph.edges.degree(state));
            demands.strong.extend(self.graph.enabled(state, Fairness::Strong));
            for edge in self.inside(state) {
                if seen.insert(edge.target) {
                    queue.push(edge.target);
                }
            }
        }
        Ok(demands)
    }

    /// A shortest walk inside the component whose last step is `wanted`.
    fn walk(
        &self,
        start: u32,
        wanted: impl Fn(u32, Edge) -> bool,
    ) -> Result<Option<Vec<Edge>>, Limit> {
        let mut from: FxHashMap<u32, (u32, Edge)> = FxHashMap::default();
        let mut queue = VecDeque::from([start]);
        while let Some(state) = queue.pop_front() {
            self.budget.go_on()?;
            self.budget.spend(self.graph.edges.degree(state));
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
                    return Ok(Some(walk));
                }
                if edge.target != start && !from.contains_key(&edge.target) {
                    from.insert(edge.target, (state, edge));
                    queue.push_back(edge.target);
                }
            }
        }
        Ok(None)
    }
}

/// Constraints that a cycle has still to meet.
#[derive(Debug, Default)]
struct Demands {
    /// By taking the action, or by coming to a state where it is not possible.
    weak: FxHashSet<u32>,
    /// By taking the action.
    strong: FxHashSet<u32>,
}

impl Demands {
    fn is_empty(&self) -> bool {
        self.weak.is_empty() && self.strong.is_empty()
    }

    /// Whether a step meets one of them.
    fn is_met_by(&self, graph: &Graph<'_>, edge: Edge) -> bool {
        let (weak, strong) = (&self.weak, &self.strong);
        strong.contains(&edge.label) || weak.contains(&edge.label) || {
            let enabled = || graph.enabled(edge.target, Fairness::Weak).into_iter();
            !weak.is_empty() && enabled().filter(|label| weak.contains(label)).count() < weak.len()
        }
    }

    /// Takes a step.
    fn take(&mut self, graph: &Graph<'_>, edge: Edge) {
        self.strong.remove(&edge.label);
        self.weak.remove(&edge.label);
        self.visit(graph, edge.target);
    }

    /// Comes to a state.
    fn visit(&mut self, graph: &Graph<'_>, state: u32) {
        if !self.weak.is_empty() {
            let enabled = graph.enabled(state, Fairness::Weak);
            self.weak.retain(|label| enabled.binary_search(label).is_ok());
        }
    }
}

enum Outcome {
    Found(Vec<Edge>),
    TooLong,
    OverBudget,
}

/// A walk from the entry: where it ended, what it did, the landmarks that it came by, and the walk and
/// step that it goes on from.
#[derive(Clone, Copy, Debug)]
struct Walk {
    state: u32,
    progress: FairnessProgress,
    passed: u64,
    last: Option<(usize, Edge)>,
}

/// The steps of a walk, and one more.
fn steps(walks: &[Walk], walk: usize, last: Edge) -> Vec<Edge> {
    let before = std::iter::successors(walks[walk].last, |&(at, _)| walks[at].last);
    let mut steps: Vec<Edge> = before.map(|(_, edge)| edge).collect();
    steps.reverse();
    steps.push(last);
    steps
}
