//! A mixed workflow as a system: one coordinator per workflow on one node, one participant per service,
//! each of several protocols.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::process::nodes::COORDINATOR;
use crate::process::{Address, Answer, Locals, StepId, Verdict, WorkflowId};
use crate::protocols::saga::{Direction, Saga, SagaMessage, SagaParticipant, SagaPlan};
use crate::protocols::steps::{Compensations, OwnChanges};
use crate::protocols::tcc::{Operation, Tcc, TccMessage, TccParticipant, TccPlan};
use crate::system::{
    Activities, Event, Interchangeable, MessageOf, PerformedEffect, ProtocolModel, Role,
    StateReader, System, SystemBuilder, Words,
};
use crate::workflow::builder::Place;
use crate::workflow::{ArithmeticError, Work, Workflow};

use super::activity;
use super::composition::Composition;
use super::coordinator::MixedCoordinator;
use super::knobs::MixedChoices;
use super::message::{MixedChange, MixedMessage};
use super::participant::MixedParticipant;
use super::properties::{mixed_properties, mixed_reader};
use super::witness::MixedWitness;

/// A mixed workflow, as a system hosts it.
#[derive(Clone, Debug)]
pub struct Mixed {
    pub(super) workflow: Arc<Workflow>,
    /// By request, in turn; one, where there are no requests.
    pub(super) compositions: Vec<Arc<Composition>>,
    /// The words of the protocols it is made of.
    pub(super) saga: Saga,
    pub(super) tcc: Tcc,
    pub(super) compensations: Arc<Compensations>,
}

/// The system that carries each step of `workflow` out by the protocol it names or the workflow's rule
/// picks, with the built-in properties of mixed workflows and those that the workflow states.
#[must_use]
pub fn system(workflow: &Workflow, choices: &MixedChoices) -> System<Mixed> {
    let workflow = Arc::new(workflow.clone());
    // Participants know the steps as they are, whichever protocol a request has them use.
    let saga = SagaPlan::new(workflow.steps(), choices.saga.clone()).with_exceptions(&workflow);
    let saga = Arc::new(saga);
    let tcc = TccPlan::new(workflow.steps(), choices.tcc.clone()).with_exceptions(&workflow);
    let tcc = Arc::new(tcc);
    let turns = workflow.requests().values().len().max(1) as u32;
    let composition = |id| Arc::new(Composition::of(&workflow, WorkflowId(id), choices));
    let protocol = Mixed {
        compositions: (0..turns).map(composition).collect(),
        saga: Saga::new(Arc::clone(&workflow), Arc::clone(&saga)),
        tcc: Tcc::new(Arc::clone(&workflow), Arc::clone(&tcc)),
        compensations: Arc::new(Compensations::of(&workflow)),
        workflow: Arc::clone(&workflow),
    };
    let compositions = protocol.clone();
    SystemBuilder::new(protocol)
        .workflows(COORDINATOR, Address::Coordinator, |id| {
            let composition = Arc::clone(compositions.composition(id));
            Role::Coordinator(MixedCoordinator::new(id, composition))
        })
        .services(
            |_| {
                Role::Participant(MixedParticipant::new(
                    SagaParticipant::new(Arc::clone(&saga)),
                    TccParticipant::new(Arc::clone(&tcc)),
                ))
            },
            SmallVec::from,
        )
        .judged_by(mixed_properties)
}

impl Mixed {
    /// How workflows are put together, by request.
    pub fn compositions(&self) -> impl Iterator<Item = &Composition> {
        self.compositions.iter().map(Arc::as_ref)
    }

    fn composition(&self, workflow: WorkflowId) -> &Arc<Composition> {
        &self.compositions[self.workflow.requests().turn(workflow).unwrap_or(0)]
    }
}

/// Which business a change carries out. Steps of a mixed workflow read and lock nothing, so there is
/// nothing to recall or to release.
fn business(change: &MixedChange) -> (WorkflowId, StepId, Work) {
    match change {
        MixedChange::Saga(change) => {
            let call = change.call();
            (call.workflow, call.step, call.direction.into())
        }
        MixedChange::Tcc(change) => {
            let call = change.call();
            (call.workflow, call.step, call.operation.into())
        }
    }
}

