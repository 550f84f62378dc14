//! The properties of an outbox.
//!
//! | property | what it rules out |
//! |---|---|
//! | `published-iff-committed` | dual write: the row is there and the event is not, or the reverse |
//! | `effect-once` | duplicate consume: a message that is handled twice |
//! | `no-message-dropped` | a published message that was neither handled nor put away |
//! | `ordered-per-aggregate` | an event that takes effect before an earlier one of its aggregate |
//! | `settles` | a message that is delivered for ever, and blocks what comes after it |
//! | `well-defined` | arithmetic without a result |

use std::sync::Arc;

use amends_check::{Parts, Property, Snapshot};

use crate::process::{Address, Effect, StepSet, WorkflowId};
use crate::system::{
    BuiltIn, EFFECT_ONCE, Ending, Local, Part, ProtocolModel, SETTLES, StateReader, System,
    WELL_DEFINED,
};

use super::message::{Line, OutboxMessage, OutboxTimer};
use super::plan::OutboxPlan;
use super::process::OutboxProcess;
use super::system::Outbox;
use super::witness::OutboxWitness;

/// The built-in properties of an outbox.
pub(crate) const BUILT_IN: &[BuiltIn] = &[
    WELL_DEFINED,
    PUBLISHED_IFF_COMMITTED,
    SETTLES,
    EFFECT_ONCE,
    NO_MESSAGE_DROPPED,
    ORDERED_PER_AGGREGATE,
];

/// No dual write: the row is there and the event is not, or the reverse.
pub(crate) const PUBLISHED_IFF_COMMITTED: BuiltIn = BuiltIn::always(
    "published-iff-committed",
    "in the end, an event is published if and only if its transaction is committed",
);

/// No message is neither handled nor put away.
pub(crate) const NO_MESSAGE_DROPPED: BuiltIn = BuiltIn::always(
    "no-message-dropped",
    "in the end, every published message is handled or put away as a dead letter",
);

/// No event takes effect before an earlier one of its aggregate.
pub(crate) const ORDERED_PER_AGGREGATE: BuiltIn = BuiltIn::always(
    "ordered-per-aggregate",
    "the events of an aggregate are handled in the order in which they were committed",
);

/// The built-in properties of an outbox.
#[must_use]
pub(crate) fn outbox_properties(system: &System<Outbox>) -> Vec<Property<Parts<Part<Outbox>>>> {
    let layout = StateLayout::new(system);
    let any_settled = |chosen: fn(&OutboxWitness) -> StepSet| {
        layout.look(move |s, v| {
            s.is_settled(v) && s.witnesses(v).any(|(_, witness)| !chosen(witness).is_empty())
        })
    };
    let mut properties = vec![
        layout.property(WELL_DEFINED, |s, v| s.locals(v).all(|local| local.defect.is_none())),
        layout
            .property(PUBLISHED_IFF_COMMITTED, |s, v| {
                s.witnesses(v).all(|(_, witness)| witness.published == witness.committed)
            })
            .given(any_settled(|witness| witness.committed.union(witness.published))),
        layout.property(SETTLES, |s, v| s.is_settled(v)),
        layout
            .property(EFFECT_ONCE, |s, v| {
                s.witnesses(v).all(|(_, witness)| witness.handled.iter().all(|&(_, n)| n <= 1))
            })
            .given(layout.look(|s, v| s.witnesses(v).any(|(_, w)| !w.handled.is_empty()))),
        layout
            .property(NO_MESSAGE_DROPPED, |s, v| {
                s.witnesses(v).all(|(workflow, witness)| {
                    witness.published.iter().all(|step| {
                        let mut deliveries = s.plan.deliveries(Line { step, workflow });
                        deliveries.all(|delivery| {
                            witness.has_handled(delivery.handler)
                                || s.locals(v).any(|local| local.durable.is_dead(delivery))
                        })
                    })
                })
            })
            .given(any_settled(|witness| witness.published)),
    ];
    // Where no service handles two events of an aggregate, there is no order to keep.
    if system.protocol().plan().has_order() {
        let two_were_tried = |witness: &OutboxWitness, plan: &OutboxPlan| {
            witness
                .tried
                .iter()
                .any(|handler| !plan.handled_before(handler).intersection(witness.tried).is_empty())
        };
        properties.push(
            layout
                .property(ORDERED_PER_AGGREGATE, |s, v| {
                    s.witnesses(v).all(|(_, witness)| !witness.disorder)
                })
                .given(layout.look(move |s, v| {
                    s.witnesses(v).any(|(_, witness)| two_were_tried(witness, &s.plan))
                })),
        );
    }
    properties
}

/// How states of an outbox are read.
#[must_use]
pub(crate) fn outbox_reader(system: &System<Outbox>) -> StateReader<Outbox> {
    StateLayout::new(system).reader()
}

