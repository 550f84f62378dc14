//! Stopping before the whole space is explored, because enough is known.
//!
//! A search learns on its way that a state or a step violates a property, or that something can be
//! reached. Obligations (what must happen on every fair path) are judged at its end only, so they are
//! never decided early.

use crate::graph::record::Record;
use crate::limits::Limit;
use crate::limits::StopCondition;
use crate::property::PropertyKind;
use crate::property::internal::InternalProperty;
use crate::property::internal::Predicate;

/// Watches what a search writes down.
pub(crate) struct Early<'m, 'c> {
    enough: &'c StopCondition<'m>,
    questions: Vec<Question<'c>>,
    /// States that were looked at.
    states: u32,
    /// Expanded states that were looked at.
    expanded: u32,
}

/// A property, and where in the record the search writes what it is about.
struct Question<'c> {
    name: &'c str,
    kind: PropertyKind,
    /// The column of the condition, and of the premise if there is one; of a claim about steps, its
    /// number.
    column: usize,
    premise: Option<usize>,
    is_decided: bool,
}

impl<'m, 'c> Early<'m, 'c> {
    pub(crate) fn new<Test, StepTest>(
        enough: &'c StopCondition<'m>,
        claims: &'c [InternalProperty<Test, StepTest>],
    ) -> Self {
        let (mut columns, mut steps) = (0, 0);
        let question = |claim: &'c InternalProperty<Test, StepTest>| {
            let (column, premise) = match &claim.says {
                Predicate::OfStates { premise, .. } => {
                    let column = columns;
                    columns += 1 + usize::from(premise.is_some());
                    (column, premise.as_ref().map(|_| column + 1))
                }
                Predicate::OfSteps(_) => {
                    steps += 1;
                    (steps - 1, None)
                }
            };
            Question { name: &claim.name, kind: claim.kind, column, premise, is_decided: false }
        };
        Early { enough, questions: claims.iter().map(question).collect(), states: 0, expanded: 0 }
    }

    /// Looks at what was written down since the last look. `states` is the number of states found.
    pub(crate) fn look(&mut self, record: &Record, states: u32) -> Option<Limit> {
        if matches!(self.enough, StopCondition::Everything) {
            return None;
        }
        let expanded = record.ends.len() as u32;
        let (new, newly_expanded) = (self.states..states, self.expanded..expanded);
        let mut is_violated = false;
        for question in self.questions.iter_mut().filter(|question| !question.is_decided) {
            let asked = |state: u32| {
                question.premise.is_none_or(|premise| record.column(premise).get(state))
            };
            let good = |state: u32| record.column(question.column).get(state);
            question.is_decided = match question.kind {
                PropertyKind::Always => new.clone().any(|state| asked(state) && !good(state)),
                PropertyKind::Sometimes => new.clone().any(|state| asked(state) && good(state)),
                PropertyKind::DeadlockFree => newly_expanded
                    .clone()
                    .any(|state| record.ends.get(state as usize) && asked(state) && !good(state)),
                PropertyKind::AlwaysStep => {
                    let (broken, _) = record.step_columns(question.column);
                    newly_expanded.clone().any(|state| broken.get(state))
                }
                PropertyKind::Eventually
                | PropertyKind::LeadsTo
                | PropertyKind::AlwaysEventually
                | PropertyKind::NeverStuck => false,
            };
            is_violated |= match self.enough {
                StopCondition::Violation(counts) => {
                    question.is_decided
                        && question.kind != PropertyKind::Sometimes
                        && counts(question.name)
                }
                StopCondition::Everything | StopCondition::Decisions => false,
            };
        }
        (self.states, self.expanded) = (states, expanded);
        let all_decided =
            !self.questions.is_empty() && self.questions.iter().all(|question| question.is_decided);
        match self.enough {
            StopCondition::Violation(_) if is_violated => Some(Limit::Violation),
            StopCondition::Decisions if all_decided => Some(Limit::Decided),
            _ => None,
        }
    }
}
