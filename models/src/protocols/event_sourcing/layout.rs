//! Where to look for what in a state of an event-sourced system.

use std::sync::Arc;

use amends_check::{Parts, Property, Snapshot};

use crate::process::{Address, ServiceId, WorkflowId};
use crate::system::{BuiltIn, Ending, Local, Part, StateReader, System};
use crate::workflow::ResourceId;
use crate::workflow::domain::AggregateId;

use super::command::Run;
use super::consumer::{ConsumerMemory, Marks};
use super::event::{EventLog, Position, StoredEvent};
use super::handler::HandlerState;
use super::message::{Answer, EventMessage};
use super::plan::{ConsumerId, EventPlan, STORE};
use super::store::StoreMemory;
use super::system::EventSourcing;
use super::witness::EventWitness;

/// Where to look for what in a state of the system.
#[derive(Clone)]
pub(super) struct StateLayout {
    pub(super) plan: Arc<EventPlan>,
    pub(super) store: usize,
    pub(super) handlers: Vec<(Address, usize)>,
    pub(super) consumers: Vec<(ConsumerId, usize)>,
    first_monitor: usize,
}

pub(super) type View<'a> = Snapshot<'a, Part<EventSourcing>>;

impl StateLayout {
    pub(super) fn new(system: &System<EventSourcing>) -> Self {
        let plan = Arc::clone(system.protocol().plan());
        let slot = |address| system.process_slot(address);
        let handlers = system
            .addresses()
            .filter(|address| matches!(address, Address::Coordinator(_)))
            .map(|address| (address, slot(address)))
            .collect();
        let consumers = plan.consumers().map(|id| (id, slot(plan.address(id)))).collect();
        let first_monitor = system.monitor_slot(0);
        StateLayout { store: slot(STORE), handlers, consumers, first_monitor, plan }
    }

