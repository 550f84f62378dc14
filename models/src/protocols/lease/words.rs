//! How leases read in a story, whatever is kept under them.

use crate::process::Address;

use super::store::{LeaseMessage, StoreRecord};
use super::{LeaseRecord, LeaseReply, LeaseRequest};

/// What a leader, or whoever wants to lead, says to the store, and what that answers: with what is
/// written in words, and whether anything is.
pub(crate) fn message<V>(
    message: &LeaseMessage<V>,
    written: impl Fn(&V) -> String,
    found: impl Fn(Option<&V>) -> String,
) -> String {
    match message {
        LeaseMessage::Request(id, LeaseRequest::Claim(epoch)) => {
            format!("let me lead {id} with token {}", epoch.0)
        }
        LeaseMessage::Request(id, LeaseRequest::Write(epoch, value)) => {
            format!("{id}: {}, token {}", written(value), epoch.0)
        }
        LeaseMessage::Reply(id, LeaseReply::Granted(epoch, value)) => {
            format!("lead {id} with token {}; {}", epoch.0, found(value.as_ref()))
        }
        LeaseMessage::Reply(id, LeaseReply::Denied { epoch, .. }) => {
            format!("you do not lead {id}; the token is {}", epoch.0)
        }
        LeaseMessage::Reply(id, LeaseReply::Written(value)) => {
            format!("{id}: {} is written", written(value))
        }
        LeaseMessage::Reply(id, LeaseReply::Fenced(epoch)) => {
            format!("{id} is led by another, with token {}", epoch.0)
        }
    }
}

/// What the store logs.
pub(crate) fn record<V>(
    record: &StoreRecord<V>,
    name: impl Fn(Address) -> String,
    written: impl Fn(&V) -> String,
) -> String {
    let id = record.workflow;
    match &record.lease {
        LeaseRecord::Claimed(epoch, holder) => {
            format!("{} leads with token {}", name(*holder), epoch.0)
        }
        LeaseRecord::Expired(epoch) => format!("the lease of {id} ran out, token {}", epoch.0),
        LeaseRecord::Written(value) => format!("{id}: {}", written(value)),
    }
}
