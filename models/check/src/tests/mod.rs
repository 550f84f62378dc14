//! The checker against what is known to be true.
//!
//! Everyone leans on the checker, so it is tested in three ways: on graphs small enough for the
//! answer to be obvious, against a [brute-force reference](reference) on many random graphs, and with
//! every rule of its reasoning broken on purpose, to see that the comparison would notice.

mod declarations;
mod differential;
mod lassos;
mod limits;
mod malformed;
mod mutants;
mod obvious;
mod premises;
mod reference;
mod simulation;
mod small;
mod stale;
mod steps;
mod symmetry;
mod threads;
