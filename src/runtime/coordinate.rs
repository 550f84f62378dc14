//! The life of one coordinator: it comes up, takes inputs until its workflow has an outcome, and comes
//! up again after each crash.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;

use amends_models::protocol::{Address, Effect, Input, Process, WorkflowId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::simulate::{FaultKind, Injector, Place};
use crate::store::{Store, StoreError};

use super::carry_out::{Flow, Outside, carry_out};
use super::home::CoordinatorHome;
use super::host::{Home, Hosted};
use super::network::Envelope;
use super::surroundings::Surroundings;
use super::timers::Timers;

/// A client with second thoughts has them before the coordinator has handled so many inputs.
const SECOND_THOUGHTS: u64 = 12;

/// Drives a workflow to its outcome: takes it on if it is new, recovers it if it is not. Dropping the
/// future is a crash: what was durable stays, and the next call goes on from there.
pub(crate) async fn coordinate<P, S>(
    core: P,
    workflow: WorkflowId,
    surroundings: &Surroundings<P::Message, S>,
    cancelled: impl Future<Output = ()> + Send,
) -> Result<P::Outcome, StoreError>
where
    P: Process<Record: Serialize + DeserializeOwned>,
    S: Store,
{
    let mut attachment = surroundings.network.attach_one(Address::Coordinator(workflow));
    let core = Arc::new(core);
    let mut client = Client {
        cancels: pin!(takes_back(cancelled, surroundings)),
        cancelled: false,
        second_thoughts: second_thoughts(workflow, &surroundings.injector),
        handled: 0,
    };
    loop {
        let mut hosted = come_up(&core, workflow, &surroundings.store).await?;
        let mut outside = CoordinatorOutside {
            workflow,
            surroundings,
            timers: Timers::new(surroundings.timing.call),
            acknowledged: !hosted.awaits_start(),
            outcome: None,
        };
        let mut input = Input::Recover;
        loop {
            hosted.give(input);
            let home = CoordinatorHome { workflow };
            let flow = carry_out(&mut hosted, &home, &surroundings.store, &mut outside).await?;
            if let Some(outcome) = outside.outcome {
                return Ok(outcome);
            }
            if flow == Flow::Crashed {
                break;
            }
            input = if hosted.awaits_start() {
                Input::Start
            } else if client.has_second_thoughts() {
                Input::Cancel
            } else {
                tokio::select! {
                    biased;
                    () = client.cancels.as_mut(), if !client.cancelled => {
                        client.cancelled = true;
                        Input::Cancel
                    }
                    Some(Envelope { from, message, .. }) = attachment.mailbox.recv() => {
                        Input::Message { from, message }
                    }
                    timer = outside.timers.next() => Input::TimerFired(timer),
                }
            };
        }
        tokio::time::sleep(surroundings.timing.restart).await;
    }
}

async fn come_up<P, S>(
    core: &Arc<P>,
    workflow: WorkflowId,
    store: &S,
) -> Result<Hosted<P>, StoreError>
where
    P: Process<Record: Serialize + DeserializeOwned>,
    S: Store,
{
    let loading = Arc::clone(core);
    let home = CoordinatorHome { workflow };
    let durable = store.transact(move |transaction| home.load(&*loading, transaction)).await?;
    Ok(Hosted::new(Arc::clone(core), durable))
}

/// The client's side: until when it wants the workflow.
struct Client<'a, F> {
    /// Completes when the request is taken back, or its deadline passes.
    cancels: Pin<&'a mut F>,
    /// Whether that was told to the coordinator.
    cancelled: bool,
    /// After how many inputs an injected cancellation comes.
    second_thoughts: Option<u64>,
    handled: u64,
}

impl<F> Client<'_, F> {
    fn has_second_thoughts(&mut self) -> bool {
        self.handled += 1;
        self.second_thoughts.take_if(|after| *after <= self.handled).is_some()
    }
}

async fn takes_back<M, S>(cancelled: impl Future<Output = ()>, surroundings: &Surroundings<M, S>) {
    match surroundings.timing.deadline {
        None => cancelled.await,
        // Whichever comes first: the client's word, or the deadline.
        Some(deadline) => drop(tokio::time::timeout(deadline, cancelled).await),
    }
}

fn second_thoughts(workflow: WorkflowId, injector: &Injector) -> Option<u64> {
    injector
        .strikes(FaultKind::Cancel, workflow, Place::Client)
        .then(|| injector.length(workflow, Place::Client) % SECOND_THOUGHTS)
}

/// The world around a coordinator.
struct CoordinatorOutside<'a, P: Process, S> {
    workflow: WorkflowId,
    surroundings: &'a Surroundings<P::Message, S>,
    timers: Timers<P::Timer>,
    /// Whether the client knows that the workflow is taken on.
    acknowledged: bool,
    outcome: Option<P::Outcome>,
}

impl<P: Process, S> CoordinatorOutside<'_, P, S> {
    fn address(&self) -> Address {
        Address::Coordinator(self.workflow)
    }

    fn strikes(&self, fault: FaultKind) -> bool {
        self.surroundings.injector.strikes(fault, self.workflow, Place::Node(self.address()))
    }
}

impl<P: Process, S> Outside<P> for CoordinatorOutside<'_, P, S> {
    fn crashes(&mut self) -> bool {
        self.strikes(FaultKind::Crash)
    }

    fn carry_out(&mut self, effect: Effect<P>) {
        match effect {
            Effect::Send { to, message } => {
                self.surroundings.network.send(self.workflow, self.address(), to, message);
            }
            Effect::SetTimer(timer) => {
                let place = Place::Node(self.address());
                let random = self.surroundings.injector.length(self.workflow, place);
                let hasty = self.strikes(FaultKind::Timeout);
                self.timers.set(timer, random, hasty);
            }
            Effect::CancelTimer(timer) => self.timers.cancel(&timer),
            Effect::Finish(outcome) => self.outcome = Some(outcome),
            Effect::Persist(_) | Effect::Apply(_) | Effect::Transact { .. } => {
                unreachable!("effects on the store do not go outside")
            }
        }
    }

    fn persisted(&mut self, hosted: &Hosted<P>) {
        self.surroundings.progress.advance();
        if !self.acknowledged && !hosted.awaits_start() {
            self.acknowledged = true;
            self.surroundings.progress.observer().accepted(self.workflow);
        }
    }
}
