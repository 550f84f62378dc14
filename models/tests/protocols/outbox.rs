//! The outbox: it holds with every knob at its default, and each knob turned wrong breaks the
//! property that names the anomaly.

use amends_models::protocols::outbox::{
    Acknowledge, Claims, Delivering, FailedPublish, InboxLife, InboxWrite, Mark, OutboxExceptions,
    OutboxKnobs, Poison, Write,
};
use amends_models::protocols::{Design, Protocol};
use amends_models::workflow::{Fault, FaultBudget, StepDraft, Workflow};

use crate::trial::{self, Case, assert_all_hold, faults};

/// One transaction per order, whose event one other service handles. It has stock for so many.
fn orders(stock: i64) -> Design {
    Workflow::builder("orders")
        .service("order", [("rows", 0)])
        .service("inventory", [("stock", stock)])
        .step(StepDraft::new("create", "order").change(["rows += 1"]))
        .step(StepDraft::new("reserve", "inventory").when("stock >= 1").change(["stock -= 1"]))
        .carried_out_by(Protocol::Outbox(OutboxKnobs::default()))
        .expect("the workflow is sound")
}

/// Two transactions per order; one other service handles the events of both.
fn histories() -> Design {
    Workflow::builder("histories")
        .service("order", [("rows", 0)])
        .service("shipping", [("parcels", 0)])
        .step(StepDraft::new("create", "order").change(["rows += 1"]))
        .step(StepDraft::new("pay", "order"))
        .step(StepDraft::new("pack", "shipping").after(["create"]).change(["parcels += 1"]))
        .step(StepDraft::new("ship", "shipping").after(["pay"]))
        .carried_out_by(Protocol::Outbox(OutboxKnobs::default()))
        .expect("the workflow is sound")
}

#[test]
fn two_aggregates_survive_a_crash_a_loss_and_a_duplicate() {
    let budget = faults(&[(Fault::Crash, 1), (Fault::Lose, 1), (Fault::Duplicate, 1)]);
    let knobs = OutboxKnobs { relays: 1, ..OutboxKnobs::default() };
    let design = orders(2).with_instances(2).with_faults(budget);
    assert_all_hold(&design.with_protocol(Protocol::Outbox(knobs)));
}

#[test]
fn two_relays_keep_the_order_of_an_aggregate() {
    for budget in [
        [(Fault::Crash, 1), (Fault::Duplicate, 1)],
        [(Fault::Lose, 1), (Fault::Timeout, 1)],
        [(Fault::Fail, 1), (Fault::Refuse, 1)],
    ] {
        assert_all_hold(&histories().with_faults(faults(&budget)));
    }
}

