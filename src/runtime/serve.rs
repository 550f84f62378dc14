//! The life of a service: it answers requests, one at a time per workflow.
//!
//! A service has several workers, each with a mailbox of its own; all requests of one workflow come
//! to the same worker. So a request is over before the next one of its workflow begins, as the
//! protocol demands, while requests of other workflows share the store's commits.

use std::sync::Arc;

use amends_models::protocol::barrier::Ledger;
use amends_models::protocol::saga::{Direction, LedgerRecord, SagaChange, StepCall};
use amends_models::protocol::{Address, Effect, Input, Process, ServiceId, Verdict, WorkflowId};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::simulate::{FaultKind, Injector, Place};
use crate::store::{Store, StoreError, Transaction};

use super::business::{Business, BusinessError};
use super::carry_out::{Flow, Outside, carry_out};
use super::home::ServiceHome;
use super::host::Hosted;
use super::network::Envelope;
use super::surroundings::Surroundings;

/// One worker of a service: answers until the network is closed.
pub(crate) async fn serve<P, S, B>(
    core: Arc<P>,
    service: ServiceId,
    mut mailbox: UnboundedReceiver<Envelope<P::Message>>,
    business: Arc<Chaotic<B>>,
    surroundings: Arc<Surroundings<P::Message, S>>,
) -> Result<(), StoreError>
where
    P: Process<Volatile = (), Durable = Ledger, Record = LedgerRecord, Change = SagaChange>,
    S: Store,
    B: Business<S::Transaction>,
{
    while let Some(Envelope { from, message, workflow }) = mailbox.recv().await {
        let home = ServiceHome { service, workflow, business: Arc::clone(&business) };
        let mut outside = ServiceOutside { service, workflow, surroundings: &surroundings };
        let mut input = Input::Message { from, message };
        while answer(&core, &home, input, &mut outside).await? == Flow::Crashed {
            tokio::time::sleep(surroundings.timing.restart).await;
            input = Input::Recover;
        }
    }
    Ok(())
}

async fn answer<P, S, B>(
    core: &Arc<P>,
    home: &ServiceHome<Chaotic<B>>,
    input: Input<P>,
    outside: &mut ServiceOutside<'_, P::Message, S>,
) -> Result<Flow, StoreError>
where
    P: Process<Volatile = (), Durable = Ledger, Record = LedgerRecord, Change = SagaChange>,
    S: Store,
    B: Business<S::Transaction>,
{
    if Outside::<P>::crashes(outside) {
        return Ok(Flow::Crashed);
    }
    let store = &outside.surroundings.store;
    let (opening, core) = (home.clone(), Arc::clone(core));
    let mut hosted =
        store.transact(move |transaction| Hosted::open(core, &opening, transaction, input)).await?;
    carry_out(&mut hosted, home, store, outside).await
}

/// The world around a service.
struct ServiceOutside<'a, M, S> {
    service: ServiceId,
    workflow: WorkflowId,
    surroundings: &'a Surroundings<M, S>,
}

impl<P, S> Outside<P> for ServiceOutside<'_, P::Message, S>
where
    P: Process,
{
    fn crashes(&mut self) -> bool {
        let place = Place::Node(Address::Service(self.service));
        self.surroundings.injector.strikes(FaultKind::Crash, self.workflow, place)
    }

    fn carry_out(&mut self, effect: Effect<P>) {
        match effect {
            Effect::Send { to, message } => {
                let from = Address::Service(self.service);
                self.surroundings.network.send(self.workflow, from, to, message);
            }
            other => unreachable!("a participant without memory wants nothing like {other:?}"),
        }
    }

    fn persisted(&mut self, _hosted: &Hosted<P>) {}
}

/// The business of a service in a world where transactions fail and cards are declined.
pub(crate) struct Chaotic<B> {
    pub(crate) business: Arc<B>,
    pub(crate) service: ServiceId,
    pub(crate) injector: Arc<Injector>,
}

impl<T: Transaction, B: Business<T>> Business<T> for Chaotic<B> {
    fn perform(&self, transaction: &mut T, call: StepCall) -> Result<Verdict, BusinessError> {
        let place = Place::Node(Address::Service(self.service));
        let strikes = |fault| self.injector.strikes(fault, call.workflow, place);
        if strikes(FaultKind::Fail) {
            return Ok(Verdict::Failed);
        }
        if call.direction == Direction::Forward && strikes(FaultKind::Refuse) {
            return Ok(Verdict::Refused);
        }
        self.business.perform(transaction, call)
    }

    fn follows_definition(&self) -> bool {
        self.business.follows_definition()
    }
}
