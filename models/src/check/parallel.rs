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
//! 3. *Make room* for them in the index, where there is none, each shard by one thread.
//! 4. *Number*: they get their numbers, in order of the sequence. One thread writes them down, while
//!    the others *enter* them into the index.
//! 5. *Examine*: the tests are run on the new states.

use std::ops::Range;
use std::sync::OnceLock;

use rayon::iter::{
    IndexedParallelIterator, IntoParallelIterator, IntoParallelRefIterator,
    IntoParallelRefMutIterator, ParallelIterator,
};
use rayon::slice::ParallelSliceMut;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::block::{Block, Fresh};
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
const BLOCK: u32 = 256;

/// A run of states that is expanded by all threads.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// The states in blocks, in order, and room for more.
    blocks: Vec<Block>,
    used: usize,
    groups: Vec<Group>,
    /// How the places of the sequence of all fresh successors are counted.
    places: Places,
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

    /// Puts all fresh successors in sequence, and counts them.
    pub(super) fn sequence(&mut self) -> u64 {
        let blocks = &self.blocks[..self.used];
        self.places = Places::of(blocks);
        blocks.iter().map(|block| block.fresh.len() as u64).sum()
    }

    /// Finds out which fresh successors are equal.
    pub(super) fn compare(&mut self, words: usize, keep_repeats: bool, actions: usize) {
        let threads = self.groups.len();
        let shares = shards_each(threads);
        let blocks = &self.blocks[..self.used];
        let sequence = Sequence { blocks, places: self.places, words };
        self.groups.par_iter_mut().enumerate().for_each(|(at, group)| {
            group.taken.resize(actions, 0);
            for block in sequence.blocks.iter().skip(at).step_by(threads) {
                block.count_actions(&mut group.taken);
            }
            for (in_block, block) in sequence.blocks.iter().enumerate() {
                for (number, &Fresh { hash, .. }) in block.fresh.iter().enumerate() {
                    if index::shard_of(hash) / shares != at {
                        continue;
                    }
                    group.index.make_room(1, |place| sequence.hash(place));
                    let place = sequence.places.place(in_block, number);
                    let row = block.fresh_row(number, words);
                    match group.index.probe(hash, |place| sequence.row(place) == row) {
                        Probe::Free(free) => {
                            group.index.enter(free, hash, place);
                            group.firsts.push(place);
                            group.hashes.push(hash);
                        }
                        Probe::Known(first) if keep_repeats => group.repeats.push((place, first)),
                        Probe::Known(_) => {}
                    }
                }
            }
        });
        let last = self.groups.iter().filter_map(|group| group.firsts.last()).max();
        self.firsts.clear(last.map_or(0, |&last| last as usize + 1));
        for &place in self.groups.iter().flat_map(|group| &group.firsts) {
            self.firsts.set(place as usize);
        }
        self.firsts.rank();
    }

    /// Makes room in the index for the first ones. `rows` are those that it knows.
    ///
    /// Few shards are due in one round, and mostly none. Those that are not quite due grow along with
    /// one that is, one in the share of each thread, so that no thread waits while another works.
    pub(super) fn make_room(&self, shards: &mut [Shard], rows: &Rows) {
        let mut more = [0; SHARDS];
        for &hash in self.groups.iter().flat_map(|group| &group.hashes) {
            more[index::shard_of(hash)] += 1;
        }
        let shares = shards_each(self.groups.len());
        let mut due = vec![false; shares];
        for (at, (shard, &more)) in shards.iter().zip(&more).enumerate() {
            due[at % shares] |= !shard.has_room(more);
        }
        let growing: Vec<(&mut Shard, usize)> = shards
            .iter_mut()
            .zip(more)
            .enumerate()
            .filter_map(|(at, growing)| due[at % shares].then_some(growing))
            .collect();
        growing
            .into_par_iter()
            .for_each(|(shard, more)| shard.grow(more, |number| rows.hash(number)));
    }

    /// Hands out all first ones with their sources, in order of the sequence. Their order gives them
    /// their numbers.
    pub(super) fn number(&self, words: usize, mut enter: impl FnMut(&[u64], u32)) {
        for (in_block, block) in self.blocks[..self.used].iter().enumerate() {
            for (number, fresh) in block.fresh.iter().enumerate() {
                if self.firsts.get(self.places.place(in_block, number) as usize) {
                    enter(block.fresh_row(number, words), fresh.source);
                }
            }
        }
    }

    /// Enters the first ones into the index, which has room for them. `base` is the number of the
    /// first of them.
    pub(super) fn enter(&self, base: u32, shards: &mut [Shard]) {
        self.in_shares(shards, |group, at, shards| {
            for (&hash, &place) in group.hashes.iter().zip(&group.firsts) {
                let number = base + self.firsts.before(place as usize);
                shards[index::shard_of(hash) - at].enter_new(hash, number);
            }
        });
    }

    /// Lets each thread work on its share of the shards, which begins at the number given.
    fn in_shares(&self, shards: &mut [Shard], work: impl Fn(&Group, usize, &mut [Shard]) + Sync) {
        let shares = shards_each(self.groups.len());
        let jobs = self.groups.par_iter().zip(shards.par_chunks_mut(shares)).enumerate();
        jobs.for_each(|(at, (group, shards))| work(group, at * shares, shards));
    }

    /// Fills in the targets that were new, for those who want to know where transitions lead.
    pub(super) fn resolve(&mut self, base: u32) {
        let (firsts, places) = (&self.firsts, self.places);
        for (in_block, block) in self.blocks[..self.used].iter_mut().enumerate() {
            for (number, fresh) in block.fresh.iter().enumerate() {
                let place = places.place(in_block, number) as usize;
                block.targets[fresh.place as usize] = base + firsts.before(place);
            }
        }
        for &(place, first) in self.groups.iter().flat_map(|group| &group.repeats) {
            let (in_block, number) = places.locate(place);
            let block = &mut self.blocks[in_block];
            let target = &mut block.targets[block.fresh[number].place as usize];
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

/// The places of the fresh successors of several blocks in one sequence: as many for each block as the
/// largest needs, rounded up to a power of two.
#[derive(Clone, Copy, Debug, Default)]
struct Places {
    bits: u32,
}

impl Places {
    fn of(blocks: &[Block]) -> Self {
        let most = blocks.iter().map(|block| block.fresh.len()).max().unwrap_or(0);
        Places { bits: most.next_power_of_two().trailing_zeros() }
    }

    /// The place of a fresh successor, by its block and its number there.
    fn place(self, block: usize, number: usize) -> u32 {
        (block << self.bits | number) as u32
    }

    /// The block of a place, and the number there.
    fn locate(self, place: u32) -> (usize, usize) {
        let place = place as usize;
        (place >> self.bits, place & ((1 << self.bits) - 1))
    }
}

/// The fresh successors of a round, by their places in the sequence.
#[derive(Clone, Copy)]
struct Sequence<'a> {
    blocks: &'a [Block],
    places: Places,
    words: usize,
}

impl<'a> Sequence<'a> {
    fn row(&self, place: u32) -> &'a [u64] {
        let (block, number) = self.places.locate(place);
        self.blocks[block].fresh_row(number, self.words)
    }

    fn hash(&self, place: u32) -> u64 {
        let (block, number) = self.places.locate(place);
        self.blocks[block].fresh[number].hash
    }
}

/// How many shards each of so many threads has to itself.
fn shards_each(threads: usize) -> usize {
    SHARDS.div_ceil(threads)
}
