//! The conventions: by which attributes a span tells of its part in a workflow.
//!
//! OpenTelemetry has no convention for sagas, TCC or two-phase commit, so these are ours. The runtime
//! emits them, the reader of foreign traces maps to them, and whatever counts, shows or judges traces
//! asks [`Facts`] and never an attribute by name.
//!
//! | span | name | attributes |
//! |---|---|---|
//! | a saga as a whole | `saga {name}` | [`SAGA_NAME`], [`SAGA_ID`], [`SAGA_OUTCOME`] |
//! | an attempt at a step | `{step}` | [`SAGA_ID`], [`SAGA_STEP_NAME`], [`SAGA_STEP_INDEX`], [`SAGA_STEP_ATTEMPT`] |
//! | a compensation | `compensate {step}` | [`SAGA_ID`], [`COMPENSATION_FOR`], [`COMPENSATION_TYPE`]; a link to the step |
//! | a TCC as a whole | `tcc {name}` | [`TCC_NAME`], [`TCC_ID`], [`TCC_OUTCOME`] |
//! | a phase of it | `tcc.try {participant}`, … | [`TCC_ID`], [`TCC_PARTICIPANT`], [`TCC_PHASE`]; links from confirm and cancel to try |
//! | a two-phase commit | `two_phase_commit {name}` | [`TWO_PHASE_NAME`], [`TWO_PHASE_ID`], [`TWO_PHASE_OUTCOME`] |
//! | a phase of it | `two_phase_commit.prepare {participant}`, … | [`TWO_PHASE_ID`], [`TWO_PHASE_PARTICIPANT`], [`TWO_PHASE_PHASE`], [`TWO_PHASE_VOTE`] |
//!
//! What came of a span is told by its status and [`ERROR_TYPE`]. Many services leave the status unset
//! and tell a refusal by an attribute of their own that ends with `outcome`; [`SpanOutcome`] heeds all
//! three. Events of event sourcing are log records with [`AGGREGATE_ID`], [`CORRELATION_ID`] and
//! [`CAUSATION_ID`].

use std::borrow::Cow;

use crate::attribute::{Attributes, Value};
use crate::span::{Span, Status};

