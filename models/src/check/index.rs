//! Which rows are known: a hash index over packed rows, by exact comparison.
//!
//! Open addressing with linear probing. An entry is half row number, half hash, so that a probe
//! looks at a row only when it is almost certainly the right one. Rows are never deleted.
//!
//! The index is split into shards by the leading bits of the hash. Several threads can insert at the
//! same time, each into its own shards, and the index never has to be held twice to grow: only one
//! shard of it.

/// How many shards there are.
pub(super) const SHARDS: usize = 1 << SHARD_BITS;
const SHARD_BITS: u32 = 8;

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

/// One shard of the index.
///
/// The entries are ordered by the half of the hash that they hold, so that a shard grows from its own
/// entries, without a look at the rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Shard {
    entries: Vec<u64>,
    len: usize,
}

/// Where a row is, or where it should be.
pub(super) enum Probe {
    /// The row is known under this number.
    Known(u32),
    /// The row is unknown, and its place is this entry.
    Free(usize),
}

impl Shard {
    /// The first row worth a look when looking for this hash; `u32::MAX` if there is none.
    #[inline]
    pub(super) fn first(&self, hash: u64) -> u32 {
        let tag = hash as u32;
        let entry = self.entries.get(home(tag, self.entries.len())).copied().unwrap_or(0);
        if (entry >> 32) as u32 == tag { (entry as u32).wrapping_sub(1) } else { u32::MAX }
    }

    /// The number of the row that hashes to `hash` and is accepted by `same`.
    #[inline]
    pub(super) fn find(&self, hash: u64, same: impl FnMut(u32) -> bool) -> Option<u32> {
        if self.entries.is_empty() {
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
        let tag = hash as u32;
        let mut at = home(tag, self.entries.len());
        loop {
            let entry = self.entries[at];
            if entry == 0 {
                return Probe::Free(at);
            }
            if (entry >> 32) as u32 == tag {
                let number = entry as u32 - 1;
                if same(number) {
                    return Probe::Known(number);
                }
            }
            at += 1;
            if at == self.entries.len() {
                at = 0;
            }
        }
    }

    /// Enters a row at the place that a probe just found free.
    #[inline]
    pub(super) fn enter(&mut self, at: usize, hash: u64, number: u32) {
        self.entries[at] = hash << 32 | u64::from(number + 1);
        self.len += 1;
    }

    /// Enters a row that is certainly not known.
    #[inline]
    pub(super) fn enter_new(&mut self, hash: u64, number: u32) {
        self.make_room(1);
        let mut at = home(hash as u32, self.entries.len());
        while self.entries[at] != 0 {
            at = if at + 1 == self.entries.len() { 0 } else { at + 1 };
        }
        self.enter(at, hash, number);
    }

    /// Forgets all rows, but keeps the room.
    pub(super) fn clear(&mut self) {
        self.entries.fill(0);
        self.len = 0;
    }

    /// Makes room for so many rows more.
    #[inline]
    pub(super) fn make_room(&mut self, more: usize) {
        if (self.len + more) * 4 >= self.entries.len() * 3 {
            self.grow(more);
        }
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        let wanted = (self.len + more + 8) * 9 / 4;
        let old = std::mem::replace(&mut self.entries, vec![0; wanted]);
        for entry in old.into_iter().filter(|entry| *entry != 0) {
            let mut at = home((entry >> 32) as u32, wanted);
            while self.entries[at] != 0 {
                at = if at + 1 == wanted { 0 } else { at + 1 };
            }
            self.entries[at] = entry;
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        (self.entries.len() * 8) as u64
    }
}

#[inline]
fn home(tag: u32, len: usize) -> usize {
    ((u64::from(tag) * len as u64) >> 32) as usize
}
