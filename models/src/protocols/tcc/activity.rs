//! What a TCC's services tell of.

use crate::process::{Address, Verdict, WorkflowId};
use crate::system::{Activities, Activity, Ending, Event, PerformedEffect, RoleRecord, Task};
use crate::workflow::Work;

use super::log::{Decision, TccRecord};
use super::message::{TccCall, TccMessage};
use super::participant::TccChange;
use super::system::Tcc;

impl From<TccCall> for Task {
    fn from(call: TccCall) -> Task {
        Task::of_step(Work::from(call.operation), call.step)
    }
}

/// The activities in an effect.
pub(super) fn tells(event: &Event<Tcc>) -> Activities {
    let workflow = event.process.workflow();
    match &event.what {
        PerformedEffect::Sent(_, message) => sent(message),
        PerformedEffect::Applied(change, verdict) => tried(change, *verdict),
        PerformedEffect::Persisted(RoleRecord::Coordinator(record)) => {
            workflow.map_or(Activities::new(), |workflow| logged(workflow, record))
        }
        PerformedEffect::Persisted(RoleRecord::Participant(_)) => Activities::new(),
        PerformedEffect::Finished(outcome) => {
            workflow.map(|id| (id, Activity::Ended((*outcome).into()))).into_iter().collect()
        }
    }
}

/// The activities in a message that leaves.
pub(in crate::protocols) fn sent(message: &TccMessage) -> Activities {
    match *message {
        TccMessage::Request(call) => one(call.workflow, Activity::Requested(call.into())),
        TccMessage::Reply(call, answer) => {
            one(call.workflow, Activity::Replied(call.into(), answer))
        }
        TccMessage::Inquiry(..) => Activities::new(),
    }
}

/// The activities in a change that was tried.
pub(in crate::protocols) fn tried(change: &TccChange, verdict: Verdict) -> Activities {
    let call = change.call();
    one(call.workflow, Activity::Performed(call.into(), verdict.into()))
}

/// The activities in a record of the coordinator.
pub(in crate::protocols) fn logged(workflow: WorkflowId, record: &TccRecord) -> Activities {
    match record {
        TccRecord::Decided(Decision::Confirm) => {
            one(workflow, Activity::Decided(Ending::Completed))
        }
        TccRecord::Decided(Decision::Cancel) => {
            one(workflow, Activity::Decided(Ending::Compensated))
        }
        TccRecord::Accepted | TccRecord::Ended(_) => Activities::new(),
    }
}

/// The activities in a message that arrives.
pub(in crate::protocols) fn heard(process: Address, message: &TccMessage) -> Activities {
    match *message {
        TccMessage::Reply(call, answer) if process.workflow() == Some(call.workflow) => {
            one(call.workflow, Activity::Answered(call.into(), answer))
        }
        _ => Activities::new(),
    }
}

fn one(workflow: WorkflowId, activity: Activity) -> Activities {
    Activities::from_iter([(workflow, activity)])
}
