//! The outbox as a system: a producer, its relays, a broker, and consumers, each on its own node.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::process::nodes::{BROKER, relay_node};
use crate::process::{Address, ServiceId, StepId, Verdict};
use crate::system::{
    Activities, Ending, Event, MessageOf, PerformedEffect, ProtocolModel, StateReader, System,
    SystemBuilder, Words,
};
use crate::workflow::builder::Place;
use crate::workflow::{ArithmeticError, Work, Workflow};

use super::activity;
use super::broker::OutboxBroker;
use super::consumer::OutboxConsumer;
use super::knobs::OutboxKnobs;
use super::message::{Delivery, Line, OutboxChange, OutboxMessage, OutboxTimer};
use super::plan::OutboxPlan;
use super::process::{Nobody, OutboxProcess, OutboxRecord};
use super::producer::OutboxProducer;
use super::properties::{outbox_properties, outbox_reader};
use super::relay::OutboxRelay;
use super::witness::OutboxWitness;

/// An outbox, as a system hosts it.
#[derive(Clone, Debug)]
pub struct Outbox {
    workflow: Arc<Workflow>,
    plan: Arc<OutboxPlan>,
}

/// The system that publishes the transactions of `workflow` through an outbox, with the built-in
/// properties of outboxes and those that the workflow states.
#[must_use]
pub fn system(workflow: &Workflow, knobs: &OutboxKnobs) -> System<Outbox> {
    let workflow = Arc::new(workflow.clone());
    let plan = OutboxPlan::new(workflow.steps(), workflow.instances(), knobs.clone());
    let plan = Arc::new(plan);
    let protocol = Outbox { workflow: Arc::clone(&workflow), plan: Arc::clone(&plan) };
    let mut builder = SystemBuilder::new(protocol);
    for at in 0..workflow.services().len() {
        let id = ServiceId(at as u16);
        let (name, address) = (&workflow.service(id).name, Address::Service(id));
        let resources = workflow.initial_resources(id).into();
        builder = if address == plan.producer() {
            let core = OutboxProcess::Producer(OutboxProducer::new(Arc::clone(&plan)));
            builder.process(name, address, core, resources).with_client()
        } else {
            let plan = Arc::new(plan.at_service(&workflow, id));
            let core = OutboxProcess::Consumer(OutboxConsumer::new(plan));
            builder.process(name, address, core, resources)
        };
    }
    let core = OutboxProcess::Broker(OutboxBroker::new(Arc::clone(&plan)));
    builder = builder.process(BROKER, Address::Broker, core, SmallVec::new());
    for relay in 0..plan.relays() {
        let core = OutboxProcess::Relay(OutboxRelay::new(Arc::clone(&plan)));
        let (node, address) = (relay_node(relay), Address::Relay(relay));
        builder = builder.process(&node, address, core, SmallVec::new()).running();
    }
    builder.judged_by(outbox_properties)
}

impl Outbox {
    /// Which steps are transactions, and which handle their events.
    #[must_use]
    pub fn plan(&self) -> &Arc<OutboxPlan> {
        &self.plan
    }

    fn step(&self, step: StepId) -> &str {
        &self.workflow.step(step).name
    }

    fn line(&self, line: Line) -> String {
        format!("{} of {}", self.step(line.step), line.workflow)
    }

    fn lines(&self, lines: &[Line]) -> String {
        let lines: Vec<String> = lines.iter().map(|&line| self.line(line)).collect();
        lines.join(", ")
    }

    fn delivery(&self, delivery: Delivery) -> String {
        format!("event of {}, for {}", self.line(delivery.line), self.step(delivery.handler))
    }
}

impl ProtocolModel for Outbox {
    type Process = OutboxProcess;
    type Resources = SmallVec<[i64; 2]>;
    type Monitor = OutboxWitness;

    fn workflow(&self) -> &Arc<Workflow> {
        &self.workflow
    }

    fn attempt(
        &self,
        _address: Address,
        resources: &mut SmallVec<[i64; 2]>,
        change: &OutboxChange,
    ) -> Result<Verdict, ArithmeticError> {
        self.workflow.attempt(change.workflow(), change.step(), Work::Change, resources)
    }

    fn refusable(&self, _change: &OutboxChange) -> bool {
        true
    }

    fn place(
        &self,
        _address: Address,
        resources: &SmallVec<[i64; 2]>,
        change: &OutboxChange,
    ) -> Option<Place> {
        self.workflow.undefined(change.workflow(), change.step(), Work::Change, resources)
    }

    fn monitors(&self) -> Vec<OutboxWitness> {
        vec![OutboxWitness::default(); self.workflow.instances() as usize]
    }

