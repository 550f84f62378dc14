//! The recorder of one process.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use crate::conventions::{CAUSATION_ID, CORRELATION_ID};
use crate::{Attributes, LogRecord, Source, SpanEvent, SpanKind, Time, Value};
use amends_models::process::{Address, Answer, WorkflowId};
use amends_models::system::{
    Activity, Event, MessageOf, Operation, PerformedEffect, ProtocolModel, Subject, System, Task,
};

use super::identity::{Recorded, RunId, SpanContext, SpanNumbers, trace_of};
use super::names;
use super::open::{
    OpenSpan, answer_name, describe_attempt, describe_outcome, describe_root, describe_task,
    ending_name, root_name, span_name, workflow_name,
};

/// Makes spans of what one process does. `S` is how it holds the [`System`] that the process is part of.
pub struct Recorder<S> {
    system: S,
    protocol: &'static str,
    run: RunId,
    process: Address,
    source: Arc<Source>,
    numbers: SpanNumbers,
    /// What the process takes in at the moment.
    input: Input,
    executions: Vec<(Task, OpenSpan)>,
    requests: HashMap<(WorkflowId, Task), OpenSpan>,
    /// Spans that others link to: the last of each forward task.
    forward: HashMap<(WorkflowId, Subject), SpanContext>,
    attempts: HashMap<(WorkflowId, Task), u32>,
    roots: HashMap<WorkflowId, Root>,
    /// Workflows whose outcome was told: what still happens for them hangs on their root.
    told: HashMap<WorkflowId, SpanContext>,
    recorded: Vec<Recorded>,
}

/// An input that a process is busy with.
#[derive(Clone, Copy, Debug, Default)]
struct Input {
    at: Time,
    cause: Option<SpanContext>,
}

/// The span of a workflow as a whole.
struct Root {
    open: OpenSpan,
    /// How many spans of the workflow ended here.
    spans: i64,
    /// Whether a restart may have destroyed some.
    is_whole: bool,
    has_ended: bool,
}

impl<T: ProtocolModel, S: Deref<Target = System<T>>> Recorder<S> {
    /// A recorder for the process at `process`. `life` tells apart the processes of the machine that
    /// host it one after the other.
    #[must_use]
    pub fn new(system: S, protocol: &'static str, run: RunId, process: Address, life: u64) -> Self {
        let node = system.node(process).map(|node| system.nodes()[usize::from(node.0)].clone());
        let service = node.unwrap_or_default();
        let instance = system.protocol().words().process(process);
        let resource: Attributes = [
            ("service.name", Value::from(service.as_str())),
            ("service.instance.id", Value::from(instance.as_str())),
        ]
        .into_iter()
        .collect();
        let source = Source {
            service: service.into(),
            instance: instance.into(),
            resource,
            scope: "amends".into(),
        };
        Recorder {
            numbers: SpanNumbers::new(run, process, life),
            system,
            protocol,
            run,
            process,
            source: Arc::new(source),
            input: Input::default(),
            executions: Vec::new(),
            requests: HashMap::new(),
            forward: HashMap::new(),
            attempts: HashMap::new(),
            roots: HashMap::new(),
            told: HashMap::new(),
            recorded: Vec::new(),
        }
    }

    /// The client asks the process for a workflow.
    pub fn started(&mut self, at: Time, workflow: WorkflowId) {
        self.input = Input { at, cause: None };
        self.root(at, workflow, true);
    }

    /// The process takes in something that no message caused: a timer, a recovery.
    pub fn woke(&mut self, at: Time) {
        self.input = Input { at, cause: None };
    }

    /// A message arrives, with the context of the span that sent it.
    pub fn received(
        &mut self,
        at: Time,
        from: Address,
        message: &MessageOf<T>,
        context: Option<SpanContext>,
    ) {
        self.input = Input { at, cause: context };
        for (workflow, activity) in self.system.protocol().hears(self.process, from, message) {
            if let Activity::Answered(task, answer) = activity
                && let Some(mut open) = self.requests.remove(&(workflow, task))
            {
                open.answer(answer);
                self.end(workflow, open, at);
            }
        }
    }

    /// The process does something. Of a message that it sends, the context is to travel with it.
    pub fn performed(&mut self, at: Time, event: &Event<T>) -> Option<SpanContext> {
        for (workflow, activity) in self.system.protocol().tells(event) {
            match activity {
                Activity::Requested(task) => return Some(self.request(at, workflow, task)),
                Activity::Performed(task, answer) => self.execute(at, workflow, task, answer),
                Activity::Replied(task, answer) => self.reply(at, workflow, task, answer),
                Activity::Decided(ending) => self.decide(at, workflow, ending_name(ending)),
                Activity::Ended(ending) => {
                    self.root(at, workflow, false);
                    if let Some(root) = self.roots.get_mut(&workflow)
                        && !root.has_ended
                    {
                        root.has_ended = true;
                        describe_outcome(&mut root.open.span.attributes, self.protocol, ending);
                    }
                }
                Activity::Answered(..) => {}
            }
        }
        match event.what {
            PerformedEffect::Sent(..) => self.context(event.process.workflow()),
            _ => None,
        }
    }

