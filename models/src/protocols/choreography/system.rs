//! The choreography as a system: one initiator per workflow on one node, one reacting service per
//! service.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::process::barrier::Entry;
use crate::process::nodes::INITIATOR;
use crate::process::{Address, Locals, StepId, Verdict, WorkflowId};
use crate::protocols::saga::{Direction, SagaOutcome, StepCall, StepOrder, WorkflowWitness};
use crate::protocols::steps::{Compensations, OwnChanges};
use crate::system::{
    Activities, Event, Interchangeable, PerformedEffect, ProtocolModel, Role, RoleRecord,
    StateReader, System, SystemBuilder, Words,
};
use crate::workflow::builder::Place;
use crate::workflow::{ArithmeticError, Workflow};

use super::activity;
use super::event::{
    ChoreographyMessage, ChoreographyTimer, Event as Told, Line, Reaction, Subscriber,
};
use super::initiator::{Initiator, InitiatorRecord};
use super::knobs::ChoreographyKnobs;
use super::plan::ChoreographyPlan;
use super::properties::{choreography_properties, choreography_reader};
use super::service::ReactingService;
use super::store::ServiceRecord;

/// A choreography, as a system hosts it.
#[derive(Clone, Debug)]
pub struct Choreography {
    workflow: Arc<Workflow>,
    plan: Arc<ChoreographyPlan>,
    compensations: Arc<Compensations>,
}

/// The system that carries `workflow` out as a choreography, with the built-in properties of
/// choreographies and those that the workflow states.
#[must_use]
pub fn system(workflow: &Workflow, knobs: &ChoreographyKnobs) -> System<Choreography> {
    let workflow = Arc::new(workflow.clone());
    let plan = Arc::new(ChoreographyPlan::new(workflow.steps(), knobs.clone()));
    let protocol = Choreography {
        workflow: Arc::clone(&workflow),
        plan: Arc::clone(&plan),
        compensations: Arc::new(Compensations::of(&workflow)),
    };
    SystemBuilder::new(protocol)
        .workflows(INITIATOR, Address::Initiator, |id| {
            Role::Coordinator(Initiator::new(id, Arc::clone(&plan)))
        })
        .services(
            |id| {
                let plan = Arc::new(plan.at_service(&workflow, id));
                Role::Participant(ReactingService::new(plan))
            },
            SmallVec::from,
        )
        .judged_by(choreography_properties)
}

impl Choreography {
    /// The plan of its steps.
    #[must_use]
    pub fn plan(&self) -> &Arc<ChoreographyPlan> {
        &self.plan
    }

    /// What its steps and their compensations add up to.
    #[must_use]
    pub fn compensations(&self) -> &Arc<Compensations> {
        &self.compensations
    }

    fn order(&self, step: StepId) -> StepOrder {
        let place = self.plan.place(step);
        StepOrder { waits_for: place.earlier, waited_for_by: place.later }
    }

    fn step(&self, step: StepId) -> &str {
        &self.workflow.step(step).name
    }

    fn told(&self, workflow: WorkflowId, event: Told) -> String {
        match event {
            Told::Requested => format!("{workflow} requested"),
            Told::Cancelled => format!("{workflow} taken back"),
            Told::Done(step) => format!("{} of {workflow} done", self.step(step)),
            Told::Refused(step) => format!("{} of {workflow} refused", self.step(step)),
            Told::Undone(step) => format!("{} of {workflow} undone", self.step(step)),
        }
    }

    fn line(&self, line: Line) -> String {
        let event = self.told(line.workflow, line.event);
        match line.to {
            Subscriber::Initiator => format!("`{event}`"),
            Subscriber::Step(step) => format!("`{event}`, for {}", self.step(step)),
        }
    }
}

impl ProtocolModel for Choreography {
    // The initiator takes the place that the coordinator has in a saga.
    type Process = Role<Initiator, ReactingService>;
    type Resources = SmallVec<[i64; 2]>;
    type Monitor = WorkflowWitness;

    fn workflow(&self) -> &Arc<Workflow> {
        &self.workflow
    }

    fn attempt(
        &self,
        _address: Address,
        resources: &mut SmallVec<[i64; 2]>,
        change: &Reaction,
    ) -> Result<Verdict, ArithmeticError> {
        let call = change.call;
        self.workflow.attempt(call.workflow, call.step, call.direction.into(), resources)
    }

    fn refusable(&self, change: &Reaction) -> bool {
        change.call.direction == Direction::Forward
    }

    fn place(
        &self,
        _address: Address,
        resources: &SmallVec<[i64; 2]>,
        change: &Reaction,
    ) -> Option<Place> {
        let call = change.call;
        self.workflow.undefined(call.workflow, call.step, call.direction.into(), resources)
    }

    fn monitors(&self) -> Vec<WorkflowWitness> {
        let steps = self.workflow.steps().len();
        let witness = |id| {
            let own = OwnChanges::new(&self.workflow, id, &self.compensations);
            WorkflowWitness::new(steps).adding_up(own)
        };
        (0..self.workflow.instances()).map(WorkflowId).map(witness).collect()
    }

