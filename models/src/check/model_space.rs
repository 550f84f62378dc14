//! Exploration of any `stateright::Model`: whole states.
//!
//! States are kept and compared exactly, unless only their fingerprints are asked for: 64 bits each,
//! whatever the size of a state. Then two states may be taken for one, and the report says how likely
//! that is.

use std::collections::VecDeque;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};
use std::ops::Range;

use hashbrown::HashTable;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use stateright::Model;

use super::chunked::Chunked;
use super::condition::{Condition, StepSays, StepTest, Whole};
use super::labels::Labels;
use super::parallel::Workers;
use super::product::Fairness;
use super::record::{Edge, Record};
use super::space::{NO_PARENT, NotReplayed, Path, Space, Tests};
use super::tables::UNFAIR;
use super::tally::Tally;
use super::unfolding::UnfoldedLasso;
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
    labels: Option<Box<dyn Labels<M::Action> + Sync + 'm>>,
    tally: Option<Box<dyn Tally<M::Action> + Sync + 'm>>,
    workers: &'m Workers,
    states: States<M::State>,
    index: HashTable<u32>,
    parents: Chunked<u32>,
}

/// What is kept of the states.
enum States<State> {
    /// All of them.
    Exact(Vec<State>),
    /// Their fingerprints, and those states that are not expanded yet.
    Fingerprints { prints: Chunked<u64>, queue: VecDeque<State> },
}

/// A claim about the steps of a model.
pub(super) type StepTestOf<M> = StepTest<Whole<<M as Model>::State>, <M as Model>::Action>;

/// A successor: the label of the transition, its fingerprint, and itself.
type Successor<State> = (u32, u64, State);

/// All successors of a state, and what its steps say to each claim about steps.
type Expanded<State> = (Vec<Successor<State>>, Vec<StepSays>);

/// How many states are expanded in one go by all threads.
const ROUND: usize = 1 << 10;

/// From how many states on it is worth while to use all threads.
const WORTH_SHARING: usize = 1 << 6;

impl<'m, M: Model> ModelSpace<'m, M>
where
    M::State: PartialEq + Hash + 'static,
{
    pub(super) fn new(
        model: &'m M,
        labels: Option<Box<dyn Labels<M::Action> + Sync + 'm>>,
        tally: Option<Box<dyn Tally<M::Action> + Sync + 'm>>,
        workers: &'m Workers,
        is_exact: bool,
    ) -> Self {
        let states = if is_exact {
            States::Exact(Vec::new())
        } else {
            States::Fingerprints { prints: Chunked::new(), queue: VecDeque::new() }
        };
        let (index, parents) = (HashTable::new(), Chunked::new());
        ModelSpace { model, labels, tally, workers, states, index, parents }
    }

    /// Enters a state, unless it is known.
    fn enter(
        &mut self,
        print: u64,
        state: M::State,
        parent: u32,
        tests: &[&Test<M>],
        record: &mut Record,
    ) -> u32 {
        let states = &self.states;
        let is_known = |&at: &u32| states.is(at, print, &state);
        if let Some(&number) = self.index.find(print, is_known) {
            return number;
        }
        let number = self.parents.len() as u32;
        self.index.insert_unique(print, number, |&at| states.print(at));
        for test in tests {
            record.marks.push(test.passes(self.model, &state));
        }
        self.parents.push(parent);
        match &mut self.states {
            States::Exact(states) => states.push(state),
            States::Fingerprints { prints, queue } => {
                prints.push(print);
                queue.push_back(state);
            }
        }
        number
    }

    /// The state of this number, which must not have been expanded if only fingerprints are kept.
    pub(super) fn state(&self, number: u32) -> &M::State {
        match &self.states {
            States::Exact(states) => &states[number as usize],
            States::Fingerprints { prints, queue } => {
                &queue[number as usize + queue.len() - prints.len()]
            }
        }
    }

    fn label(&self, action: &M::Action) -> u32 {
        self.labels.as_ref().map_or(UNFAIR, |labels| labels.label(action))
    }

    fn successors(&self, number: u32, tests: &[&StepTestOf<M>]) -> Expanded<M::State> {
        let state = self.state(number);
        let mut actions = Vec::new();
        self.model.actions(state, &mut actions);
        // The next state takes the action away, so whoever wants to see both needs it twice.
        let mut seen = Vec::new();
        if !tests.is_empty() {
            self.model.actions(state, &mut seen);
        }
        let mut seen = seen.iter();
        let mut said = vec![StepSays::default(); tests.len()];
        let successor = |(place, action)| {
            let counted =
                self.tally.as_ref().map(|tally| (tally, tally.offer(&action, number, place)));
            let label = self.label(&action);
            let seen = seen.next();
            let next = self.model.next_state(state, action)?;
            if !self.model.within_boundary(&next) {
                return None;
            }
            if let Some((tally, counted)) = counted {
                tally.take(counted);
            }
            if let Some(action) = seen {
                for (says, test) in said.iter_mut().zip(tests) {
                    *says = says.or(test.judge(state, action, &next));
                }
            }
            Some((label, fingerprint(&next), next))
        };
        let successors = actions.into_iter().enumerate().filter_map(successor).collect();
        (successors, said)
    }

    fn is(&self, state: &M::State, number: u32) -> bool {
        self.states.is(number, fingerprint(state), state)
    }
}

