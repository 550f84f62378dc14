//! Two-phase commit as a system: a coordinator per transaction on one node, one participant per
//! service, and, where one stands by, a second node of coordinators and a store that both nodes share.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::process::nodes::{COORDINATOR, STANDBY, STORE};
use crate::process::rename::renames;
use crate::process::{Address, ServiceId, StepId, Verdict, WorkflowId};
use crate::system::{
    Activities, Event, Interchangeable, Local, MessageOf, Operation, PerformedEffect,
    ProtocolModel, Role, RoleRecord, StateReader, Subject, System, SystemBuilder, Words,
};
use crate::workflow::builder::Place;
use crate::workflow::{ArithmeticError, Work, Workflow};

use super::activity;
use super::coordinator::TwoPhaseCoordinator;
use super::knobs::{Locks, TwoPhaseKnobs};
use super::log::{BranchRecord, BranchState, Branches, CoordinatorLog};
use super::message::{Saying, Vote};
use super::participant::{BranchChange, ChangeKind, TwoPhaseParticipant};
use super::plan::TwoPhasePlan;
use super::properties::{two_phase_properties, two_phase_reader};
use super::store::DecisionStore;
use super::witness::TwoPhaseWitness;

/// A two-phase commit, as a system hosts it.
#[derive(Clone, Debug)]
pub struct TwoPhaseCommit {
    pub(super) workflow: Arc<Workflow>,
    pub(super) plan: Arc<TwoPhasePlan>,
}

/// The rows of a participant: their values, and the transactions they are prepared for. Both survive
/// crashes, whatever the participant's log says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rows {
    /// The values of the service's resources.
    pub values: SmallVec<[i64; 2]>,
    /// The transactions that the rows are prepared (and locked) for, in order.
    pub prepared: SmallVec<[WorkflowId; 2]>,
}

renames!(struct Rows { values; sorted prepared });

/// The system that carries `workflow` out in two phases, with the built-in properties and those that
/// the workflow states.
#[must_use]
pub fn system(workflow: &Workflow, knobs: &TwoPhaseKnobs) -> System<TwoPhaseCommit> {
    let workflow = Arc::new(workflow.clone());
    let plan = Arc::new(TwoPhasePlan::new(workflow.steps(), knobs.clone()));
    let protocol = TwoPhaseCommit { workflow: Arc::clone(&workflow), plan: Arc::clone(&plan) };
    let mut builder =
        SystemBuilder::new(protocol).workflows(COORDINATOR, Address::Coordinator, |id| {
            coordinator(TwoPhaseCoordinator::first(id, Arc::clone(&plan)))
        });
    if knobs.standby {
        let store = Role::Coordinator(Role::Participant(DecisionStore::new(&plan)));
        builder = builder
            .workflows(STANDBY, Address::Standby, |id| {
                coordinator(TwoPhaseCoordinator::standby(id, Arc::clone(&plan)))
            })
            .process(STORE, Address::Store, store, Rows::default());
    }
    builder
        .services(
            |id| {
                let plan = Arc::new(plan.at_service(&workflow, id));
                Role::Participant(TwoPhaseParticipant::new(id, plan))
            },
            |values| Rows { values: values.into(), ..Rows::default() },
        )
        .judged_by(two_phase_properties)
}

/// A process of a two-phase commit: on the coordinators' side a coordinator or their store, on the
/// other side a participant.
pub type TwoPhaseProcess = Role<Role<TwoPhaseCoordinator, DecisionStore>, TwoPhaseParticipant>;

fn coordinator(core: TwoPhaseCoordinator) -> TwoPhaseProcess {
    Role::Coordinator(Role::Coordinator(core))
}

impl TwoPhaseCommit {
    /// Who takes part.
    #[must_use]
    pub fn plan(&self) -> &Arc<TwoPhasePlan> {
        &self.plan
    }

    /// The log of a coordinator.
    #[must_use]
    pub fn coordinator_log(local: &Local<TwoPhaseCommit>) -> &CoordinatorLog {
        &local.durable.coordinator.coordinator
    }

    /// The log of a participant.
    #[must_use]
    pub fn branches(local: &Local<TwoPhaseCommit>) -> &Branches {
        &local.durable.participant
    }

    pub(super) fn steps_at(&self, service: ServiceId) -> impl Iterator<Item = StepId> {
        let steps = self.workflow.steps().iter().enumerate();
        steps.filter(move |(_, step)| step.service == service).map(|(at, _)| StepId(at as u8))
    }

    /// Makes the steps of a service on a copy of its values; `None` when one of them is refused.
    fn make_steps(
        &self,
        workflow: WorkflowId,
        service: ServiceId,
        values: &[i64],
    ) -> Result<Option<SmallVec<[i64; 2]>>, ArithmeticError> {
        let mut values = SmallVec::from_slice(values);
        for step in self.steps_at(service) {
            match self.workflow.attempt(workflow, step, Work::Change, &mut values)? {
                Verdict::Accepted => {}
                Verdict::Refused | Verdict::Failed => return Ok(None),
            }
        }
        Ok(Some(values))
    }

