//! The visited set: what a search knows, and how it gets to know more.
//!
//! A single thread writes a state down as soon as it finds it. [`Several`](Together) only enter it into
//! the index, under a provisional number, and write it down when the round is over.

use crate::explore::product::provisional::{ProvisionalStates, Transition};
use crate::graph::path::NO_PARENT;
use crate::store::chunked::Chunked;
use crate::store::index::{self, Full, Position, Probe, Shard};
use crate::store::state_vectors::Rows;

/// A number that no state has.
pub(crate) const NO_STATE: u32 = u32::MAX;

/// States that are known by their numbers.
pub(crate) trait VisitedSet {
    fn rows(&self) -> &Rows;

    fn shards(&self) -> &[Shard];

    /// The number of the state that a transition leads to, by its row and the hash of that. If it was
    /// not known, it is now. The number given is the first that is worth a look. `WORDS` is the length
    /// of a row, or 0 if that is not known when compiling.
    ///
    /// # Errors
    /// When there is no room for it.
    fn number<const WORDS: usize>(
        &mut self,
        first: u32,
        hash: u64,
        row: &[u64],
        transition: Transition,
    ) -> Result<u32, Full>;
}

/// The number of the state of a row, if it is written down. ProvisionalStates are not.
pub(crate) fn written_down(rows: &Rows, shards: &[Shard], row: &[u64]) -> Option<u32> {
    let hash = index::hash(row);
    shards[index::shard_of(hash)].find(hash, |number| {
        !ProvisionalStates::is_provisional(number) && rows.is::<0>(number as usize, row)
    })
}

/// All that is known, where one thread searches.
pub(crate) struct Alone<'a> {
    pub(crate) rows: &'a mut Rows,
    pub(crate) parents: &'a mut Chunked<u32>,
    pub(crate) shards: &'a mut [Shard],
}

impl Alone<'_> {
    /// Enters an initial state, if it is not known.
    pub(crate) fn start(&mut self, row: &[u64]) {
        if written_down(self.rows, self.shards, row).is_none() {
            self.enter(Err(Full), index::hash(row), row, NO_PARENT);
        }
    }

    /// Enters a state whose place was just found, if there is room for it.
    fn enter(&mut self, place: Result<usize, Full>, hash: u64, row: &[u64], parent: u32) -> u32 {
        let number = self.rows.len() as u32;
        let shard = &mut self.shards[index::shard_of(hash)];
        match place {
            Ok(at) if shard.has_room(1) => shard.enter(at, hash, number),
            Ok(_) | Err(Full) => {
                shard.grow(1, |number| self.rows.hash(number));
                shard.enter_new(hash, number);
            }
        }
        self.rows.push(row);
        self.parents.push(parent);
        number
    }
}

impl VisitedSet for Alone<'_> {
    fn rows(&self) -> &Rows {
        self.rows
    }

    fn shards(&self) -> &[Shard] {
        self.shards
    }

    #[inline]
    fn number<const WORDS: usize>(
        &mut self,
        first: u32,
        hash: u64,
        row: &[u64],
        transition: Transition,
    ) -> Result<u32, Full> {
        let same = |number: u32| self.rows.is::<WORDS>(number as usize, row);
        if first != NO_STATE && same(first) {
            return Ok(first);
        }
        let place = match self.shards[index::shard_of(hash)].probe(hash, same) {
            Ok(Probe::Known(number)) => return Ok(number),
            Ok(Probe::Free(at)) => Ok(at),
            Err(full) => Err(full),
        };
        Ok(self.enter(place, hash, row, transition.source))
    }
}

/// All that is known, where several threads search: one of them sees it so.
pub(crate) struct Together<'a> {
    pub(crate) rows: &'a Rows,
    pub(crate) shards: &'a [Shard],
    pub(crate) provisional: &'a ProvisionalStates,
    pub(crate) finds: &'a mut Finds,
}

/// What one block found.
#[derive(Debug, Default)]
pub(crate) struct Finds {
    /// The provisional numbers of provisional, and where they are in the index.
    pub(crate) found: Vec<(u32, Position)>,
    /// Provisional numbers that are left for more.
    spare: Vec<u32>,
}

impl Finds {
    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.found.clear();
        self.spare.clear();
    }

    fn next_number(&mut self, provisional: &ProvisionalStates) -> u32 {
        loop {
            match self.spare.pop() {
                Some(number) => return number,
                None => self.spare.extend(provisional.run()),
            }
        }
    }
}

impl VisitedSet for Together<'_> {
    fn rows(&self) -> &Rows {
        self.rows
    }

    fn shards(&self) -> &[Shard] {
        self.shards
    }

    #[inline]
    fn number<const WORDS: usize>(
        &mut self,
        first: u32,
        hash: u64,
        row: &[u64],
        transition: Transition,
    ) -> Result<u32, Full> {
        let same = |number: u32| match ProvisionalStates::is_provisional(number) {
            false => self.rows.is::<WORDS>(number as usize, row),
            true => self.provisional.is::<WORDS>(number, row),
        };
        let number = if first != NO_STATE && same(first) {
            first
        } else {
            let shard = &self.shards[index::shard_of(hash)];
            match shard.probe(hash, same)? {
                Probe::Known(number) => number,
                Probe::Free(_) => shard.enter_shared(hash, same, |position| {
                    let number = self.finds.next_number(self.provisional);
                    self.provisional.put(number, row, transition);
                    self.finds.found.push((number, position));
                    number
                })?,
            }
        };
        if ProvisionalStates::is_provisional(number) {
            self.provisional.add(number, transition);
        }
        Ok(number)
    }
}
