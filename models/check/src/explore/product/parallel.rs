//! Several threads on one breadth-first search, with the same result as one.
//!
//! States get their numbers in the order in which a single thread would have found them, so verdicts,
//! counterexamples and counts do not depend on the number of threads. A round expands a run of states
//! in three phases, each a fork and a join:
//!
//! 1. *Expand*: blocks of states are shared out. Each finds its successors, looks them up, and enters
//!    those that are not known, under a provisional number; see [`provisional`](crate::explore::product::provisional).
//! 2. *Number*: one thread writes the provisional down in order of the first transitions that lead to
//!    them, which gives them their numbers. The others tell the index.
//! 3. *Examine*: the tests are run on the new states, and transitions are told where they lead.

use std::ops::Range;

use smallvec::SmallVec;

use crate::explore::product::batch::Block;
use crate::explore::product::provisional::{ProvisionalStates, Transition};
use crate::explore::product::visited::Finds;
use crate::explore::workers;
use crate::store::chunked::Chunked;
use crate::store::index::{self, SHARDS, Shard};
use crate::store::ranked_bits::Ranks;
use crate::store::state_vectors::Rows;

/// How many states a block has.
const BLOCK: u32 = 256;

/// A run of states that is expanded by all threads.
#[derive(Debug, Default)]
pub(crate) struct Round {
    /// The first state.
    start: u32,
    /// The states in blocks, in order, and room for more.
    blocks: Vec<Block>,
    used: usize,
    /// What each of them found.
    finds: Vec<Finds>,
    provisional: ProvisionalStates,
    /// How many there were in the last round.
    provisional_before: usize,
    /// Where the transitions of each block begin among all transitions of the round, in whole words of
    /// [`Ranks`].
    starts: Vec<usize>,
    /// Those transitions that are the first to lead to a provisional state.
    firsts: Ranks,
}

impl Round {
    /// Starts a round over these states.
    pub(crate) fn begin(&mut self, states: Range<u32>, words: usize) {
        self.start = states.start;
        self.used = states.len().div_ceil(BLOCK as usize);
        self.blocks.resize_with(self.used.max(self.blocks.len()), Block::default);
        for (block, start) in self.blocks.iter_mut().zip(states.clone().step_by(BLOCK as usize)) {
            block.begin(start..states.end.min(start + BLOCK));
        }
        self.finds.resize_with(self.blocks.len(), Finds::default);
        self.forget(words);
    }

    /// Starts it again, with rows of another layout.
    pub(crate) fn restart(&mut self, words: usize) {
        self.blocks[..self.used].iter_mut().for_each(Block::restart);
        self.forget(words);
    }

    fn forget(&mut self, words: usize) {
        self.finds.iter_mut().for_each(Finds::clear);
        self.provisional.clear(words);
    }

    /// The blocks, in order.
    pub(crate) fn blocks(&self) -> &[Block] {
        &self.blocks[..self.used]
    }

    /// Lets all threads work on the blocks, each with what it found.
    pub(crate) fn share_out(
        &mut self,
        work: impl Fn(&mut Block, &mut Finds, &ProvisionalStates) + Sync,
    ) {
        let provisional = &self.provisional;
        let blocks = self.blocks[..self.used].iter_mut().zip(&mut self.finds);
        let mut blocks: Vec<(&mut Block, &mut Finds)> = blocks.collect();
        workers::each(&mut blocks, |_, (block, finds)| work(block, finds, provisional));
    }

    /// Makes room in the index for about as many provisional as the last round had, and some more. Where
    /// they turn out to be too many, blocks come back short of room, and this is done again.
    ///
    /// Few shards are due in one round, and mostly none. Those that are not quite due grow along with
    /// one that is, one in the share of each thread, so that no thread waits while another works.
    pub(crate) fn make_room(&self, threads: usize, shards: &mut [Shard], rows: &Rows) {
        let is_short = self.blocks().iter().any(Block::is_short);
        let expected = self.provisional_before.max(self.used * BLOCK as usize);
        let more = expected / SHARDS * 5 / 4 + index::SPARE;
        let shares = SHARDS.div_ceil(threads);
        let mut due = vec![false; shares];
        for (at, shard) in shards.iter().enumerate() {
            let uncounted = if is_short { shard.uncounted() } else { 0 };
            due[at % shares] |= !shard.has_room(uncounted + more);
        }
        let mut growing: Vec<&mut Shard> = shards
            .iter_mut()
            .enumerate()
            .filter_map(|(at, growing)| due[at % shares].then_some(growing))
            .collect();
        let hash_of = |number| match ProvisionalStates::is_provisional(number) {
            false => rows.hash(number),
            true => self.provisional.hash(number),
        };
        workers::each(&mut growing, |_, shard| shard.grow(more, hash_of));
    }

