//! The coordinator: three cores at one address, and what passes between them.
//!
//! Each core keeps its own part of the log and of the memory, and handles its own inputs. What is
//! between them is never sent over the network: the saga's request to its pivot starts the TCC, the
//! end of the TCC answers it, and the saga's completion hands the notices over.

use std::collections::VecDeque;
use std::convert::identity;
use std::sync::Arc;

use crate::process::rename::renames;
use crate::process::{
    Address, Answer, Effect, Effects, Input, Process, StepId, Translation, WorkflowId,
};
use crate::protocols::saga::{
    Direction, SagaCoordinator, SagaLog, SagaMemory, SagaMessage, SagaOutcome, SagaPhase,
    SagaRecord, SagaTimer, StepCall,
};
use crate::protocols::tcc::{Decision, TccCoordinator, TccLog, TccMemory, TccOutcome, TccRecord};

use super::composition::Composition;
use super::knobs::{MessageTable, Notify, RollBack};
use super::message::{MixedChange, MixedMessage, MixedRecord, MixedTimer};

/// The coordinator of one mixed workflow.
#[derive(Clone, Debug)]
pub struct MixedCoordinator {
    workflow: WorkflowId,
    saga: SagaCoordinator,
    tcc: TccCoordinator,
    notices: SagaCoordinator,
    composition: Arc<Composition>,
}

/// What the coordinator forgets in a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MixedMemory {
    /// The saga.
    pub saga: SagaMemory,
    /// The TCC.
    pub tcc: TccMemory,
    /// The local message table.
    pub notices: SagaMemory,
}

/// What the coordinator's log folds to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MixedLog {
    /// The saga.
    pub saga: SagaLog,
    /// The TCC.
    pub tcc: TccLog,
    /// The local message table.
    pub notices: SagaLog,
}

renames!(struct MixedMemory { saga, tcc, notices });
renames!(struct MixedLog { saga, tcc, notices });

impl MixedLog {
    /// How the workflow ended, if it ended. A TCC that was given up leaves its saga in doubt of the
    /// pivot, and the workflow to a person.
    #[must_use]
    pub fn outcome(&self) -> Option<SagaOutcome> {
        let given_up = self.tcc == TccLog::Ended(TccOutcome::Failed);
        self.saga.outcome().or(given_up.then_some(SagaOutcome::Failed))
    }

    /// Whether notices are in the message table that are not known to be delivered.
    #[must_use]
    pub fn has_notices(&self) -> bool {
        self.notices.phase == SagaPhase::Executing
    }
}

impl MixedCoordinator {
    /// The coordinator of `workflow`.
    #[must_use]
    pub fn new(workflow: WorkflowId, composition: Arc<Composition>) -> Self {
        MixedCoordinator {
            workflow,
            saga: SagaCoordinator::new(workflow, Arc::clone(composition.saga())),
            tcc: TccCoordinator::new(workflow, Arc::clone(composition.tcc())),
            notices: SagaCoordinator::new(workflow, Arc::clone(composition.notices())),
            composition,
        }
    }

    fn is_notice(&self, step: StepId) -> bool {
        self.composition.notices().all().contains(step)
    }

    fn is_pivot(&self, step: StepId) -> bool {
        self.composition.pivot() == Some(step)
    }

    /// Whether the record that completes the workflow also fills the message table.
    fn fills_table(&self, record: &SagaRecord) -> bool {
        let knobs = self.composition.knobs();
        *record == SagaRecord::Ended(SagaOutcome::Completed)
            && knobs.notify == Notify::AfterDecision
            && knobs.table == MessageTable::SameTransaction
            && !self.composition.notices().all().is_empty()
    }
}

/// An input of one of the cores.
enum Inner {
    Saga(Input<SagaCoordinator>),
    Tcc(Input<TccCoordinator>),
    Notices(Input<SagaCoordinator>),
}

/// One input being handled: the log as it will be once the effects so far are carried out, and what
/// the cores still have to hear.
struct Turn<'a> {
    core: &'a MixedCoordinator,
    memory: &'a mut MixedMemory,
    log: MixedLog,
    effects: &'a mut Effects<MixedCoordinator>,
    next: VecDeque<Inner>,
}

