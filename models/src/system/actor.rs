//! A process as a Stateright `Actor`: the same core in Stateright's own actor systems.
//!
//! This is an adapter, not a second implementation. It gives up what `ActorModel` cannot express: all
//! effects of an input are carried out at once, so no crash falls between them, and timers may run
//! out at any time. Where both can express a system, it serves to check one against the other.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use derive_where::derive_where;
use stateright::actor::{Actor, Id, Out};

use crate::process::{Address, Effect, Effects, Input, Process, Verdict};

use super::protocol::{MessageOf, Protocol, TimerOf};
use super::topology::System;

/// One process of a [`System`], as an actor. Actor ids are positions in the system.
#[derive_where(Clone)]
pub struct ProcessActor<T: Protocol> {
    system: Arc<System<T>>,
    slot: usize,
}

/// What an actor of a process keeps.
#[derive_where(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ActorState<T: Protocol> {
    /// What a crash destroys.
    pub volatile: <T::Process as Process>::Volatile,
    /// What a crash leaves.
    pub durable: ActorStorage<T>,
}

/// What is left of an actor after a crash.
#[derive_where(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ActorStorage<T: Protocol> {
    /// What the log folds to.
    pub log: <T::Process as Process>::Durable,
    /// What the process owns.
    pub resources: T::Resources,
}

/// All processes of a system, as actors, in order of their slots.
#[must_use]
pub fn actors<T: Protocol>(system: &Arc<System<T>>) -> Vec<ProcessActor<T>> {
    (0..system.processes.len())
        .map(|slot| ProcessActor { system: Arc::clone(system), slot })
        .collect()
}

impl<T: Protocol> ProcessActor<T> {
    fn core(&self) -> &T::Process {
        &self.system.processes[self.slot].core
    }

    fn address(&self) -> Address {
        self.system.processes[self.slot].address
    }

    fn take(&self, state: &mut ActorState<T>, input: Input<T::Process>, out: &mut Out<Self>) {
        let mut effects = Effects::<T::Process>::new();
        self.core().handle(&mut state.volatile, &state.durable.log, input, &mut effects);
        let before = state.durable.clone();
        for effect in effects {
            self.perform(state, effect, out);
        }
        if state.durable != before {
            out.save(state.durable.clone());
        }
    }

    fn perform(&self, state: &mut ActorState<T>, effect: Effect<T::Process>, out: &mut Out<Self>) {
        match effect {
            Effect::Persist(record) => self.core().fold(&mut state.durable.log, &record),
            Effect::Apply(change) => self.apply(state, change, None, None, out),
            Effect::Transact { change, accepted, refused } => {
                self.apply(state, change, Some(accepted), refused, out);
            }
            Effect::Send { to, message } => {
                out.send(Id::from(self.system.process_slot(to)), message);
            }
            Effect::SetTimer(timer) => out.set_timer(timer, Duration::ZERO..Duration::ZERO),
            Effect::CancelTimer(timer) => out.cancel_timer(timer),
            // The outcome is in the log.
            Effect::Finish(_) => {}
        }
    }

    fn apply(
        &self,
        state: &mut ActorState<T>,
        mut change: <T::Process as Process>::Change,
        accepted: Option<<T::Process as Process>::Record>,
        refused: Option<<T::Process as Process>::Record>,
        out: &mut Out<Self>,
    ) {
        let mut resources = state.durable.resources.clone();
        let protocol = &self.system.protocol;
        let verdict = protocol
            .read(self.address(), &resources, &mut change)
            .and_then(|()| protocol.attempt(self.address(), &mut resources, &change))
            .unwrap_or(Verdict::Failed);
        let record = match verdict {
            Verdict::Accepted => {
                state.durable.resources = resources;
                accepted
            }
            Verdict::Refused => refused,
            Verdict::Failed => None,
        };
        if let Some(record) = record {
            self.core().fold(&mut state.durable.log, &record);
        }
        self.take(state, Input::Applied { change, verdict }, out);
    }
}

impl<T: Protocol> Actor for ProcessActor<T> {
    type Msg = MessageOf<T>;
    type Timer = TimerOf<T>;
    type State = ActorState<T>;
    type Storage = ActorStorage<T>;
    type Random = ();

    fn on_start(
        &self,
        _id: Id,
        storage: &Option<ActorStorage<T>>,
        out: &mut Out<Self>,
    ) -> ActorState<T> {
        let placed = &self.system.processes[self.slot];
        let durable = storage.clone().unwrap_or_else(|| ActorStorage {
            log: Default::default(),
            resources: placed.resources.clone(),
        });
        let mut state = ActorState { volatile: Default::default(), durable };
        if self.core().awaits_start(&state.volatile, &state.durable.log) {
            if placed.has_client {
                self.take(&mut state, Input::Start, out);
            }
        } else if storage.is_some() {
            self.take(&mut state, Input::Recover, out);
        }
        state
    }

    fn on_msg(
        &self,
        _id: Id,
        state: &mut Cow<'_, ActorState<T>>,
        src: Id,
        message: MessageOf<T>,
        out: &mut Out<Self>,
    ) {
        let from = self.system.processes[usize::from(src)].address;
        self.take(state.to_mut(), Input::Message { from, message }, out);
    }

    fn on_timeout(
        &self,
        _id: Id,
        state: &mut Cow<'_, ActorState<T>>,
        timer: &TimerOf<T>,
        out: &mut Out<Self>,
    ) {
        self.take(state.to_mut(), Input::TimerFired(timer.clone()), out);
    }

    fn name(&self) -> String {
        self.system.protocol.words().process(self.address())
    }
}
