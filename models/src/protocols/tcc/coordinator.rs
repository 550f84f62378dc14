//! The coordinator: tries all steps at once, decides, and sees the decision through.

use std::num::NonZeroU8;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::process::barrier::RequestKey;
use crate::process::promise::{Acceptance, Telling};
use crate::process::rename::renames;
use crate::process::{
    Address, Answer, Effect, Effects, Input, Process, StepId, StepSet, WorkflowId,
};

use super::knobs::{CancelScope, DecisionLog, Recovery, Refusal, Unconfirmed};
use super::log::{Decision, TccLog, TccOutcome, TccRecord};
use super::message::{Operation, TccCall, TccMessage, TccTimer};
use super::participant::TccChange;
use super::plan::TccPlan;

/// The coordinator of one TCC.
#[derive(Clone, Debug)]
pub struct TccCoordinator {
    workflow: WorkflowId,
    plan: Arc<TccPlan>,
}

/// What the coordinator forgets in a crash, all of which it can ask for again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TccMemory {
    /// Steps whose answer is awaited.
    awaited: StepSet,
    /// While trying: steps that reserved.
    reserved: StepSet,
    /// While trying: steps that may have reserved.
    may_have_reserved: StepSet,
    /// While trying: a step refused, or was given up.
    doomed: bool,
    /// Once decided: a Confirm or a Cancel was given up.
    abandoned: bool,
    /// How often a step was asked in vain, where there is a limit.
    attempts: SmallVec<[(StepId, u8); 2]>,
    /// A decision that is not in the log.
    unlogged: Option<Decision>,
    /// The client was told that its request is taken on, before the log had it.
    acknowledged: bool,
}

renames!(struct TccMemory {
    awaited, reserved, may_have_reserved, doomed, abandoned, attempts, unlogged, acknowledged
});

impl TccCoordinator {
    /// The coordinator of `workflow`.
    #[must_use]
    pub fn new(workflow: WorkflowId, plan: Arc<TccPlan>) -> Self {
        TccCoordinator { workflow, plan }
    }
}

impl Process for TccCoordinator {
    type Volatile = TccMemory;
    type Durable = TccLog;
    type Record = TccRecord;
    type Change = TccChange;
    type Message = TccMessage;
    type Timer = TccTimer;
    type Outcome = TccOutcome;

    fn fold(&self, log: &mut TccLog, record: &TccRecord) {
        log.fold(record);
    }

    fn handle(
        &self,
        memory: &mut TccMemory,
        log: &TccLog,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        let mut turn = Turn { core: self, memory, log: *log, effects };
        match input {
            Input::Start => turn.start(),
            Input::Cancel => turn.cancel(),
            Input::Recover => turn.recover(),
            Input::Message { message: TccMessage::Reply(call, answer), .. } => {
                turn.reply(call, answer);
            }
            Input::Message { message: TccMessage::Inquiry(_, step), .. } => turn.inquiry(step),
            Input::TimerFired(TccTimer::Call(step)) => turn.call_timed_out(step),
            // A coordinator owns no resources, serves no requests, and holds no reservations.
            Input::Message { message: TccMessage::Request(_), .. }
            | Input::Applied { .. }
            | Input::TimerFired(
                TccTimer::Reservation(..) | TccTimer::Inquiry(..) | TccTimer::Key(..),
            ) => {}
        }
    }

    fn awaits_start(&self, _memory: &TccMemory, log: &TccLog) -> bool {
        *log == TccLog::Pending
    }

    fn acknowledges(&self, memory: &TccMemory, log: &TccLog) -> bool {
        memory.acknowledged || *log != TccLog::Pending
    }

    fn is_bound_to(&self, _memory: &TccMemory, log: &TccLog, outcome: &TccOutcome) -> bool {
        log.outcome() == Some(*outcome)
    }

