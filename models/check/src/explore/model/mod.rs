//! Exploration of any `stateright::Model`: whole states.
//!
//! States are kept and compared exactly, unless only their fingerprints are asked for: 64 bits each,
//! whatever the size of a state. Then two states may be taken for one, and the report says how likely
//! that is.

pub(crate) mod coverage;
pub(crate) mod expand;
pub(crate) mod fairness_labels;
pub(crate) mod pace;
pub(crate) mod visited;

use std::hash::Hash;
use std::ops::Range;

use stateright::Model;

use crate::explore::model::coverage::Tally;
use crate::explore::model::fairness_labels::Labels;
use crate::explore::model::pace::Pace;
use crate::explore::model::visited::{States, fingerprint};
use crate::explore::state_space::{NotReplayed, Space, Tests};
use crate::explore::workers::Workers;
use crate::graph::path::NO_PARENT;
use crate::graph::path::Path;
use crate::graph::record::{Edge, Record};
use crate::graph::unfolded::UnfoldedLasso;
use crate::model_error::ModelError;
use crate::product::Fairness;
use crate::product::memo::UNFAIR;
use crate::property::{Condition, StepTest, Whole};
use crate::report::verdict::{Counterexample, NoState};
use crate::store::chunked::Chunked;

/// A predicate on the states of a model.
pub(crate) enum Test<M: Model>
where
    M::State: 'static,
{
    /// One of ours.
    Condition(Condition<Whole<M::State>>),
    /// One that the model brought with it.
    Builtin(fn(&M, &M::State) -> bool),
}

impl<M: Model> Test<M> {
    /// Whether a state passes it.
    pub(crate) fn passes(&self, model: &M, state: &M::State) -> bool {
        match self {
            Test::Condition(condition) => condition(state),
            Test::Builtin(condition) => condition(model, state),
        }
    }
}

/// The states of a model, found so far.
pub(crate) struct ModelSpace<'m, M: Model> {
    pub(crate) model: &'m M,
    labels: Option<Box<dyn Labels<M::Action> + Send + Sync + 'm>>,
    pub(crate) tally: Option<Box<dyn Tally<M::Action> + Send + Sync + 'm>>,
    pub(crate) workers: &'m Workers,
    pub(crate) states: States<M::State>,
    pub(crate) parents: Chunked<u32>,
    /// Whether all threads are used.
    pub(crate) pace: Pace,
}

/// A claim about the steps of a model.
pub(crate) type StepTestOf<M> = StepTest<Whole<<M as Model>::State>, <M as Model>::Action>;

impl<'m, M: Model> ModelSpace<'m, M>
where
    M::State: PartialEq + Hash + 'static,
{
    pub(crate) fn new(
        model: &'m M,
        labels: Option<Box<dyn Labels<M::Action> + Send + Sync + 'm>>,
        tally: Option<Box<dyn Tally<M::Action> + Send + Sync + 'm>>,
        workers: &'m Workers,
        is_exact: bool,
    ) -> Self {
        let (states, parents) = (States::new(is_exact), Chunked::new());
        ModelSpace { model, labels, tally, workers, states, parents, pace: Pace::default() }
    }

    /// The state of this number, which must not have been expanded if only fingerprints are kept.
    pub(crate) fn state(&self, number: u32) -> &M::State {
        self.states.get(number)
    }

    /// The steps out of a state that stay within the boundary.
    fn steps(&self, state: &M::State) -> Vec<(M::Action, M::State)> {
        let mut steps = self.model.next_steps(state);
        steps.retain(|(_, next)| self.model.within_boundary(next));
        steps
    }

    pub(crate) fn label(&self, action: &M::Action) -> u32 {
        self.labels.as_ref().map_or(UNFAIR, |labels| labels.label(action))
    }
}