    fn watchers(&self, event: &Event<Choreography>) -> Vec<usize> {
        let workflow = match &event.what {
            PerformedEffect::Applied(reaction, Verdict::Accepted) => {
                let workflow = reaction.call.workflow;
                return self.compensations.watchers(&self.workflow, workflow).collect();
            }
            PerformedEffect::Sent(_, ChoreographyMessage::Event(line))
                if matches!(line.event, Told::Undone(_)) =>
            {
                line.workflow
            }
            _ => return Vec::new(),
        };
        vec![workflow.0 as usize]
    }

    fn observe(&self, witness: &mut WorkflowWitness, event: &Event<Choreography>) {
        match &event.what {
            PerformedEffect::Applied(reaction, Verdict::Accepted) => {
                let call = reaction.call;
                if witness.is_of(call.workflow) {
                    witness.applied(call, self.order(call.step));
                }
                if let Some(own) = witness.own_changes_mut() {
                    let made = (call.workflow, call.step, call.direction.into());
                    own.applied(&self.workflow, &self.compensations, made, &Locals::NONE);
                }
            }
            PerformedEffect::Sent(
                _,
                ChoreographyMessage::Event(Line { workflow, event: Told::Undone(step), .. }),
            ) => {
                let (workflow, step) = (*workflow, *step);
                witness.answered(StepCall::new(workflow, step, Direction::Backward));
            }
            _ => {}
        }
    }

    fn interchangeable(&self) -> Option<Interchangeable<Self>> {
        Some(Interchangeable::workflows(self.workflow.interchangeable()))
    }

    fn tells(&self, event: &Event<Choreography>) -> Activities {
        activity::tells(event)
    }

    fn reader(system: &System<Choreography>) -> StateReader<Choreography> {
        choreography_reader(system)
    }

    fn words(&self) -> &dyn Words<Choreography> {
        self
    }
}

impl Words<Choreography> for Choreography {
    fn process(&self, address: Address) -> String {
        match address {
            Address::Initiator(workflow) => format!("initiator {workflow}"),
            Address::Service(service) => self.workflow.service(service).name.clone(),
            elsewhere => unreachable!("a choreography has no process at {elsewhere:?}"),
        }
    }

    fn message(&self, message: &ChoreographyMessage) -> String {
        match *message {
            ChoreographyMessage::Event(line) => self.line(line),
            ChoreographyMessage::Acknowledged(line) => format!("has heard {}", self.line(line)),
        }
    }

    fn record(
        &self,
        _address: Address,
        record: &RoleRecord<InitiatorRecord, ServiceRecord>,
    ) -> String {
        match *record {
            RoleRecord::Coordinator(InitiatorRecord::Requested) => {
                "the request, with its events in the outbox".to_owned()
            }
            RoleRecord::Coordinator(InitiatorRecord::Cancelled) => {
                "the cancellation, with its events in the outbox".to_owned()
            }
            RoleRecord::Coordinator(InitiatorRecord::Heard(event)) => match event {
                Told::Requested => "heard of the request".to_owned(),
                Told::Cancelled => "heard of the cancellation".to_owned(),
                Told::Done(step) => format!("{} is done", self.step(step)),
                Told::Refused(step) => format!("{} is refused", self.step(step)),
                Told::Undone(step) => format!("{} is undone", self.step(step)),
            },
            RoleRecord::Coordinator(InitiatorRecord::Delivered(line))
            | RoleRecord::Participant(ServiceRecord::Delivered(line)) => {
                format!("published {}", self.line(line))
            }
            RoleRecord::Participant(ServiceRecord::Heard(line)) => {
                format!("heard {}", self.line(line))
            }
            RoleRecord::Participant(ServiceRecord::Reacted { cause, entry, event }) => {
                let told = self.told(cause.workflow, event);
                match entry {
                    Some(Entry::Undone) => format!("`{told}`: it will not run any more"),
                    _ => format!("`{told}`"),
                }
            }
        }
    }

    fn change(&self, reaction: &Reaction) -> String {
        let (step, workflow) = (self.step(reaction.call.step), reaction.call.workflow);
        match reaction.call.direction {
            Direction::Forward => format!("{step} of {workflow}"),
            Direction::Backward => format!("undo of {step} of {workflow}"),
        }
    }

    fn timer(&self, ChoreographyTimer::Publish(line): &ChoreographyTimer) -> String {
        format!("nobody has heard {}", self.line(*line))
    }

    fn outcome(&self, outcome: &SagaOutcome) -> String {
        outcome.to_string()
    }

    fn resources(&self, address: Address, resources: &SmallVec<[i64; 2]>) -> Vec<String> {
        self.workflow.resource_facts(address, resources)
    }

    fn monitor(&self, position: usize, witness: &WorkflowWitness) -> Vec<String> {
        witness.facts(&self.workflow, WorkflowId(position as u32), &self.compensations)
    }

    fn watched(&self, position: usize) -> Option<String> {
        self.workflow.told_apart(position)
    }
}
