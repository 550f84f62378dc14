//! Isolation of sagas: workflows that run at the same time read and overwrite each other's unfinished
//! work unless a countermeasure keeps them apart, and each countermeasure mends what it is for.

use amends_models::protocols::saga::{Isolation, SagaKnobs};
use amends_models::protocols::{Design, Protocol};
use amends_models::workflow::{Fault, StepDraft, StepKind, Workflow, WorkflowError};

use crate::trial::{self, Case, faults, verdicts};

fn isolated(design: Design, isolation: Isolation) -> Design {
    design.with_protocol(Protocol::Saga(SagaKnobs { isolation, ..SagaKnobs::default() }))
}

/// Looks at the balance, and later writes what is left of it.
fn withdrawal() -> Design {
    Workflow::builder("withdrawal")
        .instances(2)
        .service("account", [("balance", 20)])
        .step(StepDraft::new("look", "account").read(["seen = balance"]).when("balance >= 10"))
        .step(
            StepDraft::new("withdraw", "account")
                .change(["balance = seen - 10"])
                .undo(["balance += 10"]),
        )
        .carried_out_by(SagaKnobs::default())
        .expect("the workflow is sound")
}

/// Raises a credit, which is taken back if there is no stock, and ships on the credit it has seen.
fn shipment() -> Design {
    Workflow::builder("shipment")
        .instances(2)
        .service("customer", [("credit", 0)])
        .service("inventory", [("stock", 1)])
        .step(
            StepDraft::new("raise", "customer")
                .read(["seen = credit"])
                .change(["credit += 10"])
                .undo(["credit -= 10"]),
        )
        .step(
            StepDraft::new("reserve", "inventory")
                .when("stock >= 1")
                .change(["stock -= 1"])
                .undo(["stock += 1"]),
        )
        .carried_out_by(SagaKnobs::default())
        .expect("the workflow is sound")
}

/// Reads a price twice, and raises it.
fn invoice() -> Design {
    Workflow::builder("invoice")
        .instances(2)
        .service("shop", [("price", 10)])
        .step(StepDraft::new("offer", "shop").read(["offered = price"]))
        .step(
            StepDraft::new("charge", "shop")
                .read(["charged = price"])
                .change(["price += 1"])
                .undo(["price -= 1"]),
        )
        .carried_out_by(SagaKnobs::default())
        .expect("the workflow is sound")
}

/// Keeps what was there before and puts it back: a compensation that is no inverse.
fn before_image() -> Design {
    Workflow::builder("before image")
        .instances(2)
        .service("account", [("balance", 20)])
        .service("dispenser", [("notes", 1)])
        .step(
            StepDraft::new("withdraw", "account")
                .read(["before = balance"])
                .change(["balance -= 10"])
                .undo(["balance = before"]),
        )
        .step(
            StepDraft::new("pay-out", "dispenser")
                .when("notes >= 1")
                .change(["notes -= 1"])
                .undo(["notes += 1"]),
        )
        .carried_out_by(SagaKnobs::default())
        .expect("the workflow is sound")
}

/// Each anomaly, with nothing to keep workflows apart.
fn cases() -> Vec<Case> {
    let alone = |name, design, breaks| {
        let knobs = SagaKnobs { isolation: Isolation::None, ..SagaKnobs::default() };
        Case::new(name, design, Protocol::Saga(knobs), breaks)
    };
    vec![
        alone("an update is lost", withdrawal(), "no-lost-update"),
        alone("a compensation loses an update", before_image(), "no-lost-update"),
        alone("a value is read that is taken back", shipment(), "no-dirty-read"),
        alone("a value is read twice and is another", invoice(), "no-fuzzy-read"),
    ]
}

#[test]
fn without_a_countermeasure_each_anomaly_happens() {
    trial::assert_each_breaks(&cases());
}

#[test]
fn every_anomaly_reads_as_a_story() {
    insta::assert_snapshot!(trial::stories(&cases()));
}

#[test]
fn one_transition_per_effect_gives_the_same_verdicts() {
    trial::assert_granularity_makes_no_difference(&cases());
}

#[test]
fn a_semantic_lock_keeps_workflows_apart_through_crashes_losses_and_duplicates() {
    let budget = faults(&[(Fault::Crash, 1), (Fault::Lose, 1), (Fault::Duplicate, 1)]);
    for Case { name, design, .. } in cases() {
        let design = isolated(design, Isolation::SemanticLock).with_faults(budget.clone());
        trial::assert_harmless(name, &design);
    }
}

#[test]
fn a_semantic_lock_is_released_whoever_fails_and_cancels() {
    let budget = faults(&[(Fault::Fail, 1), (Fault::Cancel, 1), (Fault::Timeout, 1)]);
    for Case { name, design, .. } in cases() {
        let design = isolated(design, Isolation::SemanticLock).with_faults(budget.clone());
        trial::assert_harmless(name, &design);
    }
}

