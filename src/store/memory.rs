//! A store in memory, for tests and simulations: durable as long as the process lives.
//!
//! One lock over plain tables. A transaction holds the lock from its first read to its end, so what
//! it decides on is still true when it writes; `tests/loom_store.rs` proves that of every
//! interleaving, and breaks it on purpose. A journal of old values undoes what is rolled back.

use std::collections::BTreeMap;

use amends_models::process::Address;

use crate::sync::{Arc, Mutex};

use super::error::StoreError;
use super::transaction::{Entry, Lane, Transaction};

/// The tables of a store, shared by everyone who holds a clone.
#[derive(Clone)]
pub struct MemoryStore {
    tables: Arc<Mutex<MemoryTransaction>>,
}

/// The tables, held by one transaction at a time.
#[derive(Debug, Default)]
pub struct MemoryTransaction {
    history: Vec<Entry>,
    /// The positions of the entries with a record.
    logs: BTreeMap<(Address, Lane), Vec<usize>>,
    owned: BTreeMap<Address, String>,
    undo: Vec<Undo>,
    places: Vec<usize>,
}

/// What a table held before it was changed.
#[derive(Debug)]
enum Undo {
    Entry,
    Owned(Address, Option<String>),
}

impl Default for MemoryStore {
    fn default() -> Self {
        MemoryStore::new()
    }
}

impl MemoryStore {
    /// A store in which nothing has run.
    #[must_use]
    pub fn new() -> MemoryStore {
        MemoryStore { tables: Arc::new(Mutex::new(MemoryTransaction::default())) }
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
    fn append(&mut self, entry: Entry) -> Result<(), StoreError> {
        if entry.record.is_some() {
            let position = self.history.len();
            self.logs.entry((entry.process, entry.lane)).or_default().push(position);
        }
        self.history.push(entry);
        self.undo.push(Undo::Entry);
        Ok(())
    }

    fn history(&mut self, from: u64) -> Result<Vec<Entry>, StoreError> {
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(self.history.len());
        Ok(self.history[from..].to_vec())
    }

    fn log(&mut self, process: Address, lane: Lane) -> Result<Vec<String>, StoreError> {
        let positions = self.logs.get(&(process, lane)).into_iter().flatten();
        Ok(positions.filter_map(|&at| self.history[at].record.clone()).collect())
    }

    fn logged(&mut self) -> Result<Vec<(Address, Lane)>, StoreError> {
        let logs = self.logs.iter().filter(|(_, positions)| !positions.is_empty());
        Ok(logs.map(|(&of, _)| of).collect())
    }

    fn owned(&mut self, process: Address) -> Result<Option<String>, StoreError> {
        Ok(self.owned.get(&process).cloned())
    }

    fn own(&mut self, process: Address, resources: String) -> Result<(), StoreError> {
        let before = self.owned.insert(process, resources);
        self.undo.push(Undo::Owned(process, before));
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
            Undo::Entry => {
                let Some(entry) = self.history.pop() else { return };
                if entry.record.is_some()
                    && let Some(positions) = self.logs.get_mut(&(entry.process, entry.lane))
                {
                    positions.pop();
                }
            }
            Undo::Owned(process, Some(before)) => {
                self.owned.insert(process, before);
            }
            Undo::Owned(process, None) => {
                self.owned.remove(&process);
            }
        }
    }
}
