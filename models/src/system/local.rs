//! One process in the model: its state, what is on its way to it, its timers, and the effects it
//! still has to carry out.
//!
//! A checker keeps a process in every form in which it ever was, and most of these differ in nothing
//! but what is on its way to it: an event store has 10 000 forms, and but for its inbox 44. So all else
//! is shared until it changes.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use derive_where::derive_where;
use smallvec::SmallVec;

use crate::process::host::give;
use crate::process::{Effect, Input, Process, Value};
use crate::workflow::ArithmeticError;

use super::budget::NodeId;
use super::client::Client;
use super::inbox::Inbox;
use super::protocol_model::{ChangeOf, MessageOf, OutcomeOf, ProtocolModel, RecordOf, TimerOf};

/// A process, and what is on its way to it.
#[derive_where(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Local<T: ProtocolModel> {
    state: Arc<LocalState<T>>,
    /// What is on its way to it. Not the process's own, so a crash leaves it.
    pub inbox: Inbox<MessageOf<T>>,
}

/// All that belongs to a process alone. A [`Local`] shares it with its clones until one of them
/// changes it.
#[derive_where(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LocalState<T: ProtocolModel> {
    /// Whether it runs.
    pub status: Status,
    /// What a crash destroys.
    pub volatile: <T::Process as Process>::Volatile,
    /// What its log folds to.
    pub durable: <T::Process as Process>::Durable,
    /// What it owns.
    pub resources: T::Resources,
    /// The node that is cut off from all others at the moment.
    pub cut_off: Option<NodeId>,
    /// Effects it still has to carry out, in order. Always empty between transitions, unless effects
    /// are transitions of their own.
    pub pending: VecDeque<Effect<T::Process>>,
    /// Timers that are set, in order.
    pub timers: SmallVec<[TimerOf<T>; 2]>,
    /// What its client was promised ahead of its log.
    pub client: Client<OutcomeOf<T>>,
    /// The business broke down: its arithmetic had no result. The process stands still.
    pub defect: Option<(ChangeOf<T>, ArithmeticError)>,
}

/// Whether a process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It runs.
    Up,
    /// It crashed and will come back.
    Down,
    /// It crashed and will never come back.
    Halted,
}

impl<T: ProtocolModel> Deref for Local<T> {
    type Target = LocalState<T>;

    fn deref(&self) -> &LocalState<T> {
        &self.state
    }
}

impl<T: ProtocolModel> DerefMut for Local<T> {
    fn deref_mut(&mut self) -> &mut LocalState<T> {
        Arc::make_mut(&mut self.state)
    }
}

impl<T: ProtocolModel> Local<T> {
    /// A process that has not started, with these resources.
    pub(super) fn fresh(resources: T::Resources) -> Self {
        let state = LocalState {
            status: Status::Up,
            volatile: Default::default(),
            durable: Default::default(),
            resources,
            cut_off: None,
            pending: VecDeque::new(),
            timers: SmallVec::new(),
            client: Client::default(),
            defect: None,
        };
        Local { state: Arc::new(state), inbox: Inbox::default() }
    }
}

impl<T: ProtocolModel> LocalState<T> {
    /// Whether it can take an input now.
    pub(super) fn is_ready(&self) -> bool {
        self.status == Status::Up && self.pending.is_empty() && self.defect.is_none()
    }

    /// Whether a crash would destroy anything.
    pub(super) fn has_something_to_lose(&self) -> bool {
        self.status == Status::Up
            && (!self.pending.is_empty()
                || !self.timers.is_empty()
                || self.volatile != Default::default())
    }

    /// Takes an input; what it wants done is then pending.
    pub(super) fn take(&mut self, core: &T::Process, input: Input<T::Process>) {
        give(core, &mut self.volatile, &self.durable, &mut self.pending, input);
        self.set_timers();
    }

    /// Loses everything but what is durable.
    pub(super) fn crash(&mut self, core: &T::Process, status: Status) {
        let acknowledged = core.acknowledges(&self.volatile, &self.durable);
        if acknowledged && core.awaits_start(&Default::default(), &self.durable) {
            self.client.forget();
        }
        self.status = status;
        self.volatile = Default::default();
        self.pending = VecDeque::new();
        self.timers.clear();
    }

    /// Makes a record durable. What the log took back, the client may have been told.
    pub(super) fn fold(&mut self, core: &T::Process, record: &RecordOf<T>) {
        let before = core.outcome(&self.durable);
        core.fold(&mut self.durable, record);
        if let Some(before) = before
            && core.outcome(&self.durable).as_ref() != Some(&before)
        {
            self.client.hear(before, false);
        }
    }

    /// Tells the client how it ended.
    pub(super) fn tell(&mut self, core: &T::Process, outcome: OutcomeOf<T>) {
        let is_logged = core.is_bound_to(&self.volatile, &self.durable, &outcome);
        self.client.hear(outcome, is_logged);
    }

    /// Carries out timer effects at the head of the queue. Timers are volatile, so whether a crash
    /// falls before or after one makes no difference.
    pub(super) fn set_timers(&mut self) {
        loop {
            match self.pending.pop_front() {
                Some(Effect::SetTimer(timer)) => insert(&mut self.timers, timer),
                Some(Effect::CancelTimer(timer)) => self.timers.retain(|set| *set != timer),
                Some(other) => return self.pending.push_front(other),
                // What is empty between transitions shall not keep its room.
                None => return self.pending = VecDeque::new(),
            }
        }
    }
}

fn insert<V: Value>(set: &mut SmallVec<[V; 2]>, value: V) {
    if let Err(at) = set.binary_search(&value) {
        set.insert(at, value);
    }
}
