//! A whole run: services come up, workflows are recovered and started, and when all is over, an audit
//! looks at what really happened.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;

use amends_models::property::Ending;
use amends_models::protocol::saga::{SagaLog, SagaRecord};
use amends_models::protocol::{ServiceId, WorkflowId};
use amends_models::workflow::Workflow;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use crate::simulate::FaultPlanError;
use crate::store::{MemoryStore, SqliteStore, Store, StoreError, Transaction};

use super::audit::{FinalState, Violation, audit};
use super::business::{Business, Expressions};
use super::engine::Runtime;
use super::options::{RunOptions, StoreChoice};
use super::report::{CutShort, RunReport};

/// Why a run could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store, or the code of a step, failed. What was acknowledged is still there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The fault plan does not fit the workflow.
    #[error(transparent)]
    Faults(#[from] FaultPlanError),
    /// There is no driver for the workflow's protocol.
    #[error("a {protocol} can be checked, but only a saga can be run")]
    Undriven {
        /// The protocol.
        protocol: &'static str,
    },
    /// Steps read into variables, which no store keeps yet.
    #[error("steps that read into variables can be checked, but not run")]
    Reads,
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
    let follows_definition = business.follows_definition();
    let mut runtime = Runtime::open(workflow, store.clone(), business, &options)?;
    let before = inspect(&store, workflow).await?;
    let recovered: Vec<WorkflowId> = before.unfinished().collect();
    let missing = (0..options.workflows).map(WorkflowId).filter(|id| !before.logs.contains_key(id));
    let due = recovered.iter().copied().chain(missing);

    let performed = perform(&mut runtime, due, &options, pin!(stop)).await;
    let plan = runtime.plan();
    let injector = runtime.injector();
    match performed {
        Ok(None) => runtime.close().await?,
        Ok(Some(_)) | Err(_) => runtime.abandon().await,
    }
    let cut_short = performed?;

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
        faults: injector.injected().into_iter().collect(),
        violations,
        resources: named(workflow, &state.resources),
        seconds,
        per_second: (ended(&state) - ended(&before)) as f64 / seconds,
    })
}

/// Carries out what is due, so much of it at a time. Says why, if it could not all be done.
async fn perform<S: Store, F: Future<Output = ()>>(
    runtime: &mut Runtime<S>,
    due: impl Iterator<Item = WorkflowId>,
    options: &RunOptions,
    mut stop: Pin<&mut F>,
) -> Result<Option<CutShort>, RunError> {
    let mut due = due.peekable();
    let mut watch = runtime.watch();
    let client = runtime.client();
    let mut last_call: Option<Instant> = None;
    let mut going_on = JoinSet::new();
    let performed = loop {
        while last_call.is_none() && going_on.len() < options.concurrency.get() {
            let Some(workflow) = due.next() else { break };
            let client = client.clone();
            going_on.spawn(async move { client.execute(workflow, std::future::pending()).await });
        }
        tokio::select! {
            biased;
            ended = going_on.join_next() => match ended {
                Some(ended) => {
                    if let Err(error) = ended.map_err(RunError::Panicked).flatten() {
                        break Err(error);
                    }
                }
                None => {
                    let stopped = last_call.is_some() && due.peek().is_some();
                    break Ok(stopped.then_some(CutShort::Stopped));
                }
            },
            failure = runtime.failure() => break Err(failure),
            () = &mut stop, if last_call.is_none() => {
                last_call = Some(Instant::now() + options.timing.grace);
            }
            () = tokio::time::sleep_until(last_call.unwrap_or_else(Instant::now)),
                if last_call.is_some() => break Ok(Some(CutShort::Stopped)),
            () = watch.stalls() => break Ok(Some(CutShort::Stalled)),
        }
    };
    going_on.shutdown().await;
    performed
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
