//! The participant: a service that does and undoes steps, once each, whatever the network does.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::protocol::address::{Address, StepId, WorkflowId};
use crate::protocol::answer::Answer;
use crate::protocol::barrier::{Barrier, Entry, Ledger, LedgerWrite};
use crate::protocol::process::{Effect, Effects, Input, Process, Verdict};
use crate::protocol::rename::renames;
use crate::workflow::StepKind;

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

/// An entry of the participant's log: a line of its [`Ledger`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LedgerRecord {
    /// For which workflow.
    pub workflow: WorkflowId,
    /// Which step.
    pub step: StepId,
    /// What is remembered.
    pub entry: Entry,
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
            Some(Entry::Done) => effects.push(reply(call, Answer::Done)),
            Some(Entry::Refused | Entry::Undone) => effects.push(reply(call, Answer::Refused)),
            None => self.attempt(call, effects),
        }
    }

    fn backward(&self, ledger: &Ledger, call: StepCall, effects: &mut Effects<Self>) {
        match (self.remembered(ledger, call), self.plan.knobs().barrier) {
            (Some(Entry::Done), _) | (None, Barrier::None) => self.attempt(call, effects),
            (Some(Entry::Undone | Entry::Refused), _) | (None, Barrier::WithoutTombstone) => {
                effects.push(reply(call, Answer::Done));
            }
            (None, Barrier::Full) => {
                effects.push(Effect::Persist(record(call, Entry::Undone)));
                effects.push(reply(call, Answer::Done));
            }
        }
    }

    fn remembered(&self, ledger: &Ledger, call: StepCall) -> Option<Entry> {
        match self.plan.knobs().barrier {
            Barrier::Full | Barrier::WithoutTombstone => ledger.entry(call.workflow, call.step),
            Barrier::None => None,
        }
    }

    fn attempt(&self, call: StepCall, effects: &mut Effects<Self>) {
        let knobs = self.plan.knobs();
        match (knobs.barrier, knobs.ledger) {
            (Barrier::None, _) => effects.push(Effect::Apply(call)),
            (_, LedgerWrite::SameTransaction) => effects.push(Effect::Transact {
                change: call,
                accepted: record(call, accepted(call)),
                refused: self.refusal(call),
            }),
            (_, LedgerWrite::BeforeChange) => {
                effects.push(Effect::Persist(record(call, accepted(call))));
                effects.push(Effect::Apply(call));
            }
            (_, LedgerWrite::AfterChange) => effects.push(Effect::Apply(call)),
        }
    }

    fn applied(&self, call: StepCall, verdict: Verdict, effects: &mut Effects<Self>) {
        let knobs = self.plan.knobs();
        let separate = knobs.barrier != Barrier::None && knobs.ledger == LedgerWrite::AfterChange;
        let remember = match verdict {
            Verdict::Accepted => Some(record(call, accepted(call))),
            Verdict::Refused => self.refusal(call),
            Verdict::Failed => None,
        };
        if separate && let Some(line) = remember {
            effects.push(Effect::Persist(line));
        }
        effects.push(reply(
            call,
            match verdict {
                Verdict::Accepted => Answer::Done,
                Verdict::Refused => Answer::Refused,
                Verdict::Failed => Answer::Failed,
            },
        ));
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
    type Change = StepCall;
    type Message = SagaMessage;
    type Timer = SagaTimer;
    type Outcome = SagaOutcome;

    fn fold(&self, ledger: &mut Ledger, line: &LedgerRecord) {
        ledger.record(line.workflow, line.step, line.entry);
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
            Input::Applied { change, verdict } => self.applied(change, verdict, effects),
            Input::Message { message: SagaMessage::Reply(..), .. }
            | Input::Start
            | Input::Cancel
            | Input::Recover
            | Input::TimerFired(_) => {}
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

fn accepted(call: StepCall) -> Entry {
    match call.direction {
        Direction::Forward => Entry::Done,
        Direction::Backward => Entry::Undone,
    }
}

fn record(call: StepCall, entry: Entry) -> LedgerRecord {
    LedgerRecord { workflow: call.workflow, step: call.step, entry }
}

fn reply(call: StepCall, answer: Answer) -> Effect<SagaParticipant> {
    Effect::Send {
        to: Address::Coordinator(call.workflow),
        message: SagaMessage::Reply(call, answer),
    }
}
