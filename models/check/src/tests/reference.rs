//! The truth about small graphs, by brute force.
//!
//! Everything here is written straight from the definitions, by enumeration, and shares nothing with
//! the checker's algorithms. A fair path that never ends visits some set of states for ever, so *all*
//! sets are tried. Lengths of loops come from a search over everything that a walk can have seen.

use std::collections::{HashSet, VecDeque};

use super::small::{Pair, Small};
use crate::{Fairness, PropertyKind, successors};

/// A graph with at most 16 states.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub(super) initial: Vec<usize>,
    /// For each state: label of the action, and target.
    pub(super) edges: Vec<Vec<(usize, usize)>>,
    pub(super) fairness: Vec<Fairness>,
    pub(super) goal: u16,
    pub(super) premise: u16,
}

/// What is true of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    Holds,
    Vacuous,
    /// Violated; with the length of a shortest counterexample, where it is worth computing.
    Violated(Option<usize>),
}

impl From<&Small> for Reference {
    fn from(small: &Small) -> Self {
        // Actions that are treated fairly together have the label of the first of them.
        let kind = |action: usize| (small.fairness[action], small.groups[action]);
        let label =
            |action| (0..action).find(|&first| kind(first) == kind(action)).unwrap_or(action);
        let edges = small.edges.iter().map(|edges| {
            let targets = edges.iter().enumerate();
            targets.filter_map(|(action, to)| to.map(|to| (label(action), to as usize))).collect()
        });
        Reference {
            initial: small.initial.iter().map(|&state| state as usize).collect(),
            edges: edges.collect(),
            fairness: small.fairness.to_vec(),
            goal: small.goal,
            premise: small.premise,
        }
    }
}

impl From<&Pair> for Reference {
    fn from(pair: &Pair) -> Self {
        let number = |state: &[u8]| (state[0] * 3 + state[1]) as usize;
        let edges = (0..9u8).map(|state| {
            let successors = successors(pair, &[state / 3, state % 3]).into_iter();
            successors.map(|((slot, at), to)| (slot * 2 + at, number(&to))).collect()
        });
        Reference {
            initial: vec![0],
            edges: edges.collect(),
            fairness: pair.fairness.concat(),
            goal: pair.goal,
            premise: pair.premise,
        }
    }
}

fn has(set: u16, state: usize) -> bool {
    set >> state & 1 == 1
}

impl Reference {
    fn states(&self) -> std::ops::Range<usize> {
        0..self.edges.len()
    }

    /// Steps from an initial state, along states of `allowed` only; sources may be late.
    fn distances(&self, sources: &[(usize, usize)], allowed: u16) -> Vec<Option<usize>> {
        let mut distances: Vec<Option<usize>> = vec![None; self.edges.len()];
        let better = |old: Option<usize>, new: usize| old.is_none_or(|old| new < old);
        for &(state, distance) in sources {
            if has(allowed, state) && better(distances[state], distance) {
                distances[state] = Some(distance);
            }
        }
        for _ in self.states() {
            for from in self.states() {
                let Some(distance) = distances[from] else { continue };
                for &(_, to) in &self.edges[from] {
                    if has(allowed, to) && better(distances[to], distance + 1) {
                        distances[to] = Some(distance + 1);
                    }
                }
            }
        }
        distances
    }

    fn distances_from_start(&self) -> Vec<Option<usize>> {
        let sources: Vec<_> = self.initial.iter().map(|&state| (state, 0)).collect();
        self.distances(&sources, u16::MAX)
    }

    fn enables(&self, state: usize, label: usize) -> bool {
        self.edges[state].iter().any(|&(other, _)| other == label)
    }

    /// Whether a walk that visits exactly `visited` and takes exactly `taken`, for ever, is fair.
    fn is_fair(&self, visited: u16, taken: u16) -> bool {
        let visited = self.states().filter(|&state| has(visited, state));
        (0..self.fairness.len()).all(|label| {
            has(taken, label)
                || match self.fairness[label] {
                    Fairness::None => true,
                    Fairness::Weak => visited.clone().any(|state| !self.enables(state, label)),
                    Fairness::Strong => !visited.clone().any(|state| self.enables(state, label)),
                }
        })
    }

    /// Whether a walk can visit all of the set, and nothing else, for ever and fairly.
    fn is_fair_set(&self, set: u16) -> bool {
        let members: Vec<_> = self.states().filter(|&state| has(set, state)).collect();
        let inside =
            |state: usize| self.edges[state].iter().copied().filter(move |&(_, to)| has(set, to));
        let reach = |start: usize| {
            let mut reached = 0u16;
            let mut queue = vec![start];
            while let Some(state) = queue.pop() {
                for (_, to) in inside(state) {
                    if !has(reached, to) {
                        reached |= 1 << to;
                        queue.push(to);
                    }
                }
            }
            reached
        };
        let taken = members
            .iter()
            .flat_map(|&state| inside(state))
            .fold(0, |taken, (label, _)| taken | 1 << label);
        !members.is_empty()
            && members.iter().all(|&state| reach(state) & set == set)
            && self.is_fair(set, taken)
    }

