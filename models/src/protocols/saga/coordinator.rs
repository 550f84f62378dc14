//! The coordinator: drives one workflow forward, step by step, and back, compensation by compensation.
//!
//! Its log alone tells what to do next, so recovery is ordinary work: it asks again for whatever is
//! in doubt and goes on from there.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::process::barrier::RequestKey;
use crate::process::promise::{Acceptance, Telling};
use crate::process::rename::renames;
use crate::process::{
    Address, Answer, Effect, Effects, Input, Process, StepId, StepSet, WorkflowId,
};
use crate::workflow::StepKind;

use super::knobs::{
    Cancellation, CompensationOrder, Deadline, DecisionLog, FailedCompensation, InDoubt, LateJoin,
    Recovery, StepLog,
};
use super::log::{SagaLog, SagaOutcome, SagaPhase, SagaRecord};
use super::message::{Direction, SagaMessage, StepCall};
use super::participant::SagaChange;
use super::plan::SagaPlan;

/// The coordinator of one saga.
#[derive(Clone, Debug)]
pub struct SagaCoordinator {
    workflow: WorkflowId,
    plan: Arc<SagaPlan>,
}

/// What the coordinator forgets in a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SagaMemory {
    /// Compensations that were asked for.
    undoing: StepSet,
    /// Steps whose lock is known to be released.
    released: StepSet,
    /// How often a step was asked for, where there is a limit.
    attempts: SmallVec<[(StepId, u8); 2]>,
    /// A decision to roll back that was not logged.
    unlogged_decision: Option<UnloggedDecision>,
    /// The client was told that its request is taken on, before the log had it.
    acknowledged: bool,
}

renames!(struct SagaMemory { undoing, released, attempts, unlogged_decision, acknowledged });

/// A decision to roll back that a crash takes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct UnloggedDecision {
    /// The step whose refusal made it, if it was a refusal.
    refused: Option<StepId>,
}

renames!(nothing in UnloggedDecision);

/// The timers of coordinators and participants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SagaTimer {
    /// Coordinator: stands in for the answer to a call of the step.
    Call(StepId),
    /// Participant: the idempotency key of the step runs out.
    Key(WorkflowId, StepId),
    /// Coordinator: whoever checks deadlines found the workflow unfinished, and is about to roll it back.
    Deadline,
}

renames!(
    enum SagaTimer {
        Call(step),
        Key(workflow, step),
        Deadline,
    }
);

impl SagaCoordinator {
    /// The coordinator of `workflow`.
    #[must_use]
    pub fn new(workflow: WorkflowId, plan: Arc<SagaPlan>) -> Self {
        SagaCoordinator { workflow, plan }
    }
}

impl Process for SagaCoordinator {
    type Volatile = SagaMemory;
    type Durable = SagaLog;
    type Record = SagaRecord;
    type Change = SagaChange;
    type Message = SagaMessage;
    type Timer = SagaTimer;
    type Outcome = SagaOutcome;

    fn fold(&self, log: &mut SagaLog, record: &SagaRecord) {
        log.fold(record);
    }

    fn handle(
        &self,
        memory: &mut SagaMemory,
        log: &SagaLog,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        let begun = effects.len();
        let mut turn = Turn { core: self, memory, log: *log, effects, begun };
        match input {
            Input::Start => turn.start(),
            Input::Cancel => turn.cancel(),
            Input::Recover => turn.recover(),
            Input::Message { message: SagaMessage::Reply(call, answer), .. } => {
                turn.reply(call, answer);
            }
            Input::Message { message: SagaMessage::Released(call), .. } => turn.released(call.step),
            Input::TimerFired(SagaTimer::Call(step)) => turn.call_timed_out(step),
            Input::TimerFired(SagaTimer::Deadline) => turn.roll_back_regardless(),
            // A coordinator owns no resources and serves no requests.
            Input::Message {
                message: SagaMessage::Request(_) | SagaMessage::Release(_), ..
            }
            | Input::TimerFired(SagaTimer::Key(..))
            | Input::Applied { .. } => {}
        }
    }

    fn awaits_start(&self, _memory: &SagaMemory, log: &SagaLog) -> bool {
        log.phase == SagaPhase::Pending
    }

    fn acknowledges(&self, memory: &SagaMemory, log: &SagaLog) -> bool {
        memory.acknowledged || log.phase != SagaPhase::Pending
    }

    fn outcome(&self, log: &SagaLog) -> Option<SagaOutcome> {
        log.outcome()
    }

    fn is_bound_to(&self, _memory: &SagaMemory, log: &SagaLog, outcome: &SagaOutcome) -> bool {
        log.outcome() == Some(*outcome)
    }

