//! Spans that have begun and not ended, and how the tasks they tell of are named.

use std::sync::Arc;

use crate::conventions::{
    COMPENSATION_FOR, ERROR_TYPE, SAGA_ID, SAGA_NAME, SAGA_OUTCOME, SAGA_STEP_ATTEMPT,
    SAGA_STEP_INDEX, SAGA_STEP_NAME, TCC_ID, TCC_NAME, TCC_OUTCOME, TCC_PARTICIPANT, TCC_PHASE,
    TWO_PHASE_ID, TWO_PHASE_NAME, TWO_PHASE_OUTCOME, TWO_PHASE_PARTICIPANT, TWO_PHASE_PHASE,
};
use crate::{Attributes, Dropped, Link, Source, Span, SpanKind, Status, Time};
use amends_models::process::{Answer, WorkflowId};
use amends_models::system::{Ending, Operation, ProtocolModel, Subject, System, Task};

use super::identity::SpanContext;
use super::names;

/// A span that has begun: it has no end yet.
#[derive(Clone, Debug)]
pub(super) struct OpenSpan {
    pub(super) span: Span,
}

impl OpenSpan {
    pub(super) fn context(&self) -> SpanContext {
        SpanContext { trace: self.span.trace, span: self.span.id }
    }

    /// Begins a span beside that which caused it: as its child if both are of one trace.
    pub(super) fn begin(
        context: SpanContext,
        cause: Option<SpanContext>,
        name: String,
        kind: SpanKind,
        start: Time,
        source: &Arc<Source>,
    ) -> OpenSpan {
        let is_child = |cause: &SpanContext| cause.trace == context.trace;
        let mut open = OpenSpan {
            span: Span {
                trace: context.trace,
                id: context.span,
                parent: cause.filter(is_child).map(|cause| cause.span),
                name: name.into(),
                kind,
                start,
                end: None,
                status: Status::Unset,
                attributes: Attributes::new(),
                events: Vec::new(),
                links: Vec::new(),
                dropped: Dropped::default(),
                source: Arc::clone(source),
            },
        };
        if let Some(cause) = cause.filter(|cause| !is_child(cause)) {
            open.link(cause);
        }
        open
    }

    pub(super) fn link(&mut self, to: SpanContext) {
        let link = Link { trace: to.trace, span: to.span, attributes: Attributes::new() };
        self.span.links.push(link);
    }

    /// It failed, or was turned down.
    pub(super) fn fail(&mut self, error: &'static str) {
        self.span.attributes.push(ERROR_TYPE, error);
        self.span.status = Status::Error(error.into());
    }

    /// Ends it with an answer.
    pub(super) fn answer(&mut self, answer: Answer) {
        self.span.attributes.push(names::ANSWER, answer_name(answer));
        if answer != Answer::Done && self.span.status == Status::Unset {
            self.fail(answer_name(answer));
        }
    }

    pub(super) fn end(mut self, at: Time) -> Span {
        self.span.end = Some(at.max(self.span.start));
        self.span
    }
}

/// The name of a span that tells of a task.
pub(super) fn span_name<T: ProtocolModel>(system: &System<T>, task: Task) -> String {
    let subject = || system.protocol().subject_name(task.subject);
    let participant = || system.protocol().service_of(task.subject);
    match task.operation {
        Operation::Do => subject(),
        Operation::Undo => format!("compensate {}", subject()),
        Operation::Try | Operation::Confirm | Operation::Cancel => {
            format!("tcc.{} {}", task.operation, participant())
        }
        Operation::Prepare | Operation::Commit | Operation::Abort => {
            format!("two_phase_commit.{} {}", task.operation, participant())
        }
        Operation::Publish | Operation::Append | Operation::Consume => {
            format!("{} {}", task.operation, subject())
        }
    }
}

