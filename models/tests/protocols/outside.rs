//! What steps do outside of their transactions: nothing takes it back, so it must be done once, and for
//! steps that take effect only.

use amends_models::protocols::saga::SagaKnobs;
use amends_models::protocols::tcc::TccKnobs;
use amends_models::protocols::{Design, Protocol};
use amends_models::workflow::{Fault, FaultBudget, OutsideAt, StepDraft, StepKind, Workflow};

use crate::trial::{assert_all_hold, assert_harmless, faults, verdicts};

/// A step that can be undone, and one that sends a mail.
fn order(tell: StepDraft, budget: FaultBudget) -> Design {
    Workflow::builder("order")
        .service("inventory", [("stock", 2)])
        .service("orders", [("mails", 0)])
        .step(
            StepDraft::new("reserve", "inventory")
                .when("stock >= 1")
                .change(["stock -= 1"])
                .undo(["stock += 1"]),
        )
        .step(tell.outside(["mails += 1"]))
        .settled("who ordered is told, and nobody else", "orders.mails == completed")
        .instances(2)
        .faults(budget)
        .carried_out_by(Protocol::Saga(SagaKnobs::default()))
        .expect("the workflow is sound")
}

fn last(name: &str) -> StepDraft {
    StepDraft::new(name, "orders").kind(StepKind::Pivot)
}

#[track_caller]
fn assert_stray(design: &Design) {
    let verdicts = verdicts(design);
    assert_eq!(verdicts["no-stray-effect"], "violated", "{verdicts:?}");
}

#[test]
fn what_is_done_outside_survives_a_rollback() {
    let confirm = StepDraft::new("confirm", "orders").keeps(["mails"]);
    assert_stray(&order(confirm, faults(&[(Fault::Fail, 1)])));
}

#[test]
fn what_is_done_outside_is_done_again_without_a_key() {
    let crash = faults(&[(Fault::Crash, 1)]);
    assert_stray(&order(last("tell"), crash.clone()));
    assert_all_hold(&order(last("tell").outside_key(), crash));
}

#[test]
fn what_follows_the_commit_is_lost_in_a_crash_unless_it_is_repeated() {
    let crash = faults(&[(Fault::Crash, 1)]);
    let tell = || last("tell").outside_at(OutsideAt::AfterCommit);
    assert_stray(&order(tell(), crash.clone()));
    assert_all_hold(&order(tell().outside_key(), crash));
}

#[test]
fn a_compensation_takes_back_what_was_done_outside() {
    let cancel = faults(&[(Fault::Cancel, 1)]);
    let forgotten = verdicts(&order(StepDraft::new("confirm", "orders"), cancel.clone()));
    assert_eq!(forgotten["sound-compensation"], "violated");
    assert_all_hold(&order(StepDraft::new("confirm", "orders").undo(["mails -= 1"]), cancel));
}

/// A transfer, whose first Try calls somebody else.
fn transfer(freeze: impl Fn(StepDraft) -> StepDraft, budget: FaultBudget) -> Design {
    let step = StepDraft::new("freeze", "bank")
        .when("balance >= 1")
        .reserve(["balance -= 1"])
        .cancel(["balance += 1"])
        .outside(["calls += 1"])
        .keeps(["calls"]);
    Workflow::builder("transfer")
        .service("bank", [("balance", 2), ("calls", 0)])
        .service("shop", [("orders", 0)])
        .step(freeze(step))
        .step(StepDraft::new("order", "shop").reserve(["orders += 1"]).cancel(["orders -= 1"]))
        .instances(2)
        .faults(budget)
        .carried_out_by(Protocol::Tcc(TccKnobs {
            try_attempts: std::num::NonZeroU8::MIN.saturating_add(1),
            ..TccKnobs::default()
        }))
        .expect("the workflow is sound")
}

#[test]
fn a_try_reaches_outside_as_well() {
    let crash = FaultBudget::none().allow_at(Fault::Crash, "bank", 1);
    assert_stray(&transfer(|step| step, crash.clone()));
    assert_harmless("a key", &transfer(StepDraft::outside_key, crash));
}
