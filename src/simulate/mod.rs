//! Adversarial execution: what goes wrong in a run, and when.
//!
//! A [`FaultPlan`] says which faults are injected and how often. An [`Injector`] decides at each
//! opportunity whether one strikes.
//!
//! All chance comes from one seed. Each kind of fault has, for each workflow and each place (a link, a
//! node), a sequence of draws of its own, numbered; the n-th draw depends on nothing but the seed and
//! those names. So switching one kind of fault on does not change when the others strike, and other
//! workflows do not disturb a workflow's own faults. What the seed cannot fix is how tasks and the
//! clock interleave: with real time, whether a slow answer beats its timer, and which of two workflows
//! gets the last item in stock, differ from run to run. On a single-threaded Tokio runtime with paused
//! time and a store in memory, a run repeats exactly.

mod injector;
mod plan;

pub use injector::{Injector, Place};
pub use plan::{FaultKind, FaultPlan, FaultPlanError, Rate};
