//! Try-Confirm-Cancel: it holds with every knob at its default, each knob turned wrong breaks the
//! property that names the anomaly, and a formula that cannot fail proves nothing.

use std::num::NonZeroU8;

use amends_models::check::{Property, PropertyKind, Snapshot};
use amends_models::process::barrier::{Barrier, LedgerWrite};
use amends_models::process::promise::{Acceptance, Telling};
use amends_models::process::{Address, WorkflowId};
use amends_models::protocols::steps::StepHistory;
use amends_models::protocols::tcc::{
    self, CancelScope, Decision, DecisionLog, KeyLifetime, Recovery, Refusal, RequestKey,
    ReservationExpiry, Tcc, TccKnobs, TccLog, TccOutcome, Unconfirmed, ZeroRows,
};
use amends_models::protocols::{Design, Protocol};
use amends_models::system::Part;
use amends_models::workflow::{Fault, FaultBudget, StepDraft, Workflow};

use crate::trial::{self, Case, faults, verdicts};

const ONE: Option<NonZeroU8> = Some(NonZeroU8::MIN);
const TWO: NonZeroU8 = NonZeroU8::MIN.saturating_add(1);

/// Reservations of one unit each, in services of their own. There is enough for everybody.
fn design(steps: usize) -> Design {
    let mut builder = Workflow::builder("order");
    for at in 0..steps {
        let service = format!("service-{at}").replace('-', "_");
        builder = builder.service(&service, [("free", 5), ("frozen", 0)]).step(
            StepDraft::new(format!("step-{at}"), &service)
                .when("free >= 1")
                .reserve(["free -= 1", "frozen += 1"])
                .confirm(["frozen -= 1"])
                .cancel(["frozen -= 1", "free += 1"]),
        );
    }
    builder.carried_out_by(Protocol::Tcc(TccKnobs::default())).expect("the workflow is sound")
}

fn assert_all_hold(design: Design, spent: &[(Fault, u8)], knobs: &TccKnobs) {
    trial::assert_all_hold(&with(design.with_faults(faults(spent)), knobs.clone()));
}

fn with(design: Design, knobs: TccKnobs) -> Design {
    design.with_protocol(Protocol::Tcc(knobs))
}

const EVERY_FAULT: [(Fault, u8); 6] = [
    (Fault::Crash, 1),
    (Fault::Lose, 1),
    (Fault::Duplicate, 1),
    (Fault::Refuse, 1),
    (Fault::Timeout, 1),
    (Fault::Cancel, 1),
];

#[test]
fn the_default_tcc_survives_every_fault() {
    assert_all_hold(design(2), &EVERY_FAULT, &TccKnobs::default());
    assert_all_hold(design(2), &[(Fault::Fail, 2), (Fault::Crash, 1)], &TccKnobs::default());
}

#[test]
fn a_tcc_survives_a_partition() {
    let budget = [(Fault::Partition, 1), (Fault::Crash, 1), (Fault::Refuse, 1)];
    assert_all_hold(design(2), &budget, &TccKnobs::default());
}

#[test]
fn two_concurrent_tccs_survive_crashes_losses_and_duplicates() {
    let budget = FaultBudget::none()
        .allow_at(Fault::Crash, "service_0", 1)
        .allow_at(Fault::Lose, "service_0", 1)
        .allow_at(Fault::Duplicate, "service_0", 1);
    let design = design(2).with_instances(2).with_faults(budget);
    trial::assert_all_hold(&design);
}

#[test]
fn other_right_choices_are_as_good() {
    let right = TccKnobs::default;
    let choices = [
        TccKnobs { recovery: Recovery::Resume, ..right() },
        TccKnobs { refusal: Refusal::WaitForAll, ..right() },
        TccKnobs { cancel: CancelScope::Everything, ..right() },
        TccKnobs { try_attempts: TWO, ..right() },
    ];
    let budget = [
        (Fault::Crash, 1),
        (Fault::Lose, 1),
        (Fault::Duplicate, 1),
        (Fault::Refuse, 1),
        (Fault::Timeout, 1),
    ];
    for knobs in choices {
        assert_all_hold(design(2), &budget, &knobs);
    }
}

#[test]
fn a_participant_that_asks_before_it_releases_is_as_good() {
    let knobs = TccKnobs { expiry: ReservationExpiry::AskFirst, ..TccKnobs::default() };
    let budget = [(Fault::Crash, 1), (Fault::Lose, 1), (Fault::Duplicate, 1)];
    assert_all_hold(design(2), &budget, &knobs);
}

#[test]
fn asking_saves_reservations_that_a_careless_coordinator_would_leak() {
    let knobs =
        |expiry| TccKnobs { cancel: CancelScope::OnlyAnswered, expiry, ..TccKnobs::default() };
    let design = design(2).with_faults(faults(&[(Fault::Lose, 1)]));
    let released = |expiry| verdicts(&with(design.clone(), knobs(expiry)))["reservations-released"];
    assert_eq!(released(ReservationExpiry::Never), "violated");
    assert_eq!(released(ReservationExpiry::AskFirst), "holds");
}

