//! Expanding the states of any model: finding their successors, and which of those are new.
//!
//! Most successors are known. They are looked up as soon as they are made and forgotten at once, so
//! that the next one is made in the same memory. One thread enters what is new before it goes on to
//! the next state. Several expand a round of states first, then find out which of the unknown states
//! that they met are the same, and then one of them enters those that are left, in order. So states
//! get the same numbers for any number of threads, and a search can go over from one thread to several
//! and back, as [measured](crate::explore::model::pace).

use std::hash::Hash;
use std::ops::Range;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use stateright::Model;

use crate::explore::model::pace::Way;
use crate::explore::model::visited::fingerprint;
use crate::explore::model::{ModelSpace, StepTestOf, Test};
use crate::explore::product::visited::NO_STATE;
use crate::explore::state_space::{Space, Tests};
use crate::explore::workers;
use crate::graph::record::{Edge, Record};
use crate::limits::stopwatch::Stopwatch;
use crate::property::StepSays;
use crate::store::chunked::Bits;

/// How many states are expanded in one go by all threads.
const ROUND: usize = 1 << 11;

/// How many of them one thread expands, or examines, before it looks for more.
const SHARE: usize = 1 << 4;

/// From how many states on it is worth while to use all threads.
const WORTH_SHARING: usize = 1 << 6;

/// In how many heaps the unknown states of a round are sorted, by their fingerprints, so that threads
/// can find out which of them are the same.
const HEAPS: usize = 1 << 3;

/// What some states lead to, in order.
struct Found<State> {
    /// Whether transitions are wanted.
    keeps_edges: bool,
    /// Whether it is sorted out which unknown states are the same, or whoever enters them finds out.
    sorts: bool,
    /// How many successors each state has.
    counts: Vec<u32>,
    /// The transitions, if they are wanted. Where they lead to a state that is not known, that is still
    /// to be found out.
    edges: Vec<Edge>,
    /// The successors that are not known.
    unknown: Vec<Unknown<State>>,
    /// What the steps of each state say to each claim about steps.
    said: Vec<StepSays>,
    /// Which of the unknown ones are the first of their kind here.
    firsts: HashTable<u32>,
    /// The same in heaps, by their fingerprints.
    heaps: [Vec<u32>; HEAPS],
}

/// A successor that is not known.
struct Unknown<State> {
    /// The state that it was found from.
    source: u32,
    /// Which of the transitions found leads to it.
    edge: usize,
    print: u64,
    /// Itself, until it is entered.
    state: Option<State>,
    /// An earlier one that is the same.
    same_as: Option<Place>,
    /// Its number, once it is entered.
    number: u32,
}

/// Where an unknown state is: in which share of the round, and where there.
type Place = (u32, u32);

impl<State> Found<State> {
    fn new(keeps_edges: bool, sorts: bool) -> Self {
        Found {
            keeps_edges,
            sorts,
            counts: Vec::new(),
            edges: Vec::new(),
            unknown: Vec::new(),
            said: Vec::new(),
            firsts: HashTable::new(),
            heaps: Default::default(),
        }
    }

    fn clear(&mut self) {
        self.counts.clear();
        self.edges.clear();
        self.unknown.clear();
        self.said.clear();
        if self.sorts {
            self.firsts.clear();
            self.heaps.iter_mut().for_each(Vec::clear);
        }
    }
}

impl<State: PartialEq> Found<State> {
    /// Notes an unknown state, if somebody asks for its number later.
    fn meet(&mut self, share: usize, source: u32, print: u64, state: State, is_exact: bool) {
        let (at, edge, number) = (self.unknown.len() as u32, self.edges.len(), NO_STATE);
        if !self.sorts {
            let (state, same_as) = (Some(state), None);
            return self.unknown.push(Unknown { source, edge, print, state, same_as, number });
        }
        let print_of = |&other: &u32| self.unknown[other as usize].print;
        let is_same = |other: &u32| {
            let other = &self.unknown[*other as usize];
            other.print == print && (!is_exact || other.state.as_ref() == Some(&state))
        };
        let (state, same_as) = match self.firsts.entry(print, is_same, print_of) {
            Entry::Occupied(first) => (None, Some((share as u32, *first.get()))),
            Entry::Vacant(free) => {
                free.insert(at);
                // The low and the highest bits choose a place in a table.
                self.heaps[(print >> u32::BITS) as usize % HEAPS].push(at);
                (Some(state), None)
            }
        };
        if state.is_some() || self.keeps_edges {
            self.unknown.push(Unknown { source, edge, print, state, same_as, number });
        }
    }
}

