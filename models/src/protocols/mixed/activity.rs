//! What the services of a mixed workflow tell of: what those of its protocols do.

use crate::process::Address;
use crate::protocols::{saga, tcc};
use crate::system::{Activities, Activity, Event, PerformedEffect, RoleRecord};

use super::message::{MixedChange, MixedMessage, MixedRecord};
use super::system::Mixed;

/// The activities in an effect.
pub(super) fn tells(event: &Event<Mixed>) -> Activities {
    let workflow = event.process.workflow();
    match &event.what {
        PerformedEffect::Sent(_, MixedMessage::Saga(message)) => saga::activity::sent(message),
        PerformedEffect::Sent(_, MixedMessage::Tcc(message)) => tcc::activity::sent(message),
        PerformedEffect::Applied(MixedChange::Saga(change), verdict) => {
            saga::activity::tried(change, *verdict)
        }
        PerformedEffect::Applied(MixedChange::Tcc(change), verdict) => {
            tcc::activity::tried(change, *verdict)
        }
        PerformedEffect::Persisted(RoleRecord::Coordinator(MixedRecord::Saga(record))) => {
            workflow.map_or(Activities::new(), |id| saga::activity::logged(id, record))
        }
        // The TCC within decides what becomes of its own steps only, and notices decide nothing.
        PerformedEffect::Persisted(_) => Activities::new(),
        PerformedEffect::Finished(outcome) => {
            workflow.map(|id| (id, Activity::Ended((*outcome).into()))).into_iter().collect()
        }
    }
}

/// The activities in a message that arrives.
pub(super) fn hears(process: Address, message: &MixedMessage) -> Activities {
    match message {
        MixedMessage::Saga(message) => saga::activity::heard(process, message),
        MixedMessage::Tcc(message) => tcc::activity::heard(process, message),
    }
}
