//! Try-Confirm-Cancel as a system: one coordinator per workflow on one node, one participant per
//! service.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::process::nodes::COORDINATOR;
use crate::process::{Address, Answer, Locals, StepId, Verdict, WorkflowId};
use crate::protocols::steps::{Compensations, OwnChanges};
use crate::system::{
    Activities, Ending, Event, Interchangeable, MessageOf, PerformedEffect, ProtocolModel, Role,
    RoleRecord, StateReader, System, SystemBuilder, Words,
};
use crate::workflow::builder::Place;
use crate::workflow::{ArithmeticError, Workflow};

use super::activity;
use super::coordinator::TccCoordinator;
use super::knobs::TccKnobs;
use super::log::{Decision, TccOutcome, TccRecord};
use super::message::{Operation, TccMessage, TccTimer};
use super::participant::{Reservation, ReservationRecord, TccChange, TccParticipant};
use super::plan::TccPlan;
use super::properties::{tcc_properties, tcc_reader};
use super::witness::TccWitness;

/// A TCC, as a system hosts it.
#[derive(Clone, Debug)]
pub struct Tcc {
    workflow: Arc<Workflow>,
    plan: Arc<TccPlan>,
    compensations: Arc<Compensations>,
}

/// The system that carries `workflow` out as a TCC, with the built-in properties of TCCs and those
/// that the workflow states.
#[must_use]
pub fn system(workflow: &Workflow, knobs: &TccKnobs) -> System<Tcc> {
    let workflow = Arc::new(workflow.clone());
    let plan = TccPlan::new(workflow.steps(), knobs.clone()).with_exceptions(&workflow);
    let plan = Arc::new(plan);
    let tcc = Tcc::new(Arc::clone(&workflow), Arc::clone(&plan));
    SystemBuilder::new(tcc)
        .workflows(COORDINATOR, Address::Coordinator, |id| {
            Role::Coordinator(TccCoordinator::new(id, Arc::clone(&plan)))
        })
        .services(|_| Role::Participant(TccParticipant::new(Arc::clone(&plan))), SmallVec::from)
        .judged_by(tcc_properties)
}

impl Tcc {
    pub(crate) fn new(workflow: Arc<Workflow>, plan: Arc<TccPlan>) -> Self {
        let compensations = Arc::new(Compensations::of_tcc(&workflow));
        Tcc { workflow, plan, compensations }
    }

    /// The plan of its steps.
    #[must_use]
    pub fn plan(&self) -> &Arc<TccPlan> {
        &self.plan
    }

    /// What its Trys and Cancels add up to.
    #[must_use]
    pub fn compensations(&self) -> &Arc<Compensations> {
        &self.compensations
    }

    fn step(&self, step: StepId) -> &str {
        &self.workflow.step(step).name
    }
}

impl ProtocolModel for Tcc {
    type Process = Role<TccCoordinator, TccParticipant>;
    type Resources = SmallVec<[i64; 2]>;
    type Monitor = TccWitness;

    fn workflow(&self) -> &Arc<Workflow> {
        &self.workflow
    }

    fn attempt(
        &self,
        _address: Address,
        resources: &mut SmallVec<[i64; 2]>,
        change: &TccChange,
    ) -> Result<Verdict, ArithmeticError> {
        let call = change.call();
        if let TccChange::Outside(call) = change {
            return self.workflow.reach_outside(call.workflow, &Locals::NONE, call.step, resources);
        }
        self.workflow.attempt(call.workflow, call.step, call.operation.into(), resources)
    }

    fn refusable(&self, change: &TccChange) -> bool {
        self.is_transaction(change) && change.call().operation == Operation::Try
    }

    fn is_transaction(&self, change: &TccChange) -> bool {
        !matches!(change, TccChange::Outside(_))
    }

    fn place(
        &self,
        _address: Address,
        resources: &SmallVec<[i64; 2]>,
        change: &TccChange,
    ) -> Option<Place> {
        let call = change.call();
        if let TccChange::Outside(call) = change {
            let none = &Locals::NONE;
            return self.workflow.undefined_outside(call.workflow, none, call.step, resources);
        }
        self.workflow.undefined(call.workflow, call.step, call.operation.into(), resources)
    }

    fn monitors(&self) -> Vec<TccWitness> {
        let steps = self.workflow.steps().len();
        let witness = |id| {
            let own = OwnChanges::new(&self.workflow, id, &self.compensations);
            TccWitness::new(steps).adding_up(own)
        };
        (0..self.workflow.instances()).map(WorkflowId).map(witness).collect()
    }

    fn watchers(&self, event: &Event<Tcc>) -> Vec<usize> {
        let call = match &event.what {
            PerformedEffect::Applied(TccChange::Outside(call), Verdict::Accepted) => *call,
            PerformedEffect::Applied(change, Verdict::Accepted) => {
                let workflow = change.call().workflow;
                return self.compensations.watchers(&self.workflow, workflow).collect();
            }
            PerformedEffect::Sent(_, TccMessage::Reply(call, Answer::Done))
                if call.operation == Operation::Cancel =>
            {
                *call
            }
            _ => return Vec::new(),
        };
        vec![call.workflow.0 as usize]
    }

    fn observe(&self, witness: &mut TccWitness, event: &Event<Tcc>) {
        match &event.what {
            PerformedEffect::Applied(TccChange::Outside(call), Verdict::Accepted) => {
                witness.steps[usize::from(call.step.0)].reached_outside();
            }
            PerformedEffect::Applied(change, Verdict::Accepted) => {
                let call = change.call();
                if witness.is_of(call.workflow) {
                    witness.applied(call);
                }
                if let Some(own) = &mut witness.own {
                    let made = (call.workflow, call.step, call.operation.into());
                    own.applied(&self.workflow, &self.compensations, made, &Locals::NONE);
                }
            }
            PerformedEffect::Sent(_, TccMessage::Reply(call, Answer::Done)) => {
                witness.answered(*call)
            }
            _ => {}
        }
    }