#[test]
fn reading_again_mends_lost_updates_and_fuzzy_reads_and_no_dirty_reads() {
    let reread = |design| verdicts(&isolated(design, Isolation::Reread));
    assert_eq!(reread(withdrawal())["no-lost-update"], "holds");
    assert_eq!(reread(invoice())["no-fuzzy-read"], "holds");
    assert_eq!(reread(shipment())["no-dirty-read"], "violated");
    // A compensation cannot be refused.
    assert_eq!(reread(before_image())["no-lost-update"], "violated");
}

#[test]
fn commutative_updates_lose_nothing() {
    let design = Workflow::builder("withdrawal")
        .instances(2)
        .service("account", [("balance", 20)])
        .step(
            StepDraft::new("withdraw", "account")
                .read(["seen = balance"])
                .when("seen >= 10")
                .change(["balance -= 10"])
                .undo(["balance += 10"]),
        )
        .settled("no money is lost", "account.balance == 20 - 10 * completed")
        .carried_out_by(SagaKnobs::default())
        .expect("the workflow is sound");
    let verdicts = verdicts(&isolated(design, Isolation::None));
    assert!(!verdicts.contains_key("no-lost-update"), "nothing is overwritten: {verdicts:?}");
    assert_eq!(verdicts["no money is lost"], "holds");
}

#[test]
fn what_was_read_is_the_same_however_often_it_is_asked_for() {
    // The answer to the first step is lost, and by the time it is asked for again, the balance is
    // another one.
    let knobs = SagaKnobs { isolation: Isolation::None, attempts: 2, ..SagaKnobs::default() };
    let design = Workflow::builder("deposit")
        .service("account", [("balance", 10)])
        .service("archive", [("seen", 0)])
        .step(
            StepDraft::new("deposit", "account")
                .read(["before = balance"])
                .change(["balance += 5"])
                .undo(["balance -= 5"]),
        )
        .step(StepDraft::new("note", "archive").change(["seen = before"]).undo(["seen = 0"]))
        .settled("the archive is right", "archive.seen == 10 * completed")
        .faults(faults(&[(Fault::Lose, 1), (Fault::Duplicate, 1), (Fault::Crash, 1)]))
        .carried_out_by(Protocol::Saga(knobs))
        .expect("the workflow is sound");
    trial::assert_harmless("reading once", &design);
}

#[test]
fn stateright_sees_the_same_states() {
    for design in [withdrawal(), shipment(), invoice(), before_image()] {
        trial::assert_stateright_agrees(&design);
    }
}

fn refused(steps: impl IntoIterator<Item = StepDraft>, knobs: SagaKnobs) -> String {
    let builder = Workflow::builder("refused")
        .service("account", [("balance", 20)])
        .service("shop", [("price", 5)]);
    let WorkflowError { place, message, help, .. } = steps
        .into_iter()
        .fold(builder, |it, step| it.step(step))
        .carried_out_by(Protocol::Saga(knobs))
        .expect_err("it is not");
    format!("{message} ({})\n  at {place:?}", help.unwrap_or_default())
}

#[test]
fn what_cannot_be_read_is_refused() {
    let look = || StepDraft::new("look", "account").read(["seen = balance"]);
    let late = |step: StepDraft| step.after([] as [&str; 0]);
    let pay = || StepDraft::new("pay", "account");
    let pivot = || StepDraft::new("ship", "shop").kind(StepKind::Pivot);
    let knobs = |isolation| SagaKnobs { isolation, ..SagaKnobs::default() };
    let right = SagaKnobs::default;
    let told = [
        refused([look(), late(pay().change(["balance = seen"]))], right()),
        refused([look(), late(pay().undo(["balance = seen"]))], right()),
        refused([pay().change(["balance = unseen"])], right()),
        refused([pay().change(["seen = 5"]), look()], right()),
        refused([pay().read(["balance = balance"])], right()),
        refused([look(), pay().read(["seen = balance"])], right()),
        refused([pay().read(["seen = price"])], right()),
        refused([pay().read(["seen -= balance"])], right()),
        refused([pay().read(["min = balance"])], right()),
        refused([look(), pay().when("initial(seen) > 1")], right()),
        refused([pay().read(["a = 1", "b = 2", "c = 3", "d = 4", "e = 5"])], right()),
        refused([pay()], knobs(Isolation::None)),
        refused(
            [
                pivot().read(["cost = price"]),
                pay().kind(StepKind::Retriable).read(["seen = balance"]),
            ],
            right(),
        ),
        refused(
            [look(), pivot(), pay().kind(StepKind::Retriable).change(["balance = seen - 5"])],
            knobs(Isolation::Reread),
        ),
    ];
    insta::assert_snapshot!(told.join("\n"));
}
