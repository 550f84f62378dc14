//! Messages that wait in vain: their receiver will never heed them.
//!
//! They can be taken away, with the same verdicts, because a system looks at messages on their way in
//! few places, all of them among its [transitions](super::transitions): they are delivered, lost, copied,
//! and dropped where a partition or a halt falls; and a timer that awaits a peer is not due while
//! something is on its way between the two. The protocol says which messages those are
//! ([`Process::is_stale`]), and the checker makes sure of the rest ([`Product::is_stale`]). What runs
//! outside the model is not concerned: hosts deliver everything.
//!
//! A stale message is taken away only where it could be delivered at once. In the inbox of a process
//! that is down it stays until the process is up again: until then, it keeps its sender's timers from
//! being due, and nothing but the recovery could change that.
//!
//! [`Product::is_stale`]: amends_check::Product::is_stale

use crate::process::{Address, Process};

use super::action::Request;
use super::local::Local;
use super::protocol_model::{MessageOf, ProtocolModel};
use super::topology::{Part, System};

impl<T: ProtocolModel> System<T> {
    /// Whether the request puts a message in an inbox that is stale there.
    pub(super) fn is_stale_put(&self, slot: usize, part: &Part<T>, request: &Request<T>) -> bool {
        match (part, request) {
            (Part::Process(local), Request::Put(envelope)) => {
                let (from, message) = envelope.as_ref();
                self.is_stale_message(slot, local, *from, message)
            }
            _ => false,
        }
    }

    /// The part without stale messages; `None` if there are none that could be delivered now.
    pub(super) fn without_stale_messages(&self, slot: usize, part: &Part<T>) -> Option<Part<T>> {
        let Part::Process(local) = part else { return None };
        if !local.is_ready() {
            return None;
        }
        let is_stale = |from, message: &_| self.is_stale_message(slot, local, from, message);
        if !local.inbox.messages().any(|(from, message)| is_stale(*from, message)) {
            return None;
        }
        let mut normalized = local.clone();
        normalized.inbox.retain(|from, message| !is_stale(from, message));
        Some(Part::Process(normalized))
    }

    /// Whether the process in that slot will never heed that message.
    pub(crate) fn is_stale_message(
        &self,
        slot: usize,
        local: &Local<T>,
        from: Address,
        message: &MessageOf<T>,
    ) -> bool {
        self.processes[slot].core.is_stale(&local.durable, from, message)
    }
}
