//! The attributes by which spans of this runtime say exactly which activity of the model they tell of.

/// The name of the workflow; of its root span.
pub const WORKFLOW_NAME: &str = "amends.workflow.name";
/// The id of one run of the workflow; of all its spans.
pub const WORKFLOW_ID: &str = "amends.workflow.id";
/// The protocol that carries it out, by its name in specs; of the root span.
pub const PROTOCOL: &str = "amends.protocol";
/// How the workflow ended: `completed`, `compensated` or `failed`; of the root span, once it is told.
pub const OUTCOME: &str = "amends.outcome";
/// That the workflow is over, where no outcome is told; of the root span.
pub const OVER: &str = "amends.over";
/// How many spans of this workflow its own process ended, the root span included. It is left out where
/// a restart may have destroyed some.
pub const SPANS: &str = "amends.spans";
/// Whether the span is a [`REQUEST`] or an [`EXECUTION`].
pub const ROLE: &str = "amends.role";
/// A task is asked for, from when the request leaves until it is answered.
pub const REQUEST: &str = "request";
/// A task is carried out, from when the request arrives until it is answered.
pub const EXECUTION: &str = "execution";
/// What is done: the name of an [`Operation`](amends_models::system::Operation).
pub const OPERATION: &str = "amends.operation";
/// About what: the name of a step, a service or an event.
pub const SUBJECT: &str = "amends.subject";
/// What was answered: `done`, `refused` or `failed`.
pub const ANSWER: &str = "amends.answer";
/// What the resources said when the task was tried; absent where it was answered without trying.
pub const EFFECT: &str = "amends.effect";
/// An event of the root span: it was decided how the workflow shall end.
pub const DECISION: &str = "decision";
/// How it shall end, as in [`OUTCOME`]; of the event [`DECISION`].
pub const ENDING: &str = "amends.ending";
/// The `error.type` of a request that was not answered in time.
pub const TIMEOUT: &str = "timeout";
/// The `error.type` of a request that nobody needs an answer to any more.
pub const UNANSWERED: &str = "unanswered";
/// The `error.type` of what a crash cut short.
pub const CRASH: &str = "crash";
