//! The timers of all processes.

use serde::{Deserialize, Serialize};

use crate::process::rename::renames;
use crate::process::{Address, ServiceId, WorkflowId};
use crate::protocols::lease::Epoch;

/// A timer of a coordinator, a participant or the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TwoPhaseTimer {
    /// Coordinator: stands in for a participant's vote or acknowledgement.
    Answer(ServiceId),
    /// Coordinator: stands in for the store's answer.
    Store,
    /// Coordinator: listens for the heartbeats of the one that leads.
    Leader(Address),
    /// Participant: stands in for the decision, of which that coordinator is asked next.
    InDoubt(WorkflowId, Address),
    /// Participant: listens for the coordinator's heartbeats.
    Vigil(WorkflowId),
    /// Store: listens for the heartbeats of who holds a lease.
    Lease {
        /// Of which transaction.
        workflow: WorkflowId,
        /// With which token.
        epoch: Epoch,
        /// Who.
        holder: Address,
    },
}

renames!(enum TwoPhaseTimer {
    Answer(service),
    Store,
    Leader(coordinator),
    InDoubt(workflow, coordinator),
    Vigil(workflow),
    Lease { workflow, epoch, holder },
});

impl TwoPhaseTimer {
    /// The peer whose answer the timer stands in for.
    #[must_use]
    pub fn awaits(&self) -> Option<Address> {
        match *self {
            TwoPhaseTimer::Answer(service) => Some(Address::Service(service)),
            TwoPhaseTimer::Store => Some(Address::Store),
            TwoPhaseTimer::InDoubt(_, coordinator) => Some(coordinator),
            TwoPhaseTimer::Leader(_) | TwoPhaseTimer::Vigil(_) | TwoPhaseTimer::Lease { .. } => {
                None
            }
        }
    }

    /// The peer whose heartbeats the timer listens for.
    #[must_use]
    pub fn watches(&self) -> Option<Address> {
        match *self {
            TwoPhaseTimer::Leader(peer) => Some(peer),
            TwoPhaseTimer::Vigil(workflow) => Some(Address::Coordinator(workflow)),
            TwoPhaseTimer::Lease { holder, .. } => Some(holder),
            TwoPhaseTimer::Answer(_) | TwoPhaseTimer::Store | TwoPhaseTimer::InDoubt(..) => None,
        }
    }
}
