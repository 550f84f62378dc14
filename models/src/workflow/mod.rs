//! What the user wants done: a workflow of steps over services and their resources, the faults to
//! survive, and the properties that must hold.
//!
//! A [`Workflow`] is made by the [builder](Workflow::builder) or read from a spec file, and is valid
//! by construction: every name resolves, every order of steps can be carried out.

pub mod definition;
pub mod expression;
pub mod faults;

pub use faults::{Fault, FaultBudget};
