//! A whole run: services come up, workflows are recovered and started, and when all is over, an audit
//! looks at what really happened.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use amends_models::property::Ending;
use amends_models::protocol::saga::{
    SagaCoordinator, SagaLog, SagaMessage, SagaOutcome, SagaParticipant, SagaPlan, SagaRecord,
};
use amends_models::protocol::{Address, ServiceId, WorkflowId};
use amends_models::workflow::{Protocol, Workflow};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use crate::simulate::{FaultPlanError, Injector};
use crate::store::{MemoryStore, SqliteStore, Store, StoreError, Transaction};

use super::audit::{FinalState, Violation, audit};
use super::business::{Business, Expressions};
use super::coordinate::coordinate;
use super::network::{Conditions, Network};
use super::options::{RunOptions, StoreChoice};
use super::report::{CutShort, RunReport};
use super::serve::{Chaotic, serve};
use super::surroundings::{Progress, Surroundings};

/// The most workers a service has: how many requests it may answer at the same time.
const WORKERS: usize = 64;

/// Why a run could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store, or the code of a step, failed. What was acknowledged is still there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The fault plan does not fit the workflow.
    #[error(transparent)]
    Faults(#[from] FaultPlanError),
    /// A task of the run panicked.
    #[error("a task of the run panicked: {0}")]
    Panicked(JoinError),
}

/// Runs a workflow many times on its own expressions, in a world of faults, and audits the result.
///
/// Workflows that an earlier run left in the store are recovered first; then those that are missing
/// are started. Must be called within a Tokio runtime with time enabled.
///
/// ```
/// use amends::models::workflow::{StepDraft, Workflow};
/// use amends::runtime::{RunOptions, StoreChoice, run};
///
/// let order = Workflow::builder("order")
///     .service("inventory", [("stock", 3)])
///     .step(
///         StepDraft::new("reserve-stock", "inventory")
///             .when("stock >= 1")
///             .change(["stock -= 1"])
///             .undo(["stock += 1"]),
///     )
///     .always("never oversold", "inventory.stock >= 0")
///     .build()?;
/// let options = RunOptions {
///     workflows: 5,
///     faults: "lose=0.2,duplicate=0.2,crash=0.1".parse()?,
///     seed: 7,
///     ..RunOptions::default()
/// };
/// let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// let report = tokio.block_on(run(&order, &StoreChoice::Memory, options))?;
/// assert!(report.is_clean());
/// assert_eq!(report.completed + report.compensated, 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the store cannot be opened or fails.
pub async fn run(
    workflow: &Workflow,
    store: &StoreChoice,
    options: RunOptions,
) -> Result<RunReport, RunError> {
    run_until(workflow, store, options, std::future::pending()).await
}

/// Like [`run`], but stops early when `stop` completes: no workflow is started any more, those that go
/// on may finish within the [grace](super::Timing::grace), and the rest is left for the next run.
///
/// # Errors
/// When the store cannot be opened or fails.
pub async fn run_until(
    workflow: &Workflow,
    store: &StoreChoice,
    options: RunOptions,
    stop: impl Future<Output = ()> + Send,
) -> Result<RunReport, RunError> {
    let business = Expressions::new(Arc::new(workflow.clone()));
    match store {
        StoreChoice::Memory => {
            run_on(workflow, MemoryStore::new(workflow), business, options, stop).await
        }
        StoreChoice::Sqlite(path) => {
            let store = SqliteStore::open(path, workflow)?;
            run_on(workflow, store, business, options, stop).await
        }
    }
}