/// Whether all that is left to do is to ask for lines.
fn is_polling(effect: &Effect<OutboxProcess>) -> bool {
    matches!(
        effect,
        Effect::Send { message: OutboxMessage::Claim, .. } | Effect::SetTimer(OutboxTimer::Poll)
    )
}

/// Where to look for what in a state of the system.
#[derive(Clone)]
struct StateLayout {
    plan: Arc<OutboxPlan>,
    producer: usize,
    processes: Vec<usize>,
    /// By [`crate::process::ServiceId`].
    services: Vec<usize>,
    witnesses: Vec<usize>,
}

type View<'a> = Snapshot<'a, Part<Outbox>>;

impl StateLayout {
    fn new(system: &System<Outbox>) -> Self {
        let protocol = system.protocol();
        let slots = |wanted: fn(&Address) -> bool| {
            let addresses = system.addresses().filter(wanted);
            addresses.map(|address| system.process_slot(address)).collect()
        };
        StateLayout {
            plan: Arc::clone(protocol.plan()),
            producer: system.process_slot(protocol.plan().producer()),
            processes: slots(|_| true),
            services: slots(|address| matches!(address, Address::Service(_))),
            witnesses: (0..protocol.workflow().instances() as usize)
                .map(|at| system.monitor_slot(at))
                .collect(),
        }
    }

    fn look(
        &self,
        condition: impl Fn(&StateLayout, View<'_>) -> bool + Send + Sync + 'static,
    ) -> impl for<'a> Fn(View<'a>) -> bool + Send + Sync + 'static {
        let layout = self.clone();
        move |view: View<'_>| condition(&layout, view)
    }

    fn property(
        &self,
        property: BuiltIn,
        condition: impl Fn(&StateLayout, View<'_>) -> bool + Send + Sync + 'static,
    ) -> Property<Parts<Part<Outbox>>> {
        property.property(self.look(condition))
    }

    fn locals<'a>(&self, view: View<'a>) -> impl Iterator<Item = &'a Local<Outbox>> {
        self.processes.iter().map(move |&slot| view.part(slot).process())
    }

    fn witnesses<'a>(
        &self,
        view: View<'a>,
    ) -> impl Iterator<Item = (WorkflowId, &'a OutboxWitness)> {
        let witnesses = self.witnesses.iter().map(move |&slot| view.part(slot).monitor());
        (0..).map(WorkflowId).zip(witnesses)
    }

    /// Whether every request was decided on, and nothing is left to publish, to deliver or to handle.
    /// Relays that ask for lines and get none go on for ever; they do not count.
    fn is_settled(&self, view: View<'_>) -> bool {
        let producer = &view.part(self.producer).process().durable.producer;
        let undecided = self
            .plan
            .requests()
            .skip(producer.decided as usize)
            .any(|line| !producer.declined.contains(&line.workflow));
        !undecided
            && self.locals(view).all(|local| {
                let mut in_flight = local.inbox.messages();
                local.pending.iter().all(is_polling)
                    && local.durable.producer.outbox.is_empty()
                    && local.volatile.producer.unlogged.is_empty()
                    && local.volatile.relay.is_idle()
                    && local.durable.broker.queue.is_empty()
                    && in_flight.all(|(_, message)| *message == OutboxMessage::Claim)
            })
    }

    fn reader(&self) -> StateReader<Outbox> {
        let (settled, services, endings) = (self.clone(), self.services.clone(), self.clone());
        StateReader::new(
            self.witnesses.len() as u32,
            move |view: View<'_>| settled.is_settled(view),
            move |view: View<'_>, (service, resource)| {
                let local = view.part(services[usize::from(service.0)]).process();
                local.resources[usize::from(resource.0)]
            },
            move |view: View<'_>, workflow| endings.ending(view, workflow),
        )
    }

    /// How it ended for one aggregate: everything took effect, nothing was ever committed, or
    /// something needs a person (a dead letter, or a later transaction that was refused).
    fn ending(&self, view: View<'_>, workflow: WorkflowId) -> Option<Ending> {
        let witness: &OutboxWitness = view.part(self.witnesses[workflow.0 as usize]).monitor();
        let declined = view.part(self.producer).process().durable.is_declined(workflow);
        let own = || self.plan.requests().filter(|line| line.workflow == workflow);
        let is_dead = |delivery| self.locals(view).any(|local| local.durable.is_dead(delivery));
        if declined {
            let nothing = witness.committed.is_empty();
            Some(if nothing { Ending::Compensated } else { Ending::Failed })
        } else if own().flat_map(|line| self.plan.deliveries(line)).any(is_dead) {
            Some(Ending::Failed)
        } else {
            let mut deliveries = own().flat_map(|line| self.plan.deliveries(line));
            deliveries.all(|d| witness.has_handled(d.handler)).then_some(Ending::Completed)
        }
    }
}