    /// Gives the provisional their numbers, once all blocks are done.
    pub(crate) fn number(
        &mut self,
        rows: &mut Rows,
        parents: &mut Chunked<u32>,
        shards: &mut [Shard],
    ) {
        self.rank();
        let base = rows.len() as u32;
        let (round, mut counts, known) = (&*self, [0; SHARDS], &*shards);
        workers::both(&mut || round.write_down(rows, parents), &mut || {
            counts = round.settle(base, known);
        });
        shards.iter_mut().zip(counts).for_each(|(shard, count)| shard.count(count));
    }

    /// Puts the provisional in order.
    fn rank(&mut self) {
        self.starts.clear();
        let mut end = 0;
        for block in &self.blocks[..self.used] {
            self.starts.push(end);
            end += block.targets.len().next_multiple_of(Ranks::WORD);
        }
        self.firsts.clear(end);
        for &(number, _) in self.finds.iter().flat_map(|finds| &finds.found) {
            let first = self.provisional.first(number);
            self.firsts.set(self.place(first));
        }
        self.provisional_before = self.firsts.rank() as usize;
    }

    /// The place of a transition among all transitions of the round.
    fn place(&self, transition: Transition) -> usize {
        self.starts[((transition.source - self.start) / BLOCK) as usize] + transition.place as usize
    }

    /// The number of a provisional state, if the first of them gets the number `base`.
    fn number_of(&self, base: u32, provisional: u32) -> u32 {
        base + self.firsts.before(self.place(self.provisional.first(provisional)))
    }

    /// Writes down all provisional with their sources, in the order of their numbers.
    fn write_down(&self, rows: &mut Rows, parents: &mut Chunked<u32>) {
        let mut row: SmallVec<[u64; 16]> = SmallVec::from_elem(0, rows.words());
        for (block, &start) in self.blocks().iter().zip(&self.starts) {
            for place in self.firsts.between(start, start + block.targets.len()) {
                let provisional = block.targets[place - start];
                self.provisional.read(provisional, &mut row);
                rows.push(&row);
                parents.push(self.provisional.first(provisional).source);
            }
        }
    }

    /// Tells the index the numbers of the provisional. Returns how many there are in each shard.
    fn settle(&self, base: u32, shards: &[Shard]) -> [u32; SHARDS] {
        let settle = |finds: usize| {
            let mut counts = [0; SHARDS];
            for &(provisional, position) in &self.finds[finds].found {
                let shard = index::shard_of(position.hash);
                shards[shard].renumber(position, provisional, self.number_of(base, provisional));
                counts[shard] += 1;
            }
            counts
        };
        let mut sums = [0; SHARDS];
        for counts in workers::map(self.used, settle) {
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        sums
    }

    /// Counts what was done, and tells transitions where they lead, if anybody wants to know.
    pub(crate) fn resolve(&mut self, base: u32, actions: usize, is_kept: bool) {
        let mut blocks = std::mem::take(&mut self.blocks);
        workers::each(&mut blocks[..self.used], |_, block| {
            block.count_actions(actions);
            let targets = block.targets.iter_mut().filter(|_| is_kept);
            for target in targets.filter(|target| ProvisionalStates::is_provisional(**target)) {
                *target = self.number_of(base, *target);
            }
        });
        self.blocks = blocks;
    }

    /// All blocks there ever were, in this round or others.
    pub(crate) fn all_blocks(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.blocks.iter().map(Block::bytes).sum::<u64>() + self.provisional.bytes()
    }
}
