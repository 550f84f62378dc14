//! Exploration of any `stateright::Model`: whole states.
//!
//! States are kept and compared exactly, unless only their fingerprints are asked for: 64 bits each,
//! whatever the size of a state. Then two states may be taken for one, and the report says how likely
//! that is.

use std::hash::Hash;
use std::ops::Range;

use stateright::Model;

use crate::chunked::Chunked;
use crate::condition::{Condition, StepTest, Whole};
use crate::labels::Labels;
use crate::parallel::Workers;
use crate::product::Fairness;
use crate::record::Record;
use crate::space::{NO_PARENT, NotReplayed, Path, Space, Tests};
use crate::states::{States, fingerprint};
use crate::tables::UNFAIR;
use crate::tally::Tally;
use crate::unfolding::UnfoldedLasso;
use crate::verdict::Counterexample;

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
        ModelSpace { model, labels, tally, workers, states, parents }
    }

    /// The state of this number, which must not have been expanded if only fingerprints are kept.
    pub(crate) fn state(&self, number: u32) -> &M::State {
        self.states.get(number)
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
