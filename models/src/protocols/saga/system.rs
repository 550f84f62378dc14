//! The saga as a system: one coordinator per workflow on one node, one participant per service. Where
//! another coordinator stands by, it is a system of its own: [`StandbySaga`].

use std::sync::Arc;

use crate::process::nodes::COORDINATOR;
use crate::process::rename::renames;
use crate::process::{Address, Answer, Verdict, WorkflowId};
use crate::protocols::steps::{Compensations, OwnChanges};
use crate::system::{
    Activities, Event, Interchangeable, MessageOf, PerformedEffect, ProtocolModel, Role,
    RoleRecord, StateReader, System, SystemBuilder, Words,
};
use crate::workflow::builder::Place;
use crate::workflow::{ArithmeticError, Dataflow, Workflow};

use super::activity;
use super::coordinator::SagaCoordinator;
use super::isolation::IsolationWitness;
use super::knobs::SagaKnobs;
use super::log::SagaRecord;
use super::message::{Direction, SagaMessage};
use super::participant::{SagaChange, SagaParticipant};
use super::plan::SagaPlan;
use super::properties::{saga_properties, saga_reader};
use super::rows::{Business, Rows};
use super::witness::WorkflowWitness;

/// A saga, as a system hosts it.
#[derive(Clone, Debug)]
pub struct Saga {
    pub(super) workflow: Arc<Workflow>,
    pub(super) plan: Arc<SagaPlan>,
    pub(super) flow: Arc<Dataflow>,
    pub(super) compensations: Arc<Compensations>,
}

/// The system that carries `workflow` out as a saga, with the built-in properties of sagas and those
/// that the workflow states.
#[must_use]
pub fn system(workflow: &Workflow, knobs: &SagaKnobs) -> System<Saga> {
    let workflow = Arc::new(workflow.clone());
    let plan = SagaPlan::new(workflow.steps(), knobs.clone()).with_exceptions(&workflow);
    let plan = Arc::new(plan);
    let saga = Saga::new(Arc::clone(&workflow), Arc::clone(&plan));
    SystemBuilder::new(saga)
        .workflows(COORDINATOR, Address::Coordinator, |id| {
            Role::Coordinator(SagaCoordinator::new(id, Arc::clone(&plan)))
        })
        .services(
            |_| Role::Participant(SagaParticipant::new(Arc::clone(&plan))),
            |values| Rows { values: values.into(), ..Rows::default() },
        )
        .judged_by(saga_properties)
}

impl Saga {
    pub(crate) fn new(workflow: Arc<Workflow>, plan: Arc<SagaPlan>) -> Self {
        let flow = Arc::new(Dataflow::of(workflow.steps()));
        let compensations = Arc::new(Compensations::of(&workflow));
        Saga { workflow, plan, flow, compensations }
    }

    /// What its steps read and write.
    #[must_use]
    pub fn flow(&self) -> &Dataflow {
        &self.flow
    }

    /// The plan of its steps.
    #[must_use]
    pub fn plan(&self) -> &Arc<SagaPlan> {
        &self.plan
    }
}

/// What remembers what happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SagaMonitor {
    /// To one workflow.
    Workflow(WorkflowWitness),
    /// Between workflows; only where steps read.
    Isolation(IsolationWitness),
}

impl ProtocolModel for Saga {
    type Process = Role<SagaCoordinator, SagaParticipant>;
    type Resources = Rows;
    type Monitor = SagaMonitor;

    fn read(
        &self,
        _address: Address,
        rows: &Rows,
        change: &mut SagaChange,
    ) -> Result<(), ArithmeticError> {
        self.business().read(rows, change)
    }

    fn workflow(&self) -> &Arc<Workflow> {
        &self.workflow
    }

    fn attempt(
        &self,
        _address: Address,
        rows: &mut Rows,
        change: &SagaChange,
    ) -> Result<Verdict, ArithmeticError> {
        self.business().attempt(rows, change)
    }

    fn refusable(&self, change: &SagaChange) -> bool {
        matches!(change, SagaChange::Step(call) if call.direction == Direction::Forward)
    }

    fn is_transaction(&self, change: &SagaChange) -> bool {
        !matches!(change, SagaChange::Outside(_))
    }

    fn place(&self, _address: Address, rows: &Rows, change: &SagaChange) -> Option<Place> {
        if let SagaChange::Outside(call) = change {
            let id = call.workflow;
            return self.workflow.undefined_outside(id, &call.locals, call.step, &rows.values);
        }
        let SagaChange::Step(call) = change else { return None };
        let (id, work) = (call.workflow, call.direction.into());
        self.workflow.undefined_with(id, &call.locals, call.step, work, &rows.values)
    }

