//! The participant: a service that does and undoes steps, once each, whatever the network does.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::process::barrier::{Barrier, Entry, KeyLifetime, Ledger, LedgerWrite};
use crate::process::rename::renames;
use crate::process::{
    Address, Answer, Effect, Effects, Input, Locals, Process, StepId, Verdict, WorkflowId,
};
use crate::workflow::{OutsideAt, StepKind};

use super::coordinator::SagaTimer;
use super::log::SagaOutcome;
use super::message::{Direction, SagaMessage, StepCall};
use super::plan::SagaPlan;

/// A service's side of every saga it takes part in.
///
/// It keeps nothing in memory: each request is answered from the [`Ledger`] and one transaction.
#[derive(Clone, Debug)]
pub struct SagaParticipant {
    plan: Arc<SagaPlan>,
}

/// A change to the participant's rows, or a look at them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SagaChange {
    /// The step is done or undone.
    Step(StepCall),
    /// What the step does outside of its transaction is done.
    Outside(StepCall),
    /// What the step left is taken away.
    Release(StepCall),
    /// Nothing changes: what the step has read is looked up, because its answer is asked for again.
    Recall(StepCall),
}

renames!(
    enum SagaChange {
        Step(call),
        Outside(call),
        Release(call),
        Recall(call),
    }
);

impl SagaChange {
    /// The call on whose behalf it is made.
    #[must_use]
    pub fn call(&self) -> &StepCall {
        match self {
            SagaChange::Step(call)
            | SagaChange::Outside(call)
            | SagaChange::Release(call)
            | SagaChange::Recall(call) => call,
        }
    }

    /// The call on whose behalf it is made, to be completed.
    pub fn call_mut(&mut self) -> &mut StepCall {
        match self {
            SagaChange::Step(call)
            | SagaChange::Outside(call)
            | SagaChange::Release(call)
            | SagaChange::Recall(call) => call,
        }
    }
}

/// An entry of the participant's log: a line of its [`Ledger`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LedgerRecord {
    /// For which workflow.
    pub workflow: WorkflowId,
    /// Which step.
    pub step: StepId,
    /// What is remembered; nothing, once the step's idempotency key has run out.
    pub entry: Option<Entry>,
}

renames!(struct LedgerRecord { workflow, step, entry });

impl SagaParticipant {
    /// A participant in sagas of that plan.
    #[must_use]
    pub fn new(plan: Arc<SagaPlan>) -> Self {
        SagaParticipant { plan }
    }

    fn forward(&self, ledger: &Ledger, call: StepCall, effects: &mut Effects<Self>) {
        match self.remembered(ledger, call) {
            // The key lets it be done again, in case it is not.
            Some(Entry::Done) if self.has_keyed_outside(call) => self.reach_outside(call, effects),
            Some(Entry::Done | Entry::DoneOutside)
                if !self.plan.step(call.step).reads.is_empty() =>
            {
                effects.push(Effect::Apply(SagaChange::Recall(call)));
            }
            Some(Entry::Done | Entry::DoneOutside) => effects.push(self.reply(call, Answer::Done)),
            Some(Entry::Refused | Entry::Undone) => {
                effects.push(self.reply(call, Answer::Refused));
            }
            None | Some(Entry::OutsideOnly) => {
                let is_done = ledger.entry(call.workflow, call.step) == Some(Entry::OutsideOnly);
                match self.plan.step(call.step).outside {
                    Some(outside) if outside.at == OutsideAt::BeforeCommit && !is_done => {
                        self.reach_outside(call, effects);
                    }
                    _ => self.attempt(call, effects),
                }
            }
        }
    }

    /// Whether it has a key for what it does outside of its transaction after the commit.
    fn has_keyed_outside(&self, call: StepCall) -> bool {
        let outside = self.plan.step(call.step).outside;
        outside.is_some_and(|outside| outside.keyed && outside.at == OutsideAt::AfterCommit)
    }

