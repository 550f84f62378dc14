//! States that several threads have just found, and that have no numbers yet.
//!
//! Which thread finds a state first is chance, so a state gets its number only when a round is over.
//! Until then it is known by a *provisional* number that means nothing. What counts is the transition
//! that leads to it: of all transitions of the round that lead there, the first in the order of a
//! single thread. Whoever comes to the state again and knows an earlier one says so.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use smallvec::SmallVec;

use crate::store::index;

/// How many provisional numbers a thread takes at a time.
const RUN: u32 = 1 << 6;

/// Provisional numbers are counted down from here, so that no state has them.
const HIGHEST: u32 = u32::MAX - 1;

const PIECE_BITS: u32 = 12;
const PIECE: usize = 1 << PIECE_BITS;
const PIECES: usize = 1 << (ProvisionalStates::MOST.ilog2() - PIECE_BITS);

/// A transition. Those of a round are in the order in which a single thread would take them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Transition {
    /// The state that it starts from.
    pub(crate) source: u32,
    /// Its place among all transitions of the block of that state.
    pub(crate) place: u32,
}

impl From<Transition> for u64 {
    fn from(transition: Transition) -> u64 {
        u64::from(transition.source) << u32::BITS | u64::from(transition.place)
    }
}

impl From<u64> for Transition {
    fn from(packed: u64) -> Transition {
        Transition { source: (packed >> u32::BITS) as u32, place: packed as u32 }
    }
}

/// See the [module documentation](self).
#[derive(Debug, Default)]
pub(crate) struct ProvisionalStates {
    /// Words in a row.
    words: usize,
    /// Of each provisional state, its first transition and its packed row.
    pieces: Vec<OnceLock<Box<[AtomicU64]>>>,
    handed_out: AtomicU32,
}

impl ProvisionalStates {
    /// How many there may be in a round.
    pub(crate) const MOST: u32 = 1 << 26;

    /// Forgets all of them. From now on rows have so many words.
    pub(crate) fn clear(&mut self, words: usize) {
        if self.words != words {
            self.words = words;
            self.pieces = std::iter::repeat_with(OnceLock::new).take(PIECES).collect();
        }
        *self.handed_out.get_mut() = 0;
    }

    /// Whether a number is a provisional one.
    #[inline]
    pub(crate) fn is_provisional(number: u32) -> bool {
        HIGHEST - number < Self::MOST
    }

    /// Some provisional numbers for one thread.
    ///
    /// # Panics
    /// When there are too many provisional in one round.
    pub(crate) fn run(&self) -> impl Iterator<Item = u32> + use<> {
        let start = self.handed_out.fetch_add(RUN, Ordering::Relaxed);
        assert!(start < Self::MOST, "a round of the search finds less than 2^26 states");
        (start..start + RUN).map(|at| HIGHEST - at)
    }

    /// Takes in a provisional state. Others see it when they are told its number.
    pub(crate) fn put(&self, number: u32, row: &[u64], transition: Transition) {
        let [first, space @ ..] = self.entry(number) else { return };
        first.store(transition.into(), Ordering::Relaxed);
        for (space, &word) in space.iter().zip(row) {
            space.store(word, Ordering::Relaxed);
        }
    }

    /// One more transition leads to a provisional state.
    #[inline]
    pub(crate) fn add(&self, number: u32, transition: Transition) {
        let (first, transition) = (&self.entry(number)[0], u64::from(transition));
        if transition < first.load(Ordering::Relaxed) {
            first.fetch_min(transition, Ordering::Relaxed);
        }
    }

    /// Whether this is the row of a provisional state. The length of a row may be known when compiling; 0 says
    /// that it is not.
    #[inline]
    pub(crate) fn is<const WORDS: usize>(&self, number: u32, row: &[u64]) -> bool {
        let words = if WORDS == 0 { self.words } else { WORDS };
        let (known, row) = (&self.entry(number)[1..][..words], &row[..words]);
        known.iter().zip(row).all(|(known, &word)| known.load(Ordering::Relaxed) == word)
    }

    /// The first transition that leads to a provisional state.
    #[inline]
    pub(crate) fn first(&self, number: u32) -> Transition {
        self.entry(number)[0].load(Ordering::Relaxed).into()
    }

    /// Copies the row of a provisional state to a place of the right length.
    #[inline]
    pub(crate) fn read(&self, number: u32, row: &mut [u64]) {
        for (word, known) in row.iter_mut().zip(&self.entry(number)[1..]) {
            *word = known.load(Ordering::Relaxed);
        }
    }

    /// The hash of its row.
    pub(crate) fn hash(&self, number: u32) -> u64 {
        let mut row: SmallVec<[u64; 16]> = SmallVec::from_elem(0, self.words);
        self.read(number, &mut row);
        index::hash(&row)
    }

    #[inline]
    fn entry(&self, number: u32) -> &[AtomicU64] {
        let (at, stride) = ((HIGHEST - number) as usize, self.words + 1);
        let zeros = || std::iter::repeat_with(AtomicU64::default).take(PIECE * stride).collect();
        let piece = self.pieces[at >> PIECE_BITS].get_or_init(zeros);
        &piece[(at & (PIECE - 1)) * stride..][..stride]
    }

    pub(crate) fn bytes(&self) -> u64 {
        let pieces = self.pieces.iter().filter(|piece| piece.get().is_some()).count();
        (pieces * PIECE * (self.words + 1) * size_of::<u64>()) as u64
    }
}
