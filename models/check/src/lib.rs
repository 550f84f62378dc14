//! The checker: visits every reachable state of a model and decides what is true of it.
//!
//! ```text
//! Verification   what to check            product(&p), model(&m), m.verify()
//!   ├ explore     breadth-first            over a Space: states by number, nearest first
//!   │   ├ ProductSpace                     rows of interned parts, packed into a few words
//!   │   │   ├ tables, block                moves computed once; states expanded together
//!   │   │   ├ known, index                 which states are known, and how more become so
//!   │   │   ├ parallel, newcomers          several threads, with the result of one
//!   │   │   ├ symmetry, symmetric          one state of each orbit; orders, where orbits are large
//!   │   │   ├ audit                        the proof that a declared symmetry is one
//!   │   │   ├ unfolding                    fairness in a search up to symmetry
//!   │   │   ├ stale, essence               what nobody will ever heed is taken away
//!   │   │   └ reduction                    which of them is used, and why not
//!   │   └ ModelSpace, model_expansion      whole states of any stateright::Model
//!   │       └ pace                         on one thread or several, as measured
//!   ├ model_error  refusing                what nothing can be said about; repetition: asked again
//!   ├ early       stopping                 when enough is known
//!   ├ claim       verdicts                 from the marks that the search left on every state
//!   │   ├ obligation                       what paths owe, and where it is pending
//!   │   ├ liveness, fair_scc               fair components among those states, and lassos to them
//!   │   ├ fair_cycle, cycle_bounds, landmarks  short loops, and bounds on how short they can be
//!   │   └ analysis_budget                  within the limits that the search left
//!   ├ simulate    random walks             where the space is too large to finish
//!   └ Report      what was found           every counterexample replayed on the model (replay)
//! ```
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
//! [`Product`] is the shape that makes exploration fast. [`Verification`] is the way in.

mod analysis_budget;
mod audit;
mod automata;
mod block;
mod chunked;
mod claim;
pub mod condition;
mod cycle_bounds;
mod early;
mod erased;
mod essence;
mod examine;
mod expansion;
mod explore;
mod fair_cycle;
mod fair_scc;
mod fairness_mask;
mod fairness_rules;
mod flaw;
mod graph;
pub mod gray_lamport;
mod index;
mod intern;
mod known;
mod labels;
mod landmarks;
mod limits;
mod liveness;
mod model_error;
mod model_expansion;
mod model_space;
mod newcomers;
mod obligation;
mod orders;
mod pace;
mod packing;
mod parallel;
pub mod product;
mod product_space;
mod ranks;
mod record;
mod reduction;
mod repetition;
mod replay;
mod report;
mod rows;
mod simulate;
mod space;
mod stale;
mod stale_audit;
mod states;
mod stopwatch;
mod subject;
mod symmetric;
mod symmetry;
mod tables;
mod tally;
#[cfg(test)]
mod tests;
mod unfolding;
pub mod verdict;
mod verification;
mod walks;

pub use condition::{
    Condition, Parts, Property, PropertyKind, Remark, StepCondition, StepProperty, Viewed, Whole,
};
pub use erased::{ErasedSubject, erased};
pub use limits::Progress;
pub use model_error::ModelError;
pub use product::{Fairness, Move, Product, Snapshot, Swap, successors};
pub use simulate::{Simulated, Simulation};
pub use subject::{ModelSubject, ProductSubject, ReducibleSubject, Subject};
pub use verdict::{
    Completeness, Counterexample, Limit, NoState, PropertyReport, Reduction, ReductionReport,
    Report, Verdict,
};
pub use verification::{Verification, Verify, model, product};
