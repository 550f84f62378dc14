//! The requirements of a saga: its numbers make sense, and the countermeasure against interference fits
//! the steps.

use crate::process::StepId;
use crate::process::nodes::{COORDINATOR, STANDBY, STORE};
use crate::protocols::lease::validate::check_lease;
use crate::system::{ProtocolDefinition, names};
use crate::workflow::builder::{Place, StepField, WorkflowError, ancestors};
use crate::workflow::{Dataflow, Exceptions, Requirements, Step, StepKind, Work};

use super::isolation::ISOLATION;
use super::knobs::{Isolation, SagaKnobs};
use super::properties::BUILT_IN;

impl Requirements for SagaKnobs {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn nodes(&self) -> Vec<String> {
        let standby: &[&str] = if self.standby { &[STANDBY, STORE] } else { &[] };
        [COORDINATOR].iter().chain(standby).map(|&node| node.to_owned()).collect()
    }

    fn reserved_names(&self) -> Vec<&'static str> {
        [names(BUILT_IN), names(ISOLATION)].concat()
    }

    fn exceptions(&self) -> Exceptions<'_> {
        Exceptions::of(&self.services, &self.steps)
    }

    fn works(&self) -> &'static [Work] {
        &[Work::Change, Work::Undo]
    }

    fn reaches_outside(&self) -> bool {
        true
    }

    fn keeps_variables(&self) -> bool {
        true
    }

    fn check_knobs(&self, steps: &[Step]) -> Result<(), WorkflowError> {
        let limits = [
            ("attempts", Some(self.attempts)),
            ("compensation-attempts", self.compensation_attempts),
            ("retriable-attempts", self.retriable_attempts),
        ];
        check_limits(limits, &Place::Knob)?;
        for (table, exceptions) in [("services", &self.services), ("steps", &self.steps)] {
            for (name, exception) in exceptions {
                let limits = [
                    ("attempts", exception.attempts),
                    ("compensation-attempts", exception.compensation_attempts),
                    ("retriable-attempts", exception.retriable_attempts),
                ];
                check_limits(limits, &|_| Place::Exception(table, name.clone()))?;
            }
        }
        check_isolation(self, steps)?;
        check_lease(self.standby, &self.lease(), "log-life")
    }
}

fn check_limits(
    limits: [(&'static str, Option<u8>); 3],
    place: &dyn Fn(&'static str) -> Place,
) -> Result<(), WorkflowError> {
    let is_zero = |(_, limit): &(&str, Option<u8>)| *limit == Some(0);
    let Some((knob, _)) = limits.into_iter().find(is_zero) else { return Ok(()) };
    Err(WorkflowError::new(place(knob), format!("`{knob}` must be at least 1"))
        .help("a step that is never asked for cannot happen"))
}

/// A countermeasure refuses steps, and a retriable step cannot be refused: it would be asked for again
/// and again, and two workflows that wait for each other would wait for ever.
fn check_isolation(knobs: &SagaKnobs, steps: &[Step]) -> Result<(), WorkflowError> {
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