impl<State: PartialEq + Hash> States<State> {
    fn is(&self, number: u32, print: u64, state: &State) -> bool {
        match self {
            States::Exact(states) => states[number as usize] == *state,
            States::Fingerprints { prints, .. } => prints.get(number as usize) == print,
        }
    }

    fn print(&self, number: u32) -> u64 {
        match self {
            States::Exact(states) => fingerprint(&states[number as usize]),
            States::Fingerprints { prints, .. } => prints.get(number as usize),
        }
    }
}

/// A hash of which every bit counts.
fn fingerprint<State: Hash>(state: &State) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(state)
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
                self.enter(fingerprint(&state), state, NO_PARENT, &tests.states, record);
            }
        }
    }

    fn expand(&mut self, states: Range<u32>, tests: &Tests<'_, Self>, record: &mut Record) {
        for start in states.clone().step_by(ROUND) {
            let round = start..states.end.min(start + ROUND as u32);
            let is_shared = self.workers.count() > 1 && round.len() >= WORTH_SHARING;
            let space = &*self;
            let successors = |state| space.successors(state, &tests.steps);
            let expanded: Vec<Expanded<M::State>> = if is_shared {
                let each = round.clone().into_par_iter().map(successors);
                self.workers.install(|| each.collect())
            } else {
                round.clone().map(successors).collect()
            };
            for (number, (successors, said)) in round.clone().zip(expanded) {
                let count = successors.len();
                for (label, print, next) in successors {
                    let target = self.enter(print, next, number, &tests.states, record);
                    if let Some(edges) = &mut record.edges {
                        edges.push(Edge { label, target });
                    }
                }
                record.note_steps(&said);
                record.expanded(count);
            }
            if let States::Fingerprints { queue, .. } = &mut self.states {
                queue.drain(..round.len());
            }
        }
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
        let size = size_of::<M::State>();
        let states = match &self.states {
            States::Exact(states) => (states.capacity() * size) as u64,
            States::Fingerprints { prints, queue } => {
                prints.bytes() + (queue.capacity() * size) as u64
            }
        };
        states + (self.index.capacity() * 5) as u64 + self.parents.bytes()
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
        let start = initial.find(|state| self.is(state, path.states[0]));
        let start = start.ok_or(NotReplayed { step: 0 })?;
        let mut steps: Vec<(M::Action, M::State)> = Vec::with_capacity(path.labels.len());
        for (at, (&target, &label)) in path.states[1..].iter().zip(&path.labels).enumerate() {
            let state = steps.last().map_or(&start, |(_, state)| state);
            let step = self
                .model
                .next_steps(state)
                .into_iter()
                .find(|(action, next)| {
                    self.is(next, target) && label.is_none_or(|label| label == self.label(action))
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
        match self.states {
            States::Exact(_) => 0.0,
            // The birthday bound for 64 bits.
            States::Fingerprints { .. } => (states * states / 2f64.powi(65)).min(1.0),
        }
    }
}