impl Turn<'_> {
    fn run(mut self) {
        while let Some(input) = self.next.pop_front() {
            match input {
                Inner::Saga(input) => self.give_saga(input),
                Inner::Tcc(input) => self.give_tcc(input),
                Inner::Notices(input) => self.give_notices(input),
            }
        }
    }

    fn give_saga(&mut self, input: Input<SagaCoordinator>) {
        let mut own = Effects::<SagaCoordinator>::new();
        self.core.saga.handle(&mut self.memory.saga, &self.log.saga, input, &mut own);
        for effect in own {
            match effect {
                Effect::Send { message: SagaMessage::Request(call), .. }
                    if self.core.is_pivot(call.step) =>
                {
                    self.settle();
                }
                // The TCC is here, and always answers.
                Effect::SetTimer(SagaTimer::Call(step))
                | Effect::CancelTimer(SagaTimer::Call(step))
                    if self.core.is_pivot(step) => {}
                Effect::Persist(record) => {
                    self.persist(MixedRecord::Saga(record));
                    if record == SagaRecord::Ended(SagaOutcome::Completed) {
                        self.hand_notices_over();
                    }
                }
                other => self.effects.push(OF_SAGA.effect(other)),
            }
        }
    }

    fn give_tcc(&mut self, input: Input<TccCoordinator>) {
        let mut own = Effects::<TccCoordinator>::new();
        self.core.tcc.handle(&mut self.memory.tcc, &self.log.tcc, input, &mut own);
        for effect in own {
            match effect {
                Effect::Persist(record) => {
                    self.persist(MixedRecord::Tcc(record));
                    let at_refusal = self.core.composition.knobs().roll_back == RollBack::AtRefusal;
                    if record == TccRecord::Decided(Decision::Cancel) && at_refusal {
                        self.answer_pivot(Answer::Refused);
                    }
                }
                Effect::Finish(_) => self.settle(),
                other => self.effects.push(OF_TCC.effect(other)),
            }
        }
    }

    fn give_notices(&mut self, input: Input<SagaCoordinator>) {
        let mut own = Effects::<SagaCoordinator>::new();
        self.core.notices.handle(&mut self.memory.notices, &self.log.notices, input, &mut own);
        for effect in own {
            match effect {
                Effect::Persist(record) => self.persist(MixedRecord::Notices(record)),
                // Nobody waits for notices.
                Effect::Finish(_) => {}
                other => self.effects.push(OF_SAGA.effect(other)),
            }
        }
    }

    fn persist(&mut self, record: MixedRecord) {
        self.core.fold(&mut self.log, &record);
        self.effects.push(Effect::Persist(record));
    }

    /// The saga has asked for its pivot, perhaps not for the first time, or the TCC has ended.
    fn settle(&mut self) {
        let at_refusal = self.core.composition.knobs().roll_back == RollBack::AtRefusal;
        match self.log.tcc {
            TccLog::Pending => self.next.push_back(Inner::Tcc(Input::Start)),
            TccLog::Decided(Decision::Cancel) if at_refusal => self.answer_pivot(Answer::Refused),
            TccLog::Trying | TccLog::Decided(_) => {}
            TccLog::Ended(TccOutcome::Completed) => self.answer_pivot(Answer::Done),
            TccLog::Ended(TccOutcome::Cancelled) => self.answer_pivot(Answer::Refused),
            // Some branches may be confirmed and others not. The saga stays where it is.
            TccLog::Ended(TccOutcome::Failed) => {
                self.effects.push(Effect::Finish(SagaOutcome::Failed));
            }
        }
    }

    fn answer_pivot(&mut self, answer: Answer) {
        let Some(step) = self.core.composition.pivot() else { return };
        let workflow = self.core.workflow;
        let call = StepCall::new(workflow, step, Direction::Forward);
        let from = Address::Coordinator(workflow);
        let message = SagaMessage::Reply(call, answer);
        self.next.push_back(Inner::Saga(Input::Message { from, message }));
    }

    fn hand_notices_over(&mut self) {
        let knobs = self.core.composition.knobs();
        if knobs.notify == Notify::AtOnce || self.core.composition.notices().all().is_empty() {
            return;
        }
        self.next.push_back(Inner::Notices(match knobs.table {
            // They are in the table already, and have to be sent from there.
            MessageTable::SameTransaction => Input::Recover,
            MessageTable::AfterDecision => Input::Start,
        }));
    }
}

impl Process for MixedCoordinator {
    type Volatile = MixedMemory;
    type Durable = MixedLog;
    type Record = MixedRecord;
    type Change = MixedChange;
    type Message = MixedMessage;
    type Timer = MixedTimer;
    type Outcome = SagaOutcome;

    fn fold(&self, log: &mut MixedLog, record: &MixedRecord) {
        match record {
            MixedRecord::Saga(record) => {
                self.saga.fold(&mut log.saga, record);
                if self.fills_table(record) {
                    self.notices.fold(&mut log.notices, &SagaRecord::Accepted);
                }
            }
            MixedRecord::Tcc(record) => self.tcc.fold(&mut log.tcc, record),
            MixedRecord::Notices(record) => self.notices.fold(&mut log.notices, record),
        }
    }