/// The name of a saga: of the workflow, not of the one run of it.
pub const SAGA_NAME: &str = "saga.name";
/// The id of one run of a saga.
pub const SAGA_ID: &str = "saga.id";
/// How a saga ended: `completed`, `compensated`, `failed` or `in_doubt`.
pub const SAGA_OUTCOME: &str = "saga.outcome";
/// The step that a span carries out.
pub const SAGA_STEP_NAME: &str = "saga.step.name";
/// Its place in the saga, from 0.
pub const SAGA_STEP_INDEX: &str = "saga.step.index";
/// Which attempt it is, from 1.
pub const SAGA_STEP_ATTEMPT: &str = "saga.step.attempt";
/// The step that a span undoes.
pub const COMPENSATION_FOR: &str = "compensation.for";
/// How it is undone, in the words of the business: `refund`.
pub const COMPENSATION_TYPE: &str = "compensation.type";
/// The name of a TCC: of the workflow, not of the one run of it.
pub const TCC_NAME: &str = "tcc.name";
/// The id of one run of a TCC.
pub const TCC_ID: &str = "tcc.id";
/// How a TCC ended, in the words of [`SAGA_OUTCOME`].
pub const TCC_OUTCOME: &str = "tcc.outcome";
/// Whose reservation a span tries, confirms or cancels.
pub const TCC_PARTICIPANT: &str = "tcc.participant";
/// `try`, `confirm` or `cancel`.
pub const TCC_PHASE: &str = "tcc.phase";
/// The name of a two-phase commit: of the workflow, not of the one run of it.
pub const TWO_PHASE_NAME: &str = "two_phase_commit.name";
/// The id of one run of a two-phase commit.
pub const TWO_PHASE_ID: &str = "two_phase_commit.id";
/// How it ended, in the words of [`SAGA_OUTCOME`].
pub const TWO_PHASE_OUTCOME: &str = "two_phase_commit.outcome";
/// Who prepares, commits or aborts.
pub const TWO_PHASE_PARTICIPANT: &str = "two_phase_commit.participant";
/// `prepare`, `decide`, `commit` or `abort`.
pub const TWO_PHASE_PHASE: &str = "two_phase_commit.phase";
/// How a participant voted when it was asked to prepare: `yes` or `no`.
pub const TWO_PHASE_VOTE: &str = "two_phase_commit.vote";
/// What the coordinator decided: `commit` or `abort`.
pub const TWO_PHASE_DECISION: &str = "two_phase_commit.decision";
/// What went wrong, in few different words (OpenTelemetry).
pub const ERROR_TYPE: &str = "error.type";
/// A span event: the work is about to be tried again.
pub const RETRY_EVENT: &str = "retry";
/// A span event: an answer did not come in time.
pub const TIMEOUT_EVENT: &str = "timeout";
/// Names of span events that begin like this tell of a compensation, as some services do instead of by a
/// span of its own.
pub const COMPENSATION_EVENTS: &str = "compensation";
/// The aggregate that an event of event sourcing belongs to.
pub const AGGREGATE_ID: &str = "aggregate.id";
/// The kind of that aggregate.
pub const AGGREGATE_TYPE: &str = "aggregate.type";
/// What an event belongs to in the end: the request or workflow.
pub const CORRELATION_ID: &str = "correlation_id";
/// The event or command that directly caused an event.
pub const CAUSATION_ID: &str = "causation_id";
/// The id of an event.
pub const EVENT_ID: &str = "event.id";
/// The kind of an event, where a log record has no name of its own (older services).
pub const EVENT_TYPE: &str = "event.type";
/// The correlation id of a message (OpenTelemetry).
pub const CONVERSATION_ID: &str = "messaging.message.conversation_id";
/// The id of a message (OpenTelemetry).
pub const MESSAGE_ID: &str = "messaging.message.id";

/// What a span says of its part in a workflow, by the conventions of this module. Whatever it does not
/// say, or says in a way that makes no sense, is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts<'s> {
    /// The kind of workflow, if any attribute gives it away.
    pub protocol: Option<Protocol>,
    /// The name of the workflow.
    pub workflow: Option<Cow<'s, str>>,
    /// The id of this run of the workflow.
    pub id: Option<Cow<'s, str>>,
    /// How the workflow ended; said by its root only.
    pub outcome: Option<WorkflowOutcome>,
    /// The step of a saga that it carries out.
    pub step: Option<Cow<'s, str>>,
    /// The place of that step in the saga, from 0.
    pub step_index: Option<u64>,
    /// Which attempt it is, from 1.
    pub attempt: Option<u64>,
    /// The step that it undoes. A compensation may leave that open: see [`Facts::is_compensation`].
    pub undoes: Option<Cow<'s, str>>,
    /// How it is undone, in the words of the business.
    pub compensation: Option<Cow<'s, str>>,
    /// The participant of a TCC or two-phase commit.
    pub participant: Option<Cow<'s, str>>,
    /// Which phase of a TCC or two-phase commit it is.
    pub phase: Option<Phase>,
    /// How a participant of a two-phase commit voted: yes or no.
    pub vote: Option<bool>,
    /// What the coordinator of a two-phase commit decided: to commit or not.
    pub decision: Option<bool>,
}

impl<'s> Facts<'s> {
    /// What the span says.
    #[must_use]
    pub fn of(span: &'s Span) -> Self {
        Facts::read(&span.attributes)
    }

    /// What the attributes of a span or log record say.
    #[must_use]
    pub fn read(attributes: &'s Attributes) -> Self {
        let mut facts = Facts::default();
        for (name, value) in attributes.iter() {
            facts.take(name, value);
        }
        facts
    }

