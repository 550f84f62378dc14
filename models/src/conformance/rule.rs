//! The rule of the protocol that an unexplained observation breaks.
//!
//! That nothing explains the evidence is proven by the search. Which rule it breaks is read off the smallest
//! evidence, for people: it says where to look.

use std::fmt;

use serde::Serialize;

use crate::process::Answer;
use crate::system::{Activity, Ending, Operation, Task};

use super::observation::{Observation, ObservationSet, ObservedRun};

/// A rule of transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// A step's compensation, or the release of a reservation, should have happened.
    MissingCompensation,
    /// A step, confirmation or commit should have happened.
    MissingEffect,
    /// A change was made twice.
    DoubleEffect,
    /// What was never done was undone.
    EmptyRollback,
    /// A step or reservation took effect after it was undone.
    Hanging,
    /// A compensation ran before that of what was built on it.
    CompensationOrder,
    /// Something took effect before what it follows from.
    EffectBeforeCause,
    /// A participant did something else than was decided.
    AgainstTheDecision,
    /// The decision is not the one that the votes call for.
    AgainstTheVotes,
    /// Some steps are in force and others are not, or the outcome that was told is not what happened.
    Atomicity,
    /// An answer says something else than what was done.
    FalseAnswer,
    /// Something was done that the design does not have.
    UnknownStep,
    /// No rule has a name for it: no run of the design shows that.
    NoSuchRun,
}

impl Rule {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Rule::MissingCompensation => "missing-compensation",
            Rule::MissingEffect => "missing-effect",
            Rule::DoubleEffect => "double-effect",
            Rule::EmptyRollback => "empty-rollback",
            Rule::Hanging => "hanging",
            Rule::CompensationOrder => "compensation-order",
            Rule::EffectBeforeCause => "effect-before-cause",
            Rule::AgainstTheDecision => "against-the-decision",
            Rule::AgainstTheVotes => "against-the-votes",
            Rule::Atomicity => "atomicity",
            Rule::FalseAnswer => "false-answer",
            Rule::UnknownStep => "unknown-step",
            Rule::NoSuchRun => "no-such-run",
        }
    }

    /// What it means that it is broken.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Rule::MissingCompensation => "what was done should have been undone, and was not",
            Rule::MissingEffect => "something should have been done, and was not",
            Rule::DoubleEffect => "a change was made twice",
            Rule::EmptyRollback => "what was never done was undone",
            Rule::Hanging => {
                "a step took effect after it was undone, and nobody will undo it again"
            }
            Rule::CompensationOrder => "a step was undone before what was built on it",
            Rule::EffectBeforeCause => "something took effect before what it follows from",
            Rule::AgainstTheDecision => "a participant did something else than was decided",
            Rule::AgainstTheVotes => "the decision is not the one that the votes call for",
            Rule::Atomicity => "the outcome that was told is not what happened",
            Rule::FalseAnswer => "an answer says something else than what was done",
            Rule::UnknownStep => "something was done that the design does not have",
            Rule::NoSuchRun => "no run of the design shows this",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The rule that is broken where such activities are missing.
pub(super) fn of_missing(missing: &[Activity]) -> Rule {
    let operations = missing.iter().filter_map(|&it| Some(Observation::from(it).task()?.operation));
    let mut operations = operations.peekable();
    if operations.peek().is_none() {
        return Rule::Atomicity;
    }
    if operations.any(is_backward) { Rule::MissingCompensation } else { Rule::MissingEffect }
}

/// The rule that is broken where these observations cannot be explained.
pub(super) fn of_evidence(run: &ObservedRun, core: ObservationSet) -> Rule {
    let seen: Vec<(usize, Observation)> =
        core.iter().map(|at| (at, run.observations()[at])).collect();
    let done = |observation: Observation| match observation {
        Observation::Performed(task, Some(Answer::Done)) => Some(task),
        _ => None,
    };
    let effects: Vec<(usize, Task)> =
        seen.iter().filter_map(|&(at, it)| Some((at, done(it)?))).collect();
    for (position, &(first, one)) in effects.iter().enumerate() {
        for &(second, other) in &effects[position + 1..] {
            if one == other {
                return Rule::DoubleEffect;
            }
            if one.subject == other.subject && opposed(one.operation, other.operation) {
                let (undo, redo) =
                    if is_backward(one.operation) { (first, second) } else { (second, first) };
                if run.before(redo).contains(undo) {
                    return Rule::Hanging;
                }
                return Rule::Atomicity;
            }
        }
    }
    if let Some(rule) = of_answers(&seen) {
        return rule;
    }
    if let Some(rule) = of_endings(&seen, &effects) {
        return rule;
    }
    let undone: Vec<&(usize, Task)> =
        effects.iter().filter(|(_, task)| is_backward(task.operation)).collect();
    if undone.len() >= 2 {
        return Rule::CompensationOrder;
    }
    if let [(at, task)] = undone[..] {
        let was_done = run.observations().iter().any(|&it| {
            done(it).is_some_and(|it| it.subject == task.subject && !is_backward(it.operation))
        });
        let is_after_another = seen.iter().any(|&(other, it)| {
            other != *at && it.task().is_some_and(|it| it.subject != task.subject)
        });
        return match (was_done, is_after_another) {
            (false, _) => Rule::EmptyRollback,
            (true, true) => Rule::CompensationOrder,
            (true, false) => Rule::AgainstTheDecision,
        };
    }
    if effects.is_empty() && seen.iter().all(|(_, it)| it.task().is_none()) {
        return Rule::NoSuchRun;
    }
    if core.iter().any(|at| core.iter().any(|other| run.before(at).contains(other))) {
        return Rule::EffectBeforeCause;
    }
    Rule::NoSuchRun
}

/// Answers that contradict what was done, or each other.
fn of_answers(seen: &[(usize, Observation)]) -> Option<Rule> {
    for &(_, one) in seen {
        for &(_, other) in seen {
            let (Some(task), Some(answer)) = (one.task(), one.answer()) else { continue };
            if other.task() == Some(task)
                && other.kind() != one.kind()
                && other.answer().is_some_and(|other| other != answer)
            {
                return Some(Rule::FalseAnswer);
            }
        }
    }
    None
}

/// Outcomes and decisions that contradict what was done or voted.
fn of_endings(seen: &[(usize, Observation)], effects: &[(usize, Task)]) -> Option<Rule> {
    let ending = seen.iter().find_map(|(_, it)| match it {
        Observation::Ended(ending) => *ending,
        Observation::Decided(ending) => Some(*ending),
        _ => None,
    })?;
    let refused = seen.iter().any(|(_, it)| it.answer() == Some(Answer::Refused));
    let is_vote = |it: &Observation| {
        it.task().is_some_and(|task| matches!(task.operation, Operation::Prepare | Operation::Try))
    };
    if refused && ending == Ending::Completed && seen.iter().any(|(_, it)| is_vote(it)) {
        return Some(Rule::AgainstTheVotes);
    }
    let is_decision = |operation| {
        matches!(
            operation,
            Operation::Commit | Operation::Abort | Operation::Confirm | Operation::Cancel
        )
    };
    if effects.iter().any(|(_, task)| is_decision(task.operation)) {
        return Some(Rule::AgainstTheDecision);
    }
    Some(Rule::Atomicity)
}

/// Whether it takes something back.
pub(super) fn is_backward(operation: Operation) -> bool {
    matches!(operation, Operation::Undo | Operation::Cancel | Operation::Abort)
}

/// Whether one of the two takes back, and the other does.
fn opposed(one: Operation, other: Operation) -> bool {
    is_backward(one) != is_backward(other)
}
