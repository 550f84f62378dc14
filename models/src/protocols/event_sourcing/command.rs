//! One command being carried out: load, decide, append, and once more after a conflict.

use smallvec::SmallVec;

use crate::process::rename::renames;
use crate::workflow::ArithmeticError;
use crate::workflow::domain::{EventKind, Values};

use super::event::{IssuedCommand, Snapshot};
use super::knobs::{Conflict, StateChange};
use super::message::{Answer, Append, EventMessage, Told};
use super::plan::EventPlan;

/// A command on its way to the log.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Run {
    /// Which command.
    pub command: IssuedCommand,
    /// How far it is.
    pub phase: Phase,
}

renames!(struct Run { command, phase });

/// How far a command is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// The events of its aggregate are asked for.
    Loading,
    /// It was decided on this state, and its events are on their way.
    Appending {
        /// The version it was decided on.
        version: u32,
        /// The state it was decided on.
        state: Values,
        /// Whether that state came from a snapshot.
        from_snapshot: bool,
        /// The version that the append expects.
        expected: u32,
        /// What was decided.
        events: SmallVec<[EventKind; 1]>,
    },
}

renames!(nothing in Phase);

/// What follows from an answer of the store, in this order.
#[derive(Default)]
pub(super) struct Reaction {
    /// To be told to the client.
    pub(super) told: Option<Told>,
    /// To be sent to the store, with nobody waiting for the answer.
    pub(super) aside: Option<EventMessage>,
    /// To be sent to the store.
    pub(super) send: Option<EventMessage>,
}

impl Run {
    /// Starts on a command.
    pub(super) fn new(command: IssuedCommand) -> Run {
        Run { command, phase: Phase::Loading }
    }

    /// What to ask the store, at first and whenever it does not answer.
    pub(super) fn question(&self) -> EventMessage {
        match &self.phase {
            Phase::Loading => EventMessage::Load(self.command),
            Phase::Appending { version, expected, events, .. } => EventMessage::Append(Append {
                command: self.command,
                decided_on: *version,
                expected: *expected,
                events: events.clone(),
            }),
        }
    }

    /// Takes an answer of the store. The run is over when something is told.
    pub(super) fn answered(&mut self, plan: &EventPlan, message: EventMessage) -> Reaction {
        match message {
            EventMessage::Loaded { command, snapshot, tail }
                if command == self.command.id && self.phase == Phase::Loading =>
            {
                self.loaded(plan, snapshot, &tail)
                    .unwrap_or_else(|error| self.tell(Answer::Undefined(error)))
            }
            EventMessage::Appended(command, version) if command == self.command.id => {
                self.appended(plan, version)
            }
            EventMessage::Conflicts(command, version) if command == self.command.id => {
                self.conflicts(plan, version)
            }
            // Answers to what was asked earlier change nothing.
            _ => Reaction::default(),
        }
    }

    fn loaded(
        &mut self,
        plan: &EventPlan,
        snapshot: Option<Snapshot>,
        tail: &[EventKind],
    ) -> Result<Reaction, ArithmeticError> {
        let domain = plan.domain();
        let from_snapshot = snapshot.is_some();
        let (covered, mut state) = match snapshot {
            Some(snapshot) => (snapshot.version, snapshot.state),
            None => (0, domain.initial(self.command.stream.aggregate)),
        };
        for &event in tail {
            domain.evolve(&mut state, event)?;
        }
        let version = covered + tail.len() as u32;
        let Some(events) = domain.decide(self.command.kind, &state)? else {
            return Ok(self.tell(Answer::Rejected));
        };
        let events = SmallVec::from_slice(events);
        self.phase = Phase::Appending { version, state, from_snapshot, expected: version, events };
        let send = self.question();
        match plan.knobs().state_change {
            StateChange::AfterAppend => Ok(Reaction { send: Some(send), ..Reaction::default() }),
            StateChange::BeforeAppend => {
                let Reaction { told, .. } = self.tell(self.accepted(plan)?);
                Ok(Reaction { told, aside: Some(send), send: None })
            }
        }
    }

    fn appended(&self, plan: &EventPlan, version: u32) -> Reaction {
        let expected = self.accepted(plan);
        match expected {
            // The events landed where they were expected to, so the state is known.
            Ok(Answer::Accepted { version: known, state: Some(state) }) if known == version => {
                let keep = self
                    .snapshot_due(plan, version)
                    .then(|| EventMessage::Keep(self.command.stream, version, state.clone()));
                let told = self.tell(Answer::Accepted { version, state: Some(state) }).told;
                Reaction { told, aside: keep, send: None }
            }
            Ok(_) => self.tell(Answer::Accepted { version, state: None }),
            Err(error) => self.tell(Answer::Undefined(error)),
        }
    }

    fn conflicts(&mut self, plan: &EventPlan, current: u32) -> Reaction {
        match &mut self.phase {
            Phase::Loading => return Reaction::default(),
            // An answer to an earlier attempt.
            Phase::Appending { expected, .. } if *expected == current => {
                return Reaction::default();
            }
            Phase::Appending { expected, .. } => match plan.knobs().conflict {
                Conflict::AppendAgain => *expected = current,
                Conflict::DecideAgain => self.phase = Phase::Loading,
            },
        }
        Reaction { send: Some(self.question()), ..Reaction::default() }
    }

    /// The answer to give if the events land on what they were decided on.
    fn accepted(&self, plan: &EventPlan) -> Result<Answer, ArithmeticError> {
        let Phase::Appending { version, state, events, .. } = &self.phase else {
            return Ok(Answer::Accepted { version: 0, state: None });
        };
        let mut state = state.clone();
        for &event in events {
            plan.domain().evolve(&mut state, event)?;
        }
        Ok(Answer::Accepted { version: version + events.len() as u32, state: Some(state) })
    }

    fn snapshot_due(&self, plan: &EventPlan, version: u32) -> bool {
        let Phase::Appending { version: before, .. } = self.phase else { return false };
        plan.knobs()
            .snapshot_every
            .map(u32::from)
            .is_some_and(|every| version / every > before / every)
    }

    fn tell(&self, answer: Answer) -> Reaction {
        Reaction { told: Some(Told { command: self.command, answer }), ..Reaction::default() }
    }
}
