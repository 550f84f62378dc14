//! The orchestrated saga: it holds with every knob at its default, and each knob turned wrong breaks
//! the property that names the anomaly.

use amends_models::process::promise::{Acceptance, Telling};
use amends_models::protocols::saga::{
    Barrier, Cancellation, CompensationOrder, Deadline, DecisionLog, FailedCompensation, InDoubt,
    KeyLifetime, LateJoin, LedgerWrite, Recovery, RequestKey, SagaExceptions, SagaKnobs, StepLog,
};
use amends_models::protocols::{Design, Protocol};
use amends_models::workflow::{Fault, FaultBudget};

use crate::trial::{self, Case, assert_all_hold, faults};
use crate::workflows;

fn design(steps: usize) -> Design {
    workflows::in_a_row(steps, Protocol::Saga(SagaKnobs::default()))
}

fn workflow_with_pivot() -> Design {
    workflows::with_pivot(Protocol::Saga(SagaKnobs::default()))
}

#[test]
fn the_default_saga_survives_every_fault() {
    let budget = faults(&[
        (Fault::Crash, 1),
        (Fault::Lose, 1),
        (Fault::Duplicate, 1),
        (Fault::Refuse, 1),
        (Fault::Fail, 1),
        (Fault::Timeout, 1),
        (Fault::Cancel, 1),
    ]);
    assert_all_hold(&design(2).with_faults(budget));
}

#[test]
fn two_concurrent_sagas_survive_crashes_losses_and_duplicates() {
    let budget = faults(&[(Fault::Lose, 1), (Fault::Duplicate, 1), (Fault::Refuse, 1)]).allow_at(
        Fault::Crash,
        "coordinator",
        1,
    );
    let design = design(2).with_instances(2).with_faults(budget);
    assert_all_hold(&design);
}

#[test]
fn a_saga_with_a_pivot_survives_every_fault() {
    let budget = faults(&[
        (Fault::Crash, 1),
        (Fault::Lose, 1),
        (Fault::Duplicate, 1),
        (Fault::Refuse, 1),
        (Fault::Timeout, 1),
        (Fault::Cancel, 1),
    ]);
    let design = workflow_with_pivot().with_faults(budget);
    assert_all_hold(&design);
}

#[test]
fn a_saga_survives_a_partition() {
    let budget = faults(&[(Fault::Partition, 1), (Fault::Crash, 1), (Fault::Refuse, 1)]);
    assert_all_hold(&design(2).with_faults(budget));
}

#[test]
fn recovering_backward_is_as_good_as_forward() {
    let knobs = SagaKnobs { recovery: Recovery::Backward, ..SagaKnobs::default() };
    let budget = faults(&[(Fault::Crash, 2), (Fault::Lose, 1), (Fault::Duplicate, 1)]);
    assert_all_hold(&design(2).with_faults(budget).with_protocol(Protocol::Saga(knobs)));
}

#[test]
fn asking_more_than_once_is_as_good() {
    let knobs = SagaKnobs { attempts: 3, ..SagaKnobs::default() };
    let budget = faults(&[(Fault::Lose, 2), (Fault::Timeout, 2), (Fault::Duplicate, 1)]);
    let design = design(2).with_faults(budget).with_protocol(Protocol::Saga(knobs));
    trial::assert_harmless("asking more than once", &design);
}

