//! The participant: a service that reserves, uses and releases, once each, whatever the network does.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::process::barrier::{Barrier, KeyLifetime, Ledger, LedgerWrite};
use crate::process::rename::renames;
use crate::process::{
    Address, Answer, Effect, Effects, Input, Process, StepId, Verdict, WorkflowId,
};

use super::knobs::{ReservationExpiry, ZeroRows};
use super::log::TccOutcome;
use super::message::{Operation, TccCall, TccMessage, TccTimer};
use super::plan::TccPlan;

/// A service's side of every TCC it takes part in.
///
/// Apart from timers it keeps nothing in memory: each request is answered from the [`Ledger`] and one
/// transaction.
#[derive(Clone, Debug)]
pub struct TccParticipant {
    plan: Arc<TccPlan>,
}

/// How a participant stands to one step of one workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reservation {
    /// What the Try does outside of its transaction is done; nothing is reserved.
    OutsideOnly,
    /// Reserved.
    Reserved,
    /// The business said no; nothing is reserved.
    Refused,
    /// What was reserved is used.
    Confirmed,
    /// What was reserved is released, or the Cancel came first: nothing may be reserved any more.
    Cancelled,
}

renames!(nothing in Reservation);

/// An entry of the participant's log: a line of its [`Ledger`], written or struck out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReservationRecord {
    /// From now on, the step stands like this.
    Remember(WorkflowId, StepId, Reservation),
    /// The step's idempotency key has run out.
    Forget(WorkflowId, StepId),
}

renames!(
    enum ReservationRecord {
        Remember(workflow, step, reservation),
        Forget(workflow, step),
    }
);

/// A change to the participant's resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TccChange {
    /// What the coordinator asked for.
    Asked(TccCall),
    /// What a Try does outside of its transaction.
    Outside(TccCall),
    /// The participant takes back what it reserved, unasked.
    Expired(WorkflowId, StepId),
}

renames!(
    enum TccChange {
        Asked(call),
        Outside(call),
        Expired(workflow, step),
    }
);

impl TccChange {
    /// The operation whose business it carries out.
    #[must_use]
    pub fn call(&self) -> TccCall {
        match *self {
            TccChange::Asked(call) | TccChange::Outside(call) => call,
            TccChange::Expired(workflow, step) => TccCall::new(workflow, step, Operation::Cancel),
        }
    }
}

impl TccParticipant {
    /// A participant in TCCs of that plan.
    #[must_use]
    pub fn new(plan: Arc<TccPlan>) -> Self {
        TccParticipant { plan }
    }

    fn request(&self, ledger: &Ledger<Reservation>, call: TccCall, effects: &mut Effects<Self>) {
        let barrier = self.plan.knobs_of(call.step).barrier;
        let forgets = self.plan.knobs_of(call.step).keys == KeyLifetime::Expires;
        let remembered = match barrier {
            Barrier::Full | Barrier::WithoutTombstone if !call.new_key => {
                ledger.entry(call.workflow, call.step)
            }
            _ => None,
        };
        let reached = ledger.entry(call.workflow, call.step) == Some(Reservation::OutsideOnly);
        let remembered = remembered.filter(|entry| *entry != Reservation::OutsideOnly);
        match (call.operation, remembered) {
            (Operation::Try, None) if self.plan.step(call.step).outside.is_some() && !reached => {
                self.reach_outside(call, effects);
            }
            (Operation::Try, None) => self.attempt(call, effects),
            (Operation::Try, Some(Reservation::Reserved | Reservation::Confirmed)) => {
                effects.push(reply(call, Answer::Done));
            }
            (
                Operation::Try,
                Some(Reservation::Refused | Reservation::Cancelled | Reservation::OutsideOnly),
            ) => {
                effects.push(reply(call, Answer::Refused));
            }
            (Operation::Confirm | Operation::Cancel, Some(Reservation::Reserved)) => {
                self.attempt(call, effects);
            }
            (Operation::Confirm, Some(Reservation::Confirmed))
            | (Operation::Cancel, Some(Reservation::Cancelled | Reservation::Refused)) => {
                effects.push(reply(call, Answer::Done));
            }
            (
                Operation::Confirm,
                Some(Reservation::Cancelled | Reservation::Refused | Reservation::OutsideOnly),
            )
            | (Operation::Cancel, Some(Reservation::Confirmed | Reservation::OutsideOnly)) => {
                effects.push(reply(call, Answer::Refused));
            }
            // Who forgets, or never remembers, has to take the coordinator's word.
            (Operation::Confirm, None) if barrier == Barrier::None || forgets => {
                self.attempt(call, effects);
            }
            (Operation::Confirm, None) => effects.push(reply(call, Answer::Refused)),
            (Operation::Cancel, None) => match barrier {
                Barrier::None => self.attempt(call, effects),
                Barrier::WithoutTombstone => effects.push(reply(call, Answer::Done)),
                Barrier::Full => {
                    let tombstone = record(call, Reservation::Cancelled);
                    effects.push(Effect::Persist(tombstone));
                    self.set_key_timer(call, effects);
                    effects.push(reply(call, Answer::Done));
                }
            },
        }
    }