    fn watchers(&self, event: &Event<Outbox>) -> Vec<usize> {
        let workflow = match &event.what {
            PerformedEffect::Applied(change, Verdict::Accepted | Verdict::Refused) => {
                change.workflow()
            }
            PerformedEffect::Persisted(OutboxRecord::Accepted(line)) => line.workflow,
            _ => return Vec::new(),
        };
        vec![workflow.0 as usize]
    }

    fn observe(&self, witness: &mut OutboxWitness, event: &Event<Outbox>) {
        match &event.what {
            PerformedEffect::Applied(change, verdict) => {
                witness.applied(*change, *verdict, &self.plan)
            }
            PerformedEffect::Persisted(OutboxRecord::Accepted(line)) => witness.published(*line),
            _ => {}
        }
    }

    fn tells(&self, event: &Event<Outbox>) -> Activities {
        activity::tells(event)
    }

    fn hears(&self, _process: Address, _from: Address, message: &MessageOf<Self>) -> Activities {
        activity::hears(message)
    }

    fn reader(system: &System<Outbox>) -> StateReader<Outbox> {
        outbox_reader(system)
    }

    fn words(&self) -> &dyn Words<Outbox> {
        self
    }
}

impl Words<Outbox> for Outbox {
    fn process(&self, address: Address) -> String {
        match address {
            Address::Service(service) => self.workflow.service(service).name.clone(),
            Address::Relay(relay) => relay_node(relay),
            Address::Broker => BROKER.to_owned(),
            elsewhere => unreachable!("an outbox has no process at {elsewhere:?}"),
        }
    }

    fn message(&self, message: &OutboxMessage) -> String {
        match message {
            OutboxMessage::Claim => "claim lines".to_owned(),
            OutboxMessage::Claimed(lines) => format!("claimed: {}", self.lines(lines)),
            OutboxMessage::Published(lines) => format!("published: {}", self.lines(lines)),
            OutboxMessage::Publish(line) => format!("event of {}", self.line(*line)),
            OutboxMessage::Accepted(line) => format!("has the event of {}", self.line(*line)),
            OutboxMessage::Deliver(delivery) => self.delivery(*delivery),
            OutboxMessage::Acknowledged(delivery) => {
                format!("acknowledges {}", self.delivery(*delivery))
            }
        }
    }

    fn record(&self, _address: Address, record: &OutboxRecord) -> String {
        match record {
            OutboxRecord::Committed(line) => format!("{} committed", self.line(*line)),
            OutboxRecord::Declined(line) => format!("{} declined", self.line(*line)),
            OutboxRecord::Marked(lines) => format!("marked as published: {}", self.lines(lines)),
            OutboxRecord::Accepted(line) => format!("event of {}", self.line(*line)),
            OutboxRecord::Consumed(delivery) => format!("consumed: {}", self.delivery(*delivery)),
            OutboxRecord::Handled(delivery) => format!("inbox: {}", self.delivery(*delivery)),
            OutboxRecord::Forgotten(delivery) => {
                format!("deleted from the inbox: {}", self.delivery(*delivery))
            }
            OutboxRecord::DeadLettered(delivery) => {
                format!("dead letter: {}", self.delivery(*delivery))
            }
        }
    }

    fn change(&self, change: &OutboxChange) -> String {
        format!("{} of {}", self.step(change.step()), change.workflow())
    }

    fn timer(&self, timer: &OutboxTimer) -> String {
        match timer {
            OutboxTimer::Poll => "time to look for lines".to_owned(),
            OutboxTimer::Lapse(relay) => format!("the claim of {} lapses", relay_node(*relay)),
            OutboxTimer::Publish(line) => {
                format!("the broker did not accept the event of {}", self.line(*line))
            }
            OutboxTimer::Forget(delivery) => {
                format!("the inbox is cleaned up of {}", self.delivery(*delivery))
            }
            OutboxTimer::Deliver(delivery) => {
                format!("nobody acknowledged {}", self.delivery(*delivery))
            }
        }
    }

    fn outcome(&self, never: &Nobody) -> String {
        match *never {}
    }

    fn ending(&self, ending: Ending) -> &'static str {
        match ending {
            Ending::Completed => "completed",
            Ending::Compensated => "declined",
            Ending::Failed => "failed",
        }
    }

    fn resources(&self, address: Address, resources: &SmallVec<[i64; 2]>) -> Vec<String> {
        self.workflow.resource_facts(address, resources)
    }

    fn monitor(&self, _position: usize, witness: &OutboxWitness) -> Vec<String> {
        witness.facts(&self.workflow)
    }

    fn watched(&self, position: usize) -> Option<String> {
        self.workflow.told_apart(position)
    }
}
