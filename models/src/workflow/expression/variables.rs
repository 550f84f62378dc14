//! Which variables an expression names.

use super::{Condition, Term, Variable};

impl Term {
    /// Shows every variable that the term names to `see`.
    pub fn visit(&self, see: &mut dyn FnMut(Variable)) {
        match self {
            Term::Number(_) => {}
            Term::Variable(variable) => see(*variable),
            Term::Negate(term) => term.visit(see),
            Term::Arithmetic(_, left, right) => {
                left.visit(see);
                right.visit(see);
            }
            Term::Choose(condition, yes, no) => {
                condition.visit(see);
                yes.visit(see);
                no.visit(see);
            }
        }
    }
}

impl Condition {
    /// Shows every variable that the condition names to `see`.
    pub fn visit(&self, see: &mut dyn FnMut(Variable)) {
        match self {
            Condition::Constant(_) => {}
            Condition::Compare(_, left, right) => {
                left.visit(see);
                right.visit(see);
            }
            Condition::Not(condition) => condition.visit(see),
            Condition::And(left, right)
            | Condition::Or(left, right)
            | Condition::Same(left, right) => {
                left.visit(see);
                right.visit(see);
            }
            Condition::Choose(condition, yes, no) => {
                condition.visit(see);
                yes.visit(see);
                no.visit(see);
            }
        }
    }
}
