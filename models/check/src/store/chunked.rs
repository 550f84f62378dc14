//! Growth without copying: vectors in pieces, and rows of bits.
//!
//! A search holds its largest tables until it ends, and they only grow. A plain vector copies itself
//! each time it doubles, and for that moment needs three times the memory of its old self. These
//! grow piece by piece instead.

use std::ops::Range;

const PIECE_BITS: u32 = 15;
const PIECE: usize = 1 << PIECE_BITS;

/// A growing vector in pieces of equal length.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chunked<T> {
    pieces: Vec<Vec<T>>,
    len: usize,
}

impl<T> Chunked<T> {
    pub(crate) fn new() -> Self {
        Chunked { pieces: Vec::new(), len: 0 }
    }

    pub(crate) fn push(&mut self, item: T) {
        if self.len & (PIECE - 1) == 0 {
            self.pieces.push(Vec::with_capacity(PIECE));
        }
        self.pieces[self.len >> PIECE_BITS].push(item);
        self.len += 1;
    }

    pub(crate) fn at(&self, at: usize) -> &T {
        &self.pieces[at >> PIECE_BITS][at & (PIECE - 1)]
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Memory held, without what was never written to: it is not resident.
    pub(crate) fn bytes(&self) -> u64 {
        (self.len * size_of::<T>()) as u64
    }
}

impl<T: Copy> Chunked<T> {
    pub(crate) fn get(&self, at: usize) -> T {
        *self.at(at)
    }

    pub(crate) fn range(&self, range: Range<usize>) -> impl Iterator<Item = T> + '_ {
        range.map(|at| self.get(at))
    }
}

/// A row of bits: one per state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    pub(crate) fn zeros(len: usize) -> Self {
        Bits { words: vec![0; len.div_ceil(64)], len }
    }

    pub(crate) fn push(&mut self, bit: bool) {
        if self.len.is_multiple_of(64) {
            self.words.push(0);
        }
        self.len += 1;
        if bit {
            self.set(self.len - 1);
        }
    }

    pub(crate) fn set(&mut self, at: usize) {
        self.words[at / 64] |= 1 << (at % 64);
    }

    pub(crate) fn get(&self, at: usize) -> bool {
        self.words[at / 64] >> (at % 64) & 1 == 1
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Appends all bits of another row.
    pub(crate) fn append(&mut self, other: &Bits) {
        let shift = self.len % 64;
        for &word in &other.words {
            match self.words.last_mut() {
                Some(last) if shift > 0 => {
                    *last |= word << shift;
                    self.words.push(word >> (64 - shift));
                }
                _ => self.words.push(word),
            }
        }
        self.len += other.len;
        self.words.truncate(self.len.div_ceil(64));
    }

    pub(crate) fn ones(&self) -> impl Iterator<Item = usize> + '_ {
        ones(&self.words)
    }

    pub(crate) fn bytes(&self) -> u64 {
        (self.words.capacity() * 8) as u64
    }
}

/// Where the ones are in a row of bits.
pub(crate) fn ones(words: &[u64]) -> impl Iterator<Item = usize> + '_ {
    words.iter().enumerate().flat_map(|(at, &word)| {
        std::iter::successors(Some(word), |rest| Some(rest & rest.wrapping_sub(1)))
            .take_while(|rest| *rest != 0)
            .map(move |rest| at * 64 + rest.trailing_zeros() as usize)
    })
}

/// Every so manieth bit of a row: what one test said of each state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column<'a> {
    bits: &'a Bits,
    first: usize,
    step: usize,
}

impl<'a> Column<'a> {
    pub(crate) fn new(bits: &'a Bits, first: usize, step: usize) -> Self {
        Column { bits, first, step }
    }

    pub(crate) fn get(self, state: u32) -> bool {
        self.bits.get(self.first + state as usize * self.step)
    }

    /// How many states there are.
    pub(crate) fn states(self) -> u32 {
        (self.bits.len() / self.step) as u32
    }

    /// Whether all bits are zero.
    pub(crate) fn is_empty(self) -> bool {
        (self.first..self.bits.len()).step_by(self.step).all(|at| !self.bits.get(at))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Bits, Column};

    fn row(bits: &[bool]) -> Bits {
        let mut row = Bits::default();
        bits.iter().for_each(|&bit| row.push(bit));
        row
    }

    proptest! {
        #[test]
        fn rows_of_bits_append_like_vectors(one: Vec<bool>, other: Vec<bool>, last: Vec<bool>) {
            let mut all = row(&one);
            all.append(&row(&other));
            all.append(&row(&last));
            let expected = [one, other, last].concat();
            prop_assert_eq!(all.len(), expected.len());
            prop_assert!(expected.iter().enumerate().all(|(at, &bit)| all.get(at) == bit));
            let ones = expected.iter().enumerate().filter(|(_, bit)| **bit).map(|(at, _)| at);
            prop_assert!(all.ones().eq(ones));
        }
    }

    #[test]
    fn a_column_is_every_so_manieth_bit() {
        let bits = row(&[true, false, false, false, true, false]);
        let columns = [0, 1].map(|first| Column::new(&bits, first, 2));
        assert_eq!((0..3).map(|at| columns[0].get(at)).collect::<Vec<_>>(), [true, false, true]);
        assert!(!columns[0].is_empty() && columns[1].is_empty());
    }
}
