//! Two-phase commit: it holds with every knob at its default, and each knob turned wrong breaks the
//! property that names the anomaly.

use amends_models::process::promise::{Acceptance, Telling};
use amends_models::protocols::lease::{Claiming, Fencing, Life};
use amends_models::protocols::two_phase_commit::{
    CommitLog, DecisionLog, Heuristic, HeuristicReport, Locks, PrepareLog, Presumption, Silence,
    Snapshot, Suspicion, TwoPhaseKnobs, Work,
};
use amends_models::protocols::{Design, Protocol};
use amends_models::workflow::{Fault, FaultBudget, StepDraft, Workflow};

use crate::trial::{self, Case, faults};

/// A transfer between two banks. There is money for one of two concurrent transfers only.
fn transfer(knobs: &TwoPhaseKnobs) -> Design {
    Workflow::builder("transfer")
        .service("paying", [("balance", 10)])
        .service("receiving", [("balance", 0)])
        .step(StepDraft::new("withdraw", "paying").when("balance >= 10").change(["balance -= 10"]))
        .step(StepDraft::new("deposit", "receiving").change(["balance += 10"]))
        .always("never overdrawn", "paying.balance >= 0")
        .settled("no money is lost", "paying.balance + receiving.balance == 10")
        .carried_out_by(Protocol::TwoPhaseCommit(knobs.clone()))
        .expect("the workflow is sound")
}

fn halt() -> FaultBudget {
    FaultBudget::none().allow_at(Fault::Halt, "coordinator", 1)
}

/// Choices, what goes wrong, how many transfers run at the same time.
#[derive(Clone)]
struct Setting {
    knobs: TwoPhaseKnobs,
    faults: FaultBudget,
    instances: u32,
}

impl Setting {
    fn new(knobs: TwoPhaseKnobs, faults: FaultBudget) -> Setting {
        Setting { knobs, faults, instances: 1 }
    }

    fn twice(mut self) -> Setting {
        self.instances = 2;
        self
    }

    fn design(&self) -> Design {
        transfer(&self.knobs).with_instances(self.instances).with_faults(self.faults.clone())
    }
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
    trial::assert_all_hold(&Setting::new(TwoPhaseKnobs::default(), budget).design());
}

#[test]
fn two_concurrent_transfers_survive_a_crash_a_loss_and_a_duplicate() {
    let budget =
        faults(&[(Fault::Lose, 1), (Fault::Duplicate, 1)]).allow_at(Fault::Crash, "coordinator", 1);
    trial::assert_all_hold(&Setting::new(TwoPhaseKnobs::default(), budget).twice().design());
}

#[test]
fn a_standby_takes_over_from_a_coordinator_that_never_returns() {
    let budget = faults(&[(Fault::Timeout, 1)]).allow_at(Fault::Halt, "coordinator", 1);
    trial::assert_all_hold(&Setting::new(standby(), budget).design());
}

