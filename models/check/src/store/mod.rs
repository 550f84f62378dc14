//! Where millions of states are kept: interned values, state vectors of their numbers, and the index
//! that finds a state vector again.
//!
//! Nothing here knows what a state means. [`layout`] says which bits of a [state vector](state_vectors)
//! belong to which slot, [`intern`] gives values their numbers, [`index`] is the hash index of the visited
//! set, and [`chunked`] and [`ranked_bits`] are the vectors that they are made of.

pub(crate) mod chunked;
pub(crate) mod index;
pub(crate) mod intern;
pub(crate) mod layout;
pub(crate) mod ranked_bits;
pub(crate) mod state_vectors;
