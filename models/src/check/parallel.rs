//! Several threads on one breadth-first search, with the same result as one.
//!
//! States get their numbers in the order in which a single thread would have found them, so verdicts,
//! counterexamples and counts do not depend on the number of threads. A round expands a run of states
//! in five phases, each a fork and a join:
//!
//! 1. *Expand*: blocks of states are shared out; each finds its successors and looks them up.
//!    Most are known, and done with.
//! 2. *Compare*: the others are compared with each other, each share of the hashes by one thread, in
//!    order of the sequence. The first of several equal ones stands for them all.
//! 3. *Number* (one thread): the first ones get their numbers, in order of the sequence.
//! 4. *Enter*: they are entered into the index, each shard by one thread.
//! 5. *Examine*: the tests are run on the new states.

use std::ops::Range;
use std::sync::OnceLock;

use rayon::iter::{
    IndexedParallelIterator, IntoParallelRefIterator, IntoParallelRefMutIterator, ParallelIterator,
};
use rayon::slice::ParallelSliceMut;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::block::Block;
use super::index::{self, Probe, SHARDS, Shard};
use super::ranks::Ranks;
use super::rows::Rows;

/// The threads that search. They are started when there is enough work for them.
#[derive(Debug)]
pub(super) struct Workers {
    threads: usize,
    pool: OnceLock<Option<ThreadPool>>,
}

impl Workers {
    /// So many threads.
    pub(super) fn new(threads: usize) -> Self {
        Workers { threads, pool: OnceLock::new() }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.threads
    }

    /// Does the work among these threads. Where so many are not to be had, those that are there do
    /// it, with the same result.
    pub(super) fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        let start = || ThreadPoolBuilder::new().num_threads(self.threads).build().ok();
        match self.pool.get_or_init(start) {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}

/// How many states a block has.
const BLOCK: u32 = 128;

/// A run of states that is expanded by all threads.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// The states in blocks, in order, and room for more.
    blocks: Vec<Block>,
    used: usize,
    groups: Vec<Group>,
    /// Where in the sequence of all successors each block's begin.
    starts: Vec<u32>,
    /// The places in the sequence of the first ones of their kind.
    firsts: Ranks,
}

/// What one thread does with its share of the hashes.
#[derive(Debug, Default)]
struct Group {
    /// The new rows of this round, by their places in the sequence.
    index: Shard,
    /// The places in the sequence of those that are the first of their kind.
    firsts: Vec<u32>,
    /// The hash of each of them.
    hashes: Vec<u64>,
    /// For each other new successor: its place, and that of the first one like it.
    repeats: Vec<(u32, u32)>,
    /// How often each action was taken.
    taken: Vec<u64>,
}

impl Round {
    /// Starts a round over these states.
    pub(super) fn begin(&mut self, threads: usize, states: Range<u32>) {
        let count = states.len().div_ceil(BLOCK as usize);
        self.used = count;
        self.blocks.resize_with(count.max(self.blocks.len()), Block::default);
        for (block, start) in self.blocks.iter_mut().zip(states.clone().step_by(BLOCK as usize)) {
            block.begin(start..states.end.min(start + BLOCK));
        }
        self.groups.resize_with(threads, Group::default);
        for group in &mut self.groups {
            group.index.clear();
            group.firsts.clear();
            group.hashes.clear();
            group.repeats.clear();
        }
    }

    /// The blocks, in order.
    pub(super) fn blocks(&self) -> &[Block] {
        &self.blocks[..self.used]
    }

    /// The blocks, in order.
    pub(super) fn blocks_mut(&mut self) -> &mut [Block] {
        &mut self.blocks[..self.used]
    }

    /// Puts all successors in sequence, and counts them.
    pub(super) fn sequence(&mut self) -> u64 {
        self.starts.clear();
        let mut total = 0u64;
        for block in &self.blocks[..self.used] {
            self.starts.push(total as u32);
            total += block.targets.len() as u64;
        }
        total
    }

