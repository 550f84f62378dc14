//! Workflows whose steps use different protocols: they are atomic with every knob at its default, and
//! each wrong way of putting protocols together breaks the property that names the anomaly.

use std::num::NonZeroU8;

use amends_models::process::{StepId, WorkflowId, barrier};
use amends_models::protocols::mixed::{
    MessageTable, MixedChoices, MixedKnobs, Notify, RollBack, Settle,
};
use amends_models::protocols::saga::{self, SagaKnobs};
use amends_models::protocols::tcc::{self, TccKnobs, Unconfirmed};
use amends_models::protocols::{Design, Protocol};
use amends_models::workflow::{
    Fault, RuleDraft, StepDraft, StepKind, StepProtocol, Workflow, WorkflowBuilder,
};

use crate::trial::{self, Case, assert_all_hold, faults};

fn mixed(choices: MixedChoices) -> Protocol {
    Protocol::Mixed(choices)
}

fn shop() -> WorkflowBuilder {
    Workflow::builder("order")
        .service("order", [("open", 0)])
        .service("payment", [("balance", 15), ("frozen", 0)])
        .service("logistics", [("announced", 0)])
}

fn create() -> StepDraft {
    StepDraft::new("create", "order")
        .protocol(StepProtocol::Saga)
        .change(["open += 1"])
        .undo(["open -= 1"])
}

fn charge() -> StepDraft {
    StepDraft::new("charge", "payment")
        .protocol(StepProtocol::Tcc)
        .when("balance >= 10")
        .reserve(["balance -= 10", "frozen += 10"])
        .confirm(["frozen -= 10"])
        .cancel(["frozen -= 10", "balance += 10"])
}

fn announce() -> StepDraft {
    StepDraft::new("announce", "logistics")
        .protocol(StepProtocol::Outbox)
        .change(["announced += 1"])
}

/// An order by saga, its payment by TCC, a notice by outbox.
fn order() -> Design {
    shop()
        .step(create())
        .step(charge())
        .step(announce())
        .settled("all agree", "order.open == completed && logistics.announced == completed")
        .settled("the money too", "15 - payment.balance == 10 * completed && payment.frozen == 0")
        .carried_out_by(mixed(MixedChoices::default()))
        .expect("the workflow is sound")
}

/// Two branches beside each other, so that one can be refused while the other has reserved.
fn two_branches() -> Design {
    let credit = StepDraft::new("credit", "merchant").protocol(StepProtocol::Tcc);
    shop()
        .service("merchant", [("pending", 0), ("revenue", 0)])
        .step(create())
        .step(charge())
        .step(
            credit
                .reserve(["pending += 10"])
                .confirm(["pending -= 10", "revenue += 10"])
                .cancel(["pending -= 10"]),
        )
        .carried_out_by(mixed(MixedChoices::default()))
        .expect("the workflow is sound")
}

/// A small transfer by saga and a large one by TCC, and money for one of them.
fn transfers() -> WorkflowBuilder {
    Workflow::builder("transfer")
        .instances(2)
        .request([("amount", 3)])
        .request([("amount", 6)])
        .rule(RuleDraft {
            when: "amount >= 5".to_owned(),
            then: StepProtocol::Tcc,
            otherwise: StepProtocol::Saga,
        })
        .service("alice", [("balance", 8), ("frozen", 0)])
        .service("bob", [("balance", 0), ("incoming", 0)])
        .step(
            StepDraft::new("withdraw", "alice")
                .when("balance >= amount")
                .change(["balance -= amount"])
                .undo(["balance += amount"])
                .reserve(["balance -= amount", "frozen += amount"])
                .confirm(["frozen -= amount"])
                .cancel(["frozen -= amount", "balance += amount"]),
        )
        .step(
            StepDraft::new("deposit", "bob")
                .change(["balance += amount"])
                .undo(["balance -= amount"])
                .reserve(["incoming += amount"])
                .confirm(["incoming -= amount", "balance += amount"])
                .cancel(["incoming -= amount"]),
        )
        .settled("no money is lost", "alice.balance + bob.balance == 8")
        .settled("nothing stays frozen", "alice.frozen + bob.incoming == 0")
}

#[test]
fn an_order_by_three_protocols_survives_every_fault() {
    let budget = [
        (Fault::Crash, 1),
        (Fault::Lose, 1),
        (Fault::Duplicate, 1),
        (Fault::Refuse, 1),
        (Fault::Fail, 1),
        (Fault::Timeout, 1),
        (Fault::Cancel, 1),
    ];
    assert_all_hold(&order().with_faults(faults(&budget)));
}

#[test]
fn branches_beside_each_other_survive_crashes_losses_and_refusals() {
    let budget = [(Fault::Crash, 1), (Fault::Lose, 1), (Fault::Refuse, 1)];
    assert_all_hold(&two_branches().with_faults(faults(&budget)));
}

#[test]
fn what_cannot_be_undone_follows_the_decision() {
    let design = shop()
        .step(create())
        .step(charge())
        .step(
            StepDraft::new("ship", "logistics")
                .protocol(StepProtocol::Saga)
                .kind(StepKind::Retriable)
                .change(["announced += 1"]),
        )
        .settled("only what is paid is shipped", "logistics.announced == completed")
        .carried_out_by(mixed(MixedChoices::default()))
        .expect("the workflow is sound");
    let budget = [(Fault::Crash, 1), (Fault::Lose, 1), (Fault::Refuse, 1), (Fault::Cancel, 1)];
    assert_all_hold(&design.with_faults(faults(&budget)));
}

