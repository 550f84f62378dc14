//! A run of states expanded together.
//!
//! One state at a time, a search spends most of its time waiting for memory: is this successor known?
//! A block asks for the successors of several states first, then looks all of them up in a row, so
//! that the waits overlap. Most are known, and forgotten at once but for their numbers. Several blocks
//! can be expanded by several threads at the same time.

use std::ops::Range;

use smallvec::SmallVec;

use crate::explore::product::provisional::Transition;
use crate::explore::product::visited::VisitedSet;
use crate::product::automata::{Automata, Missing};
use crate::property::StepSays;
use crate::reduction::symmetry::Symmetry;
use crate::store::index::{self, Full};
use crate::store::layout::Layout;
use crate::store::state_vectors::Ids;
use crate::store::state_vectors::{Row, Rows};

/// The successors of a run of states, in order.
#[derive(Debug, Default)]
pub(crate) struct Block {
    states: Range<u32>,
    /// How many successors each state has.
    pub(crate) counts: Vec<u32>,
    /// The action that leads to each successor.
    pub(crate) actions: Vec<u32>,
    /// The number of each successor that is looked up.
    pub(crate) targets: Vec<u32>,
    /// The packed rows of the successors that are not looked up yet.
    pub(crate) rows: Vec<u64>,
    /// What the steps of each state say to each claim about steps, as far as they were asked.
    pub(crate) steps: Vec<StepSays>,
    /// How often each action was taken, in all rounds.
    pub(crate) taken: Vec<u64>,
    /// The states that need entries which the tables lack.
    lacking: Vec<u32>,
    /// Whether the index has no room for what was found here.
    is_short: bool,
    /// How many of the states the successors that are looked up belong to.
    looked_up: usize,
    /// The hashes of the rows that are being looked up.
    hashes: Vec<u64>,
}

impl Block {
    /// Forgets everything, and is about these states from now on.
    pub(crate) fn begin(&mut self, states: Range<u32>) {
        self.states = states;
        self.counts.clear();
        self.actions.clear();
        self.targets.clear();
        self.rows.clear();
        self.steps.clear();
        self.lacking.clear();
        self.is_short = false;
        self.looked_up = 0;
    }

    /// Forgets the successors, which were packed in a layout that is no longer used.
    pub(crate) fn restart(&mut self) {
        self.begin(self.states.clone());
    }

    /// The state that is to be expanded next, or that an entry is missing for.
    pub(crate) fn next_state(&self) -> u32 {
        self.states.start + self.counts.len() as u32
    }

    /// Whether all states are expanded and looked up.
    pub(crate) fn is_done(&self) -> bool {
        self.looked_up == self.states.len()
    }

    /// Counts how often each action was taken.
    pub(crate) fn count_actions(&mut self, actions: usize) {
        self.taken.resize(actions, 0);
        for &action in &self.actions {
            self.taken[action as usize] += 1;
        }
    }

    /// Finds the successors of the states that are still to be expanded, but of no more than `most`.
    ///
    /// # Errors
    /// When the tables lack an entry. Once they have it, call again to go on.
    pub(crate) fn expand(
        &mut self,
        automata: &Automata,
        layout: &Layout,
        rows: &Rows,
        symmetry: Option<&Symmetry>,
        most: u32,
    ) -> Result<(), Missing> {
        let to = self.states.end.min(self.next_state().saturating_add(most));
        match layout.words() {
            1 => self.expand_rows::<[u64; 1]>(automata, layout, rows, symmetry, to),
            2 => self.expand_rows::<[u64; 2]>(automata, layout, rows, symmetry, to),
            3 => self.expand_rows::<[u64; 3]>(automata, layout, rows, symmetry, to),
            4 => self.expand_rows::<[u64; 4]>(automata, layout, rows, symmetry, to),
            _ => self.expand_rows::<SmallVec<[u64; 16]>>(automata, layout, rows, symmetry, to),
        }
    }

