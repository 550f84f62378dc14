//! Conformance: what was observed of a workflow is explained by the fewest faults, or by none at all.

use amends_models::conformance::{
    ActivityKind, Conformance, Limits, Observation, ObservedRun, Rule, Told, judge,
};
use amends_models::process::{Answer, StepId};
use amends_models::protocols::Design;
use amends_models::protocols::saga::SagaKnobs;
use amends_models::system::{Ending, Hostable, Operation, System, Task, WithSystem};
use amends_models::workflow::{StepDraft, Workflow};

struct Judge<'r>(&'r ObservedRun);

impl WithSystem for Judge<'_> {
    type Output = Conformance;

    fn with<T: Hostable>(self, system: System<T>) -> Conformance {
        judge(&system, self.0, Limits::default())
    }
}

fn order_saga() -> Design {
    let steps = ["create-order", "reserve-stock", "charge", "ship"];
    let draft = steps.iter().fold(Workflow::builder("order"), |draft, name| {
        draft
            .service(*name, [("rows", 0)])
            .step(StepDraft::new(*name, *name).change(["rows += 1"]).undo(["rows -= 1"]))
    });
    Design::new(draft, SagaKnobs::default()).expect("a saga").as_observed()
}

fn judged(design: &Design, run: &ObservedRun) -> Conformance {
    design.with_system(Judge(run))
}

fn step(operation: Operation, at: u8) -> Task {
    Task::of_step(operation, StepId(at))
}

/// Everything that a participant does, in order.
fn effects(run: &mut ObservedRun, effects: &[(Operation, u8, Answer)]) {
    for &(operation, at, answer) in effects {
        run.observe(Observation::Performed(step(operation, at), Some(answer)));
    }
    run.tells_of(Told::every(ActivityKind::Performed));
}

use Answer::{Done, Refused};
use Operation::{Do, Undo};

#[test]
fn a_completed_saga_needs_no_fault() {
    let mut run = ObservedRun::new();
    effects(&mut run, &[(Do, 0, Done), (Do, 1, Done), (Do, 2, Done), (Do, 3, Done)]);
    run.observe(Observation::Ended(Some(Ending::Completed)));
    run.set_over();
    let Conformance::Conforms(explanation) = judged(&order_saga(), &run) else {
        panic!("conforms")
    };
    assert_eq!(explanation.faults, []);
}

#[test]
fn a_double_effect_is_a_violation() {
    let mut run = ObservedRun::new();
    effects(&mut run, &[(Do, 0, Done), (Do, 1, Done), (Do, 1, Done), (Do, 2, Done), (Do, 3, Done)]);
    run.observe(Observation::Ended(Some(Ending::Completed)));
    let Conformance::Violates(violation) = judged(&order_saga(), &run) else { panic!("violates") };
    assert_eq!(violation.rule, Rule::DoubleEffect);
    assert_eq!(violation.evidence.iter().collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_wrong_order_of_compensations_is_a_violation() {
    let mut run = ObservedRun::new();
    effects(
        &mut run,
        &[(Do, 0, Done), (Do, 1, Done), (Do, 2, Refused), (Undo, 0, Done), (Undo, 1, Done)],
    );
    run.order(3, 4);
    let Conformance::Violates(violation) = judged(&order_saga(), &run) else { panic!("violates") };
    assert_eq!(violation.rule, Rule::CompensationOrder);
}

#[test]
fn a_missing_compensation_is_a_violation_only_if_nothing_was_lost() {
    let mut run = ObservedRun::new();
    effects(&mut run, &[(Do, 0, Done), (Do, 1, Done), (Do, 2, Refused), (Undo, 1, Done)]);
    run.observe(Observation::Ended(Some(Ending::Compensated)));
    run.set_over();
    let Conformance::Incomplete(missing) = judged(&order_saga(), &run) else {
        panic!("incomplete")
    };
    assert_eq!(missing.activities.len(), 1);
    run.set_complete();
    let Conformance::Violates(violation) = judged(&order_saga(), &run) else { panic!("violates") };
    assert_eq!(violation.rule, Rule::MissingCompensation);
}
