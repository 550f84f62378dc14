//! The index of the visited set: a hash index over packed state vectors, by exact comparison.
//!
//! The index is made of buckets as large as a cache line. A bucket holds the numbers of a few rows,
//! and of the hash of each one byte, so that a probe reads one line and looks at a row only when it
//! is almost certainly the right one. A full bucket overflows into the next. Rows are never deleted.
//! An index of five bytes a row is all but free next to the rows; the price is that it cannot grow
//! from itself: each row is hashed anew.
//!
//! The index is split into shards by the leading bits of the hash, so that it never has to be held
//! twice to grow: only one shard of it, and several threads can let several grow.

mod bucket;

use bucket::{BUCKET, Bucket};

/// How many shards there are.
pub(crate) const SHARDS: usize = 1 << SHARD_BITS;
const SHARD_BITS: u32 = u8::BITS;

/// The hash of a packed row.
#[inline]
pub(crate) fn hash(row: &[u64]) -> u64 {
    let mut hash = 0u64;
    for &word in row {
        hash = (hash ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        hash ^= hash >> 32;
    }
    hash = hash.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    hash ^ hash >> 32
}

/// The shard that knows rows of this hash.
#[inline]
pub(crate) fn shard_of(hash: u64) -> usize {
    (hash >> (64 - SHARD_BITS)) as usize
}

/// One shard of the index.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    buckets: Vec<Bucket>,
    len: usize,
    /// By how much it grows, so that not all shards do so at the same time.
    phase: u8,
}

/// All shards of an index. Threads share them out in runs of neighbours. In whatever run they are,
/// those in the same place are close in phase, so that they can grow together.
pub(crate) fn shards() -> Vec<Shard> {
    (0..=u8::MAX).map(|at| Shard { phase: at.reverse_bits(), ..Shard::default() }).collect()
}

/// Where a row is, or where it should be.
pub(crate) enum Probe {
    /// The row is known under this number.
    Known(u32),
    /// The row is unknown, and its place is in this bucket.
    Free(usize),
}

/// Where a row was entered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position {
    /// The hash of the row.
    pub(crate) hash: u64,
    bucket: u32,
    place: u8,
}

/// There is no room left.
#[derive(Debug)]
pub(crate) struct Full;

impl Shard {
    /// The first row worth a look when looking for this hash; `u32::MAX` if there is none.
    #[inline]
    pub(crate) fn first(&self, hash: u64) -> u32 {
        let bucket = self.buckets.get(home(hash, self.buckets.len()));
        bucket.map_or(u32::MAX, |bucket| bucket.hint(tag_of(hash)))
    }

    /// The number of the row that hashes to `hash` and is accepted by `same`.
    #[inline]
    pub(crate) fn find(&self, hash: u64, same: impl FnMut(u32) -> bool) -> Option<u32> {
        match self.probe(hash, same) {
            Ok(Probe::Known(number)) => Some(number),
            Ok(Probe::Free(_)) | Err(Full) => None,
        }
    }

    /// Looks for a row that hashes to `hash` and is accepted by `same`.
    ///
    /// # Errors
    /// When it is not known, and there is no room for it.
    #[inline]
    pub(crate) fn probe(
        &self,
        hash: u64,
        mut same: impl FnMut(u32) -> bool,
    ) -> Result<Probe, Full> {
        let home = home(hash, self.buckets.len());
        let mut at = home;
        while let Some(bucket) = self.buckets.get(at) {
            if let Some(number) = bucket.tagged(tag_of(hash)).find(|&number| same(number)) {
                return Ok(Probe::Known(number));
            }
            if !bucket.is_full() {
                return Ok(Probe::Free(at));
            }
            at = self.after(at);
            if at == home {
                break;
            }
        }
        Err(Full)
    }

    /// Enters a row into the bucket in which a probe just found its place.
    #[inline]
    pub(crate) fn enter(&mut self, at: usize, hash: u64, number: u32) {
        self.buckets[at].enter(tag_of(hash), number);
        self.len += 1;
    }

    /// Enters a row that is certainly not known. The shard must have room.
    #[inline]
    pub(crate) fn enter_new(&mut self, hash: u64, number: u32) {
        let mut at = home(hash, self.buckets.len());
        while self.buckets[at].is_full() {
            at = self.after(at);
        }
        self.enter(at, hash, number);
    }