#[test]
fn two_transfers_by_rule_survive_a_crash_a_loss_and_a_duplicate() {
    let budget = faults(&[(Fault::Lose, 1), (Fault::Duplicate, 1)]);
    let budget = budget.allow_at(Fault::Crash, "coordinator", 1);
    assert_all_hold(
        &transfers()
            .carried_out_by(mixed(MixedChoices::default()))
            .expect("it is sound")
            .with_faults(budget),
    );
}

#[test]
fn the_rule_picks_by_request() {
    let design = transfers().carried_out_by(mixed(MixedChoices::default())).expect("it is sound");
    let picked = |id| design.workflow().protocol_of(WorkflowId(id), StepId(0));
    let picks = [picked(0), picked(1), picked(2)];
    assert_eq!(picks, [StepProtocol::Saga, StepProtocol::Tcc, StepProtocol::Saga]);
}

/// Each wrong choice, what exposes it, and the property that names the anomaly.
fn cases() -> Vec<Case> {
    let put_together = |knobs| mixed(MixedChoices { mixed: knobs, ..MixedChoices::default() });
    let by_tcc = |tcc| mixed(MixedChoices { tcc, ..MixedChoices::default() });
    let by_saga = |saga| mixed(MixedChoices { saga, ..MixedChoices::default() });
    let right = MixedKnobs::default;
    let order = |spent| order().with_faults(faults(spent));
    let two_branches = |spent| two_branches().with_faults(faults(spent));
    vec![
        Case::new(
            "the tcc confirms before the saga's steps are done",
            order(&[(Fault::Refuse, 1)]),
            put_together(MixedKnobs { settle: Settle::AtOnce, ..right() }),
            "atomic",
        ),
        Case::new(
            "steps are undone while reservations are held",
            two_branches(&[(Fault::Refuse, 1)]),
            put_together(MixedKnobs { roll_back: RollBack::AtRefusal, ..right() }),
            "lifo",
        ),
        Case::new(
            "a notice is sent before the decision",
            order(&[(Fault::Refuse, 1)]),
            put_together(MixedKnobs { notify: Notify::AtOnce, ..right() }),
            "published-iff-committed",
        ),
        Case::new(
            "the notice gets into the table by a record of its own",
            order(&[(Fault::Crash, 1)]),
            put_together(MixedKnobs { table: MessageTable::AfterDecision, ..right() }),
            "published-iff-committed",
        ),
        Case::new(
            "the tcc logs its decision after it is sent",
            two_branches(&[(Fault::Crash, 1)]),
            by_tcc(TccKnobs { decision: tcc::DecisionLog::AfterSend, ..TccKnobs::default() }),
            "atomic",
        ),
        Case::new(
            "a confirm is given up",
            two_branches(&[(Fault::Lose, 1)]),
            by_tcc(TccKnobs {
                confirm_attempts: Some(NonZeroU8::MIN),
                unconfirmed: Unconfirmed::Ignore,
                ..TccKnobs::default()
            }),
            "atomic",
        ),
        Case::new(
            "a confirm is given up, and a person is needed",
            two_branches(&[(Fault::Lose, 1)]),
            by_tcc(TccKnobs { confirm_attempts: Some(NonZeroU8::MIN), ..TccKnobs::default() }),
            "atomic",
        ),
        Case::new(
            "a participant forgets what it refused to reserve",
            two_branches(&[(Fault::Refuse, 1)]),
            by_tcc(TccKnobs { barrier: barrier::Barrier::WithoutTombstone, ..TccKnobs::default() }),
            "no-hanging",
        ),
        Case::new(
            "a participant remembers no saga step",
            order(&[(Fault::Duplicate, 1)]),
            by_saga(SagaKnobs { barrier: barrier::Barrier::None, ..SagaKnobs::default() }),
            "effect-once",
        ),
        Case::new(
            "the saga is logged after it is sent",
            order(&[(Fault::Crash, 1)]),
            by_saga(SagaKnobs {
                log: saga::StepLog::AfterSend,
                recovery: saga::Recovery::Backward,
                ..SagaKnobs::default()
            }),
            "atomic",
        ),
    ]
}

#[test]
fn every_wrong_choice_breaks_the_property_that_names_it() {
    trial::assert_each_breaks(&cases());
}

#[test]
fn the_same_faults_are_harmless_with_the_right_choices() {
    for case in cases() {
        let right = mixed(MixedChoices::default());
        trial::assert_harmless(case.name, &case.design.with_protocol(right));
    }
}

#[test]
fn one_transition_per_effect_gives_the_same_verdicts() {
    trial::assert_granularity_makes_no_difference(&cases());
}

#[test]
fn every_counterexample_reads_as_a_story() {
    insta::assert_snapshot!(trial::stories(&cases()));
}

#[test]
fn stateright_sees_the_same_states() {
    let budget = faults(&[(Fault::Crash, 1), (Fault::Lose, 1), (Fault::Refuse, 1)]);
    trial::assert_stateright_agrees(&order().with_faults(budget));
}

#[test]
fn messages_that_nobody_will_heed_make_no_difference() {
    insta::assert_snapshot!(trial::stale_messages(&cases()));
}

/// A workflow of this protocol, for what must be true of all of them.
pub(crate) fn sample() -> Design {
    order()
}
