//! The in-process network: mailboxes by address, and everything that can happen to a message.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use amends_models::process::{Address, Process, WorkflowId};
use amends_models::system::{MessageOf, NodeId, OutcomeOf, ProtocolModel, System};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::simulate::{FaultKind, Injector, Place};
use crate::store::Lane;
use crate::telemetry::SpanContext;

use super::activity::{Activity, Busy};
use super::task::spawn;

/// How many lanes there are for a process that [splits](Process::splits_by_workflow): how many
/// requests it may answer at the same time. Stores depend on it.
const LANES: u32 = 64;

/// What comes into a mailbox.
pub(crate) enum Mail<T: ProtocolModel> {
    /// A message of the protocol.
    Message {
        /// Who sent it.
        from: Address,
        /// What it says.
        message: MessageOf<T>,
        /// The span in which it was sent.
        context: Option<SpanContext>,
    },
    /// The client asks for the workflow, and wants to be told here how it ended.
    Ask(UnboundedSender<OutcomeOf<T>>),
    /// The client takes its request back.
    Cancel,
}

/// A mailbox that has mail, and nobody yet who reads it.
pub(crate) struct Unread<T: ProtocolModel> {
    pub(crate) process: Address,
    pub(crate) lane: Lane,
    pub(crate) mailbox: Mailbox<T>,
}

pub(crate) type Mailbox<T> = UnboundedReceiver<(Mail<T>, Busy)>;

/// The slot of a mailbox.
type Sender<T> = UnboundedSender<(Mail<T>, Busy)>;

/// All mailboxes that somebody reads, or will read.
type Mailboxes<T> = HashMap<(Address, Lane), Sender<T>>;

/// Mailboxes by address.
///
/// A process is brought up by its mail: who has none and is sent some is [announced](Unread). What is
/// sent to an address that the system does not have is dropped. Mailboxes outlive the crashes of
/// whoever reads them: what was not read yet counts as still under way. They are unbounded, but a
/// workflow has at most a few messages under way per step, and the number of workflows is bounded.
pub(crate) struct Network<T: ProtocolModel> {
    system: Arc<System<T>>,
    mailboxes: Mutex<Mailboxes<T>>,
    unread: UnboundedSender<Unread<T>>,
    late: Mutex<JoinSet<()>>,
    cuts: Mutex<Cuts>,
    activity: Arc<Activity>,
    injector: Arc<Injector>,
    longest_delay: Duration,
}

/// Who cannot be reached.
#[derive(Default)]
struct Cuts {
    halted: Vec<NodeId>,
    /// One at a time, as in the model.
    cut_off: Option<NodeId>,
    down: Vec<(Address, Lane)>,
}

impl<T: ProtocolModel> Network<T> {
    /// A network for that system. Whoever is to be brought up is announced to `unread`.
    pub(crate) fn new(
        system: Arc<System<T>>,
        unread: UnboundedSender<Unread<T>>,
        activity: Arc<Activity>,
        injector: Arc<Injector>,
        longest_delay: Duration,
    ) -> Network<T> {
        Network {
            system,
            mailboxes: Mutex::default(),
            unread,
            late: Mutex::default(),
            cuts: Mutex::default(),
            activity,
            injector,
            longest_delay,
        }
    }

    /// Brings a lane of a process up, if nobody reads its mail yet.
    pub(crate) fn bring_up(&self, process: Address, lane: Lane) {
        let mut mailboxes = lock(&self.mailboxes);
        if !mailboxes.contains_key(&(process, lane)) {
            self.announce(&mut mailboxes, process, lane);
        }
    }

    /// Takes a mailbox off the network, unless there is mail in it.
    pub(crate) fn retire(&self, process: Address, lane: Lane, mailbox: &Mailbox<T>) -> bool {
        let mut mailboxes = lock(&self.mailboxes);
        let retires = mailbox.is_empty();
        if retires {
            mailboxes.remove(&(process, lane));
        }
        retires
    }

    /// Hands something to a process, past the network: its client is beside it.
    pub(crate) fn hand(&self, process: Address, mail: Mail<T>) {
        self.put(process, Lane::default(), mail, self.activity.begin());
    }

    /// Sends a message, into whatever the network makes of it.
    pub(crate) fn send(
        self: &Arc<Self>,
        workflow: Option<WorkflowId>,
        from: Address,
        to: Address,
        message: MessageOf<T>,
        context: Option<SpanContext>,
    ) {
        let place = Place::Link { from, to };
        if self.injector.strikes(FaultKind::Lose, workflow, place) {
            return;
        }
        let ordered = self.system.keeps_order();
        let twice = self.injector.strikes(FaultKind::Duplicate, workflow, place);
        if twice {
            // Half of the repetitions come at once, half of them after anything else may have.
            let random = self.injector.length(workflow, place);
            if random & 1 == 0 || ordered {
                self.deliver(from, to, message.clone(), context, self.activity.begin());
            } else {
                self.deliver_late(from, to, message.clone(), context, random);
            }
        }
        if !ordered && self.injector.strikes(FaultKind::Delay, workflow, place) {
            let random = self.injector.length(workflow, place);
            self.deliver_late(from, to, message, context, random);
        } else {
            self.deliver(from, to, message, context, self.activity.begin());
        }
    }

