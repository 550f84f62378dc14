//! What must be true of a protocol, by the names the field gives it.
//!
//! | property | what it rules out |
//! |---|---|
//! | `atomic` | partial outcome: a workflow that ended with some steps done and others not |
//! | `settles` | a workflow that never ends, although faults stop |
//! | `lifo` | compensation in the wrong order |
//! | `effect-once` | duplicate effect: a change made twice by retries or redelivery |
//! | `no-empty-rollback` | undoing what was never done |
//! | `no-late-effect` | hanging: a step that takes effect after its compensation was answered |
//! | `no-hanging` | the same, in a TCC: a Try that reserves after its Cancel was answered |
//! | `no-empty-confirm` | a Confirm that uses what is not reserved |
//! | `reservations-released` | a reservation that is neither confirmed nor released, ever |
//! | `no-dirty-read`, `no-lost-update`, `no-fuzzy-read` | what sagas do to each other that are not isolated: [`isolation`] |
//! | `causal` | effect before cause: a step that takes effect before one it waits for |
//! | `published-iff-committed` and its like | what an outbox rules out: [`outbox`] |
//! | `replay-equals-state` | phantom event: a state that someone was told of, and that no event says |
//! | `no-lost-update` | lost append: one that lands on another version than it was decided on |
//! | `causal` | effect before cause, at a consumer that handles both |
//! | `projection-exactly-once` | an event that a consumer handles twice, or never |
//! | `no-gap-skipped` | an event that a checkpoint passes before it can be seen |
//! | `snapshot-equivalent` | a snapshot that says something else than the events it covers |
//! | `agreement` | some participants of a transaction commit and others abort, or the client is told otherwise |
//! | `validity` | a commit that not everybody promised |
//! | `stability` | a decision or a promise that does not last |
//! | `non-blocking` | staying in doubt for ever |
//! | `no-split-snapshot` | rows prepared for a transaction that the log does not know of |
//! | `no-abandoned-locks`, `hanging-reported` | locks held for a coordinator that is gone: given up where that is safe, reported where it is not |
//! | `no-heuristic-damage`, `heuristics-reported` | a participant that decided alone, and wrongly; one that does not say so |
//! | `well-defined` | arithmetic without a result: overflow, division by zero |
//!
//! Properties look at states. What they need of history is kept by witnesses: monitors that see what
//! processes really did, and not what the protocol's own bookkeeping says they did.

pub mod choreography;
mod ending;
pub mod event_sourcing;
mod history;
pub mod isolation;
pub mod mixed;
pub mod outbox;
mod reading;
pub mod saga;
mod sight;
mod steps;
pub mod tcc;
pub mod two_phase_commit;
pub mod witness;

use crate::workflow::{Dataflow, Protocol, Workflow};

pub use ending::Ending;
pub use history::StepHistory;
pub use reading::Reading;

/// The names of the properties that are checked of a protocol without being stated.
#[must_use]
pub fn built_in_names(protocol: &Protocol) -> &'static [&'static str] {
    match protocol {
        Protocol::Saga(_) => &saga::BUILT_IN,
        Protocol::Tcc(_) => &tcc::BUILT_IN,
        Protocol::Choreography(_) => &choreography::BUILT_IN,
        Protocol::Outbox(_) => &outbox::BUILT_IN,
        Protocol::EventSourcing(..) => &event_sourcing::BUILT_IN,
        Protocol::TwoPhaseCommit(_) => &two_phase_commit::BUILT_IN,
        Protocol::Mixed(_) => &mixed::BUILT_IN,
    }
}

/// The names of the properties that are checked of this workflow without being stated: those of its
/// protocol, and those of isolation where its steps read.
#[must_use]
pub fn built_in_of(workflow: &Workflow) -> Vec<&'static str> {
    let mut names = built_in_names(workflow.protocol()).to_vec();
    if let Protocol::Saga(_) = workflow.protocol() {
        names.extend(isolation::names(&Dataflow::of(workflow.steps())));
    }
    names
}