    /// Enters a row that no `same` row is known for, under a `number` made for its position, while other
    /// threads do the same. Returns the number of the row, whoever entered it. It is
    /// not [counted](Self::count) yet.
    ///
    /// # Errors
    /// When it is not known, and there is no room for it.
    pub(crate) fn enter_shared(
        &self,
        hash: u64,
        mut same: impl FnMut(u32) -> bool,
        number: impl FnOnce(Position) -> u32,
    ) -> Result<u32, Full> {
        let tag = tag_of(hash);
        let home = home(hash, self.buckets.len());
        let mut at = home;
        while let Some(bucket) = self.buckets.get(at) {
            let mut locked = bucket.lock();
            if let Some(number) = bucket.tagged(tag).find(|&number| same(number)) {
                return Ok(number);
            }
            if let Some(place) = locked.free() {
                let number = number(Position { hash, bucket: at as u32, place: place as u8 });
                locked.enter(tag, number);
                return Ok(number);
            }
            drop(locked);
            at = self.after(at);
            if at == home {
                break;
            }
        }
        Err(Full)
    }

    /// Gives a row that was entered under a number another one.
    #[inline]
    pub(crate) fn renumber(&self, Position { hash, bucket, place }: Position, from: u32, to: u32) {
        let bucket = self.buckets.get(bucket as usize);
        if bucket.is_some_and(|bucket| bucket.renumber(place.into(), from, to)) {
            return;
        }
        // It is elsewhere, because the shard has grown.
        let mut at = home(hash, self.buckets.len());
        while !(0..BUCKET).any(|place| self.buckets[at].renumber(place, from, to)) {
            at = self.after(at);
        }
    }

    /// Counts rows that were [entered](Self::enter_shared) by several threads.
    pub(crate) fn count(&mut self, more: u32) {
        self.len += more as usize;
    }

    /// How many rows are not counted yet.
    pub(crate) fn uncounted(&self) -> usize {
        self.buckets.iter().map(Bucket::len).sum::<usize>() - self.len
    }

    /// Makes room for so many rows more. `hash_of` tells the hash of a row of this shard.
    #[inline]
    pub(crate) fn make_room(&mut self, more: usize, hash_of: impl Fn(u32) -> u64) {
        if !self.has_room(more) {
            self.grow(more, hash_of);
        }
    }

    /// Whether there is room for so many rows more.
    #[inline]
    pub(crate) fn has_room(&self, more: usize) -> bool {
        (self.len + more) * FULL.1 <= self.buckets.len() * BUCKET * FULL.0
    }

    /// The bucket that a full one overflows into.
    #[inline]
    fn after(&self, at: usize) -> usize {
        if at + 1 == self.buckets.len() { 0 } else { at + 1 }
    }

    /// Grows, to have room for so many rows more and for a while after.
    #[cold]
    pub(crate) fn grow(&mut self, more: usize, hash_of: impl Fn(u32) -> u64) {
        let rows = self.len + self.uncounted() + more;
        let room = rows + rows / 2 + rows * usize::from(self.phase) / 512;
        let buckets = (room * FULL.1).div_ceil(BUCKET * FULL.0);
        let empty = std::iter::repeat_with(Bucket::default).take(buckets).collect();
        let old = std::mem::replace(&mut self.buckets, empty);
        let counted = self.len;
        // All rows are read before any of them is entered, so that nothing waits for a single one.
        let numbers = || old.iter().flat_map(Bucket::numbers);
        let mut hashes = Vec::with_capacity(rows);
        numbers().for_each(|number| hashes.push(hash_of(number)));
        numbers().zip(hashes).for_each(|(number, hash)| self.enter_new(hash, number));
        self.len = counted;
    }

    pub(crate) fn bytes(&self) -> u64 {
        (self.buckets.len() * size_of::<Bucket>()) as u64
    }
}

/// How full an index may be: six sevenths.
const FULL: (usize, usize) = (6, 7);

/// Room that every shard has to spare for rows that nobody expects.
pub(crate) const SPARE: usize = 16;

