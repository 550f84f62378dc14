//! Processes inside of processes: what an inner one wants done, in the vocabulary of the one that
//! hosts it.

use super::{Effect, Process};

/// How what one process says reads in the vocabulary of another.
pub struct Translation<A: Process, B: Process> {
    /// Its log records.
    pub record: fn(A::Record) -> B::Record,
    /// Its changes.
    pub change: fn(A::Change) -> B::Change,
    /// Its messages.
    pub message: fn(A::Message) -> B::Message,
    /// Its timers.
    pub timer: fn(A::Timer) -> B::Timer,
    /// What it tells its client.
    pub outcome: fn(A::Outcome) -> B::Outcome,
}

impl<A: Process, B: Process> Translation<A, B> {
    /// The same effect, as one of the hosting process.
    #[must_use]
    pub fn effect(&self, effect: Effect<A>) -> Effect<B> {
        match effect {
            Effect::Persist(record) => Effect::Persist((self.record)(record)),
            Effect::Apply(change) => Effect::Apply((self.change)(change)),
            Effect::Transact { change, accepted, refused } => Effect::Transact {
                change: (self.change)(change),
                accepted: (self.record)(accepted),
                refused: refused.map(self.record),
            },
            Effect::Send { to, message } => Effect::Send { to, message: (self.message)(message) },
            Effect::SetTimer(timer) => Effect::SetTimer((self.timer)(timer)),
            Effect::CancelTimer(timer) => Effect::CancelTimer((self.timer)(timer)),
            Effect::Finish(outcome) => Effect::Finish((self.outcome)(outcome)),
        }
    }
}