    /// Does what the Try does outside of its transaction. Whoever is asked keeps its key, if it has one.
    fn reach_outside(&self, call: TccCall, effects: &mut Effects<Self>) {
        let change = TccChange::Outside(call);
        let keyed = self.plan.step(call.step).outside.is_some_and(|outside| outside.keyed);
        effects.push(if keyed {
            let accepted = record(call, Reservation::OutsideOnly);
            Effect::Transact { change, accepted, refused: None }
        } else {
            Effect::Apply(change)
        });
    }

    fn attempt(&self, call: TccCall, effects: &mut Effects<Self>) {
        let knobs = self.plan.knobs_of(call.step);
        let change = TccChange::Asked(call);
        match (knobs.barrier, knobs.ledger) {
            (Barrier::None, _) => effects.push(Effect::Apply(change)),
            (_, LedgerWrite::SameTransaction) => effects.push(Effect::Transact {
                change,
                accepted: record(call, accepted(call)),
                refused: self.after(call, Verdict::Refused),
            }),
            (_, LedgerWrite::BeforeChange) => {
                effects.push(Effect::Persist(record(call, accepted(call))));
                effects.push(Effect::Apply(change));
            }
            (_, LedgerWrite::AfterChange) => effects.push(Effect::Apply(change)),
        }
    }

    fn applied(&self, call: TccCall, verdict: Verdict, effects: &mut Effects<Self>) {
        let knobs = self.plan.knobs_of(call.step);
        let separate = knobs.barrier != Barrier::None && knobs.ledger == LedgerWrite::AfterChange;
        if separate && let Some(line) = self.after(call, verdict) {
            effects.push(Effect::Persist(line));
        }
        let answer = match verdict {
            Verdict::Accepted => Answer::Done,
            Verdict::Refused if knobs.zero_rows == ZeroRows::Succeed => Answer::Done,
            Verdict::Refused => Answer::Refused,
            Verdict::Failed => Answer::Failed,
        };
        match (call.operation, answer) {
            (Operation::Try, Answer::Done) => {
                self.set_reservation_timer(call.workflow, call.step, effects);
            }
            (Operation::Confirm | Operation::Cancel, Answer::Done) => {
                stop_waiting(call.workflow, call.step, effects);
            }
            _ => {}
        }
        self.set_key_timer(call, effects);
        effects.push(reply(call, answer));
    }

    /// What is remembered after the business has spoken.
    fn after(&self, call: TccCall, verdict: Verdict) -> Option<ReservationRecord> {
        let is_try = call.operation == Operation::Try;
        match verdict {
            Verdict::Accepted => Some(record(call, accepted(call))),
            Verdict::Refused if self.plan.knobs_of(call.step).zero_rows == ZeroRows::Succeed => {
                Some(record(call, accepted(call)))
            }
            Verdict::Refused => is_try.then(|| record(call, Reservation::Refused)),
            Verdict::Failed => None,
        }
    }

    /// A reservation has grown old.
    fn expire(&self, workflow: WorkflowId, step: StepId, effects: &mut Effects<Self>) {
        let change = TccChange::Expired(workflow, step);
        match self.plan.knobs_of(step).expiry {
            ReservationExpiry::Never => {}
            ReservationExpiry::AskFirst => {
                effects.push(Effect::Send {
                    to: Address::Coordinator(workflow),
                    message: TccMessage::Inquiry(workflow, step),
                });
                effects.push(Effect::SetTimer(TccTimer::Inquiry(workflow, step)));
            }
            ReservationExpiry::ReleaseAndFence => effects.push(Effect::Transact {
                change,
                accepted: ReservationRecord::Remember(workflow, step, Reservation::Cancelled),
                refused: None,
            }),
            ReservationExpiry::Release => effects.push(Effect::Apply(change)),
        }
    }

