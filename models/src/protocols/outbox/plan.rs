//! Which steps of a workflow are the producer's transactions, and which handle their events.

use crate::process::{Address, ServiceId, StepId, StepSet, WorkflowId};
use crate::workflow::{Step, Workflow};

use super::knobs::OutboxKnobs;
use super::message::{Delivery, Line};

/// The transactions of the producer, the handlers of their events, and the knobs.
///
/// The first step says who the producer is. All steps of that service are its transactions, made in
/// order of definition; every other step handles the event of the transaction it waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxPlan {
    producer: ServiceId,
    transactions: Vec<StepId>,
    /// For each step: who carries it out, and the transaction whose event it handles.
    steps: Vec<(ServiceId, Option<StepId>)>,
    aggregates: u32,
    knobs: OutboxKnobs,
}

impl OutboxPlan {
    /// Plans the steps of a validated workflow, for that many aggregates.
    ///
    /// # Panics
    /// If there is no step; a validated workflow has some.
    #[must_use]
    pub fn new(steps: &[Step], aggregates: u32, knobs: OutboxKnobs) -> OutboxPlan {
        let producer = steps[0].service;
        let transactions = (0..steps.len())
            .filter(|&at| steps[at].service == producer)
            .map(|at| StepId(at as u8))
            .collect();
        let steps = steps
            .iter()
            .map(|step| {
                let handles = (step.service != producer).then(|| step.after.iter().next());
                (step.service, handles.flatten())
            })
            .collect();
        OutboxPlan { producer, transactions, steps, aggregates, knobs }
    }

    /// The plan as a consumer follows it, with what is chosen otherwise there.
    #[must_use]
    pub fn at_service(&self, workflow: &Workflow, service: ServiceId) -> OutboxPlan {
        let knobs = self.knobs.at_service(&workflow.service(service).name);
        OutboxPlan { knobs, ..self.clone() }
    }

    /// The choices made.
    #[must_use]
    pub fn knobs(&self) -> &OutboxKnobs {
        &self.knobs
    }

    /// Where the producer lives.
    #[must_use]
    pub fn producer(&self) -> Address {
        Address::Service(self.producer)
    }

    /// Where a message is handled.
    #[must_use]
    pub fn consumer(&self, delivery: Delivery) -> Address {
        Address::Service(self.steps[usize::from(delivery.handler.0)].0)
    }

    /// Everything the clients ask the producer for, in the order in which they ask: the first
    /// transaction of every aggregate, then the second.
    pub fn requests(&self) -> impl Iterator<Item = Line> {
        self.transactions.iter().flat_map(|&step| {
            (0..self.aggregates).map(move |at| Line { step, workflow: WorkflowId(at) })
        })
    }

    /// The messages that an event becomes: one for each of its handlers.
    pub fn deliveries(&self, line: Line) -> impl Iterator<Item = Delivery> {
        let handles = move |&(_, (_, handles)): &(usize, &(ServiceId, Option<StepId>))| {
            *handles == Some(line.step)
        };
        self.steps
            .iter()
            .enumerate()
            .filter(handles)
            .map(move |(at, _)| Delivery { line, handler: StepId(at as u8) })
    }

    /// How many relays there are.
    #[must_use]
    pub fn relays(&self) -> u8 {
        self.knobs.relays
    }

    /// The handlers at the same service whose events are committed before that of `handler`.
    #[must_use]
    pub fn handled_before(&self, handler: StepId) -> StepSet {
        let (service, event) = self.steps[usize::from(handler.0)];
        let is_earlier = |&(_, (at, handles)): &(usize, &(ServiceId, Option<StepId>))| {
            *at == service && handles.is_some() && *handles < event
        };
        let earlier = self.steps.iter().enumerate().filter(is_earlier);
        earlier.map(|(at, _)| StepId(at as u8)).collect()
    }

    /// Whether one service handles two events of an aggregate, so that their order matters.
    #[must_use]
    pub fn has_order(&self) -> bool {
        let mut steps = StepSet::first(self.steps.len()).iter();
        steps.any(|handler| !self.handled_before(handler).is_empty())
    }
}
