//! Small integer arithmetic and logic over resources: guards, changes and properties.
//!
//! Expressions are typed when they are read: a [`Term`] is a number, a [`Condition`] is true or
//! false, and names are resolved to [`Variable`]s. What is left to go wrong when one is evaluated is
//! arithmetic, and that is an error, never a wrap-around: [`ArithmeticError`].
//!
//! The syntax is that of Rust expressions, read by `syn`; see [`parse`]. [`Written`] is the way
//! back.

mod convert;
mod display;
pub mod name;
pub mod parse;
mod tokens;
mod variables;

pub use display::Written;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::process::rename::renames;
use crate::process::{LocalId, ServiceId};
use crate::workflow::request::InputId;

/// The position of a resource in its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceId(pub u16);

renames!(nothing in ResourceId, ArithmeticError);

/// What a name in an expression stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Variable {
    /// The value of a resource.
    Resource(ServiceId, ResourceId),
    /// An input of the workflow that a step is part of.
    Input(InputId),
    /// What a step of the same workflow has read.
    Local(LocalId),
    /// How many workflows have completed.
    Completed,
    /// How many workflows were rolled back; for a TCC also called `cancelled`.
    Compensated,
    /// How many workflows ended in between, needing a person.
    Failed,
}

/// An expression whose value is a number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// A literal number.
    Number(i64),
    /// A resource or another quantity.
    Variable(Variable),
    /// `-a`
    Negate(Box<Term>),
    /// `a + b` and its like.
    Arithmetic(Operator, Box<Term>, Box<Term>),
    /// `if c { a } else { b }`
    Choose(Box<Condition>, Box<Term>, Box<Term>),
}

/// An operator on numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operator {
    /// `a + b`
    Add,
    /// `a - b`
    Subtract,
    /// `a * b`
    Multiply,
    /// `a / b`, rounded towards zero.
    Divide,
    /// `a % b`, with the sign of `a`.
    Remainder,
    /// `min(a, b)`
    Minimum,
    /// `max(a, b)`
    Maximum,
}

/// An expression that is true or false.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// `true` or `false`.
    Constant(bool),
    /// `a <= b` and its like.
    Compare(Comparison, Box<Term>, Box<Term>),
    /// `!a`
    Not(Box<Condition>),
    /// `a && b`; `b` is not evaluated when `a` is false.
    And(Box<Condition>, Box<Condition>),
    /// `a || b`; `b` is not evaluated when `a` is true.
    Or(Box<Condition>, Box<Condition>),
    /// `a == b` of conditions: both true or both false.
    Same(Box<Condition>, Box<Condition>),
    /// `if c { a } else { b }` of conditions.
    Choose(Box<Condition>, Box<Condition>, Box<Condition>),
}

/// A comparison of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `a == b`
    Equal,
    /// `a != b`
    NotEqual,
    /// `a < b`
    Less,
    /// `a <= b`
    LessOrEqual,
    /// `a > b`
    Greater,
    /// `a >= b`
    GreaterOrEqual,
}

/// A change of one resource: `stock -= 1` is kept as `stock = stock - 1`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Assignment {
    /// The resource that changes, one of the service's own.
    pub resource: ResourceId,
    /// Its new value.
    pub value: Term,
}

/// A value that a step reads into a variable: `seen = balance`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reading {
    /// The variable.
    pub local: LocalId,
    /// What is read, computed from the service's own resources.
    pub value: Term,
}

/// Arithmetic that has no result in 64-bit signed integers.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    thiserror::Error,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum ArithmeticError {
    /// The result does not fit.
    #[error("the result of `{operator}` does not fit into 64 bits")]
    Overflow {
        /// What was computed.
        operator: Operator,
    },
    /// A division or remainder by zero.
    #[error("division by zero")]
    DivisionByZero,
}

impl Term {
    /// The value of the term, given the values of its variables.
    ///
    /// # Errors
    /// When the arithmetic overflows or divides by zero.
    pub fn evaluate(&self, lookup: &dyn Fn(Variable) -> i64) -> Result<i64, ArithmeticError> {
        match self {
            Term::Number(number) => Ok(*number),
            Term::Variable(variable) => Ok(lookup(*variable)),
            Term::Negate(term) => term
                .evaluate(lookup)?
                .checked_neg()
                .ok_or(ArithmeticError::Overflow { operator: Operator::Subtract }),
            Term::Arithmetic(operator, left, right) => {
                operator.apply(left.evaluate(lookup)?, right.evaluate(lookup)?)
            }
            Term::Choose(condition, yes, no) => {
                if condition.evaluate(lookup)? {
                    yes.evaluate(lookup)
                } else {
                    no.evaluate(lookup)
                }
            }
        }
    }
}

impl Operator {
    fn apply(self, left: i64, right: i64) -> Result<i64, ArithmeticError> {
        let divides = matches!(self, Operator::Divide | Operator::Remainder);
        if divides && right == 0 {
            return Err(ArithmeticError::DivisionByZero);
        }
        match self {
            Operator::Add => left.checked_add(right),
            Operator::Subtract => left.checked_sub(right),
            Operator::Multiply => left.checked_mul(right),
            Operator::Divide => left.checked_div(right),
            Operator::Remainder => left.checked_rem(right),
            Operator::Minimum => Some(left.min(right)),
            Operator::Maximum => Some(left.max(right)),
        }
        .ok_or(ArithmeticError::Overflow { operator: self })
    }
}

impl Condition {
    /// Whether the condition is true, given the values of its variables.
    ///
    /// # Errors
    /// When its arithmetic overflows or divides by zero.
    pub fn evaluate(&self, lookup: &dyn Fn(Variable) -> i64) -> Result<bool, ArithmeticError> {
        Ok(match self {
            Condition::Constant(value) => *value,
            Condition::Compare(comparison, left, right) => {
                comparison.holds(left.evaluate(lookup)?, right.evaluate(lookup)?)
            }
            Condition::Not(condition) => !condition.evaluate(lookup)?,
            Condition::And(left, right) => left.evaluate(lookup)? && right.evaluate(lookup)?,
            Condition::Or(left, right) => left.evaluate(lookup)? || right.evaluate(lookup)?,
            Condition::Same(left, right) => left.evaluate(lookup)? == right.evaluate(lookup)?,
            Condition::Choose(condition, yes, no) => {
                if condition.evaluate(lookup)? {
                    yes.evaluate(lookup)?
                } else {
                    no.evaluate(lookup)?
                }
            }
        })
    }
}

impl Comparison {
    fn holds(self, left: i64, right: i64) -> bool {
        match self {
            Comparison::Equal => left == right,
            Comparison::NotEqual => left != right,
            Comparison::Less => left < right,
            Comparison::LessOrEqual => left <= right,
            Comparison::Greater => left > right,
            Comparison::GreaterOrEqual => left >= right,
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Remainder => "%",
            Operator::Minimum => "min",
            Operator::Maximum => "max",
        })
    }
}

#[cfg(test)]
mod tests;