    /// Does what the step does outside of its transaction. Whoever is asked keeps its key, if it has one.
    fn reach_outside(&self, call: StepCall, effects: &mut Effects<Self>) {
        let Some(outside) = self.plan.step(call.step).outside else { return };
        let change = SagaChange::Outside(call);
        effects.push(if outside.keyed {
            let entry = match outside.at {
                OutsideAt::BeforeCommit => Entry::OutsideOnly,
                OutsideAt::AfterCommit => Entry::DoneOutside,
            };
            Effect::Transact { change, accepted: record(call, entry), refused: None }
        } else {
            Effect::Apply(change)
        });
    }

    fn reached_outside(&self, call: StepCall, verdict: Verdict, effects: &mut Effects<Self>) {
        let Some(outside) = self.plan.step(call.step).outside else { return };
        match (outside.at, verdict) {
            (_, Verdict::Failed) => effects.push(self.reply(call, Answer::Failed)),
            // Where it was refused, so will be the step.
            (OutsideAt::BeforeCommit, _) => self.attempt(call, effects),
            (OutsideAt::AfterCommit, _) => effects.push(self.reply(call, Answer::Done)),
        }
    }

    fn backward(&self, ledger: &Ledger, call: StepCall, effects: &mut Effects<Self>) {
        match (self.remembered(ledger, call), self.plan.knobs_of(call.step).barrier) {
            (Some(Entry::Done | Entry::DoneOutside), _)
            | (None | Some(Entry::OutsideOnly), Barrier::None) => self.attempt(call, effects),
            (Some(Entry::Undone | Entry::Refused), _)
            | (None | Some(Entry::OutsideOnly), Barrier::WithoutTombstone) => {
                effects.push(self.reply(call, Answer::Done));
            }
            (None | Some(Entry::OutsideOnly), Barrier::Full) => {
                effects.push(Effect::Persist(record(call, Entry::Undone)));
                self.set_key_timer(call.workflow, call.step, effects);
                effects.push(self.reply(call, Answer::Done));
            }
        }
    }

    fn remembered(&self, ledger: &Ledger, call: StepCall) -> Option<Entry> {
        let is_forward = call.direction == Direction::Forward;
        match self.plan.knobs_of(call.step).barrier {
            Barrier::Full | Barrier::WithoutTombstone if !(call.new_key && is_forward) => {
                ledger.entry(call.workflow, call.step)
            }
            _ => None,
        }
    }

    fn attempt(&self, call: StepCall, effects: &mut Effects<Self>) {
        let knobs = self.plan.knobs_of(call.step);
        match (knobs.barrier, knobs.ledger) {
            (Barrier::None, _) => effects.push(Effect::Apply(SagaChange::Step(call))),
            (_, LedgerWrite::SameTransaction) => effects.push(Effect::Transact {
                change: SagaChange::Step(call),
                accepted: record(call, accepted(call)),
                refused: self.refusal(call),
            }),
            (_, LedgerWrite::BeforeChange) => {
                effects.push(Effect::Persist(record(call, accepted(call))));
                effects.push(Effect::Apply(SagaChange::Step(call)));
            }
            (_, LedgerWrite::AfterChange) => effects.push(Effect::Apply(SagaChange::Step(call))),
        }
    }

    fn applied(&self, call: StepCall, verdict: Verdict, effects: &mut Effects<Self>) {
        let knobs = self.plan.knobs_of(call.step);
        let separate = knobs.barrier != Barrier::None && knobs.ledger == LedgerWrite::AfterChange;
        let remember = match verdict {
            Verdict::Accepted => Some(record(call, accepted(call))),
            Verdict::Refused => self.refusal(call),
            Verdict::Failed => None,
        };
        if separate && let Some(line) = remember {
            effects.push(Effect::Persist(line));
        }
        self.set_key_timer(call.workflow, call.step, effects);
        let outside = self.plan.step(call.step).outside;
        let follows = outside.is_some_and(|outside| outside.at == OutsideAt::AfterCommit);
        if follows && call.direction == Direction::Forward && verdict == Verdict::Accepted {
            return self.reach_outside(call, effects);
        }
        effects.push(self.reply(call, answer(verdict)));
    }

