//! What coordinators, participants and the store say to each other.

use serde::{Deserialize, Serialize};

use crate::process::Address;
use crate::process::rename::{Exchange, Rename, renames};
use crate::protocols::lease::{LeaseMessage, LeaseTimer};
use crate::protocols::saga::coordinator::SagaTimer;
use crate::protocols::saga::log::SagaLog;
use crate::protocols::saga::message::SagaMessage;
use crate::protocols::saga::participant::SagaChange;
use crate::protocols::saga::plan::SagaPlan;

/// A message between a coordinator and a participant, or between a coordinator and the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StandbyMessage {
    /// Of the saga.
    Saga(SagaMessage),
    /// About the lead, and the log that goes with it.
    Lease(LeaseMessage<SagaLog>),
}

impl Rename for StandbyMessage {
    fn rename(&mut self, names: Exchange) {
        match self {
            StandbyMessage::Saga(message) => message.rename(names),
            // Claims and logs mention no workflow beside the one they are about.
            StandbyMessage::Lease(
                LeaseMessage::Request(workflow, _) | LeaseMessage::Reply(workflow, _),
            ) => workflow.rename(names),
        }
    }
}

/// A change to a participant's rows, and who asked for it and is to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StandbyChange {
    /// The change.
    pub change: SagaChange,
    /// Who asked for it.
    pub asked_by: Address,
}

renames!(struct StandbyChange { change, asked_by });

/// A timer of a coordinator, a participant or the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StandbyTimer {
    /// Of the saga.
    Saga(SagaTimer),
    /// Coordinator: stands in for the store's answer.
    Store,
    /// Coordinator: listens for the heartbeats of the one that leads.
    Leader(Address),
    /// Store: listens for the heartbeats of who holds a lease.
    Lease(LeaseTimer),
}

renames!(
    enum StandbyTimer {
        Saga(timer),
        Store,
        Leader(coordinator),
        Lease(timer),
    }
);

impl StandbyTimer {
    /// The peer whose answer the timer stands in for.
    #[must_use]
    pub(super) fn awaits(&self, plan: &SagaPlan) -> Option<Address> {
        match self {
            StandbyTimer::Saga(SagaTimer::Call(step)) => {
                Some(Address::Service(plan.step(*step).service))
            }
            StandbyTimer::Store => Some(Address::Store),
            StandbyTimer::Saga(SagaTimer::Key(..) | SagaTimer::Deadline)
            | StandbyTimer::Leader(_)
            | StandbyTimer::Lease(_) => None,
        }
    }

    /// The peer whose heartbeats the timer listens for.
    #[must_use]
    pub(super) fn watches(&self) -> Option<Address> {
        match *self {
            StandbyTimer::Leader(peer) => Some(peer),
            StandbyTimer::Lease(LeaseTimer { holder, .. }) => Some(holder),
            StandbyTimer::Saga(_) | StandbyTimer::Store => None,
        }
    }
}
