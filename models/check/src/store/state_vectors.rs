//! State vectors: packed rows, one after the other, without a gap.
//!
//! While it is worked on, a row is a few whole words. Here it takes whole words but for the last, of
//! which only the bytes in use are kept: millions of states of 66 bits are nine bytes each, not
//! sixteen.

use smallvec::SmallVec;

use crate::store::index;
use crate::store::layout::Layout;

/// A state by the numbers of its parts.
pub(crate) type Ids = SmallVec<[u32; 24]>;

/// A packed row by value: an array where the length is known when compiling.
pub(crate) trait Row: Clone + AsRef<[u64]> + AsMut<[u64]> {
    /// A row of so many words, all zero.
    fn zeros(words: usize) -> Self;
}

impl<const WORDS: usize> Row for [u64; WORDS] {
    fn zeros(_words: usize) -> Self {
        [0; WORDS]
    }
}

impl Row for SmallVec<[u64; 16]> {
    fn zeros(words: usize) -> Self {
        SmallVec::from_elem(0, words)
    }
}

const ROWS_BITS: u32 = 14;
const ROWS: usize = 1 << ROWS_BITS;
const WORD: usize = size_of::<u64>();

/// The packed rows of all states, by number.
#[derive(Debug)]
pub(crate) struct Rows {
    words: usize,
    /// Bytes from one row to the next.
    stride: usize,
    /// The bits of the last word that belong to the row, and not to the next one.
    mask: u64,
    /// Each with a word to spare, so that every word of a row can be read whole.
    pieces: Vec<Vec<u8>>,
    len: usize,
}

impl Rows {
    pub(crate) fn new(layout: &Layout) -> Self {
        let (words, tail) = (layout.words(), layout.bytes_of_last_word());
        let mask = u64::MAX >> (u64::BITS - 8 * tail as u32);
        Rows { words, stride: (words - 1) * WORD + tail, mask, pieces: Vec::new(), len: 0 }
    }

    pub(crate) fn push(&mut self, row: &[u64]) {
        if self.len & (ROWS - 1) == 0 {
            self.pieces.push(self.empty_piece());
        }
        let start = (self.len & (ROWS - 1)) * self.stride;
        // Words are written whole. The next row overwrites what the last one has beyond the bytes in
        // use.
        let space = &mut self.pieces[self.len >> ROWS_BITS][start..start + self.words * WORD];
        for (space, word) in space.chunks_exact_mut(WORD).zip(row) {
            space.copy_from_slice(&word.to_le_bytes());
        }
        self.len += 1;
    }

    fn empty_piece(&self) -> Vec<u8> {
        vec![0; ROWS * self.stride + WORD]
    }

    /// The row of a number.
    #[inline]
    pub(crate) fn get<R: Row>(&self, at: usize) -> R {
        let mut row = R::zeros(self.words);
        self.read(at, row.as_mut());
        row
    }

    /// Copies the row of a number to a place of the right length.
    #[inline]
    pub(crate) fn read(&self, at: usize, words: &mut [u64]) {
        let start = (at & (ROWS - 1)) * self.stride;
        let bytes = &self.pieces[at >> ROWS_BITS][start..start + words.len() * WORD];
        for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(WORD)) {
            *word = word_of(bytes);
        }
        if let Some(last) = words.last_mut() {
            *last &= self.mask;
        }
    }

    /// The same for rows of any length, where time is no matter.
    pub(crate) fn get_any(&self, at: usize) -> SmallVec<[u64; 16]> {
        self.get(at)
    }

    /// Whether this is the row of a number. The length of a row may be known when compiling; 0 says
    /// that it is not.
    #[inline]
    pub(crate) fn is<const WORDS: usize>(&self, at: usize, row: &[u64]) -> bool {
        let words = if WORDS == 0 { self.words } else { WORDS };
        let start = (at & (ROWS - 1)) * self.stride;
        let bytes = &self.pieces[at >> ROWS_BITS][start..start + words * WORD];
        let (last, front) = (words - 1, &row[..words]);
        let differs = |at: usize| word_of(&bytes[at * WORD..][..WORD]) ^ front[at];
        (0..last).all(|at| differs(at) == 0) && differs(last) & self.mask == 0
    }

    /// The hash of the row of a number.
    #[inline]
    pub(crate) fn hash(&self, number: u32) -> u64 {
        let at = number as usize;
        match self.words {
            1 => index::hash(&self.get::<[u64; 1]>(at)),
            2 => index::hash(&self.get::<[u64; 2]>(at)),
            _ => index::hash(&self.get_any(at)),
        }
    }

    /// Words in a row.
    pub(crate) fn words(&self) -> usize {
        self.words
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn bytes(&self) -> u64 {
        (self.pieces.len() * (ROWS * self.stride + WORD)) as u64
    }

    /// Packs every row anew, a piece at a time.
    pub(crate) fn repack(&mut self, from: &Layout, to: &Layout) {
        let mut wider = Rows::new(to);
        let mut ids = Vec::new();
        let mut row = vec![0; to.words()];
        for at in 0..self.len {
            from.unpack(self.get_any(at), &mut ids);
            to.pack(&ids, &mut row);
            wider.push(&row);
            if (at + 1) & (ROWS - 1) == 0 {
                self.pieces[at >> ROWS_BITS] = Vec::new();
            }
        }
        *self = wider;
    }
}

#[inline]
fn word_of(bytes: &[u8]) -> u64 {
    let mut word = [0; WORD];
    word.copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use smallvec::SmallVec;

    use super::Rows;
    use crate::store::layout::Layout;

    proptest! {
        /// Rows come back as they went in, from any layout and after any change of layout.
        #[test]
        fn rows_keep_what_they_are_given(
            sizes in prop::collection::vec(1usize..100_000, 0..20),
            wider in 1usize..100_000,
            seed: u32,
            count in 1u32..70,
        ) {
            let layout = Layout::new(sizes.iter().copied());
            let ids = |number: u32| -> Vec<u32> {
                let id = |(at, &size): (usize, &usize)| {
                    (seed ^ (number + 1).wrapping_mul(at as u32 + 7)) % size as u32
                };
                sizes.iter().enumerate().map(id).collect()
            };
            let mut rows = Rows::new(&layout);
            let mut row = vec![0; layout.words()];
            for number in 0..count {
                layout.pack(&ids(number), &mut row);
                rows.push(&row);
            }
            let other = Layout::new(sizes.iter().map(|size| size + wider));
            for layout in [&layout, &other] {
                if std::ptr::eq(layout, &other) {
                    rows.repack(&Layout::new(sizes.iter().copied()), layout);
                }
                let mut found = Vec::new();
                for number in 0..count {
                    let row: SmallVec<[u64; 16]> = rows.get(number as usize);
                    layout.unpack(&row, &mut found);
                    prop_assert_eq!(&found, &ids(number));
                    prop_assert!(rows.is::<0>(number as usize, &row));
                    let same = ids(number) == ids(0);
                    prop_assert_eq!(rows.is::<0>(0, &row), same);
                }
            }
        }
    }
}
