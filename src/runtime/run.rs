//! A whole run: many workflows, a world of faults, and an audit.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use amends_models::process::{Address, ServiceId, WorkflowId};
use amends_models::protocols::{AnyProtocol, Design};
use amends_models::system::{Ending, Hostable, System, WithSystem};
use amends_models::workflow::{ResourceId, Variable, Workflow};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use crate::simulate::FaultPlanError;
use crate::store::{AnyStore, MemoryStore, SqliteStore, Store, StoreError, Transaction};

use super::audit::{Audit, FinalState};
use super::business::{Business, Expressions};
use super::client::entrances;
use super::options::{RunOptions, StoreChoice};
use super::process_store::decode;
use super::report::{CutShort, EndingWords, RunReport};
use super::supervisor::Runtime;
use super::task::spawn;

/// Why a run could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store, or the code behind a change, failed. What was acknowledged is still there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The fault plan does not fit the system.
    #[error(transparent)]
    Faults(#[from] FaultPlanError),
    /// There is no process that could be asked for that workflow.
    #[error("nobody takes requests for workflow {workflow}")]
    NoEntrance {
        /// Which.
        workflow: WorkflowId,
    },
    /// The runtime is closed, or about to be.
    #[error("the runtime is closed")]
    Closed,
    /// A task of the run panicked.
    #[error("a task of the run panicked: {0}")]
    Panicked(JoinError),
}

/// Runs a workflow as many times as it has [instances](Workflow::instances), by its own expressions,
/// in a world of faults, and audits the result.
///
/// Workflows that an earlier run left in the store are recovered first; then those that are missing
/// are started. Must be called within a Tokio runtime with time enabled.
///
/// ```
/// use amends::models::protocols::saga::SagaKnobs;
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
///     .instances(5)
///     .carried_out_by(SagaKnobs::default())?;
/// let options = RunOptions {
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
pub async fn run<P: AnyProtocol>(
    design: &Design<P>,
    store: &StoreChoice,
    options: RunOptions,
) -> Result<RunReport, RunError> {
    run_until(design, store, options, std::future::pending()).await
}

/// Like [`run`], but stops early when `stop` completes: no workflow is started any more, those that go
/// on may finish within the [grace](super::Timing::grace), and the rest is left for the next run.
///
/// # Errors
/// When the store cannot be opened or fails.
pub async fn run_until<P: AnyProtocol>(
    design: &Design<P>,
    store: &StoreChoice,
    options: RunOptions,
    stop: impl Future<Output = ()> + Send,
) -> Result<RunReport, RunError> {
    let store = match store {
        StoreChoice::Memory => AnyStore::Memory(MemoryStore::new()),
        StoreChoice::Sqlite(path) => AnyStore::Sqlite(SqliteStore::open(path, design)?),
    };
    // The store may know more instances of the workflow already.
    let logged = store.transact(|transaction| transaction.logged()).await?;
    let known = logged.into_iter().filter_map(|(process, _)| process.workflow());
    let known = known.map(|workflow| workflow.0.saturating_add(1)).max();
    let instances = design.workflow().instances().max(known.unwrap_or_default());
    let design = design.clone().with_instances(instances);
    design.with_system(Running { store, options, stop: Box::pin(stop) }).await
}

/// A run, before the protocol of its system is known.
struct Running<'a> {
    store: AnyStore,
    options: RunOptions,
    stop: Pin<Box<dyn Future<Output = ()> + Send + 'a>>,
}

impl<'a> WithSystem for Running<'a> {
    type Output = Pin<Box<dyn Future<Output = Result<RunReport, RunError>> + Send + 'a>>;

    fn with<T: Hostable>(self, system: System<T>) -> Self::Output {
        Box::pin(run_on(system, self.store, Expressions, self.options, self.stop))
    }
}

/// Like [`run_until`], on a system whose protocol is known, a store that is already open, and with
/// [business](Business) of your own.
///
/// # Errors
/// When the store or the business fails, or the store knows more workflows than the system.
pub async fn run_on<T, S, B>(
    system: System<T>,
    store: S,
    business: B,
    options: RunOptions,
    stop: impl Future<Output = ()> + Send,
) -> Result<RunReport, RunError>
where
    T: Hostable,
    S: Store,
    B: Business<T, S::Transaction>,
{
    let began = std::time::Instant::now();
    let system = Arc::new(system);
    let mut audit = Audit::new(&system, business.follows_definition());
    audit.read_on(&store).await?;
    let due = audit.unfinished();
    let (recovered, missing) = by_progress(&system, &audit, &due);
    let finished_before = system.protocol().workflow().instances() as usize - due.len();

    let mut runtime =
        Runtime::open_shared(Arc::clone(&system), store.clone(), business, &options).await?;
    let asked = asked_for(&system, [recovered.as_slice(), &missing].concat());
    let mut run = Run { runtime: &mut runtime, audit: &mut audit, store: &store };
    let performed = run.perform(asked.into_iter(), &options, pin!(stop)).await;
    runtime.abandon().await;
    let cut_short = performed?;

    audit.read_on(&store).await?;
    let context = runtime.context();
    audit.set_volatile(context.memories());
    let last = FinalState {
        owned: owned(&system, &store).await?,
        halted: system.addresses().filter(|&at| context.network.is_halted(at)).collect(),
        is_at_its_end: cut_short != Some(CutShort::Stopped),
    };
    let violations = audit.finish(last);
    let seconds = began.elapsed().as_secs_f64();
    let workflow = system.protocol().workflow();
    let unfinished = audit.unfinished().len();
    let finished = workflow.instances() as usize - unfinished;
    Ok(RunReport {
        workflow: workflow.name().to_owned(),
        seed: options.seed,
        workflows: workflow.instances(),
        completed: audit.count(Ending::Completed),
        compensated: audit.count(Ending::Compensated),
        failed: audit.count(Ending::Failed),
        unfinished: unfinished as u32,
        recovered: recovered.len() as u32,
        cut_short,
        faults: context.injector.injected().into_iter().collect(),
        violations,
        resources: resources(&audit, workflow),
        words: EndingWords::of(system.protocol().words()),
        seconds,
        per_second: (finished - finished_before.min(finished)) as f64 / seconds,
    })
}

