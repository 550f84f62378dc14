//! The participant: that of any saga, except that it answers whoever asked.

use crate::process::barrier::Ledger;
use crate::process::{Address, Effect, Effects, Input, Process};
use crate::protocols::saga::log::SagaOutcome;
use crate::protocols::saga::participant::{LedgerRecord, SagaChange, SagaParticipant};

use super::message::{StandbyChange, StandbyMessage, StandbyTimer};

/// A [`SagaParticipant`] that any coordinator may call. It remembers who asked with the change that it
/// tries, and keeps nothing in memory.
#[derive(Clone, Debug)]
pub struct AskedParticipant {
    saga: SagaParticipant,
}

impl AskedParticipant {
    /// Lets any coordinator call that participant.
    #[must_use]
    pub fn new(saga: SagaParticipant) -> Self {
        AskedParticipant { saga }
    }
}

impl Process for AskedParticipant {
    type Volatile = ();
    type Durable = Ledger;
    type Record = LedgerRecord;
    type Change = StandbyChange;
    type Message = StandbyMessage;
    type Timer = StandbyTimer;
    type Outcome = SagaOutcome;

    fn fold(&self, ledger: &mut Ledger, line: &LedgerRecord) {
        self.saga.fold(ledger, line);
    }

    fn handle(
        &self,
        memory: &mut (),
        ledger: &Ledger,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        let (asked_by, input) = match input {
            Input::Message { from, message: StandbyMessage::Saga(message) } => {
                (Some(from), Input::Message { from, message })
            }
            Input::Applied { change: StandbyChange { change, asked_by }, verdict } => {
                (Some(asked_by), Input::Applied { change, verdict })
            }
            Input::TimerFired(StandbyTimer::Saga(timer)) => (None, Input::TimerFired(timer)),
            Input::Recover => (None, Input::Recover),
            Input::Message { message: StandbyMessage::Lease(_), .. }
            | Input::TimerFired(_)
            | Input::Start
            | Input::Cancel => return,
        };
        let mut own = Effects::<SagaParticipant>::new();
        self.saga.handle(memory, ledger, input, &mut own);
        effects.extend(own.into_iter().map(|effect| answering(asked_by, effect)));
    }

    fn awaits_start(&self, (): &(), _ledger: &Ledger) -> bool {
        false
    }

    fn awaits(&self, _timer: &StandbyTimer) -> Option<Address> {
        None
    }

    fn splits_by_workflow(&self) -> bool {
        self.saga.splits_by_workflow()
    }
}

/// What the saga's participant wants done, with who asked in the place of the one coordinator that it
/// knows of. What nobody asked for concerns that one.
fn answering(
    asked_by: Option<Address>,
    effect: Effect<SagaParticipant>,
) -> Effect<AskedParticipant> {
    let tried = |change: SagaChange| {
        let asked_by = asked_by.unwrap_or(Address::Coordinator(change.call().workflow));
        StandbyChange { change, asked_by }
    };
    match effect {
        Effect::Persist(line) => Effect::Persist(line),
        Effect::Apply(change) => Effect::Apply(tried(change)),
        Effect::Transact { change, accepted, refused } => {
            Effect::Transact { change: tried(change), accepted, refused }
        }
        Effect::Send { to, message } => {
            Effect::Send { to: asked_by.unwrap_or(to), message: StandbyMessage::Saga(message) }
        }
        Effect::SetTimer(timer) => Effect::SetTimer(StandbyTimer::Saga(timer)),
        Effect::CancelTimer(timer) => Effect::CancelTimer(StandbyTimer::Saga(timer)),
        Effect::Finish(outcome) => Effect::Finish(outcome),
    }
}
