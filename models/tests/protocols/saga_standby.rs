//! The saga with a coordinator that stands by: it ends although the first one never returns, and stays
//! atomic as long as the store fences off whoever led before.

use amends_models::protocols::lease::Fencing;
use amends_models::protocols::saga::SagaKnobs;
use amends_models::protocols::{Design, Protocol};
use amends_models::workflow::{Fault, FaultBudget};

use crate::trial::{self, Case, faults};
use crate::workflows;

fn design(steps: usize, knobs: SagaKnobs) -> Design {
    workflows::in_a_row(steps, Protocol::Saga(knobs))
}

fn standby() -> SagaKnobs {
    SagaKnobs { standby: true, ..SagaKnobs::default() }
}

fn unfenced() -> SagaKnobs {
    SagaKnobs { fencing: Fencing::Unchecked, ..standby() }
}

/// The coordinator never returns.
fn halt() -> FaultBudget {
    FaultBudget::none().allow_at(Fault::Halt, "coordinator", 1)
}

/// The lease of a living leader runs out, the other suspects it, and an answer takes too long.
fn suspicions() -> FaultBudget {
    faults(&[(Fault::Timeout, 3)])
}

#[test]
fn a_standby_takes_over_from_a_coordinator_that_never_returns() {
    trial::assert_all_hold(&design(2, standby()).with_faults(halt().allow(Fault::Refuse, 1)));
}

#[test]
fn without_one_the_workflow_never_ends() {
    let alone = design(2, SagaKnobs::default()).with_faults(halt());
    assert_eq!(trial::verdicts(&alone)["settles"], "violated");
}

#[test]
fn a_step_is_taken_over_whatever_the_network_does() {
    for (fault, count) in [(Fault::Lose, 1), (Fault::Duplicate, 1), (Fault::Cancel, 1)] {
        let budget = halt().allow(fault, count);
        trial::assert_harmless("taken over", &design(1, standby()).with_faults(budget));
    }
}

#[test]
fn any_process_may_crash() {
    trial::assert_harmless(
        "a crash",
        &design(2, standby()).with_faults(faults(&[(Fault::Crash, 1)])),
    );
}

#[test]
fn a_crash_during_a_change_of_leaders_is_harmless() {
    let budget = FaultBudget::none()
        .allow_at(Fault::Crash, "standby", 1)
        .allow_at(Fault::Timeout, "store", 1)
        .allow_at(Fault::Timeout, "standby", 1)
        .allow_at(Fault::Duplicate, "store", 1);
    trial::assert_harmless("a crash", &design(1, standby()).with_faults(budget));
}

#[test]
fn two_workflows_share_a_store_that_crashes() {
    let budget =
        faults(&[]).allow_at(Fault::Crash, "store", 1).allow_at(Fault::Timeout, "store", 1);
    let design = design(1, standby()).with_instances(2).with_faults(budget);
    trial::assert_harmless("a shared store", &design);
}

#[test]
fn two_leaders_are_harmless_as_long_as_one_of_them_is_fenced_off() {
    trial::assert_harmless("fenced", &design(2, standby()).with_faults(suspicions()));
}

fn cases() -> Vec<Case> {
    vec![Case {
        name: "a former leader is not fenced off",
        design: design(2, unfenced()).with_faults(suspicions()),
        breaks: "atomic",
    }]
}

#[test]
fn every_wrong_choice_breaks_the_property_that_names_it() {
    trial::assert_each_breaks(&cases());
}

#[test]
fn every_counterexample_reads_as_a_story() {
    insta::assert_snapshot!(trial::stories(&cases()));
}

#[test]
fn one_transition_per_effect_gives_the_same_verdicts() {
    trial::assert_granularity_makes_no_difference(&cases());
}

#[test]
fn interchangeable_workflows_are_explored_once() {
    let one = design(1, standby()).with_faults(faults(&[]));
    let taken_over = Case { name: "a standby", design: one, breaks: "atomic" };
    insta::assert_snapshot!(trial::symmetry(&[taken_over]));
}

#[test]
fn stateright_sees_the_same_states() {
    trial::assert_stateright_agrees(&design(1, standby()));
}
