//! One process in the model: its state, what is on its way to it, its timers, and the effects it
//! still has to carry out.

use std::collections::VecDeque;

use derive_where::derive_where;
use smallvec::SmallVec;

use crate::protocol::{Effect, Effects, Input, Process, Value};
use crate::workflow::ArithmeticError;

use super::budget::NodeId;
use super::inbox::Inbox;
use super::protocol::{ChangeOf, MessageOf, Protocol, TimerOf};

/// A process and all that belongs to it alone.
#[derive_where(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Local<T: Protocol> {
    /// Whether it runs.
    pub status: Status,
    /// What a crash destroys.
    pub volatile: <T::Process as Process>::Volatile,
    /// What its log folds to.
    pub durable: <T::Process as Process>::Durable,
    /// What it owns.
    pub resources: T::Resources,
    /// What is on its way to it. Not the process's own, so a crash leaves it.
    pub inbox: Inbox<MessageOf<T>>,
    /// The node that is cut off from all others at the moment.
    pub cut_off: Option<NodeId>,
    /// Effects it still has to carry out, in order. Always empty between transitions, unless effects
    /// are transitions of their own.
    pub pending: VecDeque<Effect<T::Process>>,
    /// Timers that are set, in order.
    pub timers: SmallVec<[TimerOf<T>; 2]>,
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

impl<T: Protocol> Local<T> {
    /// A process that has not started, with these resources.
    pub(super) fn fresh(resources: T::Resources) -> Self {
        Local {
            status: Status::Up,
            volatile: Default::default(),
            durable: Default::default(),
            resources,
            inbox: Inbox::default(),
            cut_off: None,
            pending: VecDeque::new(),
            timers: SmallVec::new(),
            defect: None,
        }
    }

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
        let mut effects = Effects::<T::Process>::new();
        core.handle(&mut self.volatile, &self.durable, input, &mut effects);
        self.pending.extend(effects);
        self.set_timers();
    }

    /// Loses everything but what is durable.
    pub(super) fn crash(&mut self, status: Status) {
        self.status = status;
        self.volatile = Default::default();
        self.pending.clear();
        self.timers.clear();
    }

    /// Carries out timer effects at the head of the queue. Timers are volatile, so whether a crash
    /// falls before or after one makes no difference.
    pub(super) fn set_timers(&mut self) {
        loop {
            match self.pending.pop_front() {
                Some(Effect::SetTimer(timer)) => insert(&mut self.timers, timer),
                Some(Effect::CancelTimer(timer)) => self.timers.retain(|set| *set != timer),
                Some(other) => return self.pending.push_front(other),
                None => return,
            }
        }
    }
}

fn insert<V: Value>(set: &mut SmallVec<[V; 2]>, value: V) {
    if let Err(at) = set.binary_search(&value) {
        set.insert(at, value);
    }
}
