//! The coordinator's durable log, and what it folds to.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::process::rename::renames;
use crate::process::{Locals, StepId, StepSet};

/// An entry of the coordinator's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SagaRecord {
    /// The workflow is taken on; the client may be told so.
    Accepted,
    /// The step may happen from now on.
    Started(StepId),
    /// A step that is about to be logged as done has read this.
    Read(Locals),
    /// The step happened.
    Done(StepId),
    /// The workflow is rolled back, because of a refused step, or for another reason.
    RollingBack(Option<StepId>),
    /// The step is undone.
    Undone(StepId),
    /// The step, or its compensation, is given up.
    Abandoned(StepId),
    /// It is over.
    Ended(SagaOutcome),
}

/// How a saga ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SagaOutcome {
    /// Every step is done.
    Completed,
    /// Every step is undone.
    Compensated,
    /// Neither: something was given up, and needs a person.
    Failed,
}

impl fmt::Display for SagaOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SagaOutcome::Completed => "completed",
            SagaOutcome::Compensated => "compensated",
            SagaOutcome::Failed => "failed",
        })
    }
}

/// Where a saga stands, as its log tells. Phases only ever follow each other in this order.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum SagaPhase {
    /// Not yet accepted.
    #[default]
    Pending,
    /// Going forward.
    Executing,
    /// Going back.
    RollingBack,
    /// Over.
    Ended(SagaOutcome),
}

/// The state machine of a saga as its users know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SagaState {
    /// Not yet accepted.
    Pending,
    /// Steps are carried out.
    Executing,
    /// Every step is done.
    Succeeded,
    /// It will be rolled back, and nothing is undone yet; or it was given up.
    Failed,
    /// Some step is undone.
    Compensating,
    /// Every step is undone.
    Compensated,
}

impl fmt::Display for SagaState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SagaState::Pending => "pending",
            SagaState::Executing => "executing",
            SagaState::Succeeded => "succeeded",
            SagaState::Failed => "failed",
            SagaState::Compensating => "compensating",
            SagaState::Compensated => "compensated",
        })
    }
}

/// What the coordinator's log folds to.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct SagaLog {
    /// Where the saga stands.
    pub phase: SagaPhase,
    /// Steps that may have happened.
    pub started: StepSet,
    /// Steps that happened.
    pub done: StepSet,
    /// Steps that the business refused.
    pub refused: StepSet,
    /// Steps that are undone.
    pub undone: StepSet,
    /// Steps that were given up.
    pub abandoned: StepSet,
    /// What steps have read.
    pub locals: Locals,
}

renames!(nothing in SagaRecord, SagaOutcome, SagaPhase);
renames!(struct SagaLog { phase, started, done, refused, undone, abandoned, locals });

impl SagaLog {
    /// Adds a record.
    pub fn fold(&mut self, record: &SagaRecord) {
        match *record {
            SagaRecord::Accepted => self.phase = SagaPhase::Executing,
            SagaRecord::Started(step) => self.started.insert(step),
            SagaRecord::Read(locals) => self.locals = self.locals.with(&locals),
            SagaRecord::Done(step) => self.done.insert(step),
            SagaRecord::RollingBack(refused) => {
                self.phase = SagaPhase::RollingBack;
                if let Some(step) = refused {
                    self.refused.insert(step);
                }
            }
            SagaRecord::Undone(step) => self.undone.insert(step),
            SagaRecord::Abandoned(step) => self.abandoned.insert(step),
            SagaRecord::Ended(outcome) => self.phase = SagaPhase::Ended(outcome),
        }
    }

    /// Whether the log has everything in it that `earlier` has, so that it may follow from it.
    #[must_use]
    pub fn covers(&self, earlier: &SagaLog) -> bool {
        let SagaLog { phase, started, done, refused, undone, abandoned, locals } = *earlier;
        phase <= self.phase
            && started.is_subset(self.started)
            && done.is_subset(self.done)
            && refused.is_subset(self.refused)
            && undone.is_subset(self.undone)
            && abandoned.is_subset(self.abandoned)
            && locals.known().is_subset(self.locals.known())
    }

    /// Steps of which nothing is left to compensate.
    #[must_use]
    pub fn settled(&self) -> StepSet {
        self.refused.union(self.undone).union(self.abandoned)
    }

    /// How it ended, if it ended.
    #[must_use]
    pub fn outcome(&self) -> Option<SagaOutcome> {
        match self.phase {
            SagaPhase::Ended(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// The state as users know it.
    #[must_use]
    pub fn state(&self) -> SagaState {
        match self.phase {
            SagaPhase::Pending => SagaState::Pending,
            SagaPhase::Executing => SagaState::Executing,
            SagaPhase::RollingBack if self.undone.is_empty() => SagaState::Failed,
            SagaPhase::RollingBack => SagaState::Compensating,
            SagaPhase::Ended(SagaOutcome::Completed) => SagaState::Succeeded,
            SagaPhase::Ended(SagaOutcome::Compensated) => SagaState::Compensated,
            SagaPhase::Ended(SagaOutcome::Failed) => SagaState::Failed,
        }
    }
}