    /// An answer, with what the step read.
    fn reply(&self, call: StepCall, answer: Answer) -> Effect<SagaParticipant> {
        let read = match (call.direction, answer) {
            (Direction::Forward, Answer::Done) => call.locals.only(self.plan.step(call.step).reads),
            _ => Locals::NONE,
        };
        Effect::Send {
            to: Address::Coordinator(call.workflow),
            message: SagaMessage::Reply(call.knowing(read), answer),
        }
    }

    fn set_key_timer(&self, workflow: WorkflowId, step: StepId, effects: &mut Effects<Self>) {
        let knobs = self.plan.knobs_of(step);
        if knobs.keys == KeyLifetime::Expires && knobs.barrier != Barrier::None {
            effects.push(Effect::SetTimer(SagaTimer::Key(workflow, step)));
        }
    }

    /// What is remembered of a refusal. A retriable step is asked for until it succeeds, so its
    /// refusal is no last word.
    fn refusal(&self, call: StepCall) -> Option<LedgerRecord> {
        let last_word = self.plan.step(call.step).kind != StepKind::Retriable;
        last_word.then(|| record(call, Entry::Refused))
    }
}

impl Process for SagaParticipant {
    type Volatile = ();
    type Durable = Ledger;
    type Record = LedgerRecord;
    type Change = SagaChange;
    type Message = SagaMessage;
    type Timer = SagaTimer;
    type Outcome = SagaOutcome;

    fn fold(&self, ledger: &mut Ledger, line: &LedgerRecord) {
        match line.entry {
            Some(entry) => ledger.record(line.workflow, line.step, entry),
            None => ledger.forget(line.workflow, line.step),
        }
    }

    fn handle(
        &self,
        (): &mut (),
        ledger: &Ledger,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        match input {
            Input::Message { message: SagaMessage::Request(call), .. } => match call.direction {
                Direction::Forward => self.forward(ledger, call, effects),
                Direction::Backward => self.backward(ledger, call, effects),
            },
            Input::Message { message: SagaMessage::Release(call), .. } => {
                effects.push(Effect::Apply(SagaChange::Release(call)));
            }
            Input::Applied { change: SagaChange::Step(call), verdict } => {
                self.applied(call, verdict, effects);
            }
            Input::Applied { change: SagaChange::Outside(call), verdict } => {
                self.reached_outside(call, verdict, effects);
            }
            Input::Applied { change: SagaChange::Recall(call), verdict } => {
                effects.push(self.reply(call, answer(verdict)));
            }
            Input::Applied { change: SagaChange::Release(call), verdict: Verdict::Accepted } => {
                effects.push(Effect::Send {
                    to: Address::Coordinator(call.workflow),
                    message: SagaMessage::Released(call),
                });
            }
            // It is asked for again.
            Input::Applied { change: SagaChange::Release(_), .. } => {}
            Input::Message {
                message: SagaMessage::Reply(..) | SagaMessage::Released(_), ..
            }
            | Input::Start
            | Input::Cancel
            | Input::TimerFired(SagaTimer::Call(_) | SagaTimer::Deadline) => {}
            Input::TimerFired(SagaTimer::Key(workflow, step)) => {
                effects.push(Effect::Persist(LedgerRecord { workflow, step, entry: None }));
            }
            Input::Recover => {
                for (workflow, step, _) in ledger.iter() {
                    self.set_key_timer(workflow, step, effects);
                }
            }
        }
    }

    fn awaits_start(&self, (): &(), _ledger: &Ledger) -> bool {
        false
    }

    fn awaits(&self, _timer: &SagaTimer) -> Option<Address> {
        None
    }

    fn splits_by_workflow(&self) -> bool {
        true
    }
}

fn answer(verdict: Verdict) -> Answer {
    match verdict {
        Verdict::Accepted => Answer::Done,
        Verdict::Refused => Answer::Refused,
        Verdict::Failed => Answer::Failed,
    }
}

fn accepted(call: StepCall) -> Entry {
    match call.direction {
        Direction::Forward => Entry::Done,
        Direction::Backward => Entry::Undone,
    }
}

fn record(call: StepCall, entry: Entry) -> LedgerRecord {
    LedgerRecord { workflow: call.workflow, step: call.step, entry: Some(entry) }
}
