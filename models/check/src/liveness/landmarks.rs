//! What every fair cycle of a component does.
//!
//! Take an action away, and see whether the component still has a fair cycle. Where it has none, the
//! action is a *landmark*, as planners call it (Hoffmann, Porteous and Sebastia 2004): every fair cycle
//! takes it. One step takes one action, so no cycle has fewer steps than there are landmarks. Weak
//! fairness to several workers makes one of each of their actions, and then the first cycle that was
//! found is known to be a shortest one without a search through any other state.

use rustc_hash::FxHashMap;

use crate::graph::Graph;
use crate::graph::record::{Edge, Edges};
use crate::limits::Limit;
use crate::limits::analysis_budget::AnalysisBudget;
use crate::liveness::cycle_bounds::Region;
use crate::liveness::fair_scc::FairComponents;
use crate::liveness::fairness_rules::Sound;
use crate::product::memo::UNFAIR;
use crate::store::chunked::Bits;

/// The landmarks of a component, or as many as there are bits for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Landmarks {
    bits: FxHashMap<u32, u32>,
}

impl Landmarks {
    /// Those among the labels of one fair cycle, which are all there are.
    ///
    /// # Errors
    /// The limit that was reached meanwhile.
    pub(crate) fn find(
        graph: &Graph<'_>,
        region: &Region,
        cycle: &[Edge],
        budget: &AnalysisBudget<'_>,
    ) -> Result<Self, Limit> {
        let mut labels: Vec<u32> = cycle.iter().map(|edge| edge.label).collect();
        labels.sort_unstable();
        labels.dedup();
        labels.retain(|&label| label != UNFAIR);
        let mut landmarks = Landmarks::default();
        for label in labels {
            let next = landmarks.bits.len() as u32;
            let is_worth_while = next < u64::BITS && budget.may_look_for_loops();
            if is_worth_while && !has_fair_cycle_without(graph, region, label, budget)? {
                landmarks.bits.insert(label, next);
            }
        }
        Ok(landmarks)
    }

    /// How many a cycle has yet to come by, if it came by these.
    pub(crate) fn left(&self, passed: u64) -> usize {
        self.bits.len() - passed.count_ones() as usize
    }

    /// Those that it came by after one more step.
    pub(crate) fn pass(&self, passed: u64, label: u32) -> u64 {
        passed | self.bits.get(&label).map_or(0, |bit| 1 << bit)
    }
}

/// Whether a component has a fair cycle that never takes an action, wherever it may be possible.
fn has_fair_cycle_without(
    graph: &Graph<'_>,
    region: &Region,
    label: u32,
    budget: &AnalysisBudget<'_>,
) -> Result<bool, Limit> {
    let states = region.states();
    let elsewhere = states.len() as u32;
    let mut edges = Edges::new();
    for &state in states {
        budget.go_on()?;
        budget.spend(2 * graph.edges.degree(state));
        for edge in graph.out(state) {
            // The action stays possible, so fairness to it is not met; but it leads away.
            let place = region.place(edge.target).filter(|_| edge.label != label);
            edges.push(Edge { target: place.unwrap_or(elsewhere), ..edge });
        }
        edges.close();
    }
    let ends = Bits::default();
    let without =
        Graph { edges: &edges, ends: &ends, states: elsewhere + 1, levels: &[], ..*graph };
    let places: Vec<u32> = (0..elsewhere).collect();
    let components = FairComponents::find(&without, &places, &Sound, budget)?;
    Ok((0..elsewhere).any(|place| components.contains(place)))
}