/// Like [`run_until`], on a store that is already open and with [business](Business) of your own.
///
/// # Errors
/// When the store or the business fails.
pub async fn run_on<S, B>(
    workflow: &Workflow,
    store: S,
    business: B,
    options: RunOptions,
    stop: impl Future<Output = ()> + Send,
) -> Result<RunReport, RunError>
where
    S: Store,
    B: Business<S::Transaction>,
{
    let began = std::time::Instant::now();
    let Protocol::Saga(knobs) = workflow.protocol();
    let plan = Arc::new(SagaPlan::new(workflow.steps(), knobs.clone()));
    let follows_definition = business.follows_definition();
    let surroundings = surroundings(workflow, &store, &options)?;
    let before = inspect(&store, workflow).await?;
    let recovered: Vec<WorkflowId> = before.unfinished().collect();
    let missing = (0..options.workflows).map(WorkflowId).filter(|id| !before.logs.contains_key(id));
    let due: Vec<WorkflowId> = recovered.iter().copied().chain(missing).collect();

    let mut troupe = Troupe {
        plan: Arc::clone(&plan),
        surroundings: Arc::clone(&surroundings),
        services: JoinSet::new(),
        coordinators: JoinSet::new(),
    };
    troupe.open_services(workflow, Arc::new(business), options.concurrency.get().min(WORKERS));
    let cut_short = troupe.perform(due, options.concurrency.get(), pin!(stop)).await?;
    troupe.close(cut_short).await?;

    let state = inspect(&store, workflow).await?;
    let mut violations = audit(workflow, &plan, &state, follows_definition);
    if cut_short == Some(CutShort::Stalled) {
        violations.extend(state.unfinished().map(|id| Violation {
            property: "settles".to_owned(),
            what: format!("workflow {id} has no outcome"),
        }));
    }
    let seconds = began.elapsed().as_secs_f64();
    let ended = |state: &FinalState| state.logs.len() - state.unfinished().count();
    let not_begun = options.workflows.saturating_sub(state.logs.len() as u32);
    Ok(RunReport {
        workflow: workflow.name().to_owned(),
        seed: options.seed,
        workflows: options.workflows,
        completed: state.count(Ending::Completed),
        compensated: state.count(Ending::Compensated),
        failed: state.count(Ending::Failed),
        unfinished: not_begun + state.unfinished().count() as u32,
        recovered: recovered.len() as u32,
        cut_short,
        faults: surroundings.injector.injected().into_iter().collect(),
        violations,
        resources: named(workflow, &state.resources),
        seconds,
        per_second: (ended(&state) - ended(&before)) as f64 / seconds,
    })
}

fn surroundings<S: Store>(
    workflow: &Workflow,
    store: &S,
    options: &RunOptions,
) -> Result<Arc<Surroundings<SagaMessage, S>>, FaultPlanError> {
    let injector = Injector::new(&options.faults, workflow, options.seed, options.workflows)?;
    let injector = Arc::new(injector);
    let conditions = Conditions {
        longest_delay: options.timing.longest_delay,
        ordered: workflow.ordered_links(),
    };
    Ok(Arc::new(Surroundings {
        store: store.clone(),
        network: Arc::new(Network::new(Arc::clone(&injector), conditions)),
        injector,
        progress: Arc::new(Progress::new(Arc::clone(&options.observer))),
        timing: options.timing,
    }))
}

/// Everyone who takes part in a run. Dropping it ends all of them at once, which is a crash of all.
struct Troupe<S> {
    plan: Arc<SagaPlan>,
    surroundings: Arc<Surroundings<SagaMessage, S>>,
    services: JoinSet<Result<(), StoreError>>,
    coordinators: JoinSet<Result<(WorkflowId, SagaOutcome), StoreError>>,
}