    fn take(&mut self, name: &str, value: &'s Value) {
        let protocol = match name {
            SAGA_NAME | SAGA_ID | SAGA_OUTCOME | SAGA_STEP_NAME | SAGA_STEP_INDEX
            | SAGA_STEP_ATTEMPT | COMPENSATION_FOR | COMPENSATION_TYPE => Protocol::Saga,
            TCC_NAME | TCC_ID | TCC_OUTCOME | TCC_PARTICIPANT | TCC_PHASE => Protocol::Tcc,
            TWO_PHASE_NAME
            | TWO_PHASE_ID
            | TWO_PHASE_OUTCOME
            | TWO_PHASE_PARTICIPANT
            | TWO_PHASE_PHASE
            | TWO_PHASE_VOTE
            | TWO_PHASE_DECISION => Protocol::TwoPhaseCommit,
            _ => return,
        };
        // A step of a saga may be carried out by a TCC: the narrower protocol gives the span its part.
        self.protocol = match self.protocol {
            None | Some(Protocol::Saga) => Some(protocol),
            narrower => narrower,
        };
        let text = || value.to_text().filter(|text| !text.is_empty());
        match name {
            SAGA_NAME | TCC_NAME | TWO_PHASE_NAME => self.workflow = text(),
            SAGA_ID | TCC_ID | TWO_PHASE_ID => self.id = text(),
            SAGA_OUTCOME | TCC_OUTCOME | TWO_PHASE_OUTCOME => {
                self.outcome = value.as_text().and_then(WorkflowOutcome::read);
            }
            SAGA_STEP_NAME => self.step = text(),
            SAGA_STEP_INDEX => self.step_index = whole(value),
            SAGA_STEP_ATTEMPT => self.attempt = whole(value).filter(|attempt| *attempt > 0),
            COMPENSATION_FOR => self.undoes = text(),
            COMPENSATION_TYPE => self.compensation = text(),
            TCC_PARTICIPANT | TWO_PHASE_PARTICIPANT => self.participant = text(),
            TCC_PHASE | TWO_PHASE_PHASE => self.phase = value.as_text().and_then(Phase::read),
            TWO_PHASE_VOTE => self.vote = choice(value, "yes", "no"),
            TWO_PHASE_DECISION => self.decision = choice(value, "commit", "abort"),
            _ => {}
        }
    }

    /// Whether the span undoes a step.
    #[must_use]
    pub fn is_compensation(&self) -> bool {
        self.undoes.is_some() || self.compensation.is_some()
    }

    /// Whether the span stands for a workflow as a whole: it says which, and has no smaller part in it.
    #[must_use]
    pub fn is_workflow(&self) -> bool {
        (self.workflow.is_some() || self.id.is_some() || self.outcome.is_some())
            && self.step.is_none()
            && !self.is_compensation()
            && self.participant.is_none()
            && self.phase.is_none()
    }
}

fn whole(value: &Value) -> Option<u64> {
    u64::try_from(value.to_int()?).ok()
}

fn choice(value: &Value, yes: &str, no: &str) -> Option<bool> {
    match value {
        Value::Bool(said) => Some(*said),
        Value::Text(text) if text.eq_ignore_ascii_case(yes) => Some(true),
        Value::Text(text) if text.eq_ignore_ascii_case(no) => Some(false),
        _ => None,
    }
}

/// The kinds of workflows that spans tell of by attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// Steps, and compensations that undo them.
    Saga,
    /// Try, then confirm or cancel.
    Tcc,
    /// Prepare, then commit or abort.
    TwoPhaseCommit,
}

impl Protocol {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Saga => "saga",
            Protocol::Tcc => "tcc",
            Protocol::TwoPhaseCommit => "two-phase-commit",
        }
    }
}