    /// Drops whatever is still on its way.
    pub(crate) async fn abandon(&self) {
        let mut late = std::mem::take(&mut *lock(&self.late));
        late.shutdown().await;
    }

    fn deliver(
        &self,
        from: Address,
        to: Address,
        message: MessageOf<T>,
        context: Option<SpanContext>,
        busy: Busy,
    ) {
        let Some(core) = self.system.core(to) else { return };
        let workflow = from.workflow().filter(|_| core.splits_by_workflow());
        let lane = Lane(workflow.map_or(0, |id| (id.0 % LANES) as u8));
        if self.is_reachable(from, to) {
            self.put(to, lane, Mail::Message { from, message, context }, busy);
        }
    }

    fn deliver_late(
        self: &Arc<Self>,
        from: Address,
        to: Address,
        message: MessageOf<T>,
        context: Option<SpanContext>,
        random: u64,
    ) {
        let delay = self.longest_delay.mul_f64((random >> 11) as f64 / (1u64 << 53) as f64);
        let (network, busy) = (Arc::clone(self), self.activity.begin());
        let mut late = lock(&self.late);
        while late.try_join_next().is_some() {}
        spawn(&mut late, async move {
            tokio::time::sleep(delay).await;
            network.deliver(from, to, message, context, busy);
        });
    }

    fn put(&self, to: Address, lane: Lane, mail: Mail<T>, busy: Busy) {
        let mut mailboxes = lock(&self.mailboxes);
        let undelivered = match mailboxes.get(&(to, lane)) {
            Some(mailbox) => match mailbox.send((mail, busy)) {
                Ok(()) => return,
                Err(undelivered) => undelivered.0,
            },
            None => (mail, busy),
        };
        let mailbox = self.announce(&mut mailboxes, to, lane);
        // If nobody brings processes up any more, the message is dropped.
        let _ = mailbox.send(undelivered);
    }

    fn announce<'m>(
        &self,
        mailboxes: &'m mut Mailboxes<T>,
        process: Address,
        lane: Lane,
    ) -> &'m Sender<T> {
        let (sender, mailbox) = unbounded_channel();
        let _ = self.unread.send(Unread { process, lane, mailbox });
        mailboxes.entry((process, lane)).insert_entry(sender).into_mut()
    }
}

/// Who cannot be reached, and who is not there to be heard of.
impl<T: ProtocolModel> Network<T> {
    /// Notes whether a lane of a process is down.
    pub(crate) fn set_down(&self, process: Address, lane: Lane, is_down: bool) {
        let mut cuts = lock(&self.cuts);
        cuts.down.retain(|&other| other != (process, lane));
        if is_down {
            cuts.down.push((process, lane));
        }
    }

    /// A node stops for good.
    pub(crate) fn halt(&self, node: NodeId) {
        lock(&self.cuts).halted.push(node);
    }

    /// Whether the node of a process stopped for good.
    pub(crate) fn is_halted(&self, process: Address) -> bool {
        let node = self.system.node(process);
        node.is_some_and(|node| lock(&self.cuts).halted.contains(&node))
    }

    /// Whether every node that runs can be reached.
    pub(crate) fn is_whole(&self) -> bool {
        lock(&self.cuts).cut_off.is_none()
    }

    /// Cuts a node off from all others for a while; whatever is sent across meanwhile is lost.
    pub(crate) fn cut_off(self: &Arc<Self>, node: NodeId, random: u64) {
        lock(&self.cuts).cut_off = Some(node);
        let length = self.longest_delay.mul_f64((random >> 11) as f64 / (1u64 << 53) as f64);
        let (network, busy) = (Arc::clone(self), self.activity.begin());
        spawn(&mut lock(&self.late), async move {
            tokio::time::sleep(length).await;
            lock(&network.cuts).cut_off = None;
            drop(busy);
        });
    }

    /// Whether `watcher` hears nothing of `peer`: it is down, or cannot be reached.
    pub(crate) fn is_silent(&self, peer: Address, watcher: Address) -> bool {
        lock(&self.cuts).down.iter().any(|&(process, _)| process == peer)
            || !self.is_reachable(peer, watcher)
    }

    fn is_reachable(&self, from: Address, to: Address) -> bool {
        let (sender, receiver) = (self.system.node(from), self.system.node(to));
        let cuts = lock(&self.cuts);
        let is_halted = |node: Option<NodeId>| node.is_some_and(|it| cuts.halted.contains(&it));
        let is_cut = |node: NodeId| (sender == Some(node)) != (receiver == Some(node));
        !is_halted(sender) && !is_halted(receiver) && !cuts.cut_off.is_some_and(is_cut)
    }
}

/// Every statement leaves the tables whole, so a panic elsewhere does not spoil them.
fn lock<T>(table: &Mutex<T>) -> MutexGuard<'_, T> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
