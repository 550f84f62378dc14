//! A set of small numbers that knows how many of its members are smaller than a given one.

/// See the [module documentation](self).
#[derive(Debug, Default)]
pub(super) struct Ranks {
    words: Vec<u64>,
    before: Vec<u32>,
}

impl Ranks {
    /// Becomes the empty set, with room for numbers below `size`.
    pub(super) fn clear(&mut self, size: usize) {
        self.words.clear();
        self.words.resize(size.div_ceil(64), 0);
        self.before.clear();
    }

    pub(super) fn set(&mut self, number: usize) {
        self.words[number / 64] |= 1 << (number % 64);
    }

    /// Whether a number is in the set. It may be beyond the size.
    pub(super) fn get(&self, number: usize) -> bool {
        self.words.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Counts, once all members are set.
    pub(super) fn rank(&mut self) {
        let mut before = 0;
        for word in &self.words {
            self.before.push(before);
            before += word.count_ones();
        }
    }

    /// How many members are smaller.
    pub(super) fn before(&self, number: usize) -> u32 {
        match self.words.get(number / 64) {
            Some(word) => {
                let smaller = word & ((1 << (number % 64)) - 1);
                self.before[number / 64] + smaller.count_ones()
            }
            None => 0,
        }
    }
}
