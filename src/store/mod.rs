//! Where workflows survive: the logs of all processes, what they own, and what they did, in one order.
//!
//! A [`Store`] does one thing: it runs a piece of work as a [`Transaction`] and answers when the
//! result is durable. Hosts decide what goes into one transaction, because the protocol does: a
//! ledger line and its change are one transaction with the right knobs, and two with the wrong ones,
//! so that a crash can fall between them.
//!
//! | store | durable against | for |
//! |---|---|---|
//! | [`MemoryStore`] | a crash of a process of the protocol | simulation, tests |
//! | [`SqliteStore`] | SIGKILL and power loss | one machine, embedded |
//! | [`AnyStore`] | as the one that it is | choosing at run time |

mod any;
mod definition;
mod error;
mod memory;
mod sqlite;
mod transaction;

use std::future::Future;

pub use any::AnyStore;
pub use error::StoreError;
pub use memory::{MemoryStore, MemoryTransaction};
pub use sqlite::{SqliteStore, SqliteTransaction};
pub use transaction::{Entry, Lane, Transaction, attempt};

/// A durable store that many tasks share.
pub trait Store: Clone + Send + Sync + 'static {
    /// Its transactions.
    type Transaction: Transaction + ?Sized;

    /// Does `work` as one transaction, isolated from all others. Answers once the result is durable.
    /// When the work fails, nothing of it is kept.
    ///
    /// Work must be short and must not wait: all other work waits for it.
    fn transact<R, F>(&self, work: F) -> impl Future<Output = Result<R, StoreError>> + Send
    where
        R: Send + 'static,
        F: FnOnce(&mut Self::Transaction) -> Result<R, StoreError> + Send + 'static;
}

impl Store for MemoryStore {
    type Transaction = MemoryTransaction;

    async fn transact<R, F>(&self, work: F) -> Result<R, StoreError>
    where
        R: Send + 'static,
        F: FnOnce(&mut MemoryTransaction) -> Result<R, StoreError> + Send + 'static,
    {
        self.transact_now(work)
    }
}
