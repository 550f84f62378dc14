//! A process that plays one of two roles, so that coordinators and participants, which keep
//! different logs, can live in one system.

use std::convert::identity;

use serde::{Deserialize, Serialize};

use crate::process::rename::{Exchange, Rename};
use crate::process::{Address, Effects, Input, Process, Translation};

/// A coordinator or a participant.
#[derive(Clone, Debug)]
pub enum Role<C, P> {
    /// Drives workflows.
    Coordinator(C),
    /// Serves them.
    Participant(P),
}

/// A state with room for either role's; the other stays at its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleState<C, P> {
    /// The coordinator's.
    pub coordinator: C,
    /// The participant's.
    pub participant: P,
}

impl<C: Rename, P: Rename> Rename for RoleState<C, P> {
    fn rename(&mut self, names: Exchange) {
        let RoleState { coordinator, participant } = self;
        coordinator.rename(names);
        participant.rename(names);
    }
}

/// A log record of either role.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoleRecord<C, P> {
    /// The coordinator's.
    Coordinator(C),
    /// The participant's.
    Participant(P),
}

impl<C: Rename, P: Rename> Rename for RoleRecord<C, P> {
    fn rename(&mut self, names: Exchange) {
        match self {
            RoleRecord::Coordinator(record) => record.rename(names),
            RoleRecord::Participant(record) => record.rename(names),
        }
    }
}

impl<C, P> Process for Role<C, P>
where
    C: Process,
    P: Process<Change = C::Change, Message = C::Message, Timer = C::Timer, Outcome = C::Outcome>,
{
    type Volatile = RoleState<C::Volatile, P::Volatile>;
    type Durable = RoleState<C::Durable, P::Durable>;
    type Record = RoleRecord<C::Record, P::Record>;
    type Change = C::Change;
    type Message = C::Message;
    type Timer = C::Timer;
    type Outcome = C::Outcome;

    fn fold(&self, durable: &mut Self::Durable, record: &Self::Record) {
        match (self, record) {
            (Role::Coordinator(core), RoleRecord::Coordinator(record)) => {
                core.fold(&mut durable.coordinator, record);
            }
            (Role::Participant(core), RoleRecord::Participant(record)) => {
                core.fold(&mut durable.participant, record);
            }
            (Role::Coordinator(_), RoleRecord::Participant(_))
            | (Role::Participant(_), RoleRecord::Coordinator(_)) => {
                unreachable!("a process folds only what it persisted itself")
            }
        }
    }

    fn handle(
        &self,
        volatile: &mut Self::Volatile,
        durable: &Self::Durable,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        match self {
            Role::Coordinator(core) => {
                let mut own = Effects::<C>::new();
                let (volatile, durable) = (&mut volatile.coordinator, &durable.coordinator);
                core.handle(volatile, durable, translate_input(input), &mut own);
                let wider = translation(RoleRecord::Coordinator);
                effects.extend(own.into_iter().map(|effect| wider.effect(effect)));
            }
            Role::Participant(core) => {
                let mut own = Effects::<P>::new();
                let (volatile, durable) = (&mut volatile.participant, &durable.participant);
                core.handle(volatile, durable, translate_input(input), &mut own);
                let wider = translation(RoleRecord::Participant);
                effects.extend(own.into_iter().map(|effect| wider.effect(effect)));
            }
        }
    }

    fn awaits_start(&self, volatile: &Self::Volatile, durable: &Self::Durable) -> bool {
        match self {
            Role::Coordinator(core) => {
                core.awaits_start(&volatile.coordinator, &durable.coordinator)
            }
            Role::Participant(core) => {
                core.awaits_start(&volatile.participant, &durable.participant)
            }
        }
    }

    fn acknowledges(&self, volatile: &Self::Volatile, durable: &Self::Durable) -> bool {
        match self {
            Role::Coordinator(core) => {
                core.acknowledges(&volatile.coordinator, &durable.coordinator)
            }
            Role::Participant(core) => {
                core.acknowledges(&volatile.participant, &durable.participant)
            }
        }
    }

    fn outcome(&self, durable: &Self::Durable) -> Option<Self::Outcome> {
        match self {
            Role::Coordinator(core) => core.outcome(&durable.coordinator),
            Role::Participant(core) => core.outcome(&durable.participant),
        }
    }

    fn is_bound_to(
        &self,
        volatile: &Self::Volatile,
        durable: &Self::Durable,
        outcome: &Self::Outcome,
    ) -> bool {
        match self {
            Role::Coordinator(core) => {
                core.is_bound_to(&volatile.coordinator, &durable.coordinator, outcome)
            }
            Role::Participant(core) => {
                core.is_bound_to(&volatile.participant, &durable.participant, outcome)
            }
        }
    }

    fn awaits(&self, timer: &Self::Timer) -> Option<Address> {
        match self {
            Role::Coordinator(core) => core.awaits(timer),
            Role::Participant(core) => core.awaits(timer),
        }
    }

    fn still_owes(
        &self,
        volatile: &Self::Volatile,
        durable: &Self::Durable,
        peer: Address,
        timer: &Self::Timer,
    ) -> bool {
        match self {
            Role::Coordinator(core) => {
                core.still_owes(&volatile.coordinator, &durable.coordinator, peer, timer)
            }
            Role::Participant(core) => {
                core.still_owes(&volatile.participant, &durable.participant, peer, timer)
            }
        }
    }

    fn is_stale(&self, log: &Self::Durable, from: Address, message: &Self::Message) -> bool {
        match self {
            Role::Coordinator(core) => core.is_stale(&log.coordinator, from, message),
            Role::Participant(core) => core.is_stale(&log.participant, from, message),
        }
    }

    fn paces(&self, timer: &Self::Timer) -> bool {
        match self {
            Role::Coordinator(core) => core.paces(timer),
            Role::Participant(core) => core.paces(timer),
        }
    }

    fn splits_by_workflow(&self) -> bool {
        match self {
            Role::Coordinator(core) => core.splits_by_workflow(),
            Role::Participant(core) => core.splits_by_workflow(),
        }
    }

    fn watches(&self, timer: &Self::Timer) -> Option<Address> {
        match self {
            Role::Coordinator(core) => core.watches(timer),
            Role::Participant(core) => core.watches(timer),
        }
    }
}

/// The same input, as another process with the same vocabulary understands it.
fn translate_input<A, B>(input: Input<A>) -> Input<B>
where
    A: Process,
    B: Process<Change = A::Change, Message = A::Message, Timer = A::Timer>,
{
    match input {
        Input::Start => Input::Start,
        Input::Cancel => Input::Cancel,
        Input::Recover => Input::Recover,
        Input::Message { from, message } => Input::Message { from, message },
        Input::TimerFired(timer) => Input::TimerFired(timer),
        Input::Applied { change, verdict } => Input::Applied { change, verdict },
    }
}

/// The same vocabulary, with records in the wider log.
fn translation<A, B>(record: fn(A::Record) -> B::Record) -> Translation<A, B>
where
    A: Process,
    B: Process<Change = A::Change, Message = A::Message, Timer = A::Timer, Outcome = A::Outcome>,
{
    Translation { record, change: identity, message: identity, timer: identity, outcome: identity }
}