impl<S: Store> Troupe<S> {
    fn open_services<B>(&mut self, workflow: &Workflow, business: Arc<B>, workers: usize)
    where
        B: Business<S::Transaction>,
    {
        let core = Arc::new(SagaParticipant::new(Arc::clone(&self.plan)));
        for service in (0..workflow.services().len() as u16).map(ServiceId) {
            let chaotic = Arc::new(Chaotic {
                business: Arc::clone(&business),
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

    fn coordinate(&mut self, workflow: WorkflowId) {
        let core = SagaCoordinator::new(workflow, Arc::clone(&self.plan));
        let surroundings = Arc::clone(&self.surroundings);
        self.coordinators.spawn(async move {
            let client = std::future::pending();
            let outcome = coordinate(core, workflow, &surroundings, client).await?;
            surroundings.progress.observer().ended(workflow, Ending::from(outcome));
            Ok((workflow, outcome))
        });
    }

    /// Carries out what is due, so much of it at a time. Says why, if it could not all be done.
    async fn perform<F: Future<Output = ()>>(
        &mut self,
        due: Vec<WorkflowId>,
        concurrency: usize,
        mut stop: Pin<&mut F>,
    ) -> Result<Option<CutShort>, RunError> {
        let timing = self.surroundings.timing;
        let mut due = due.into_iter().peekable();
        let mut watch = Watch::new(&self.surroundings.progress, timing.patience);
        let mut last_call: Option<Instant> = None;
        loop {
            while last_call.is_none() && self.coordinators.len() < concurrency {
                let Some(workflow) = due.next() else { break };
                self.coordinate(workflow);
            }
            tokio::select! {
                biased;
                ended = self.coordinators.join_next() => match ended {
                    Some(ended) => drop(ended.map_err(RunError::Panicked)??),
                    None => {
                        let stopped = last_call.is_some() && due.peek().is_some();
                        return Ok(stopped.then_some(CutShort::Stopped));
                    }
                },
                Some(broken) = self.services.join_next() => broken.map_err(RunError::Panicked)??,
                () = &mut stop, if last_call.is_none() => {
                    last_call = Some(Instant::now() + timing.grace);
                }
                () = tokio::time::sleep_until(last_call.unwrap_or_else(Instant::now)),
                    if last_call.is_some() => return Ok(Some(CutShort::Stopped)),
                () = watch.stalls() => return Ok(Some(CutShort::Stalled)),
            }
        }
    }

    /// Ends everyone: at once, if the run was cut short; otherwise once nothing is on its way any
    /// more, so that a late message still does its damage where it can.
    async fn close(mut self, cut_short: Option<CutShort>) -> Result<(), RunError> {
        self.coordinators.shutdown().await;
        if cut_short.is_none() {
            self.surroundings.network.settle().await;
            self.surroundings.network.close();
            let mut watch =
                Watch::new(&self.surroundings.progress, self.surroundings.timing.patience);
            loop {
                tokio::select! {
                    biased;
                    over = self.services.join_next() => match over {
                        Some(over) => over.map_err(RunError::Panicked)??,
                        None => break,
                    },
                    // A service that crashes again and again never gets to its last requests.
                    () = watch.stalls() => break,
                }
            }
        }
        self.services.shutdown().await;
        self.surroundings.network.abandon().await;
        Ok(())
    }
}

/// Notices when nothing moves any more.
struct Watch {
    progress: Arc<Progress>,
    patience: Duration,
    seen: u64,
    until: Instant,
}

impl Watch {
    fn new(progress: &Arc<Progress>, patience: Duration) -> Watch {
        let (progress, until) = (Arc::clone(progress), Instant::now() + patience);
        Watch { seen: progress.so_far(), progress, patience, until }
    }

    /// Waits until nothing moved for as long as the patience lasts. Can be dropped and asked again.
    async fn stalls(&mut self) {
        loop {
            tokio::time::sleep_until(self.until).await;
            let now = self.progress.so_far();
            if now == self.seen {
                return;
            }
            self.seen = now;
            self.until = Instant::now() + self.patience;
        }
    }
}

/// Reads what lies in the store, in one transaction.
async fn inspect<S: Store>(store: &S, workflow: &Workflow) -> Result<FinalState, StoreError> {
    let services = workflow.services().len() as u16;
    store
        .transact(move |transaction| {
            let mut state = FinalState { journal: transaction.journal()?, ..FinalState::default() };
            for id in transaction.workflows()? {
                let mut log = SagaLog::default();
                for text in transaction.log(id)? {
                    let record: SagaRecord = serde_json::from_str(&text).map_err(|source| {
                        StoreError::Record { table: "log", record: text, source }
                    })?;
                    log.fold(&record);
                }
                state.logs.insert(id, log);
            }
            for service in (0..services).map(ServiceId) {
                state.resources.push(transaction.resources(service)?);
            }
            Ok(state)
        })
        .await
}

fn named(workflow: &Workflow, values: &[Vec<i64>]) -> BTreeMap<String, BTreeMap<String, i64>> {
    let owned = workflow.services().iter().zip(values);
    owned
        .map(|(service, values)| {
            let names = service.resources.iter().map(|resource| resource.name.clone());
            (service.name.clone(), names.zip(values.iter().copied()).collect())
        })
        .collect()
}