/// Each wrong choice, the case that exposes it, and the property that names the anomaly.
fn wrong_choices() -> Vec<(&'static str, Setting, &'static str)> {
    let right = TwoPhaseKnobs::default;
    let crash = || faults(&[(Fault::Crash, 1)]);
    let suspicions = || faults(&[(Fault::Timeout, 2)]);
    vec![
        ("the coordinator never returns", Setting::new(right(), halt()), "non-blocking"),
        (
            "the outcome is told before it is logged",
            Setting::new(TwoPhaseKnobs { tell: Telling::BeforeLog, ..right() }, crash()),
            "outcome-final",
        ),
        (
            "a request is acknowledged before it is logged",
            Setting::new(TwoPhaseKnobs { accept: Acceptance::BeforeLog, ..right() }, crash()),
            "no-forgotten-request",
        ),
        (
            "prepared is logged after the vote",
            Setting::new(TwoPhaseKnobs { prepare_log: PrepareLog::AfterVote, ..right() }, crash()),
            "stability",
        ),
        (
            "rows are prepared before the log",
            Setting::new(TwoPhaseKnobs { snapshot: Snapshot::BeforeLog, ..right() }, crash()),
            "no-split-snapshot",
        ),
        (
            "what is prepared is not locked",
            Setting::new(TwoPhaseKnobs { locks: Locks::None, ..right() }, faults(&[])).twice(),
            "agreement",
        ),
        (
            "a commit is acknowledged before it is logged",
            Setting::new(TwoPhaseKnobs { commit_log: CommitLog::AfterAck, ..right() }, crash()),
            "agreement",
        ),
        (
            "a missing vote counts as yes",
            Setting::new(
                TwoPhaseKnobs { silence: Silence::Yes, ..right() },
                faults(&[(Fault::Lose, 1)]),
            ),
            "validity",
        ),
        (
            "the decision is logged after it is sent",
            Setting::new(
                TwoPhaseKnobs { decision_log: DecisionLog::AfterSend, ..right() },
                crash(),
            ),
            "agreement",
        ),
        (
            "nothing is presumed of what is not decided",
            Setting::new(TwoPhaseKnobs { presumption: Presumption::None, ..right() }, crash()),
            "settles",
        ),
        (
            "nobody listens for heartbeats",
            Setting::new(TwoPhaseKnobs { suspicion: Suspicion::Ignore, ..right() }, halt()),
            "hanging-reported",
        ),
        (
            "work is kept for a coordinator that never returns",
            Setting::new(
                TwoPhaseKnobs { suspicion: Suspicion::Wait, work: Work::OwnRound, ..right() },
                halt(),
            ),
            "no-abandoned-locks",
        ),
        (
            "a prepared participant aborts when it suspects the coordinator",
            Setting::new(
                TwoPhaseKnobs { suspicion: Suspicion::AbortPrepared, ..right() },
                faults(&[(Fault::Timeout, 1)]),
            ),
            "agreement",
        ),
        (
            "a participant in doubt commits on its own authority",
            Setting::new(TwoPhaseKnobs { heuristic: Heuristic::Commit, ..right() }, crash()),
            "no-heuristic-damage",
        ),
        (
            "a participant in doubt rolls back on its own authority",
            Setting::new(TwoPhaseKnobs { heuristic: Heuristic::Rollback, ..right() }, crash()),
            "no-heuristic-damage",
        ),
        (
            "a heuristic decision is not reported",
            Setting::new(
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
            Setting::new(TwoPhaseKnobs { claim: Claiming::Put, ..standby() }, suspicions()),
            "agreement",
        ),
        (
            "a former leader is not fenced off",
            Setting::new(TwoPhaseKnobs { fencing: Fencing::Unchecked, ..standby() }, suspicions()),
            "agreement",
        ),
        (
            "the decision dies with the lease",
            Setting::new(TwoPhaseKnobs { decision_life: Life::Lease, ..standby() }, crash()),
            "agreement",
        ),
        (
            "the decision is written to the store after it is sent",
            Setting::new(
                TwoPhaseKnobs { decision_log: DecisionLog::AfterSend, ..standby() },
                crash(),
            ),
            "agreement",
        ),
    ]
}

fn cases() -> Vec<Case> {
    let cases = wrong_choices().into_iter();
    cases.map(|(name, setting, breaks)| Case { name, design: setting.design(), breaks }).collect()
}

#[test]
fn every_wrong_choice_breaks_the_property_that_names_it() {
    trial::assert_each_breaks(&cases());
}

#[test]
fn the_same_faults_are_harmless_with_the_right_choices() {
    let blocks = |property: &str| matches!(property, "non-blocking" | "settles");
    for (name, mut setting, _) in wrong_choices() {
        let (work, standby) = (setting.knobs.work, setting.knobs.standby);
        setting.knobs = TwoPhaseKnobs { work, standby, ..TwoPhaseKnobs::default() };
        let halts = setting.faults.total(Fault::Halt) > 0;
        for (property, verdict) in trial::verdicts(&setting.design()) {
            // Nothing helps against a lone coordinator that is gone for good.
            let expected = !(halts && blocks(&property));
            assert!(!expected || verdict != "violated", "{name}: {property}");
        }
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
    let crash = faults(&[(Fault::Crash, 1)]);
    trial::assert_stateright_agrees(&Setting::new(TwoPhaseKnobs::default(), crash).design());
    trial::assert_stateright_agrees(&Setting::new(standby(), FaultBudget::none()).design());
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
    transfer(&TwoPhaseKnobs::default())
}
