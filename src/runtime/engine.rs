//! The runtime proper: services that are up, and coordinators on demand.

use std::future::Future;
use std::sync::Arc;

use amends_models::property::Ending;
use amends_models::protocol::saga::{SagaCoordinator, SagaMessage, SagaParticipant, SagaPlan};
use amends_models::protocol::{Address, ServiceId, WorkflowId};
use amends_models::workflow::{Protocol, Workflow};
use tokio::task::JoinSet;

use crate::simulate::Injector;
use crate::store::{Store, StoreError};

use super::business::Business;
use super::coordinate::coordinate;
use super::network::{Conditions, Network};
use super::options::RunOptions;
use super::run::RunError;
use super::serve::{Chaotic, serve};
use super::surroundings::{Progress, Surroundings};
use super::watch::Watch;

/// The most workers a service has: how many requests it may answer at the same time.
const WORKERS: usize = 64;

/// The services of a workflow, up and ready to take part.
///
/// [`run`](super::run) is made of this. Use it as it is to have workflows carried out one by one, as
/// requests come in:
///
/// ```
/// use std::sync::Arc;
///
/// use amends::models::property::Ending;
/// use amends::models::protocol::WorkflowId;
/// use amends::models::workflow::{StepDraft, Workflow};
/// use amends::runtime::{Expressions, RunOptions, Runtime};
/// use amends::store::MemoryStore;
///
/// # let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// # tokio.block_on(async {
/// let trip = Workflow::builder("trip")
///     .service("hotel", [("rooms", 2)])
///     .step(
///         StepDraft::new("book-room", "hotel")
///             .when("rooms >= 1")
///             .change(["rooms -= 1"])
///             .undo(["rooms += 1"]),
///     )
///     .build()?;
/// let business = Expressions::new(Arc::new(trip.clone()));
/// let store = MemoryStore::new(&trip);
/// let runtime = Runtime::open(&trip, store, business, &RunOptions::default())?;
///
/// let client = runtime.client();
/// let never = std::future::pending();
/// assert_eq!(client.execute(WorkflowId(0), never).await?, Ending::Completed);
/// let at_once = std::future::ready(());
/// assert_eq!(client.execute(WorkflowId(1), at_once).await?, Ending::Compensated);
/// runtime.close().await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Dropping it ends all services at once, which is a crash of all of them, and as harmless.
pub struct Runtime<S: Store> {
    plan: Arc<SagaPlan>,
    surroundings: Arc<Surroundings<SagaMessage, S>>,
    services: JoinSet<Result<(), StoreError>>,
}

/// Asks for workflows to be carried out.
pub struct Client<S: Store> {
    plan: Arc<SagaPlan>,
    surroundings: Arc<Surroundings<SagaMessage, S>>,
}

impl<S: Store> Clone for Client<S> {
    fn clone(&self) -> Self {
        Client { plan: Arc::clone(&self.plan), surroundings: Arc::clone(&self.surroundings) }
    }
}

impl<S: Store> Client<S> {
    /// Carries a workflow out, and says how it ended. If the store knows the workflow, it is recovered
    /// and finished; a workflow that ended before ends the same way again.
    ///
    /// Completing `cancelled` takes the request back: the workflow is rolled back, unless it is past
    /// its point of no return. Dropping the future is a crash of the coordinator: execute the workflow
    /// again to finish it. Do not execute the same workflow twice at the same time.
    ///
    /// # Errors
    /// When the store or the code of a step fails.
    pub async fn execute(
        &self,
        workflow: WorkflowId,
        cancelled: impl Future<Output = ()> + Send,
    ) -> Result<Ending, RunError> {
        let core = SagaCoordinator::new(workflow, Arc::clone(&self.plan));
        let outcome = coordinate(core, workflow, &self.surroundings, cancelled).await?;
        let ending = Ending::from(outcome);
        self.surroundings.progress.observer().ended(workflow, ending);
        Ok(ending)
    }
}