    fn is_stale(&self, log: &TccLog, _from: Address, message: &TccMessage) -> bool {
        match (message, log) {
            (TccMessage::Request(_), _) | (TccMessage::Reply(_, Answer::Failed), _) => true,
            (TccMessage::Reply(call, _), TccLog::Decided(decision)) => match call.operation {
                Operation::Try => true,
                // What is confirmed may be cancelled, but not the other way round.
                Operation::Confirm => *decision == Decision::Cancel,
                Operation::Cancel => false,
            },
            (TccMessage::Reply(..), TccLog::Ended(_)) => true,
            (TccMessage::Reply(..), TccLog::Pending | TccLog::Trying) => false,
            // What was given up is for a person to decide.
            (TccMessage::Inquiry(..), _) => *log == TccLog::Ended(TccOutcome::Failed),
        }
    }

    fn awaits(&self, timer: &TccTimer) -> Option<Address> {
        match timer {
            TccTimer::Call(step) => Some(Address::Service(self.plan.step(*step).service)),
            TccTimer::Reservation(..) | TccTimer::Inquiry(..) | TccTimer::Key(..) => None,
        }
    }
}

/// One input being handled: the log as it will be once the effects so far are carried out.
struct Turn<'a> {
    core: &'a TccCoordinator,
    memory: &'a mut TccMemory,
    log: TccLog,
    effects: &'a mut Effects<TccCoordinator>,
}