/// Each wrong choice, the faults that expose it, and the property that names the anomaly.
fn wrong_choices() -> Vec<(&'static str, SagaKnobs, Design, &'static str)> {
    let right = SagaKnobs::default;
    let two = |spent: &[(Fault, u8)]| design(2).with_faults(faults(spent));
    let three = |spent: &[(Fault, u8)]| design(3).with_faults(faults(spent));
    let pivot = |spent: &[(Fault, u8)]| workflow_with_pivot().with_faults(faults(spent));
    let careless = SagaExceptions { barrier: Some(Barrier::None), ..SagaExceptions::default() };
    let hasty = SagaExceptions { in_doubt: Some(InDoubt::Ignore), ..SagaExceptions::default() };
    vec![
        (
            "log after send",
            SagaKnobs { log: StepLog::AfterSend, recovery: Recovery::Backward, ..right() },
            two(&[(Fault::Crash, 1)]),
            "atomic",
        ),
        (
            "a workflow is forgotten in a crash",
            SagaKnobs { recovery: Recovery::Never, ..right() },
            two(&[(Fault::Crash, 1)]),
            "settles",
        ),
        (
            "in-doubt steps are not compensated",
            SagaKnobs { in_doubt: InDoubt::Ignore, ..right() },
            two(&[(Fault::Lose, 1)]),
            "atomic",
        ),
        (
            "compensations are given up",
            SagaKnobs { compensation_attempts: Some(1), ..right() },
            two(&[(Fault::Lose, 1), (Fault::Refuse, 1)]),
            "atomic",
        ),
        (
            "retriable steps are given up",
            SagaKnobs { retriable_attempts: Some(1), ..right() },
            pivot(&[(Fault::Lose, 1)]),
            "atomic",
        ),
        (
            "the decision to roll back is not logged",
            SagaKnobs { decision: DecisionLog::Never, ..right() },
            three(&[(Fault::Crash, 1), (Fault::Cancel, 1)]),
            "atomic",
        ),
        (
            "a compensation that failed is reported as done",
            SagaKnobs { failed_compensation: FailedCompensation::CountAsDone, ..right() },
            two(&[(Fault::Fail, 1), (Fault::Cancel, 1)]),
            "atomic",
        ),
        (
            "the outcome is told before it is logged",
            SagaKnobs { tell: Telling::BeforeLog, ..right() },
            two(&[(Fault::Crash, 1), (Fault::Cancel, 1)]),
            "outcome-final",
        ),
        (
            "a request is acknowledged before it is logged",
            SagaKnobs { accept: Acceptance::BeforeLog, ..right() },
            two(&[(Fault::Crash, 1)]),
            "no-forgotten-request",
        ),
        (
            "each attempt has a key of its own",
            SagaKnobs { request_key: RequestKey::PerAttempt, attempts: 2, ..right() },
            two(&[(Fault::Lose, 1)]),
            "effect-once",
        ),
        (
            "the deadline is checked beside the driver",
            SagaKnobs { deadline: Deadline::CheckThenSet, ..right() },
            two(&[(Fault::Cancel, 1)]),
            "outcome-final",
        ),
        (
            "a step joins a workflow that is rolled back",
            SagaKnobs { late_join: LateJoin::Accept, ..right() },
            two(&[(Fault::Cancel, 1)]),
            "atomic",
        ),
        (
            "no barrier at one service",
            SagaKnobs { services: [("service-1".to_owned(), careless)].into(), ..right() },
            two(&[(Fault::Duplicate, 1)]),
            "effect-once",
        ),
        (
            "one step is taken not to have happened when its answer is lost",
            SagaKnobs { steps: [("step-1".to_owned(), hasty)].into(), ..right() },
            two(&[(Fault::Lose, 1)]),
            "atomic",
        ),
        (
            "compensations run all at once",
            SagaKnobs { compensation_order: CompensationOrder::Parallel, ..right() },
            three(&[(Fault::Refuse, 1)]),
            "lifo",
        ),
        (
            "compensations run forward",
            SagaKnobs { compensation_order: CompensationOrder::Forward, ..right() },
            three(&[(Fault::Refuse, 1)]),
            "lifo",
        ),
        (
            "cancelled after the pivot",
            SagaKnobs { cancellation: Cancellation::Anytime, ..right() },
            pivot(&[(Fault::Cancel, 1)]),
            "atomic",
        ),
        (
            "cancelled without compensation",
            SagaKnobs { cancellation: Cancellation::WithoutCompensation, ..right() },
            two(&[(Fault::Cancel, 1)]),
            "atomic",
        ),
        (
            "no barrier: duplicates take effect",
            SagaKnobs { barrier: Barrier::None, ..right() },
            two(&[(Fault::Duplicate, 1)]),
            "effect-once",
        ),
        (
            "no barrier: what was never done is undone",
            SagaKnobs { barrier: Barrier::None, ..right() },
            two(&[(Fault::Lose, 1)]),
            "no-empty-rollback",
        ),
        (
            "no tombstone: a step runs after its compensation",
            SagaKnobs { barrier: Barrier::WithoutTombstone, ..right() },
            two(&[(Fault::Timeout, 1)]),
            "no-late-effect",
        ),
        (
            "ledger before change: a retry is taken for a duplicate",
            SagaKnobs { ledger: LedgerWrite::BeforeChange, attempts: 2, ..right() },
            two(&[(Fault::Crash, 1)]),
            "atomic",
        ),
        (
            "ledger after change: a retry is a second change",
            SagaKnobs { ledger: LedgerWrite::AfterChange, attempts: 2, ..right() },
            two(&[(Fault::Crash, 1)]),
            "effect-once",
        ),
        (
            "a key that is outlived: a late duplicate takes effect",
            SagaKnobs { keys: KeyLifetime::Expires, ..right() },
            two(&[(Fault::Duplicate, 1)]),
            "effect-once",
        ),
        (
            "the coordinator never returns",
            right(),
            design(2).with_faults(FaultBudget::none().allow_at(Fault::Halt, "coordinator", 1)),
            "settles",
        ),
    ]
}

fn cases() -> Vec<Case> {
    let cases = wrong_choices().into_iter();
    cases
        .map(|(name, knobs, it, breaks)| Case::new(name, it, Protocol::Saga(knobs), breaks))
        .collect()
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
fn the_same_faults_are_harmless_with_the_right_choices() {
    for case in cases().into_iter().filter(|case| !case.halts()) {
        let right = Protocol::Saga(SagaKnobs::default());
        trial::assert_harmless(case.name, &case.design.with_protocol(right));
    }
}

#[test]
fn stateright_sees_the_same_states() {
    let budget = faults(&[(Fault::Crash, 1), (Fault::Lose, 1), (Fault::Refuse, 1)]);
    for design in [design(2).with_instances(2), workflow_with_pivot()] {
        trial::assert_stateright_agrees(&design.with_faults(budget.clone()));
    }
}

#[test]
fn one_transition_per_effect_gives_the_same_verdicts() {
    trial::assert_granularity_makes_no_difference(&cases());
}

#[test]
fn interchangeable_workflows_are_explored_once() {
    insta::assert_snapshot!(trial::symmetry(&cases()));
}

#[test]
fn messages_that_nobody_will_heed_make_no_difference() {
    insta::assert_snapshot!(trial::stale_messages(&cases()));
}
