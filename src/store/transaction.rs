//! What a store keeps, as seen from inside one of its transactions.

use amends_models::protocol::saga::{LedgerRecord, StepCall};
use amends_models::protocol::{ServiceId, Verdict, WorkflowId};
use amends_models::workflow::ResourceId;

use super::error::StoreError;

/// One open transaction. Everything done through it becomes durable together, or not at all.
///
/// | what | written by | meaning |
/// |---|---|---|
/// | log | the coordinator | the records of one workflow, in order; what recovery folds |
/// | ledger | the participant's barrier | how a service stands to each step it was asked for |
/// | resources | the business | the quantities a service owns |
/// | journal | the host, with each accepted change | what was really done, in order: the ground truth that audits go by |
pub trait Transaction: Send + 'static {
    /// The workflows that have a log, in order.
    ///
    /// # Errors
    /// When the store fails.
    fn workflows(&mut self) -> Result<Vec<WorkflowId>, StoreError>;

    /// The records of one workflow, as JSON, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    fn log(&mut self, workflow: WorkflowId) -> Result<Vec<String>, StoreError>;

    /// Appends a record, as JSON, to the log of one workflow.
    ///
    /// # Errors
    /// When the store fails.
    fn append(&mut self, workflow: WorkflowId, record: String) -> Result<(), StoreError>;

    /// What a service remembers of one workflow.
    ///
    /// # Errors
    /// When the store fails, or holds a line that makes no sense.
    fn ledger(
        &mut self,
        service: ServiceId,
        workflow: WorkflowId,
    ) -> Result<Vec<LedgerRecord>, StoreError>;

    /// Makes a service remember a line, in place of what it remembered of that step before.
    ///
    /// # Errors
    /// When the store fails.
    fn remember(&mut self, service: ServiceId, line: LedgerRecord) -> Result<(), StoreError>;

    /// The values of a service's resources, by [`ResourceId`].
    ///
    /// # Errors
    /// When the store fails.
    fn resources(&mut self, service: ServiceId) -> Result<Vec<i64>, StoreError>;

    /// Changes the value of a resource.
    ///
    /// # Errors
    /// When the store fails.
    fn set_resource(
        &mut self,
        service: ServiceId,
        resource: ResourceId,
        value: i64,
    ) -> Result<(), StoreError>;

    /// Everything that was done, in order.
    ///
    /// # Errors
    /// When the store fails, or holds an entry that makes no sense.
    fn journal(&mut self) -> Result<Vec<StepCall>, StoreError>;

    /// Notes that a change was made.
    ///
    /// # Errors
    /// When the store fails.
    fn note(&mut self, call: StepCall) -> Result<(), StoreError>;

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

    /// Does `work` within the transaction, and undoes it unless it says [`Verdict::Accepted`].
    ///
    /// # Errors
    /// When the store or the work fails; the work is then undone.
    fn attempt<F>(&mut self, work: F) -> Result<Verdict, StoreError>
    where
        F: FnOnce(&mut Self) -> Result<Verdict, StoreError>,
        Self: Sized,
    {
        self.save()?;
        let verdict = work(self);
        match verdict {
            Ok(Verdict::Accepted) => self.keep()?,
            Ok(Verdict::Refused | Verdict::Failed) | Err(_) => self.undo()?,
        }
        verdict
    }
}
