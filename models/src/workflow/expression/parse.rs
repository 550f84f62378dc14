//! Reading expressions.
//!
//! | written | meaning |
//! |---|---|
//! | `12`, `1_000`, `0xff` | a 64-bit signed integer |
//! | `true`, `false` | a condition that always or never holds |
//! | `stock` | in a step: the value of a resource of the step's service |
//! | `amount` | in a step: an input of its workflow's request |
//! | `inventory.stock` | in a property: the value of a resource |
//! | `completed`, `compensated`, `failed` | in a property: how many workflows ended that way |
//! | `initial(stock)` | the value at the start |
//! | `-a`, `a + b`, `a - b`, `a * b`, `a / b`, `a % b` | arithmetic; an overflow is an error |
//! | `min(a, b)`, `max(a, b)` | the smaller, the greater |
//! | `a < b`, `<=`, `>`, `>=`, `==`, `!=` | comparisons; `==` and `!=` also of two conditions |
//! | `!p`, `p && q`, `p \|\| q`, `implies(p, q)` | logic |
//! | `if p { a } else { b }` | a choice between two numbers or two conditions |
//! | `stock -= 1`, `+=`, `*=`, `/=`, `%=`, `=` | an assignment |
//! | `seen` | in a step: what this step or an earlier one has read |
//! | `seen = stock` | in `read`: what is read, and what later steps call it |
//!
//! Operators bind as in Rust. A hyphen in a name is written `_` ([`name`](super::name)).

use std::ops::Range;

use super::convert::Reader;
use super::tokens::tokens;
use super::{Assignment, Condition, ResourceId, Term, Variable};

/// The names an expression may use.
pub trait Names {
    /// What `name` or `service.name` stands for; `Err` says what is wrong with it.
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
    ///
    /// # Errors
    /// When the variable has no such value.
    fn initial(&self, variable: Variable) -> Result<i64, String>;

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

impl ExpressionError {
    pub(super) fn new(message: impl Into<String>, range: Range<usize>) -> ExpressionError {
        ExpressionError { message: message.into(), help: None, range }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> ExpressionError {
        self.help = Some(help.into());
        self
    }
}

/// Reads a condition.
///
/// # Errors
/// What is wrong with the text, and where.
pub fn parse_condition(text: &str, names: &dyn Names) -> Result<Condition, ExpressionError> {
    let expression = expression(text)?;
    Reader { text, names }.condition(&expression)
}

/// Reads an assignment: `stock -= 1`, `status = 2`.
///
/// # Errors
/// What is wrong with the text, and where.
pub fn parse_assignment(text: &str, names: &dyn Names) -> Result<Assignment, ExpressionError> {
    let expression = expression(text)?;
    Reader { text, names }.assignment(&expression)
}

/// Reads what a step reads: `seen = stock`. Gives the name of the variable, and the term.
///
/// # Errors
/// What is wrong with the text, and where.
pub fn parse_reading(text: &str, names: &dyn Names) -> Result<(String, Term), ExpressionError> {
    let expression = expression(text)?;
    Reader { text, names }.reading(&expression)
}

fn expression(text: &str) -> Result<syn::Expr, ExpressionError> {
    syn::parse2(tokens(text)?).map_err(|error| misplaced(text, &error))
}

/// Puts a syntax error into words.
fn misplaced(text: &str, error: &syn::Error) -> ExpressionError {
    let range = error.span().byte_range();
    let reason = error.to_string();
    let token = &text[range.clone()];
    if reason.contains("cannot be chained") {
        return ExpressionError::new("comparisons cannot be chained", range)
            .help("write `a < b && b < c`");
    }
    if token.is_empty() {
        let end = text.trim_end().len();
        return ExpressionError::new("the expression ends too early", end..end).help(
            if reason.contains("curly braces") {
                "write `if c { a } else { b }`"
            } else {
                "something is missing after it"
            },
        );
    }
    let error = ExpressionError::new(format!("`{token}` is not expected here"), range.clone());
    match (token, last_word(&text[..range.start])) {
        ("and", _) => error.help("write `&&`"),
        ("or", _) => error.help("write `||`"),
        ("implies", _) => error.help("write `implies(a, b)`"),
        (_, "not") => error.help("write `!` instead of `not`"),
        _ if reason.contains("end of input") => error.help("an operand is missing before it"),
        _ if reason.contains("expected an expression") => {
            error.help("a number, a name or a condition is expected")
        }
        _ if reason.contains("curly braces") => error.help("write `if c { a } else { b }`"),
        _ => error.help("an operator is missing before it, or it is too much"),
    }
}

fn last_word(text: &str) -> &str {
    text.split_whitespace().next_back().unwrap_or("")
}