/// The attributes of a span that tells of a task.
pub(super) fn describe_task<T: ProtocolModel>(
    attributes: &mut Attributes,
    system: &System<T>,
    protocol: &str,
    workflow: &str,
    role: &'static str,
    task: Task,
) {
    attributes.push(names::WORKFLOW_ID, workflow);
    attributes.push(names::ROLE, role);
    attributes.push(names::OPERATION, task.operation.name());
    let subject = system.protocol().subject_name(task.subject);
    attributes.push(names::SUBJECT, subject.clone());
    match task.operation {
        Operation::Do if is_saga(protocol) => {
            attributes.push(SAGA_ID, workflow);
            attributes.push(SAGA_STEP_NAME, subject);
            if let Subject::Step(step) = task.subject {
                attributes.push(SAGA_STEP_INDEX, i64::from(step.0));
            }
        }
        Operation::Undo => {
            attributes.push(SAGA_ID, workflow);
            attributes.push(COMPENSATION_FOR, subject);
        }
        Operation::Try | Operation::Confirm | Operation::Cancel => {
            attributes.push(TCC_ID, workflow);
            attributes.push(TCC_PARTICIPANT, system.protocol().service_of(task.subject));
            attributes.push(TCC_PHASE, task.operation.name());
        }
        Operation::Prepare | Operation::Commit | Operation::Abort => {
            attributes.push(TWO_PHASE_ID, workflow);
            attributes.push(TWO_PHASE_PARTICIPANT, system.protocol().service_of(task.subject));
            attributes.push(TWO_PHASE_PHASE, task.operation.name());
        }
        Operation::Do | Operation::Publish | Operation::Append | Operation::Consume => {}
    }
}

/// The number of an attempt, where the convention has a place for it.
pub(super) fn describe_attempt(attributes: &mut Attributes, task: Task, attempt: u32) {
    if matches!(task.operation, Operation::Do | Operation::Undo) {
        attributes.push(SAGA_STEP_ATTEMPT, i64::from(attempt));
    }
}

/// The name of a root span.
pub(super) fn root_name(protocol: &str, workflow: &str) -> String {
    match protocol {
        "saga" | "choreography" | "mixed" => format!("saga {workflow}"),
        "two-phase-commit" => format!("two_phase_commit {workflow}"),
        _ => format!("{protocol} {workflow}"),
    }
}

/// The attributes of a root span.
pub(super) fn describe_root(attributes: &mut Attributes, protocol: &str, name: &str, id: &str) {
    attributes.push(names::WORKFLOW_NAME, name);
    attributes.push(names::WORKFLOW_ID, id);
    attributes.push(names::PROTOCOL, protocol);
    let conventional = match protocol {
        "saga" | "choreography" | "mixed" => Some((SAGA_NAME, SAGA_ID)),
        "tcc" => Some((TCC_NAME, TCC_ID)),
        "two-phase-commit" => Some((TWO_PHASE_NAME, TWO_PHASE_ID)),
        _ => None,
    };
    if let Some((of_name, of_id)) = conventional {
        attributes.push(of_name, name);
        attributes.push(of_id, id);
    }
}

/// The attributes that say how it ended.
pub(super) fn describe_outcome(attributes: &mut Attributes, protocol: &str, ending: Ending) {
    let outcome = ending_name(ending);
    attributes.push(names::OUTCOME, outcome);
    let conventional = match protocol {
        "saga" | "choreography" | "mixed" => Some(SAGA_OUTCOME),
        "tcc" => Some(TCC_OUTCOME),
        "two-phase-commit" => Some(TWO_PHASE_OUTCOME),
        _ => None,
    };
    if let Some(name) = conventional {
        attributes.push(name, outcome);
    }
}

pub(super) fn ending_name(ending: Ending) -> &'static str {
    match ending {
        Ending::Completed => "completed",
        Ending::Compensated => "compensated",
        Ending::Failed => "failed",
    }
}

pub(super) fn answer_name(answer: Answer) -> &'static str {
    match answer {
        Answer::Done => "done",
        Answer::Refused => "refused",
        Answer::Failed => "failed",
    }
}

/// How a workflow is named in spans: people count from one.
pub(super) fn workflow_name<T: ProtocolModel>(system: &System<T>, workflow: WorkflowId) -> String {
    format!("{}-{}", system.protocol().workflow().name(), workflow.0 + 1)
}

fn is_saga(protocol: &str) -> bool {
    matches!(protocol, "saga" | "choreography" | "mixed")
}