/// Each wrong choice, the faults that expose it, and the property that names the anomaly.
fn wrong_choices() -> Vec<(&'static str, OutboxKnobs, Design, &'static str)> {
    let right = || OutboxKnobs { relays: 1, ..OutboxKnobs::default() };
    let order = |stock: i64, spent: &[(Fault, u8)]| orders(stock).with_faults(faults(spent));
    let careless =
        OutboxExceptions { inbox: Some(InboxWrite::None), ..OutboxExceptions::default() };
    let history = |spent: &[(Fault, u8)]| histories().with_faults(faults(spent));
    vec![
        (
            "dual write: a committed order whose event is lost",
            OutboxKnobs { write: Write::SaveThenPublish, ..right() },
            order(1, &[(Fault::Crash, 1)]),
            "published-iff-committed",
        ),
        (
            "dual write: an event of an order that was refused",
            OutboxKnobs { write: Write::PublishThenSave, ..right() },
            order(1, &[(Fault::Refuse, 1)]),
            "published-iff-committed",
        ),
        (
            "marked before it is published",
            OutboxKnobs { mark: Mark::OnClaim, ..right() },
            order(1, &[(Fault::Crash, 1)]),
            "published-iff-committed",
        ),
        (
            "a relay goes on without what the broker did not take",
            OutboxKnobs { failed_publish: FailedPublish::Skip, ..right() },
            history(&[(Fault::Lose, 1)]),
            "ordered-per-aggregate",
        ),
        (
            "the inbox is cleaned up while deliveries may come again",
            OutboxKnobs { inbox_life: InboxLife::Expires, ..right() },
            order(2, &[(Fault::Lose, 1)]),
            "effect-once",
        ),
        (
            "one consumer has no inbox",
            OutboxKnobs { services: [("inventory".to_owned(), careless)].into(), ..right() },
            order(2, &[(Fault::Lose, 1)]),
            "effect-once",
        ),
        (
            "competing relays swap events",
            OutboxKnobs { claims: Claims::ByLine, relays: 2, ..right() },
            history(&[]),
            "ordered-per-aggregate",
        ),
        (
            "competing consumers swap events",
            OutboxKnobs { delivery: Delivering::AnyOrder, ..right() },
            history(&[]),
            "ordered-per-aggregate",
        ),
        (
            "duplicate consume: no inbox",
            OutboxKnobs { inbox: InboxWrite::None, ..right() },
            order(2, &[(Fault::Duplicate, 1)]),
            "effect-once",
        ),
        (
            "duplicate consume: the relay crashes between publish and mark",
            OutboxKnobs { inbox: InboxWrite::None, ..right() },
            orders(2).with_faults(FaultBudget::none().allow_at(Fault::Crash, "relay-1", 1)),
            "effect-once",
        ),
        (
            "inbox before the change",
            OutboxKnobs { inbox: InboxWrite::BeforeChange, ..right() },
            order(1, &[(Fault::Crash, 1)]),
            "no-message-dropped",
        ),
        (
            "inbox after the change",
            OutboxKnobs { inbox: InboxWrite::AfterChange, ..right() },
            order(2, &[(Fault::Crash, 1)]),
            "effect-once",
        ),
        (
            "acknowledged before it is handled",
            OutboxKnobs { acknowledge: Acknowledge::BeforeHandling, ..right() },
            order(1, &[(Fault::Crash, 1)]),
            "no-message-dropped",
        ),
        (
            "a poison message blocks",
            OutboxKnobs { poison: Poison::Retry, ..right() },
            order(0, &[]),
            "settles",
        ),
        (
            "a poison message is dropped",
            OutboxKnobs { poison: Poison::Drop, ..right() },
            order(0, &[]),
            "no-message-dropped",
        ),
    ]
}

fn cases() -> Vec<Case> {
    let cases = wrong_choices().into_iter();
    let chosen = Protocol::Outbox;
    cases.map(|(name, knobs, it, breaks)| Case::new(name, it, chosen(knobs), breaks)).collect()
}

#[test]
fn every_wrong_choice_breaks_the_property_that_names_it() {
    trial::assert_each_breaks(&cases());
}

#[test]
fn the_same_faults_are_harmless_with_the_right_choices() {
    for case in cases() {
        let right = Protocol::Outbox(OutboxKnobs::default());
        trial::assert_harmless(case.name, &case.design.with_protocol(right));
    }
}

#[test]
fn one_transition_per_effect_gives_the_same_verdicts() {
    trial::assert_granularity_makes_no_difference(&cases());
}

#[test]
fn what_is_poison_to_one_aggregate_does_not_hold_up_another() {
    assert_all_hold(&orders(1).with_instances(2));
}

#[test]
fn a_relay_that_never_returns_is_replaced() {
    let halt = FaultBudget::none().allow_at(Fault::Halt, "relay-1", 1);
    assert_all_hold(&histories().with_faults(halt));
}

#[test]
fn every_counterexample_reads_as_a_story() {
    insta::assert_snapshot!(trial::stories(&cases()));
}

#[test]
fn stateright_sees_the_same_states() {
    trial::assert_stateright_agrees(&orders(2).with_faults(faults(&[(Fault::Crash, 1)])));
}

#[test]
fn interchangeable_workflows_are_explored_once() {
    insta::assert_snapshot!(trial::symmetry(&cases()));
}

/// A workflow of this protocol, for what must be true of all of them.
pub(crate) fn sample() -> Design {
    histories()
}
