//! How long a cycle must at least become: the way home, by way of what is still to be done.
//!
//! A walk that left for home now would need so many steps; one that must first meet a certain
//! constraint, so many more. No cycle is shorter than that, so a search for one no longer than some
//! length need not look at walks that are too far away. The distances are those of one component, from
//! searches backwards from where its transitions lead.

use rustc_hash::FxHashMap;

use crate::graph::Graph;
use crate::graph::record::Edge;
use crate::limits::Limit;
use crate::limits::analysis_budget::AnalysisBudget;
use crate::liveness::fair_scc::FairComponents;
use crate::liveness::fairness_mask::{FairnessMask, FairnessProgress};
use crate::product::Fairness;

/// Components with more states, or more transitions, are searched without bounds: in such a one the
/// search sees a small part only.
const LARGEST: usize = 1 << 16;
const MOST_TRANSITIONS: usize = 8 * LARGEST;

const FAR: u32 = u32::MAX;

/// The states of a component, with the transitions that lead to each.
pub(crate) struct Region {
    states: Vec<u32>,
    /// By state, its place in `states`.
    places: FxHashMap<u32, u32>,
    /// By place, where in `sources` those of its transitions begin.
    starts: Vec<u32>,
    /// The place that a transition comes from, and its label.
    sources: Vec<(u32, u32)>,
}

impl Region {
    /// The component of a state; one without [bounds](Self::has_bounds) if it is too large.
    ///
    /// # Errors
    /// The limit that was reached meanwhile.
    pub(crate) fn around(
        entry: u32,
        inside: impl Fn(u32) -> Vec<Edge>,
        budget: &AnalysisBudget<'_>,
    ) -> Result<Self, Limit> {
        let mut region = Region {
            states: vec![entry],
            places: FxHashMap::from_iter([(entry, 0)]),
            starts: Vec::new(),
            sources: Vec::new(),
        };
        let mut transitions: Vec<(u32, u32, u32)> = Vec::new();
        let mut from = 0;
        while let Some(&state) = region.states.get(from) {
            budget.go_on()?;
            for edge in inside(state) {
                let next = region.states.len() as u32;
                let place = *region.places.entry(edge.target).or_insert(next);
                if place == next {
                    region.states.push(edge.target);
                }
                transitions.push((place, from as u32, edge.label));
            }
            if region.states.len() > LARGEST || transitions.len() > MOST_TRANSITIONS {
                return Ok(Region { places: FxHashMap::default(), ..region });
            }
            from += 1;
        }
        transitions.sort_unstable();
        region.starts = vec![0; region.states.len() + 1];
        for &(place, ..) in &transitions {
            region.starts[place as usize + 1] += 1;
        }
        for at in 1..region.starts.len() {
            region.starts[at] += region.starts[at - 1];
        }
        region.sources = transitions.into_iter().map(|(_, from, label)| (from, label)).collect();
        Ok(region)
    }

    /// Whether it is the component of that state.
    pub(crate) fn is_around(&self, state: u32, components: &FairComponents) -> bool {
        components.together(self.states[0], state)
    }

    /// Its states; the first ones only, if it is too large.
    pub(crate) fn states(&self) -> &[u32] {
        &self.states
    }

    /// The place of a state, if it is one of them.
    pub(crate) fn place(&self, state: u32) -> Option<u32> {
        self.places.get(&state).copied()
    }

    /// Whether there are bounds for it.
    pub(crate) fn has_bounds(&self) -> bool {
        !self.places.is_empty()
    }

    /// Whether a search that looks at so many walks takes longer than to get to know the component.
    pub(crate) fn is_hard(&self, walks: usize) -> bool {
        self.has_bounds() && walks > self.states.len()
    }

    fn into(&self, place: u32) -> &[(u32, u32)] {
        let at = place as usize;
        &self.sources[self.starts[at] as usize..self.starts[at + 1] as usize]
    }
}

