//! What the services of an event-sourced system tell of: events that become part of the log, and
//! consumers that handle them.

use crate::process::Verdict;
use crate::system::{Activities, Activity, Event, Operation, PerformedEffect, Subject, Task};
use crate::workflow::domain::EventKind;

use super::message::EventChange;
use super::plan::{ConsumerId, EventPlan};
use super::system::EventSourcing;

/// Between the name of an event and that of its consumer.
const AT: char = '@';

/// The activities in an effect.
pub(super) fn tells(plan: &EventPlan, event: &Event<EventSourcing>) -> Activities {
    let PerformedEffect::Applied(change, verdict) = &event.what else {
        return Activities::new();
    };
    match change {
        EventChange::Insert(transaction) if *verdict == Verdict::Accepted => {
            let Some(workflow) = transaction.append.command.id.workflow() else {
                return Activities::new();
            };
            let appended = |kind: &EventKind| {
                let subject = Subject::Event(kind.0.into());
                let task = Task { operation: Operation::Append, subject };
                (workflow, Activity::Performed(task, (*verdict).into()))
            };
            transaction.append.events.iter().map(appended).collect()
        }
        EventChange::Insert(_) => Activities::new(),
        EventChange::Project(stored) => {
            let consumer = plan.consumers().position(|id| plan.address(id) == event.process);
            let (Some(workflow), Some(consumer)) = (stored.command.workflow(), consumer) else {
                return Activities::new();
            };
            let subject = Subject::Consumption(stored.kind.0.into(), consumer as u16);
            let task = Task { operation: Operation::Consume, subject };
            Activities::from_iter([(workflow, Activity::Performed(task, (*verdict).into()))])
        }
    }
}

/// The subject of that name: an event, or an event at a consumer (`order-placed@orders`).
pub(super) fn subject(plan: &EventPlan, operation: Operation, name: &str) -> Option<Subject> {
    let event = |name: &str| {
        let events = plan.domain().events().iter();
        events.into_iter().position(|event| event.name == name).map(|at| at as u16)
    };
    match operation {
        Operation::Append => event(name).map(Subject::Event),
        Operation::Consume => {
            let (of, consumer) = name.split_once(AT)?;
            let consumer = plan.consumers().position(|id| name_of(plan, id) == consumer)?;
            Some(Subject::Consumption(event(of)?, consumer as u16))
        }
        _ => None,
    }
}

/// The name of an event, or of an event at a consumer.
pub(super) fn subject_name(plan: &EventPlan, subject: Subject) -> String {
    let event = |at: u16| plan.domain().event(EventKind(at as u8)).name.as_str();
    match subject {
        Subject::Event(at) => event(at).to_owned(),
        Subject::Consumption(at, _) => format!("{}{AT}{}", event(at), service_of(plan, subject)),
        Subject::Step(_) | Subject::Service(_) => String::new(),
    }
}

/// The consumer that handles an event; the store has no name of its own.
pub(super) fn service_of(plan: &EventPlan, subject: Subject) -> String {
    match subject {
        Subject::Consumption(_, at) => {
            let consumer = plan.consumers().nth(at.into());
            consumer.map_or(String::new(), |id| name_of(plan, id).to_owned())
        }
        _ => crate::workflow::domain::EVENT_STORE.to_owned(),
    }
}

fn name_of(plan: &EventPlan, consumer: ConsumerId) -> &str {
    match consumer {
        ConsumerId::Projection(at) => &plan.domain().projections()[at].name,
        ConsumerId::Manager(at) => &plan.domain().managers()[at],
    }
}
