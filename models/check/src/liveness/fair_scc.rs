//! Fair strongly connected components: sets of states in which a fair path can stay for ever.
//!
//! A path that never ends visits some states infinitely often, and those are strongly connected. So
//! it is enough to look at strongly connected components (Tarjan 1972, here without recursion) and
//! to ask each whether it can be fair. Weak fairness is a yes or no. Strong fairness may first need
//! states taken away, after which the remains are searched again (the algorithm for Streett
//! acceptance of Emerson and Lei 1987). What is found is every *largest* set that a fair path can
//! visit for ever; each such path stays in one of them.

use rustc_hash::FxHashSet;

use crate::graph::Graph;
use crate::limits::Limit;
use crate::limits::analysis_budget::AnalysisBudget;
use crate::liveness::fairness_rules::{FairnessRules, Met};
use crate::product::Fairness;
use crate::product::memo::UNFAIR;

/// No set: the state is in none of them.
pub(crate) const NOWHERE: u32 = 0;
const UNVISITED: u32 = u32::MAX;

/// For each state, the number of the fair component that it is in.
#[derive(Debug)]
pub(crate) struct FairComponents {
    zone: Vec<u32>,
    fair: Vec<bool>,
}

impl FairComponents {
    /// Whether a fair path can stay around this state for ever.
    pub(crate) fn contains(&self, state: u32) -> bool {
        self.fair[self.zone[state as usize] as usize]
    }

    /// Whether both states are in the same component.
    pub(crate) fn together(&self, one: u32, other: u32) -> bool {
        self.zone[one as usize] == self.zone[other as usize]
    }

    /// All fair components among `states`.
    ///
    /// # Errors
    /// The limit that was reached meanwhile.
    pub(crate) fn find(
        graph: &Graph<'_>,
        states: &[u32],
        rules: &dyn FairnessRules,
        budget: &AnalysisBudget<'_>,
    ) -> Result<Self, Limit> {
        let mut search = Search {
            graph,
            budget,
            zone: vec![NOWHERE; graph.states as usize],
            zones: 1,
            order: vec![UNVISITED; graph.states as usize],
            low: vec![0; graph.states as usize],
            tally: Tally::new(graph.constraints.len()),
        };
        let mut fair = vec![false];
        let mut work = vec![states.to_vec()];
        while let Some(states) = work.pop() {
            let zone = search.new_zone(&states);
            for component in search.components(&states, zone, rules)? {
                let zone = search.new_zone(&component);
                fair.resize(zone as usize + 1, false);
                match search.judge(&component, zone, rules)? {
                    Judgement::Fair => fair[zone as usize] = true,
                    Judgement::Unfair => {}
                    Judgement::Search(remains) => {
                        if rules.searches_remains() {
                            work.push(remains);
                        }
                    }
                }
            }
        }
        fair.resize(search.zones as usize, false);
        Ok(FairComponents { zone: search.zone, fair })
    }
}

enum Judgement {
    Fair,
    Unfair,
    Search(Vec<u32>),
}

struct Search<'g, 'a> {
    graph: &'g Graph<'a>,
    budget: &'g AnalysisBudget<'g>,
    zone: Vec<u32>,
    zones: u32,
    order: Vec<u32>,
    low: Vec<u32>,
    tally: Tally,
}

impl Search<'_, '_> {
    fn new_zone(&mut self, states: &[u32]) -> u32 {
        let zone = self.zones;
        self.zones += 1;
        for &state in states {
            self.zone[state as usize] = zone;
        }
        zone
    }