impl ProtocolModel for Mixed {
    type Process = Role<MixedCoordinator, MixedParticipant>;
    type Resources = SmallVec<[i64; 2]>;
    type Monitor = MixedWitness;

    fn workflow(&self) -> &Arc<Workflow> {
        &self.workflow
    }

    fn attempt(
        &self,
        _address: Address,
        resources: &mut SmallVec<[i64; 2]>,
        change: &MixedChange,
    ) -> Result<Verdict, ArithmeticError> {
        let (workflow, step, work) = business(change);
        self.workflow.attempt(workflow, step, work, resources)
    }

    fn refusable(&self, change: &MixedChange) -> bool {
        let (workflow, step, work) = business(change);
        let is_notice = self.composition(workflow).notices().all().contains(step);
        work.is_guarded() && !is_notice
    }

    fn place(
        &self,
        _address: Address,
        resources: &SmallVec<[i64; 2]>,
        change: &MixedChange,
    ) -> Option<Place> {
        let (workflow, step, work) = business(change);
        self.workflow.undefined(workflow, step, work, resources)
    }

    fn monitors(&self) -> Vec<MixedWitness> {
        let steps = self.workflow.steps().len();
        let workflows = (0..self.workflow.instances()).map(WorkflowId);
        let witness = |id| {
            let own = OwnChanges::new(&self.workflow, id, &self.compensations);
            MixedWitness::new(self.composition(id), steps).adding_up(own)
        };
        workflows.map(witness).collect()
    }

    fn watchers(&self, event: &Event<Mixed>) -> Vec<usize> {
        let workflow = match &event.what {
            PerformedEffect::Applied(change, Verdict::Accepted) => {
                let (workflow, ..) = business(change);
                return self.compensations.watchers(&self.workflow, workflow).collect();
            }
            PerformedEffect::Sent(_, message) => match taken_back(message) {
                Some((workflow, _)) => workflow,
                None => return Vec::new(),
            },
            _ => return Vec::new(),
        };
        vec![workflow.0 as usize]
    }

    fn observe(&self, witness: &mut MixedWitness, event: &Event<Mixed>) {
        if let PerformedEffect::Applied(change, Verdict::Accepted) = &event.what {
            let made = business(change);
            if let Some(own) = witness.happened.own_changes_mut() {
                own.applied(&self.workflow, &self.compensations, made, &Locals::NONE);
            }
            if !witness.happened.is_of(made.0) {
                return;
            }
        }
        match &event.what {
            PerformedEffect::Applied(MixedChange::Saga(change), Verdict::Accepted) => {
                let call = *change.call();
                witness.applied(call, self.composition(call.workflow));
            }
            PerformedEffect::Applied(MixedChange::Tcc(change), Verdict::Accepted) => {
                witness.reserved(change.call());
            }
            PerformedEffect::Sent(_, message) => {
                if let Some((_, step)) = taken_back(message) {
                    witness.answered(step);
                }
            }
            _ => {}
        }
    }

    fn interchangeable(&self) -> Option<Interchangeable<Self>> {
        Some(Interchangeable::workflows(self.workflow.interchangeable()))
    }

    fn tells(&self, event: &Event<Mixed>) -> Activities {
        activity::tells(event)
    }

    fn hears(&self, process: Address, _from: Address, message: &MessageOf<Self>) -> Activities {
        activity::hears(process, message)
    }

    fn reader(system: &System<Mixed>) -> StateReader<Mixed> {
        mixed_reader(system)
    }

    fn words(&self) -> &dyn Words<Mixed> {
        self
    }
}

/// The step that a participant says is taken back, if the message says that.
fn taken_back(message: &MixedMessage) -> Option<(WorkflowId, StepId)> {
    match message {
        MixedMessage::Saga(SagaMessage::Reply(call, Answer::Done))
            if call.direction == Direction::Backward =>
        {
            Some((call.workflow, call.step))
        }
        MixedMessage::Tcc(TccMessage::Reply(call, Answer::Done))
            if call.operation == Operation::Cancel =>
        {
            Some((call.workflow, call.step))
        }
        _ => None,
    }
}
