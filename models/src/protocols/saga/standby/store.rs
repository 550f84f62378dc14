//! The store that the coordinators of a saga share: who leads, and the saga's log.

use std::convert::identity;

use crate::process::{Address, Effects, Input, Process, Translation};
use crate::protocols::lease::{Fencing, Kept, LeaseMessage, RegisterStore, Registers, StoreRecord};
use crate::protocols::saga::knobs::SagaKnobs;
use crate::protocols::saga::log::{SagaLog, SagaOutcome};

use super::message::{StandbyChange, StandbyMessage, StandbyTimer};

/// A log grows. With a token that is checked, what has less in it is an old write that was on its way
/// for long; without one, a store cannot tell old from new, and keeps what came last.
impl Kept for SagaLog {
    fn supersedes(&self, earlier: &SagaLog, fencing: Fencing) -> bool {
        self != earlier
            && match fencing {
                Fencing::Checked => self.covers(earlier),
                Fencing::Unchecked => true,
            }
    }
}

/// A store of one log per workflow: a [`RegisterStore`] that speaks the language of sagas.
#[derive(Clone, Debug)]
pub struct LogStore {
    registers: RegisterStore<SagaLog>,
}

impl LogStore {
    /// The store of sagas with those choices.
    #[must_use]
    pub fn new(knobs: &SagaKnobs) -> Self {
        LogStore { registers: RegisterStore::new(knobs.lease()) }
    }
}

impl Process for LogStore {
    type Volatile = ();
    type Durable = Registers<SagaLog>;
    type Record = StoreRecord<SagaLog>;
    type Change = StandbyChange;
    type Message = StandbyMessage;
    type Timer = StandbyTimer;
    type Outcome = SagaOutcome;

    fn fold(&self, registers: &mut Registers<SagaLog>, record: &StoreRecord<SagaLog>) {
        self.registers.fold(registers, record);
    }

    fn handle(
        &self,
        memory: &mut (),
        registers: &Registers<SagaLog>,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        let input = match input {
            Input::Message { from, message: StandbyMessage::Lease(message) } => {
                Input::Message { from, message }
            }
            Input::TimerFired(StandbyTimer::Lease(timer)) => Input::TimerFired(timer),
            Input::Recover => Input::Recover,
            Input::Message { message: StandbyMessage::Saga(_), .. }
            | Input::TimerFired(_)
            | Input::Start
            | Input::Cancel
            | Input::Applied { .. } => return,
        };
        let mut own = Effects::<RegisterStore<SagaLog>>::new();
        self.registers.handle(memory, registers, input, &mut own);
        effects.extend(own.into_iter().map(|effect| OF_REGISTERS.effect(effect)));
    }

    fn awaits_start(&self, (): &(), _registers: &Registers<SagaLog>) -> bool {
        false
    }

    fn awaits(&self, _timer: &StandbyTimer) -> Option<Address> {
        None
    }

    fn watches(&self, timer: &StandbyTimer) -> Option<Address> {
        timer.watches()
    }

    fn splits_by_workflow(&self) -> bool {
        self.registers.splits_by_workflow()
    }
}

const OF_REGISTERS: Translation<RegisterStore<SagaLog>, LogStore> = Translation {
    record: identity,
    change: |change| match change {},
    message: |message: LeaseMessage<SagaLog>| StandbyMessage::Lease(message),
    timer: StandbyTimer::Lease,
    outcome: |outcome| match outcome {},
};
