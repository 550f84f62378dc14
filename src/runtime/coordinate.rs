//! The life of one coordinator: it comes up, takes inputs until its workflow has an outcome, and comes
//! up again after each crash.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use amends_models::protocol::{Address, Effect, Input, Process, WorkflowId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::simulate::{FaultKind, Injector, Place};
use crate::store::{Store, StoreError};

use super::carry_out::{Flow, Outside, carry_out};
use super::home::CoordinatorHome;
use super::host::{Home, Hosted};
use super::network::{Envelope, Network};
use super::observe::Progress;
use super::options::Timing;
use super::timers::Timers;

/// What a coordinator needs from its surroundings.
pub(crate) struct Surroundings<P: Process, S> {
    pub(crate) store: S,
    pub(crate) network: Arc<Network<P::Message>>,
    pub(crate) injector: Arc<Injector>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) timing: Timing,
}

/// How many inputs a coordinator handles at most before a client that is going to cancel does so.
const SECOND_THOUGHTS: u64 = 12;

/// Drives a workflow to its outcome: takes it on if it is new, recovers it if it is not. Dropping the
/// future is a crash: whatever was durable stays, and the next call goes on from there.
pub(crate) async fn coordinate<P, S>(
    core: P,
    workflow: WorkflowId,
    surroundings: &Surroundings<P, S>,
    cancelled: impl Future<Output = ()> + Send,
) -> Result<P::Outcome, StoreError>
where
    P: Process<Record: Serialize + DeserializeOwned>,
    S: Store,
{
    let address = Address::Coordinator(workflow);
    let mailbox = surroundings.network.attach(address, 1);
    // Off the network again, also when this future is dropped.
    let _attached = Attached { network: &surroundings.network, address };
    let core = Arc::new(core);
    let home = CoordinatorHome { workflow };
    let mut client = Client::new(workflow, surroundings, cancelled);
    let mut inbox = Inbox { mailbox: mailbox.into_iter().next() };
    loop {
        let mut hosted = come_up(&core, home, &surroundings.store).await?;
        let mut outside = CoordinatorOutside::new(workflow, surroundings, hosted.awaits_start());
        let mut input = Some(Input::Recover);
        loop {
            if let Some(input) = input.take() {
                hosted.give(input);
                let flow =
                    carry_out(&mut hosted, &home, &surroundings.store, &mut outside).await?;
                if let Some(outcome) = outside.outcome {
                    return Ok(outcome);
                }
                if flow == Flow::Crashed {
                    break;
                }
            }
            input = Some(if hosted.awaits_start() {
                Input::Start
            } else {
                tokio::select! {
                    biased;
                    () = client.cancels() => Input::Cancel,
                    Envelope { from, message, .. } = inbox.next() => Input::Message { from, message },
                    timer = outside.timers.next() => Input::TimerFired(timer),
                }
            });
            client.handled += 1;
        }
        tokio::time::sleep(surroundings.timing.restart).await;
    }
}

async fn come_up<P, S>(
    core: &Arc<P>,
    home: CoordinatorHome,
    store: &S,
) -> Result<Hosted<P>, StoreError>
where
    P: Process<Record: Serialize + DeserializeOwned>,
    S: Store,
{
    let core = Arc::clone(core);
    let loading = Arc::clone(&core);
    let durable = store.transact(move |transaction| home.load(&*loading, transaction)).await?;
    Ok(Hosted::new(core, durable))
}

struct Inbox<M> {
    mailbox: Option<UnboundedReceiver<Envelope<M>>>,
}

impl<M> Inbox<M> {
    /// The next message, waiting for ever if there will be none.
    async fn next(&mut self) -> Envelope<M> {
        if let Some(mailbox) = &mut self.mailbox
            && let Some(envelope) = mailbox.recv().await
        {
            return envelope;
        }
        self.mailbox = None;
        std::future::pending().await
    }
}

struct Attached<'a, M: amends_models::protocol::Value> {
    network: &'a Network<M>,
    address: Address,
}

impl<M: amends_models::protocol::Value> Drop for Attached<'_, M> {
    fn drop(&mut self) {
        self.network.detach(self.address);
    }
}
