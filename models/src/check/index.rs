//! Which rows are known: a hash index over packed rows, by exact comparison.
//!
//! The index is made of buckets as large as a cache line. A bucket holds the numbers of a few rows,
//! and of the hash of each one byte, so that a probe reads one line and looks at a row only when it
//! is almost certainly the right one. A full bucket overflows into the next. Rows are never deleted.
//! An index of five bytes a row is all but free next to the rows; the price is that it cannot grow
//! from itself: each row is hashed anew.
//!
//! The index is split into shards by the leading bits of the hash. Several threads can insert at the
//! same time, each into its own shards, and the index never has to be held twice to grow: only one
//! shard of it.

/// How many shards there are.
pub(super) const SHARDS: usize = 1 << SHARD_BITS;
const SHARD_BITS: u32 = u8::BITS;

/// The hash of a packed row.
#[inline]
pub(super) fn hash(row: &[u64]) -> u64 {
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
pub(super) fn shard_of(hash: u64) -> usize {
    (hash >> (64 - SHARD_BITS)) as usize
}

/// How many rows a bucket holds.
const BUCKET: usize = 12;

/// A few rows, in the order in which they came.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Bucket {
    /// One byte of the hash of each, never 0. Where there is no row yet, there is a 0.
    tags: [u8; BUCKET],
    /// How many they are.
    len: u32,
    /// Their numbers.
    numbers: [u32; BUCKET],
}

impl Bucket {
    const EMPTY: Bucket = Bucket { tags: [0; BUCKET], len: 0, numbers: [0; BUCKET] };

    /// The numbers of the rows that carry this tag, and perhaps, rarely, of others.
    ///
    /// All tags are compared at once, as bytes of words: a byte of `word ^ tags` is zero where they are
    /// equal, and subtracting one from it borrows from its highest bit.
    #[inline]
    fn tagged(&self, tag: u8) -> impl Iterator<Item = u32> + '_ {
        const LOWEST: u64 = u64::from_le_bytes([1; 8]);
        let [a, b, c, d, e, f, g, h, i, j, k, l] = self.tags;
        let tag = LOWEST * u64::from(tag);
        let zeros = |word: u64| word.wrapping_sub(LOWEST) & !word & LOWEST << 7;
        let front = zeros(u64::from_le_bytes([a, b, c, d, e, f, g, h]) ^ tag);
        let back = zeros(u64::from_le_bytes([i, j, k, l, 0, 0, 0, 0]) ^ tag);
        // The front tags take the lowest bit of each byte, the back tags the highest.
        let mut matches = front >> 7 | back & u64::from(u32::MAX);
        std::iter::from_fn(move || {
            if matches == 0 {
                return None;
            }
            let bit = matches.trailing_zeros() as usize;
            matches &= matches - 1;
            self.numbers.get(bit / 8 + (bit & 4) * 2).copied()
        })
    }

    fn is_full(&self) -> bool {
        self.len == BUCKET as u32
    }
}

/// One shard of the index.
#[derive(Clone, Debug, Default)]
pub(super) struct Shard {
    buckets: Vec<Bucket>,
    len: usize,
    /// By how much it grows, so that not all shards do so at the same time.
    phase: u8,
}

/// All shards of an index. Threads share them out in runs of neighbours. In whatever run they are,
/// those in the same place are close in phase, so that they can grow together.
pub(super) fn shards() -> Vec<Shard> {
    (0..=u8::MAX).map(|at| Shard { phase: at.reverse_bits(), ..Shard::default() }).collect()
}

/// Where a row is, or where it should be.
pub(super) enum Probe {
    /// The row is known under this number.
    Known(u32),
    /// The row is unknown, and its place is in this bucket.
    Free(usize),
}

impl Shard {
    /// The first row worth a look when looking for this hash; `u32::MAX` if there is none.
    #[inline]
    pub(super) fn first(&self, hash: u64) -> u32 {
        let bucket = self.buckets.get(home(hash, self.buckets.len()));
        bucket.and_then(|bucket| bucket.tagged(tag_of(hash)).next()).unwrap_or(u32::MAX)
    }

