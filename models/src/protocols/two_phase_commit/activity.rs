//! What the services of a two-phase commit tell of. Its tasks are about services: each prepares, commits
//! and aborts all of its steps together.

use crate::process::{Address, Answer, ServiceId};
use crate::system::{
    Activities, Activity, Ending, Event, Operation, PerformedEffect, RoleRecord, Task,
};

use super::log::{BranchRecord, BranchState, CoordinatorRecord};
use super::message::{Decision, Saying, TwoPhaseMessage, Vote};
use super::participant::ChangeKind;
use super::system::TwoPhaseCommit;

impl From<Decision> for Operation {
    fn from(decision: Decision) -> Operation {
        match decision {
            Decision::Commit => Operation::Commit,
            Decision::Abort => Operation::Abort,
        }
    }
}

/// The activities in an effect.
pub(super) fn tells(event: &Event<TwoPhaseCommit>) -> Activities {
    let told = |workflow, activity| Activities::from_iter([(workflow, activity)]);
    match (&event.what, event.process) {
        (PerformedEffect::Sent(Address::Service(service), message), _) => {
            asks(*service, message.saying)
                .map_or(Activities::new(), |task| told(message.workflow, Activity::Requested(task)))
        }
        (PerformedEffect::Sent(_, message), Address::Service(service)) => says(service, message)
            .map_or(Activities::new(), |(task, answer)| {
                told(message.workflow, Activity::Replied(task, answer))
            }),
        (PerformedEffect::Applied(change, verdict), Address::Service(service)) => {
            let operation = match change.kind {
                ChangeKind::Check => Operation::Prepare,
                ChangeKind::Commit => Operation::Commit,
                ChangeKind::Rollback => Operation::Abort,
                // Part of the vote.
                ChangeKind::Hold => return Activities::new(),
            };
            let task = Task::of_service(operation, service);
            told(change.workflow, Activity::Performed(task, (*verdict).into()))
        }
        // A branch without rows to unlock aborts by its log alone.
        (
            PerformedEffect::Persisted(RoleRecord::Participant(BranchRecord {
                workflow,
                state: BranchState::Aborted,
            })),
            Address::Service(service),
        ) => {
            let task = Task::of_service(Operation::Abort, service);
            told(*workflow, Activity::Performed(task, Answer::Done))
        }
        (
            PerformedEffect::Persisted(RoleRecord::Coordinator(RoleRecord::Coordinator(
                CoordinatorRecord::Committing,
            ))),
            process,
        ) => {
            let decided = process.workflow().map(|id| (id, Activity::Decided(Ending::Completed)));
            decided.into_iter().collect()
        }
        (PerformedEffect::Finished(outcome), process) => {
            let ended = process.workflow().map(|id| (id, Activity::Ended((*outcome).into())));
            ended.into_iter().collect()
        }
        _ => Activities::new(),
    }
}

/// The activities in a message that arrives.
pub(super) fn hears(from: Address, message: &TwoPhaseMessage) -> Activities {
    let Address::Service(service) = from else { return Activities::new() };
    let heard = says(service, message)
        .map(|(task, answer)| (message.workflow, Activity::Answered(task, answer)));
    heard.into_iter().collect()
}

/// What a service is asked to do.
fn asks(service: ServiceId, saying: Saying) -> Option<Task> {
    match saying {
        Saying::Work => Some(Task::of_service(Operation::Do, service)),
        Saying::Prepare => Some(Task::of_service(Operation::Prepare, service)),
        Saying::Decide(decision) => Some(Task::of_service(decision.into(), service)),
        _ => None,
    }
}

/// What a service says came of what it was asked to do. An acknowledgement does not say of what.
fn says(service: ServiceId, message: &TwoPhaseMessage) -> Option<(Task, Answer)> {
    match message.saying {
        Saying::Worked => Some((Task::of_service(Operation::Do, service), Answer::Done)),
        Saying::Vote(vote) => {
            let answer = if vote == Vote::Yes { Answer::Done } else { Answer::Refused };
            Some((Task::of_service(Operation::Prepare, service), answer))
        }
        _ => None,
    }
}
