//! Two-phase commit: it holds with every knob at its default, and each knob turned wrong breaks the
//! property that names the anomaly.

use std::collections::BTreeMap;

use amends_models::protocol::lease::{Claiming, Fencing, Life};
use amends_models::protocol::two_phase_commit::{
    CommitLog, DecisionLog, Heuristic, HeuristicReport, Locks, PrepareLog, Presumption, Silence,
    Snapshot, Suspicion, TwoPhaseKnobs, Work,
};
use amends_models::system::two_phase_commit::{self, TwoPhaseCommit};
use amends_models::system::{Granularity, System};
use amends_models::workflow::{Fault, FaultBudget, Protocol, StepDraft, Workflow};

/// A transfer between two banks. There is money for one of two concurrent transfers only.
fn transfer(knobs: &TwoPhaseKnobs) -> Workflow {
    Workflow::builder("transfer")
        .protocol(Protocol::TwoPhaseCommit(knobs.clone()))
        .service("paying", [("balance", 10)])
        .service("receiving", [("balance", 0)])
        .step(StepDraft::new("withdraw", "paying").when("balance >= 10").change(["balance -= 10"]))
        .step(StepDraft::new("deposit", "receiving").change(["balance += 10"]))
        .always("never overdrawn", "paying.balance >= 0")
        .settled("no money is lost", "paying.balance + receiving.balance == 10")
        .build()
        .expect("the workflow is sound")
}

fn faults(spent: &[(Fault, u8)]) -> FaultBudget {
    spent.iter().fold(FaultBudget::none(), |budget, &(fault, count)| budget.allow(fault, count))
}

fn halt() -> FaultBudget {
    FaultBudget::none().allow_at(Fault::Halt, "coordinator", 1)
}

/// A case: choices, what goes wrong, how many transfers run at the same time.
#[derive(Clone)]
struct Case {
    knobs: TwoPhaseKnobs,
    faults: FaultBudget,
    instances: u32,
}

impl Case {
    fn new(knobs: TwoPhaseKnobs, faults: FaultBudget) -> Case {
        Case { knobs, faults, instances: 1 }
    }

    fn twice(mut self) -> Case {
        self.instances = 2;
        self
    }

    fn system(&self, granularity: Granularity) -> System<TwoPhaseCommit> {
        let workflow =
            transfer(&self.knobs).with_instances(self.instances).with_faults(self.faults.clone());
        two_phase_commit::system_with(&workflow, &self.knobs, granularity)
    }

    /// The word of each verdict, over the complete space.
    fn verdicts(&self, granularity: Granularity) -> BTreeMap<String, &'static str> {
        let report = self.system(granularity).verify().run();
        assert!(report.is_complete());
        eprintln!("{} states {:?}", report.states, report.elapsed);
        report.properties.iter().map(|p| (p.name.clone(), p.verdict.word())).collect()
    }
}

#[track_caller]
fn assert_all_hold(case: &Case) {
    let verdicts = case.verdicts(Granularity::PerInput);
    assert!(verdicts.values().all(|verdict| *verdict == "holds"), "{verdicts:?}");
}

fn standby() -> TwoPhaseKnobs {
    TwoPhaseKnobs { standby: true, ..TwoPhaseKnobs::default() }
}

#[test]
fn a_transfer_survives_every_fault() {
    let budget = faults(&[
        (Fault::Crash, 1),
        (Fault::Lose, 1),
        (Fault::Duplicate, 1),
        (Fault::Refuse, 1),
        (Fault::Fail, 1),
        (Fault::Timeout, 1),
        (Fault::Cancel, 1),
    ]);
    assert_all_hold(&Case::new(TwoPhaseKnobs::default(), budget));
}

#[test]
fn two_concurrent_transfers_survive_a_crash_a_loss_and_a_duplicate() {
    let budget =
        faults(&[(Fault::Lose, 1), (Fault::Duplicate, 1)]).allow_at(Fault::Crash, "coordinator", 1);
    assert_all_hold(&Case::new(TwoPhaseKnobs::default(), budget).twice());
}

#[test]
fn a_standby_takes_over_from_a_coordinator_that_never_returns() {
    let budget = faults(&[(Fault::Timeout, 1)]).allow_at(Fault::Halt, "coordinator", 1);
    assert_all_hold(&Case::new(standby(), budget));
}