    fn locks_at(&self, service: ServiceId) -> Locks {
        let knobs = self.plan.knobs();
        let exception = knobs.services.get(&self.workflow.service(service).name);
        exception.and_then(|exception| exception.locks).unwrap_or(knobs.locks)
    }

    fn position(&self, process: Address) -> Option<usize> {
        let Address::Service(service) = process else { return None };
        self.plan.participants().iter().position(|participant| *participant == service)
    }
}

impl ProtocolModel for TwoPhaseCommit {
    type Process = TwoPhaseProcess;
    type Resources = Rows;
    type Monitor = TwoPhaseWitness;

    fn workflow(&self) -> &Arc<Workflow> {
        &self.workflow
    }

    fn attempt(
        &self,
        address: Address,
        rows: &mut Rows,
        change: &BranchChange,
    ) -> Result<Verdict, ArithmeticError> {
        let Address::Service(service) = address else { return Ok(Verdict::Refused) };
        let workflow = change.workflow;
        match change.kind {
            ChangeKind::Check => {
                let locks = self.locks_at(service) == Locks::Held;
                let taken = rows.prepared.iter().any(|other| *other != workflow);
                if locks && taken && self.plan.is_exclusive(service) {
                    return Ok(Verdict::Refused);
                }
                if self.make_steps(workflow, service, &rows.values)?.is_none() {
                    return Ok(Verdict::Refused);
                }
            }
            ChangeKind::Hold => {
                if let Err(at) = rows.prepared.binary_search(&workflow) {
                    rows.prepared.insert(at, workflow);
                }
            }
            ChangeKind::Commit => {
                let Some(values) = self.make_steps(workflow, service, &rows.values)? else {
                    return Ok(Verdict::Refused);
                };
                rows.values = values;
                rows.prepared.retain(|id| *id != workflow);
            }
            ChangeKind::Rollback => rows.prepared.retain(|id| *id != workflow),
        }
        Ok(Verdict::Accepted)
    }

    fn refusable(&self, change: &BranchChange) -> bool {
        change.kind == ChangeKind::Check
    }

    fn place(&self, address: Address, rows: &Rows, change: &BranchChange) -> Option<Place> {
        let Address::Service(service) = address else { return None };
        let mut values = rows.values.clone();
        for step in self.steps_at(service) {
            let undefined = self.workflow.undefined(change.workflow, step, Work::Change, &values);
            if undefined.is_some() {
                return undefined;
            }
            self.workflow.attempt(change.workflow, step, Work::Change, &mut values).ok()?;
        }
        None
    }

    fn monitors(&self) -> Vec<TwoPhaseWitness> {
        let branches = self.plan.participants().len();
        (0..self.workflow.instances()).map(|_| TwoPhaseWitness::new(branches)).collect()
    }

    fn watchers(&self, event: &Event<TwoPhaseCommit>) -> Vec<usize> {
        let workflow = match &event.what {
            PerformedEffect::Applied(change, Verdict::Accepted)
                if change.kind != ChangeKind::Hold =>
            {
                change.workflow
            }
            PerformedEffect::Sent(_, message)
                if matches!(message.saying, Saying::Vote(Vote::Yes)) =>
            {
                message.workflow
            }
            PerformedEffect::Persisted(RoleRecord::Participant(record))
                if matches!(record.state, BranchState::Aborted) =>
            {
                record.workflow
            }
            _ => return Vec::new(),
        };
        vec![workflow.0 as usize]
    }

    fn observe(&self, witness: &mut TwoPhaseWitness, event: &Event<TwoPhaseCommit>) {
        let Some(position) = self.position(event.process) else { return };
        let branch = witness.branch(position);
        match &event.what {
            PerformedEffect::Applied(change, Verdict::Accepted) => match change.kind {
                ChangeKind::Commit => branch.committed(),
                ChangeKind::Rollback => branch.aborted(),
                ChangeKind::Check | ChangeKind::Hold => {}
            },
            PerformedEffect::Persisted(RoleRecord::Participant(BranchRecord {
                state: BranchState::Aborted,
                ..
            })) => branch.aborted(),
            PerformedEffect::Sent(_, message) if message.saying == Saying::Vote(Vote::Yes) => {
                branch.promised();
            }
            _ => {}
        }
    }

    fn interchangeable(&self) -> Option<Interchangeable<Self>> {
        Some(Interchangeable::workflows(self.workflow.interchangeable()))
    }

    fn tells(&self, event: &Event<TwoPhaseCommit>) -> Activities {
        activity::tells(event)
    }

    fn hears(&self, _process: Address, from: Address, message: &MessageOf<Self>) -> Activities {
        activity::hears(from, message)
    }

    fn subject(&self, _operation: Operation, name: &str) -> Option<Subject> {
        let mut services = self.workflow.services().iter();
        let service = services.position(|service| service.name == name);
        // A step stands for its service, which does all of its steps together.
        let step = || self.workflow.steps().iter().find(|step| step.name == name);
        service
            .map(|at| ServiceId(at as u16))
            .or_else(|| Some(step()?.service))
            .map(Subject::Service)
    }

    fn reader(system: &System<TwoPhaseCommit>) -> StateReader<TwoPhaseCommit> {
        two_phase_reader(system)
    }

    fn words(&self) -> &dyn Words<TwoPhaseCommit> {
        self
    }
}