    fn handle(
        &self,
        memory: &mut MixedMemory,
        log: &MixedLog,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        let mut next = VecDeque::new();
        match input {
            Input::Start => {
                next.push_back(Inner::Saga(Input::Start));
                let at_once = self.composition.knobs().notify == Notify::AtOnce;
                if at_once && !self.composition.notices().all().is_empty() {
                    next.push_back(Inner::Notices(Input::Start));
                }
            }
            // What the saga cannot take back any more, the TCC may still be able to.
            Input::Cancel => {
                next.extend([Inner::Saga(Input::Cancel), Inner::Tcc(Input::Cancel)]);
            }
            Input::Recover => {
                // A TCC that has ended has nothing to do but to answer, when the saga asks again.
                if log.tcc.outcome().is_none() {
                    next.push_back(Inner::Tcc(Input::Recover));
                }
                next.push_back(Inner::Saga(Input::Recover));
                if log.has_notices() {
                    next.push_back(Inner::Notices(Input::Recover));
                }
            }
            Input::Message { from, message: MixedMessage::Saga(message) } => {
                let notice = self.is_notice(message.call().step);
                let input = Input::Message { from, message };
                next.push_back(if notice { Inner::Notices(input) } else { Inner::Saga(input) });
            }
            Input::Message { from, message: MixedMessage::Tcc(message) } => {
                next.push_back(Inner::Tcc(Input::Message { from, message }));
            }
            Input::TimerFired(MixedTimer::Saga(timer)) => {
                let input = Input::TimerFired(timer);
                let notice = matches!(timer, SagaTimer::Call(step) if self.is_notice(step));
                next.push_back(if notice { Inner::Notices(input) } else { Inner::Saga(input) });
            }
            Input::TimerFired(MixedTimer::Tcc(timer)) => {
                next.push_back(Inner::Tcc(Input::TimerFired(timer)));
            }
            // A coordinator owns no resources.
            Input::Applied { .. } => {}
        }
        Turn { core: self, memory, log: *log, effects, next }.run();
    }

    fn awaits_start(&self, memory: &MixedMemory, log: &MixedLog) -> bool {
        self.saga.awaits_start(&memory.saga, &log.saga)
    }

    fn acknowledges(&self, memory: &MixedMemory, log: &MixedLog) -> bool {
        self.saga.acknowledges(&memory.saga, &log.saga)
    }

    fn is_bound_to(&self, _memory: &MixedMemory, log: &MixedLog, outcome: &SagaOutcome) -> bool {
        log.outcome() == Some(*outcome)
    }

    fn is_stale(&self, log: &MixedLog, from: Address, message: &MixedMessage) -> bool {
        match message {
            MixedMessage::Saga(message) if self.is_notice(message.call().step) => {
                self.notices.is_stale(&log.notices, from, message)
            }
            MixedMessage::Saga(message) => self.saga.is_stale(&log.saga, from, message),
            MixedMessage::Tcc(message) => self.tcc.is_stale(&log.tcc, from, message),
        }
    }

    fn paces(&self, timer: &MixedTimer) -> bool {
        match timer {
            MixedTimer::Saga(timer) => self.saga.paces(timer),
            MixedTimer::Tcc(timer) => self.tcc.paces(timer),
        }
    }

    fn awaits(&self, timer: &MixedTimer) -> Option<Address> {
        match timer {
            MixedTimer::Saga(timer) => self.saga.awaits(timer),
            MixedTimer::Tcc(timer) => self.tcc.awaits(timer),
        }
    }

    fn still_owes(
        &self,
        memory: &MixedMemory,
        log: &MixedLog,
        peer: Address,
        timer: &MixedTimer,
    ) -> bool {
        match timer {
            MixedTimer::Saga(timer) => self.saga.still_owes(&memory.saga, &log.saga, peer, timer),
            MixedTimer::Tcc(timer) => self.tcc.still_owes(&memory.tcc, &log.tcc, peer, timer),
        }
    }
}

const OF_SAGA: Translation<SagaCoordinator, MixedCoordinator> = Translation {
    record: MixedRecord::Saga,
    change: MixedChange::Saga,
    message: MixedMessage::Saga,
    timer: MixedTimer::Saga,
    outcome: identity,
};

const OF_TCC: Translation<TccCoordinator, MixedCoordinator> = Translation {
    record: MixedRecord::Tcc,
    change: MixedChange::Tcc,
    message: MixedMessage::Tcc,
    timer: MixedTimer::Tcc,
    outcome: SagaOutcome::from,
};
