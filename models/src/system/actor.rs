//! A process as a Stateright `Actor`: the same core in Stateright's own actor systems.
//!
//! This is an adapter, not a second implementation. It gives up what `ActorModel` cannot express: all
//! effects of an input are carried out at once, so no crash falls between them, and timers may run
//! out at any time. Where both can express a system, it serves to check one against the other.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use derive_where::derive_where;
use stateright::actor::{Actor, Id, Out};

use crate::process::host::{Attempt, EffectKind, OutsideEffect, StoreEffect, give};
use crate::process::{Address, Input, Process, Verdict};

use super::protocol_model::{MessageOf, ProtocolModel, TimerOf};
use super::topology::System;

/// One process of a [`System`], as an actor. Actor ids are positions in the system.
#[derive_where(Clone)]
pub struct ProcessActor<T: ProtocolModel> {
    system: Arc<System<T>>,
    slot: usize,
}

/// What an actor of a process keeps.
#[derive_where(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ActorState<T: ProtocolModel> {
    /// What a crash destroys.
    pub volatile: <T::Process as Process>::Volatile,
    /// What a crash leaves.
    pub durable: ActorStorage<T>,
}

/// What is left of an actor after a crash.
#[derive_where(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ActorStorage<T: ProtocolModel> {
    /// What the log folds to.
    pub log: <T::Process as Process>::Durable,
    /// What the process owns.
    pub resources: T::Resources,
}

/// All processes of a system, as actors, in order of their slots.
#[must_use]
pub fn actors<T: ProtocolModel>(system: &Arc<System<T>>) -> Vec<ProcessActor<T>> {
    (0..system.processes.len())
        .map(|slot| ProcessActor { system: Arc::clone(system), slot })
        .collect()
}

impl<T: ProtocolModel> ProcessActor<T> {
    fn core(&self) -> &T::Process {
        &self.system.processes[self.slot].core
    }

    fn address(&self) -> Address {
        self.system.processes[self.slot].address
    }

    fn take(&self, state: &mut ActorState<T>, input: Input<T::Process>, out: &mut Out<Self>) {
        let before = state.durable.clone();
        let mut pending = VecDeque::new();
        give(self.core(), &mut state.volatile, &state.durable.log, &mut pending, input);
        while let Some(effect) = pending.pop_front() {
            match EffectKind::from(effect) {
                EffectKind::InStore(StoreEffect::Persist(record)) => {
                    self.core().fold(&mut state.durable.log, &record);
                }
                EffectKind::InStore(StoreEffect::Attempt(attempt)) => {
                    let answer = self.attempt(state, attempt);
                    give(
                        self.core(),
                        &mut state.volatile,
                        &state.durable.log,
                        &mut pending,
                        answer,
                    );
                }
                EffectKind::Outside(OutsideEffect::Send { to, message }) => {
                    out.send(Id::from(self.system.process_slot(to)), message);
                }
                EffectKind::Outside(OutsideEffect::SetTimer(timer)) => {
                    out.set_timer(timer, Duration::ZERO..Duration::ZERO);
                }
                EffectKind::Outside(OutsideEffect::CancelTimer(timer)) => out.cancel_timer(timer),
                // The outcome is in the log.
                EffectKind::Outside(OutsideEffect::Finish(_)) => {}
            }
        }
        if state.durable != before {
            out.save(state.durable.clone());
        }
    }

    /// One local transaction, and what the process is to be told of it.
    fn attempt(
        &self,
        state: &mut ActorState<T>,
        mut attempt: Attempt<T::Process>,
    ) -> Input<T::Process> {
        let mut resources = state.durable.resources.clone();
        let tried =
            self.system.protocol.carry_out(self.address(), &mut resources, &mut attempt.change);
        let verdict = tried.unwrap_or(Verdict::Failed);
        if verdict == Verdict::Accepted {
            state.durable.resources = resources;
        }
        let (change, record) = attempt.concluded(verdict);
        if let Some(record) = record {
            self.core().fold(&mut state.durable.log, &record);
        }
        Input::Applied { change, verdict }
    }
}

impl<T: ProtocolModel> Actor for ProcessActor<T> {
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
