//! Hosting one process: giving inputs, and carrying effects out in order.
//!
//! This is the part of a host's duties (see [`amends_models::protocol::process`]) that has nothing to
//! do with tasks, clocks and networks. It is generic over the [`Process`], and over its [`Home`]: where
//! in a store its log lives, and what a change means there.

use std::collections::VecDeque;
use std::sync::Arc;

use amends_models::protocol::{Effect, Effects, Input, Process, Verdict};

use crate::store::{StoreError, Transaction};

/// Where a process lives in a store.
pub(crate) trait Home<P: Process, T: Transaction>: Clone + Send + 'static {
    /// Folds what the process persisted.
    ///
    /// # Errors
    /// When the store fails.
    fn load(&self, core: &P, transaction: &mut T) -> Result<P::Durable, StoreError>;

    /// Appends to the process's log.
    ///
    /// # Errors
    /// When the store fails.
    fn append(&self, transaction: &mut T, record: &P::Record) -> Result<(), StoreError>;

    /// Tries a change on the process's own resources. Unless it is accepted, nothing changes.
    ///
    /// # Errors
    /// When the store or the business fails, or the process owns no resources.
    fn attempt(&self, transaction: &mut T, change: &P::Change) -> Result<Verdict, StoreError>;
}

/// A process in memory: its state, and the effects it has yet to see carried out.
pub(crate) struct Hosted<P: Process> {
    core: Arc<P>,
    volatile: P::Volatile,
    durable: P::Durable,
    queue: VecDeque<Effect<P>>,
    answer: Option<Input<P>>,
}

/// What an effect on the store came to.
pub(crate) struct Performed<P: Process> {
    record: Option<P::Record>,
    answer: Option<Input<P>>,
}

impl<P: Process> Hosted<P> {
    /// A process that comes up with what it persisted, and nothing else.
    pub(crate) fn new(core: Arc<P>, durable: P::Durable) -> Hosted<P> {
        Hosted {
            core,
            volatile: P::Volatile::default(),
            durable,
            queue: VecDeque::new(),
            answer: None,
        }
    }

    /// Comes up, takes one input, and carries out the first of its effects if that is one on the
    /// store: all in the same transaction, so that what the process decided on is still true.
    pub(crate) fn open<T: Transaction, H: Home<P, T>>(
        core: Arc<P>,
        home: &H,
        transaction: &mut T,
        input: Input<P>,
    ) -> Result<Hosted<P>, StoreError> {
        let durable = home.load(&core, transaction)?;
        let mut hosted = Hosted::new(core, durable);
        hosted.give(input);
        if hosted.queue.front().is_some_and(is_durable)
            && let Some(effect) = hosted.queue.pop_front()
        {
            let performed = perform(home, transaction, effect)?;
            hosted.absorb(performed);
        }
        Ok(hosted)
    }

    /// Gives an input. All effects of the inputs before it must have been carried out.
    pub(crate) fn give(&mut self, input: Input<P>) {
        debug_assert!(self.queue.is_empty(), "one input at a time");
        let mut effects = Effects::<P>::new();
        self.core.handle(&mut self.volatile, &self.durable, input, &mut effects);
        self.queue.extend(effects);
    }

    /// The next effect to carry out. When all effects of an input are carried out and one of them has
    /// an answer, the process is given it, and goes on.
    pub(crate) fn next_effect(&mut self) -> Option<Effect<P>> {
        while self.queue.is_empty() {
            let answer = self.answer.take()?;
            self.give(answer);
        }
        self.queue.pop_front()
    }

    /// Folds what became durable, and keeps the answer for when its turn comes.
    pub(crate) fn absorb(&mut self, performed: Performed<P>) {
        if let Some(record) = performed.record {
            self.core.fold(&mut self.durable, &record);
        }
        self.answer = self.answer.take().or(performed.answer);
    }

    /// Whether the client still has to ask.
    pub(crate) fn awaits_start(&self) -> bool {
        self.core.awaits_start(&self.volatile, &self.durable)
    }
}

/// Whether an effect is one on the store.
pub(crate) fn is_durable<P: Process>(effect: &Effect<P>) -> bool {
    matches!(effect, Effect::Persist(_) | Effect::Apply(_) | Effect::Transact { .. })
}

/// Carries out an effect on the store. Other effects leave no trace there.
pub(crate) fn perform<P: Process, T: Transaction, H: Home<P, T>>(
    home: &H,
    transaction: &mut T,
    effect: Effect<P>,
) -> Result<Performed<P>, StoreError> {
    match effect {
        Effect::Persist(record) => {
            home.append(transaction, &record)?;
            Ok(Performed { record: Some(record), answer: None })
        }
        Effect::Apply(change) => {
            let verdict = home.attempt(transaction, &change)?;
            Ok(Performed { record: None, answer: Some(Input::Applied { change, verdict }) })
        }
        Effect::Transact { change, accepted, refused } => {
            let verdict = home.attempt(transaction, &change)?;
            let record = match verdict {
                Verdict::Accepted => Some(accepted),
                Verdict::Refused => refused,
                Verdict::Failed => None,
            };
            if let Some(record) = &record {
                home.append(transaction, record)?;
            }
            Ok(Performed { record, answer: Some(Input::Applied { change, verdict }) })
        }
        Effect::Send { .. } | Effect::SetTimer(_) | Effect::CancelTimer(_) | Effect::Finish(_) => {
            Ok(Performed { record: None, answer: None })
        }
    }
}
