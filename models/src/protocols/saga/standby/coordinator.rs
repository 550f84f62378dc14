//! A coordinator that leads by lease: it hosts a saga's coordinator, and keeps its log for it in the
//! shared store.
//!
//! The saga goes on at once, on the log as it will be; what it wants done waits, in order, for the
//! store to answer what was written before it. So nobody outside ever hears of something that the
//! store does not know (*output commit*: Strom and Yemini, *Optimistic recovery in distributed
//! systems*, 1985). When the lead is lost, so is all of that, and the other coordinator has what was
//! written.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::process::rename::renames;
use crate::process::{Address, Effect, Effects, Input, Process, WorkflowId};
use crate::protocols::lease::{
    Candidate, Epoch, Heard, LeaseMessage, LeaseReply, LeaseRequest, Stance,
};
use crate::protocols::saga::coordinator::{SagaCoordinator, SagaMemory, SagaTimer};
use crate::protocols::saga::log::{SagaLog, SagaOutcome};
use crate::protocols::saga::plan::SagaPlan;

use super::message::{StandbyChange, StandbyMessage, StandbyTimer};

/// One of the two coordinators of a saga.
#[derive(Clone, Debug)]
pub struct LedCoordinator {
    address: Address,
    workflow: WorkflowId,
    plan: Arc<SagaPlan>,
    saga: SagaCoordinator,
}

/// What a coordinator forgets in a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LedMemory {
    /// How it stands to the lead.
    pub candidate: Candidate,
    /// What the saga has in memory.
    pub saga: SagaMemory,
    /// The log as the store is known to have it.
    pub written: SagaLog,
    /// The log as it was sent to the store, until that answers.
    pub writing: Option<SagaLog>,
    /// What the saga wants done, once that is written.
    pub held: Vec<Effect<SagaCoordinator>>,
}

renames!(struct LedMemory { candidate, saga, written, writing, held });

/// What a coordinator's own log folds to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LedLog {
    /// Whether the client asked for the workflow.
    pub accepted: bool,
    /// The newest token that it claimed.
    pub claimed: Epoch,
}

renames!(struct LedLog { accepted, claimed });

/// An entry of a coordinator's own log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LedRecord {
    /// The client asked for the workflow.
    Accepted,
    /// The lead is claimed with this token.
    Claiming(Epoch),
}

renames!(nothing in LedRecord);

impl LedCoordinator {
    /// The coordinator that leads first.
    #[must_use]
    pub fn first(workflow: WorkflowId, plan: &Arc<SagaPlan>) -> Self {
        LedCoordinator::at(Address::Coordinator(workflow), workflow, plan)
    }

    /// The coordinator that stands by.
    #[must_use]
    pub fn standby(workflow: WorkflowId, plan: &Arc<SagaPlan>) -> Self {
        LedCoordinator::at(Address::Standby(workflow), workflow, plan)
    }

    fn at(address: Address, workflow: WorkflowId, plan: &Arc<SagaPlan>) -> Self {
        let saga = SagaCoordinator::new(workflow, Arc::clone(plan));
        LedCoordinator { address, workflow, plan: Arc::clone(plan), saga }
    }

    /// The timer that listens for the other coordinator.
    fn vigil(&self) -> StandbyTimer {
        StandbyTimer::Leader(match self.address {
            Address::Standby(workflow) => Address::Coordinator(workflow),
            _ => Address::Standby(self.workflow),
        })
    }
}

impl Process for LedCoordinator {
    type Volatile = LedMemory;
    type Durable = LedLog;
    type Record = LedRecord;
    type Change = StandbyChange;
    type Message = StandbyMessage;
    type Timer = StandbyTimer;
    type Outcome = SagaOutcome;

    fn fold(&self, log: &mut LedLog, record: &LedRecord) {
        match *record {
            LedRecord::Accepted => log.accepted = true,
            LedRecord::Claiming(epoch) => log.claimed = epoch,
        }
    }

