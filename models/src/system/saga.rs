//! The saga as a system: one coordinator per workflow on one node, one participant per service.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::property::Reading;
use crate::property::saga::{saga_properties, saga_reading};
use crate::property::witness::WorkflowWitness;
use crate::protocol::barrier::Entry;
use crate::protocol::saga::{
    Answer, Direction, LedgerRecord, SagaCoordinator, SagaKnobs, SagaMessage, SagaOutcome,
    SagaParticipant, SagaPlan, SagaRecord, SagaTimer, StepCall,
};
use crate::protocol::{Address, ServiceId, StepId, Verdict, WorkflowId};
use crate::workflow::builder::{COORDINATOR, Place};
use crate::workflow::{ArithmeticError, Workflow};

use super::interchange::Interchangeable;
use super::protocol::{Deed, Event, Protocol, Words};
use super::role::{Role, RoleRecord};
use super::topology::{System, SystemBuilder};

/// A saga, as a system hosts it.
#[derive(Clone, Debug)]
pub struct Saga {
    workflow: Arc<Workflow>,
    plan: Arc<SagaPlan>,
}

/// The system that carries `workflow` out as a saga, with the built-in properties of sagas and those
/// that the workflow states.
#[must_use]
pub fn system(workflow: &Workflow, knobs: &SagaKnobs) -> System<Saga> {
    let workflow = Arc::new(workflow.clone());
    let plan = Arc::new(SagaPlan::new(workflow.steps(), knobs.clone()));
    let saga = Saga { workflow: Arc::clone(&workflow), plan: Arc::clone(&plan) };
    let coordinators: Vec<WorkflowId> = (0..workflow.instances()).map(WorkflowId).collect();
    let mut builder = SystemBuilder::new(saga)
        .ordered(workflow.ordered_links())
        .faults(workflow.faults().clone());
    for &id in &coordinators {
        let core = Role::Coordinator(SagaCoordinator::new(id, Arc::clone(&plan)));
        let nothing = SmallVec::new();
        builder =
            builder.process(COORDINATOR, Address::Coordinator(id), core, nothing).with_client();
    }
    for at in 0..workflow.services().len() {
        let id = ServiceId(at as u16);
        let core = Role::Participant(SagaParticipant::new(Arc::clone(&plan)));
        let resources = workflow.initial_resources(id).into();
        let name = &workflow.service(id).name;
        builder = builder.process(name, Address::Service(id), core, resources);
    }
    let mut system = builder.build();
    for property in saga_properties(&system) {
        system.add_property(property);
    }
    system
}

impl Saga {
    /// The plan of its steps.
    #[must_use]
    pub fn plan(&self) -> &Arc<SagaPlan> {
        &self.plan
    }
}

impl Protocol for Saga {
    type Process = Role<SagaCoordinator, SagaParticipant>;
    type Resources = SmallVec<[i64; 2]>;
    type Monitor = WorkflowWitness;

    fn workflow(&self) -> &Arc<Workflow> {
        &self.workflow
    }

    fn attempt(
        &self,
        _address: Address,
        resources: &mut SmallVec<[i64; 2]>,
        change: &StepCall,
    ) -> Result<Verdict, ArithmeticError> {
        self.workflow.attempt(change.workflow, change.step, change.direction.into(), resources)
    }

    fn refusable(&self, change: &StepCall) -> bool {
        change.direction == Direction::Forward
    }

    fn place(
        &self,
        _address: Address,
        resources: &SmallVec<[i64; 2]>,
        call: &StepCall,
    ) -> Option<Place> {
        self.workflow.undefined(call.workflow, call.step, call.direction.into(), resources)
    }

    fn monitors(&self) -> Vec<WorkflowWitness> {
        let steps = self.workflow.steps().len();
        (0..self.workflow.instances()).map(|_| WorkflowWitness::new(steps)).collect()
    }

    fn watchers(&self, event: &Event<Saga>) -> Vec<usize> {
        let workflow = match &event.what {
            Deed::Applied(call, Verdict::Accepted) => call.workflow,
            Deed::Sent(_, SagaMessage::Reply(call, Answer::Done)) => call.workflow,
            _ => return Vec::new(),
        };
        vec![workflow.0 as usize]
    }

