//! The order of steps: some step can always start, and no step that can be undone follows one that
//! cannot, the pivot or a retriable step.

use crate::process::{StepId, StepSet};
use crate::workflow::definition::{Step, StepKind};

use super::refusal::{Place, StepField, WorkflowError};

/// Checks that steps do not wait for each other.
pub(super) fn check_order(steps: &[Step]) -> Result<(), WorkflowError> {
    let mut ordered = StepSet::EMPTY;
    while ordered.len() < steps.len() {
        let before = ordered;
        for (position, step) in steps.iter().enumerate() {
            if step.after.is_subset(ordered) {
                ordered.insert(StepId(position as u8));
            }
        }
        if ordered == before {
            let rest = StepSet::first(steps.len()).difference(ordered);
            let names: Vec<String> =
                rest.iter().map(|id| format!("`{}`", steps[usize::from(id.0)].name)).collect();
            let first = rest.iter().next().map_or(0, |id| usize::from(id.0));
            let message = match &names[..] {
                [alone] => format!("{alone} waits for itself"),
                _ => format!("these steps wait for each other: {}", names.join(", ")),
            };
            let place = Place::Step(first, StepField::After(0));
            return Err(WorkflowError::new(place, message)
                .help("remove one `after` so that some step can start"));
        }
    }
    Ok(())
}

/// Sagas have one order: compensatable steps, then at most one pivot, then retriable ones.
pub(crate) fn check_point_of_no_return(steps: &[Step]) -> Result<(), WorkflowError> {
    let of = |kind: StepKind| {
        (0..steps.len()).filter(move |&at| steps[at].kind == kind).collect::<Vec<usize>>()
    };
    let (compensatable, pivots) = (of(StepKind::Compensatable), of(StepKind::Pivot));
    let wrong = |at: usize, message: String, help: &str| {
        Err(WorkflowError::new(Place::Step(at, StepField::Kind), message).help(help))
    };
    if let [first, second, ..] = pivots[..] {
        let (first, second) = (&steps[first].name, (second, &steps[second].name));
        let message = format!(
            "`{}` is a second pivot after `{first}`; there is one point of no return",
            second.1
        );
        return wrong(second.0, message, "make the later one retriable");
    }
    for (at, step) in steps.iter().enumerate() {
        let before = ancestors(steps, StepId(at as u8));
        let missing = |others: &[usize]| {
            others.iter().copied().find(|&other| !before.contains(StepId(other as u8)))
        };
        match step.kind {
            StepKind::Compensatable => {}
            StepKind::Pivot => {
                if let Some(other) = missing(&compensatable) {
                    let message = format!(
                        "`{}` is compensatable but does not come before the pivot `{}`",
                        steps[other].name, step.name
                    );
                    return wrong(
                        other,
                        message,
                        "make it retriable, or let the pivot wait for it",
                    );
                }
            }
            StepKind::Retriable => {
                if let Some(pivot) = missing(&pivots) {
                    let message = format!(
                        "`{}` is retriable but does not follow the pivot `{}`",
                        step.name, steps[pivot].name
                    );
                    return wrong(
                        at,
                        message,
                        "a step that cannot be undone may only start after the pivot is done",
                    );
                }
                if let Some(other) = missing(&compensatable) {
                    let message = format!(
                        "`{}` is retriable but does not wait for `{}`, which can still be undone",
                        step.name, steps[other].name
                    );
                    return wrong(at, message, "let it wait for every compensatable step");
                }
            }
        }
    }
    Ok(())
}

/// The steps that `step` waits for, directly or not.
pub(crate) fn ancestors(steps: &[Step], step: StepId) -> StepSet {
    let mut found = steps[usize::from(step.0)].after;
    loop {
        let grown = found.iter().fold(found, |set, id| set.union(steps[usize::from(id.0)].after));
        if grown == found {
            return found;
        }
        found = grown;
    }
}
