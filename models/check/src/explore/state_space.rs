//! A state space, as exploration asks for it.
//!
//! States are known by numbers, given out in breadth-first order: a state with a smaller number is
//! never further from the start. There are two spaces: rows of interned parts
//! ([`ProductSpace`](crate::explore::product::ProductSpace)) and whole states of any other model
//! ([`ModelSpace`](crate::explore::model::ModelSpace)).

use std::ops::Range;

use crate::graph::Graph;
use crate::graph::path::Path;
use crate::graph::record::Record;
use crate::graph::unfolded::Unfolded;
use crate::graph::unfolded::UnfoldedLasso;
use crate::limits::Limit;
use crate::limits::analysis_budget::AnalysisBudget;
use crate::model_error::ModelError;
use crate::product::Fairness;
use crate::reduction::UnsoundReduction;
use crate::report::verdict::{Counterexample, NoState, ReductionReport};

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

    /// The state from which this one was found first; [`NO_PARENT`](crate::graph::path::NO_PARENT) for an initial state.
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
        _budget: &AnalysisBudget<'_>,
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
    fn final_objection(
        &self,
        _tests: &Tests<'_, Self>,
        _record: &Record,
    ) -> Option<UnsoundReduction> {
        None
    }

    /// Why a reduction that is in use is not sound for fair paths, now that all loops are known.
    ///
    /// # Errors
    /// The limit that was reached meanwhile.
    fn objection_to_loops(
        &mut self,
        _graph: &Graph<'_>,
        _budget: &AnalysisBudget<'_>,
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