#[test]
fn a_step_can_wait_for_others_to_reserve() {
    let mut builder = Workflow::builder("order");
    for (name, after) in [("goods", None), ("money", None), ("slot", Some(["goods", "money"]))] {
        let mut step = StepDraft::new(name, name)
            .reserve(["frozen += 1"])
            .confirm(["frozen -= 1"])
            .cancel(["frozen -= 1"]);
        if let Some(after) = after {
            step = step.after(after);
        }
        builder = builder.service(name, [("frozen", 0)]).step(step);
    }
    let design = builder
        .always("the slot comes last", "slot.frozen == 0 || goods.frozen + money.frozen == 2")
        .carried_out_by(Protocol::Tcc(TccKnobs::default()))
        .expect("the workflow is sound");
    let before_the_decision = design.clone();
    let report = tcc::system(before_the_decision.workflow(), &TccKnobs::default()).verify().run();
    // It is the Trys that wait. Confirms go out all at once.
    assert!(report.property("the slot comes last").unwrap().is_violated());
    assert!(report.property("atomic").unwrap().holds());
    for recovery in [Recovery::Cancel, Recovery::Resume] {
        let knobs = TccKnobs { recovery, ..TccKnobs::default() };
        let budget = faults(&[(Fault::Crash, 2), (Fault::Refuse, 1)]);
        let verdicts = verdicts(&with(design.clone().with_faults(budget), knobs));
        assert_eq!(verdicts["atomic"], "holds");
        assert_eq!(verdicts["reservations-released"], "holds");
    }
}

/// Each wrong choice, the faults that expose it, and the property that names the anomaly.
fn wrong_choices() -> Vec<(&'static str, TccKnobs, FaultBudget, &'static str)> {
    let right = TccKnobs::default;
    let crash = || faults(&[(Fault::Crash, 1)]);
    let lose = || faults(&[(Fault::Lose, 1)]);
    let duplicate = || faults(&[(Fault::Duplicate, 1)]);
    let refuse = || faults(&[(Fault::Refuse, 1)]);
    vec![
        (
            "the decision is logged after it was sent",
            TccKnobs { decision: DecisionLog::AfterSend, ..right() },
            crash(),
            "atomic",
        ),
        (
            "the decision is not logged",
            TccKnobs { decision: DecisionLog::Never, ..right() },
            crash(),
            "atomic",
        ),
        (
            "the outcome is told before it is logged",
            TccKnobs { tell: Telling::BeforeLog, ..right() },
            crash(),
            "outcome-final",
        ),
        (
            "a request is acknowledged before it is logged",
            TccKnobs { accept: Acceptance::BeforeLog, ..right() },
            crash(),
            "no-forgotten-request",
        ),
        (
            "each attempt has a key of its own",
            TccKnobs {
                request_key: RequestKey::PerAttempt,
                try_attempts: NonZeroU8::MIN.saturating_add(1),
                ..right()
            },
            lose(),
            "effect-once",
        ),
        (
            "only what answered is cancelled",
            TccKnobs { cancel: CancelScope::OnlyAnswered, ..right() },
            lose(),
            "reservations-released",
        ),
        (
            "everything is cancelled, and there is no barrier",
            TccKnobs { cancel: CancelScope::Everything, barrier: Barrier::None, ..right() },
            refuse(),
            "no-empty-rollback",
        ),
        (
            "Confirms are given up, and the order left as it is",
            TccKnobs { confirm_attempts: ONE, ..right() },
            lose(),
            "atomic",
        ),
        (
            "Confirms are given up, and nobody looks",
            TccKnobs { confirm_attempts: ONE, unconfirmed: Unconfirmed::Ignore, ..right() },
            lose(),
            "atomic",
        ),
        (
            "Confirms are given up, and the order cancelled",
            TccKnobs { confirm_attempts: ONE, unconfirmed: Unconfirmed::Cancel, ..right() },
            lose(),
            "atomic",
        ),
        (
            "Cancels are given up",
            TccKnobs { cancel_attempts: ONE, ..right() },
            faults(&[(Fault::Lose, 1), (Fault::Refuse, 1)]),
            "reservations-released",
        ),
        (
            "no barrier: duplicates take effect",
            TccKnobs { barrier: Barrier::None, ..right() },
            duplicate(),
            "effect-once",
        ),
        (
            "no barrier: what was never reserved is released",
            TccKnobs { barrier: Barrier::None, ..right() },
            lose(),
            "no-empty-rollback",
        ),
        (
            "no tombstone: a Try reserves after its Cancel",
            TccKnobs { barrier: Barrier::WithoutTombstone, ..right() },
            refuse(),
            "no-hanging",
        ),
        (
            "ledger before change: a retry is taken for a duplicate",
            TccKnobs { ledger: LedgerWrite::BeforeChange, try_attempts: TWO, ..right() },
            crash(),
            "no-empty-confirm",
        ),
        (
            "ledger after change: a retry is a second change",
            TccKnobs { ledger: LedgerWrite::AfterChange, try_attempts: TWO, ..right() },
            crash(),
            "effect-once",
        ),
        (
            "the key runs out before the last duplicate",
            TccKnobs { keys: KeyLifetime::Expires, ..right() },
            duplicate(),
            "effect-once",
        ),
        (
            "no row changed is a success",
            TccKnobs { zero_rows: ZeroRows::Succeed, ..right() },
            refuse(),
            "no-empty-confirm",
        ),
        (
            "a reservation expires while others are confirmed",
            TccKnobs { expiry: ReservationExpiry::ReleaseAndFence, ..right() },
            FaultBudget::none(),
            "atomic",
        ),
        (
            "a reservation expires, and is confirmed all the same",
            TccKnobs { expiry: ReservationExpiry::Release, ..right() },
            FaultBudget::none(),
            "no-empty-confirm",
        ),
        (
            "the coordinator never returns",
            right(),
            FaultBudget::none().allow_at(Fault::Halt, "coordinator", 1),
            "settles",
        ),
        (
            "the coordinator never returns, and reservations wait for it",
            right(),
            FaultBudget::none().allow_at(Fault::Halt, "coordinator", 1),
            "reservations-released",
        ),
    ]
}

