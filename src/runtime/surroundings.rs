//! What every hosted process shares: the store, the network, the dice, the clock's settings.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use amends_models::property::Ending;
use amends_models::protocol::WorkflowId;

use crate::simulate::Injector;

use super::network::Network;
use super::options::Timing;

pub(crate) struct Surroundings<M, S> {
    pub(crate) store: S,
    pub(crate) network: Arc<Network<M>>,
    pub(crate) injector: Arc<Injector>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) timing: Timing,
}

/// Is told what a run comes to while it goes on.
pub trait Observer: Send + Sync + 'static {
    /// The workflow is durably taken on: it will be carried out, whatever happens from now on.
    fn accepted(&self, workflow: WorkflowId) {
        let _ = workflow;
    }

    /// The workflow is over.
    fn ended(&self, workflow: WorkflowId, ending: Ending) {
        let _ = (workflow, ending);
    }
}

/// Nobody is told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}

/// Whether a run gets anywhere.
pub(crate) struct Progress {
    observer: Arc<dyn Observer>,
    persisted: AtomicU64,
}

impl Progress {
    pub(crate) fn new(observer: Arc<dyn Observer>) -> Progress {
        Progress { observer, persisted: AtomicU64::new(0) }
    }

    pub(crate) fn observer(&self) -> &dyn Observer {
        &*self.observer
    }

    /// A coordinator's log got longer.
    pub(crate) fn advance(&self) {
        self.persisted.fetch_add(1, Ordering::Relaxed);
    }

    /// How many records were written so far.
    pub(crate) fn so_far(&self) -> u64 {
        self.persisted.load(Ordering::Relaxed)
    }
}
