//! Whether the countermeasure against interference fits the steps of a saga.

use crate::process::StepId;
use crate::protocols::saga::{Isolation, SagaKnobs};
use crate::workflow::dataflow::Dataflow;
use crate::workflow::definition::{Step, StepKind};

use super::order::ancestors;
use super::refusal::{Place, StepField, WorkflowError};

/// A countermeasure refuses steps, and a retriable step cannot be refused: it would be asked for again
/// and again, and two workflows that wait for each other would wait for ever.
pub(super) fn check_isolation(knobs: &SagaKnobs, steps: &[Step]) -> Result<(), WorkflowError> {
    let flow = Dataflow::of(steps);
    if flow.observations().is_empty() {
        if knobs.isolation == Isolation::default() {
            return Ok(());
        }
        return Err(WorkflowError::new(
            Place::Knob("isolation"),
            "`isolation` has no meaning where no step reads anything",
        )
        .help("say with `read` what a step carries forward, or remove it"));
    }
    for (id, step) in (0u8..).map(StepId).zip(steps) {
        if step.kind != StepKind::Retriable {
            continue;
        }
        let at = |message: String| {
            WorkflowError::new(Place::Step(usize::from(id.0), StepField::Kind), message)
        };
        match knobs.isolation {
            Isolation::None => {}
            Isolation::Reread => {
                if !flow.step(id).depends_on.is_empty() {
                    let message = format!(
                        "`{}` is retriable, so it cannot be refused when what was read has changed",
                        step.name
                    );
                    return Err(at(message).help("change it in a step before the pivot"));
                }
            }
            Isolation::SemanticLock => {
                let before = ancestors(steps, id);
                let locked = |resource| {
                    before.iter().any(|earlier| {
                        let earlier = flow.step(earlier);
                        earlier.service == step.service && earlier.touches.contains(resource)
                    })
                };
                if !flow.step(id).touches.iter().all(locked) {
                    let message = format!(
                        "`{}` is retriable, so it cannot be refused when another workflow holds the \
                         lock of what it touches",
                        step.name
                    );
                    return Err(at(message).help("let a step before the pivot touch it first"));
                }
            }
        }
    }
    Ok(())
}