    /// The number of the row that hashes to `hash` and is accepted by `same`.
    #[inline]
    pub(super) fn find(&self, hash: u64, same: impl FnMut(u32) -> bool) -> Option<u32> {
        if self.buckets.is_empty() {
            return None;
        }
        match self.probe(hash, same) {
            Probe::Known(number) => Some(number),
            Probe::Free(_) => None,
        }
    }

    /// Looks for a row that hashes to `hash` and is accepted by `same`. The shard must have room.
    #[inline]
    pub(super) fn probe(&self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Probe {
        let mut at = home(hash, self.buckets.len());
        loop {
            let bucket = &self.buckets[at];
            if let Some(number) = bucket.tagged(tag_of(hash)).find(|&number| same(number)) {
                return Probe::Known(number);
            }
            if !bucket.is_full() {
                return Probe::Free(at);
            }
            at = if at + 1 == self.buckets.len() { 0 } else { at + 1 };
        }
    }

    /// Enters a row into the bucket in which a probe just found its place.
    #[inline]
    pub(super) fn enter(&mut self, at: usize, hash: u64, number: u32) {
        let bucket = &mut self.buckets[at];
        let place = bucket.len as usize;
        bucket.tags[place] = tag_of(hash);
        bucket.numbers[place] = number;
        bucket.len += 1;
        self.len += 1;
    }

    /// Enters a row that is certainly not known. The shard must have room.
    #[inline]
    pub(super) fn enter_new(&mut self, hash: u64, number: u32) {
        let mut at = home(hash, self.buckets.len());
        while self.buckets[at].is_full() {
            at = if at + 1 == self.buckets.len() { 0 } else { at + 1 };
        }
        self.enter(at, hash, number);
    }

    /// Forgets all rows, but keeps the room.
    pub(super) fn clear(&mut self) {
        self.buckets.fill(Bucket::EMPTY);
        self.len = 0;
    }

    /// Makes room for so many rows more. `hash_of` tells the hash of a row of this shard.
    #[inline]
    pub(super) fn make_room(&mut self, more: usize, hash_of: impl Fn(u32) -> u64) {
        if !self.has_room(more) {
            self.grow(more, hash_of);
        }
    }

    /// Whether there is room for so many rows more.
    #[inline]
    pub(super) fn has_room(&self, more: usize) -> bool {
        (self.len + more) * FULL.1 <= self.buckets.len() * BUCKET * FULL.0
    }

    /// Grows, to have room for so many rows more and for a while after.
    #[cold]
    pub(super) fn grow(&mut self, more: usize, hash_of: impl Fn(u32) -> u64) {
        let rows = self.len + more;
        let room = rows + rows / 2 + rows * usize::from(self.phase) / 512;
        let buckets = (room * FULL.1).div_ceil(BUCKET * FULL.0);
        let old = std::mem::replace(&mut self.buckets, vec![Bucket::EMPTY; buckets]);
        self.len = 0;
        for bucket in &old {
            let numbers = &bucket.numbers[..bucket.len as usize];
            // All rows are read before any of them is entered.
            let mut hashes = [0; BUCKET];
            hashes.iter_mut().zip(numbers).for_each(|(hash, &number)| *hash = hash_of(number));
            for (&hash, &number) in hashes.iter().zip(numbers) {
                self.enter_new(hash, number);
            }
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        (self.buckets.len() * size_of::<Bucket>()) as u64
    }
}

/// How full an index may be: six sevenths.
const FULL: (usize, usize) = (6, 7);

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
                    (Probe::Known(number), Some(&expected)) => prop_assert_eq!(number, expected),
                    (Probe::Free(at), None) => {
                        numbers.insert(row, known.len() as u32);
                        shard.enter(at, hash(row), known.len() as u32);
                        known.push(row);
                    }
                    _ => prop_assert!(false, "{row} is known to one and not to the other"),
                }
            }
        }
    }
}
