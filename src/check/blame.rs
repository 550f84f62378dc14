//! Where in a spec the cause of a violated built-in property is likely to stand: the choice that is turned
//! wrong, or the step whose compensation does not take it back.

use amends_models::protocols::AnyProtocol;
use amends_models::protocols::steps::Compensations;
use amends_models::workflow::Work;
use amends_models::workflow::builder::{Place, StepField};

use crate::spec::{Spec, choices};

/// The place to look at first, if the spec says anything that could be to blame.
pub(super) fn place<P: AnyProtocol>(spec: &Spec<P>, property: &str) -> Option<Place> {
    if property == "sound-compensation" {
        return unsound_step(spec);
    }
    let chosen = choices(&spec.design);
    let failures = spec.design.protocol().known_failures();
    let made = failures.iter().filter(|failure| {
        let (key, value) = failure.mistake();
        chosen.iter().any(|choice| (choice.key(), choice.value()) == (key, value))
    });
    // The failure that is known to break the property comes before the others.
    let failure = made.min_by_key(|failure| failure.breaks != property)?;
    let (_, knob) = failure.mistake().0.split_once('.')?;
    Some(Place::Knob(knob))
}

fn unsound_step<P: AnyProtocol>(spec: &Spec<P>) -> Option<Place> {
    let workflow = spec.design.workflow();
    let (compensations, work) = match spec.design.protocol().name() {
        "tcc" => (Compensations::of_tcc(workflow), Work::Cancel),
        _ => (Compensations::of(workflow), Work::Undo),
    };
    let step = usize::from(compensations.suspect()?.0);
    let field = if workflow.steps()[step].business[work].is_empty() {
        StepField::Name
    } else {
        StepField::Work(work, 0)
    };
    Some(Place::Step(step, field))
}