    fn observe(&self, witness: &mut WorkflowWitness, event: &Event<Saga>) {
        match &event.what {
            Deed::Applied(call, Verdict::Accepted) => {
                witness.applied(*call, self.plan.step(call.step).into())
            }
            Deed::Sent(_, SagaMessage::Reply(call, Answer::Done)) => witness.answered(*call),
            _ => {}
        }
    }

    fn interchangeable(&self) -> Option<Interchangeable<Self>> {
        Some(Interchangeable::workflows(self.workflow.interchangeable()))
    }

    fn reading(system: &System<Saga>) -> Reading<Saga> {
        saga_reading(system)
    }

    fn words(&self) -> &dyn Words<Saga> {
        self
    }
}

impl Saga {
    fn step(&self, step: StepId) -> &str {
        &self.workflow.step(step).name
    }
}

impl Words<Saga> for Saga {
    fn process(&self, address: Address) -> String {
        match address {
            Address::Coordinator(workflow) => format!("coordinator {workflow}"),
            Address::Service(service) => self.workflow.service(service).name.clone(),
            elsewhere => unreachable!("a saga has no process at {elsewhere:?}"),
        }
    }

    fn message(&self, message: &SagaMessage) -> String {
        let call = message.call();
        let (step, workflow) = (self.step(call.step), call.workflow);
        match (call.direction, message) {
            (Direction::Forward, SagaMessage::Request(_)) => format!("do {step} of {workflow}"),
            (Direction::Backward, SagaMessage::Request(_)) => format!("undo {step} of {workflow}"),
            (Direction::Forward, SagaMessage::Reply(_, Answer::Done)) => {
                format!("{step} of {workflow} is done")
            }
            (Direction::Backward, SagaMessage::Reply(_, Answer::Done)) => {
                format!("{step} of {workflow} is undone")
            }
            (_, SagaMessage::Reply(_, Answer::Refused)) => {
                format!("{step} of {workflow} is refused")
            }
            (_, SagaMessage::Reply(_, Answer::Failed)) => {
                format!("{step} of {workflow} failed, nothing changed")
            }
        }
    }

    fn record(&self, _address: Address, record: &RoleRecord<SagaRecord, LedgerRecord>) -> String {
        match record {
            RoleRecord::Coordinator(record) => match record {
                SagaRecord::Accepted => "accepted".to_owned(),
                SagaRecord::Started(step) => format!("{} started", self.step(*step)),
                SagaRecord::Done(step) => format!("{} done", self.step(*step)),
                SagaRecord::RollingBack(Some(step)) => {
                    format!("rolling back, {} was refused", self.step(*step))
                }
                SagaRecord::RollingBack(None) => "rolling back".to_owned(),
                SagaRecord::Undone(step) => format!("{} undone", self.step(*step)),
                SagaRecord::Abandoned(step) => format!("{} given up", self.step(*step)),
                SagaRecord::Ended(outcome) => format!("ended, {outcome}"),
            },
            RoleRecord::Participant(line) => {
                let what = match line.entry {
                    Entry::Done => "done",
                    Entry::Refused => "refused",
                    Entry::Undone => "undone",
                };
                format!("{} of {} {what}", self.step(line.step), line.workflow)
            }
        }
    }

    fn change(&self, call: &StepCall) -> String {
        let (step, workflow) = (self.step(call.step), call.workflow);
        match call.direction {
            Direction::Forward => format!("{step} of {workflow}"),
            Direction::Backward => format!("undo of {step} of {workflow}"),
        }
    }

    fn timer(&self, timer: &SagaTimer) -> String {
        let SagaTimer::Call(step) = timer;
        format!("no answer about {}", self.step(*step))
    }

    fn outcome(&self, outcome: &SagaOutcome) -> String {
        outcome.to_string()
    }

    fn resources(&self, address: Address, resources: &SmallVec<[i64; 2]>) -> Vec<String> {
        self.workflow.resource_facts(address, resources)
    }

    fn monitor(&self, witness: &WorkflowWitness) -> Vec<String> {
        witness.facts(&self.workflow)
    }

    fn watched(&self, position: usize) -> Option<String> {
        self.workflow.told_apart(position)
    }
}