    fn expand_rows<R: Row>(
        &mut self,
        automata: &Automata,
        layout: &Layout,
        rows: &Rows,
        symmetry: Option<&Symmetry>,
        to: u32,
    ) -> Result<(), Missing> {
        for state in self.next_state()..to {
            let row: R = rows.get(state as usize);
            let (before, rows_before) = (self.actions.len(), self.rows.len());
            let mut push = |action, next: &R| {
                self.rows.extend_from_slice(next.as_ref());
                self.actions.push(action);
            };
            if automata.successors(layout, &row, &mut push).is_err() {
                self.actions.truncate(before);
                self.rows.truncate(rows_before);
                return Err(Missing);
            }
            if let Some(symmetry) = symmetry {
                let words = layout.words();
                for row in self.rows[rows_before..].chunks_exact_mut(words) {
                    let ids: Ids = layout.fields().iter().map(|field| field.read(row)).collect();
                    if let Some(canonical) = symmetry.canonical(&ids) {
                        layout.pack(&canonical, row);
                    }
                }
            }
            self.counts.push((self.actions.len() - before) as u32);
        }
        Ok(())
    }

    /// Finds out which of the states that are still to be expanded need entries that the tables lack.
    /// Once the tables have them, all can be expanded.
    pub(crate) fn find_lacking(&mut self, automata: &Automata, layout: &Layout, rows: &Rows) {
        let lacks = |&state: &u32| {
            let row = rows.get_any(state as usize);
            automata.successors(layout, &row, |_, _| {}).is_err()
        };
        self.lacking.clear();
        self.lacking.extend((self.next_state()..self.states.end).filter(lacks));
    }

    /// The states that were [found](Self::find_lacking) to need entries, in order.
    pub(crate) fn lacking(&self) -> &[u32] {
        &self.lacking
    }

    /// The states whose successors are not looked up yet, but for the first `asked` of the block: each
    /// with the actions and the packed rows of all its successors.
    pub(crate) fn pending(
        &self,
        asked: usize,
        words: usize,
    ) -> impl Iterator<Item = (u32, &[u32], &[u64])> {
        let states = self.states.start + self.looked_up as u32..;
        let mut actions = &self.actions[self.targets.len()..];
        let mut rows = &self.rows[..];
        let pending = states.zip(&self.counts[self.looked_up..]).map(move |(state, &count)| {
            let (its_actions, more_actions) = actions.split_at(count as usize);
            let (its_rows, more_rows) = rows.split_at(count as usize * words);
            (actions, rows) = (more_actions, more_rows);
            (state, its_actions, its_rows)
        });
        pending.skip(asked.saturating_sub(self.looked_up))
    }

    /// Whether the index had no room for what was found here, when it was looked up last.
    pub(crate) fn is_short(&self) -> bool {
        self.is_short
    }

    /// Looks up all successors that are not looked up yet.
    ///
    /// # Errors
    /// When there is no room for those that are not known. Once there is, call again to go on.
    pub(crate) fn look_up(&mut self, known: &mut impl VisitedSet) -> Result<(), Full> {
        match known.rows().words() {
            1 => self.look_up_rows::<1>(known),
            2 => self.look_up_rows::<2>(known),
            3 => self.look_up_rows::<3>(known),
            4 => self.look_up_rows::<4>(known),
            _ => self.look_up_rows::<0>(known),
        }
    }

    /// `WORDS` is the length of a row, or 0 if that is not known when compiling.
    fn look_up_rows<const WORDS: usize>(
        &mut self,
        known: &mut impl VisitedSet,
    ) -> Result<(), Full> {
        let words = if WORDS == 0 { known.rows().words() } else { WORDS };
        self.hashes.clear();
        self.hashes.extend(self.rows.chunks_exact(words).map(index::hash));
        // The first places of all are read before any of them is looked at.
        let before = self.targets.len();
        let shards = known.shards();
        let first = self.hashes.iter().map(|&hash| shards[index::shard_of(hash)].first(hash));
        self.targets.extend(first);
        self.is_short = false;
        let mut done = 0;
        for &count in &self.counts[self.looked_up..] {
            let source = self.states.start + self.looked_up as u32;
            for at in done..done + count as usize {
                let transition = Transition { source, place: (before + at) as u32 };
                let (hash, row) = (self.hashes[at], &self.rows[at * words..][..words]);
                let target = &mut self.targets[before + at];
                match known.number::<WORDS>(*target, hash, row, transition) {
                    Ok(number) => *target = number,
                    Err(full) => {
                        self.targets.truncate(before + done);
                        self.rows.drain(..done * words);
                        self.is_short = true;
                        return Err(full);
                    }
                }
            }
            done += count as usize;
            self.looked_up += 1;
        }
        self.rows.clear();
        Ok(())
    }

    pub(crate) fn bytes(&self) -> u64 {
        let words = self.rows.capacity() + self.hashes.capacity();
        let halves = self.actions.capacity() + self.targets.capacity() + self.counts.capacity();
        (words * 8 + halves * 4) as u64
    }
}
