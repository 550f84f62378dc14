//! What a walk has done for each fairness constraint, in bits.

use rustc_hash::FxHashMap;

use crate::graph::Graph;
use crate::product::Fairness;
use crate::product::memo::UNFAIR;

/// What a walk has done so far: bits by constraint, as the [`FairnessMask`] numbers them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct FairnessProgress {
    /// Weak constraints taken or found disabled, and strong ones taken.
    met: u64,
    /// Strong constraints found enabled, and not taken.
    owed: u64,
}

impl FairnessProgress {
    /// Whether every way on that makes a fair cycle of `other` makes one of these as well.
    pub(crate) fn are_as_good_as(self, other: FairnessProgress) -> bool {
        other.met & !self.met == 0 && self.owed & !other.owed == 0
    }
}

/// Which constraints matter on cycles through one state.
///
/// Weak constraints that are disabled there are met by every such cycle. Strong ones get a bit when
/// they are first seen enabled.
pub(crate) struct FairnessMask {
    /// The constraints by bit, weak ones first.
    labels: Vec<u32>,
    bits: FxHashMap<u32, u32>,
    all_weak: u64,
    /// What each state does for those who arrive in it: the bits of weak constraints that it disables,
    /// and of strong ones that it enables.
    arrivals: FxHashMap<u32, (u64, u64)>,
}

/// There are more constraints than bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooMany;

impl FairnessMask {
    /// # Errors
    /// When more weak constraints matter than there are bits.
    pub(crate) fn new(graph: &Graph<'_>, entry: u32) -> Result<Self, TooMany> {
        let labels = graph.enabled(entry, Fairness::Weak);
        if labels.len() >= u64::BITS as usize {
            return Err(TooMany);
        }
        let all_weak = (1 << labels.len()) - 1;
        let bits = labels.iter().zip(0..).map(|(&label, bit)| (label, bit)).collect();
        Ok(FairnessMask { labels, bits, all_weak, arrivals: FxHashMap::default() })
    }

    /// Takes a transition.
    pub(crate) fn take(&self, label: u32, mut progress: FairnessProgress) -> FairnessProgress {
        if label != UNFAIR
            && let Some(&bit) = self.bits.get(&label)
        {
            progress.met |= 1 << bit;
        }
        progress
    }

    /// Arrives in a state.
    ///
    /// # Errors
    /// When more strong constraints are enabled there than there are bits left.
    pub(crate) fn arrive(
        &mut self,
        graph: &Graph<'_>,
        state: u32,
        mut progress: FairnessProgress,
    ) -> Result<FairnessProgress, TooMany> {
        let (disabled, enabled) = match self.arrivals.get(&state) {
            Some(&arrival) => arrival,
            None => self.look_at(graph, state)?,
        };
        progress.met |= disabled;
        progress.owed = (progress.owed | enabled) & !progress.met;
        Ok(progress)
    }

    fn look_at(&mut self, graph: &Graph<'_>, state: u32) -> Result<(u64, u64), TooMany> {
        let mut disabled = self.all_weak;
        for label in graph.enabled(state, Fairness::Weak) {
            disabled &= !self.bits.get(&label).map_or(0, |bit| 1 << bit);
        }
        let mut enabled = 0;
        for label in graph.enabled(state, Fairness::Strong) {
            let next = self.labels.len() as u32;
            let bit = *self.bits.entry(label).or_insert(next);
            if bit == u64::BITS {
                return Err(TooMany);
            }
            if bit == next {
                self.labels.push(label);
            }
            enabled |= 1 << bit;
        }
        self.arrivals.insert(state, (disabled, enabled));
        Ok((disabled, enabled))
    }

    /// Whether a cycle that did this is fair.
    pub(crate) fn is_fair(&self, progress: FairnessProgress) -> bool {
        self.unmet_bits(progress) == 0
    }

    /// The bits of the constraints that a cycle which did this does not meet yet, and their labels.
    pub(crate) fn unmet(
        &self,
        progress: FairnessProgress,
    ) -> impl Iterator<Item = (usize, u32)> + '_ {
        let unmet = self.unmet_bits(progress);
        let rest = std::iter::successors(Some(unmet), |rest| Some(rest & rest.wrapping_sub(1)));
        rest.take_while(|rest| *rest != 0).map(|rest| {
            let bit = rest.trailing_zeros() as usize;
            (bit, self.labels[bit])
        })
    }

    fn unmet_bits(&self, progress: FairnessProgress) -> u64 {
        self.all_weak & !progress.met | progress.owed
    }
}
