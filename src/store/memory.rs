//! A store in memory, for tests and simulations: durable as long as the process lives.
//!
//! One lock over plain tables. A transaction holds the lock from its first read to its end, so what
//! it decides on is still true when it writes; that is what makes the ledger a barrier, and what the
//! proof in `tests/loom_ledger.rs` breaks on purpose. A journal of old values undoes what is rolled
//! back.

use std::collections::BTreeMap;

use amends_models::protocol::barrier::Entry;
use amends_models::protocol::saga::{LedgerRecord, StepCall};
use amends_models::protocol::{ServiceId, StepId, WorkflowId};
use amends_models::workflow::{ResourceId, Workflow};

use crate::sync::{Arc, Mutex};

use super::error::StoreError;
use super::transaction::Transaction;

/// The tables of a store, shared by everyone who holds a clone.
#[derive(Clone)]
pub struct MemoryStore {
    tables: Arc<Mutex<MemoryTransaction>>,
}

/// The tables, held by one transaction at a time.
#[derive(Debug, Default)]
pub struct MemoryTransaction {
    logs: BTreeMap<WorkflowId, Vec<String>>,
    ledgers: BTreeMap<(ServiceId, WorkflowId), BTreeMap<StepId, Entry>>,
    resources: Vec<Vec<i64>>,
    journal: Vec<StepCall>,
    undo: Vec<Undo>,
    places: Vec<usize>,
}

/// What a table held before it was changed.
#[derive(Debug)]
enum Undo {
    Log(WorkflowId),
    Line(ServiceId, WorkflowId, StepId, Option<Entry>),
    Resource(ServiceId, ResourceId, i64),
    Journal,
}

impl MemoryStore {
    /// A store in which nothing has run: resources have their initial values.
    #[must_use]
    pub fn new(workflow: &Workflow) -> MemoryStore {
        let resources = (0..workflow.services().len())
            .map(|position| workflow.initial_resources(ServiceId(position as u16)))
            .collect();
        let tables = MemoryTransaction { resources, ..MemoryTransaction::default() };
        MemoryStore { tables: Arc::new(Mutex::new(tables)) }
    }

    /// Does `work` as one transaction: all of it if it succeeds, nothing if it fails.
    ///
    /// # Errors
    /// What `work` says, or that earlier work panicked.
    pub fn transact_now<R>(
        &self,
        work: impl FnOnce(&mut MemoryTransaction) -> Result<R, StoreError>,
    ) -> Result<R, StoreError> {
        let mut tables = self.tables.lock().map_err(|_| StoreError::Stopped)?;
        tables.save()?;
        let result = work(&mut tables);
        if result.is_ok() {
            tables.keep()?
        } else {
            tables.undo()?
        }
        result
    }
}

impl Transaction for MemoryTransaction {
    fn workflows(&mut self) -> Result<Vec<WorkflowId>, StoreError> {
        Ok(self.logs.iter().filter(|(_, log)| !log.is_empty()).map(|(&id, _)| id).collect())
    }

    fn log(&mut self, workflow: WorkflowId) -> Result<Vec<String>, StoreError> {
        Ok(self.logs.get(&workflow).cloned().unwrap_or_default())
    }

    fn append(&mut self, workflow: WorkflowId, record: String) -> Result<(), StoreError> {
        self.undo.push(Undo::Log(workflow));
        self.logs.entry(workflow).or_default().push(record);
        Ok(())
    }

    fn ledger(
        &mut self,
        service: ServiceId,
        workflow: WorkflowId,
    ) -> Result<Vec<LedgerRecord>, StoreError> {
        let lines = self.ledgers.get(&(service, workflow)).into_iter().flatten();
        Ok(lines.map(|(&step, &entry)| LedgerRecord { workflow, step, entry }).collect())
    }

    fn remember(&mut self, service: ServiceId, line: LedgerRecord) -> Result<(), StoreError> {
        let LedgerRecord { workflow, step, entry } = line;
        let before = self.ledgers.entry((service, workflow)).or_default().insert(step, entry);
        self.undo.push(Undo::Line(service, workflow, step, before));
        Ok(())
    }

    fn resources(&mut self, service: ServiceId) -> Result<Vec<i64>, StoreError> {
        Ok(self.resources.get(usize::from(service.0)).cloned().unwrap_or_default())
    }

    fn set_resource(
        &mut self,
        service: ServiceId,
        resource: ResourceId,
        value: i64,
    ) -> Result<(), StoreError> {
        let owned = self.resources.get_mut(usize::from(service.0));
        if let Some(place) = owned.and_then(|owned| owned.get_mut(usize::from(resource.0))) {
            self.undo.push(Undo::Resource(service, resource, *place));
            *place = value;
        }
        Ok(())
    }

    fn journal(&mut self) -> Result<Vec<StepCall>, StoreError> {
        Ok(self.journal.clone())
    }

    fn note(&mut self, call: StepCall) -> Result<(), StoreError> {
        self.undo.push(Undo::Journal);
        self.journal.push(call);
        Ok(())
    }

    fn save(&mut self) -> Result<(), StoreError> {
        self.places.push(self.undo.len());
        Ok(())
    }

    fn keep(&mut self) -> Result<(), StoreError> {
        self.places.pop();
        if self.places.is_empty() {
            self.undo.clear();
        }
        Ok(())
    }

    fn undo(&mut self) -> Result<(), StoreError> {
        let place = self.places.pop().unwrap_or_default();
        for change in self.undo.split_off(place).into_iter().rev() {
            self.revert(change);
        }
        Ok(())
    }
}

impl MemoryTransaction {
    fn revert(&mut self, change: Undo) {
        match change {
            Undo::Log(workflow) => {
                self.logs.entry(workflow).or_default().pop();
            }
            Undo::Line(service, workflow, step, before) => {
                let lines = self.ledgers.entry((service, workflow)).or_default();
                match before {
                    Some(entry) => lines.insert(step, entry),
                    None => lines.remove(&step),
                };
            }
            Undo::Resource(service, resource, value) => {
                self.resources[usize::from(service.0)][usize::from(resource.0)] = value;
            }
            Undo::Journal => {
                self.journal.pop();
            }
        }
    }
}
