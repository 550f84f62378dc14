//! What really happened at a client or at a consumer.

use smallvec::SmallVec;

use crate::process::rename::renames;

use super::event::Position;
use super::message::{Answer, Told};
use super::plan::ConsumerId;

/// What a client was told, or what a consumer did: whatever its checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventWitness {
    consumer: Option<ConsumerId>,
    handled: SmallVec<[Position; 8]>,
    seen: SmallVec<[Position; 8]>,
    answers: SmallVec<[Told; 1]>,
}

renames!(struct EventWitness { consumer, handled, seen; sorted answers });

impl EventWitness {
    /// How often the handling of one event is counted, so that the state space stays finite.
    const MANY: usize = 2;

    /// A client that was told nothing yet.
    #[must_use]
    pub fn of_client() -> Self {
        EventWitness {
            consumer: None,
            handled: SmallVec::new(),
            seen: SmallVec::new(),
            answers: SmallVec::new(),
        }
    }

    /// A consumer that handled nothing yet.
    #[must_use]
    pub fn of_consumer(id: ConsumerId) -> Self {
        EventWitness { consumer: Some(id), ..EventWitness::of_client() }
    }

    /// The consumer that it watches, if it is one.
    #[must_use]
    pub fn consumer(&self) -> Option<ConsumerId> {
        self.consumer
    }

    /// A read model changed because of the event at that position.
    pub fn changed(&mut self, position: Position) {
        self.passed(position);
        if self.handled.iter().filter(|&&other| other == position).count() < Self::MANY {
            self.handled.push(position);
        }
    }

    /// The consumer had the event at that position before it.
    pub fn passed(&mut self, position: Position) {
        if let Err(at) = self.seen.binary_search(&position) {
            self.seen.insert(at, position);
        }
    }

    /// A client was told what became of a command; or a process manager, whose repeated commands
    /// are harmless, and which has then answered the event that caused it.
    pub fn told(&mut self, told: &Told) {
        match told.command.id.cause() {
            Some(cause) => {
                self.passed(cause);
                if !self.handled.contains(&cause) {
                    self.handled.push(cause);
                }
                if matches!(told.answer, Answer::Undefined(_)) {
                    self.keep(told);
                }
            }
            None => self.keep(told),
        }
    }

    fn keep(&mut self, told: &Told) {
        if let Err(at) = self.answers.binary_search(told) {
            self.answers.insert(at, told.clone());
        }
    }

    /// The events that were handled, in the order in which that happened.
    #[must_use]
    pub fn handled(&self) -> &[Position] {
        &self.handled
    }

    /// Whether each was handled once.
    #[must_use]
    pub fn handled_once(&self) -> bool {
        (1..self.handled.len()).all(|at| !self.handled[..at].contains(&self.handled[at]))
    }

    /// The events that it had before it, in order of position.
    #[must_use]
    pub fn seen(&self) -> &[Position] {
        &self.seen
    }

    /// What was told, each answer once.
    #[must_use]
    pub fn answers(&self) -> &[Told] {
        &self.answers
    }

    /// Whether some command could not be computed.
    #[must_use]
    pub fn has_undefined(&self) -> bool {
        self.answers.iter().any(|told| matches!(told.answer, Answer::Undefined(_)))
    }
}
