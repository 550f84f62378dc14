//! The network, seen from the receiving end: what is on its way to one process.

use derive_where::derive_where;

use crate::protocol::rename::{Exchange, Rename};
use crate::protocol::{Address, Value};

/// The messages in flight to one process.
///
/// Unordered messages are kept sorted, so that equal multisets are equal values. Ordered ones keep
/// the order of each sender.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[derive_where(Default)]
pub struct Inbox<M> {
    messages: Vec<(Address, M)>,
}

impl<M: Value> Inbox<M> {
    /// What is in flight, with its senders.
    #[must_use]
    pub fn messages(&self) -> &[(Address, M)] {
        &self.messages
    }

    /// Whether something from `sender` is in flight.
    #[must_use]
    pub fn has_from(&self, sender: Address) -> bool {
        self.messages.iter().any(|(from, _)| *from == sender)
    }

    /// Positions of the messages that can arrive next: distinct ones, and where order is kept, only
    /// the first of each sender.
    pub(super) fn deliverable(&self, ordered: bool) -> impl Iterator<Item = usize> {
        self.distinct().filter(move |&at| {
            let sender = self.messages[at].0;
            !ordered || self.messages[..at].iter().all(|(from, _)| *from != sender)
        })
    }

    /// Positions of distinct messages.
    pub(super) fn distinct(&self) -> impl Iterator<Item = usize> {
        (0..self.messages.len()).filter(|&at| !self.messages[..at].contains(&self.messages[at]))
    }

    pub(super) fn put(&mut self, from: Address, message: M, ordered: bool) {
        // Senders stay sorted in either case, so that interleavings of different senders are one.
        let at = if ordered {
            self.messages.partition_point(|(sender, _)| *sender <= from)
        } else {
            self.messages.partition_point(|(sender, other)| (sender, other) <= (&from, &message))
        };
        self.messages.insert(at, (from, message));
    }

    /// Takes the first such message out.
    pub(super) fn remove(&mut self, from: Address, message: &M) {
        let such = |(sender, other): &(Address, M)| *sender == from && other == message;
        if let Some(at) = self.messages.iter().position(such) {
            self.messages.remove(at);
        }
    }

    /// Adds a copy right behind the message at that position.
    pub(super) fn copy(&mut self, at: usize) {
        self.messages.insert(at, self.messages[at].clone());
    }

    /// Renames workflows in senders and messages, and puts them in order again.
    pub(super) fn rename(&mut self, names: Exchange, ordered: bool)
    where
        M: Rename,
    {
        self.messages.rename(names);
        if ordered {
            self.messages.sort_by_key(|(sender, _)| *sender);
        } else {
            self.messages.sort_unstable();
        }
    }

    pub(super) fn drop_if(&mut self, lost: impl Fn(Address) -> bool) {
        self.messages.retain(|(from, _)| !lost(*from));
    }
}
