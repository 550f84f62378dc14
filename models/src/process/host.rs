//! The part of hosting a process that all hosts share: keeping its state, and telling its effects apart.
//!
//! A host has its [duties](super). The part of them that has nothing to do with stores, tasks, clocks and
//! networks is here, for the model, Stateright's actors and the runtime: an effect is carried out either
//! [in the store](StoreEffect) or [outside of it](OutsideEffect), a verdict on a change decides which
//! record becomes durable with it ([`Attempt::concluded`]), and what became durable is folded before the
//! process is given anything else ([`Hosted::absorb`]).

use std::collections::VecDeque;

use super::{Address, Effect, Effects, Input, Process, Verdict};

/// An effect, by where it is carried out.
#[derive(Clone, Debug)]
pub enum EffectKind<P: Process> {
    /// In the process's own store, where it lasts.
    InStore(StoreEffect<P>),
    /// Outside of it.
    Outside(OutsideEffect<P>),
}

/// An effect on the process's own store.
#[derive(Clone, Debug)]
pub enum StoreEffect<P: Process> {
    /// Makes a record durable.
    Persist(P::Record),
    /// Tries a change, in one transaction with the record that says what came of it.
    Attempt(Attempt<P>),
}

/// An effect that leaves no trace in the process's own store.
#[derive(Clone, Debug)]
pub enum OutsideEffect<P: Process> {
    /// Sends a message.
    Send {
        /// To whom.
        to: Address,
        /// What.
        message: P::Message,
    },
    /// Sets a timer.
    SetTimer(P::Timer),
    /// Cancels a timer.
    CancelTimer(P::Timer),
    /// Tells the client.
    Finish(P::Outcome),
}

/// A change to be tried, and what becomes durable with the verdict.
#[derive(Clone, Debug)]
pub struct Attempt<P: Process> {
    /// The change.
    pub change: P::Change,
    accepted: Option<P::Record>,
    refused: Option<P::Record>,
}

impl<P: Process> Attempt<P> {
    /// The change as it was tried, and the record that becomes durable with the verdict on it: nothing
    /// becomes durable with a transaction that failed.
    #[must_use]
    pub fn concluded(self, verdict: Verdict) -> (P::Change, Option<P::Record>) {
        let record = match verdict {
            Verdict::Accepted => self.accepted,
            Verdict::Refused => self.refused,
            Verdict::Failed => None,
        };
        (self.change, record)
    }
}

impl<P: Process> From<Effect<P>> for EffectKind<P> {
    fn from(effect: Effect<P>) -> EffectKind<P> {
        let attempt = |change, accepted, refused| {
            EffectKind::InStore(StoreEffect::Attempt(Attempt { change, accepted, refused }))
        };
        match effect {
            Effect::Persist(record) => EffectKind::InStore(StoreEffect::Persist(record)),
            Effect::Apply(change) => attempt(change, None, None),
            Effect::Transact { change, accepted, refused } => {
                attempt(change, Some(accepted), refused)
            }
            Effect::Send { to, message } => {
                EffectKind::Outside(OutsideEffect::Send { to, message })
            }
            Effect::SetTimer(timer) => EffectKind::Outside(OutsideEffect::SetTimer(timer)),
            Effect::CancelTimer(timer) => EffectKind::Outside(OutsideEffect::CancelTimer(timer)),
            Effect::Finish(outcome) => EffectKind::Outside(OutsideEffect::Finish(outcome)),
        }
    }
}

/// Gives a process an input. What it wants done comes after all that is pending already.
pub fn give<P: Process>(
    core: &P,
    volatile: &mut P::Volatile,
    durable: &P::Durable,
    pending: &mut VecDeque<Effect<P>>,
    input: Input<P>,
) {
    let mut effects = Effects::<P>::new();
    core.handle(volatile, durable, input, &mut effects);
    pending.extend(effects);
}

/// A process in memory: its state, and the effects it has yet to see carried out.
pub struct Hosted<'a, P: Process> {
    core: &'a P,
    volatile: P::Volatile,
    durable: P::Durable,
    pending: VecDeque<Effect<P>>,
}

/// The result of an effect on the store.
pub struct Performed<P: Process> {
    /// What the log got.
    pub record: Option<P::Record>,
    /// What the process is to be told.
    pub answer: Option<Input<P>>,
}

impl<'a, P: Process> Hosted<'a, P> {
    /// A process that recovers with what it persisted, and nothing else.
    #[must_use]
    pub fn new(core: &'a P, durable: P::Durable) -> Self {
        Hosted { core, volatile: P::Volatile::default(), durable, pending: VecDeque::new() }
    }

    /// Gives an input. What the process wants done comes after all that it wants done already.
    pub fn give(&mut self, input: Input<P>) {
        give(self.core, &mut self.volatile, &self.durable, &mut self.pending, input);
    }

    /// Takes the next effect to carry out.
    pub fn next_effect(&mut self) -> Option<Effect<P>> {
        self.pending.pop_front()
    }

    /// Folds what became durable, and tells the process what came of it.
    pub fn absorb(&mut self, performed: Performed<P>) {
        if let Some(record) = performed.record {
            self.core.fold(&mut self.durable, &record);
        }
        if let Some(answer) = performed.answer {
            self.give(answer);
        }
    }

    /// Whether the client still has to ask.
    #[must_use]
    pub fn awaits_start(&self) -> bool {
        self.core.awaits_start(&self.volatile, &self.durable)
    }

    /// Whether the client is told that its request is taken on, for good if the process is right.
    #[must_use]
    pub fn has_accepted(&self) -> bool {
        self.core.acknowledges(&self.volatile, &self.durable)
    }

    /// The state that a crash would destroy.
    #[must_use]
    pub fn volatile(&self) -> &P::Volatile {
        &self.volatile
    }
}
