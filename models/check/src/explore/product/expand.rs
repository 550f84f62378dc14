//! Expanding the states of a product: finding their successors, and which of those are new.
//!
//! One thread takes a small [`Block`] at a time and enters what is new before it takes the next.
//! Several take a large round of them; see [`parallel`](crate::explore::product::parallel). Both come to the same
//! numbers for states and for parts: entries that the tables lack are computed by one thread, in order
//! of the states that need them.

use std::ops::Range;

use crate::explore::product::ProductSpace;
use crate::explore::product::batch::Block;
use crate::explore::product::evaluate::StepTestOf;
use crate::explore::product::provisional::ProvisionalStates;
use crate::explore::product::visited::{Alone, Together};
use crate::explore::state_space::{Space, Tests};
use crate::explore::workers;
use crate::graph::record::{Edge, Record};
use crate::limits::MOST_STATES;
use crate::product::Product;
use crate::store::index;
use crate::store::layout::Layout;

/// How many states are expanded together by one thread.
const BLOCK: u32 = 64;

/// How many are looked up together by one of several.
const BATCH: u32 = 32;

/// How many states are expanded in one go by all threads: one in so many of those that are known,
/// within limits. Larger rounds make the threads wait less for each other, and take more memory.
const ROUND_SHARE: usize = 1 << 6;
const SMALLEST_ROUND: usize = 1 << 12;
const LARGEST_ROUND: usize = 1 << 14;

/// From how many states on it is worth while to use all threads.
const WORTH_SHARING: usize = 1 << 9;

impl<P: Product> ProductSpace<'_, P> {
    /// Expands a run of states.
    pub(crate) fn expand_run(
        &mut self,
        states: Range<u32>,
        tests: &Tests<'_, Self>,
        record: &mut Record,
    ) {
        // All numbers of states, provisional ones too, must have their place.
        let has_numbers =
            self.rows.len() as u64 + u64::from(2 * ProvisionalStates::MOST) < MOST_STATES;
        if self.threads == 1 || states.len() < WORTH_SHARING || !has_numbers {
            return self.expand_alone(states, tests, record);
        }
        // Handing work over to the threads takes a while, so all rounds go in one parcel.
        let workers = self.workers;
        workers.install(&mut || {
            let size = self.rows.len() / ROUND_SHARE;
            let size = size.clamp(SMALLEST_ROUND, LARGEST_ROUND);
            for start in states.clone().step_by(size) {
                let end = states.end.min(start + size as u32);
                self.expand_together(start..end, tests, record);
            }
        });
    }

    /// Packs all rows anew if a slot has run out of bits.
    pub(crate) fn widen_if_needed(&mut self) -> bool {
        if self.layout.fits(self.tables.sizes()) {
            return false;
        }
        let wider = Layout::new(self.tables.sizes());
        self.rows.repack(&self.layout, &wider);
        self.layout = wider;
        self.shards = index::shards();
        for number in 0..self.rows.len() {
            let hash = self.rows.hash(number as u32);
            let shard = &mut self.shards[index::shard_of(hash)];
            shard.make_room(1, |number| self.rows.hash(number));
            shard.enter_new(hash, number as u32);
        }
        true
    }

    /// Expands and looks up a block.
    fn finish_block(&mut self, block: &mut Block, steps: &[&StepTestOf<P>]) {
        loop {
            let (automata, layout, rows) = (self.tables.automata(), &self.layout, &self.rows);
            let symmetry = self.symmetry.as_ref();
            if block.expand(automata, layout, rows, symmetry, u32::MAX).is_ok() {
                break;
            }
            self.fill(block.next_state());
            if self.widen_if_needed() {
                block.restart();
            }
        }
        self.ask_steps(block, steps);
        block.look_up(&mut self.alone()).expect("a single thread makes room");
    }

    /// Computes every entry that a state needs.
    fn fill(&mut self, state: u32) {
        self.layout.unpack(self.rows.get_any(state as usize), &mut self.ids);
        self.tables.fill(&self.ids);
        self.extend_symmetry_tables();
    }

    /// Expands a run of states on one thread.
    fn expand_alone(&mut self, states: Range<u32>, tests: &Tests<'_, Self>, record: &mut Record) {
        let mut block = std::mem::take(&mut self.block);
        for start in states.clone().step_by(BLOCK as usize) {
            block.begin(start..states.end.min(start + BLOCK));
            let before = self.rows.len();
            self.finish_block(&mut block, &tests.steps);
            self.examine(before..self.rows.len(), &tests.states, &mut record.marks);
            block.count_actions(self.tables.actions());
            self.note(&block, record);
            self.look_for_unmatched_moves(start..states.end.min(start + BLOCK));
        }
        self.block = block;
    }

    /// Expands a run of states on all threads; see [`parallel`](crate::explore::product::parallel).
    fn expand_together(
        &mut self,
        states: Range<u32>,
        tests: &Tests<'_, Self>,
        record: &mut Record,
    ) {
        let mut round = std::mem::take(&mut self.round);
        round.begin(states.clone(), self.layout.words());
        loop {
            round.make_room(self.threads, &mut self.shards, &self.rows);
            round.share_out(|block, finds, provisional| {
                let (automata, layout, rows) = (self.tables.automata(), &self.layout, &self.rows);
                let symmetry = self.symmetry.as_ref();
                let mut known = Together { rows, shards: &self.shards, provisional, finds };
                while !block.is_done() {
                    if block.expand(automata, layout, rows, symmetry, BATCH).is_err() {
                        return block.find_lacking(automata, layout, rows);
                    }
                    self.ask_steps(block, &tests.steps);
                    if block.look_up(&mut known).is_err() {
                        return;
                    }
                }
            });
            if round.blocks().iter().all(Block::is_done) {
                break;
            }
            for &state in round.blocks().iter().flat_map(Block::lacking) {
                self.fill(state);
            }
            if self.widen_if_needed() {
                // All hold rows of the old layout, and must not go on with them.
                round.restart(self.layout.words());
            }
        }
        let base = self.len();
        round.number(&mut self.rows, &mut self.parents, &mut self.shards);
        let (space, new) = (&*self, base as usize..self.rows.len());
        let mut marks = Vec::new();
        workers::both(
            &mut || marks = space.examine_together(new.clone(), &tests.states),
            &mut || {
                round.resolve(base, space.tables.actions(), record.edges.is_some());
                round.blocks().iter().for_each(|block| space.note(block, record));
            },
        );
        marks.iter().for_each(|marks| record.marks.append(marks));
        self.look_for_unmatched_moves(states);
        self.round = round;
    }

    /// All that is known, for a single thread.
    pub(crate) fn alone(&mut self) -> Alone<'_> {
        let (rows, parents, shards) = (&mut self.rows, &mut self.parents, &mut self.shards);
        Alone { rows, parents, shards }
    }

    /// Writes down the transitions of a block.
    fn note(&self, block: &Block, record: &mut Record) {
        let mut edges = block.actions.iter().zip(&block.targets);
        for &count in &block.counts {
            if let Some(kept) = &mut record.edges {
                for (&action, &target) in edges.by_ref().take(count as usize) {
                    kept.push(Edge { label: self.tables.label(action), target });
                }
            }
            record.expanded(count as usize);
        }
        record.note_steps(&block.steps);
    }
}
