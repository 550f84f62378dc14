//! A job as a system: one scheduler per job on one node, one worker per service.

use std::sync::Arc;

use amends::models::process::nodes::COORDINATOR;
use amends::models::process::{Address, StepId, Verdict};
use amends::models::protocols::steps::{StateLayout, StepHistory};
use amends::models::system::{
    Event, PerformedEffect, ProtocolModel, Role, RoleRecord, StateReader, System, SystemBuilder,
    Words,
};
use amends::models::workflow::builder::Place;
use amends::models::workflow::{ArithmeticError, Work, Workflow};

use super::knobs::JobKnobs;
use super::message::{JobCall, JobMessage};
use super::properties::properties;
use super::scheduler::{JobEnded, JobRecord, Scheduler};
use super::worker::Worker;

/// A job, as a system hosts it.
#[derive(Clone, Debug)]
pub struct Job {
    workflow: Arc<Workflow>,
}

/// The system that carries `workflow` out as a job, with the built-in properties of jobs and those that
/// the workflow states.
#[must_use]
pub fn system(workflow: &Workflow, knobs: &JobKnobs) -> System<Job> {
    let workflow = Arc::new(workflow.clone());
    SystemBuilder::new(Job { workflow: Arc::clone(&workflow) })
        .workflows(COORDINATOR, Address::Coordinator, |job| {
            Role::Coordinator(Scheduler::new(job, Arc::clone(&workflow)))
        })
        .services(|_| Role::Participant(Worker::new(knobs.keys)), |values| values)
        .judged_by(properties)
}

impl ProtocolModel for Job {
    type Process = Role<Scheduler, Worker>;
    type Resources = Vec<i64>;
    /// What really happened to each step of one job.
    type Monitor = Vec<StepHistory>;

    fn workflow(&self) -> &Arc<Workflow> {
        &self.workflow
    }

    fn attempt(
        &self,
        _worker: Address,
        resources: &mut Vec<i64>,
        call: &JobCall,
    ) -> Result<Verdict, ArithmeticError> {
        self.workflow.attempt(call.job, call.step, Work::Change, resources)
    }

    fn refusable(&self, _call: &JobCall) -> bool {
        false
    }

    fn place(&self, _worker: Address, resources: &Vec<i64>, call: &JobCall) -> Option<Place> {
        self.workflow.undefined(call.job, call.step, Work::Change, resources)
    }

    fn monitors(&self) -> Vec<Vec<StepHistory>> {
        let untouched = vec![StepHistory::default(); self.workflow.steps().len()];
        vec![untouched; self.workflow.instances() as usize]
    }

    fn watchers(&self, event: &Event<Job>) -> Vec<usize> {
        match &event.what {
            PerformedEffect::Applied(call, Verdict::Accepted) => vec![call.job.0 as usize],
            _ => Vec::new(),
        }
    }

    fn observe(&self, steps: &mut Vec<StepHistory>, event: &Event<Job>) {
        if let PerformedEffect::Applied(call, Verdict::Accepted) = &event.what {
            steps[usize::from(call.step.0)].did();
        }
    }

    fn reader(system: &System<Job>) -> StateReader<Job> {
        StateLayout::new(system).reader()
    }

    fn words(&self) -> &dyn Words<Job> {
        self
    }
}

impl Job {
    fn name(&self, call: &JobCall) -> String {
        format!("{} of {}", self.workflow.step(call.step).name, call.job)
    }
}

impl Words<Job> for Job {
    fn process(&self, address: Address) -> String {
        match address {
            Address::Coordinator(job) => format!("scheduler {job}"),
            Address::Service(service) => self.workflow.service(service).name.clone(),
            elsewhere => unreachable!("a job has no process at {elsewhere:?}"),
        }
    }

    fn message(&self, message: &JobMessage) -> String {
        match message {
            JobMessage::Do(call) => format!("do {}", self.name(call)),
            JobMessage::Done(call) => format!("{} is done", self.name(call)),
        }
    }

    fn record(&self, _address: Address, record: &RoleRecord<JobRecord, JobCall>) -> String {
        match record {
            RoleRecord::Coordinator(JobRecord::Accepted) => "accepted".to_owned(),
            RoleRecord::Coordinator(JobRecord::Done(step)) => {
                format!("{} done", self.workflow.step(*step).name)
            }
            RoleRecord::Coordinator(JobRecord::Ended) => "ended".to_owned(),
            RoleRecord::Participant(call) => format!("key of {}", self.name(call)),
        }
    }

    fn change(&self, call: &JobCall) -> String {
        self.name(call)
    }

    fn timer(&self, step: &StepId) -> String {
        format!("no answer about {}", self.workflow.step(*step).name)
    }

    fn outcome(&self, JobEnded: &JobEnded) -> String {
        "done".to_owned()
    }

    fn resources(&self, address: Address, resources: &Vec<i64>) -> Vec<String> {
        self.workflow.resource_facts(address, resources)
    }

    fn monitor(&self, _position: usize, steps: &Vec<StepHistory>) -> Vec<String> {
        let steps = steps.iter().zip(self.workflow.steps());
        steps.filter_map(|(history, step)| history.fact(&step.name)).collect()
    }

    fn watched(&self, position: usize) -> Option<String> {
        self.workflow.told_apart(position)
    }
}
