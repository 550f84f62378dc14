//! A set of small numbers that knows how many of its members are smaller than a given one.

use crate::store::chunked::ones;

/// See the [module documentation](self).
#[derive(Debug, Default)]
pub(crate) struct Ranks {
    words: Vec<u64>,
    before: Vec<u32>,
}

impl Ranks {
    /// How many numbers are kept together.
    pub(crate) const WORD: usize = u64::BITS as usize;

    /// Becomes the empty set, with room for numbers below `size`.
    pub(crate) fn clear(&mut self, size: usize) {
        self.words.clear();
        self.words.resize(size.div_ceil(Self::WORD), 0);
        self.before.clear();
    }

    pub(crate) fn set(&mut self, number: usize) {
        self.words[number / Self::WORD] |= 1 << (number % Self::WORD);
    }

    /// Counts, once all members are set. Returns how many there are.
    pub(crate) fn rank(&mut self) -> u32 {
        let mut before = 0;
        for word in &self.words {
            self.before.push(before);
            before += word.count_ones();
        }
        before
    }

    /// The members from one number to before another, the smallest first. Where it begins, a word
    /// does.
    pub(crate) fn between(&self, from: usize, to: usize) -> impl Iterator<Item = usize> + '_ {
        let words = &self.words[from / Self::WORD..to.div_ceil(Self::WORD)];
        ones(words).map(move |at| from + at)
    }

    /// How many members are smaller.
    pub(crate) fn before(&self, number: usize) -> u32 {
        match self.words.get(number / Self::WORD) {
            Some(word) => {
                let smaller = word & ((1 << (number % Self::WORD)) - 1);
                self.before[number / Self::WORD] + smaller.count_ones()
            }
            None => 0,
        }
    }
}
