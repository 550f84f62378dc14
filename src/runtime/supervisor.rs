//! The runtime proper: processes that are up, others that come up when they are needed, and whoever
//! supervises them.

use std::sync::Arc;

use amends_models::process::Address;
use amends_models::system::{Hostable, System};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

use crate::simulate::Injector;
use crate::store::{Lane, Store, StoreError, Transaction};

use super::activity::{Activity, Watch};
use super::business::Business;
use super::client::Client;
use super::context::RuntimeContext;
use super::network::{Network, Unread};
use super::options::RunOptions;
use super::process_store::encode;
use super::process_task::live;
use super::run::RunError;
use super::task::spawn;

/// The processes of a system, up and ready.
///
/// [`run`](super::run) is made of this. Use it as it is to have workflows carried out one by one, as
/// requests come in; there is room for as many as the workflow has
/// [instances](amends_models::workflow::Workflow::instances).
///
/// ```
/// use amends::models::process::WorkflowId;
/// use amends::models::protocols::saga::{self, SagaKnobs, SagaOutcome};
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
///     .instances(2)
///     .build_for(&SagaKnobs::default())?;
/// let system = saga::system(&trip, &SagaKnobs::default());
/// let (store, options) = (MemoryStore::new(), RunOptions::default());
/// let runtime = Runtime::open(system, store, Expressions, &options).await?;
///
/// let client = runtime.client();
/// let never = std::future::pending();
/// assert_eq!(client.execute(WorkflowId(0), never).await?, SagaOutcome::Completed);
/// let at_once = std::future::ready(());
/// assert_eq!(client.execute(WorkflowId(1), at_once).await?, SagaOutcome::Compensated);
/// runtime.close().await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Dropping it ends all processes at once, which is a crash of all of them, and as harmless.
pub struct Runtime<T: Hostable, S: Store> {
    context: Arc<RuntimeContext<T, S>>,
    supervisor: JoinSet<RunError>,
}

impl<T: Hostable, S: Store> Runtime<T, S> {
    /// Brings up every process that serves all workflows. Must be called within a Tokio runtime with
    /// time enabled.
    ///
    /// # Errors
    /// When the store fails, or the fault plan names a node that the system does not have.
    pub async fn open<B>(
        system: System<T>,
        store: S,
        business: B,
        options: &RunOptions,
    ) -> Result<Runtime<T, S>, RunError>
    where
        B: Business<T, S::Transaction>,
    {
        Runtime::open_shared(Arc::new(system), store, business, options).await
    }

    pub(super) async fn open_shared<B>(
        system: Arc<System<T>>,
        store: S,
        business: B,
        options: &RunOptions,
    ) -> Result<Runtime<T, S>, RunError>
    where
        B: Business<T, S::Transaction>,
    {
        let injector = Injector::new(&options.faults, &system, options.seed)?;
        let injector = Arc::new(injector);
        let residents = settle_in(&system, &store).await?;
        let activity = Arc::new(Activity::default());
        let (unread, arrivals) = unbounded_channel();
        let network = Arc::new(Network::new(
            Arc::clone(&system),
            unread,
            Arc::clone(&activity),
            Arc::clone(&injector),
            options.timing.longest_delay,
        ));
        for (process, lane) in residents {
            network.bring_up(process, lane);
        }
        let context = Arc::new(RuntimeContext::new(
            system,
            Arc::new(business),
            store,
            network,
            injector,
            activity,
            options.timing,
            Arc::clone(&options.observer),
            options.telemetry.clone(),
        ));
        let mut supervisor = JoinSet::new();
        spawn(&mut supervisor, supervise(Arc::clone(&context), arrivals));
        Ok(Runtime { context, supervisor })
    }

    /// A way to ask for workflows.
    #[must_use]
    pub fn client(&self) -> Client<T, S> {
        Client::new(Arc::clone(&self.context))
    }

    /// Ends all processes once nothing is under way any more: a late message is still answered, and
    /// still does its damage where it can. Workflows should have ended before.
    ///
    /// # Errors
    /// When a process failed.
    pub async fn close(mut self) -> Result<(), RunError> {
        // A process that crashes again and again never gets to its last requests.
        let mut watch = self.watch();
        let context = Arc::clone(&self.context);
        let over = tokio::select! {
            biased;
            error = self.failure() => Err(error),
            () = context.activity.rests() => Ok(()),
            () = watch.stalls() => Ok(()),
        };
        self.abandon().await;
        over
    }

    /// Ends everything at once.
    pub(super) async fn abandon(&mut self) {
        self.supervisor.shutdown().await;
        self.context.network.abandon().await;
    }

    /// Completes when a process fails.
    pub(super) async fn failure(&mut self) -> RunError {
        match self.supervisor.join_next().await {
            Some(Ok(error)) => error,
            Some(Err(panic)) => RunError::Panicked(panic),
            None => std::future::pending().await,
        }
    }

    pub(super) fn watch(&self) -> Watch {
        Watch::new(&self.context.activity, self.context.timing.patience)
    }

    pub(super) fn context(&self) -> &Arc<RuntimeContext<T, S>> {
        &self.context
    }
}

/// Gives everybody who serves all workflows what they own at the start, unless they own something, and
/// says who is to come up now: those, and whoever has something to recover in lanes.
async fn settle_in<T: Hostable, S: Store>(
    system: &Arc<System<T>>,
    store: &S,
) -> Result<Vec<(Address, Lane)>, StoreError> {
    let system = Arc::clone(system);
    store
        .transact(move |transaction| {
            let mut residents = Vec::new();
            let shared = system.addresses().filter(|address| address.workflow().is_none());
            for process in shared {
                residents.push((process, Lane::default()));
                if let Some(resources) = system.initial_resources(process)
                    && transaction.owned(process)?.is_none()
                {
                    transaction.own(process, encode("resources", resources)?)?;
                }
            }
            let logged = transaction.logged()?.into_iter();
            let lanes = logged
                .filter(|&(process, lane)| process.workflow().is_none() && lane != Lane::default());
            residents.extend(lanes);
            Ok(residents)
        })
        .await
}

/// Brings up whoever has mail. Ends when somebody fails.
async fn supervise<T: Hostable, S: Store>(
    context: Arc<RuntimeContext<T, S>>,
    mut arrivals: UnboundedReceiver<Unread<T>>,
) -> RunError {
    let mut lives = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            arrival = arrivals.recv() => match arrival {
                Some(Unread { process, lane, mailbox }) => {
                    spawn(&mut lives, live(Arc::clone(&context), process, lane, mailbox));
                }
                None => return RunError::Closed,
            },
            Some(over) = lives.join_next() => match over {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return error.into(),
                Err(panic) => return RunError::Panicked(panic),
            },
        }
    }
}
