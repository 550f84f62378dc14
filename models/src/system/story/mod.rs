//! A run told as a story: who sent what to whom, what became durable, where the crash fell, and what
//! is wrong at the end.
//!
//! Stories are plain data, made from a counterexample (or any other run) by the system it belongs to,
//! and shown by whoever can draw. Nothing in a story depends on the protocol.

pub mod svg;

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// A run, event by event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Story {
    /// Who takes part, in the order in which they are drawn.
    pub actors: Vec<Actor>,
    /// What happened.
    pub events: Vec<StoryEvent>,
    /// For a run that goes on for ever: it repeats from this event on.
    pub repeats_from: Option<usize>,
    /// What the world looks like at the end, a line per fact: resources, outcomes, steps done and
    /// undone.
    pub ending: Vec<String>,
}

/// Who takes part in a story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Actor {
    /// The name people know it by: `inventory`, `coordinator #1`.
    pub name: String,
    /// The node it runs on: processes of one node crash together.
    pub node: String,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StoryEvent {
    /// To whom, as a position in [`Story::actors`]; `None` for what happens to a whole node or to the
    /// network.
    pub actor: Option<usize>,
    /// What.
    pub happening: Happening,
    /// In words, without the actor's name: `reserve-stock of #1`, `log: step charge started`.
    pub text: String,
    /// Whether it is a fault, spent from the budget: a crash is one always, a refusal only if the
    /// service's resources did not ask for it.
    pub fault: bool,
}

impl StoryEvent {
    /// Something that happened, which is a fault if that kind of thing always is.
    #[must_use]
    pub fn new(actor: Option<usize>, happening: Happening, text: impl Into<String>) -> Self {
        StoryEvent { actor, happening, text: text.into(), fault: happening.is_fault() }
    }

    /// The same, injected as a fault.
    #[must_use]
    pub fn injected(mut self, fault: bool) -> Self {
        self.fault |= fault;
        self
    }
}

/// The kinds of things that happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Happening {
    /// The client asks for the workflow.
    Start,
    /// The client takes its request back.
    Cancel,
    /// A record became durable.
    Persist,
    /// A change to resources was tried, and accepted.
    Accepted,
    /// A change to resources was tried, and refused.
    Refused,
    /// A change to resources was tried, and rolled back for a passing reason.
    Failed,
    /// An operation failed, or nobody knows what came of it; whether anything changed is not told.
    Error,
    /// A message left.
    Send {
        /// For whom.
        to: usize,
    },
    /// A message arrived.
    Deliver {
        /// From whom.
        from: usize,
    },
    /// A timer ran out, its answer having no way to come.
    Timer,
    /// A timer ran out although the answer was on its way.
    SpuriousTimeout,
    /// The client was told the outcome.
    Finish,
    /// A node crashed.
    Crash,
    /// A node crashed for ever.
    Halt,
    /// A process came back.
    Recover,
    /// A message was lost on its way.
    Lose {
        /// From whom.
        from: usize,
    },
    /// A message was duplicated on its way.
    Duplicate {
        /// From whom.
        from: usize,
    },
    /// A node was cut off.
    Partition,
    /// The network healed.
    Heal,
}

impl Happening {
    /// Whether it is always a fault, spent from the budget.
    #[must_use]
    pub fn is_fault(self) -> bool {
        matches!(
            self,
            Happening::Crash
                | Happening::Halt
                | Happening::Lose { .. }
                | Happening::Duplicate { .. }
                | Happening::Partition
                | Happening::SpuriousTimeout
                | Happening::Cancel
        )
    }
}

impl Story {
    /// The story without those who take no part in it: nothing happens to them, and nobody sends them
    /// anything.
    #[must_use]
    pub fn without_bystanders(mut self) -> Story {
        let mut takes_part = vec![false; self.actors.len()];
        let mut meet = |actor: usize| takes_part[actor] = true;
        for event in &self.events {
            event.actor.iter().for_each(|&actor| meet(actor));
            event.happening.peer().into_iter().for_each(&mut meet);
        }
        let position = |actor: usize| takes_part[..actor].iter().filter(|&&takes| takes).count();
        for event in &mut self.events {
            event.actor = event.actor.map(position);
            event.happening = event.happening.with_peer(position);
        }
        let mut kept = takes_part.iter();
        self.actors.retain(|_| kept.next().copied().unwrap_or(true));
        self
    }
}

impl Happening {
    /// The other side of a message.
    fn peer(self) -> Option<usize> {
        match self {
            Happening::Send { to } => Some(to),
            Happening::Deliver { from }
            | Happening::Lose { from }
            | Happening::Duplicate { from } => Some(from),
            _ => None,
        }
    }

    fn with_peer(self, position: impl Fn(usize) -> usize) -> Happening {
        match self {
            Happening::Send { to } => Happening::Send { to: position(to) },
            Happening::Deliver { from } => Happening::Deliver { from: position(from) },
            Happening::Lose { from } => Happening::Lose { from: position(from) },
            Happening::Duplicate { from } => Happening::Duplicate { from: position(from) },
            other => other,
        }
    }
}

/// The story in plain lines, for messages of failed proofs and for tests.
impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |actor: usize| self.actors[actor].name.as_str();
        for (at, event) in self.events.iter().enumerate() {
            if self.repeats_from == Some(at) {
                writeln!(f, "  from here it goes round for ever:")?;
            }
            let text = &event.text;
            let what = match event.happening {
                Happening::Send { to } => format!("tells {}: {text}", name(to)),
                Happening::Deliver { from } => format!("hears from {}: {text}", name(from)),
                Happening::Lose { from } => format!("never hears from {}: {text}", name(from)),
                Happening::Duplicate { from } => {
                    format!("will hear twice from {}: {text}", name(from))
                }
                Happening::Persist => format!("logs: {text}"),
                Happening::Accepted => format!("commits: {text}"),
                Happening::Refused => format!("refuses: {text}"),
                _ => text.clone(),
            };
            match event.actor {
                Some(actor) => writeln!(f, "  {:<14} {what}", name(actor))?,
                None => writeln!(f, "  {what}")?,
            }
        }
        for fact in &self.ending {
            writeln!(f, "  at the end: {fact}")?;
        }
        Ok(())
    }
}
