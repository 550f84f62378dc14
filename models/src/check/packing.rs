//! States as a few machine words.
//!
//! A state of a product is a row of part numbers. Each slot gets as many bits as its parts need so
//! far, and a slot never straddles two words. When a slot runs out of bits, every row is packed anew
//! with wider slots. That happens a logarithmic number of times, mostly while there are few rows.

/// Where one slot lies in a packed row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    word: u32,
    shift: u32,
    mask: u64,
}

impl Field {
    #[inline]
    pub(super) fn read(self, row: &[u64]) -> u32 {
        (row[self.word as usize] >> self.shift & self.mask) as u32
    }

    #[inline]
    pub(super) fn write(self, row: &mut [u64], part: u32) {
        let word = &mut row[self.word as usize];
        *word = *word & !(self.mask << self.shift) | u64::from(part) << self.shift;
    }

    fn holds(self, parts: usize) -> bool {
        parts as u64 <= self.mask + 1
    }
}

/// Where all slots lie.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    fields: Vec<Field>,
    words: usize,
}

impl Layout {
    /// A layout for slots that have so many parts each, with room to grow in slots that have grown.
    pub(super) fn new(parts: impl Iterator<Item = usize>) -> Self {
        let mut fields: Vec<Field> = Vec::new();
        let (mut word, mut used) = (0, 0);
        for parts in parts {
            let needed = usize::BITS - parts.saturating_sub(1).leading_zeros();
            let width = (needed + u32::from(parts > 4)).clamp(1, 32);
            if used + width > 64 {
                (word, used) = (word + 1, 0);
            }
            fields.push(Field { word, shift: used, mask: (1 << width) - 1 });
            used += width;
        }
        Layout { fields, words: word as usize + 1 }
    }

    /// Words in a row.
    pub(super) fn words(&self) -> usize {
        self.words
    }

    pub(super) fn field(&self, slot: usize) -> Field {
        self.fields[slot]
    }

    pub(super) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Whether every slot has bits enough for so many parts.
    pub(super) fn fits(&self, parts: impl Iterator<Item = usize>) -> bool {
        self.fields.iter().zip(parts).all(|(field, parts)| field.holds(parts))
    }

    pub(super) fn pack(&self, ids: &[u32], row: &mut [u64]) {
        row.fill(0);
        for (field, &id) in self.fields.iter().zip(ids) {
            field.write(row, id);
        }
    }

    pub(super) fn unpack(&self, row: &[u64], ids: &mut Vec<u32>) {
        ids.clear();
        ids.extend(self.fields.iter().map(|field| field.read(row)));
    }
}

const ROWS_BITS: u32 = 14;
const ROWS: usize = 1 << ROWS_BITS;

/// Packed rows, one after the other, in pieces.
#[derive(Debug)]
pub(super) struct Rows {
    words: usize,
    pieces: Vec<Vec<u64>>,
    len: usize,
}

impl Rows {
    pub(super) fn new(words: usize) -> Self {
        Rows { words, pieces: Vec::new(), len: 0 }
    }

    pub(super) fn push(&mut self, row: &[u64]) {
        if self.len & (ROWS - 1) == 0 {
            self.pieces.push(Vec::with_capacity(ROWS * self.words));
        }
        self.pieces[self.len >> ROWS_BITS].extend_from_slice(row);
        self.len += 1;
    }

    pub(super) fn get(&self, at: usize) -> &[u64] {
        self.get_words::<0>(at)
    }

    /// The same, when the length of a row is known when compiling; 0 says that it is not.
    #[inline]
    pub(super) fn get_words<const WORDS: usize>(&self, at: usize) -> &[u64] {
        let words = if WORDS == 0 { self.words } else { WORDS };
        let start = (at & (ROWS - 1)) * words;
        &self.pieces[at >> ROWS_BITS][start..start + words]
    }

    /// Words in a row.
    pub(super) fn words(&self) -> usize {
        self.words
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn bytes(&self) -> u64 {
        (self.pieces.len() * ROWS * self.words * 8) as u64
    }

    /// Packs every row anew, a piece at a time.
    pub(super) fn repack(&mut self, from: &Layout, to: &Layout) {
        let mut ids = Vec::with_capacity(from.fields.len());
        let mut row = vec![0; to.words];
        for piece in &mut self.pieces {
            let mut wider = Vec::with_capacity(ROWS * to.words);
            for old in piece.chunks_exact(from.words) {
                from.unpack(old, &mut ids);
                to.pack(&ids, &mut row);
                wider.extend_from_slice(&row);
            }
            *piece = wider;
        }
        self.words = to.words;
    }
}