/// Each wrong choice, the case that exposes it, and the property that names the anomaly.
fn wrong_choices() -> Vec<(&'static str, Case, &'static str)> {
    let right = TwoPhaseKnobs::default;
    let crash = || faults(&[(Fault::Crash, 1)]);
    let suspicions = || faults(&[(Fault::Timeout, 2)]);
    vec![
        ("the coordinator never returns", Case::new(right(), halt()), "non-blocking"),
        (
            "prepared is logged after the vote",
            Case::new(TwoPhaseKnobs { prepare_log: PrepareLog::AfterVote, ..right() }, crash()),
            "stability",
        ),
        (
            "rows are prepared before the log",
            Case::new(TwoPhaseKnobs { snapshot: Snapshot::BeforeLog, ..right() }, crash()),
            "no-split-snapshot",
        ),
        (
            "what is prepared is not locked",
            Case::new(TwoPhaseKnobs { locks: Locks::None, ..right() }, faults(&[])).twice(),
            "agreement",
        ),
        (
            "a commit is acknowledged before it is logged",
            Case::new(TwoPhaseKnobs { commit_log: CommitLog::AfterAck, ..right() }, crash()),
            "agreement",
        ),
        (
            "a missing vote counts as yes",
            Case::new(
                TwoPhaseKnobs { silence: Silence::Yes, ..right() },
                faults(&[(Fault::Lose, 1)]),
            ),
            "validity",
        ),
        (
            "the decision is logged after it is sent",
            Case::new(TwoPhaseKnobs { decision_log: DecisionLog::AfterSend, ..right() }, crash()),
            "agreement",
        ),
        (
            "nothing is presumed of what is not decided",
            Case::new(TwoPhaseKnobs { presumption: Presumption::None, ..right() }, crash()),
            "settles",
        ),
        (
            "nobody listens for heartbeats",
            Case::new(TwoPhaseKnobs { suspicion: Suspicion::Ignore, ..right() }, halt()),
            "hanging-reported",
        ),
        (
            "work is kept for a coordinator that never returns",
            Case::new(
                TwoPhaseKnobs { suspicion: Suspicion::Wait, work: Work::OwnRound, ..right() },
                halt(),
            ),
            "no-hanging",
        ),
        (
            "a prepared participant aborts when it suspects the coordinator",
            Case::new(
                TwoPhaseKnobs { suspicion: Suspicion::AbortPrepared, ..right() },
                faults(&[(Fault::Timeout, 1)]),
            ),
            "agreement",
        ),
        (
            "a participant in doubt commits on its own authority",
            Case::new(TwoPhaseKnobs { heuristic: Heuristic::Commit, ..right() }, crash()),
            "no-heuristic-damage",
        ),
        (
            "a participant in doubt rolls back on its own authority",
            Case::new(TwoPhaseKnobs { heuristic: Heuristic::Rollback, ..right() }, crash()),
            "no-heuristic-damage",
        ),
        (
            "a heuristic decision is not reported",
            Case::new(
                TwoPhaseKnobs {
                    heuristic: Heuristic::Rollback,
                    heuristic_report: HeuristicReport::Never,
                    ..right()
                },
                crash(),
            ),
            "heuristics-reported",
        ),
        (
            "leadership is claimed with a put",
            Case::new(TwoPhaseKnobs { claim: Claiming::Put, ..standby() }, suspicions()),
            "agreement",
        ),
        (
            "a former leader is not fenced off",
            Case::new(TwoPhaseKnobs { fencing: Fencing::Unchecked, ..standby() }, suspicions()),
            "agreement",
        ),
        (
            "the decision dies with the lease",
            Case::new(TwoPhaseKnobs { decision_life: Life::Lease, ..standby() }, crash()),
            "agreement",
        ),
        (
            "the decision is written to the store after it is sent",
            Case::new(TwoPhaseKnobs { decision_log: DecisionLog::AfterSend, ..standby() }, crash()),
            "agreement",
        ),
    ]
}

#[test]
fn every_wrong_choice_breaks_the_property_that_names_it() {
    for (name, case, property) in wrong_choices() {
        let verdicts = case.verdicts(Granularity::PerInput);
        assert_eq!(verdicts[property], "violated", "{name}: {verdicts:?}");
    }
}

#[test]
fn the_same_faults_are_harmless_with_the_right_choices() {
    let blocks = |property: &str| matches!(property, "non-blocking" | "settles");
    for (name, mut case, _) in wrong_choices() {
        let (work, standby) = (case.knobs.work, case.knobs.standby);
        case.knobs = TwoPhaseKnobs { work, standby, ..TwoPhaseKnobs::default() };
        let halts = case.faults.total(Fault::Halt) > 0;
        for (property, verdict) in case.verdicts(Granularity::PerInput) {
            // Nothing helps against a lone coordinator that is gone for good.
            let expected = !(halts && blocks(&property));
            assert!(!expected || verdict != "violated", "{name}: {property}");
        }
    }
}
