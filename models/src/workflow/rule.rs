//! Where the steps of one workflow use different protocols: which step uses which.

use super::expression::Condition;

/// The protocol of a step, where steps of one workflow have different ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StepProtocol {
    /// A step of a saga: done, and undone if need be.
    Saga,
    /// A branch of a TCC: reserved, then confirmed or cancelled.
    Tcc,
    /// A notice, sent through the outbox once the workflow is decided.
    Outbox,
}

impl StepProtocol {
    /// All of them, in the order in which documentation lists them.
    pub const ALL: [StepProtocol; 3] =
        [StepProtocol::Saga, StepProtocol::Tcc, StepProtocol::Outbox];

    /// Its name in specs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            StepProtocol::Saga => "saga",
            StepProtocol::Tcc => "tcc",
            StepProtocol::Outbox => "outbox",
        }
    }
}

/// Picks, for each request, the protocol of the steps that leave it open: a small transfer is made
/// quickly, a large one safely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it goes by: a condition on the inputs of the request.
    pub when: Condition,
    /// What is used when that is true.
    pub then: StepProtocol,
    /// What is used otherwise.
    pub otherwise: StepProtocol,
    /// What it picks, by request.
    pub(super) picks: Vec<StepProtocol>,
}