    fn monitors(&self) -> Vec<SagaMonitor> {
        let steps = self.workflow.steps().len();
        let workflows = (0..self.workflow.instances()).map(WorkflowId);
        let witnesses = workflows.map(|id| {
            let own = OwnChanges::new(&self.workflow, id, &self.compensations);
            SagaMonitor::Workflow(WorkflowWitness::new(steps).adding_up(own))
        });
        let isolation = self
            .is_isolation_watched()
            .then(|| SagaMonitor::Isolation(IsolationWitness::new(&self.workflow, &self.flow)));
        witnesses.chain(isolation).collect()
    }

    fn watchers(&self, event: &Event<Saga>) -> Vec<usize> {
        let between = self.is_isolation_watched().then_some(self.workflow.instances() as usize);
        match &event.what {
            PerformedEffect::Applied(SagaChange::Step(call), Verdict::Accepted) => {
                self.concerned(call.workflow).chain(between).collect()
            }
            PerformedEffect::Applied(SagaChange::Outside(call), Verdict::Accepted) => {
                vec![call.workflow.0 as usize]
            }
            PerformedEffect::Sent(_, SagaMessage::Reply(call, Answer::Done))
                if call.direction == Direction::Backward =>
            {
                vec![call.workflow.0 as usize]
            }
            PerformedEffect::Persisted(RoleRecord::Coordinator(SagaRecord::Ended(_))) => {
                between.into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn observe(&self, monitor: &mut SagaMonitor, event: &Event<Saga>) {
        match (monitor, &event.what) {
            (
                SagaMonitor::Workflow(witness),
                PerformedEffect::Applied(SagaChange::Outside(call), _),
            ) => witness.step(call.step).reached_outside(),
            (
                SagaMonitor::Workflow(witness),
                PerformedEffect::Applied(SagaChange::Step(call), _),
            ) => {
                if witness.is_of(call.workflow) {
                    witness.applied(*call, self.plan.step(call.step).into());
                }
                let flow = self.flow.step(call.step);
                let uses = match call.direction {
                    Direction::Forward => flow.uses,
                    Direction::Backward => flow.undo_uses,
                };
                // A compensation that needs what was never read changes nothing.
                if let Some(own) = witness.own_changes_mut()
                    && uses.is_subset(call.locals.known())
                {
                    let made = (call.workflow, call.step, call.direction.into());
                    own.applied(&self.workflow, &self.compensations, made, &call.locals);
                }
            }
            (SagaMonitor::Workflow(witness), PerformedEffect::Sent(_, message)) => {
                witness.answered(message.call());
            }
            (
                SagaMonitor::Isolation(witness),
                PerformedEffect::Applied(SagaChange::Step(call), _),
            ) => {
                witness.applied(&self.workflow, &self.flow, call);
            }
            (
                SagaMonitor::Isolation(witness),
                PerformedEffect::Persisted(RoleRecord::Coordinator(SagaRecord::Ended(outcome))),
            ) => {
                if let Address::Coordinator(workflow) = event.process {
                    witness.ended(workflow, *outcome);
                }
            }
            _ => {}
        }
    }

    fn interchangeable(&self) -> Option<Interchangeable<Self>> {
        Some(Interchangeable::workflows(self.workflow.interchangeable()))
    }

    fn tells(&self, event: &Event<Saga>) -> Activities {
        activity::tells(event)
    }

    fn hears(&self, process: Address, _from: Address, message: &MessageOf<Self>) -> Activities {
        activity::heard(process, message)
    }

    fn reader(system: &System<Saga>) -> StateReader<Saga> {
        saga_reader(system)
    }

    fn words(&self) -> &dyn Words<Saga> {
        self
    }
}

renames!(
    enum SagaMonitor {
        Workflow(witness),
        Isolation(witness),
    }
);

impl Saga {
    fn business(&self) -> Business<'_> {
        Business { workflow: &self.workflow, plan: &self.plan, flow: &self.flow }
    }

    /// The witnesses that are told of what a workflow changes.
    fn concerned(&self, workflow: WorkflowId) -> impl Iterator<Item = usize> + use<> {
        self.compensations.watchers(&self.workflow, workflow)
    }

    fn is_isolation_watched(&self) -> bool {
        !self.flow.observations().is_empty()
    }
}
