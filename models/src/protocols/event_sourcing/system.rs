//! Event sourcing as a system: a store, one command handler per workflow, and a consumer for every
//! projection and every process manager.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::process::rename::renames;
use crate::process::{Address, Verdict};
use crate::system::{
    Activities, Event, Interchangeable, Operation, PerformedEffect, ProtocolModel, Role,
    RoleRecord, StateReader, Subject, System, SystemBuilder, Words,
};
use crate::workflow::builder::Place;
use crate::workflow::domain::{
    COMMAND_HANDLER, Domain, DomainPlace, EVENT_STORE, EventField, Values,
};
use crate::workflow::{ArithmeticError, Workflow};

use super::activity;
use super::consumer::{Consumer, Marks};
use super::handler::CommandHandler;
use super::knobs::{EventSourcingKnobs, ReadModelWrite};
use super::message::EventChange;
use super::plan::{ConsumerId, EventPlan, STORE};
use super::properties::{event_sourcing_properties, event_sourcing_reader};
use super::store::EventStore;
use super::witness::EventWitness;

/// An event-sourced system, as a [`System`] hosts it.
#[derive(Clone, Debug)]
pub struct EventSourcing {
    pub(super) workflow: Arc<Workflow>,
    pub(super) plan: Arc<EventPlan>,
}

/// What a projection owns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReadModel {
    /// Its values.
    pub values: Values,
    /// The last events in its rows, if it keeps them.
    pub applied: Marks,
}

renames!(struct ReadModel { values, applied });

/// The system that carries the domain out for the workflows of `workflow`, with the built-in
/// properties of event sourcing and those that the workflow states.
#[must_use]
pub fn system(
    workflow: &Workflow,
    domain: &Arc<Domain>,
    knobs: &EventSourcingKnobs,
) -> System<EventSourcing> {
    let workflow = Arc::new(workflow.clone());
    let plan = Arc::new(EventPlan::new(Arc::clone(domain), knobs.clone(), workflow.instances()));
    let protocol = EventSourcing { workflow: Arc::clone(&workflow), plan: Arc::clone(&plan) };
    let store = Role::Participant(Role::Coordinator(EventStore::new(Arc::clone(&plan))));
    let mut builder = SystemBuilder::new(protocol)
        .process(EVENT_STORE, STORE, store, ReadModel::default())
        .workflows(COMMAND_HANDLER, Address::Coordinator, |id| {
            Role::Coordinator(CommandHandler::new(id, Arc::clone(&plan)))
        });
    for id in plan.consumers() {
        let core = Role::Participant(Role::Participant(Consumer::new(id, Arc::clone(&plan))));
        let (name, values) = match id {
            ConsumerId::Projection(at) => {
                let projection = &domain.projections()[at];
                (&projection.name, projection.values.iter().map(|&(_, value)| value).collect())
            }
            ConsumerId::Manager(at) => (&domain.managers()[at], Values::new()),
        };
        let model = ReadModel { values, applied: Marks::default() };
        builder = builder.process(name, plan.address(id), core, model).with_client();
    }
    builder.judged_by(event_sourcing_properties)
}

impl EventSourcing {
    /// The plan that its processes share.
    #[must_use]
    pub fn plan(&self) -> &Arc<EventPlan> {
        &self.plan
    }

    fn monitor_of(&self, address: Address) -> Option<usize> {
        match address {
            Address::Coordinator(workflow) => Some(workflow.0 as usize),
            Address::Service(_) => {
                let workflows = self.workflow.instances() as usize;
                let position =
                    self.plan.consumers().position(|id| self.plan.address(id) == address);
                position.map(|at| workflows + at)
            }
            _ => None,
        }
    }
}

impl ProtocolModel for EventSourcing {
    type Process = Role<CommandHandler, Role<EventStore, Consumer>>;
    type Resources = ReadModel;
    type Monitor = EventWitness;

    fn workflow(&self) -> &Arc<Workflow> {
        &self.workflow
    }

    fn attempt(
        &self,
        address: Address,
        model: &mut ReadModel,
        change: &EventChange,
    ) -> Result<Verdict, ArithmeticError> {
        let EventChange::Project(event) = change else { return Ok(Verdict::Accepted) };
        let Some(ConsumerId::Projection(projection)) = self.plan.consumer(address) else {
            return Ok(Verdict::Accepted);
        };
        if self.plan.knobs().read_model == ReadModelWrite::ByPosition {
            let (source, mark) = (self.plan.source_of(event), self.plan.mark(event));
            if model.applied.get(source) >= mark {
                return Ok(Verdict::Refused);
            }
            model.applied.set(source, mark);
        }
        self.plan.domain().project(projection, event.kind, &mut model.values)?;
        Ok(Verdict::Accepted)
    }

    fn refusable(&self, _change: &EventChange) -> bool {
        false
    }

    fn place(
        &self,
        _address: Address,
        _resources: &Self::Resources,
        change: &EventChange,
    ) -> Option<Place> {
        let EventChange::Project(event) = change else { return None };
        let event = self.plan.domain().upcast(&event.kind).first()?;
        Some(Place::Domain(DomainPlace::Event(usize::from(event.0), EventField::Name)))
    }

    fn monitors(&self) -> Vec<EventWitness> {
        let clients = (0..self.workflow.instances()).map(|_| EventWitness::of_client());
        clients.chain(self.plan.consumers().map(EventWitness::of_consumer)).collect()
    }

    fn watchers(&self, event: &Event<EventSourcing>) -> Vec<usize> {
        let concerns = match &event.what {
            PerformedEffect::Applied(EventChange::Project(_), verdict) => {
                *verdict != Verdict::Failed
            }
            PerformedEffect::Finished(_) => true,
            PerformedEffect::Persisted(RoleRecord::Participant(RoleRecord::Participant(_))) => true,
            PerformedEffect::Applied(EventChange::Insert(_), _)
            | PerformedEffect::Persisted(_)
            | PerformedEffect::Sent(..) => false,
        };
        if concerns { self.monitor_of(event.process).into_iter().collect() } else { Vec::new() }
    }

    fn observe(&self, witness: &mut EventWitness, event: &Event<EventSourcing>) {
        match &event.what {
            PerformedEffect::Applied(EventChange::Project(event), Verdict::Accepted) => {
                witness.changed(event.position);
            }
            PerformedEffect::Applied(EventChange::Project(event), Verdict::Refused) => {
                witness.passed(event.position);
            }
            PerformedEffect::Persisted(RoleRecord::Participant(RoleRecord::Participant(
                checkpoint,
            ))) => {
                witness.passed(checkpoint.mark.position);
            }
            PerformedEffect::Finished(told) => witness.told(told),
            _ => {}
        }
    }

    fn interchangeable(&self) -> Option<Interchangeable<Self>> {
        Some(Interchangeable::workflows(self.workflow.interchangeable()))
    }

    fn tells(&self, event: &Event<EventSourcing>) -> Activities {
        activity::tells(&self.plan, event)
    }

    fn subject(&self, operation: Operation, name: &str) -> Option<Subject> {
        activity::subject(&self.plan, operation, name)
    }

    fn subject_name(&self, subject: Subject) -> String {
        activity::subject_name(&self.plan, subject)
    }

    fn service_of(&self, subject: Subject) -> String {
        activity::service_of(&self.plan, subject)
    }

    fn reader(system: &System<EventSourcing>) -> StateReader<EventSourcing> {
        event_sourcing_reader(system)
    }

    fn words(&self) -> &dyn Words<EventSourcing> {
        self
    }
}