    fn handle(
        &self,
        memory: &mut LedMemory,
        log: &LedLog,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        let mut turn = Turn { core: self, memory, log: *log, effects };
        match input {
            Input::Start => turn.start(),
            Input::Recover => turn.recover(),
            Input::Message { message: StandbyMessage::Lease(message), .. } => {
                if let LeaseMessage::Reply(_, reply) = message {
                    turn.store_answered(reply);
                }
            }
            Input::TimerFired(StandbyTimer::Store) => turn.ask_again(),
            Input::TimerFired(StandbyTimer::Leader(_)) => turn.leader_is_silent(),
            Input::Message { from, message: StandbyMessage::Saga(message) } => {
                turn.give_if_leading(Input::Message { from, message });
            }
            Input::TimerFired(StandbyTimer::Saga(timer)) => {
                turn.give_if_leading(Input::TimerFired(timer));
            }
            Input::Cancel => turn.give_if_leading(Input::Cancel),
            // A coordinator owns no resources, and keeps no leases.
            Input::Applied { .. } | Input::TimerFired(StandbyTimer::Lease(_)) => {}
        }
    }

    fn awaits_start(&self, _memory: &LedMemory, log: &LedLog) -> bool {
        !log.accepted
    }

    fn is_bound_to(&self, memory: &LedMemory, _log: &LedLog, outcome: &SagaOutcome) -> bool {
        memory.written.outcome() == Some(*outcome)
    }

    fn awaits(&self, timer: &StandbyTimer) -> Option<Address> {
        timer.awaits(&self.plan)
    }

    fn watches(&self, timer: &StandbyTimer) -> Option<Address> {
        timer.watches()
    }
}

/// One input being handled: the log as it will be once the effects so far are carried out.
struct Turn<'a> {
    core: &'a LedCoordinator,
    memory: &'a mut LedMemory,
    log: LedLog,
    effects: &'a mut Effects<LedCoordinator>,
}