impl<M: Model> ModelSpace<'_, M>
where
    M::State: PartialEq + Hash + 'static,
{
    /// Enters a state, unless it is known.
    pub(crate) fn enter(&mut self, print: u64, state: M::State, parent: u32) -> u32 {
        let number = self.states.enter(print, state);
        if number as usize == self.parents.len() {
            self.parents.push(parent);
        }
        number
    }

    /// Finds the successors of a share of states, and which of them are not known.
    fn find_successors(
        &self,
        share: usize,
        states: Range<u32>,
        tests: &[&StepTestOf<M>],
        found: &mut Found<M::State>,
    ) {
        let mut actions = Vec::new();
        for source in states {
            let state = self.state(source);
            // The next state takes the action away, so whoever wants to see both needs it twice.
            let mut seen = Vec::new();
            if !tests.is_empty() {
                self.model.actions(state, &mut seen);
            }
            let mut seen = seen.iter();
            let first = found.said.len();
            found.said.resize(first + tests.len(), StepSays::default());
            let mut count = 0;
            self.model.actions(state, &mut actions);
            for (place, action) in actions.drain(..).enumerate() {
                let counted =
                    self.tally.as_ref().map(|tally| (tally, tally.offer(&action, source, place)));
                let label = found.keeps_edges.then(|| self.label(&action));
                let seen = seen.next();
                let Some(next) = self.model.next_state(state, action) else { continue };
                if !self.model.within_boundary(&next) {
                    continue;
                }
                count += 1;
                if let Some((tally, counted)) = counted {
                    tally.take(counted);
                }
                if let Some(action) = seen {
                    for (says, test) in found.said[first..].iter_mut().zip(tests) {
                        *says = says.or(test.judge(state, action, &next));
                    }
                }
                let print = fingerprint(&next);
                let target = self.states.find(print, &next);
                if target.is_none() {
                    found.meet(share, source, print, next, self.states.is_exact());
                }
                if let Some(label) = label {
                    found.edges.push(Edge { label, target: target.unwrap_or(NO_STATE) });
                }
            }
            found.counts.push(count);
        }
    }

    /// Enters what was found, and writes down the transitions. `tests` is the number of claims about
    /// steps.
    fn enter_all(&mut self, round: &mut [Found<M::State>], tests: usize, record: &mut Record) {
        for share in 0..round.len() {
            for at in 0..round[share].unknown.len() {
                let unknown = &mut round[share].unknown[at];
                let Unknown { source, edge, print, same_as, .. } = *unknown;
                let number = match (same_as, unknown.state.take()) {
                    (Some((share, at)), _) => round[share as usize].unknown[at as usize].number,
                    (None, Some(state)) => self.enter(print, state, source),
                    (None, None) => unknown.number,
                };
                round[share].unknown[at].number = number;
                if let Some(edge) = round[share].edges.get_mut(edge) {
                    edge.target = number;
                }
            }
        }
        for found in round {
            let mut edges = found.edges.iter();
            for (at, &count) in found.counts.iter().enumerate() {
                if let Some(kept) = &mut record.edges {
                    edges.by_ref().take(count as usize).for_each(|&edge| kept.push(edge));
                }
                record.note_steps(&found.said[at * tests..][..tests]);
                record.expanded(count as usize);
            }
        }
    }

    /// Runs the tests on states.
    pub(crate) fn examine(&self, states: Range<u32>, tests: &[&Test<M>], marks: &mut Bits) {
        for state in states.filter(|_| !tests.is_empty()).map(|number| self.state(number)) {
            tests.iter().for_each(|test| marks.push(test.passes(self.model, state)));
        }
    }
}

