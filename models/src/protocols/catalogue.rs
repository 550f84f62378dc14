//! The system of a workflow, whichever protocol carries it out.
//!
//! Each protocol has a type of system of its own. Whoever takes any workflow (a command line, a
//! report) says what to do with a system of *some* protocol, as a [`WithSystem`].

use crate::workflow::{Dataflow, Protocol, Workflow};

use super::{choreography, event_sourcing, mixed, outbox, saga, tcc, two_phase_commit};
use crate::system::{Hostable, System};

/// Something to do with a system, whatever its protocol.
pub trait WithSystem {
    /// What comes of it.
    type Output;

    /// Does it.
    fn with<T: Hostable>(self, system: System<T>) -> Self::Output;
}

/// Makes the system that the workflow describes, with all its properties, and does something with it.
pub fn with_system<W: WithSystem>(workflow: &Workflow, what: W) -> W::Output {
    match workflow.protocol() {
        Protocol::Saga(knobs) if knobs.standby => what.with(saga::standby::system(workflow, knobs)),
        Protocol::Saga(knobs) => what.with(saga::system(workflow, knobs)),
        Protocol::Tcc(knobs) => what.with(tcc::system(workflow, knobs)),
        Protocol::Choreography(knobs) => what.with(choreography::system(workflow, knobs)),
        Protocol::Outbox(knobs) => what.with(outbox::system(workflow, knobs)),
        Protocol::EventSourcing(domain, knobs) => {
            what.with(event_sourcing::system(workflow, domain, knobs))
        }
        Protocol::Mixed(choices) => what.with(mixed::system(workflow, choices)),
        Protocol::TwoPhaseCommit(knobs) => what.with(two_phase_commit::system(workflow, knobs)),
    }
}

/// The names of the properties that are checked of a protocol without being stated.
#[must_use]
pub fn built_in_names(protocol: &Protocol) -> &'static [&'static str] {
    match protocol {
        Protocol::Saga(_) => &saga::properties::BUILT_IN,
        Protocol::Tcc(_) => &tcc::properties::BUILT_IN,
        Protocol::Choreography(_) => &choreography::properties::BUILT_IN,
        Protocol::Outbox(_) => &outbox::properties::BUILT_IN,
        Protocol::EventSourcing(..) => &event_sourcing::properties::BUILT_IN,
        Protocol::TwoPhaseCommit(_) => &two_phase_commit::properties::BUILT_IN,
        Protocol::Mixed(_) => &mixed::properties::BUILT_IN,
    }
}

/// The names of the properties that are checked of this workflow without being stated: those of its
/// protocol, and those of isolation where its steps read.
#[must_use]
pub fn built_in_of(workflow: &Workflow) -> Vec<&'static str> {
    let mut names = built_in_names(workflow.protocol()).to_vec();
    if let Protocol::Saga(_) = workflow.protocol() {
        names.extend(saga::isolation::names(&Dataflow::of(workflow.steps())));
    }
    names
}
