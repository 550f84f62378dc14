//! What a store keeps, as seen from inside one of its transactions.

use amends_models::process::{Address, Verdict};

use super::error::StoreError;

/// A part of a process that is served by itself: the workflows that have this remainder, where what
/// the process keeps [splits by workflow](amends_models::process::Process::splits_by_workflow).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane(pub u8);

/// An entry of the history: what one process did, in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who.
    pub process: Address,
    /// Which part of it.
    pub lane: Lane,
    /// What its log got, as JSON.
    pub record: Option<String>,
    /// What else it did, as JSON.
    pub deed: Option<String>,
}

/// One open transaction. Everything done through it becomes durable together, or not at all.
///
/// | what | meaning |
/// |---|---|
/// | history | what all processes did, in one order; append-only |
/// | log | the records of one process in the history; what recovery folds |
/// | owned | what each process owns: its resources |
///
/// Values are JSON: what they mean is up to the protocol.
pub trait Transaction: Send + 'static {
    /// Appends to the history.
    ///
    /// # Errors
    /// When the store fails.
    fn append(&mut self, entry: Entry) -> Result<(), StoreError>;

    /// The history from a position on; positions count from zero.
    ///
    /// # Errors
    /// When the store fails, or holds an entry that makes no sense.
    fn history(&mut self, from: u64) -> Result<Vec<Entry>, StoreError>;

    /// The records of one lane of a process, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    fn log(&mut self, process: Address, lane: Lane) -> Result<Vec<String>, StoreError>;

    /// Everybody who has a log.
    ///
    /// # Errors
    /// When the store fails, or holds an entry that makes no sense.
    fn logged(&mut self) -> Result<Vec<(Address, Lane)>, StoreError>;

    /// What a process owns; `None` if that was never said.
    ///
    /// # Errors
    /// When the store fails.
    fn owned(&mut self, process: Address) -> Result<Option<String>, StoreError>;

    /// Says what a process owns from now on.
    ///
    /// # Errors
    /// When the store fails.
    fn own(&mut self, process: Address, resources: String) -> Result<(), StoreError>;

    /// Marks a place to come back to. Places nest.
    ///
    /// # Errors
    /// When the store fails.
    fn save(&mut self) -> Result<(), StoreError>;

    /// Forgets the latest place, and keeps what was done since.
    ///
    /// # Errors
    /// When the store fails.
    fn keep(&mut self) -> Result<(), StoreError>;

    /// Comes back to the latest place and forgets it: what was done since was never done.
    ///
    /// # Errors
    /// When the store fails.
    fn undo(&mut self) -> Result<(), StoreError>;
}

/// Does `work` within a transaction, and undoes it unless it says [`Verdict::Accepted`].
///
/// # Errors
/// When the store or the work fails; the work is then undone.
pub fn attempt<X: Transaction + ?Sized>(
    transaction: &mut X,
    work: impl FnOnce(&mut X) -> Result<Verdict, StoreError>,
) -> Result<Verdict, StoreError> {
    transaction.save()?;
    let verdict = work(transaction);
    match verdict {
        Ok(Verdict::Accepted) => transaction.keep()?,
        Ok(Verdict::Refused | Verdict::Failed) | Err(_) => transaction.undo()?,
    }
    verdict
}
