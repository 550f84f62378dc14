//! Reading expressions.

use std::ops::Range;

use super::{Assignment, Condition, ResourceId, Variable};

/// The names an expression may use.
pub trait Names {
    /// What `name` or `service.name` stands for; `Err` says what is wrong with it and how to mend it.
    ///
    /// # Errors
    /// When the name is not known here.
    fn resolve(&self, path: &[&str]) -> Result<Variable, String>;

    /// The own resource that `name` assigns to.
    ///
    /// # Errors
    /// When there is no such resource here.
    fn assignable(&self, name: &str) -> Result<ResourceId, String>;

    /// The value of a variable at the start, for `initial(x)`.
    fn initial(&self, variable: Variable) -> i64;

    /// The names that can be used, for suggestions.
    fn known(&self) -> Vec<String>;
}

/// What is wrong with an expression, and where in its text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// The bytes of the text that are to blame.
    pub range: Range<usize>,
}

/// Reads a condition.
///
/// # Errors
/// What is wrong with the text, and where.
pub fn parse_condition(text: &str, names: &dyn Names) -> Result<Condition, ExpressionError> {
    let _ = (text, names);
    Err(ExpressionError { message: "not yet".to_owned(), help: None, range: 0..text.len() })
}

/// Reads an assignment: `stock -= 1`, `status = 2`.
///
/// # Errors
/// What is wrong with the text, and where.
pub fn parse_assignment(text: &str, names: &dyn Names) -> Result<Assignment, ExpressionError> {
    let _ = (text, names);
    Err(ExpressionError { message: "not yet".to_owned(), help: None, range: 0..text.len() })
}

/// A sentence that offers the known name nearest to `name`, or all of them.
#[must_use]
pub fn suggestion(name: &str, known: &[&str]) -> String {
    let _ = name;
    format!("known: {}", known.join(", "))
}