impl<M: Model + Sync> Space for ModelSpace<'_, M>
where
    M::State: PartialEq + Hash + Send + Sync + 'static,
{
    type State = M::State;
    type Action = M::Action;
    type Test = Test<M>;
    type StepTest = StepTestOf<M>;

    fn open(&mut self, tests: &Tests<'_, Self>, record: &mut Record) {
        for state in self.model.init_states() {
            if self.model.within_boundary(&state) {
                self.enter(fingerprint(&state), state, NO_PARENT);
            }
        }
        self.examine(0..self.len(), &tests.states, &mut record.marks);
    }

    fn expand(&mut self, states: Range<u32>, tests: &Tests<'_, Self>, record: &mut Record) {
        self.expand_run(states, tests, record);
    }

    fn len(&self) -> u32 {
        self.parents.len() as u32
    }

    fn parent(&self, state: u32) -> u32 {
        self.parents.get(state as usize)
    }

    fn constraints(&self) -> Vec<Fairness> {
        self.labels.as_ref().map_or(Vec::new(), |labels| labels.constraints())
    }

    fn bytes(&self) -> u64 {
        self.states.bytes() + self.parents.bytes()
    }

    fn replay_lasso(
        &mut self,
        _lasso: &UnfoldedLasso,
    ) -> Result<Counterexample<Self::State, Self::Action>, NotReplayed> {
        unreachable!("every state stands for itself")
    }

    fn replay(
        &mut self,
        path: &Path,
    ) -> Result<Counterexample<Self::State, Self::Action>, NotReplayed> {
        let mut initial = self.model.init_states().into_iter();
        let start = initial.find(|state| self.states.is(path.states[0], state));
        let start = start.ok_or(NotReplayed { step: 0 })?;
        let mut steps: Vec<(M::Action, M::State)> = Vec::with_capacity(path.labels.len());
        for (at, (&target, &label)) in path.states[1..].iter().zip(&path.labels).enumerate() {
            let state = steps.last().map_or(&start, |(_, state)| state);
            let step = self
                .model
                .next_steps(state)
                .into_iter()
                .find(|(action, next)| {
                    self.states.is(target, next)
                        && label.is_none_or(|label| label == self.label(action))
                })
                .ok_or(NotReplayed { step: at + 1 })?;
            steps.push(step);
        }
        Ok(Counterexample { start, steps, repeats_from: path.repeats_from })
    }

    fn passes(&self, state: &M::State, test: &Test<M>) -> bool {
        test.passes(self.model, state)
    }

    fn judges(&self, state: u32, test: &Test<M>) -> Option<bool> {
        self.states.is_exact().then(|| test.passes(self.model, self.state(state)))
    }

    fn repeats(&mut self, state: u32, record: &Record) -> Result<(), ModelError> {
        if !self.states.is_exact() {
            return Ok(());
        }
        let steps = self.steps(self.state(state));
        let as_before = match &record.edges {
            Some(edges) => {
                let edges: Vec<Edge> = edges.out(state).collect();
                let is_same = |(edge, (action, next)): (&Edge, &(M::Action, M::State))| {
                    edge.label == self.label(action) && self.states.is(edge.target, next)
                };
                edges.len() == steps.len() && edges.iter().zip(&steps).all(is_same)
            }
            None => {
                let is_known = |(_, next): &(M::Action, M::State)| {
                    self.states.find(fingerprint(next), next).is_some()
                };
                record.ends.get(state as usize) == steps.is_empty() && steps.iter().all(is_known)
            }
        };
        let what = "a state leads to other states than before, or by actions of another fairness";
        let changes = ModelError::ModelChanges { what: String::from(what) };
        if as_before { Ok(()) } else { Err(changes) }
    }

    fn why_not_replayed(&mut self, path: &Path, failure: NotReplayed) -> ModelError {
        let Some(from) = failure.step.checked_sub(1).filter(|_| self.states.is_exact()) else {
            return failure.into();
        };
        let (state, next) = (self.state(path.states[from]), path.states[from + 1]);
        #[expect(clippy::eq_op, reason = "whether equality is reflexive is the question")]
        if state != state || self.state(next) != self.state(next) {
            return ModelError::UnequalToItself { what: "a state" };
        }
        // The state that was explored still leads there; the one that the path came to does not.
        let leads_there = self.steps(state).iter().any(|(_, state)| self.states.is(next, state));
        if leads_there { ModelError::EqualButDifferent } else { failure.into() }
    }

    fn flaw(&self) -> Option<ModelError> {
        self.states.flaw().cloned()
    }

    fn why_empty(&self) -> Option<NoState> {
        Some(match self.model.init_states().is_empty() {
            true => NoState::NoInitialState,
            false => NoState::AllOutsideBoundary,
        })
    }

    fn breaking_step(
        &self,
        state: &M::State,
        test: &StepTestOf<M>,
    ) -> Option<(M::Action, M::State)> {
        self.model.next_steps(state).into_iter().find(|(action, next)| {
            self.model.within_boundary(next) && test.judge(state, action, next).is_broken
        })
    }

    fn coverage(&self) -> Vec<(Self::Action, u64)> {
        self.tally.as_ref().map_or_else(Vec::new, |tally| tally.counts())
    }

    fn collision_probability(&self) -> f64 {
        let states = f64::from(self.len());
        // The birthday bound for 64 bits.
        if self.states.is_exact() { 0.0 } else { (states * states / 2f64.powi(65)).min(1.0) }
    }
}