    fn is_stale(&self, log: &SagaLog, _from: Address, message: &SagaMessage) -> bool {
        let is_over = log.outcome().is_some();
        match message {
            SagaMessage::Reply(call, Answer::Failed) => match call.direction {
                Direction::Forward => true,
                Direction::Backward => {
                    let failed = self.plan.knobs_of(call.step).failed_compensation;
                    is_over || failed == FailedCompensation::Retry
                }
            },
            SagaMessage::Reply(call, answer) => match call.direction {
                Direction::Forward => {
                    let joins = self.plan.knobs().late_join == LateJoin::Accept;
                    is_over
                        || log.done.contains(call.step)
                        || (log.phase > SagaPhase::Executing && !joins)
                }
                Direction::Backward => {
                    is_over || *answer != Answer::Done || log.settled().contains(call.step)
                }
            },
            SagaMessage::Released(_) => log.phase > SagaPhase::Executing,
            SagaMessage::Request(_) | SagaMessage::Release(_) => true,
        }
    }

    fn awaits(&self, timer: &SagaTimer) -> Option<Address> {
        match timer {
            SagaTimer::Call(step) => Some(Address::Service(self.plan.step(*step).service)),
            SagaTimer::Key(..) | SagaTimer::Deadline => None,
        }
    }
}

/// One input being handled: the log as it will be once the effects so far are carried out.
struct Turn<'a> {
    core: &'a SagaCoordinator,
    memory: &'a mut SagaMemory,
    log: SagaLog,
    effects: &'a mut Effects<SagaCoordinator>,
    /// How many effects there were before.
    begun: usize,
}

