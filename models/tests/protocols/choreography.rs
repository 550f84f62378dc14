//! The choreographed saga: it holds with every knob at its default, and each knob turned wrong breaks
//! the property that names the anomaly.

use amends_models::process::promise::Telling;
use amends_models::protocols::choreography::{
    Acknowledge, ChoreographyKnobs, Inbox, Join, Publish, Rollback,
};
use amends_models::protocols::saga::{Cancellation, SagaKnobs};
use amends_models::protocols::{Design, Protocol};
use amends_models::workflow::{Fault, FaultBudget, StepDraft, StepKind, Workflow};

use crate::trial::{self, Case, assert_all_hold, faults, verdicts};
use crate::workflows;

fn choreographed() -> Protocol {
    Protocol::Choreography(ChoreographyKnobs::default())
}

fn chain(steps: usize) -> Design {
    workflows::in_a_row(steps, choreographed())
}

fn with_pivot() -> Design {
    workflows::with_pivot(choreographed())
}

/// Two steps beside each other after the first; a last one waits for both.
fn diamond() -> Design {
    ["order", "stock", "money", "parcel"]
        .into_iter()
        .fold(Workflow::builder("order"), |builder, service| builder.service(service, [("n", 0)]))
        .step(StepDraft::new("create", "order"))
        .step(StepDraft::new("reserve", "stock").after(["create"]))
        .step(StepDraft::new("charge", "money").after(["create"]))
        .step(StepDraft::new("ship", "parcel").after(["reserve", "charge"]))
        .carried_out_by(choreographed())
        .expect("the workflow is sound")
}

/// Two last steps beside each other.
fn fork() -> Design {
    ["order", "stock", "money"]
        .into_iter()
        .fold(Workflow::builder("order"), |builder, service| builder.service(service, [("n", 0)]))
        .step(StepDraft::new("create", "order"))
        .step(StepDraft::new("reserve", "stock").after(["create"]))
        .step(StepDraft::new("charge", "money").after(["create"]))
        .carried_out_by(choreographed())
        .expect("the workflow is sound")
}

#[test]
fn the_default_choreography_survives_every_fault() {
    let budget = faults(&[
        (Fault::Crash, 1),
        (Fault::Lose, 1),
        (Fault::Duplicate, 1),
        (Fault::Refuse, 1),
        (Fault::Fail, 1),
        (Fault::Timeout, 1),
        (Fault::Cancel, 1),
    ]);
    assert_all_hold(&chain(2).with_faults(budget));
}

#[test]
fn a_request_can_be_taken_back_while_other_things_go_wrong() {
    for design in [chain(1), chain(3), diamond(), fork(), with_pivot()] {
        for other in [Fault::Crash, Fault::Refuse, Fault::Duplicate] {
            let budget = faults(&[(Fault::Cancel, 1), (other, 1)]);
            trial::assert_harmless("taken back", &design.clone().with_faults(budget));
        }
    }
}

/// Nobody who is told of a cancellation could decide alone whether it comes in time.
#[test]
fn a_request_with_two_points_of_no_return_cannot_be_taken_back() {
    let retriable = |name: &str, service: &str| {
        StepDraft::new(name, service).kind(StepKind::Retriable).after(["reserve"])
    };
    let design = ["inventory", "payment", "shipping"]
        .into_iter()
        .fold(Workflow::builder("order"), |builder, service| builder.service(service, [("n", 0)]))
        .step(StepDraft::new("reserve", "inventory"))
        .step(retriable("charge", "payment"))
        .step(retriable("ship", "shipping"))
        .carried_out_by(choreographed())
        .expect("the workflow is sound");
    let right = verdicts(&design);
    assert_eq!(verdicts(&design.with_faults(faults(&[(Fault::Cancel, 1)]))), right);
}

#[test]
fn two_concurrent_choreographies_survive_crashes_losses_and_duplicates() {
    let crash = FaultBudget::none().allow_at(Fault::Crash, "service-0", 1);
    for other in [Fault::Lose, Fault::Duplicate] {
        let budget = crash.clone().allow(other, 1).allow(Fault::Refuse, 1);
        assert_all_hold(&chain(2).with_instances(2).with_faults(budget));
    }
}

#[test]
fn steps_beside_each_other_survive_crashes_losses_and_refusals() {
    for budget in [
        [(Fault::Crash, 1), (Fault::Refuse, 2)],
        [(Fault::Lose, 1), (Fault::Refuse, 2)],
        [(Fault::Duplicate, 1), (Fault::Refuse, 1)],
    ] {
        assert_all_hold(&diamond().with_faults(faults(&budget)));
    }
}

#[test]
fn a_choreography_with_a_pivot_survives_every_fault() {
    let budget =
        faults(&[(Fault::Crash, 1), (Fault::Lose, 1), (Fault::Duplicate, 1), (Fault::Refuse, 1)]);
    assert_all_hold(&with_pivot().with_faults(budget));
}

#[test]
fn a_choreography_survives_a_partition() {
    let budget = faults(&[(Fault::Partition, 1), (Fault::Crash, 1), (Fault::Refuse, 1)]);
    assert_all_hold(&chain(2).with_faults(budget));
}