fn cases() -> Vec<Case> {
    let cases = wrong_choices().into_iter().map(|(name, knobs, budget, breaks)| {
        Case::new(name, design(2).with_faults(budget), Protocol::Tcc(knobs), breaks)
    });
    cases.collect()
}

#[test]
fn every_wrong_choice_breaks_the_property_that_names_it() {
    trial::assert_each_breaks(&cases());
}

#[test]
fn the_same_faults_are_harmless_with_the_right_choices() {
    for case in cases().into_iter().filter(|case| !case.halts()) {
        trial::assert_harmless(case.name, &with(case.design, TccKnobs::default()));
    }
}

#[test]
fn arithmetic_without_a_result_is_found() {
    let design = Workflow::builder("order")
        .service("inventory", [("free", 0)])
        .step(StepDraft::new("reserve", "inventory").reserve(["free = 1 / free"]))
        .carried_out_by(Protocol::Tcc(TccKnobs::default()))
        .expect("the workflow is sound");
    let verdicts = verdicts(&design);
    assert_eq!(verdicts["well-defined"], "violated");
}

#[test]
fn every_counterexample_reads_as_a_story() {
    insta::assert_snapshot!(trial::stories(&cases()));
}

/// The formula that a widely copied text offers as the proof of TCC's atomicity, in TLA+:
///
/// ```tla
/// TCCAtomicity == \/ (TryPhase = "SUCCESS" => ConfirmPhase = "COMMITTED")
///                 \/ (TryPhase = "FAILED" => CancelPhase = "ROLLED_BACK")
/// ```
fn disjunction_of_implications(
    all_reserved: bool,
    a_try_failed: bool,
    committed: bool,
    rolled_back: bool,
) -> bool {
    (!all_reserved || committed) || (!a_try_failed || rolled_back)
}

#[test]
fn a_disjunction_of_implications_cannot_fail() {
    for (committed, rolled_back) in [(false, false), (false, true), (true, false), (true, true)] {
        // The Trys have succeeded, or one has failed, or neither is known yet; never both.
        for (succeeded, failed) in [(true, false), (false, true), (false, false)] {
            assert!(disjunction_of_implications(succeeded, failed, committed, rolled_back));
        }
    }
}

#[test]
fn what_cannot_fail_is_true_of_a_tcc_that_is_not_atomic() {
    let knobs = TccKnobs { confirm_attempts: ONE, ..TccKnobs::default() };
    let design = design(2).with_faults(faults(&[(Fault::Lose, 1)]));
    let mut system = tcc::system(design.workflow(), &knobs);
    let coordinator = system.process_slot(Address::Coordinator(WorkflowId(0)));
    let witness = system.monitor_slot(0);
    let formula = move |view: Snapshot<'_, Part<Tcc>>| {
        let log = view.part(coordinator).process().durable.coordinator;
        let steps = view.part(witness).monitor().steps();
        let cancelled =
            log == TccLog::Decided(Decision::Cancel) || log == TccLog::Ended(TccOutcome::Cancelled);
        disjunction_of_implications(
            !cancelled && steps.iter().all(|step| step.times_done() > 0),
            cancelled,
            steps.iter().all(StepHistory::is_confirmed),
            steps.iter().all(StepHistory::is_clean),
        )
    };
    system.add_property(Property::new(PropertyKind::Always, "as a disjunction", formula));

    let report = system.verify().run();
    assert!(report.property("as a disjunction").unwrap().holds());
    let partial = report.property("atomic").unwrap().verdict.counterexample().unwrap();
    let (_, end) = partial.steps.last().unwrap();
    let end: Vec<&Part<Tcc>> = end.iter().collect();
    assert!(formula(Snapshot::new(&end)), "also in the very state that is not atomic");
}

#[test]
fn stateright_sees_the_same_states() {
    let budget = faults(&[(Fault::Crash, 1), (Fault::Lose, 1), (Fault::Refuse, 1)]);
    trial::assert_stateright_agrees(&design(2).with_faults(budget));
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

/// A workflow of this protocol, for what must be true of all of them.
pub(crate) fn sample() -> Design {
    design(3)
}
