//! An outbox relay: claims lines of the outbox, publishes them one after the other, and has them marked.

use std::sync::Arc;

use crate::process::{Address, Effect, Effects, Input};

use super::knobs::FailedPublish;
use super::message::{Line, Lines, OutboxMessage, OutboxTimer};
use super::plan::OutboxPlan;
use super::process::OutboxProcess;

/// Carries the outbox to the broker. It keeps nothing that a crash could destroy for good: what was
/// not marked is claimed again.
#[derive(Clone, Debug)]
pub struct OutboxRelay {
    plan: Arc<OutboxPlan>,
}

/// What a relay is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RelayMemory {
    /// What it claimed.
    claimed: Lines,
    /// How many of those the broker has.
    accepted: u8,
}

impl RelayMemory {
    /// Whether it holds no lines.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.claimed.is_empty()
    }

    /// Puts the line behind all others that the broker does not have.
    fn postpone_current(&mut self) {
        let accepted = usize::from(self.accepted);
        if let Some(waiting @ [_, ..]) = self.claimed.get_mut(accepted..) {
            waiting.rotate_left(1);
        }
    }

    /// The line that it waits for the broker to accept.
    fn current(&self) -> Option<Line> {
        self.claimed.get(usize::from(self.accepted)).copied()
    }
}

impl OutboxRelay {
    /// A relay of that plan. It starts to work when it [recovers](Input::Recover) for the first time.
    #[must_use]
    pub fn new(plan: Arc<OutboxPlan>) -> Self {
        OutboxRelay { plan }
    }

    pub(super) fn plan(&self) -> &OutboxPlan {
        &self.plan
    }

    pub(super) fn handle(
        &self,
        memory: &mut RelayMemory,
        input: Input<OutboxProcess>,
        effects: &mut Effects<OutboxProcess>,
    ) {
        match input {
            Input::Recover => effects.push(Effect::SetTimer(OutboxTimer::Poll)),
            Input::TimerFired(OutboxTimer::Poll) => {
                self.tell_producer(OutboxMessage::Claim, effects);
                effects.push(Effect::SetTimer(OutboxTimer::Poll));
            }
            Input::Message { message: OutboxMessage::Claimed(lines), .. } if memory.is_idle() => {
                effects.push(Effect::CancelTimer(OutboxTimer::Poll));
                memory.claimed = lines;
                publish(memory, effects);
            }
            Input::Message { message: OutboxMessage::Accepted(line), .. }
                if memory.current() == Some(line) =>
            {
                memory.accepted += 1;
                effects.push(Effect::CancelTimer(OutboxTimer::Publish(line)));
                publish(memory, effects);
                if memory.current().is_none() {
                    let lines = std::mem::take(memory).claimed;
                    self.tell_producer(OutboxMessage::Published(lines), effects);
                    effects.push(Effect::SetTimer(OutboxTimer::Poll));
                }
            }
            Input::TimerFired(OutboxTimer::Publish(_)) => {
                if self.plan.knobs().failed_publish == FailedPublish::Skip {
                    memory.postpone_current();
                }
                publish(memory, effects);
            }
            Input::Start
            | Input::Cancel
            | Input::Message { .. }
            | Input::TimerFired(_)
            | Input::Applied { .. } => {}
        }
    }

    fn tell_producer(&self, message: OutboxMessage, effects: &mut Effects<OutboxProcess>) {
        effects.push(Effect::Send { to: self.plan.producer(), message });
    }
}

fn publish(memory: &RelayMemory, effects: &mut Effects<OutboxProcess>) {
    if let Some(line) = memory.current() {
        effects.push(Effect::Send { to: Address::Broker, message: OutboxMessage::Publish(line) });
        effects.push(Effect::SetTimer(OutboxTimer::Publish(line)));
    }
}
