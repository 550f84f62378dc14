//! Asking for workflows, one by one.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use amends_models::process::{Address, WorkflowId};
use amends_models::system::{Hostable, OutcomeOf, ProtocolModel, System};
use tokio::sync::mpsc::unbounded_channel;

use crate::store::Store;

use super::context::RuntimeContext;
use super::network::Mail;
use super::run::RunError;

/// Asks for workflows to be carried out.
pub struct Client<T: Hostable, S: Store> {
    context: Arc<RuntimeContext<T, S>>,
}

impl<T: Hostable, S: Store> Clone for Client<T, S> {
    fn clone(&self) -> Self {
        Client { context: Arc::clone(&self.context) }
    }
}

impl<T: Hostable, S: Store> Client<T, S> {
    pub(super) fn new(context: Arc<RuntimeContext<T, S>>) -> Self {
        Client { context }
    }

    /// Carries a workflow out, and says how it ended. If the store knows the workflow, it is recovered
    /// and finished.
    ///
    /// Completing `cancelled` takes the request back: the workflow is rolled back, unless it is past
    /// its point of no return. Dropping the future gives up waiting, and nothing else.
    ///
    /// # Errors
    /// When nobody takes requests for single workflows (the transactions of an outbox are asked for
    /// as soon as the runtime is open), or the runtime is closed.
    pub async fn execute(
        &self,
        workflow: WorkflowId,
        cancelled: impl Future<Output = ()> + Send,
    ) -> Result<OutcomeOf<T>, RunError> {
        let entrances: Vec<Address> = entrances(&self.context.system, workflow).collect();
        if entrances.is_empty() {
            return Err(RunError::NoEntrance { workflow });
        }
        let mut outcomes = {
            let (waiting, outcomes) = unbounded_channel();
            for &entrance in &entrances {
                self.context.network.hand(entrance, Mail::Ask(waiting.clone()));
            }
            outcomes
        };
        let mut cancelled = pin!(cancelled);
        let mut is_cancelled = false;
        let outcome = loop {
            tokio::select! {
                biased;
                outcome = outcomes.recv() => break outcome.ok_or(RunError::Closed)?,
                () = &mut cancelled, if !is_cancelled => {
                    is_cancelled = true;
                    for &entrance in &entrances {
                        self.context.network.hand(entrance, Mail::Cancel);
                    }
                }
            }
        };
        let words = self.context.system.protocol().words().outcome(&outcome);
        self.context.observer.ended(workflow, &words);
        Ok(outcome)
    }
}

/// Who takes requests for a workflow.
pub(super) fn entrances<T: ProtocolModel>(
    system: &System<T>,
    workflow: WorkflowId,
) -> impl Iterator<Item = Address> + use<'_, T> {
    Address::serving(workflow).into_iter().filter(|&address| system.has_client(address))
}