    /// The length of a shortest fair closed walk from `entry` along states of `allowed`.
    fn shortest_loop(&self, entry: usize, allowed: u16) -> Option<usize> {
        let start = (entry, 1u16 << entry, 0u16);
        let mut seen = HashSet::from([start]);
        let mut queue = VecDeque::from([(start, 0)]);
        while let Some(((state, visited, taken), length)) = queue.pop_front() {
            for &(label, to) in self.edges[state].iter().filter(|&&(_, to)| has(allowed, to)) {
                let next = (to, visited | 1 << to, taken | 1 << label);
                if to == entry && self.is_fair(next.1, next.2) {
                    return Some(length + 1);
                }
                if seen.insert(next) {
                    queue.push_back((next, length + 1));
                }
            }
        }
        None
    }

    /// What is true of the property of this kind; lengths of loops only if asked for.
    pub(super) fn truth(&self, kind: PropertyKind, premised: bool, loops: bool) -> Truth {
        let start = self.distances_from_start();
        let asked = |state: usize| !premised || has(self.premise, state);
        let good = |state: usize| has(self.goal, state);
        let reachable = || self.states().filter_map(|state| start[state].map(|at| (state, at)));
        let nearest = |bad: &dyn Fn(usize) -> bool| {
            reachable().filter(|&(state, _)| asked(state) && bad(state)).map(|(_, at)| at).min()
        };
        let violation: Option<Option<usize>> = match kind {
            PropertyKind::Always => nearest(&|state| !good(state)).map(Some),
            PropertyKind::DeadlockFree => {
                nearest(&|state| self.edges[state].is_empty() && !good(state)).map(Some)
            }
            PropertyKind::Sometimes => nearest(&good).is_none().then_some(None),
            PropertyKind::NeverStuck => nearest(&|state| {
                let reached = self.distances(&[(state, 0)], u16::MAX);
                !self.states().any(|goal| good(goal) && reached[goal].is_some())
            })
            .map(Some),
            PropertyKind::Eventually => {
                let sources: Vec<_> = self.initial.iter().map(|&state| (state, 0)).collect();
                self.broken(&sources, asked, loops)
            }
            PropertyKind::LeadsTo => self.broken(&reachable().collect::<Vec<_>>(), asked, loops),
            // The premise was seen, and from some later point on the goal is not.
            PropertyKind::AlwaysEventually => {
                let seen: Vec<_> = reachable().filter(|&(state, _)| asked(state)).collect();
                let since = self.distances(&seen, u16::MAX);
                let since = self.states().filter_map(|state| since[state].map(|at| (state, at)));
                self.broken(&since.collect::<Vec<_>>(), |_| true, loops)
            }
            PropertyKind::AlwaysStep => {
                return self.truth_of_steps(
                    |from, _, _| !premised || has(self.premise, from),
                    |_, _, to| has(self.goal, to),
                );
            }
        };
        let met = match kind {
            PropertyKind::Eventually => self.initial.iter().any(|&state| asked(state)),
            _ => reachable().any(|(state, _)| asked(state)),
        };
        match violation {
            _ if !met => Truth::Vacuous,
            Some(length) => Truth::Violated(length),
            None => Truth::Holds,
        }
    }

    /// What is true of the claim that every step of which `asked` is true is `good`. Both see the state
    /// before, the label of the action, and the state after.
    pub(super) fn truth_of_steps(
        &self,
        asked: impl Fn(usize, usize, usize) -> bool,
        good: impl Fn(usize, usize, usize) -> bool,
    ) -> Truth {
        let start = self.distances_from_start();
        let steps = self.states().flat_map(|from| {
            let steps = self.edges[from].iter().map(move |&(label, to)| (from, label, to));
            steps.filter(|&(from, label, to)| start[from].is_some() && asked(from, label, to))
        });
        let steps: Vec<_> = steps.collect();
        let broken = steps.iter().filter(|&&(from, label, to)| !good(from, label, to));
        match broken.filter_map(|&(from, ..)| Some(start[from]? + 1)).min() {
            Some(length) => Truth::Violated(Some(length)),
            None if steps.is_empty() => Truth::Vacuous,
            None => Truth::Holds,
        }
    }

    fn broken(
        &self,
        sources: &[(usize, usize)],
        asked: impl Fn(usize) -> bool,
        loops: bool,
    ) -> Option<Option<usize>> {
        let sources: Vec<_> = sources.iter().copied().filter(|&(state, _)| asked(state)).collect();
        let owing = self.distances(&sources, !self.goal);
        let region = self
            .states()
            .filter(|&state| owing[state].is_some())
            .fold(0u16, |region, state| region | 1 << state);
        let end = self
            .states()
            .filter(|&state| self.edges[state].is_empty())
            .filter_map(|state| owing[state])
            .min();
        let subsets = (1..=region).filter(|set| set & region == *set);
        let mut fair = subsets.filter(|&set| self.is_fair_set(set)).peekable();
        if fair.peek().is_none() {
            return end.map(Some);
        }
        if !loops {
            return Some(None);
        }
        let lasso = |state| Some(owing[state]? + self.shortest_loop(state, region)?);
        let lassos = self.states().filter_map(lasso);
        Some(lassos.chain(end).min())
    }
}
