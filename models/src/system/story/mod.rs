//! A run told as a story: who sent what to whom, what became durable, where the crash fell, and what
//! is wrong at the end.
//!
//! Stories are plain data, made from a counterexample (or any other run) by the system it belongs to,
//! and shown by whoever can draw. Nothing in a story depends on the protocol.

pub mod svg;

use std::fmt;

use serde::Serialize;

/// A run, event by event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// The name people know it by: `inventory`, `coordinator #1`.
    pub name: String,
    /// The node it runs on: processes of one node crash together.
    pub node: String,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoryEvent {
    /// To whom, as a position in [`Story::actors`]; `None` for what happens to a whole node or to the
    /// network.
    pub actor: Option<usize>,
    /// What.
    pub happening: Happening,
    /// In words, without the actor's name: `reserve-stock of #1`, `log: step charge started`.
    pub text: String,
}

/// The kinds of things that happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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
    /// Whether it is a fault, spent from the budget.
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
