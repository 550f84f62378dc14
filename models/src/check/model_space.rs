//! Exploration of any `stateright::Model`: whole states, compared exactly.

use std::hash::{BuildHasher, Hash};
use std::ops::Range;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use stateright::Model;

use super::chunked::Chunked;
use super::condition::{Condition, Whole};
use super::labels::Labels;
use super::product::Fairness;
use super::record::{Edge, Record};
use super::space::{NO_PARENT, NotReplayed, Path, Space};
use super::tables::UNFAIR;
use super::verdict::Counterexample;

/// A predicate on the states of a model.
pub(super) enum Test<M: Model>
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
    pub(super) fn passes(&self, model: &M, state: &M::State) -> bool {
        match self {
            Test::Condition(condition) => condition(state),
            Test::Builtin(condition) => condition(model, state),
        }
    }
}

/// The states of a model, found so far.
pub(super) struct ModelSpace<'m, M: Model> {
    model: &'m M,
    labels: Option<Box<dyn Labels<M::Action> + 'm>>,
    states: Vec<M::State>,
    index: HashTable<u32>,
    parents: Chunked<u32>,
}

impl<'m, M: Model> ModelSpace<'m, M>
where
    M::State: PartialEq + Hash + 'static,
{
    pub(super) fn new(model: &'m M, labels: Option<Box<dyn Labels<M::Action> + 'm>>) -> Self {
        ModelSpace {
            model,
            labels,
            states: Vec::new(),
            index: HashTable::new(),
            parents: Chunked::new(),
        }
    }

    fn enter(
        &mut self,
        state: M::State,
        parent: u32,
        tests: &[&Test<M>],
        record: &mut Record,
    ) -> u32 {
        let hash = FxBuildHasher.hash_one(&state);
        let states = &self.states;
        if let Some(&number) = self.index.find(hash, |&at| states[at as usize] == state) {
            return number;
        }
        let number = states.len() as u32;
        let rehash = |&at: &u32| FxBuildHasher.hash_one(&states[at as usize]);
        self.index.insert_unique(hash, number, rehash);
        for test in tests {
            record.marks.push(test.passes(self.model, &state));
        }
        self.states.push(state);
        self.parents.push(parent);
        number
    }

    /// The state of this number.
    #[cfg(test)]
    pub(super) fn state(&self, number: u32) -> &M::State {
        &self.states[number as usize]
    }

    fn label(&self, action: &M::Action) -> u32 {
        self.labels.as_ref().map_or(UNFAIR, |labels| labels.label(action))
    }
}

impl<M: Model> Space for ModelSpace<'_, M>
where
    M::State: PartialEq + Hash + 'static,
{
    type State = M::State;
    type Action = M::Action;
    type Test = Test<M>;

    fn open(&mut self, tests: &[&Test<M>], record: &mut Record) {
        for state in self.model.init_states() {
            if self.model.within_boundary(&state) {
                self.enter(state, NO_PARENT, tests, record);
            }
        }
    }

    fn expand(&mut self, states: Range<u32>, tests: &[&Test<M>], record: &mut Record) {
        let mut actions = Vec::new();
        for number in states {
            self.model.actions(&self.states[number as usize], &mut actions);
            let mut successors = 0;
            for action in actions.drain(..) {
                let label = self.label(&action);
                let next = self.model.next_state(&self.states[number as usize], action);
                let Some(next) = next.filter(|next| self.model.within_boundary(next)) else {
                    continue;
                };
                let target = self.enter(next, number, tests, record);
                if let Some(edges) = &mut record.edges {
                    edges.push(Edge { label, target });
                }
                successors += 1;
            }
            record.expanded(successors);
        }
    }

    fn len(&self) -> u32 {
        self.states.len() as u32
    }

    fn parent(&self, state: u32) -> u32 {
        self.parents.get(state as usize)
    }

    fn constraints(&self) -> Vec<Fairness> {
        self.labels.as_ref().map_or(Vec::new(), |labels| labels.constraints())
    }

    fn bytes(&self) -> u64 {
        (self.states.capacity() * size_of::<M::State>() + self.index.capacity() * 5) as u64
            + self.parents.bytes()
    }

    fn replay(
        &mut self,
        path: &Path,
    ) -> Result<Counterexample<Self::State, Self::Action>, NotReplayed> {
        let is = |state: &M::State, number: u32| *state == self.states[number as usize];
        let start = self.model.init_states().into_iter().find(|state| is(state, path.states[0]));
        let start = start.ok_or(NotReplayed { step: 0 })?;
        let mut steps: Vec<(M::Action, M::State)> = Vec::with_capacity(path.labels.len());
        for (at, (&target, &label)) in path.states[1..].iter().zip(&path.labels).enumerate() {
            let state = steps.last().map_or(&start, |(_, state)| state);
            let step = self
                .model
                .next_steps(state)
                .into_iter()
                .find(|(action, next)| {
                    is(next, target) && label.is_none_or(|label| label == self.label(action))
                })
                .ok_or(NotReplayed { step: at + 1 })?;
            steps.push(step);
        }
        Ok(Counterexample { start, steps, repeats_from: path.repeats_from })
    }

    fn coverage(&self, _record: &Record) -> Vec<(Self::Action, u64)> {
        Vec::new()
    }
}