/// Bounds on the lengths of cycles through one state.
pub(crate) struct CycleLowerBound<'r> {
    region: &'r Region,
    budget: &'r AnalysisBudget<'r>,
    /// Nobody asks for distances beyond this one.
    longest: usize,
    /// By place, how far it is home; and all places in that order.
    home: Vec<u32>,
    order: Vec<u32>,
    /// By the bit of a constraint and by place, how far it is home by way of something that meets the
    /// constraint.
    via: Vec<Option<Vec<u32>>>,
}

impl<'r> CycleLowerBound<'r> {
    /// Bounds for cycles from `entry` back to itself.
    pub(crate) fn new(
        region: &'r Region,
        entry: u32,
        longest: usize,
        budget: &'r AnalysisBudget<'r>,
    ) -> Self {
        let (home, order, via) = (Vec::new(), Vec::new(), Vec::new());
        let mut bound = CycleLowerBound { region, budget, longest, home, order, via };
        let Some(&entry) = region.places.get(&entry) else { return bound };
        budget.spend(region.sources.len());
        bound.home = vec![FAR; region.states.len()];
        bound.home[entry as usize] = 0;
        bound.order.push(entry);
        let mut at = 0;
        while let Some(&place) = bound.order.get(at) {
            at += 1;
            let next = bound.home[place as usize] + 1;
            if next as usize > longest {
                break;
            }
            for &(source, _) in region.into(place) {
                if bound.home[source as usize] == FAR {
                    bound.home[source as usize] = next;
                    bound.order.push(source);
                }
            }
        }
        bound
    }

    /// How many steps it takes at least to close a fair cycle from a state, for a walk that did so much.
    /// To look at what it has yet to do takes time that is worth while in a `thorough` search only.
    pub(crate) fn at_least(
        &mut self,
        graph: &Graph<'_>,
        mask: &FairnessMask,
        state: u32,
        progress: FairnessProgress,
        thorough: bool,
    ) -> usize {
        if !self.region.has_bounds() {
            return 0;
        }
        let place = self.region.places[&state] as usize;
        let mut least = self.home[place];
        if thorough {
            for (bit, label) in mask.unmet(progress) {
                self.budget.spend(1);
                least = least.max(self.via(graph, bit, label)[place]);
            }
        }
        least as usize
    }

    /// Whether the search has seen so many walks that it should be thorough.
    pub(crate) fn is_worth_while(&self, walks: usize) -> bool {
        self.region.is_hard(walks)
    }

    fn via(&mut self, graph: &Graph<'_>, bit: usize, label: u32) -> &[u32] {
        if self.via.len() <= bit {
            self.via.resize(bit + 1, None);
        }
        let known = self.via[bit].take();
        let distances = known.unwrap_or_else(|| self.distances_via(graph, label));
        self.via[bit].insert(distances)
    }

    /// Goes backwards from home, by increasing distance: over all transitions once the constraint is
    /// met, and to those by which it is.
    fn distances_via(&self, graph: &Graph<'_>, label: u32) -> Vec<u32> {
        let region = self.region;
        self.budget.spend(region.sources.len());
        let weak = graph.constraints[label as usize] == Fairness::Weak;
        let mut via = vec![FAR; region.states.len()];
        let (mut met, mut unmet) = (self.order.iter().peekable(), Vec::new());
        for distance in 0.. {
            let mut next = Vec::new();
            let mut reach = |source: u32| {
                if via[source as usize] == FAR {
                    via[source as usize] = distance + 1;
                    next.push(source);
                }
            };
            while let Some(&place) = met.next_if(|&&place| self.home[place as usize] == distance) {
                let is_met = weak && !graph.enables(region.states[place as usize], label);
                let sources = region.into(place).iter();
                sources.filter(|(_, by)| is_met || *by == label).for_each(|&(from, _)| reach(from));
            }
            for &place in &unmet {
                region.into(place).iter().for_each(|&(from, _)| reach(from));
            }
            let is_over = next.is_empty() && met.peek().is_none();
            if is_over || distance as usize > self.longest {
                break;
            }
            unmet = next;
        }
        via
    }
}
