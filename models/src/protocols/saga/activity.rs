//! What a saga's services tell of.

use crate::process::{Address, Verdict, WorkflowId};
use crate::system::{Activities, Activity, Ending, Event, PerformedEffect, RoleRecord, Task};
use crate::workflow::Work;

use super::log::SagaRecord;
use super::message::{SagaMessage, StepCall};
use super::participant::SagaChange;
use super::system::Saga;

impl From<StepCall> for Task {
    fn from(call: StepCall) -> Task {
        Task::of_step(Work::from(call.direction), call.step)
    }
}

/// The activities in an effect.
pub(in crate::protocols) fn tells(event: &Event<Saga>) -> Activities {
    match &event.what {
        PerformedEffect::Sent(_, message) => sent(message),
        PerformedEffect::Applied(change, verdict) => tried(change, *verdict),
        PerformedEffect::Persisted(RoleRecord::Coordinator(record)) => {
            event.process.workflow().map_or(Activities::new(), |workflow| logged(workflow, record))
        }
        PerformedEffect::Persisted(RoleRecord::Participant(_)) => Activities::new(),
        PerformedEffect::Finished(outcome) => {
            let ended = |workflow| (workflow, Activity::Ended((*outcome).into()));
            event.process.workflow().map(ended).into_iter().collect()
        }
    }
}

/// The activities in a message that leaves.
pub(in crate::protocols) fn sent(message: &SagaMessage) -> Activities {
    match *message {
        SagaMessage::Request(call) => one(call.workflow, Activity::Requested(call.into())),
        SagaMessage::Reply(call, answer) => {
            one(call.workflow, Activity::Replied(call.into(), answer))
        }
        // Locks are nobody's business but the participants'.
        SagaMessage::Release(_) | SagaMessage::Released(_) => Activities::new(),
    }
}

/// The activities in a change that was tried.
pub(in crate::protocols) fn tried(change: &SagaChange, verdict: Verdict) -> Activities {
    match change {
        SagaChange::Step(call) => {
            one(call.workflow, Activity::Performed((*call).into(), verdict.into()))
        }
        // Nobody observes what is done elsewhere.
        SagaChange::Outside(_) | SagaChange::Release(_) | SagaChange::Recall(_) => {
            Activities::new()
        }
    }
}

/// The activities in a record of the coordinator.
pub(in crate::protocols) fn logged(workflow: WorkflowId, record: &SagaRecord) -> Activities {
    match record {
        SagaRecord::RollingBack(_) => one(workflow, Activity::Decided(Ending::Compensated)),
        _ => Activities::new(),
    }
}

/// The activities in a message that arrives.
pub(in crate::protocols) fn heard(process: Address, message: &SagaMessage) -> Activities {
    match *message {
        SagaMessage::Reply(call, answer) if process.workflow() == Some(call.workflow) => {
            one(call.workflow, Activity::Answered(call.into(), answer))
        }
        _ => Activities::new(),
    }
}

fn one(workflow: WorkflowId, activity: Activity) -> Activities {
    Activities::from_iter([(workflow, activity)])
}
