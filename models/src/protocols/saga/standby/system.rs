//! The saga with a coordinator that stands by, as a system: two nodes of coordinators, a store that
//! they share, and the services. What the steps mean is what they mean to any [`Saga`].

use std::sync::Arc;

use crate::process::nodes::{COORDINATOR, STANDBY, STORE};
use crate::process::{Address, Verdict};
use crate::protocols::lease::{LeaseRecord, Registers, StoreRecord};
use crate::protocols::saga::knobs::SagaKnobs;
use crate::protocols::saga::log::{SagaLog, SagaRecord};
use crate::protocols::saga::participant::SagaParticipant;
use crate::protocols::saga::plan::SagaPlan;
use crate::protocols::saga::rows::Rows;
use crate::protocols::saga::system::{Saga, SagaMonitor};
use crate::system::{
    Activities, Event, Interchangeable, Local, MessageOf, PerformedEffect, ProtocolModel, Role,
    RoleRecord, StateReader, System, SystemBuilder, Words,
};
use crate::workflow::builder::Place;
use crate::workflow::{ArithmeticError, Workflow};

use super::properties::{standby_properties, standby_reader};
use super::{AskedParticipant, LedCoordinator, LogStore, StandbyChange, StandbyMessage};
use crate::protocols::saga::activity;

/// A saga with a coordinator that stands by, as a system hosts it.
#[derive(Clone, Debug)]
pub struct StandbySaga {
    pub(super) saga: Saga,
}

/// The system that carries `workflow` out as a saga that another coordinator can take over, with the
/// properties of any saga.
#[must_use]
pub fn system(workflow: &Workflow, knobs: &SagaKnobs) -> System<StandbySaga> {
    let workflow = Arc::new(workflow.clone());
    let plan = SagaPlan::new(workflow.steps(), knobs.clone()).with_exceptions(&workflow);
    let plan = Arc::new(plan);
    let saga = Saga::new(Arc::clone(&workflow), Arc::clone(&plan));
    let store = Role::Coordinator(Role::Participant(LogStore::new(knobs)));
    SystemBuilder::new(StandbySaga { saga })
        .workflows(COORDINATOR, Address::Coordinator, |id| {
            coordinator(LedCoordinator::first(id, &plan))
        })
        .workflows(STANDBY, Address::Standby, |id| coordinator(LedCoordinator::standby(id, &plan)))
        .process(STORE, Address::Store, store, Rows::default())
        .services(
            |_| {
                let participant = SagaParticipant::new(Arc::clone(&plan));
                Role::Participant(AskedParticipant::new(participant))
            },
            |values| Rows { values: values.into(), ..Rows::default() },
        )
        .judged_by(standby_properties)
}

/// A process of a saga that can be taken over: on the coordinators' side a coordinator or their store,
/// on the other side a participant.
pub type StandbyProcess = Role<Role<LedCoordinator, LogStore>, AskedParticipant>;

fn coordinator(core: LedCoordinator) -> StandbyProcess {
    Role::Coordinator(Role::Coordinator(core))
}

impl StandbySaga {
    /// The saga that is led by turns.
    #[must_use]
    pub fn saga(&self) -> &Saga {
        &self.saga
    }

    /// The logs of all workflows, as the store has them.
    #[must_use]
    pub fn registers(store: &Local<StandbySaga>) -> &Registers<SagaLog> {
        &store.durable.coordinator.participant
    }
}

/// What an event means to a saga, where it means anything: that a log is written which says that the
/// workflow ended is what a coordinator's last record is elsewhere.
fn of_saga(event: &Event<StandbySaga>) -> Option<Event<Saga>> {
    let (process, what) = match &event.what {
        PerformedEffect::Applied(asked, verdict) => {
            (event.process, PerformedEffect::Applied(asked.change, *verdict))
        }
        PerformedEffect::Sent(to, StandbyMessage::Saga(message)) => {
            (event.process, PerformedEffect::Sent(*to, *message))
        }
        PerformedEffect::Persisted(RoleRecord::Coordinator(RoleRecord::Participant(
            StoreRecord { workflow, lease: LeaseRecord::Written(log) },
        ))) => {
            let ended = RoleRecord::Coordinator(SagaRecord::Ended(log.outcome()?));
            (Address::Coordinator(*workflow), PerformedEffect::Persisted(ended))
        }
        PerformedEffect::Finished(outcome) => (event.process, PerformedEffect::Finished(*outcome)),
        _ => return None,
    };
    Some(Event { process, what })
}

impl ProtocolModel for StandbySaga {
    type Process = StandbyProcess;
    type Resources = Rows;
    type Monitor = SagaMonitor;

    fn workflow(&self) -> &Arc<Workflow> {
        self.saga.workflow()
    }

    fn read(
        &self,
        address: Address,
        rows: &Rows,
        asked: &mut StandbyChange,
    ) -> Result<(), ArithmeticError> {
        self.saga.read(address, rows, &mut asked.change)
    }

    fn attempt(
        &self,
        address: Address,
        rows: &mut Rows,
        asked: &StandbyChange,
    ) -> Result<Verdict, ArithmeticError> {
        self.saga.attempt(address, rows, &asked.change)
    }

    fn refusable(&self, asked: &StandbyChange) -> bool {
        self.saga.refusable(&asked.change)
    }

    fn is_transaction(&self, asked: &StandbyChange) -> bool {
        self.saga.is_transaction(&asked.change)
    }

    fn place(&self, address: Address, rows: &Rows, asked: &StandbyChange) -> Option<Place> {
        self.saga.place(address, rows, &asked.change)
    }

    fn monitors(&self) -> Vec<SagaMonitor> {
        self.saga.monitors()
    }

    fn watchers(&self, event: &Event<StandbySaga>) -> Vec<usize> {
        of_saga(event).map_or(Vec::new(), |event| self.saga.watchers(&event))
    }

    fn observe(&self, monitor: &mut SagaMonitor, event: &Event<StandbySaga>) {
        if let Some(event) = of_saga(event) {
            self.saga.observe(monitor, &event);
        }
    }

    fn interchangeable(&self) -> Option<Interchangeable<Self>> {
        Some(Interchangeable::workflows(self.workflow().interchangeable()))
    }

    fn tells(&self, event: &Event<StandbySaga>) -> Activities {
        of_saga(event).map_or(Activities::new(), |event| activity::tells(&event))
    }

    fn hears(&self, process: Address, _from: Address, message: &MessageOf<Self>) -> Activities {
        match message {
            StandbyMessage::Saga(message) => activity::heard(process, message),
            StandbyMessage::Lease(_) => Activities::new(),
        }
    }

    fn reader(system: &System<StandbySaga>) -> StateReader<StandbySaga> {
        standby_reader(system)
    }

    fn words(&self) -> &dyn Words<StandbySaga> {
        self
    }
}
