//! What steps do: the seam between the protocol and your own code.

use std::sync::Arc;

use amends_models::protocol::Verdict;
use amends_models::protocol::saga::StepCall;
use amends_models::workflow::{ArithmeticError, ResourceId, Workflow};

use crate::store::Transaction;

/// Why a step's code failed, other than by a refusal. The run stops: nobody knows how to go on.
pub type BusinessError = Box<dyn std::error::Error + Send + Sync>;

/// What the steps of a workflow do to what their services own.
///
/// The barrier calls [`perform`](Business::perform) once per step and direction, however often the
/// network repeats the request, and makes its own ledger line durable in the same transaction. All
/// that is left to the code is the business: do what the call asks, or refuse.
///
/// ```
/// use amends::models::protocol::Verdict;
/// use amends::models::protocol::saga::{Direction, StepCall};
/// use amends::models::workflow::{StepDraft, Workflow};
/// use amends::runtime::{Business, BusinessError, RunOptions, run_on};
/// use amends::store::{SqliteStore, SqliteTransaction, Store};
///
/// /// Sells seats with SQL of its own.
/// struct Seats;
///
/// impl Business<SqliteTransaction> for Seats {
///     fn perform(
///         &self,
///         transaction: &mut SqliteTransaction,
///         call: StepCall,
///     ) -> Result<Verdict, BusinessError> {
///         let change = match call.direction {
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
/// # let show = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
/// # show.block_on(async {
/// let workflow = Workflow::builder("show")
///     .service("hall", [("unused", 0)])
///     .step(StepDraft::new("sell-a-seat", "hall"))
///     .build()?;
/// let store = SqliteStore::open(&path, &workflow)?;
/// store
///     .transact(|transaction| {
///         let tables = "CREATE TABLE hall (free INTEGER); INSERT INTO hall VALUES (2)";
///         Ok(transaction.connection().execute_batch(tables)?)
///     })
///     .await?;
///
/// let options = RunOptions { workflows: 3, ..RunOptions::default() };
/// let report = run_on(&workflow, store, Seats, options, std::future::pending()).await?;
/// assert_eq!((report.completed, report.compensated), (2, 1));
/// assert!(report.violations.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Business<T: Transaction>: Send + Sync + 'static {
    /// Does what the call asks within the open transaction, or refuses. What it did is undone unless
    /// it says [`Verdict::Accepted`]. It must not wait, and must not touch anything outside of the
    /// transaction: a change elsewhere would not be undone with it.
    ///
    /// # Errors
    /// When the code fails for a reason that is no business decision.
    fn perform(&self, transaction: &mut T, call: StepCall) -> Result<Verdict, BusinessError>;

    /// Whether each accepted call changes the resources as the workflow's definition says. If so, an
    /// audit also replays what was done and compares.
    fn follows_definition(&self) -> bool {
        false
    }
}

/// The business that a workflow's definition spells out in expressions.
#[derive(Clone, Debug)]
pub struct Expressions {
    workflow: Arc<Workflow>,
}

impl Expressions {
    /// The business of that workflow.
    #[must_use]
    pub fn new(workflow: Arc<Workflow>) -> Expressions {
        Expressions { workflow }
    }
}

/// The arithmetic of a step has no result. The model calls it a violation of `well-defined`.
#[derive(Debug, thiserror::Error)]
#[error("the arithmetic of `{step}` has no result: {source}")]
struct WithoutResult {
    step: String,
    source: ArithmeticError,
}

impl<T: Transaction> Business<T> for Expressions {
    fn perform(&self, transaction: &mut T, call: StepCall) -> Result<Verdict, BusinessError> {
        let service = self.workflow.step(call.step).service;
        let before = transaction.resources(service)?;
        let without_result =
            |source| WithoutResult { step: self.workflow.step(call.step).name.clone(), source };
        let mut after = before.clone();
        let verdict = self
            .workflow
            .attempt(call.workflow, call.step, call.direction.into(), &mut after)
            .map_err(without_result)?;
        for (position, (old, new)) in before.iter().zip(&after).enumerate() {
            if old != new {
                transaction.set_resource(service, ResourceId(position as u16), *new)?;
            }
        }
        Ok(verdict)
    }

    fn follows_definition(&self) -> bool {
        true
    }
}
