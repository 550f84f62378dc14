//! A bucket of the index: the numbers of a few rows, in one cache line, with a byte of each one's hash.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// How many rows a bucket holds.
pub(super) const BUCKET: usize = 12;

/// A few rows, in the order in which they came.
///
/// Any thread may look for a row at any time, and enter one while no other thread enters one here. A
/// row is there once it is counted.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(super) struct Bucket {
    /// One byte of the hash of each row, never 0: of the first eight of them.
    tags: AtomicU64,
    /// Those of the other four, how many rows there are, and whether one is being entered.
    rest: AtomicU64,
    /// Their numbers.
    numbers: [AtomicU32; BUCKET],
}

/// Where [`Bucket::rest`] has the number of rows.
const LEN: u32 = u32::BITS;
/// The bit of [`Bucket::rest`] that says that a row is being entered.
const ENTERING: u64 = 1 << 63;

impl Bucket {
    /// The numbers of the rows that carry this tag, and perhaps, rarely, of others.
    #[inline]
    pub(super) fn tagged(&self, tag: u8) -> impl Iterator<Item = u32> + '_ {
        // What is counted was written before.
        let rest = self.rest.load(Ordering::Acquire);
        let len = len_in(rest);
        let mut matches = matches(self.tags.load(Ordering::Relaxed), rest, tag);
        std::iter::from_fn(move || {
            while matches != 0 {
                let place = place_of(matches);
                matches &= matches - 1;
                if place < len {
                    return self.numbers.get(place).map(|number| number.load(Ordering::Relaxed));
                }
            }
            None
        })
    }

    /// The first number that is worth a look; `u32::MAX` if there is none.
    #[inline]
    pub(super) fn hint(&self, tag: u8) -> u32 {
        // Whose tag is there was written before, even if it is not counted yet.
        let (tags, rest) = (self.tags.load(Ordering::Acquire), self.rest.load(Ordering::Acquire));
        let matches = matches(tags, rest, tag);
        // Without a branch: which way it goes is hard to guess.
        let number = self.numbers[place_of(matches)].load(Ordering::Relaxed);
        number | u32::from(matches != 0).wrapping_sub(1)
    }

    pub(super) fn len(&self) -> usize {
        len_in(self.rest.load(Ordering::Acquire))
    }

    pub(super) fn is_full(&self) -> bool {
        self.len() == BUCKET
    }

    /// Enters a row into a bucket with room.
    #[inline]
    pub(super) fn enter(&mut self, tag: u8, number: u32) {
        let rest = *self.rest.get_mut();
        let place = len_in(rest);
        *self.numbers[place].get_mut() = number;
        let (tags, rest) = with_tag(*self.tags.get_mut(), rest, tag);
        (*self.tags.get_mut(), *self.rest.get_mut()) = (tags, rest);
    }

    /// Keeps other threads from entering anything here.
    pub(super) fn lock(&self) -> Locked<'_> {
        loop {
            let rest = self.rest.load(Ordering::Relaxed) & !ENTERING;
            let (taken, missed) = (Ordering::Acquire, Ordering::Relaxed);
            if self.rest.compare_exchange_weak(rest, rest | ENTERING, taken, missed).is_ok() {
                return Locked { bucket: self, rest };
            }
            std::hint::spin_loop();
        }
    }

    /// The numbers of all rows.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.numbers[..self.len()].iter().map(|number| number.load(Ordering::Relaxed))
    }

    /// Gives the row in a place another number, if it has the one given.
    #[inline]
    pub(super) fn renumber(&self, place: usize, from: u32, to: u32) -> bool {
        match self.numbers.get(place).filter(|number| number.load(Ordering::Relaxed) == from) {
            Some(number) => number.store(to, Ordering::Relaxed),
            None => return false,
        }
        true
    }
}

/// A bucket into which one thread alone may enter something. What it enters is there for others when
/// this is dropped.
pub(super) struct Locked<'a> {
    bucket: &'a Bucket,
    rest: u64,
}

impl Locked<'_> {
    /// The place of the next row, if there is room for one.
    pub(super) fn free(&self) -> Option<usize> {
        Some(len_in(self.rest)).filter(|&place| place < BUCKET)
    }

    /// Enters a row into a bucket with room.
    pub(super) fn enter(&mut self, tag: u8, number: u32) {
        let Bucket { tags, rest: _, numbers } = self.bucket;
        numbers[len_in(self.rest)].store(number, Ordering::Relaxed);
        let words = with_tag(tags.load(Ordering::Relaxed), self.rest, tag);
        tags.store(words.0, Ordering::Release);
        self.rest = words.1;
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.bucket.rest.store(self.rest, Ordering::Release);
    }
}

/// The places of a bucket that carry this tag, and perhaps, rarely, others: a bit for each.
///
/// All tags are compared at once, as bytes of words: a byte of `word ^ tags` is zero where they are
/// equal, and subtracting one from it borrows from its highest bit.
#[inline]
fn matches(tags: u64, rest: u64, tag: u8) -> u64 {
    const LOWEST: u64 = u64::from_le_bytes([1; 8]);
    let tag = LOWEST * u64::from(tag);
    let zeros = |word: u64| word.wrapping_sub(LOWEST) & !word & LOWEST << 7;
    // The front tags take the lowest bit of each byte, the back tags the highest.
    zeros(tags ^ tag) >> 7 | zeros(rest ^ tag) & u64::from(u32::MAX)
}

/// The place of the lowest bit.
#[inline]
fn place_of(matches: u64) -> usize {
    let bit = matches.trailing_zeros() as usize;
    bit / 8 + (bit & 4) * 2
}

fn len_in(rest: u64) -> usize {
    usize::from((rest >> LEN) as u8)
}

/// The words of a bucket with one row more.
#[inline]
fn with_tag(tags: u64, rest: u64, tag: u8) -> (u64, u64) {
    let (place, tag) = (len_in(rest), u64::from(tag));
    let rest = rest + (1 << LEN);
    match place.checked_sub(size_of::<u64>()) {
        None => (tags | tag << (8 * place), rest),
        Some(place) => (tags, rest | tag << (8 * place)),
    }
}