/// How a workflow ended, as it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WorkflowOutcome {
    /// All of it is in force.
    Completed,
    /// None of it is in force: it was undone, cancelled or aborted.
    Compensated,
    /// It ended, and neither is so.
    Failed,
    /// It is not known.
    InDoubt,
}

impl WorkflowOutcome {
    /// The outcome of that name: the convention's, or a usual word for the same.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        Some(match text.trim().to_ascii_lowercase().as_str() {
            "completed" | "confirmed" | "committed" => WorkflowOutcome::Completed,
            "compensated" | "cancelled" | "canceled" | "aborted" | "rolled_back" => {
                WorkflowOutcome::Compensated
            }
            "failed" => WorkflowOutcome::Failed,
            "in_doubt" | "in-doubt" | "unknown" => WorkflowOutcome::InDoubt,
            _ => return None,
        })
    }

    /// The word of the convention for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            WorkflowOutcome::Completed => "completed",
            WorkflowOutcome::Compensated => "compensated",
            WorkflowOutcome::Failed => "failed",
            WorkflowOutcome::InDoubt => "in_doubt",
        }
    }
}

/// A phase of a TCC or of a two-phase commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Resources are reserved.
    Try,
    /// What was reserved is used.
    Confirm,
    /// What was reserved is released.
    Cancel,
    /// A participant is asked for its vote.
    Prepare,
    /// The coordinator decides.
    Decide,
    /// What was prepared comes into force.
    Commit,
    /// What was prepared is undone.
    Abort,
}

impl Phase {
    /// The phase of that name, in either case.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        Some(match text.trim().to_ascii_lowercase().as_str() {
            "try" => Phase::Try,
            "confirm" => Phase::Confirm,
            "cancel" => Phase::Cancel,
            "prepare" => Phase::Prepare,
            "decide" => Phase::Decide,
            "commit" => Phase::Commit,
            "abort" | "rollback" => Phase::Abort,
            _ => return None,
        })
    }

    /// The word of the convention for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Phase::Try => "try",
            Phase::Confirm => "confirm",
            Phase::Cancel => "cancel",
            Phase::Prepare => "prepare",
            Phase::Decide => "decide",
            Phase::Commit => "commit",
            Phase::Abort => "abort",
        }
    }
}

/// What came of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SpanOutcome {
    /// Nothing says that it failed. That is how success looks in most traces.
    Succeeded,
    /// The business said no: nothing happened, and asking again would not help.
    Refused,
    /// It failed.
    Failed,
    /// Whether it took effect is not known: there was no answer.
    Unknown,
}

impl SpanOutcome {
    /// What came of the span, by its status, its `error.type`, and attributes that end with `outcome`.
    #[must_use]
    pub fn of(span: &Span) -> Self {
        let mut outcome = SpanOutcome::Succeeded;
        for (name, value) in span.attributes.iter() {
            // How the workflow ended is no outcome of the span, which may have done all that it should.
            if matches!(name, SAGA_OUTCOME | TCC_OUTCOME | TWO_PHASE_OUTCOME) {
                continue;
            }
            if name == ERROR_TYPE || is_outcome(name) {
                outcome = outcome.max(
                    value
                        .as_text()
                        .map_or(SpanOutcome::Succeeded, |text| by_word(text, name == ERROR_TYPE)),
                );
            }
        }
        match &span.status {
            Status::Error(text) if outcome == SpanOutcome::Succeeded => by_word(text, true),
            _ => outcome,
        }
    }

    /// Whether it is known or feared that the work was not done.
    #[must_use]
    pub fn is_failure(self) -> bool {
        self != SpanOutcome::Succeeded
    }
}

fn is_outcome(name: &str) -> bool {
    name == "outcome" || name.ends_with(".outcome") || name.ends_with("_outcome")
}

