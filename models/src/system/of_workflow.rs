//! The system of a workflow, whichever protocol carries it out.
//!
//! Each protocol has a type of system of its own. Whoever takes any workflow (a command line, a
//! report) says what to do with a system of *some* protocol, as a [`WithSystem`].

use crate::workflow::{Protocol as Chosen, Workflow};

use super::event_sourcing;
use super::protocol::Hostable;
use super::topology::System;
use super::{choreography, mixed, outbox, saga, tcc, two_phase_commit};

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
        Chosen::Saga(knobs) if knobs.standby => what.with(saga::standby::system(workflow, knobs)),
        Chosen::Saga(knobs) => what.with(saga::system(workflow, knobs)),
        Chosen::Tcc(knobs) => what.with(tcc::system(workflow, knobs)),
        Chosen::Choreography(knobs) => what.with(choreography::system(workflow, knobs)),
        Chosen::Outbox(knobs) => what.with(outbox::system(workflow, knobs)),
        Chosen::EventSourcing(domain, knobs) => {
            what.with(event_sourcing::system(workflow, domain, knobs))
        }
        Chosen::Mixed(choices) => what.with(mixed::system(workflow, choices)),
        Chosen::TwoPhaseCommit(knobs) => what.with(two_phase_commit::system(workflow, knobs)),
    }
}