/// Workflows that were taken on, and those that were not.
fn by_progress<T: Hostable>(
    system: &System<T>,
    audit: &Audit<T>,
    due: &[WorkflowId],
) -> (Vec<WorkflowId>, Vec<WorkflowId>) {
    due.iter().partition(|&&id| entrances(system, id).any(|at| audit.has_log(at)))
}

/// Those of the workflows that somebody takes requests for.
fn asked_for<T: Hostable>(system: &System<T>, workflows: Vec<WorkflowId>) -> Vec<WorkflowId> {
    workflows.into_iter().filter(|&id| entrances(system, id).next().is_some()).collect()
}

/// A run that goes on.
struct Run<'a, T: Hostable, S: Store> {
    runtime: &'a mut Runtime<T, S>,
    audit: &'a mut Audit<T>,
    store: &'a S,
}

impl<T: Hostable, S: Store> Run<'_, T, S> {
    /// Carries out what is due, so much of it at a time, and waits until nothing is left to do. Says
    /// why, if it could not all be done.
    async fn perform<F: Future<Output = ()>>(
        &mut self,
        due: impl Iterator<Item = WorkflowId>,
        options: &RunOptions,
        mut stop: Pin<&mut F>,
    ) -> Result<Option<CutShort>, RunError> {
        let mut due = due.peekable();
        let mut watch = self.runtime.watch();
        let client = self.runtime.client();
        let context = Arc::clone(self.runtime.context());
        let mut last_call: Option<Instant> = None;
        let mut going_on = JoinSet::new();
        let mut next_look = Instant::now();
        loop {
            while last_call.is_none() && going_on.len() < options.concurrency.get() {
                let Some(workflow) = due.next() else { break };
                let client = client.clone();
                spawn(&mut going_on, async move {
                    client.execute(workflow, std::future::pending()).await.map(drop)
                });
            }
            let all_told = going_on.is_empty();
            if all_told && last_call.is_some() && due.peek().is_some() {
                return Ok(Some(CutShort::Stopped));
            }
            tokio::select! {
                biased;
                failure = self.runtime.failure() => return Err(failure),
                Some(ended) = going_on.join_next() => match ended {
                    Ok(Ok(())) => {}
                    // Somebody failed: who, is about to be known.
                    Ok(Err(RunError::Closed)) => return Err(self.runtime.failure().await),
                    Ok(Err(error)) => return Err(error),
                    Err(panic) => return Err(RunError::Panicked(panic)),
                },
                () = &mut stop, if last_call.is_none() => {
                    last_call = Some(Instant::now() + options.timing.grace);
                    context.is_stopping.store(true, Ordering::Relaxed);
                }
                () = tokio::time::sleep_until(last_call.unwrap_or_else(Instant::now)),
                    if last_call.is_some() => return Ok(Some(CutShort::Stopped)),
                () = rests_at(&context.activity, next_look), if all_told => {
                    self.audit.read_on(self.store).await?;
                    self.audit.set_volatile(context.memories());
                    if self.audit.has_come_to_its_end() {
                        return Ok(None);
                    }
                    next_look = Instant::now() + options.timing.pace.ceiling(u32::MAX);
                }
                () = watch.stalls() => return Ok(Some(CutShort::Stalled)),
            }
        }
    }
}

/// Waits for a moment from then on at which nothing is under way.
async fn rests_at(activity: &super::activity::Activity, time: Instant) {
    tokio::time::sleep_until(time).await;
    activity.rests().await;
}

/// What processes that serve all workflows own, as it is stored.
async fn owned<T: Hostable, S: Store>(
    system: &Arc<System<T>>,
    store: &S,
) -> Result<Vec<(Address, T::Resources)>, StoreError> {
    let shared: Vec<Address> =
        system.addresses().filter(|address| address.workflow().is_none()).collect();
    store
        .transact(move |transaction| {
            let mut owned = Vec::new();
            for process in shared {
                if let Some(text) = transaction.owned(process)? {
                    owned.push((process, decode("resources", text)?));
                }
            }
            Ok(owned)
        })
        .await
}

/// What all resources are worth, by name.
fn resources<T: Hostable>(
    audit: &Audit<T>,
    workflow: &Workflow,
) -> BTreeMap<String, BTreeMap<String, i64>> {
    let value = |service: usize, resource: usize| {
        let (service, resource) = (ServiceId(service as u16), ResourceId(resource as u16));
        audit.value(Variable::Resource(service, resource))
    };
    let services = workflow.services().iter().enumerate();
    services
        .map(|(at, service)| {
            let names = service.resources.iter().enumerate();
            let values = names.map(|(nth, resource)| (resource.name.clone(), value(at, nth)));
            (service.name.clone(), values.collect())
        })
        .collect()
}
