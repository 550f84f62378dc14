//! Whole states by number, and which of them are known.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash};

use foldhash::quality::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::model_error::{FIRST, ModelError, flaw_of, is_sampled};
use crate::store::chunked::Chunked;

/// The states of a model that were found so far.
#[derive(Debug)]
pub(crate) struct States<State> {
    prints: Chunked<u64>,
    kept: Kept<State>,
    index: HashTable<u32>,
    /// What is wrong with the equality of states, if that came to light.
    flaw: Option<ModelError>,
}

/// What is kept of the states besides their fingerprints.
#[derive(Debug)]
enum Kept<State> {
    /// All of them, so that they are compared exactly.
    All(Chunked<State>),
    /// Those that are not expanded yet. Two states of the same fingerprint are taken for one.
    Queue(VecDeque<State>),
}

/// A hash of which every bit counts.
pub(crate) fn fingerprint<State: Hash>(state: &State) -> u64 {
    FixedState::default().hash_one(state)
}

impl<State> States<State> {
    /// None so far.
    pub(crate) fn new(is_exact: bool) -> Self {
        let kept = if is_exact { Kept::All(Chunked::new()) } else { Kept::Queue(VecDeque::new()) };
        States { prints: Chunked::new(), kept, index: HashTable::new(), flaw: None }
    }

    /// Whether they are compared exactly.
    pub(crate) fn is_exact(&self) -> bool {
        matches!(self.kept, Kept::All(_))
    }

    /// The state of this number, which must not have been [expanded](Self::expanded) if only
    /// fingerprints are kept.
    pub(crate) fn get(&self, number: u32) -> &State {
        match &self.kept {
            Kept::All(states) => states.at(number as usize),
            Kept::Queue(queue) => &queue[number as usize + queue.len() - self.prints.len()],
        }
    }

    /// The next so many states are expanded, and will not be asked for again.
    pub(crate) fn expanded(&mut self, count: usize) {
        if let Kept::Queue(queue) = &mut self.kept {
            queue.drain(..count);
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        let kept = match &self.kept {
            Kept::All(states) => states.bytes(),
            Kept::Queue(queue) => (queue.capacity() * size_of::<State>()) as u64,
        };
        kept + self.prints.bytes() + (self.index.capacity() * 5) as u64
    }
}

impl<State: PartialEq> States<State> {
    /// The number of a state of this fingerprint.
    pub(crate) fn find(&self, print: u64, state: &State) -> Option<u32> {
        let is_known = |&number: &u32| self.kept.is(&self.prints, number, print, state);
        self.index.find(print, is_known).copied()
    }

    /// The number of a state of this fingerprint, which is entered unless it is known.
    pub(crate) fn enter(&mut self, print: u64, state: State) -> u32 {
        let States { prints, kept, index, flaw } = self;
        let is_known = |&number: &u32| kept.is(prints, number, print, &state);
        match index.entry(print, is_known, |&number| prints.get(number as usize)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => {
                let number = prints.len() as u32;
                place.insert(number);
                if flaw.is_none() && is_sampled(number as usize) {
                    *flaw = kept.flaw_of(prints, print, &state);
                }
                prints.push(print);
                match kept {
                    Kept::All(states) => states.push(state),
                    Kept::Queue(queue) => queue.push_back(state),
                }
                number
            }
        }
    }

    /// What is wrong with the equality of states, if that came to light.
    pub(crate) fn flaw(&self) -> Option<&ModelError> {
        self.flaw.as_ref()
    }

    /// Whether this is the state of a number.
    pub(crate) fn is(&self, number: u32, state: &State) -> bool
    where
        State: Hash,
    {
        self.kept.is(&self.prints, number, fingerprint(state), state)
    }
}

impl<State: PartialEq> Kept<State> {
    /// What is wrong with the equality of a new state.
    fn flaw_of(&self, prints: &Chunked<u64>, print: u64, state: &State) -> Option<ModelError> {
        let first = match self {
            Kept::All(states) => (0..states.len().min(FIRST)).map(|at| states.at(at)).collect(),
            Kept::Queue(_) => Vec::new(),
        };
        let printed = first.into_iter().enumerate().map(|(at, first)| (prints.get(at), first));
        flaw_of("a state", state, print, printed)
    }

    fn is(&self, prints: &Chunked<u64>, number: u32, print: u64, state: &State) -> bool {
        match self {
            Kept::All(states) => states.at(number as usize) == state,
            Kept::Queue(_) => prints.get(number as usize) == print,
        }
    }
}