    /// Finds out which new successors are equal.
    pub(super) fn compare(&mut self, words: usize, keep_repeats: bool, actions: usize) {
        let threads = self.groups.len();
        let shares = shards_each(threads);
        let blocks = &self.blocks[..self.used];
        let sequence = Sequence { blocks, starts: &self.starts, words };
        self.groups.par_iter_mut().enumerate().for_each(|(at, group)| {
            group.taken.resize(actions, 0);
            for block in sequence.blocks.iter().skip(at).step_by(threads) {
                block.count_actions(&mut group.taken);
            }
            for (block, &start) in sequence.blocks.iter().zip(sequence.starts) {
                for &(place, _) in &block.fresh {
                    let hash = block.hashes[place as usize];
                    if index::shard_of(hash) / shares != at {
                        continue;
                    }
                    group.index.make_room(1, |place| sequence.hash(place));
                    let row = block.row(place, words);
                    match group.index.probe(hash, |place| sequence.row(place) == row) {
                        Probe::Free(free) => {
                            group.index.enter(free, hash, start + place);
                            group.firsts.push(start + place);
                            group.hashes.push(hash);
                        }
                        Probe::Known(first) if keep_repeats => {
                            group.repeats.push((start + place, first));
                        }
                        Probe::Known(_) => {}
                    }
                }
            }
        });
    }

    /// Hands out all first ones with their sources, in order of the sequence. Their order gives them
    /// their numbers.
    pub(super) fn number(&mut self, words: usize, mut enter: impl FnMut(&[u64], u32)) {
        let last = self.groups.iter().filter_map(|group| group.firsts.last()).max();
        self.firsts.clear(last.map_or(0, |&last| last as usize + 1));
        for &place in self.groups.iter().flat_map(|group| &group.firsts) {
            self.firsts.set(place as usize);
        }
        self.firsts.rank();
        for (block, &start) in self.blocks[..self.used].iter().zip(&self.starts) {
            for &(place, source) in &block.fresh {
                if self.firsts.get((start + place) as usize) {
                    enter(block.row(place, words), source);
                }
            }
        }
    }

    /// Enters the first ones into the index. `base` is the number of the first of them.
    pub(super) fn enter(&self, base: u32, shards: &mut [Shard], rows: &Rows) {
        let shares = shards_each(self.groups.len());
        let jobs = self.groups.par_iter().zip(shards.par_chunks_mut(shares)).enumerate();
        jobs.for_each(|(at, (group, shards))| {
            for (&hash, &place) in group.hashes.iter().zip(&group.firsts) {
                let number = base + self.firsts.before(place as usize);
                let shard = &mut shards[index::shard_of(hash) - at * shares];
                shard.make_room(1, |number| rows.hash(number));
                shard.enter_new(hash, number);
            }
        });
    }

    /// Fills in the targets that were new, for those who want to know where transitions lead.
    pub(super) fn resolve(&mut self, base: u32) {
        let (firsts, starts) = (&self.firsts, &self.starts);
        let mut blocks = self.blocks[..self.used].iter_mut().zip(starts);
        blocks.by_ref().for_each(|(block, &start)| {
            for &(place, _) in &block.fresh {
                let number = base + firsts.before((start + place) as usize);
                block.targets[place as usize] = number;
            }
        });
        for &(place, first) in self.groups.iter().flat_map(|group| &group.repeats) {
            let block = starts.partition_point(|&start| start <= place) - 1;
            let target = &mut self.blocks[block].targets[(place - starts[block]) as usize];
            *target = base + firsts.before(first as usize);
        }
    }

    /// How often each action was taken, in all rounds.
    pub(super) fn taken(&self) -> Vec<u64> {
        let actions = self.groups.iter().map(|group| group.taken.len()).max().unwrap_or(0);
        let mut taken = vec![0; actions];
        for group in &self.groups {
            for (sum, count) in taken.iter_mut().zip(&group.taken) {
                *sum += count;
            }
        }
        taken
    }

    pub(super) fn bytes(&self) -> u64 {
        self.blocks.iter().map(Block::bytes).sum()
    }
}

/// The successors of a round, by their places in the sequence.
#[derive(Clone, Copy)]
struct Sequence<'a> {
    blocks: &'a [Block],
    starts: &'a [u32],
    words: usize,
}

impl<'a> Sequence<'a> {
    /// The block that a place is in, and its place there.
    fn locate(&self, place: u32) -> (&'a Block, u32) {
        let block = self.starts.partition_point(|&start| start <= place) - 1;
        (&self.blocks[block], place - self.starts[block])
    }

    fn row(&self, place: u32) -> &'a [u64] {
        let (block, place) = self.locate(place);
        block.row(place, self.words)
    }

    fn hash(&self, place: u32) -> u64 {
        let (block, place) = self.locate(place);
        block.hashes[place as usize]
    }
}

/// How many shards each of so many threads has to itself.
fn shards_each(threads: usize) -> usize {
    SHARDS.div_ceil(threads)
}
