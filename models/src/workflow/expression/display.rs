//! Writing expressions, so that reading them gives the same again.

use std::fmt::{self, Display, Formatter};

use super::{Comparison, Condition, Operator, Term, Variable};

/// An expression together with the names of its variables.
///
/// ```
/// use amends_models::workflow::{ResourceId, Term, Variable};
/// use amends_models::workflow::expression::Operator;
/// use amends_models::process::ServiceId;
///
/// let stock = Term::Variable(Variable::Resource(ServiceId(0), ResourceId(0)));
/// let fewer = Term::Arithmetic(Operator::Subtract, Box::new(stock), Box::new(Term::Number(1)));
/// assert_eq!(fewer.written(&|_| "stock".to_owned()).to_string(), "stock - 1");
/// ```
pub struct Written<'a, E> {
    expression: &'a E,
    name: &'a dyn Fn(Variable) -> String,
}

impl Term {
    /// The term as text, with its variables spelled as `name` says.
    #[must_use]
    pub fn written<'a>(&'a self, name: &'a dyn Fn(Variable) -> String) -> Written<'a, Term> {
        Written { expression: self, name }
    }
}

impl Condition {
    /// The condition as text, with its variables spelled as `name` says.
    #[must_use]
    pub fn written<'a>(&'a self, name: &'a dyn Fn(Variable) -> String) -> Written<'a, Condition> {
        Written { expression: self, name }
    }
}

/// How tightly an expression holds together. A part that holds less than its surroundings ask for is
/// put into parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Choice,
    Or,
    And,
    Comparison,
    Sum,
    Product,
    Sign,
    Operand,
}

impl<'a, E> Written<'a, E> {
    fn part<'b, F>(&self, expression: &'b F) -> Written<'b, F>
    where
        'a: 'b,
    {
        Written { expression, name: self.name }
    }
}

impl Written<'_, Term> {
    fn binding(&self) -> Binding {
        match self.expression {
            Term::Number(number) if *number < 0 => Binding::Sign,
            Term::Number(_) | Term::Variable(_) => Binding::Operand,
            Term::Negate(_) => Binding::Sign,
            Term::Arithmetic(operator, ..) => match operator {
                Operator::Add | Operator::Subtract => Binding::Sum,
                Operator::Multiply | Operator::Divide | Operator::Remainder => Binding::Product,
                Operator::Minimum | Operator::Maximum => Binding::Operand,
            },
            Term::Choose(..) => Binding::Choice,
        }
    }

    fn within(&self, f: &mut Formatter<'_>, surroundings: Binding) -> fmt::Result {
        enclosed(f, self, self.binding() < surroundings)
    }
}

impl Display for Written<'_, Term> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.expression {
            Term::Number(number) => write!(f, "{number}"),
            Term::Variable(variable) => f.write_str(&(self.name)(*variable)),
            Term::Negate(term) => {
                // `-5` is the number, `-(5)` is its negation.
                let number = matches!(**term, Term::Number(_));
                f.write_str("-")?;
                let part = self.part(&**term);
                enclosed(f, &part, number || part.binding() < Binding::Sign)
            }
            Term::Arithmetic(operator @ (Operator::Minimum | Operator::Maximum), left, right) => {
                write!(f, "{operator}({}, {})", self.part(&**left), self.part(&**right))
            }
            Term::Arithmetic(operator, left, right) => {
                let binding = self.binding();
                let tighter =
                    if binding == Binding::Sum { Binding::Product } else { Binding::Sign };
                self.part(&**left).within(f, binding)?;
                write!(f, " {operator} ")?;
                self.part(&**right).within(f, tighter)
            }
            Term::Choose(condition, yes, no) => {
                let (yes, no) = (self.part(&**yes), self.part(&**no));
                write!(f, "if {} {{ {yes} }} else {{ {no} }}", self.part(&**condition))
            }
        }
    }
}

impl Written<'_, Condition> {
    fn binding(&self) -> Binding {
        match self.expression {
            Condition::Constant(_) => Binding::Operand,
            Condition::Not(_) => Binding::Sign,
            Condition::Compare(..) | Condition::Same(..) => Binding::Comparison,
            Condition::And(..) => Binding::And,
            Condition::Or(..) => Binding::Or,
            Condition::Choose(..) => Binding::Choice,
        }
    }

    fn within(&self, f: &mut Formatter<'_>, surroundings: Binding) -> fmt::Result {
        enclosed(f, self, self.binding() < surroundings)
    }
}

impl Display for Written<'_, Condition> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.expression {
            Condition::Constant(value) => write!(f, "{value}"),
            Condition::Compare(comparison, left, right) => {
                self.part(&**left).within(f, Binding::Sum)?;
                write!(f, " {comparison} ")?;
                self.part(&**right).within(f, Binding::Sum)
            }
            Condition::Not(condition) => {
                f.write_str("!")?;
                self.part(&**condition).within(f, Binding::Sign)
            }
            Condition::And(left, right) => {
                self.part(&**left).within(f, Binding::And)?;
                f.write_str(" && ")?;
                self.part(&**right).within(f, Binding::Comparison)
            }
            Condition::Or(left, right) => {
                self.part(&**left).within(f, Binding::Or)?;
                f.write_str(" || ")?;
                self.part(&**right).within(f, Binding::And)
            }
            Condition::Same(left, right) => {
                // Comparisons do not chain.
                self.part(&**left).within(f, Binding::Sum)?;
                f.write_str(" == ")?;
                self.part(&**right).within(f, Binding::Sum)
            }
            Condition::Choose(condition, yes, no) => {
                let (yes, no) = (self.part(&**yes), self.part(&**no));
                write!(f, "if {} {{ {yes} }} else {{ {no} }}", self.part(&**condition))
            }
        }
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

fn enclosed(f: &mut Formatter<'_>, expression: &dyn Display, parentheses: bool) -> fmt::Result {
    if parentheses { write!(f, "({expression})") } else { write!(f, "{expression}") }
}