    fn recover(&self, ledger: &Ledger<Reservation>, effects: &mut Effects<Self>) {
        for (workflow, step, entry) in ledger.iter() {
            if entry == Reservation::Reserved {
                self.set_reservation_timer(workflow, step, effects);
            }
            if self.plan.knobs_of(step).keys == KeyLifetime::Expires {
                effects.push(Effect::SetTimer(TccTimer::Key(workflow, step)));
            }
        }
    }

    fn set_reservation_timer(
        &self,
        workflow: WorkflowId,
        step: StepId,
        effects: &mut Effects<Self>,
    ) {
        if self.plan.knobs_of(step).expiry != ReservationExpiry::Never {
            effects.push(Effect::SetTimer(TccTimer::Reservation(workflow, step)));
        }
    }

    fn set_key_timer(&self, call: TccCall, effects: &mut Effects<Self>) {
        let knobs = self.plan.knobs_of(call.step);
        if knobs.keys == KeyLifetime::Expires && knobs.barrier != Barrier::None {
            effects.push(Effect::SetTimer(TccTimer::Key(call.workflow, call.step)));
        }
    }
}

impl Process for TccParticipant {
    type Volatile = ();
    type Durable = Ledger<Reservation>;
    type Record = ReservationRecord;
    type Change = TccChange;
    type Message = TccMessage;
    type Timer = TccTimer;
    type Outcome = TccOutcome;

    fn fold(&self, ledger: &mut Ledger<Reservation>, line: &ReservationRecord) {
        match *line {
            ReservationRecord::Remember(workflow, step, entry) => {
                ledger.record(workflow, step, entry);
            }
            ReservationRecord::Forget(workflow, step) => ledger.forget(workflow, step),
        }
    }

    fn handle(
        &self,
        (): &mut (),
        ledger: &Ledger<Reservation>,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        match input {
            Input::Message { message: TccMessage::Request(call), .. } => {
                self.request(ledger, call, effects);
            }
            Input::Applied { change: TccChange::Asked(call), verdict } => {
                self.applied(call, verdict, effects);
            }
            Input::Applied { change: TccChange::Outside(call), verdict: Verdict::Failed } => {
                effects.push(reply(call, Answer::Failed));
            }
            // Where it was refused, so will be the Try.
            Input::Applied { change: TccChange::Outside(call), .. } => self.attempt(call, effects),
            // A release that failed for a passing reason is tried again.
            Input::Applied {
                change: TccChange::Expired(workflow, step),
                verdict: Verdict::Failed,
            } => self.set_reservation_timer(workflow, step, effects),
            Input::TimerFired(
                TccTimer::Reservation(workflow, step) | TccTimer::Inquiry(workflow, step),
            ) => self.expire(workflow, step, effects),
            Input::TimerFired(TccTimer::Key(workflow, step)) => {
                effects.push(Effect::Persist(ReservationRecord::Forget(workflow, step)));
            }
            Input::Recover => self.recover(ledger, effects),
            Input::Message { message: TccMessage::Reply(..) | TccMessage::Inquiry(..), .. }
            | Input::Applied { .. }
            | Input::Start
            | Input::Cancel
            | Input::TimerFired(TccTimer::Call(_)) => {}
        }
    }

    fn awaits_start(&self, (): &(), _ledger: &Ledger<Reservation>) -> bool {
        false
    }

    fn awaits(&self, timer: &TccTimer) -> Option<Address> {
        match timer {
            TccTimer::Inquiry(workflow, _) => Some(Address::Coordinator(*workflow)),
            TccTimer::Call(_) | TccTimer::Reservation(..) | TccTimer::Key(..) => None,
        }
    }

    fn splits_by_workflow(&self) -> bool {
        true
    }
}

fn accepted(call: TccCall) -> Reservation {
    match call.operation {
        Operation::Try => Reservation::Reserved,
        Operation::Confirm => Reservation::Confirmed,
        Operation::Cancel => Reservation::Cancelled,
    }
}

fn record(call: TccCall, entry: Reservation) -> ReservationRecord {
    ReservationRecord::Remember(call.workflow, call.step, entry)
}

fn reply(call: TccCall, answer: Answer) -> Effect<TccParticipant> {
    Effect::Send {
        to: Address::Coordinator(call.workflow),
        message: TccMessage::Reply(call, answer),
    }
}

fn stop_waiting(workflow: WorkflowId, step: StepId, effects: &mut Effects<TccParticipant>) {
    effects.push(Effect::CancelTimer(TccTimer::Reservation(workflow, step)));
    effects.push(Effect::CancelTimer(TccTimer::Inquiry(workflow, step)));
}