    /// The process has done all that follows from the input.
    pub fn rested(&mut self, at: Time) {
        for (_, open) in std::mem::take(&mut self.executions) {
            let workflow = self.workflow_of(&open);
            self.end(workflow, open, at);
        }
        let ended: Vec<WorkflowId> =
            self.roots.iter().filter(|(_, root)| root.has_ended).map(|(id, _)| *id).collect();
        for workflow in ended {
            self.close(at, workflow);
        }
    }

    /// The process crashes. What it was busy with is cut short.
    pub fn crashed(&mut self, at: Time) {
        let executions = std::mem::take(&mut self.executions).into_iter().map(|(_, open)| open);
        let requests = std::mem::take(&mut self.requests).into_values();
        for mut open in executions.chain(requests).collect::<Vec<_>>() {
            open.fail(names::CRASH);
            let workflow = self.workflow_of(&open);
            self.end(workflow, open, at);
        }
    }

    /// Nothing more will happen to the workflow, although no outcome is told.
    pub fn over(&mut self, at: Time, workflow: WorkflowId) {
        if let Some(root) = self.roots.get_mut(&workflow) {
            root.open.span.attributes.push(names::OVER, true);
            self.close(at, workflow);
        }
    }

    /// Nothing more will be recorded. What has not ended ends here, without an outcome.
    pub fn finish(&mut self, at: Time) {
        self.rested(at);
        let requests: Vec<_> = self.requests.drain().collect();
        for ((workflow, _), mut open) in requests {
            open.fail(names::UNANSWERED);
            self.end(workflow, open, at);
        }
        let workflows: Vec<WorkflowId> = self.roots.keys().copied().collect();
        for workflow in workflows {
            if let Some(root) = self.roots.get_mut(&workflow) {
                root.is_whole = false;
            }
            self.close(at, workflow);
        }
    }

    /// Takes what was recorded since the last time.
    pub fn take(&mut self) -> Vec<Recorded> {
        std::mem::take(&mut self.recorded)
    }

    fn workflow_of(&self, open: &OpenSpan) -> Option<WorkflowId> {
        self.roots
            .iter()
            .find(|(_, root)| root.open.span.trace == open.span.trace)
            .map(|(id, _)| *id)
    }

    /// The span that what happens now is part of.
    fn context(&self, workflow: Option<WorkflowId>) -> Option<SpanContext> {
        let root = || self.roots.get(&workflow?).map(|root| root.open.context());
        let execution = self.executions.last().map(|(_, open)| open.context());
        execution.or(self.input.cause).or_else(root)
    }

    /// The span of a workflow as a whole, if the process serves that workflow alone.
    fn root(&mut self, at: Time, workflow: WorkflowId, is_whole: bool) {
        if self.process.workflow() != Some(workflow)
            || self.roots.contains_key(&workflow)
            || self.told.contains_key(&workflow)
        {
            return;
        }
        let context =
            SpanContext { trace: trace_of(self.run, workflow), span: self.numbers.next() };
        let name = root_name(self.protocol, self.system.protocol().workflow().name());
        let mut open = OpenSpan::begin(context, None, name, SpanKind::Internal, at, &self.source);
        let id = workflow_name(&self.system, workflow);
        let name = self.system.protocol().workflow().name();
        describe_root(&mut open.span.attributes, self.protocol, name, &id);
        self.roots.insert(workflow, Root { open, spans: 0, is_whole, has_ended: false });
    }

    fn request(&mut self, at: Time, workflow: WorkflowId, task: Task) -> SpanContext {
        self.root(at, workflow, false);
        if let Some(mut unanswered) = self.requests.remove(&(workflow, task)) {
            unanswered.fail(names::TIMEOUT);
            self.end(Some(workflow), unanswered, at);
        }
        let root = self.roots.get(&workflow).map(|root| root.open.context());
        let root = root.or_else(|| self.told.get(&workflow).copied());
        let cause = root.or_else(|| self.context(Some(workflow)));
        let mut open = self.begin(workflow, cause, task, SpanKind::Client, names::REQUEST, at);
        let attempt = self.attempts.entry((workflow, task)).or_insert(0);
        *attempt += 1;
        describe_attempt(&mut open.span.attributes, task, *attempt);
        if is_backward_or_confirms(task.operation)
            && let Some(forward) = self.forward.get(&(workflow, task.subject))
        {
            open.link(*forward);
        } else {
            self.forward.insert((workflow, task.subject), open.context());
        }
        let context = open.context();
        self.requests.insert((workflow, task), open);
        context
    }

