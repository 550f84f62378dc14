//! The participant: a service that takes part in the saga and in the TCC of a workflow.

use crate::process::barrier::Ledger;
use crate::process::rename::renames;
use crate::process::{Address, Effect, Effects, Input, Process, Translation};
use crate::protocols::saga::{SagaOutcome, SagaParticipant};
use crate::protocols::tcc::{Reservation, TccOutcome, TccParticipant};

use super::message::{MixedChange, MixedLedgerRecord, MixedMessage, MixedTimer};

/// A service's side of every mixed workflow it takes part in: a participant of each protocol, side by
/// side, over the same resources.
#[derive(Clone, Debug)]
pub struct MixedParticipant {
    saga: SagaParticipant,
    tcc: TccParticipant,
}

/// What a participant remembers of the steps it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MixedLedger {
    /// Of saga steps and notices.
    pub saga: Ledger,
    /// Of TCC steps.
    pub tcc: Ledger<Reservation>,
}

renames!(struct MixedLedger { saga, tcc });

impl MixedParticipant {
    /// Both participants as one.
    #[must_use]
    pub fn new(saga: SagaParticipant, tcc: TccParticipant) -> Self {
        MixedParticipant { saga, tcc }
    }

    fn give_saga(
        &self,
        ledger: &MixedLedger,
        input: Input<SagaParticipant>,
        effects: &mut Effects<Self>,
    ) {
        let mut own = Effects::<SagaParticipant>::new();
        self.saga.handle(&mut (), &ledger.saga, input, &mut own);
        effects.extend(own.into_iter().map(|effect| OF_SAGA.effect(effect)));
    }

    fn give_tcc(
        &self,
        ledger: &MixedLedger,
        input: Input<TccParticipant>,
        effects: &mut Effects<Self>,
    ) {
        let mut own = Effects::<TccParticipant>::new();
        self.tcc.handle(&mut (), &ledger.tcc, input, &mut own);
        let own = own.into_iter().filter(|effect| !matches!(effect, Effect::Finish(_)));
        effects.extend(own.map(|effect| OF_TCC.effect(effect)));
    }
}

const OF_SAGA: Translation<SagaParticipant, MixedParticipant> = Translation {
    record: MixedLedgerRecord::Saga,
    change: MixedChange::Saga,
    message: MixedMessage::Saga,
    timer: MixedTimer::Saga,
    outcome: std::convert::identity,
};

const OF_TCC: Translation<TccParticipant, MixedParticipant> = Translation {
    record: MixedLedgerRecord::Tcc,
    change: MixedChange::Tcc,
    message: MixedMessage::Tcc,
    timer: MixedTimer::Tcc,
    outcome: SagaOutcome::from,
};

impl From<TccOutcome> for SagaOutcome {
    fn from(outcome: TccOutcome) -> SagaOutcome {
        match outcome {
            TccOutcome::Completed => SagaOutcome::Completed,
            TccOutcome::Cancelled => SagaOutcome::Compensated,
            TccOutcome::Failed => SagaOutcome::Failed,
        }
    }
}

impl Process for MixedParticipant {
    type Volatile = ();
    type Durable = MixedLedger;
    type Record = MixedLedgerRecord;
    type Change = MixedChange;
    type Message = MixedMessage;
    type Timer = MixedTimer;
    type Outcome = SagaOutcome;

    fn fold(&self, ledger: &mut MixedLedger, record: &MixedLedgerRecord) {
        match record {
            MixedLedgerRecord::Saga(line) => self.saga.fold(&mut ledger.saga, line),
            MixedLedgerRecord::Tcc(line) => self.tcc.fold(&mut ledger.tcc, line),
        }
    }

    fn handle(
        &self,
        (): &mut (),
        ledger: &MixedLedger,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        match input {
            Input::Message { from, message: MixedMessage::Saga(message) } => {
                self.give_saga(ledger, Input::Message { from, message }, effects);
            }
            Input::Message { from, message: MixedMessage::Tcc(message) } => {
                self.give_tcc(ledger, Input::Message { from, message }, effects);
            }
            Input::Applied { change: MixedChange::Saga(change), verdict } => {
                self.give_saga(ledger, Input::Applied { change, verdict }, effects);
            }
            Input::Applied { change: MixedChange::Tcc(change), verdict } => {
                self.give_tcc(ledger, Input::Applied { change, verdict }, effects);
            }
            Input::TimerFired(MixedTimer::Saga(timer)) => {
                self.give_saga(ledger, Input::TimerFired(timer), effects);
            }
            Input::TimerFired(MixedTimer::Tcc(timer)) => {
                self.give_tcc(ledger, Input::TimerFired(timer), effects);
            }
            Input::Recover => {
                self.give_saga(ledger, Input::Recover, effects);
                self.give_tcc(ledger, Input::Recover, effects);
            }
            // Clients speak to coordinators.
            Input::Start | Input::Cancel => {}
        }
    }

    fn awaits_start(&self, (): &(), _ledger: &MixedLedger) -> bool {
        false
    }

    fn splits_by_workflow(&self) -> bool {
        self.saga.splits_by_workflow() && self.tcc.splits_by_workflow()
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
}
