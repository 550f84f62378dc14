//! A process in memory: its state, and the effects it has yet to see carried out.
//!
//! This is the part of a host's duties (see [`amends_models::process`]) that has nothing to
//! do with stores, tasks, clocks and networks.

use std::collections::VecDeque;

use amends_models::process::{Effect, Effects, Input, Process};

/// A process in memory.
pub(crate) struct Hosted<'a, P: Process> {
    core: &'a P,
    volatile: P::Volatile,
    durable: P::Durable,
    pending: VecDeque<Effect<P>>,
}

/// What an effect on the store came to.
pub(crate) struct Performed<P: Process> {
    /// What the log got.
    pub(crate) record: Option<P::Record>,
    /// What the process is to be told.
    pub(crate) answer: Option<Input<P>>,
}

impl<'a, P: Process> Hosted<'a, P> {
    /// A process that comes up with what it persisted, and nothing else.
    pub(crate) fn new(core: &'a P, durable: P::Durable) -> Self {
        Hosted { core, volatile: P::Volatile::default(), durable, pending: VecDeque::new() }
    }

    /// Gives an input. What the process wants done comes after all that it wants done already.
    pub(crate) fn give(&mut self, input: Input<P>) {
        let mut effects = Effects::<P>::new();
        self.core.handle(&mut self.volatile, &self.durable, input, &mut effects);
        self.pending.extend(effects);
    }

    /// The next effect to carry out.
    pub(crate) fn next_effect(&mut self) -> Option<Effect<P>> {
        self.pending.pop_front()
    }

    /// Folds what became durable, and tells the process what came of it.
    pub(crate) fn absorb(&mut self, performed: Performed<P>) {
        if let Some(record) = performed.record {
            self.core.fold(&mut self.durable, &record);
        }
        if let Some(answer) = performed.answer {
            self.give(answer);
        }
    }

    /// Whether the client still has to ask.
    pub(crate) fn awaits_start(&self) -> bool {
        self.core.awaits_start(&self.volatile, &self.durable)
    }

    /// Whether the client would not have to ask again if the process crashed now: its request is
    /// taken on for good.
    pub(crate) fn has_accepted(&self) -> bool {
        !self.core.awaits_start(&P::Volatile::default(), &self.durable)
    }

    /// What a crash would destroy.
    pub(crate) fn volatile(&self) -> &P::Volatile {
        &self.volatile
    }
}

/// Whether an effect is one on the store.
pub(crate) fn is_durable<P: Process>(effect: &Effect<P>) -> bool {
    matches!(effect, Effect::Persist(_) | Effect::Apply(_) | Effect::Transact { .. })
}
