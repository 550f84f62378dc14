//! What every hosted process shares: the system, the store, the network, the dice, the clock's
//! settings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use amends_models::process::{Address, Process, WorkflowId};
use amends_models::system::{Hostable, ProtocolModel, System};

use crate::simulate::Injector;
use crate::store::{Lane, Store};
use crate::telemetry::Telemetry;

use super::activity::Activity;
use super::business::Business;
use super::network::Network;
use super::options::Timing;
use super::process_store::ProcessStore;

pub(crate) type VolatileOf<T> = <<T as ProtocolModel>::Process as Process>::Volatile;

pub(crate) struct RuntimeContext<T: Hostable, S: Store> {
    pub(crate) system: Arc<System<T>>,
    pub(crate) business: Arc<dyn Business<T, S::Transaction>>,
    pub(crate) store: S,
    pub(crate) network: Arc<Network<T>>,
    pub(crate) injector: Arc<Injector>,
    pub(crate) activity: Arc<Activity>,
    pub(crate) timing: Timing,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) telemetry: Option<Telemetry>,
    /// Clients that ask all the time hold back.
    pub(crate) is_stopping: AtomicBool,
    accepted: Mutex<BTreeSet<WorkflowId>>,
    /// What processes that serve all workflows have in mind.
    memories: Mutex<BTreeMap<Address, VolatileOf<T>>>,
}

impl<T: Hostable, S: Store> RuntimeContext<T, S> {
    #[allow(clippy::too_many_arguments, reason = "these are the fields")]
    pub(crate) fn new(
        system: Arc<System<T>>,
        business: Arc<dyn Business<T, S::Transaction>>,
        store: S,
        network: Arc<Network<T>>,
        injector: Arc<Injector>,
        activity: Arc<Activity>,
        timing: Timing,
        observer: Arc<dyn Observer>,
        telemetry: Option<Telemetry>,
    ) -> Self {
        RuntimeContext {
            system,
            business,
            store,
            network,
            injector,
            activity,
            timing,
            observer,
            telemetry,
            is_stopping: AtomicBool::new(false),
            accepted: Mutex::default(),
            memories: Mutex::default(),
        }
    }

    pub(crate) fn process_store(
        &self,
        process: Address,
        lane: Lane,
    ) -> ProcessStore<T, S::Transaction> {
        let (system, business) = (Arc::clone(&self.system), Arc::clone(&self.business));
        ProcessStore { system, business, process, lane }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }

    /// A workflow is durably taken on; observers are told so once, and not of those that were taken
    /// on before this runtime was there.
    pub(crate) fn accept(&self, workflow: WorkflowId, is_news: bool) {
        if lock(&self.accepted).insert(workflow) && is_news {
            self.observer.accepted(workflow);
        }
    }

    /// Takes note of what a process has in mind.
    pub(crate) fn remember(&self, process: Address, volatile: &VolatileOf<T>) {
        let mut memories = lock(&self.memories);
        if memories.get(&process) != Some(volatile) {
            memories.insert(process, volatile.clone());
        }
    }

    /// What processes have in mind, as far as they serve all workflows.
    pub(crate) fn memories(&self) -> BTreeMap<Address, VolatileOf<T>> {
        lock(&self.memories).clone()
    }
}

/// Is told what a run comes to while it goes on.
pub trait Observer: Send + Sync + 'static {
    /// The workflow is durably taken on: it will be carried out, whatever happens from now on.
    fn accepted(&self, workflow: WorkflowId) {
        let _ = workflow;
    }

    /// The workflow is over. How it ended is told in the words of its protocol.
    fn ended(&self, workflow: WorkflowId, outcome: &str) {
        let _ = (workflow, outcome);
    }
}

/// Nobody is told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}

/// Every statement leaves the tables whole, so a panic elsewhere does not spoil them.
fn lock<V>(table: &Mutex<V>) -> MutexGuard<'_, V> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
