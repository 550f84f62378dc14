//! Writing expressions the way they are read.

use std::fmt::{self, Display, Formatter};

use super::{Comparison, Condition, Operator, Term, Variable};

/// Something with the names of its variables, ready to be shown.
pub struct Written<'a, T: ?Sized> {
    what: &'a T,
    name: &'a dyn Fn(Variable) -> String,
}

impl Term {
    /// Shows the term, with variables under the names that `name` gives them.
    pub fn written<'a>(&'a self, name: &'a dyn Fn(Variable) -> String) -> Written<'a, Term> {
        Written { what: self, name }
    }
}

impl Condition {
    /// Shows the condition, with variables under the names that `name` gives them.
    pub fn written<'a>(&'a self, name: &'a dyn Fn(Variable) -> String) -> Written<'a, Condition> {
        Written { what: self, name }
    }
}

impl Display for Written<'_, Term> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = self.name;
        match self.what {
            Term::Number(number) => write!(f, "{number}"),
            Term::Variable(variable) => f.write_str(&name(*variable)),
            Term::Negate(term) => write!(f, "-({})", term.written(name)),
            Term::Arithmetic(operator @ (Operator::Minimum | Operator::Maximum), left, right) => {
                write!(f, "{operator}({}, {})", left.written(name), right.written(name))
            }
            Term::Arithmetic(operator, left, right) => {
                write!(f, "({} {operator} {})", left.written(name), right.written(name))
            }
            Term::Choose(condition, yes, no) => write!(
                f,
                "if {} {{ {} }} else {{ {} }}",
                condition.written(name),
                yes.written(name),
                no.written(name)
            ),
        }
    }
}

impl Display for Written<'_, Condition> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = self.name;
        match self.what {
            Condition::Constant(value) => write!(f, "{value}"),
            Condition::Compare(comparison, left, right) => {
                write!(f, "({} {comparison} {})", left.written(name), right.written(name))
            }
            Condition::Not(condition) => write!(f, "!({})", condition.written(name)),
            Condition::And(left, right) => {
                write!(f, "({} && {})", left.written(name), right.written(name))
            }
            Condition::Or(left, right) => {
                write!(f, "({} || {})", left.written(name), right.written(name))
            }
            Condition::Same(left, right) => {
                write!(f, "({} == {})", left.written(name), right.written(name))
            }
        }
    }
}

impl Display for Operator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
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

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        })
    }
}
