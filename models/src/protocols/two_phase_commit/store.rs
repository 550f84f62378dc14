//! The store that the coordinators of a transaction share: who leads, and whether it commits.

use std::sync::Arc;

use crate::process::{Address, Effects, Input, Process, Translation};
use crate::protocols::lease::{
    self, Fencing, Kept, LeaseMessage, LeaseTimer, RegisterStore, Registers,
};

use super::log::TwoPhaseOutcome;
use super::message::{Decision, Saying, TwoPhaseMessage};
use super::participant::BranchChange;
use super::plan::TwoPhasePlan;
use super::timer::TwoPhaseTimer;

/// A decision is written once.
impl Kept for Decision {
    fn supersedes(&self, _earlier: &Decision, _fencing: Fencing) -> bool {
        false
    }
}

/// A store of one register per transaction: a [`RegisterStore`] that speaks the language of two-phase
/// commit.
#[derive(Clone, Debug)]
pub struct DecisionStore {
    registers: RegisterStore<Decision>,
}

/// An entry of the store's log.
pub type StoreRecord = lease::StoreRecord<Decision>;

impl DecisionStore {
    /// The store of transactions of that plan.
    #[must_use]
    pub fn new(plan: &Arc<TwoPhasePlan>) -> Self {
        DecisionStore { registers: RegisterStore::new(plan.knobs().lease()) }
    }
}

impl Process for DecisionStore {
    type Volatile = ();
    type Durable = Registers<Decision>;
    type Record = StoreRecord;
    type Change = BranchChange;
    type Message = TwoPhaseMessage;
    type Timer = TwoPhaseTimer;
    type Outcome = TwoPhaseOutcome;

    fn fold(&self, registers: &mut Registers<Decision>, record: &StoreRecord) {
        self.registers.fold(registers, record);
    }

    fn handle(
        &self,
        memory: &mut (),
        registers: &Registers<Decision>,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        let input = match input {
            Input::Message { from, message } => {
                let Saying::Ask(request) = message.saying else { return };
                let message = LeaseMessage::Request(message.workflow, request);
                Input::Message { from, message }
            }
            Input::TimerFired(TwoPhaseTimer::Lease { workflow, epoch, holder }) => {
                Input::TimerFired(LeaseTimer { workflow, epoch, holder })
            }
            Input::Recover => Input::Recover,
            Input::Start | Input::Cancel | Input::TimerFired(_) | Input::Applied { .. } => return,
        };
        let mut own = Effects::<RegisterStore<Decision>>::new();
        self.registers.handle(memory, registers, input, &mut own);
        effects.extend(own.into_iter().map(|effect| OF_REGISTERS.effect(effect)));
    }

    fn awaits_start(&self, (): &(), _registers: &Registers<Decision>) -> bool {
        false
    }

    fn awaits(&self, _timer: &TwoPhaseTimer) -> Option<Address> {
        None
    }

    fn watches(&self, timer: &TwoPhaseTimer) -> Option<Address> {
        timer.watches()
    }

    fn splits_by_workflow(&self) -> bool {
        self.registers.splits_by_workflow()
    }
}

const OF_REGISTERS: Translation<RegisterStore<Decision>, DecisionStore> = Translation {
    record: std::convert::identity,
    change: |change| match change {},
    message: |message| match message {
        LeaseMessage::Request(workflow, request) => {
            TwoPhaseMessage { workflow, saying: Saying::Ask(request) }
        }
        LeaseMessage::Reply(workflow, reply) => {
            TwoPhaseMessage { workflow, saying: Saying::Answer(reply) }
        }
    },
    timer: |LeaseTimer { workflow, epoch, holder }| TwoPhaseTimer::Lease {
        workflow,
        epoch,
        holder,
    },
    outcome: |outcome| match outcome {},
};
