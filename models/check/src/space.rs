//! What exploration asks of a state space.
//!
//! States are known by numbers, given out in breadth-first order: a state with a smaller number is
//! never further from the start. There are two spaces: rows of interned parts
//! ([`ProductSpace`](crate::product_space::ProductSpace)) and whole states of any other model
//! ([`ModelSpace`](crate::model_space::ModelSpace)).

use std::ops::Range;

use crate::analysis_budget::AnalysisBudget;
use crate::graph::Graph;
use crate::model_error::ModelError;
use crate::product::Fairness;
use crate::record::Record;
use crate::reduction::UnsoundReduction;
use crate::unfolding::{Unfolded, UnfoldedLasso};
use crate::verdict::{Counterexample, Limit, NoState, ReductionReport};

/// The parent of an initial state.
pub(crate) const NO_PARENT: u32 = u32::MAX;

/// The greatest number of states: numbers are 32 bits wide, and two are spoken for.
pub(crate) const MOST_STATES: u64 = u32::MAX as u64 - 2;

/// A state space that is being explored.
pub(crate) trait Space {
    /// A state, as reports show it.
    type State;
    /// An action, as reports show it.
    type Action;
    /// A predicate on states.
    type Test;
    /// A claim about steps.
    type StepTest;

    /// Enters the initial states.
    fn open(&mut self, tests: &Tests<'_, Self>, record: &mut Record);

    /// Enters the successors of these states, which come right after those expanded before.
    fn expand(&mut self, states: Range<u32>, tests: &Tests<'_, Self>, record: &mut Record);

    /// The number of states entered.
    fn len(&self) -> u32;

    /// The state from which this one was found first; [`NO_PARENT`] for an initial state.
    fn parent(&self, state: u32) -> u32;

    /// The fairness constraints met so far, by label.
    fn constraints(&self) -> Vec<Fairness>;

    /// Memory held, in bytes.
    fn bytes(&self) -> u64;

    /// Takes the path on the model itself, without help of what the search remembered.
    fn replay(
        &mut self,
        path: &Path,
    ) -> Result<Counterexample<Self::State, Self::Action>, NotReplayed>;

    /// Goes on to where a run really ends that ends in the space.
    fn finish(
        &self,
        run: Counterexample<Self::State, Self::Action>,
    ) -> Counterexample<Self::State, Self::Action> {
        run
    }

    /// Where one state stands for several that differ in names only: those that these states stand
    /// for. `None` where every state stands for itself.
    ///
    /// # Errors
    /// The limit that was reached meanwhile.
    fn unfold(
        &mut self,
        _states: &[u32],
        _allowance: &AnalysisBudget<'_>,
    ) -> Result<Option<Unfolded>, Limit> {
        Ok(None)
    }

    /// Whether one state can stand for several that differ in names only.
    fn is_quotient(&self) -> bool {
        false
    }

    /// Takes a lasso on the model itself, whose loop was found among unfolded states.
    fn replay_lasso(
        &mut self,
        lasso: &UnfoldedLasso,
    ) -> Result<Counterexample<Self::State, Self::Action>, NotReplayed>;

    /// Whether a state of the model passes a test.
    fn passes(&self, state: &Self::State, test: &Self::Test) -> bool;

    /// Whether the state of this number passes a test, if the state is kept.
    fn judges(&self, state: u32, test: &Self::Test) -> Option<bool>;

    /// Asks the model again what an expanded state leads to.
    ///
    /// # Errors
    /// When it says something else than what was written down.
    fn repeats(&mut self, state: u32, record: &Record) -> Result<(), ModelError>;

    /// Why a path that was found could not be taken again.
    fn why_not_replayed(&mut self, _path: &Path, failure: NotReplayed) -> ModelError {
        failure.into()
    }

    /// What is wrong with the equality of values that were met, if that came to light.
    fn flaw(&self) -> Option<ModelError>;

    /// Why there is no state at all.
    fn why_empty(&self) -> Option<NoState>;

    /// Where a test says something else about the states that are shown than about those that were
    /// explored for them: the reduction that is not sound for it.
    fn objection_to_test(&self, _test: usize) -> Option<UnsoundReduction> {
        None
    }

    /// The first step out of a state that breaks a claim about steps.
    fn breaking_step(
        &self,
        state: &Self::State,
        test: &Self::StepTest,
    ) -> Option<(Self::Action, Self::State)>;

    /// Every action heard of, and how often it was taken.
    fn coverage(&self) -> Vec<(Self::Action, u64)>;

    /// Why a reduction that is in use is not sound for this model, if that came to light. Nothing
    /// that was found is of any use then.
    fn objection(&self) -> Option<UnsoundReduction> {
        None
    }

    /// The same, once the search is over.
    fn final_objection(&self, _tests: &Tests<'_, Self>) -> Option<UnsoundReduction> {
        None
    }

    /// Why a reduction that is in use is not sound for fair paths, now that all loops are known.
    ///
    /// # Errors
    /// The limit that was reached meanwhile.
    fn objection_to_loops(
        &mut self,
        _graph: &Graph<'_>,
        _allowance: &AnalysisBudget<'_>,
    ) -> Result<Option<UnsoundReduction>, Limit> {
        Ok(None)
    }

    /// Which reductions were used.
    fn reductions(&self) -> Vec<ReductionReport> {
        Vec::new()
    }

    /// The chance that two states were taken for one.
    fn collision_probability(&self) -> f64 {
        0.0
    }
}

/// What is asked of each state and each step.
pub(crate) struct Tests<'a, S: Space + ?Sized> {
    /// Of each state.
    pub(crate) states: Vec<&'a S::Test>,
    /// Of each step.
    pub(crate) steps: Vec<&'a S::StepTest>,
}

/// A path through the numbered states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// The states, an initial one first.
    pub(crate) states: Vec<u32>,
    /// Between each two states, the label of the transition, if it matters which one is taken.
    pub(crate) labels: Vec<Option<u32>>,
    /// Where the path's last state was before, if it goes on for ever.
    pub(crate) repeats_from: Option<usize>,
}

impl Path {
    /// The way by which the search first came to a state.
    pub(crate) fn to(state: u32, parent: impl Fn(u32) -> u32) -> Self {
        let mut states = vec![state];
        let mut at = parent(state);
        while at != NO_PARENT {
            states.push(at);
            at = parent(at);
        }
        states.reverse();
        Path { labels: vec![None; states.len() - 1], states, repeats_from: None }
    }

    /// Takes one more step.
    pub(crate) fn step(&mut self, label: Option<u32>, target: u32) {
        self.labels.push(label);
        self.states.push(target);
    }
}

/// The model did not do again what it did before: this step could not be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotReplayed {
    /// The number of the step; 0 is the choice of the initial state.
    pub(crate) step: usize,
}

impl From<NotReplayed> for ModelError {
    fn from(NotReplayed { step }: NotReplayed) -> Self {
        let what = format!("step {step} of a counterexample could not be replayed");
        ModelError::ModelChanges { what }
    }
}