impl Turn<'_> {
    fn start(&mut self) {
        if self.log.accepted {
            return;
        }
        self.persist(LedRecord::Accepted);
        match self.core.address {
            Address::Standby(_) => {
                self.memory.candidate.follow(Epoch::default());
                self.effects.push(Effect::SetTimer(self.core.vigil()));
            }
            _ => self.claim(),
        }
    }

    fn recover(&mut self) {
        if self.log.accepted {
            self.claim();
        }
    }

    fn claim(&mut self) {
        let epoch = self.memory.candidate.claim(self.log.claimed);
        self.claim_with(epoch);
    }

    fn leader_is_silent(&mut self) {
        if self.memory.candidate.stance == Stance::Following {
            let epoch = self.memory.candidate.suspect(self.log.claimed);
            self.claim_with(epoch);
        }
    }

    fn claim_with(&mut self, epoch: Epoch) {
        if epoch != self.log.claimed {
            self.persist(LedRecord::Claiming(epoch));
        }
        self.ask_store(LeaseRequest::Claim(epoch));
    }

    fn store_answered(&mut self, reply: LeaseReply<SagaLog>) {
        match self.memory.candidate.hear(self.log.claimed, reply) {
            Heard::Leads(log) => self.lead(log),
            Heard::Free => {
                self.effects.push(Effect::CancelTimer(StandbyTimer::Store));
                self.claim();
            }
            Heard::Follows => self.step_down(),
            Heard::Written(log) => self.written(log),
            Heard::Nothing => {}
        }
    }

    /// Goes on where the last leader stopped.
    fn lead(&mut self, log: Option<SagaLog>) {
        self.effects.push(Effect::CancelTimer(StandbyTimer::Store));
        self.effects.push(Effect::CancelTimer(self.core.vigil()));
        self.memory.written = log.unwrap_or_default();
        self.give(if log.is_some() { Input::Recover } else { Input::Start });
    }

    /// Somebody else leads: what is not written never happened, and waits for nothing.
    fn step_down(&mut self) {
        let candidate = self.memory.candidate;
        *self.memory = LedMemory { candidate, ..LedMemory::default() };
        self.effects.push(Effect::CancelTimer(StandbyTimer::Store));
        for step in self.core.plan.all().iter() {
            let timer = StandbyTimer::Saga(SagaTimer::Call(step));
            self.effects.push(Effect::CancelTimer(timer));
        }
        self.effects.push(Effect::SetTimer(self.core.vigil()));
    }

    fn give_if_leading(&mut self, input: Input<SagaCoordinator>) {
        if self.memory.candidate.stance == Stance::Leading {
            self.give(input);
        }
    }

    /// Lets the saga take an input, on the log as it will be.
    fn give(&mut self, input: Input<SagaCoordinator>) {
        let mut log = self.memory.writing.unwrap_or(self.memory.written);
        for effect in &self.memory.held {
            if let Effect::Persist(record) = effect {
                log.fold(record);
            }
        }
        self.core.saga.handle(&mut self.memory.saga, &log, input, &mut self.memory.held);
        self.carry_on();
    }

    /// Does what the saga wants done, up to what has to be written first.
    fn carry_on(&mut self) {
        if self.memory.writing.is_some() {
            return;
        }
        let is_record = |effect: &Effect<SagaCoordinator>| matches!(effect, Effect::Persist(_));
        let due = self.memory.held.iter().position(is_record);
        let free = due.unwrap_or(self.memory.held.len());
        self.effects.extend(self.memory.held.drain(..free).filter_map(wanted));
        if due.is_none() {
            return;
        }
        let mut log = self.memory.written;
        while let Some(Effect::Persist(record)) = self.memory.held.first() {
            log.fold(record);
            self.memory.held.remove(0);
        }
        self.memory.writing = Some(log);
        self.write(log);
    }

    fn written(&mut self, log: SagaLog) {
        if self.memory.writing == Some(log) {
            self.memory.writing = None;
            self.memory.written = log;
            self.effects.push(Effect::CancelTimer(StandbyTimer::Store));
            self.carry_on();
        }
    }

    fn ask_again(&mut self) {
        match (self.memory.candidate.stance, self.memory.writing) {
            (Stance::Claiming, _) => self.ask_store(LeaseRequest::Claim(self.log.claimed)),
            (Stance::Leading, Some(log)) => self.write(log),
            _ => {}
        }
    }

    fn write(&mut self, log: SagaLog) {
        self.ask_store(LeaseRequest::Write(self.log.claimed, log));
    }

    fn ask_store(&mut self, request: LeaseRequest<SagaLog>) {
        let message = StandbyMessage::Lease(LeaseMessage::Request(self.core.workflow, request));
        self.effects.push(Effect::Send { to: Address::Store, message });
        self.effects.push(Effect::SetTimer(StandbyTimer::Store));
    }

    fn persist(&mut self, record: LedRecord) {
        self.core.fold(&mut self.log, &record);
        self.effects.push(Effect::Persist(record));
    }
}

/// What the saga wants done, apart from its log. A coordinator owns no resources to change.
fn wanted(effect: Effect<SagaCoordinator>) -> Option<Effect<LedCoordinator>> {
    match effect {
        Effect::Send { to, message } => {
            Some(Effect::Send { to, message: StandbyMessage::Saga(message) })
        }
        Effect::SetTimer(timer) => Some(Effect::SetTimer(StandbyTimer::Saga(timer))),
        Effect::CancelTimer(timer) => Some(Effect::CancelTimer(StandbyTimer::Saga(timer))),
        Effect::Finish(outcome) => Some(Effect::Finish(outcome)),
        Effect::Persist(_) | Effect::Apply(_) | Effect::Transact { .. } => None,
    }
}
