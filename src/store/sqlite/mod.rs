//! A store in one SQLite file: the embedded default.
//!
//! Durability: write-ahead log with `synchronous = FULL`, so a commit is on disk before it is
//! answered, and survives SIGKILL and power loss. One process at a time may hold the file; the
//! operating system frees the lock when the process dies, however it dies.
//!
//! Speed: SQLite has one writer, and a commit costs a disk flush whatever its size. So one thread owns
//! the connection and takes all work that is waiting into one commit (*group commit*), each piece in
//! a savepoint of its own. The more workflows run at once, the fewer flushes each of them costs. A
//! thread of its own instead of a blocking task per piece of work: pieces could not share a commit
//! otherwise, and the connection, which caches prepared statements, need not be passed around.

mod open;
mod transaction;

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;

use amends_models::protocols::{AnyProtocol, Design};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::Store;
use super::definition::definition;
use super::error::StoreError;
use super::transaction::Transaction;

pub use transaction::SqliteTransaction;

/// How much work may share a commit: enough to hide the cost of a flush, little enough to keep the
/// first piece from waiting long for the last.
const GROUP: usize = 256;

/// Workflows in a SQLite file, shared by everyone who holds a clone. The file is closed when the last
/// clone is dropped.
#[derive(Clone)]
pub struct SqliteStore {
    writer: Arc<Writer>,
}

/// The thread that owns the connection, and the way to it.
struct Writer {
    work: Option<mpsc::Sender<Box<dyn Work>>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// A piece of work, its result still unknown, and someone who waits for it.
trait Work: Send {
    /// Does the work within the transaction. What it did is to be kept only if this is true.
    fn perform(&mut self, transaction: &mut SqliteTransaction) -> bool;
    /// Tells the one who waits, once it is known whether the commit went through.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Piece<F, R> {
    work: Option<F>,
    result: Option<Result<R, StoreError>>,
    waiting: oneshot::Sender<Result<R, StoreError>>,
}

impl SqliteStore {
    /// Opens the file, or makes it. A file that is not a store of this very workflow is refused and
    /// left as it is.
    ///
    /// # Errors
    /// When the file cannot be opened, is in use, is not a SQLite database, is damaged, belongs to
    /// another program, or holds runs of another workflow.
    pub fn open<P: AnyProtocol>(
        path: impl AsRef<Path>,
        design: &Design<P>,
    ) -> Result<SqliteStore, StoreError> {
        SqliteStore::of(open::open(path.as_ref(), &definition(design))?)
    }

    fn of(connection: Connection) -> Result<SqliteStore, StoreError> {
        let (work, queue) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("amends-store".to_owned())
            .spawn(move || write(connection, &queue))
            .map_err(|_| StoreError::Stopped)?;
        Ok(SqliteStore { writer: Arc::new(Writer { work: Some(work), thread: Some(thread) }) })
    }
}

impl Store for SqliteStore {
    type Transaction = SqliteTransaction;

    async fn transact<R, F>(&self, work: F) -> Result<R, StoreError>
    where
        R: Send + 'static,
        F: FnOnce(&mut SqliteTransaction) -> Result<R, StoreError> + Send + 'static,
    {
        let (waiting, result) = oneshot::channel();
        let piece = Piece { work: Some(work), result: None, waiting };
        let queue = self.writer.work.as_ref().ok_or(StoreError::Stopped)?;
        queue.send(Box::new(piece)).map_err(|_| StoreError::Stopped)?;
        result.await.map_err(|_| StoreError::Stopped)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.work = None;
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has nothing more to say; its callers were told `Stopped`.
            let _ = thread.join();
        }
    }
}

/// The writer's life: as long as there is work, everything that waits goes into one commit.
fn write(connection: Connection, queue: &mpsc::Receiver<Box<dyn Work>>) {
    let mut transaction = SqliteTransaction::new(connection);
    while let Ok(first) = queue.recv() {
        let mut group = vec![first];
        group.extend(queue.try_iter().take(GROUP - 1));
        let committed = commit(&mut transaction, &mut group);
        let failure = committed.err();
        for piece in group {
            piece.answer(match &failure {
                None => Ok(()),
                Some(error) => Err(StoreError::Sql(copy(error))),
            });
        }
    }
}

fn commit(
    transaction: &mut SqliteTransaction,
    group: &mut [Box<dyn Work>],
) -> Result<(), rusqlite::Error> {
    transaction.connection().execute_batch("BEGIN IMMEDIATE")?;
    let done = group.iter_mut().try_for_each(|piece| {
        transaction.save()?;
        if piece.perform(transaction) { transaction.keep() } else { transaction.undo() }
    });
    let ended = done.map_err(sql).and_then(|()| transaction.connection().execute_batch("COMMIT"));
    if ended.is_err() && !transaction.connection().is_autocommit() {
        transaction.connection().execute_batch("ROLLBACK")?;
    }
    ended
}

/// Savepoints fail with what SQLite says, and nothing else.
fn sql(error: StoreError) -> rusqlite::Error {
    match error {
        StoreError::Sql(error) => error,
        other => rusqlite::Error::ToSqlConversionFailure(Box::new(other)),
    }
}

/// The same failure for everyone whose work was in the commit.
fn copy(error: &rusqlite::Error) -> rusqlite::Error {
    let code = match error {
        rusqlite::Error::SqliteFailure(code, _) => *code,
        _ => rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ERROR),
    };
    rusqlite::Error::SqliteFailure(code, Some(error.to_string()))
}

impl<F, R> Work for Piece<F, R>
where
    F: FnOnce(&mut SqliteTransaction) -> Result<R, StoreError> + Send,
    R: Send,
{
    fn perform(&mut self, transaction: &mut SqliteTransaction) -> bool {
        self.result = self.work.take().map(|work| work(transaction));
        matches!(self.result, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = match (committed, self.result) {
            // The work's own failure says more than the commit's.
            (_, Some(Err(error))) | (Err(error), _) => Err(error),
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(StoreError::Stopped),
        };
        // Whoever stopped waiting does not want to know.
        let _ = self.waiting.send(result);
    }
}