/// What a word says of an outcome. Where it is known to speak of an error, any word is a failure.
fn by_word(text: &str, of_error: bool) -> SpanOutcome {
    let text = text.to_ascii_lowercase();
    let speaks_of = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if speaks_of(&["timeout", "timed out", "timed_out", "deadline", "unavailable", "in_doubt"])
        || (!of_error && text == "unknown")
    {
        SpanOutcome::Unknown
    } else if speaks_of(&["reject", "refuse", "declin", "insufficient"]) {
        SpanOutcome::Refused
    } else if of_error || speaks_of(&["fail", "error", "abort", "denied"]) {
        SpanOutcome::Failed
    } else {
        SpanOutcome::Succeeded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes<const N: usize>(pairs: [(&str, &str); N]) -> Attributes {
        pairs.into_iter().collect()
    }

    #[test]
    fn an_attempt_at_a_step() {
        let mut said = attributes([(SAGA_ID, "s-1"), (SAGA_STEP_NAME, "reserve")]);
        said.push(SAGA_STEP_INDEX, 1i64);
        said.push(SAGA_STEP_ATTEMPT, "2");
        let facts = Facts::read(&said);
        assert_eq!(facts.protocol, Some(Protocol::Saga));
        assert_eq!(facts.id.as_deref(), Some("s-1"));
        assert_eq!(facts.step.as_deref(), Some("reserve"));
        assert_eq!((facts.step_index, facts.attempt), (Some(1), Some(2)));
        assert!(!facts.is_compensation() && !facts.is_workflow());
    }

    #[test]
    fn a_workflow_and_its_outcome() {
        let said = attributes([(SAGA_NAME, "order"), (SAGA_OUTCOME, "Compensated")]);
        let facts = Facts::read(&said);
        assert!(facts.is_workflow());
        assert_eq!(facts.outcome, Some(WorkflowOutcome::Compensated));
    }

    #[test]
    fn a_tcc_inside_a_saga_is_a_tcc() {
        let said = attributes([(TCC_PHASE, "TRY"), (SAGA_NAME, "order")]);
        let facts = Facts::read(&said);
        assert_eq!((facts.protocol, facts.phase), (Some(Protocol::Tcc), Some(Phase::Try)));
    }

    #[test]
    fn attributes_of_a_wrong_type_say_nothing() {
        let mut said = attributes([(SAGA_OUTCOME, "maybe")]);
        said.push(SAGA_STEP_INDEX, -1i64);
        said.push(SAGA_STEP_ATTEMPT, 0i64);
        said.push(SAGA_STEP_NAME, Value::Empty);
        said.push(TWO_PHASE_VOTE, 7i64);
        let silent = Facts { protocol: Some(Protocol::TwoPhaseCommit), ..Facts::default() };
        assert_eq!(Facts::read(&said), silent);
    }

    #[test]
    fn every_word_is_read_as_it_is_written() {
        use WorkflowOutcome::{Compensated, Completed, Failed, InDoubt};
        for outcome in [Completed, Compensated, Failed, InDoubt] {
            assert_eq!(WorkflowOutcome::read(outcome.word()), Some(outcome));
        }
        use Phase::{Abort, Cancel, Commit, Confirm, Decide, Prepare, Try};
        for phase in [Try, Confirm, Cancel, Prepare, Decide, Commit, Abort] {
            assert_eq!(Phase::read(phase.word()), Some(phase));
        }
    }

    #[test]
    fn words_tell_what_came_of_it() {
        assert_eq!(by_word("rejected", false), SpanOutcome::Refused);
        assert_eq!(by_word("approved", false), SpanOutcome::Succeeded);
        assert_eq!(by_word("InsufficientStock", true), SpanOutcome::Refused);
        assert_eq!(by_word("NullPointerException", true), SpanOutcome::Failed);
        assert_eq!(by_word("payment gateway timeout", true), SpanOutcome::Unknown);
        assert_eq!(by_word("service unavailable", true), SpanOutcome::Unknown);
        assert_eq!(by_word("", true), SpanOutcome::Failed);
    }
}