    fn interchangeable(&self) -> Option<Interchangeable<Self>> {
        Some(Interchangeable::workflows(self.workflow.interchangeable()))
    }

    fn tells(&self, event: &Event<Tcc>) -> Activities {
        activity::tells(event)
    }

    fn hears(&self, process: Address, _from: Address, message: &MessageOf<Self>) -> Activities {
        activity::heard(process, message)
    }

    fn reader(system: &System<Tcc>) -> StateReader<Tcc> {
        tcc_reader(system)
    }

    fn words(&self) -> &dyn Words<Tcc> {
        self
    }
}

impl Words<Tcc> for Tcc {
    fn process(&self, address: Address) -> String {
        match address {
            Address::Coordinator(workflow) => format!("coordinator {workflow}"),
            Address::Service(service) => self.workflow.service(service).name.clone(),
            elsewhere => unreachable!("a tcc has no process at {elsewhere:?}"),
        }
    }

    fn message(&self, message: &TccMessage) -> String {
        match message {
            TccMessage::Inquiry(workflow, step) => {
                format!("what was decided about {} of {workflow}?", self.step(*step))
            }
            TccMessage::Request(call) => {
                let verb = match call.operation {
                    Operation::Try => "try",
                    Operation::Confirm => "confirm",
                    Operation::Cancel => "cancel",
                };
                format!("{verb} {} of {}", self.step(call.step), call.workflow)
            }
            TccMessage::Reply(call, answer) => {
                let said = match (answer, call.operation) {
                    (Answer::Done, Operation::Try) => "is reserved",
                    (Answer::Done, Operation::Confirm) => "is confirmed",
                    (Answer::Done, Operation::Cancel) => "is cancelled",
                    (Answer::Refused, Operation::Try) => "is refused",
                    (Answer::Refused, Operation::Confirm) => "cannot be confirmed",
                    (Answer::Refused, Operation::Cancel) => "cannot be cancelled",
                    (Answer::Failed, _) => "failed, nothing changed",
                };
                format!("{} of {} {said}", self.step(call.step), call.workflow)
            }
        }
    }

    fn record(
        &self,
        _address: Address,
        record: &RoleRecord<TccRecord, ReservationRecord>,
    ) -> String {
        match record {
            RoleRecord::Coordinator(TccRecord::Accepted) => "accepted".to_owned(),
            RoleRecord::Coordinator(TccRecord::Decided(Decision::Confirm)) => {
                "decided to confirm".to_owned()
            }
            RoleRecord::Coordinator(TccRecord::Decided(Decision::Cancel)) => {
                "decided to cancel".to_owned()
            }
            RoleRecord::Coordinator(TccRecord::Ended(outcome)) => format!("ended, {outcome}"),
            RoleRecord::Participant(ReservationRecord::Remember(workflow, step, entry)) => {
                let what = match entry {
                    Reservation::OutsideOnly => "done outside of its transaction",
                    Reservation::Reserved => "reserved",
                    Reservation::Refused => "refused",
                    Reservation::Confirmed => "confirmed",
                    Reservation::Cancelled => "cancelled",
                };
                format!("{} of {workflow} {what}", self.step(*step))
            }
            RoleRecord::Participant(ReservationRecord::Forget(workflow, step)) => {
                format!("key of {} of {workflow} forgotten", self.step(*step))
            }
        }
    }

    fn change(&self, change: &TccChange) -> String {
        let call = change.call();
        let (step, workflow) = (self.step(call.step), call.workflow);
        match (change, call.operation) {
            (TccChange::Outside(_), _) => {
                format!("outside of the transaction, {step} of {workflow}")
            }
            (TccChange::Expired(..), _) => format!("release of expired {step} of {workflow}"),
            (_, Operation::Try) => format!("reservation of {step} of {workflow}"),
            (_, Operation::Confirm) => format!("confirmation of {step} of {workflow}"),
            (_, Operation::Cancel) => format!("release of {step} of {workflow}"),
        }
    }

    fn timer(&self, timer: &TccTimer) -> String {
        match timer {
            TccTimer::Call(step) => format!("no final answer about {}", self.step(*step)),
            TccTimer::Reservation(workflow, step) => {
                format!("the reservation of {} of {workflow} grows old", self.step(*step))
            }
            TccTimer::Inquiry(workflow, step) => {
                format!("no decision about {} of {workflow}", self.step(*step))
            }
            TccTimer::Key(workflow, step) => {
                format!("the idempotency key of {} of {workflow} runs out", self.step(*step))
            }
        }
    }

    fn outcome(&self, outcome: &TccOutcome) -> String {
        outcome.to_string()
    }

    fn ending(&self, ending: Ending) -> &'static str {
        match ending {
            Ending::Completed => "completed",
            Ending::Compensated => "cancelled",
            Ending::Failed => "failed",
        }
    }

    fn resources(&self, address: Address, resources: &SmallVec<[i64; 2]>) -> Vec<String> {
        self.workflow.resource_facts(address, resources)
    }

    fn monitor(&self, position: usize, witness: &TccWitness) -> Vec<String> {
        witness.facts(&self.workflow, WorkflowId(position as u32), &self.compensations)
    }

    fn watched(&self, position: usize) -> Option<String> {
        self.workflow.told_apart(position)
    }
}
