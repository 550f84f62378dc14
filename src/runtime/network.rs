//! The in-process network: mailboxes by address, and everything that can happen to a message.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use amends_models::protocol::{Address, Value, WorkflowId};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::simulate::{FaultKind, Injector, Place};

/// A message on its way.
#[derive(Clone, Debug)]
pub(crate) struct Envelope<M> {
    pub(crate) from: Address,
    pub(crate) message: M,
    pub(crate) workflow: WorkflowId,
}

/// Mailboxes by address. What is sent to an address that nobody has any more is dropped.
///
/// Mailboxes outlive the crashes of whoever reads them: what was not read yet counts as still under
/// way. They are unbounded, but a workflow has at most a few messages under way per step, and the
/// number of workflows is bounded.
pub(crate) struct Network<M> {
    mailboxes: Mutex<HashMap<Address, Vec<UnboundedSender<Envelope<M>>>>>,
    late: Mutex<JoinSet<()>>,
    injector: Arc<Injector>,
    conditions: Conditions,
}

/// How the network treats messages that are not lost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conditions {
    /// How late a delayed message may be.
    pub(crate) longest_delay: Duration,
    /// Whether a message can overtake another on the same link.
    pub(crate) ordered: bool,
}

impl<M: Value> Network<M> {
    pub(crate) fn new(injector: Arc<Injector>, conditions: Conditions) -> Network<M> {
        Network { mailboxes: Mutex::default(), late: Mutex::default(), injector, conditions }
    }

    /// Gives an address `count` mailboxes. All messages about one workflow come into the same one.
    pub(crate) fn attach(
        &self,
        address: Address,
        count: usize,
    ) -> Vec<UnboundedReceiver<Envelope<M>>> {
        let (senders, receivers): (Vec<_>, _) =
            (0..count.max(1)).map(|_| unbounded_channel()).unzip();
        lock(&self.mailboxes).insert(address, senders);
        receivers
    }

    /// Gives an address one mailbox, for as long as the attachment is kept.
    pub(crate) fn attach_one(&self, address: Address) -> Attachment<'_, M> {
        let (sender, mailbox) = unbounded_channel();
        lock(&self.mailboxes).insert(address, vec![sender]);
        Attachment { network: self, address, mailbox }
    }

    /// Takes every address off the network: nobody gets anything any more, and whoever waits for a
    /// message learns that there will be none.
    pub(crate) fn close(&self) {
        lock(&self.mailboxes).clear();
    }

    /// Sends a message about a workflow, into whatever the network makes of it.
    pub(crate) fn send(
        self: &Arc<Self>,
        workflow: WorkflowId,
        from: Address,
        to: Address,
        message: M,
    ) {
        let place = link(from, to);
        if self.injector.strikes(FaultKind::Lose, workflow, place) {
            return;
        }
        let envelope = Envelope { from, message, workflow };
        let twice = self.injector.strikes(FaultKind::Duplicate, workflow, place);
        if twice {
            // Half of the repetitions come at once, half of them after anything else may have.
            let random = self.injector.length(workflow, place);
            if random & 1 == 0 || self.conditions.ordered {
                self.deliver(to, envelope.clone());
            } else {
                self.deliver_late(to, envelope.clone(), random);
            }
        }
        if !self.conditions.ordered && self.injector.strikes(FaultKind::Delay, workflow, place) {
            self.deliver_late(to, envelope, self.injector.length(workflow, place));
        } else {
            self.deliver(to, envelope);
        }
    }

    /// Waits until nothing is on its way any more.
    pub(crate) async fn settle(&self) {
        loop {
            let mut late = std::mem::take(&mut *lock(&self.late));
            if late.is_empty() {
                return;
            }
            while late.join_next().await.is_some() {}
        }
    }

    /// Drops whatever is still on its way.
    pub(crate) async fn abandon(&self) {
        let mut late = std::mem::take(&mut *lock(&self.late));
        late.shutdown().await;
    }

    fn deliver(&self, to: Address, envelope: Envelope<M>) {
        if let Some(mailboxes) = lock(&self.mailboxes).get(&to) {
            let position = envelope.workflow.0 as usize % mailboxes.len();
            // A closed mailbox is one whose reader is gone: the message is dropped like any other to
            // an address that nobody has.
            let _ = mailboxes[position].send(envelope);
        }
    }

    fn deliver_late(self: &Arc<Self>, to: Address, envelope: Envelope<M>, random: u64) {
        let delay =
            self.conditions.longest_delay.mul_f64((random >> 11) as f64 / (1u64 << 53) as f64);
        let network = Arc::clone(self);
        let mut late = lock(&self.late);
        while late.try_join_next().is_some() {}
        late.spawn(async move {
            tokio::time::sleep(delay).await;
            network.deliver(to, envelope);
        });
    }
}

/// An address on the network that is taken off when this is dropped.
pub(crate) struct Attachment<'a, M> {
    network: &'a Network<M>,
    address: Address,
    pub(crate) mailbox: UnboundedReceiver<Envelope<M>>,
}

impl<M> Drop for Attachment<'_, M> {
    fn drop(&mut self) {
        lock(&self.network.mailboxes).remove(&self.address);
    }
}

fn link(from: Address, to: Address) -> Place {
    match (from, to) {
        (_, Address::Service(service)) => Place::Link { service, receives: true },
        (Address::Service(service), _) => Place::Link { service, receives: false },
        _ => Place::Client,
    }
}

/// Every statement leaves the tables whole, so a panic elsewhere does not spoil them.
fn lock<T>(table: &Mutex<T>) -> MutexGuard<'_, T> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