    pub(super) fn look(
        &self,
        condition: impl Fn(&StateLayout, View<'_>) -> bool + Send + Sync + 'static,
    ) -> impl for<'a> Fn(View<'a>) -> bool + Send + Sync + 'static {
        let layout = self.clone();
        move |view: View<'_>| condition(&layout, view)
    }

    pub(super) fn property(
        &self,
        property: BuiltIn,
        condition: impl Fn(&StateLayout, View<'_>) -> bool + Send + Sync + 'static,
    ) -> Property<Parts<Part<EventSourcing>>> {
        property.property(self.look(condition))
    }

    pub(super) fn local<'a>(&self, view: View<'a>, slot: usize) -> &'a Local<EventSourcing> {
        view.part(slot).process()
    }

    pub(super) fn log<'a>(&self, view: View<'a>) -> &'a EventLog {
        &self.local(view, self.store).durable.participant.coordinator
    }

    pub(super) fn store_memory<'a>(&self, view: View<'a>) -> &'a StoreMemory {
        &self.local(view, self.store).volatile.participant.coordinator
    }

    pub(super) fn handler<'a>(
        &self,
        view: View<'a>,
        slot: usize,
    ) -> (&'a HandlerState, &'a Option<Run>) {
        let local = self.local(view, slot);
        (&local.durable.coordinator, &local.volatile.coordinator)
    }

    pub(super) fn consumer<'a>(
        &self,
        view: View<'a>,
        slot: usize,
    ) -> (&'a Marks, &'a ConsumerMemory) {
        let local = self.local(view, slot);
        (&local.durable.participant.participant, &local.volatile.participant.participant)
    }

    /// The witness of each client, with its handler.
    pub(super) fn clients<'a>(
        &self,
        view: View<'a>,
    ) -> impl Iterator<Item = (Address, usize, &'a EventWitness)> {
        let first = self.first_monitor;
        self.handlers
            .iter()
            .enumerate()
            .map(move |(at, &(address, slot))| (address, slot, view.part(first + at).monitor()))
    }

    /// The witness of each consumer.
    pub(super) fn witnesses<'a>(
        &self,
        view: View<'a>,
    ) -> impl Iterator<Item = (ConsumerId, &'a EventWitness)> {
        let first = self.first_monitor + self.handlers.len();
        self.consumers
            .iter()
            .enumerate()
            .map(move |(at, &(id, _))| (id, view.part(first + at).monitor()))
    }

    pub(super) fn answers<'a>(&self, view: View<'a>) -> impl Iterator<Item = &'a Answer> {
        self.clients(view).flat_map(|(_, _, client)| client.answers()).map(|told| &told.answer)
    }

    /// The commands that are being carried out.
    pub(super) fn runs<'a>(&self, view: View<'a>) -> impl Iterator<Item = &'a Run> {
        let handlers =
            self.handlers.iter().filter_map(move |&(_, slot)| self.handler(view, slot).1.as_ref());
        handlers.chain(self.consumers.iter().filter_map(move |&(_, slot)| {
            self.consumer(view, slot).1.answering.as_ref().map(|(_, _, run)| run)
        }))
    }

    /// All clients have their answers, and all consumers have handled all that can be seen.
    pub(super) fn is_settled(&self, view: View<'_>) -> bool {
        let requests = self.plan.domain().requests().len();
        let answered = self.handlers.iter().all(|&(_, slot)| {
            let (state, run) = self.handler(view, slot);
            usize::from(state.answered) == requests && run.is_none()
        });
        answered
            && self.store_memory(view).open.is_empty()
            && !self.has_append_from(view, |_| true)
            && self.consumers.iter().all(|&(id, slot)| self.is_idle(view, id, slot))
    }

    pub(super) fn is_idle(&self, view: View<'_>, id: ConsumerId, slot: usize) -> bool {
        let (marks, memory) = self.consumer(view, slot);
        let log = self.log(view);
        memory.answering.is_none()
            && memory.held.is_empty()
            && memory.gap.is_none()
            && self
                .plan
                .sources()
                .into_iter()
                .all(|source| self.plan.next(log, &[], id, source, marks.get(source)).is_none())
    }

    pub(super) fn has_append_from(&self, view: View<'_>, who: impl Fn(Address) -> bool) -> bool {
        let mut inbox = self.local(view, self.store).inbox.messages();
        inbox.any(|(from, message)| who(*from) && matches!(message, EventMessage::Append(_)))
    }

    /// The chain of causes of the event at a position.
    pub(super) fn causes<'a>(
        &'a self,
        log: &'a EventLog,
        position: Position,
    ) -> impl Iterator<Item = &'a StoredEvent> {
        let at = move |position| self.plan.events(log).find(|event| event.position == position);
        let cause = move |event: &&StoredEvent| event.command.cause().and_then(at);
        std::iter::successors(at(position), cause).skip(1)
    }

    pub(super) fn reader(&self) -> StateReader<EventSourcing> {
        let (settled, resources, endings) = (self.clone(), self.clone(), self.clone());
        StateReader::new(
            self.handlers.len() as u32,
            move |view: View<'_>| settled.is_settled(view),
            move |view: View<'_>, (owner, value)| resources.resource(view, owner, value),
            move |view: View<'_>, workflow| endings.ending(view, workflow),
        )
    }

    /// Its client has all answers: no command was turned down, or some were.
    fn ending(&self, view: View<'_>, workflow: WorkflowId) -> Option<Ending> {
        let (_, slot) = self.handlers[workflow.0 as usize];
        let (state, _) = self.handler(view, slot);
        let has_ended = usize::from(state.answered) == self.plan.domain().requests().len();
        let ending = if state.turned_down > 0 { Ending::Failed } else { Ending::Completed };
        has_ended.then_some(ending)
    }

    /// Services are numbered like this: the aggregates, then the projections.
    fn resource(&self, view: View<'_>, owner: ServiceId, value: ResourceId) -> i64 {
        let (owner, value) = (usize::from(owner.0), usize::from(value.0));
        let aggregates = self.plan.domain().aggregates().len();
        match owner.checked_sub(aggregates) {
            None => self.stored_value(view, AggregateId(owner as u8), value),
            Some(projection) => {
                let (_, slot) = self.consumers[projection];
                self.local(view, slot).resources.values[value]
            }
        }
    }

    /// The value that the log says an aggregate has; the sum, where every workflow has its own.
    pub(super) fn stored_value(&self, view: View<'_>, aggregate: AggregateId, value: usize) -> i64 {
        let log = self.log(view);
        let streams = self.plan.streams().iter().filter(|stream| stream.aggregate == aggregate);
        streams
            .map(|&stream| {
                let version = self.plan.version(log, stream);
                // An event that cannot be computed is reported by `well-defined`.
                let state = self.plan.state_at(log, stream, version).ok().flatten();
                state.map_or(0, |state| state[value])
            })
            .sum()
    }
}
