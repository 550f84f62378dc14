//! What the user wants done: a workflow of steps over services and their resources, the faults to
//! survive, and the properties that must hold.
//!
//! A [`Workflow`] is made by the [builder](Workflow::builder) or read from a spec file (which uses the
//! builder), and is valid by construction: every name resolves, every order of steps can be carried
//! out. What it means to run one is the business of [`crate::protocols`], each of which says what it
//! [requires](Requirements); what its expressions mean is in [`expression`].

pub mod builder;
pub mod business;
pub mod dataflow;
pub mod definition;
pub mod domain;
mod domain_place;
mod execution;
pub mod expression;
pub mod faults;
pub mod outside;
pub mod request;
pub mod rule;
pub mod suggestion;

pub use builder::{
    Drafts, Exceptions, PropertyDraft, Requirements, RuleDraft, StepDraft, WorkflowBuilder,
    WorkflowError,
};
pub use business::{ByWork, Work};
pub use dataflow::Dataflow;
pub use definition::{Claim, PropertyDefinition, Resource, Service, Step, StepKind, Workflow};
pub use expression::{ArithmeticError, Assignment, Condition, Reading, ResourceId, Term, Variable};
pub use faults::{Fault, FaultBudget};
pub use outside::{Outside, OutsideAt, PlannedOutside};
pub use request::{InputId, Requests};
pub use rule::{Rule, StepProtocol};