/// The bucket where the search for a row begins.
#[inline]
fn home(hash: u64, buckets: usize) -> usize {
    ((u64::from(hash as u32) * buckets as u64) >> 32) as usize
}

/// The byte of the hash that a bucket keeps. It is not among the bits that choose shard and bucket.
#[inline]
fn tag_of(hash: u64) -> u8 {
    ((hash >> 40) as u8).max(1)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

    use proptest::prelude::*;

    use super::{Probe, Shard, hash};

    proptest! {
        /// A shard knows exactly what it was given, also where hashes or their parts are equal.
        #[test]
        fn a_shard_is_a_map(
            rows in prop::collection::vec(0u64..500, 0..1_000),
            weak in prop::sample::select(vec![u64::MAX, 0xFF << 40, 0xFFFF_FFFF, 0]),
        ) {
            let hash = |row: u64| hash(&[row]) & weak;
            let mut shard = Shard::default();
            let mut numbers: HashMap<u64, u32> = HashMap::new();
            let mut known: Vec<u64> = Vec::new();
            for row in rows {
                shard.make_room(1, |number| hash(known[number as usize]));
                let found = shard.probe(hash(row), |number| known[number as usize] == row);
                match (found, numbers.get(&row)) {
                    (Ok(Probe::Known(number)), Some(&expected)) => {
                        prop_assert_eq!(number, expected);
                    }
                    (Ok(Probe::Free(at)), None) => {
                        numbers.insert(row, known.len() as u32);
                        shard.enter(at, hash(row), known.len() as u32);
                        known.push(row);
                    }
                    _ => prop_assert!(false, "{row} is known to one and not to the other"),
                }
            }
        }
    }

    /// Rows of several threads, many of which enter the same ones, in a shard that has room for some.
    #[test]
    fn threads_that_enter_the_same_row_get_the_same_number() {
        const ROWS: u64 = 2_000;
        let mut shard = Shard::default();
        let mut room = 1;
        let next = AtomicU32::new(0);
        let known: Vec<AtomicU64> = (0..4 * ROWS).map(|_| AtomicU64::default()).collect();
        let same = |number: u32, row| known[number as usize].load(Ordering::Relaxed) == row;
        let row_of = |number: u32| hash(&[known[number as usize].load(Ordering::Relaxed)]);
        let mut retries = 0;
        loop {
            shard.grow(room, row_of);
            let numbers: Vec<Vec<Option<u32>>> = std::thread::scope(|scope| {
                let enter = |first: u64| {
                    let (shard, next, known) = (&shard, &next, &known);
                    let rows = (first..ROWS).chain(0..first);
                    rows.map(|row| {
                        let is_known = |number| same(number, row);
                        let number = |_| {
                            let number = next.fetch_add(1, Ordering::Relaxed);
                            known[number as usize].store(row, Ordering::Relaxed);
                            number
                        };
                        shard.enter_shared(hash(&[row]), is_known, number).ok()
                    })
                    .collect()
                };
                let threads = [0, 1, ROWS / 2].map(|first| scope.spawn(move || enter(first)));
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            let entered = next.load(Ordering::Relaxed);
            assert_eq!(shard.uncounted(), entered as usize);
            let in_order = |numbers: &Vec<Option<u32>>, first: u64| -> Vec<Option<u32>> {
                let at = |row: u64| ((row + ROWS - first) % ROWS) as usize;
                (0..ROWS).map(|row| numbers[at(row)]).collect()
            };
            let [one, other, last] = [(0, 0), (1, 1), (2, ROWS / 2)]
                .map(|(thread, first)| in_order(&numbers[thread], first));
            for (row, (one, (other, last))) in (0..).zip(one.iter().zip(other.iter().zip(&last))) {
                let all: Vec<u32> = [one, other, last].into_iter().flatten().copied().collect();
                assert!(all.iter().all(|&number| number == all[0] && same(number, row)));
            }
            if one.iter().chain(&other).chain(&last).all(Option::is_some) {
                assert_eq!(u64::from(entered), ROWS);
                break;
            }
            (room, retries) = (room * 4, retries + 1);
        }
        assert!(retries > 0, "the shard was never full");
    }
}
