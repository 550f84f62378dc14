//! Why a workflow is not sound, and where in it.

use std::ops::Range;

use crate::workflow::business::Work;
use crate::workflow::domain_place::DomainPlace;
use crate::workflow::expression::parse::ExpressionError;
use crate::workflow::faults::Fault;

/// Where in a workflow something is wrong. Positions count from zero, in order of definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The workflow as a whole.
    Workflow,
    /// The number of instances.
    Instances,
    /// A service.
    Service(usize),
    /// A resource of a service: their positions.
    Resource(usize, usize),
    /// A key of a step.
    Step(usize, StepField),
    /// An input of a request: their positions.
    Input(usize, usize),
    /// A request.
    Request(usize),
    /// A key of the rule.
    Rule(RuleField),
    /// Something in the domain of an event-sourced system.
    Domain(DomainPlace),
    /// A knob of the protocol.
    Knob(&'static str),
    /// What is chosen otherwise for something of that name: in the table `services` or `steps` of the
    /// protocol's choices.
    Exception(&'static str, String),
    /// The name of a property.
    PropertyName(usize),
    /// A fault of the budget that names this node.
    Fault(Fault, String),
    /// The condition of a property.
    Property(usize),
    /// The `given` of a property.
    PropertyGiven(usize),
}

/// The keys of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleField {
    /// What it goes by.
    When,
    /// What is used when that is true.
    Use,
    /// What is used otherwise.
    Else,
}

/// The keys of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepField {
    /// Its name.
    Name,
    /// Its service.
    Service,
    /// Its kind.
    Kind,
    /// The protocol it uses.
    Protocol,
    /// An entry of the steps it waits for.
    After(usize),
    /// One of the values it reads.
    Read(usize),
    /// Its guard.
    When,
    /// One of the changes that this work on it makes.
    Work(Work, usize),
    /// One of the resources that its compensation leaves changed.
    Keeps(usize),
    /// One of the changes that it makes outside of its transaction.
    Outside(usize),
}

/// Why a workflow is not sound, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct WorkflowError {
    /// What is to blame.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// For an expression: the bytes of its text that are to blame.
    pub range: Option<Range<usize>>,
}

impl WorkflowError {
    /// An error at that place, without a word on how to mend it.
    #[must_use]
    pub fn new(place: Place, message: impl Into<String>) -> Self {
        WorkflowError { place, message: message.into(), help: None, range: None }
    }

    /// Adds how to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(in crate::workflow) fn expression(place: Place, error: ExpressionError) -> Self {
        WorkflowError { place, message: error.message, help: error.help, range: Some(error.range) }
    }
}