impl Turn<'_> {
    fn start(&mut self) {
        if self.log.phase == SagaPhase::Pending {
            self.memory.acknowledged = self.core.plan.knobs().accept == Acceptance::BeforeLog;
            self.persist(SagaRecord::Accepted);
            self.advance();
        }
    }

    fn cancel(&mut self) {
        if !self.is_executing() || self.is_releasing() {
            return;
        }
        match self.core.plan.knobs().cancellation {
            Cancellation::BeforePivot if self.passed_return() => {}
            _ if self.core.plan.knobs().deadline == Deadline::CheckThenSet => {
                self.effects.push(Effect::SetTimer(SagaTimer::Deadline));
            }
            Cancellation::BeforePivot | Cancellation::Anytime => self.roll_back(None),
            Cancellation::WithoutCompensation => self.end(SagaOutcome::Failed),
        }
    }

    /// Rolls back what was unfinished when somebody last looked.
    fn roll_back_regardless(&mut self) {
        if !self.is_rolling_back() && self.log.outcome() != Some(SagaOutcome::Compensated) {
            self.roll_back(None);
        }
    }

    fn recover(&mut self) {
        let recovery = self.core.plan.knobs().recovery;
        match self.log.phase {
            SagaPhase::Pending => {}
            SagaPhase::Executing | SagaPhase::RollingBack if recovery == Recovery::Never => {}
            SagaPhase::Executing => {
                let undecided = !self.passed_return() && !self.is_releasing();
                if recovery == Recovery::Backward && undecided {
                    self.roll_back(None);
                } else {
                    for step in self.log.started.difference(self.log.done).iter() {
                        self.call_again(step, Direction::Forward);
                    }
                    self.advance();
                }
            }
            SagaPhase::RollingBack => self.compensate(),
            SagaPhase::Ended(outcome) => self.effects.push(Effect::Finish(outcome)),
        }
    }

    fn reply(&mut self, call: StepCall, answer: Answer) {
        let step = call.step;
        match (call.direction, answer) {
            (Direction::Forward, Answer::Done) if self.awaits_step(step) => {
                self.settle_call(step);
                if !call.locals.is_empty() {
                    self.persist(SagaRecord::Read(call.locals));
                }
                self.persist(SagaRecord::Done(step));
                self.advance();
            }
            // A retriable step is asked for again when its timer runs out.
            (Direction::Forward, Answer::Refused)
                if self.awaits_step(step) && self.kind(step) != StepKind::Retriable =>
            {
                self.settle_call(step);
                self.roll_back(Some(step));
            }
            (Direction::Backward, answer)
                if self.counts_as_undone(step, answer)
                    && self.is_rolling_back()
                    && self.targets().contains(step) =>
            {
                self.settle_call(step);
                self.persist(SagaRecord::Undone(step));
                self.compensate();
            }
            (Direction::Forward, Answer::Done)
                if self.is_rolling_back()
                    && self.core.plan.knobs().late_join == LateJoin::Accept =>
            {
                self.join_late(step);
            }
            // Late answers change nothing, and what failed is asked for again by its timer.
            _ => {}
        }
    }

    /// Whoever carried the step out goes on with what follows, and tells nobody who compensates.
    fn join_late(&mut self, step: StepId) {
        let plan = &self.core.plan;
        let follows = |next: &StepId| plan.step(*next).after.contains(step);
        let next: StepSet =
            plan.all().difference(self.log.started).iter().filter(follows).collect();
        for next in next.iter() {
            let call = StepCall::new(self.core.workflow, next, Direction::Forward);
            let to = Address::Service(self.core.plan.step(next).service);
            self.effects.push(Effect::Send { to, message: SagaMessage::Request(call) });
        }
    }

    fn counts_as_undone(&self, step: StepId, answer: Answer) -> bool {
        match answer {
            Answer::Done => true,
            Answer::Refused => false,
            Answer::Failed => {
                let failed = self.core.plan.knobs_of(step).failed_compensation;
                failed == FailedCompensation::CountAsDone
            }
        }
    }

    fn call_timed_out(&mut self, step: StepId) {
        if self.is_rolling_back() && self.memory.undoing.contains(step) {
            if self.may_ask_again(step, self.core.plan.knobs_of(step).compensation_attempts) {
                self.call_again(step, Direction::Backward);
            } else {
                self.persist(SagaRecord::Abandoned(step));
                self.compensate();
            }
        } else if self.is_releasing() {
            self.ask_to_release(step);
        } else if self.awaits_step(step) {
            let knobs = self.core.plan.knobs_of(step);
            let limit = match self.kind(step) {
                StepKind::Compensatable => Some(knobs.attempts),
                // Nobody knows whether the point of no return is passed until it answers.
                StepKind::Pivot => None,
                StepKind::Retriable => knobs.retriable_attempts,
            };
            if self.may_ask_again(step, limit) {
                self.call_again(step, Direction::Forward);
            } else if self.kind(step) == StepKind::Retriable {
                self.persist(SagaRecord::Abandoned(step));
                self.end(SagaOutcome::Failed);
            } else {
                self.roll_back(None);
            }
        }
    }

    /// Starts every step that waits for nothing any more; ends when all are done.
    fn advance(&mut self) {
        let plan = &self.core.plan;
        if self.log.done == plan.all() {
            return self.release();
        }
        let ready: StepSet = plan
            .all()
            .difference(self.log.started)
            .iter()
            .filter(|&step| plan.step(step).after.is_subset(self.log.done))
            .collect();
        for step in ready.iter() {
            match plan.knobs_of(step).log {
                StepLog::BeforeSend => {
                    self.persist(SagaRecord::Started(step));
                    self.call(step, Direction::Forward);
                }
                StepLog::AfterSend => {
                    self.call(step, Direction::Forward);
                    self.persist(SagaRecord::Started(step));
                }
            }
        }
    }

    /// Every step is done: there is no way back, and whoever waits may see what was done.
    fn release(&mut self) {
        for step in self.core.plan.locking().iter() {
            self.ask_to_release(step);
        }
        self.end_if_released();
    }

    fn released(&mut self, step: StepId) {
        if self.is_releasing() {
            self.settle_call(step);
            self.memory.released.insert(step);
            self.end_if_released();
        }
    }

    fn end_if_released(&mut self) {
        if self.core.plan.locking().is_subset(self.memory.released) {
            self.end(SagaOutcome::Completed);
        }
    }

    fn roll_back(&mut self, refused: Option<StepId>) {
        match self.core.plan.knobs().decision {
            DecisionLog::BeforeCompensation => self.persist(SagaRecord::RollingBack(refused)),
            DecisionLog::Never => {
                self.memory.unlogged_decision = Some(UnloggedDecision { refused });
            }
        }
        // What the forward calls still answer is of no interest: all of them are compensated.
        for step in self.log.started.difference(self.log.done).iter() {
            self.settle_call(step);
        }
        self.compensate();
    }

    /// Undoes what can be undone now; ends when nothing is left.
    fn compensate(&mut self) {
        let targets = self.targets();
        if targets.is_empty() {
            let outcome = if self.log.abandoned.is_empty() {
                SagaOutcome::Compensated
            } else {
                SagaOutcome::Failed
            };
            return self.end(outcome);
        }
        for step in targets.difference(self.memory.undoing).iter() {
            if self.undoable(step, targets) {
                self.memory.undoing.insert(step);
                self.call(step, Direction::Backward);
            }
        }
    }

    /// What is left to compensate.
    fn targets(&self) -> StepSet {
        let plan = &self.core.plan;
        let is_affected = |step: &StepId| match plan.knobs_of(*step).in_doubt {
            InDoubt::Compensate => self.log.started.contains(*step),
            InDoubt::Ignore => self.log.done.contains(*step),
        };
        let affected: StepSet = plan.all().iter().filter(is_affected).collect();
        let mut settled = self.log.settled();
        if let Some(UnloggedDecision { refused: Some(refused) }) = self.memory.unlogged_decision {
            settled.insert(refused);
        }
        affected.difference(settled).intersection(self.core.plan.of_kind(StepKind::Compensatable))
    }

    fn undoable(&self, step: StepId, targets: StepSet) -> bool {
        match self.core.plan.knobs().compensation_order {
            CompensationOrder::Reverse => {
                self.core.plan.step(step).dependents.intersection(targets).is_empty()
            }
            CompensationOrder::Parallel => true,
            CompensationOrder::Forward => targets.iter().next() == Some(step),
        }
    }

    fn end(&mut self, outcome: SagaOutcome) {
        if self.core.plan.knobs().tell == Telling::BeforeLog {
            self.effects.insert(self.begun, Effect::Finish(outcome));
        }
        self.persist(SagaRecord::Ended(outcome));
        *self.memory = SagaMemory::default();
        self.effects.push(Effect::Finish(outcome));
    }

    fn ask_to_release(&mut self, step: StepId) {
        let call = StepCall::new(self.core.workflow, step, Direction::Forward);
        self.send(step, SagaMessage::Release(call));
    }

    fn call(&mut self, step: StepId, direction: Direction) {
        self.send(step, SagaMessage::Request(self.request(step, direction)));
    }

    /// Makes a call that may have been made before.
    fn call_again(&mut self, step: StepId, direction: Direction) {
        let request = self.request(step, direction);
        let request = match self.core.plan.knobs_of(step).request_key {
            RequestKey::PerStep => request,
            RequestKey::PerAttempt => request.under_new_key(),
        };
        self.send(step, SagaMessage::Request(request));
    }

    fn request(&self, step: StepId, direction: Direction) -> StepCall {
        let known = self.log.locals.only(self.core.plan.step(step).needs_for(direction));
        StepCall::new(self.core.workflow, step, direction).knowing(known)
    }

    /// Sends what is answered by the step's service, and sends it again when no answer comes.
    fn send(&mut self, step: StepId, message: SagaMessage) {
        let to = Address::Service(self.core.plan.step(step).service);
        self.effects.push(Effect::Send { to, message });
        self.effects.push(Effect::SetTimer(SagaTimer::Call(step)));
    }

    fn settle_call(&mut self, step: StepId) {
        self.memory.attempts.retain(|(asked, _)| *asked != step);
        self.effects.push(Effect::CancelTimer(SagaTimer::Call(step)));
    }

    /// Counts an attempt that went unanswered, where there is a limit. A limit of one asks only once.
    fn may_ask_again(&mut self, step: StepId, limit: Option<u8>) -> bool {
        let Some(limit) = limit else { return true };
        if let Some((_, unanswered)) = self.memory.attempts.iter_mut().find(|(at, _)| *at == step) {
            *unanswered += 1;
            return *unanswered < limit;
        }
        self.memory.attempts.push((step, 1));
        self.memory.attempts.sort_unstable();
        1 < limit
    }

    fn persist(&mut self, record: SagaRecord) {
        self.log.fold(&record);
        self.effects.push(Effect::Persist(record));
    }

    fn kind(&self, step: StepId) -> StepKind {
        self.core.plan.step(step).kind
    }

    fn is_executing(&self) -> bool {
        self.log.phase == SagaPhase::Executing && self.memory.unlogged_decision.is_none()
    }

    fn is_rolling_back(&self) -> bool {
        match self.log.phase {
            SagaPhase::RollingBack => true,
            SagaPhase::Executing => self.memory.unlogged_decision.is_some(),
            SagaPhase::Pending | SagaPhase::Ended(_) => false,
        }
    }

    /// Whether all that is left to do is to release locks.
    fn is_releasing(&self) -> bool {
        let plan = &self.core.plan;
        self.is_executing() && self.log.done == plan.all() && !plan.locking().is_empty()
    }

    /// Whether the step was asked for and its answer still matters.
    fn awaits_step(&self, step: StepId) -> bool {
        self.is_executing() && self.log.started.contains(step) && !self.log.done.contains(step)
    }

    /// Whether a step that cannot be undone may have happened.
    fn passed_return(&self) -> bool {
        !self.log.started.is_subset(self.core.plan.of_kind(StepKind::Compensatable))
    }
}
