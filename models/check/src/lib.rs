//! The checker: visits every reachable state of a model and decides what is true of it.
//!
//! ```text
//! run          what to check: product(&p), model(&m), m.verify()
//! ├ simulate     random walks, where the space is too large to finish
//! ├ explore      breadth-first search over a state space
//! │   ├ product    state vectors of interned parts; the visited set; several threads; replay
//! │   └ model      whole states of any stateright::Model
//! ├ report       verdicts and counterexamples
//! ├ reduction    symmetry (orbits and their canonical representatives), stale messages: declared, and audited
//! ├ liveness     obligations of fair paths: fair components, lassos, short cycles
//! ├ graph        transitions and paths by number
//! ├ property     kinds of claims, conditions, premises
//! ├ product      models made of parts, and their moves and answers, each computed once
//! ├ store        interned values, state vectors, the index of the visited set
//! └ limits       where a search stops
//! ```
//!
//! Each folder imports only from those below it. The [`guide`] begins with a `stateright::Model`, as it is.
//!
//! # What a verdict means
//!
//! *Holds* is said of a complete state space only, and states are compared exactly, so it is a proof
//! about the model. *Violated* comes with a shortest path, which was taken again on the model itself
//! before it is shown, and judged again. (Where stale messages were left out, it is shortest but for
//! the steps that take them in: they are put back where the rest is not possible without. A loop is a
//! short one [where a shortest would take too long](PropertyReport::is_shortest).) It stands even when
//! the search stopped early. Everything else is *incomplete*, or *vacuous* when the property had nothing to say.
//! Verdicts, counts and counterexamples do not depend on the number of threads. A model that is found
//! not to be deterministic, or whose equality is none, has no verdict but a [`ModelError`].
//!
//! # Paths and fairness
//!
//! A path counts for a liveness property when it is maximal (it ends only in a state without
//! successors) and fair: no [weakly fair](Fairness::Weak) action stays possible for ever without
//! being taken, no [strongly fair](Fairness::Strong) one becomes possible again and again without
//! being taken. Every distinct action is a constraint of its own, unless it belongs to a
//! [group](Product::fairness_group). An action that leads back to the same state is taken like any
//! other.
//!
//! # Where to go next
//!
//! The [`guide`] shows how to check a model. [`Verification`] is the way in, [`Product`] the shape that
//! makes exploration fast.

mod explore;
mod graph;
pub mod gray_lamport;
pub mod guide;
mod limits;
mod liveness;
mod model_error;
pub mod product;
pub mod property;
mod reduction;
mod report;
mod run;
mod simulate;
mod store;
#[cfg(test)]
mod tests;

pub use limits::{Limit, Progress};
pub use model_error::ModelError;
pub use product::{Fairness, Move, Product, Snapshot, Swap, successors};
pub use property::{
    Condition, Parts, Property, PropertyKind, Remark, StepCondition, StepProperty, Viewed, Whole,
};
pub use report::verdict::{
    Completeness, Counterexample, NoState, PropertyReport, Reduction, ReductionReport, Report,
    Verdict,
};
pub use run::checker::{Verification, Verify, model, product};
pub use run::erased::{ErasedSubject, Opaque, erased};
pub use run::opaque::{OpaqueRun, OpaqueSubject, opaque};
pub use run::{ModelSubject, ProductSubject, ReducibleSubject, Subject};
pub use simulate::{Simulated, Simulation};

/// The examples of the README are compiled and run with all others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