    /// The strongly connected components of a zone in which a path can stay, by Tarjan's algorithm.
    fn components(
        &mut self,
        states: &[u32],
        zone: u32,
        rules: &dyn FairnessRules,
    ) -> Result<Vec<Vec<u32>>, Limit> {
        for &state in states {
            self.order[state as usize] = UNVISITED;
        }
        let mut found = Vec::new();
        let mut open: Vec<u32> = Vec::new();
        let mut calls: Vec<(u32, usize)> = Vec::new();
        let mut clock = 0;
        for &root in states {
            if self.order[root as usize] != UNVISITED {
                continue;
            }
            calls.push((root, 0));
            while let Some((state, at)) = calls.pop() {
                self.budget.go_on()?;
                let slot = state as usize;
                if at == 0 {
                    self.order[slot] = clock;
                    self.low[slot] = clock;
                    clock += 1;
                    open.push(state);
                }
                if let Some((child, next)) = self.unvisited_child(state, at, zone) {
                    calls.push((state, next));
                    calls.push((child, 0));
                    continue;
                }
                if self.low[slot] == self.order[slot] {
                    let first = open.iter().rposition(|&member| member == state).unwrap_or(0);
                    let loops = self.graph.out(state).any(|edge| edge.target == state);
                    for &member in &open[first..] {
                        self.zone[member as usize] = NOWHERE;
                    }
                    if rules.can_stay(open.len() - first, loops) {
                        found.push(open[first..].to_vec());
                    }
                    open.truncate(first);
                }
                if let Some(&(parent, _)) = calls.last() {
                    let parent = parent as usize;
                    self.low[parent] = self.low[parent].min(self.low[slot]);
                }
            }
        }
        Ok(found)
    }

    /// Looks at the edges of a state from number `at` on, up to one that leads to a new state.
    fn unvisited_child(&mut self, state: u32, at: usize, zone: u32) -> Option<(u32, usize)> {
        for at in at..self.graph.edges.degree(state) {
            let target = self.graph.edges.edge(state, at).target;
            if self.zone[target as usize] != zone {
                continue;
            }
            let order = self.order[target as usize];
            if order == UNVISITED {
                return Some((target, at + 1));
            }
            let low = &mut self.low[state as usize];
            *low = (*low).min(order);
        }
        None
    }

    fn judge(
        &mut self,
        states: &[u32],
        zone: u32,
        rules: &dyn FairnessRules,
    ) -> Result<Judgement, Limit> {
        let graph = self.graph;
        let inside = |target: u32, zones: &[u32]| zones[target as usize] == zone;
        self.tally.clear();
        for &state in states {
            self.budget.go_on()?;
            for edge in graph.out(state) {
                if edge.label != UNFAIR {
                    self.tally.count(state, edge.label, inside(edge.target, &self.zone));
                }
            }
        }
        let mut avoid = FxHashSet::default();
        for &label in &self.tally.seen {
            let taken = self.tally.taken[label as usize];
            let enabled = self.tally.enabled[label as usize];
            let met = match graph.constraints[label as usize] {
                Fairness::None => Met::Yes,
                Fairness::Weak => rules.weak(taken, enabled < states.len()),
                Fairness::Strong => rules.strong(taken, enabled > 0),
            };
            match met {
                Met::Yes => {}
                Met::Never => return Ok(Judgement::Unfair),
                Met::OnlyWhereDisabled => drop(avoid.insert(label)),
            }
        }
        if avoid.is_empty() {
            return Ok(Judgement::Fair);
        }
        let mut remains = Vec::new();
        for &state in states {
            self.budget.go_on()?;
            if !graph.out(state).any(|edge| avoid.contains(&edge.label)) {
                remains.push(state);
            }
        }
        Ok(Judgement::Search(remains))
    }
}

/// How often each constraint is enabled in a component, and whether it is taken inside.
struct Tally {
    enabled: Vec<usize>,
    taken: Vec<bool>,
    last: Vec<u32>,
    seen: Vec<u32>,
}

impl Tally {
    fn new(constraints: usize) -> Self {
        Tally {
            enabled: vec![0; constraints],
            taken: vec![false; constraints],
            last: vec![u32::MAX; constraints],
            seen: Vec::new(),
        }
    }

    fn clear(&mut self) {
        for label in self.seen.drain(..) {
            self.enabled[label as usize] = 0;
            self.taken[label as usize] = false;
            self.last[label as usize] = u32::MAX;
        }
    }

    fn count(&mut self, state: u32, label: u32, taken: bool) {
        let at = label as usize;
        if self.enabled[at] == 0 {
            self.seen.push(label);
        }
        if self.last[at] != state {
            self.last[at] = state;
            self.enabled[at] += 1;
        }
        self.taken[at] |= taken;
    }
}