impl Turn<'_> {
    fn start(&mut self) {
        if self.log == TccLog::Pending {
            self.memory.acknowledged = self.core.plan.knobs().accept == Acceptance::BeforeLog;
            self.persist(TccRecord::Accepted);
            self.advance();
        }
    }

    fn cancel(&mut self) {
        if self.is_trying() {
            self.decide(Decision::Cancel);
        }
    }

    fn recover(&mut self) {
        match self.log {
            TccLog::Pending => {}
            TccLog::Trying => match self.core.plan.knobs().recovery {
                // Nobody remembers who was asked, so anybody may have been.
                Recovery::Resume => {
                    self.memory.may_have_reserved = self.core.plan.all();
                    self.advance();
                }
                Recovery::Cancel => {
                    self.memory.may_have_reserved = self.core.plan.all();
                    self.decide(Decision::Cancel);
                }
            },
            TccLog::Decided(decision) => self.tell(decision, self.core.plan.all()),
            TccLog::Ended(outcome) => self.effects.push(Effect::Finish(outcome)),
        }
    }

    fn reply(&mut self, call: TccCall, answer: Answer) {
        let current = match self.decision() {
            Some(decision) => operation(decision),
            None => Operation::Try,
        };
        let step = call.step;
        // What failed is asked for again by its timer; late answers change nothing.
        if call.operation != current || !self.awaits(step) || answer == Answer::Failed {
            return;
        }
        let insists = self.core.plan.knobs().refusal == Refusal::Retry;
        if insists && (current, answer) == (Operation::Try, Answer::Refused) {
            return;
        }
        self.settle_call(step);
        match (current, answer) {
            (Operation::Try, Answer::Refused) => {
                self.memory.may_have_reserved.remove(step);
                self.doom();
            }
            (Operation::Try, _) => {
                self.memory.reserved.insert(step);
                self.advance();
            }
            (_, Answer::Refused) => self.give_up(),
            (_, _) => self.end_if_done(),
        }
    }

    /// Tells a participant what was decided; decides to cancel if nothing was.
    fn inquiry(&mut self, step: StepId) {
        if self.is_trying() {
            // It holds a reservation, whether or not its answer has arrived.
            self.memory.reserved.insert(step);
            self.memory.may_have_reserved.insert(step);
            return self.decide(Decision::Cancel);
        }
        let decision = match self.log {
            TccLog::Ended(TccOutcome::Completed) => Some(Decision::Confirm),
            // What was given up is for a person to decide.
            TccLog::Ended(TccOutcome::Failed) => None,
            // Nobody who has not yet accepted can have decided to confirm.
            TccLog::Ended(TccOutcome::Cancelled) | TccLog::Pending => Some(Decision::Cancel),
            TccLog::Trying | TccLog::Decided(_) => self.decision(),
        };
        if let Some(decision) = decision {
            self.send(step, operation(decision));
        }
    }

    fn call_timed_out(&mut self, step: StepId) {
        if !self.awaits(step) {
            return;
        }
        let knobs = self.core.plan.knobs_of(step);
        let (current, limit) = match self.decision() {
            None => (Operation::Try, Some(knobs.try_attempts)),
            Some(Decision::Confirm) => (Operation::Confirm, knobs.confirm_attempts),
            Some(Decision::Cancel) => (Operation::Cancel, knobs.cancel_attempts),
        };
        let insists = knobs.refusal == Refusal::Retry && current == Operation::Try;
        if insists || self.may_ask_again(step, limit) {
            self.call_again(step, current);
        } else {
            self.settle_call(step);
            match current {
                Operation::Try => self.doom(),
                Operation::Confirm | Operation::Cancel => self.give_up(),
            }
        }
    }

    /// Tries every step that waits for nothing any more; decides when all have answered.
    fn advance(&mut self) {
        let plan = &self.core.plan;
        if self.memory.doomed {
            if self.memory.awaited.is_empty() {
                self.decide(Decision::Cancel);
            }
            return;
        }
        if self.memory.reserved == plan.all() {
            return self.decide(Decision::Confirm);
        }
        let asked = self.memory.awaited.union(self.memory.reserved);
        let ready: StepSet = plan
            .all()
            .difference(asked)
            .iter()
            .filter(|&step| plan.step(step).after.is_subset(self.memory.reserved))
            .collect();
        for step in ready.iter() {
            self.memory.awaited.insert(step);
            self.memory.may_have_reserved.insert(step);
            self.call(step, Operation::Try);
        }
    }

    /// A step will not reserve, or nobody knows whether it did.
    fn doom(&mut self) {
        match self.core.plan.knobs().refusal {
            Refusal::FailFast | Refusal::Retry => self.decide(Decision::Cancel),
            Refusal::WaitForAll => {
                self.memory.doomed = true;
                self.advance();
            }
        }
    }

    fn decide(&mut self, decision: Decision) {
        let plan = &self.core.plan;
        let targets = match (decision, plan.knobs().cancel) {
            (Decision::Confirm, _) | (Decision::Cancel, CancelScope::Everything) => plan.all(),
            (Decision::Cancel, CancelScope::MayHaveReserved) => self.memory.may_have_reserved,
            (Decision::Cancel, CancelScope::OnlyAnswered) => self.memory.reserved,
        };
        for step in self.memory.awaited.difference(targets).iter() {
            self.effects.push(Effect::CancelTimer(TccTimer::Call(step)));
        }
        *self.memory = TccMemory::default();
        if plan.knobs().tell == Telling::BeforeLog {
            self.effects.push(Effect::Finish(match decision {
                Decision::Confirm => TccOutcome::Completed,
                Decision::Cancel => TccOutcome::Cancelled,
            }));
        }
        match plan.knobs().decision {
            DecisionLog::BeforeSend => {
                self.persist(TccRecord::Decided(decision));
                self.tell(decision, targets);
            }
            DecisionLog::AfterSend => {
                self.memory.unlogged = Some(decision);
                self.tell(decision, targets);
                self.memory.unlogged = None;
                if self.log.outcome().is_none() {
                    self.persist(TccRecord::Decided(decision));
                }
            }
            DecisionLog::Never => {
                self.memory.unlogged = Some(decision);
                self.tell(decision, targets);
            }
        }
    }

    fn tell(&mut self, decision: Decision, targets: StepSet) {
        self.memory.awaited = targets;
        for step in targets.iter() {
            self.call(step, operation(decision));
        }
        self.end_if_done();
    }

    /// A Confirm or a Cancel was asked for in vain.
    fn give_up(&mut self) {
        let unconfirmed = self.core.plan.knobs().unconfirmed;
        if self.decision() == Some(Decision::Confirm) && unconfirmed == Unconfirmed::Cancel {
            self.memory.reserved = self.core.plan.all();
            self.memory.may_have_reserved = self.core.plan.all();
            return self.decide(Decision::Cancel);
        }
        self.memory.abandoned = true;
        self.end_if_done();
    }

    fn end_if_done(&mut self) {
        if !self.memory.awaited.is_empty() {
            return;
        }
        let ignores = self.core.plan.knobs().unconfirmed == Unconfirmed::Ignore;
        let outcome = match self.decision() {
            None => return,
            Some(Decision::Confirm) if !self.memory.abandoned || ignores => TccOutcome::Completed,
            Some(Decision::Cancel) if !self.memory.abandoned => TccOutcome::Cancelled,
            Some(_) => TccOutcome::Failed,
        };
        self.persist(TccRecord::Ended(outcome));
        *self.memory = TccMemory::default();
        self.effects.push(Effect::Finish(outcome));
    }

    fn call(&mut self, step: StepId, operation: Operation) {
        self.send(step, operation);
        self.effects.push(Effect::SetTimer(TccTimer::Call(step)));
    }

    /// Makes a call that was made before. Only a Try is made under a new key: what is decided about a
    /// reservation names it.
    fn call_again(&mut self, step: StepId, operation: Operation) {
        let per_attempt = self.core.plan.knobs_of(step).request_key == RequestKey::PerAttempt;
        let new_key = per_attempt && operation == Operation::Try;
        self.request(TccCall { new_key, ..TccCall::new(self.core.workflow, step, operation) });
        self.effects.push(Effect::SetTimer(TccTimer::Call(step)));
    }

    fn send(&mut self, step: StepId, operation: Operation) {
        self.request(TccCall::new(self.core.workflow, step, operation));
    }

    fn request(&mut self, call: TccCall) {
        let step = call.step;
        self.effects.push(Effect::Send {
            to: Address::Service(self.core.plan.step(step).service),
            message: TccMessage::Request(call),
        });
    }

    fn settle_call(&mut self, step: StepId) {
        self.memory.awaited.remove(step);
        self.memory.attempts.retain(|(asked, _)| *asked != step);
        self.effects.push(Effect::CancelTimer(TccTimer::Call(step)));
    }

    /// Counts an attempt that went unanswered, where there is a limit. A limit of one asks only once.
    fn may_ask_again(&mut self, step: StepId, limit: Option<NonZeroU8>) -> bool {
        let Some(limit) = limit.map(NonZeroU8::get) else { return true };
        if let Some((_, unanswered)) = self.memory.attempts.iter_mut().find(|(at, _)| *at == step) {
            *unanswered += 1;
            return *unanswered < limit;
        }
        self.memory.attempts.push((step, 1));
        self.memory.attempts.sort_unstable();
        1 < limit
    }

    fn persist(&mut self, record: TccRecord) {
        self.log.fold(&record);
        self.effects.push(Effect::Persist(record));
    }

    fn is_trying(&self) -> bool {
        self.log == TccLog::Trying && self.memory.unlogged.is_none()
    }

    /// What is decided, and not yet over.
    fn decision(&self) -> Option<Decision> {
        match self.log {
            // A decision that revokes a logged one may be unlogged itself.
            TccLog::Decided(logged) => Some(self.memory.unlogged.unwrap_or(logged)),
            TccLog::Trying => self.memory.unlogged,
            TccLog::Pending | TccLog::Ended(_) => None,
        }
    }

    fn awaits(&self, step: StepId) -> bool {
        self.memory.awaited.contains(step)
    }
}

fn operation(decision: Decision) -> Operation {
    match decision {
        Decision::Confirm => Operation::Confirm,
        Decision::Cancel => Operation::Cancel,
    }
}
