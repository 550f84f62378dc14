//! Activities: what services tell of, in the words of all protocols.
//!
//! A trace does not show states or messages of a protocol. It shows that a step was asked for, that it was
//! carried out, what came of it, how the workflow ended. An [`Activity`] is one such fact, the same for
//! what a [`System`](super::System) does and for what a service said it did; so one can be held against
//! the other. A protocol says which of its effects are which activities
//! ([`ProtocolModel::tells`](super::ProtocolModel::tells)); all else (timers, log records, what the
//! network does) nobody observes.

use std::fmt;

use serde::{Deserialize, Serialize};

use smallvec::SmallVec;

use crate::process::{Answer, ServiceId, StepId, Verdict, WorkflowId};
use crate::workflow::{Work, Workflow};

use super::ending::Ending;

/// Something that services tell of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Activity {
    /// A task was asked for: the request left.
    Requested(Task),
    /// A task was tried on the resources, and that is what they said.
    Performed(Task, Answer),
    /// Whoever carries the task out answered.
    Replied(Task, Answer),
    /// Whoever asked for the task got the answer.
    Answered(Task, Answer),
    /// It was decided, for good, how the workflow shall end.
    Decided(Ending),
    /// The client was told how the workflow ended.
    Ended(Ending),
}

/// Activities, each with the workflow that it is part of.
pub type Activities = SmallVec<[(WorkflowId, Activity); 1]>;

/// One piece of work: what is done, and about what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Task {
    /// What is done.
    pub operation: Operation,
    /// About what.
    pub subject: Subject,
}

impl Task {
    /// A task about a step.
    #[must_use]
    pub fn of_step(operation: impl Into<Operation>, step: StepId) -> Task {
        Task { operation: operation.into(), subject: Subject::Step(step) }
    }

    /// A task about a service as a whole.
    #[must_use]
    pub fn of_service(operation: Operation, service: ServiceId) -> Task {
        Task { operation, subject: Subject::Service(service) }
    }
}

/// What a task is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A step of the workflow.
    Step(StepId),
    /// A service, as a participant of a transaction.
    Service(ServiceId),
    /// An event of a domain, by its position there.
    Event(u16),
    /// An event of a domain at one of its consumers, by their positions.
    Consumption(u16, u16),
}

/// What is done in a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// The step itself.
    Do,
    /// The compensation of the step.
    Undo,
    /// The reservation of a TCC.
    Try,
    /// The use of what was reserved.
    Confirm,
    /// The release of what was reserved.
    Cancel,
    /// The vote of a two-phase commit.
    Prepare,
    /// The commit of what was prepared.
    Commit,
    /// The abort of what was prepared.
    Abort,
    /// An event leaves for the broker.
    Publish,
    /// An event becomes part of the log.
    Append,
    /// An event is handled by a consumer of the log.
    Consume,
}

impl Operation {
    /// All of them.
    pub const ALL: [Operation; 11] = [
        Operation::Do,
        Operation::Undo,
        Operation::Try,
        Operation::Confirm,
        Operation::Cancel,
        Operation::Prepare,
        Operation::Commit,
        Operation::Abort,
        Operation::Publish,
        Operation::Append,
        Operation::Consume,
    ];

    /// The word for it, in traces and mapping files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Operation::Do => "do",
            Operation::Undo => "undo",
            Operation::Try => "try",
            Operation::Confirm => "confirm",
            Operation::Cancel => "cancel",
            Operation::Prepare => "prepare",
            Operation::Commit => "commit",
            Operation::Abort => "abort",
            Operation::Publish => "publish",
            Operation::Append => "append",
            Operation::Consume => "consume",
        }
    }
}

impl From<Work> for Operation {
    fn from(work: Work) -> Operation {
        match work {
            Work::Change => Operation::Do,
            Work::Undo => Operation::Undo,
            Work::Reserve => Operation::Try,
            Work::Confirm => Operation::Confirm,
            Work::Cancel => Operation::Cancel,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<Verdict> for Answer {
    fn from(verdict: Verdict) -> Answer {
        match verdict {
            Verdict::Accepted => Answer::Done,
            Verdict::Refused => Answer::Refused,
            Verdict::Failed => Answer::Failed,
        }
    }
}

/// The subject of that name, where tasks are about steps: the step, or the service of that name if no step
/// has it.
pub(super) fn subject_named(workflow: &Workflow, name: &str) -> Option<Subject> {
    let step = workflow.steps().iter().position(|step| step.name == name);
    let service = || workflow.services().iter().position(|service| service.name == name);
    step.map(|at| Subject::Step(StepId(at as u8)))
        .or_else(|| service().map(|at| Subject::Service(ServiceId(at as u16))))
}

/// The name of a step or service.
pub(super) fn name_of(workflow: &Workflow, subject: Subject) -> String {
    match subject {
        Subject::Step(step) => workflow.step(step).name.clone(),
        Subject::Service(service) => workflow.service(service).name.clone(),
        Subject::Event(event) => format!("event {event}"),
        Subject::Consumption(event, consumer) => format!("event {event} at consumer {consumer}"),
    }
}

/// The name of the service that carries out tasks about a subject.
pub(super) fn service_of(workflow: &Workflow, subject: Subject) -> String {
    match subject {
        Subject::Step(step) => workflow.service(workflow.step(step).service).name.clone(),
        Subject::Service(service) => workflow.service(service).name.clone(),
        Subject::Event(_) | Subject::Consumption(..) => String::new(),
    }
}