impl<S: Store> Runtime<S> {
    /// Brings the services up. Must be called within a Tokio runtime with time enabled.
    ///
    /// # Errors
    /// When the protocol has no driver, or the fault plan names a node that the workflow does not have.
    pub fn open<B>(
        workflow: &Workflow,
        store: S,
        business: B,
        options: &RunOptions,
    ) -> Result<Runtime<S>, RunError>
    where
        B: Business<S::Transaction>,
    {
        let Protocol::Saga(knobs) = workflow.protocol() else {
            return Err(RunError::Undriven { protocol: workflow.protocol().name() });
        };
        if workflow.has_locals() {
            return Err(RunError::Reads);
        }
        let plan = Arc::new(SagaPlan::new(workflow.steps(), knobs.clone()));
        let injector = Injector::new(&options.faults, workflow, options.seed, options.workflows)?;
        let injector = Arc::new(injector);
        let conditions = Conditions {
            longest_delay: options.timing.longest_delay,
            ordered: workflow.ordered_links(),
        };
        let surroundings = Arc::new(Surroundings {
            store,
            network: Arc::new(Network::new(Arc::clone(&injector), conditions)),
            injector,
            progress: Arc::new(Progress::new(Arc::clone(&options.observer))),
            timing: options.timing,
        });
        let mut runtime = Runtime { plan, surroundings, services: JoinSet::new() };
        let workers = options.concurrency.get().min(WORKERS);
        runtime.open_services(workflow.services().len() as u16, &Arc::new(business), workers);
        Ok(runtime)
    }

    fn open_services<B>(&mut self, services: u16, business: &Arc<B>, workers: usize)
    where
        B: Business<S::Transaction>,
    {
        let core = Arc::new(SagaParticipant::new(Arc::clone(&self.plan)));
        for service in (0..services).map(ServiceId) {
            let chaotic = Arc::new(Chaotic {
                business: Arc::clone(business),
                service,
                injector: Arc::clone(&self.surroundings.injector),
            });
            let address = Address::Service(service);
            for mailbox in self.surroundings.network.attach(address, workers) {
                self.services.spawn(serve(
                    Arc::clone(&core),
                    service,
                    mailbox,
                    Arc::clone(&chaotic),
                    Arc::clone(&self.surroundings),
                ));
            }
        }
    }

    /// A way to ask for workflows.
    #[must_use]
    pub fn client(&self) -> Client<S> {
        Client { plan: Arc::clone(&self.plan), surroundings: Arc::clone(&self.surroundings) }
    }

    /// Ends the services once nothing is on its way any more: a late message is still answered, and
    /// still does its damage where it can. Workflows should have ended before.
    ///
    /// # Errors
    /// When a service failed.
    pub async fn close(mut self) -> Result<(), RunError> {
        let network = Arc::clone(&self.surroundings.network);
        network.settle().await;
        network.close();
        // A service that crashes again and again never gets to its last requests.
        let mut watch = self.watch();
        let over = loop {
            tokio::select! {
                biased;
                over = self.services.join_next() => match over {
                    Some(over) => if let Err(error) = settled(over) { break Err(error) },
                    None => break Ok(()),
                },
                () = watch.stalls() => break Ok(()),
            }
        };
        self.abandon().await;
        over
    }

    /// Ends everything at once.
    pub(super) async fn abandon(mut self) {
        self.services.shutdown().await;
        self.surroundings.network.abandon().await;
    }

    /// Completes when a service fails.
    pub(super) async fn failure(&mut self) -> RunError {
        loop {
            match self.services.join_next().await.map(settled) {
                Some(Err(error)) => return error,
                Some(Ok(())) => {}
                None => std::future::pending().await,
            }
        }
    }

    pub(super) fn watch(&self) -> Watch {
        Watch::new(&self.surroundings.progress, self.surroundings.timing.patience)
    }

    pub(super) fn plan(&self) -> Arc<SagaPlan> {
        Arc::clone(&self.plan)
    }

    pub(super) fn injector(&self) -> Arc<Injector> {
        Arc::clone(&self.surroundings.injector)
    }
}

fn settled(over: Result<Result<(), StoreError>, tokio::task::JoinError>) -> Result<(), RunError> {
    Ok(over.map_err(RunError::Panicked)??)
}
