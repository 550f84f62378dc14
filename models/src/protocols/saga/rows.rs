//! The rows of a participant: quantities, and the marks that workflows leave on them.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::process::rename::renames;
use crate::process::{Locals, Verdict};
use crate::workflow::{ArithmeticError, Dataflow, Workflow};

use super::knobs::Isolation;
use super::marks::Marks;
use super::message::{Direction, StepCall};
use super::participant::SagaChange;
use super::plan::SagaPlan;

/// What a participant owns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rows {
    /// The values of the service's resources.
    pub values: SmallVec<[i64; 2]>,
    /// What workflows on their way have left.
    pub marks: Marks,
}

renames!(struct Rows { values, marks });

/// The business of a saga over such rows: what its steps mean.
#[derive(Clone, Debug)]
pub(super) struct Business<'a> {
    pub(super) workflow: &'a Workflow,
    pub(super) plan: &'a SagaPlan,
    pub(super) flow: &'a Dataflow,
}

impl Business<'_> {
    /// Completes a change with what its step reads now, or has read when it was carried out.
    pub(super) fn read(&self, rows: &Rows, change: &mut SagaChange) -> Result<(), ArithmeticError> {
        let call = change.call();
        if self.plan.step(call.step).reads.is_empty() {
            return Ok(());
        }
        let before = || rows.marks.recall(call.workflow, call.step).unwrap_or(Locals::NONE);
        let own = match (&*change, call.direction) {
            (SagaChange::Step(_) | SagaChange::Outside(_), Direction::Forward) => {
                self.workflow.read(call.workflow, call.step, &rows.values)?
            }
            (SagaChange::Step(_), Direction::Backward) => {
                before().only(self.flow.step(call.step).undo_uses)
            }
            (SagaChange::Recall(_), _) => before(),
            (SagaChange::Release(_) | SagaChange::Outside(_), _) => Locals::NONE,
        };
        let call = change.call_mut();
        call.locals = call.locals.with(&own);
        Ok(())
    }

    /// Makes a change. The rows change only if the verdict is [`Verdict::Accepted`].
    pub(super) fn attempt(
        &self,
        rows: &mut Rows,
        change: &SagaChange,
    ) -> Result<Verdict, ArithmeticError> {
        match change {
            SagaChange::Step(call) => match call.direction {
                Direction::Forward => self.forward(rows, call),
                Direction::Backward => self.backward(rows, call),
            },
            SagaChange::Outside(call) => {
                let id = call.workflow;
                self.workflow.reach_outside(id, &call.locals, call.step, &mut rows.values)
            }
            SagaChange::Release(call) => {
                rows.marks.clear(call.workflow, call.step);
                Ok(Verdict::Accepted)
            }
            // What was never read cannot be told again.
            SagaChange::Recall(call) => Ok(match rows.marks.recall(call.workflow, call.step) {
                Some(_) => Verdict::Accepted,
                None => Verdict::Refused,
            }),
        }
    }

    fn carry_out(&self, rows: &mut Rows, call: &StepCall) -> Result<Verdict, ArithmeticError> {
        let (id, work) = (call.workflow, call.direction.into());
        self.workflow.attempt_with(id, &call.locals, call.step, work, &mut rows.values)
    }

    fn forward(&self, rows: &mut Rows, call: &StepCall) -> Result<Verdict, ArithmeticError> {
        let flow = self.flow.step(call.step);
        let isolation = self.plan.knobs().isolation;
        let refused = match isolation {
            Isolation::SemanticLock => rows.marks.is_locked_against(call.workflow, &flow.touches),
            Isolation::Reread => self.has_changed(rows, call)?,
            Isolation::None => false,
        };
        if refused || !flow.uses.is_subset(call.locals.known()) {
            return Ok(Verdict::Refused);
        }
        let verdict = self.carry_out(rows, call)?;
        if verdict == Verdict::Accepted {
            if isolation == Isolation::SemanticLock {
                rows.marks.lock(call.workflow, call.step, &flow.touches);
            }
            if !flow.reads.is_empty() {
                let read = call.locals.only(flow.reads);
                rows.marks.remember(call.workflow, call.step, read);
            }
        }
        Ok(verdict)
    }

    fn backward(&self, rows: &mut Rows, call: &StepCall) -> Result<Verdict, ArithmeticError> {
        // A compensation that needs what was never read has nothing to put back.
        let known = self.flow.step(call.step).undo_uses.is_subset(call.locals.known());
        if known {
            self.carry_out(rows, call)?;
        }
        rows.marks.clear(call.workflow, call.step);
        Ok(Verdict::Accepted)
    }

    /// Whether anything that the workflow read, and that the step touches, is different now.
    fn has_changed(&self, rows: &Rows, call: &StepCall) -> Result<bool, ArithmeticError> {
        for local in self.flow.step(call.step).depends_on.iter() {
            let Some(reader) = self.flow.observations().iter().find(|it| it.local == local) else {
                continue;
            };
            let now = self.workflow.read(call.workflow, reader.step, &rows.values)?.get(local);
            if call.locals.get(local).is_some_and(|then| now != Some(then)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
