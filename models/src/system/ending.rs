//! How workflows end, whatever their protocol.

use crate::protocols::saga::SagaOutcome;
use crate::protocols::tcc::TccOutcome;
use crate::protocols::two_phase_commit::TwoPhaseOutcome;

/// How a workflow can end, whatever its protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Every step is done.
    Completed,
    /// Every step is undone.
    Compensated,
    /// It needs a person.
    Failed,
}

impl From<SagaOutcome> for Ending {
    fn from(outcome: SagaOutcome) -> Self {
        match outcome {
            SagaOutcome::Completed => Ending::Completed,
            SagaOutcome::Compensated => Ending::Compensated,
            SagaOutcome::Failed => Ending::Failed,
        }
    }
}

impl From<TccOutcome> for Ending {
    fn from(outcome: TccOutcome) -> Self {
        match outcome {
            TccOutcome::Completed => Ending::Completed,
            TccOutcome::Cancelled => Ending::Compensated,
            TccOutcome::Failed => Ending::Failed,
        }
    }
}

impl From<TwoPhaseOutcome> for Ending {
    fn from(outcome: TwoPhaseOutcome) -> Self {
        match outcome {
            TwoPhaseOutcome::Committed => Ending::Completed,
            TwoPhaseOutcome::Aborted => Ending::Compensated,
            TwoPhaseOutcome::Mixed => Ending::Failed,
        }
    }
}