/// The same steps, with and without a coordinator.
#[test]
fn a_workflow_can_be_orchestrated_or_choreographed() {
    let budget = faults(&[(Fault::Crash, 1), (Fault::Lose, 1), (Fault::Refuse, 1)]);
    let design = chain(2).with_faults(budget);
    assert_all_hold(&design);
    assert_all_hold(&design.with_protocol(Protocol::Saga(SagaKnobs::default())));
}

/// Each wrong choice, the faults that expose it, and the property that names the anomaly.
fn wrong_choices() -> Vec<(&'static str, ChoreographyKnobs, Design, &'static str)> {
    let right = ChoreographyKnobs::default;
    let two = |spent: &[(Fault, u8)]| chain(2).with_faults(faults(spent));
    let three = |spent: &[(Fault, u8)]| chain(3).with_faults(faults(spent));
    let beside = |spent: &[(Fault, u8)]| diamond().with_faults(faults(spent));
    vec![
        (
            "dual write: a committed change whose event is lost",
            ChoreographyKnobs { publish: Publish::WriteThenPublish, ..right() },
            two(&[(Fault::Crash, 1)]),
            "atomic",
        ),
        (
            "the outcome is told before it is logged",
            ChoreographyKnobs { tell: Telling::BeforeLog, ..right() },
            two(&[(Fault::Crash, 1), (Fault::Cancel, 1)]),
            "outcome-final",
        ),
        (
            "dual write: who waits for the lost event waits for ever",
            ChoreographyKnobs { publish: Publish::WriteThenPublish, ..right() },
            two(&[(Fault::Crash, 1)]),
            "settles",
        ),
        (
            "dual write: an event whose change is refused",
            ChoreographyKnobs { publish: Publish::PublishThenWrite, ..right() },
            two(&[(Fault::Refuse, 1)]),
            "atomic",
        ),
        (
            "dual write: the effect comes before its cause",
            ChoreographyKnobs { publish: Publish::PublishThenWrite, ..right() },
            two(&[(Fault::Crash, 1)]),
            "causal",
        ),
        (
            "no inbox: what is delivered twice is done twice",
            ChoreographyKnobs { inbox: Inbox::None, ..right() },
            two(&[(Fault::Duplicate, 1)]),
            "effect-once",
        ),
        (
            "no inbox: what was never done is undone",
            ChoreographyKnobs { inbox: Inbox::None, ..right() },
            beside(&[(Fault::Refuse, 1)]),
            "no-empty-rollback",
        ),
        (
            "no tombstone: a step runs after it was called off",
            ChoreographyKnobs { inbox: Inbox::WithoutTombstone, ..right() },
            beside(&[(Fault::Refuse, 1)]),
            "no-late-effect",
        ),
        (
            "an event is acknowledged before it is handled",
            ChoreographyKnobs { acknowledge: Acknowledge::BeforeHandling, ..right() },
            two(&[(Fault::Crash, 1)]),
            "atomic",
        ),
        (
            "a step starts with the first of its causes",
            ChoreographyKnobs { join: Join::Any, ..right() },
            beside(&[]),
            "causal",
        ),
        (
            "everybody undoes at once",
            ChoreographyKnobs { rollback: Rollback::Broadcast, ..right() },
            three(&[(Fault::Refuse, 1)]),
            "lifo",
        ),
        (
            "everybody is told of a cancellation, also past the point of no return",
            ChoreographyKnobs { cancellation: Cancellation::Anytime, ..right() },
            with_pivot().with_faults(faults(&[(Fault::Cancel, 1)])),
            "atomic",
        ),
        (
            "nobody is told of a cancellation but the client",
            ChoreographyKnobs { cancellation: Cancellation::WithoutCompensation, ..right() },
            two(&[(Fault::Cancel, 1)]),
            "atomic",
        ),
        (
            "a service never returns",
            right(),
            chain(2).with_faults(FaultBudget::none().allow_at(Fault::Halt, "service-1", 1)),
            "settles",
        ),
    ]
}

fn cases() -> Vec<Case> {
    let cases = wrong_choices().into_iter();
    let chosen = Protocol::Choreography;
    cases.map(|(name, knobs, it, breaks)| Case::new(name, it, chosen(knobs), breaks)).collect()
}

#[test]
fn every_wrong_choice_breaks_the_property_that_names_it() {
    trial::assert_each_breaks(&cases());
}

#[test]
fn the_same_faults_are_harmless_with_the_right_choices() {
    for case in cases().into_iter().filter(|case| !case.halts()) {
        trial::assert_harmless(case.name, &case.design.with_protocol(choreographed()));
    }
}

#[test]
fn one_transition_per_effect_gives_the_same_verdicts() {
    let mut small = cases();
    small.retain(|case| case.design.workflow().steps().len() < 4);
    trial::assert_granularity_makes_no_difference(&small);
}

#[test]
fn every_counterexample_reads_as_a_story() {
    insta::assert_snapshot!(trial::stories(&cases()));
}

#[test]
fn stateright_sees_the_same_states() {
    let budget = faults(&[(Fault::Crash, 1), (Fault::Lose, 1), (Fault::Refuse, 1)]);
    trial::assert_stateright_agrees(&chain(2).with_faults(budget));
}

#[test]
fn interchangeable_workflows_are_explored_once() {
    insta::assert_snapshot!(trial::symmetry(&cases()));
}
