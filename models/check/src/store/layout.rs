//! The layout of state vectors: states as a few machine words.
//!
//! A state of a product is a row of part numbers. Each slot gets as many bits as its parts need so
//! far, and a slot never straddles two words. When a slot runs out of bits, every row is packed anew
//! with wider slots. That happens a logarithmic number of times, mostly while there are few rows.
//! [`Rows`](crate::store::state_vectors::Rows) keeps the rows of all states.

/// Where one slot lies in a packed row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    word: u32,
    shift: u32,
    mask: u64,
}

impl Field {
    #[inline]
    pub(crate) fn read(self, row: &[u64]) -> u32 {
        (row[self.word as usize] >> self.shift & self.mask) as u32
    }

    #[inline]
    pub(crate) fn write(self, row: &mut [u64], part: u32) {
        let word = &mut row[self.word as usize];
        *word = *word & !(self.mask << self.shift) | u64::from(part) << self.shift;
    }

    fn holds(self, parts: usize) -> bool {
        parts as u64 <= self.mask + 1
    }
}

/// Where all slots lie.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    fields: Vec<Field>,
    /// How many bits of each word are in use.
    used: Vec<u32>,
}

impl Layout {
    /// A layout for slots that have so many parts each, with room for a quarter more. Each slot goes
    /// into the first word that has room for it.
    pub(crate) fn new(parts: impl Iterator<Item = usize>) -> Self {
        let mut fields: Vec<Field> = Vec::new();
        let mut used = vec![0];
        for parts in parts {
            let most = parts + parts / 4;
            let width = (usize::BITS - most.saturating_sub(1).leading_zeros()).clamp(1, 32);
            let word = used.iter().position(|used| used + width <= u64::BITS);
            let word = word.unwrap_or_else(|| {
                used.push(0);
                used.len() - 1
            });
            fields.push(Field { word: word as u32, shift: used[word], mask: (1 << width) - 1 });
            used[word] += width;
        }
        Layout { fields, used }
    }

    /// Words in a row.
    pub(crate) fn words(&self) -> usize {
        self.used.len()
    }

    /// How many bytes of the last word are in use: one at least.
    pub(crate) fn bytes_of_last_word(&self) -> usize {
        self.used.last().map_or(1, |used| used.div_ceil(8).max(1) as usize)
    }

    pub(crate) fn field(&self, slot: usize) -> Field {
        self.fields[slot]
    }

    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Whether every slot has bits enough for so many parts.
    pub(crate) fn fits(&self, parts: impl Iterator<Item = usize>) -> bool {
        self.fields.iter().zip(parts).all(|(field, parts)| field.holds(parts))
    }

    pub(crate) fn pack(&self, ids: &[u32], row: &mut [u64]) {
        row.fill(0);
        for (field, &id) in self.fields.iter().zip(ids) {
            field.write(row, id);
        }
    }

    pub(crate) fn unpack(&self, row: impl AsRef<[u64]>, ids: &mut Vec<u32>) {
        let row = row.as_ref();
        ids.clear();
        ids.extend(self.fields.iter().map(|field| field.read(row)));
    }
}
