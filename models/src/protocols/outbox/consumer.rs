//! A consumer: handles each message once, however often it is delivered.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::process::{Address, Effect, Effects, Input, Verdict};
use crate::protocols::choreography::Acknowledge;

use super::knobs::{InboxLife, InboxWrite, Poison};
use super::message::{Delivery, OutboxChange, OutboxMessage, OutboxTimer};
use super::plan::OutboxPlan;
use super::process::{OutboxProcess, OutboxRecord};

/// A service that handles events.
#[derive(Clone, Debug)]
pub struct OutboxConsumer {
    plan: Arc<OutboxPlan>,
}

/// What a consumer's database keeps beside the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConsumerStore {
    /// The inbox: messages that were handled.
    pub inbox: SmallVec<[Delivery; 2]>,
    /// Messages that were put away.
    pub dead: SmallVec<[Delivery; 1]>,
}

impl OutboxConsumer {
    /// A consumer of that plan.
    #[must_use]
    pub fn new(plan: Arc<OutboxPlan>) -> Self {
        OutboxConsumer { plan }
    }

    pub(super) fn fold(&self, store: &mut ConsumerStore, record: &OutboxRecord) {
        match record {
            OutboxRecord::Handled(delivery) => {
                if let Err(at) = store.inbox.binary_search(delivery) {
                    store.inbox.insert(at, *delivery);
                }
            }
            OutboxRecord::Forgotten(delivery) => store.inbox.retain(|other| other != delivery),
            OutboxRecord::DeadLettered(delivery) => {
                if let Err(at) = store.dead.binary_search(delivery) {
                    store.dead.insert(at, *delivery);
                }
            }
            _ => unreachable!("a consumer does not log {record:?}"),
        }
    }

    pub(super) fn handle(
        &self,
        store: &ConsumerStore,
        input: Input<OutboxProcess>,
        effects: &mut Effects<OutboxProcess>,
    ) {
        match input {
            Input::Message { message: OutboxMessage::Deliver(delivery), .. } => {
                if self.plan.knobs().acknowledge == Acknowledge::BeforeHandling {
                    acknowledge(delivery, effects);
                }
                if store.inbox.contains(&delivery) || store.dead.contains(&delivery) {
                    self.handled(delivery, effects);
                } else {
                    self.attempt(delivery, effects);
                }
            }
            Input::Applied { change: OutboxChange::Handle(delivery), verdict } => {
                self.applied(delivery, verdict, effects);
            }
            Input::TimerFired(OutboxTimer::Forget(delivery)) => {
                effects.push(Effect::Persist(OutboxRecord::Forgotten(delivery)));
            }
            Input::Recover => {
                store.inbox.iter().for_each(|delivery| self.set_life(*delivery, effects));
            }
            Input::Start
            | Input::Cancel
            | Input::Message { .. }
            | Input::TimerFired(_)
            | Input::Applied { .. } => {}
        }
    }

    fn attempt(&self, delivery: Delivery, effects: &mut Effects<OutboxProcess>) {
        let change = OutboxChange::Handle(delivery);
        match self.plan.knobs().inbox {
            InboxWrite::SameTransaction => effects.push(Effect::Transact {
                change,
                accepted: OutboxRecord::Handled(delivery),
                refused: self.keeps_dead_letters().then_some(OutboxRecord::DeadLettered(delivery)),
            }),
            InboxWrite::BeforeChange => {
                effects.push(Effect::Persist(OutboxRecord::Handled(delivery)));
                effects.push(Effect::Apply(change));
            }
            InboxWrite::AfterChange | InboxWrite::None => effects.push(Effect::Apply(change)),
        }
    }

    fn applied(&self, delivery: Delivery, verdict: Verdict, effects: &mut Effects<OutboxProcess>) {
        let inbox = self.plan.knobs().inbox;
        match verdict {
            Verdict::Accepted => {
                if inbox == InboxWrite::AfterChange {
                    effects.push(Effect::Persist(OutboxRecord::Handled(delivery)));
                }
                if inbox != InboxWrite::None {
                    self.set_life(delivery, effects);
                }
                self.handled(delivery, effects);
            }
            Verdict::Refused if self.plan.knobs().poison != Poison::Retry => {
                if self.keeps_dead_letters() && inbox != InboxWrite::SameTransaction {
                    effects.push(Effect::Persist(OutboxRecord::DeadLettered(delivery)));
                }
                self.handled(delivery, effects);
            }
            // Not acknowledged, the message is delivered again.
            Verdict::Refused | Verdict::Failed => {}
        }
    }

    fn set_life(&self, delivery: Delivery, effects: &mut Effects<OutboxProcess>) {
        if self.plan.knobs().inbox_life == InboxLife::Expires {
            effects.push(Effect::SetTimer(OutboxTimer::Forget(delivery)));
        }
    }

    fn keeps_dead_letters(&self) -> bool {
        self.plan.knobs().poison == Poison::DeadLetter
    }

    fn handled(&self, delivery: Delivery, effects: &mut Effects<OutboxProcess>) {
        if self.plan.knobs().acknowledge == Acknowledge::AfterHandling {
            acknowledge(delivery, effects);
        }
    }
}

fn acknowledge(delivery: Delivery, effects: &mut Effects<OutboxProcess>) {
    let message = OutboxMessage::Acknowledged(delivery);
    effects.push(Effect::Send { to: Address::Broker, message });
}
