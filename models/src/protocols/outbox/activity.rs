//! What the services of an outbox tell of: transactions, the events that leave for the broker and those
//! that it delivers, and what handlers do with them.

use crate::process::{Address, Answer, Verdict, WorkflowId};
use crate::system::{Activities, Activity, Event, Operation, PerformedEffect, Task};

use super::message::{OutboxChange, OutboxMessage};
use super::system::Outbox;

/// The activities in an effect.
pub(super) fn tells(event: &Event<Outbox>) -> Activities {
    let told = match &event.what {
        PerformedEffect::Applied(change, verdict) => Some(tried(change, *verdict)),
        PerformedEffect::Sent(Address::Broker, OutboxMessage::Publish(line)) => {
            let task = Task::of_step(Operation::Publish, line.step);
            Some((line.workflow, Activity::Requested(task)))
        }
        PerformedEffect::Sent(_, OutboxMessage::Deliver(delivery)) => {
            let task = Task::of_step(Operation::Do, delivery.handler);
            Some((delivery.line.workflow, Activity::Requested(task)))
        }
        PerformedEffect::Sent(_, OutboxMessage::Acknowledged(delivery)) => {
            let task = Task::of_step(Operation::Do, delivery.handler);
            Some((delivery.line.workflow, Activity::Replied(task, Answer::Done)))
        }
        _ => None,
    };
    told.into_iter().collect()
}

/// The activities in a message that arrives.
pub(super) fn hears(message: &OutboxMessage) -> Activities {
    let heard = match message {
        OutboxMessage::Accepted(line) => {
            let task = Task::of_step(Operation::Publish, line.step);
            Some((line.workflow, Activity::Answered(task, Answer::Done)))
        }
        OutboxMessage::Acknowledged(delivery) => {
            let task = Task::of_step(Operation::Do, delivery.handler);
            Some((delivery.line.workflow, Activity::Answered(task, Answer::Done)))
        }
        _ => None,
    };
    heard.into_iter().collect()
}

fn tried(change: &OutboxChange, verdict: Verdict) -> (WorkflowId, Activity) {
    let task = Task::of_step(Operation::Do, change.step());
    (change.workflow(), Activity::Performed(task, verdict.into()))
}
