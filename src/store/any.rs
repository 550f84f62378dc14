//! A store whose kind is known only when the program runs.
//!
//! Its transactions are seen as `dyn` [`Transaction`], so whatever is built on stores is compiled once
//! for all kinds of them.

use super::error::StoreError;
use super::transaction::Transaction;
use super::{MemoryStore, SqliteStore, Store};

/// A store of any kind.
#[derive(Clone)]
pub enum AnyStore {
    /// In memory.
    Memory(MemoryStore),
    /// In a SQLite file.
    Sqlite(SqliteStore),
}

impl Store for AnyStore {
    type Transaction = dyn Transaction;

    async fn transact<R, F>(&self, work: F) -> Result<R, StoreError>
    where
        R: Send + 'static,
        F: FnOnce(&mut dyn Transaction) -> Result<R, StoreError> + Send + 'static,
    {
        match self {
            AnyStore::Memory(store) => store.transact_now(|transaction| work(transaction)),
            AnyStore::Sqlite(store) => store.transact(|transaction| work(transaction)).await,
        }
    }
}
