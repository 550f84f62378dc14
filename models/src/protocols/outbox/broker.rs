//! The broker: has what was published, and delivers it until it is acknowledged.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::process::{Address, Effect, Effects, Input};

use super::knobs::Delivering;
use super::message::{Delivery, Line, OutboxMessage, OutboxTimer};
use super::plan::OutboxPlan;
use super::process::{OutboxProcess, OutboxRecord};

/// A durable broker that delivers at least once.
#[derive(Clone, Debug)]
pub struct OutboxBroker {
    plan: Arc<OutboxPlan>,
}

/// What the broker keeps: messages that are not acknowledged, in order of arrival within each
/// partition. A partition is an aggregate at one consumer.
///
/// What is published again while it still waits is not queued twice. That hides nothing from a
/// consumer: the second copy could as well have arrived after the first was acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BrokerStore {
    /// The messages.
    pub queue: SmallVec<[Delivery; 2]>,
}

impl OutboxBroker {
    /// A broker of that plan.
    #[must_use]
    pub fn new(plan: Arc<OutboxPlan>) -> Self {
        OutboxBroker { plan }
    }

    pub(super) fn plan(&self) -> &OutboxPlan {
        &self.plan
    }

    pub(super) fn fold(&self, store: &mut BrokerStore, record: &OutboxRecord) {
        match record {
            OutboxRecord::Accepted(line) => {
                for delivery in self.plan.deliveries(*line) {
                    if !store.queue.contains(&delivery) {
                        let own = self.partition(delivery);
                        let at = store.queue.partition_point(|&d| self.partition(d) <= own);
                        store.queue.insert(at, delivery);
                    }
                }
            }
            OutboxRecord::Consumed(delivery) => store.queue.retain(|other| other != delivery),
            _ => unreachable!("a broker does not log {record:?}"),
        }
    }

    pub(super) fn handle(
        &self,
        store: &BrokerStore,
        input: Input<OutboxProcess>,
        effects: &mut Effects<OutboxProcess>,
    ) {
        match input {
            Input::Message { from, message: OutboxMessage::Publish(line) } => {
                self.accept(store, line, from, effects);
            }
            Input::Message { message: OutboxMessage::Acknowledged(delivery), .. } => {
                if store.queue.contains(&delivery) {
                    effects.push(Effect::CancelTimer(OutboxTimer::Deliver(delivery)));
                    self.persist(store, OutboxRecord::Consumed(delivery), effects);
                }
            }
            Input::TimerFired(OutboxTimer::Deliver(delivery)) => {
                if store.queue.contains(&delivery) {
                    self.deliver(delivery, effects);
                }
            }
            Input::Recover => {
                for delivery in self.deliverable(store) {
                    self.deliver(delivery, effects);
                }
            }
            Input::Start
            | Input::Cancel
            | Input::Message { .. }
            | Input::TimerFired(_)
            | Input::Applied { .. } => {}
        }
    }

    fn accept(
        &self,
        store: &BrokerStore,
        line: Line,
        from: Address,
        effects: &mut Effects<OutboxProcess>,
    ) {
        if !self.plan.deliveries(line).all(|delivery| store.queue.contains(&delivery)) {
            self.persist(store, OutboxRecord::Accepted(line), effects);
        }
        effects.push(Effect::Send { to: from, message: OutboxMessage::Accepted(line) });
    }

    /// Persists a record, and delivers what can be delivered because of it.
    fn persist(
        &self,
        store: &BrokerStore,
        record: OutboxRecord,
        effects: &mut Effects<OutboxProcess>,
    ) {
        let mut next = store.clone();
        self.fold(&mut next, &record);
        effects.push(Effect::Persist(record));
        let before = self.deliverable(store);
        for delivery in self.deliverable(&next) {
            if !before.contains(&delivery) {
                self.deliver(delivery, effects);
            }
        }
    }

    /// What is on its way to consumers: the head of each partition, or everything.
    fn deliverable(&self, store: &BrokerStore) -> SmallVec<[Delivery; 2]> {
        let queue = &store.queue;
        let is_head =
            |at: usize| at == 0 || self.partition(queue[at - 1]) != self.partition(queue[at]);
        let any_order = self.plan.knobs().delivery == Delivering::AnyOrder;
        (0..queue.len()).filter(|&at| any_order || is_head(at)).map(|at| queue[at]).collect()
    }

    fn deliver(&self, delivery: Delivery, effects: &mut Effects<OutboxProcess>) {
        let to = self.plan.consumer(delivery);
        effects.push(Effect::Send { to, message: OutboxMessage::Deliver(delivery) });
        effects.push(Effect::SetTimer(OutboxTimer::Deliver(delivery)));
    }

    fn partition(&self, delivery: Delivery) -> impl Ord + use<> {
        (delivery.line.workflow, self.plan.consumer(delivery))
    }
}
