//! The network, seen from the receiving end: what is on its way to one process.

use std::sync::Arc;

use derive_where::derive_where;

use crate::process::rename::{Exchange, Rename};
use crate::process::{Address, Value};

/// The messages in flight to one process.
///
/// Unordered messages are kept sorted, so that equal multisets are equal values. Ordered ones keep
/// the order of each sender.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[derive_where(Default)]
pub struct Inbox<M> {
    messages: Vec<Envelope<M>>,
}

/// A message with its sender. The same one is on its way in many states, and shared by them.
pub(crate) type Envelope<M> = Arc<(Address, M)>;

impl<M: Value> Inbox<M> {
    /// What is in flight, with its senders.
    pub fn messages(&self) -> impl Iterator<Item = &(Address, M)> {
        self.messages.iter().map(Arc::as_ref)
    }

    pub(super) fn envelope(&self, at: usize) -> &Envelope<M> {
        &self.messages[at]
    }

    /// Whether something from `sender` is in flight.
    #[must_use]
    pub fn has_from(&self, sender: Address) -> bool {
        self.messages().any(|(from, _)| *from == sender)
    }

    /// Positions of the messages that can arrive next: distinct ones, and where order is kept, only
    /// the first of each sender.
    pub(super) fn deliverable(&self, ordered: bool) -> impl Iterator<Item = usize> {
        self.distinct().filter(move |&at| {
            let sender = self.messages[at].0;
            !ordered || self.messages().take(at).all(|(from, _)| *from != sender)
        })
    }

    /// Positions of distinct messages.
    pub(super) fn distinct(&self) -> impl Iterator<Item = usize> {
        (0..self.messages.len()).filter(|&at| !self.messages[..at].contains(&self.messages[at]))
    }

    pub(crate) fn put(&mut self, envelope: Envelope<M>, ordered: bool) {
        // Senders stay sorted in either case, so that interleavings of different senders are one.
        let at = if ordered {
            self.messages.partition_point(|other| other.0 <= envelope.0)
        } else {
            self.messages.partition_point(|other| *other <= envelope)
        };
        self.messages.reserve_exact(1);
        self.messages.insert(at, envelope);
    }

    /// Takes the first such message out.
    pub(crate) fn remove(&mut self, from: Address, message: &M) {
        let such = |(sender, other): &(Address, M)| *sender == from && other == message;
        let at = self.messages().position(such);
        if let Some(at) = at {
            self.messages.remove(at);
        }
    }

    /// Adds a copy right behind the message at that position.
    pub(super) fn copy(&mut self, at: usize) {
        self.messages.reserve_exact(1);
        self.messages.insert(at, Arc::clone(&self.messages[at]));
    }

    /// Renames workflows in senders and messages, and puts them in order again.
    pub(super) fn rename(&mut self, names: Exchange, ordered: bool)
    where
        M: Rename,
    {
        for envelope in &mut self.messages {
            Arc::make_mut(envelope).rename(names);
        }
        if ordered {
            self.messages.sort_by_key(|envelope| envelope.0);
        } else {
            self.messages.sort_unstable();
        }
    }

    /// Keeps those messages alone that are wanted.
    pub(super) fn retain(&mut self, is_wanted: impl Fn(Address, &M) -> bool) {
        self.messages.retain(|envelope| is_wanted(envelope.0, &envelope.1));
    }

    pub(super) fn drop_if(&mut self, lost: impl Fn(Address) -> bool) {
        self.messages.retain(|envelope| !lost(envelope.0));
    }
}