    fn execute(&mut self, at: Time, workflow: WorkflowId, task: Task, answer: Answer) {
        let start = self.input.at;
        let cause = self.context(Some(workflow));
        if task.operation == Operation::Append {
            return self.append(at, workflow, task, cause);
        }
        let kind = if cause.is_some() { SpanKind::Server } else { SpanKind::Internal };
        let mut open = self.begin(workflow, cause, task, kind, names::EXECUTION, start);
        open.span.attributes.push(names::EFFECT, answer_name(answer));
        if answer != Answer::Done {
            open.fail(answer_name(answer));
        }
        self.executions.push((task, open));
    }

    fn reply(&mut self, at: Time, workflow: WorkflowId, task: Task, answer: Answer) {
        let own = self.executions.iter_mut().find(|(other, _)| *other == task);
        if let Some((_, open)) = own {
            return open.answer(answer);
        }
        // It was answered without being tried.
        let cause = self.context(Some(workflow));
        let start = self.input.at.min(at);
        let mut open = self.begin(workflow, cause, task, SpanKind::Server, names::EXECUTION, start);
        open.answer(answer);
        self.executions.push((task, open));
    }

    fn append(&mut self, at: Time, workflow: WorkflowId, task: Task, cause: Option<SpanContext>) {
        let event = self.system.protocol().subject_name(task.subject);
        let id = workflow_name(&self.system, workflow);
        let mut attributes = Attributes::new();
        attributes.push(names::WORKFLOW_ID, id.clone());
        attributes.push(names::OPERATION, task.operation.name());
        attributes.push(names::SUBJECT, event.clone());
        attributes.push(names::EFFECT, answer_name(Answer::Done));
        attributes.push(CORRELATION_ID, id);
        if let Some(cause) = cause {
            attributes.push(CAUSATION_ID, cause.span.to_string());
        }
        self.recorded.push(Recorded::Log(Box::new(LogRecord {
            time: at,
            event_name: event.into(),
            body: Value::Empty,
            attributes,
            trace: Some(trace_of(self.run, workflow)),
            span: cause.map(|cause| cause.span),
            dropped_attributes: 0,
            source: Arc::clone(&self.source),
        })));
    }

    fn decide(&mut self, at: Time, workflow: WorkflowId, ending: &'static str) {
        self.root(at, workflow, false);
        if let Some(root) = self.roots.get_mut(&workflow) {
            root.open.span.events.push(SpanEvent {
                time: at,
                name: names::DECISION.into(),
                attributes: [(names::ENDING, ending)].into_iter().collect(),
            });
        }
    }

    fn begin(
        &mut self,
        workflow: WorkflowId,
        cause: Option<SpanContext>,
        task: Task,
        kind: SpanKind,
        role: &'static str,
        at: Time,
    ) -> OpenSpan {
        let context =
            SpanContext { trace: trace_of(self.run, workflow), span: self.numbers.next() };
        let name = span_name(&self.system, task);
        let mut open = OpenSpan::begin(context, cause, name, kind, at, &self.source);
        let id = workflow_name(&self.system, workflow);
        describe_task(&mut open.span.attributes, &self.system, self.protocol, &id, role, task);
        open
    }

    fn end(&mut self, workflow: impl Into<Option<WorkflowId>>, open: OpenSpan, at: Time) {
        if let Some(root) = workflow.into().and_then(|id| self.roots.get_mut(&id)) {
            root.spans += 1;
        }
        self.recorded.push(Recorded::Span(Box::new(open.end(at))));
    }

    /// Ends the span of a workflow, with all requests that nobody will answer any more.
    fn close(&mut self, at: Time, workflow: WorkflowId) {
        let unanswered: Vec<_> =
            self.requests.keys().filter(|(id, _)| *id == workflow).copied().collect();
        for key in unanswered {
            if let Some(mut open) = self.requests.remove(&key) {
                open.fail(names::UNANSWERED);
                self.end(workflow, open, at);
            }
        }
        self.forward.retain(|(id, _), _| *id != workflow);
        self.attempts.retain(|(id, _), _| *id != workflow);
        if let Some(root) = self.roots.remove(&workflow) {
            let mut open = root.open;
            if root.has_ended {
                self.told.insert(workflow, open.context());
            }
            if root.is_whole {
                open.span.attributes.push(names::SPANS, root.spans + 1);
            }
            self.recorded.push(Recorded::Span(Box::new(open.end(at))));
        }
    }
}

/// Whether the task follows from an earlier one about the same.
fn is_backward_or_confirms(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::Undo
            | Operation::Confirm
            | Operation::Cancel
            | Operation::Commit
            | Operation::Abort
    )
}