impl<M: Model + Sync> ModelSpace<'_, M>
where
    M::State: PartialEq + Hash + Send + Sync + 'static,
{
    /// Expands a run of states.
    pub(crate) fn expand_run(
        &mut self,
        states: Range<u32>,
        tests: &Tests<'_, Self>,
        record: &mut Record,
    ) {
        if self.workers.count() == 1 || states.len() < WORTH_SHARING {
            return self.expand_alone(states, tests, record);
        }
        let (way, clock, before) = (self.pace.choose(), Stopwatch::start(), record.transitions);
        match way {
            Way::Alone => self.expand_alone(states, tests, record),
            Way::Together => self.expand_on_all(states, tests, record),
        }
        self.pace.note(way, record.transitions - before, clock.elapsed());
    }

    /// Expands a run of states on all threads.
    fn expand_on_all(&mut self, states: Range<u32>, tests: &Tests<'_, Self>, record: &mut Record) {
        let workers = self.workers;
        // Handing work over to the threads takes a while, so all rounds go in one parcel.
        workers.install(&mut || {
            // The memory of a round is used again for the next one.
            let mut round = Vec::new();
            for start in states.clone().step_by(ROUND) {
                let end = states.end.min(start + ROUND as u32);
                self.expand_together(start..end, &mut round, tests, record);
            }
        });
    }

    /// Expands a run of states on one thread.
    fn expand_alone(&mut self, states: Range<u32>, tests: &Tests<'_, Self>, record: &mut Record) {
        let known = self.len();
        let mut found = Found::new(record.edges.is_some(), false);
        for state in states {
            found.clear();
            self.find_successors(0, state..state + 1, &tests.steps, &mut found);
            self.enter_all(std::slice::from_mut(&mut found), tests.steps.len(), record);
            self.states.expanded(1);
        }
        self.examine(known..self.len(), &tests.states, &mut record.marks);
    }

    /// Expands a round of states on all threads.
    fn expand_together(
        &mut self,
        states: Range<u32>,
        round: &mut Vec<Found<M::State>>,
        tests: &Tests<'_, Self>,
        record: &mut Record,
    ) {
        let (known, count) = (self.len(), states.len());
        let (keeps_edges, is_exact) = (record.edges.is_some(), self.states.is_exact());
        let space = &*self;
        let shares = states.len().div_ceil(SHARE);
        round.resize_with(shares, || Found::new(keeps_edges, true));
        workers::each(round, |share, found| {
            found.clear();
            space.find_successors(share, share_of(&states, share), &tests.steps, found);
        });
        let same = which_are_the_same(round, is_exact);
        for ((share, at), first) in same.into_iter().flatten() {
            round[share as usize].unknown[at as usize].same_as = Some(first);
        }
        self.enter_all(round, tests.steps.len(), record);
        let (space, new) = (&*self, known..self.len());
        let marks = workers::map(new.len().div_ceil(SHARE), |share| {
            let mut marks = Bits::default();
            space.examine(share_of(&new, share), &tests.states, &mut marks);
            marks
        });
        marks.iter().for_each(|marks| record.marks.append(marks));
        self.states.expanded(count);
    }
}

/// The states of one of the shares in which threads work on them.
fn share_of(states: &Range<u32>, share: usize) -> Range<u32> {
    let start = states.start + (share * SHARE) as u32;
    start..states.end.min(start + SHARE as u32)
}

/// Those unknown states that are the same as earlier ones in other shares, each with the first of them.
fn which_are_the_same<State: PartialEq + Sync>(
    round: &[Found<State>],
    is_exact: bool,
) -> Vec<Vec<(Place, Place)>> {
    let at = |(share, at): Place| &round[share as usize].unknown[at as usize];
    let sort_out = |heap: usize| {
        let mut firsts: HashTable<Place> = HashTable::new();
        let mut same = Vec::new();
        for (share, found) in (0..).zip(round) {
            for place in found.heaps[heap].iter().map(|&place| (share, place)) {
                let unknown = at(place);
                let is_same = |&other: &Place| {
                    let other = at(other);
                    other.print == unknown.print && (!is_exact || other.state == unknown.state)
                };
                match firsts.entry(unknown.print, is_same, |&other| at(other).print) {
                    Entry::Occupied(first) => same.push((place, *first.get())),
                    Entry::Vacant(free) => drop(free.insert(place)),
                }
            }
        }
        same
    };
    workers::map(HEAPS, sort_out)
}
