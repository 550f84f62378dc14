//! Where the processes of a workflow live in a store.

use std::sync::Arc;

use amends_models::protocol::barrier::Ledger;
use amends_models::protocol::saga::{LedgerRecord, SagaChange};
use amends_models::protocol::{Process, ServiceId, Verdict, WorkflowId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::{StoreError, Transaction};

use super::business::Business;
use super::host::Home;

/// A coordinator's home: the log of its workflow. It owns no resources.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CoordinatorHome {
    /// Which workflow.
    pub(crate) workflow: WorkflowId,
}

impl<P, T> Home<P, T> for CoordinatorHome
where
    P: Process<Record: Serialize + DeserializeOwned>,
    T: Transaction,
{
    fn load(&self, core: &P, transaction: &mut T) -> Result<P::Durable, StoreError> {
        let mut durable = P::Durable::default();
        for text in transaction.log(self.workflow)? {
            let record = serde_json::from_str(&text).map_err(|source| StoreError::Record {
                table: "log",
                record: text,
                source,
            })?;
            core.fold(&mut durable, &record);
        }
        Ok(durable)
    }

    fn append(&self, transaction: &mut T, record: &P::Record) -> Result<(), StoreError> {
        let text = serde_json::to_string(record)
            .map_err(|source| StoreError::Encode { table: "log", source })?;
        transaction.append(self.workflow, text)
    }

    fn attempt(&self, _transaction: &mut T, _change: &P::Change) -> Result<Verdict, StoreError> {
        Err(StoreError::NoResources)
    }
}

/// A service's home: its resources, its business, and the ledger lines of the workflow that it serves
/// right now.
#[derive(Debug)]
pub(crate) struct ServiceHome<B> {
    /// Which service.
    pub(crate) service: ServiceId,
    /// For which workflow.
    pub(crate) workflow: WorkflowId,
    /// What its steps do.
    pub(crate) business: Arc<B>,
}

impl<B> Clone for ServiceHome<B> {
    fn clone(&self) -> Self {
        ServiceHome { business: Arc::clone(&self.business), ..*self }
    }
}

impl<P, T, B> Home<P, T> for ServiceHome<B>
where
    P: Process<Durable = Ledger, Record = LedgerRecord, Change = SagaChange>,
    T: Transaction,
    B: Business<T>,
{
    fn load(&self, core: &P, transaction: &mut T) -> Result<Ledger, StoreError> {
        let mut ledger = Ledger::default();
        for line in transaction.ledger(self.service, self.workflow)? {
            core.fold(&mut ledger, &line);
        }
        Ok(ledger)
    }

    fn append(&self, transaction: &mut T, line: &LedgerRecord) -> Result<(), StoreError> {
        transaction.remember(self.service, *line)
    }

    fn attempt(&self, transaction: &mut T, change: &SagaChange) -> Result<Verdict, StoreError> {
        // Only a step that reads leaves anything behind, and those are not run.
        let &SagaChange::Step(call) = change else { return Ok(Verdict::Refused) };
        transaction.attempt(|transaction| {
            let verdict = self
                .business
                .perform(transaction, call)
                .map_err(|source| StoreError::Business { call, source })?;
            if verdict == Verdict::Accepted {
                transaction.note(call)?;
            }
            Ok(verdict)
        })
    }
}
