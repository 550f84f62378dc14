//! The primitives that concurrent structures are built on.
//!
//! They are taken from here, not from `std`, so that a proof can compile the same source against
//! loom's primitives, which try every interleaving (`tests/loom_store.rs`).

pub(crate) use std::sync::{Arc, Mutex};
