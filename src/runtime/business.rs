//! What changes mean: the seam between the protocol and your own code.

use amends_models::process::{Address, Verdict};
use amends_models::system::{ChangeOf, Hostable, ProtocolModel, System};

use crate::store::Transaction;

use super::process_store::{decode, encode};

/// Why the code behind a change failed, other than by a refusal. The run stops: nobody knows how to
/// go on.
pub type BusinessError = Box<dyn std::error::Error + Send + Sync>;

/// A change that is asked for.
pub struct Attempt<'a, T: ProtocolModel> {
    /// The system it is asked for in.
    pub system: &'a System<T>,
    /// Whose resources it is about.
    pub process: Address,
    /// What is to change, in the words of the protocol: the step of a saga, or its compensation. Where
    /// a step reads, what it read is to be put into it.
    pub change: &'a mut ChangeOf<T>,
}

/// What the changes of a protocol do to what its processes own.
///
/// The protocol calls [`perform`](Business::perform) when a change is due (in a saga: once per step
/// and direction, however often the network repeats the request), and makes its own records durable
/// in the same transaction. All that is left to the code is the business: make the change, or refuse.
///
/// ```
/// use amends::models::process::Verdict;
/// use amends::models::protocols::saga::{self, Direction, Saga, SagaKnobs};
/// use amends::models::workflow::{StepDraft, Workflow};
/// use amends::runtime::{Attempt, Business, BusinessError, RunOptions, run_on};
/// use amends::store::{SqliteStore, SqliteTransaction, Store};
///
/// /// Sells seats with SQL of its own.
/// struct Seats;
///
/// impl Business<Saga, SqliteTransaction> for Seats {
///     fn perform(
///         &self,
///         attempt: Attempt<'_, Saga>,
///         transaction: &mut SqliteTransaction,
///     ) -> Result<Verdict, BusinessError> {
///         let change = match attempt.change.call().direction {
///             Direction::Forward => "UPDATE hall SET free = free - 1 WHERE free > 0",
///             Direction::Backward => "UPDATE hall SET free = free + 1",
///         };
///         let rows = transaction.connection().execute(change, [])?;
///         Ok(if rows == 1 { Verdict::Accepted } else { Verdict::Refused })
///     }
/// }
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("seats.db");
/// # let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
/// # tokio.block_on(async {
/// let show = Workflow::builder("show")
///     .service("hall", [("unused", 0)])
///     .step(StepDraft::new("sell-a-seat", "hall"))
///     .instances(3)
///     .carried_out_by(SagaKnobs::default())?;
/// let store = SqliteStore::open(&path, &show)?;
/// store
///     .transact(|transaction| {
///         let tables = "CREATE TABLE hall (free INTEGER); INSERT INTO hall VALUES (2)";
///         Ok(transaction.connection().execute_batch(tables)?)
///     })
///     .await?;
///
/// let system = saga::system(show.workflow(), &SagaKnobs::default());
/// let never = std::future::pending();
/// let report = run_on(system, store, Seats, RunOptions::default(), never).await?;
/// assert_eq!((report.completed, report.compensated), (2, 1));
/// assert!(report.violations.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Business<T: ProtocolModel, X: Transaction + ?Sized>: Send + Sync + 'static {
    /// Makes the change within the open transaction, or refuses it. What it did is undone unless it
    /// says [`Verdict::Accepted`]. It must not wait, and must not touch anything outside of the
    /// transaction: a change elsewhere would not be undone with it.
    ///
    /// # Errors
    /// When the code fails for a reason that is no business decision.
    fn perform(
        &self,
        attempt: Attempt<'_, T>,
        transaction: &mut X,
    ) -> Result<Verdict, BusinessError>;

    /// Whether each accepted change does to the resources what the workflow's definition says. If so,
    /// an audit also repeats what was done and compares.
    fn follows_definition(&self) -> bool {
        false
    }
}

/// The business that a workflow's definition spells out in expressions: what the model assumes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expressions;

/// The arithmetic of a step has no result. The model calls it a violation of `well-defined`.
#[derive(Debug, thiserror::Error)]
#[error("its arithmetic has no result: {0}")]
struct WithoutResult(amends_models::workflow::ArithmeticError);

impl<T: Hostable, X: Transaction + ?Sized> Business<T, X> for Expressions {
    fn perform(
        &self,
        attempt: Attempt<'_, T>,
        transaction: &mut X,
    ) -> Result<Verdict, BusinessError> {
        let Attempt { system, process, change } = attempt;
        let before = match transaction.owned(process)? {
            Some(text) => decode("resources", text)?,
            None => system.initial_resources(process).ok_or("nobody is there")?.clone(),
        };
        let mut after = T::Resources::clone(&before);
        let protocol = system.protocol();
        protocol.read(process, &before, change).map_err(WithoutResult)?;
        let verdict = protocol.attempt(process, &mut after, change).map_err(WithoutResult)?;
        if verdict == Verdict::Accepted && after != before {
            transaction.own(process, encode("resources", &after)?)?;
        }
        Ok(verdict)
    }

    fn follows_definition(&self) -> bool {
        true
    }
}
