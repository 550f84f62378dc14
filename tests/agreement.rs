//! What the runtime does is what the model allows.
//!
//! Random workflows run under random faults on the real runtime, with time paused. How that ends
//! (resources and outcomes) must be a way in which the model can end, with the same faults in its
//! budget. Where the knobs are right, every property must hold as well; where they are wrong, the
//! model must have foreseen the damage.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use amends::models::check::{self, Verdict};
use amends::models::process::{Address, ServiceId, WorkflowId};
use amends::models::protocols::saga::{
    Barrier, CompensationOrder, InDoubt, LedgerWrite, Recovery, SagaKnobs, SagaOutcome, StepLog,
};
use amends::models::protocols::{Design, Protocol, saga};
use amends::models::workflow::{Fault, FaultBudget, StepDraft, StepKind, Workflow};
use amends::runtime::{RunOptions, RunReport, StoreChoice, Timing, run};
use amends::simulate::{FaultKind, FaultPlan, Rate};
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// The faults that model and runtime share, by both their names.
const SHARED: [(Fault, FaultKind); 7] = [
    (Fault::Crash, FaultKind::Crash),
    (Fault::Lose, FaultKind::Lose),
    (Fault::Duplicate, FaultKind::Duplicate),
    (Fault::Refuse, FaultKind::Refuse),
    (Fault::Fail, FaultKind::Fail),
    (Fault::Timeout, FaultKind::Timeout),
    (Fault::Cancel, FaultKind::Cancel),
];

/// A workflow with knobs and instances, the faults it meets, and the seed that places them.
#[derive(Clone, Debug)]
struct Case {
    design: Design,
    faults: FaultPlan,
    seed: u64,
    /// Whether the knobs are right, so that every property must hold.
    right: bool,
}

fn cases() -> impl Strategy<Value = Case> {
    // Two instances of three steps have more states than a test has time for.
    prop_oneof![(Just(1u32), 1usize..=3, 0usize..=3), (Just(2u32), 1usize..=2, 0usize..=2)]
        .prop_flat_map(|(instances, steps, kinds)| {
            let faults = subsequence(SHARED.to_vec(), kinds);
            (workflows(steps), knobs(), faults, Just(instances), any::<u64>())
        })
        .prop_map(|(design, (right, knobs), faults, instances, seed)| {
            let budget = faults
                .iter()
                .fold(FaultBudget::none(), |budget, &(fault, _)| budget.allow(fault, 1));
            let design = design.with_instances(instances).with_protocol(knobs).with_faults(budget);
            let faults = faults
                .iter()
                .fold(FaultPlan::none(), |plan, &(_, kind)| plan.with(kind, Rate::Count(1)));
            Case { design, faults, seed, right }
        })
}

/// Steps on two services: some can be refused, some change nothing; the last ones may be a pivot and
/// what follows it.
fn workflows(steps: usize) -> impl Strategy<Value = Design> {
    let step = (0..2usize, any::<bool>(), any::<bool>());
    let stock = (0..3i64, 0..3i64);
    (proptest::collection::vec(step, steps), stock, any::<Index>(), any::<bool>()).prop_map(
        move |(drafts, (left, right), pivot, has_pivot)| {
            let pivot = if has_pivot { pivot.index(steps) } else { steps };
            let names = ["left", "right"];
            let mut builder = Workflow::builder("random")
                .service(names[0], [("stock", left)])
                .service(names[1], [("stock", right)]);
            for (position, (service, guarded, parallel)) in drafts.into_iter().enumerate() {
                let mut step = StepDraft::new(format!("step-{position}"), names[service])
                    .change(["stock -= 1"]);
                if position < pivot {
                    step = step.undo(["stock += 1"]);
                    if parallel {
                        step = step.after([] as [&str; 0]);
                    }
                } else {
                    step = step.kind(if position == pivot {
                        StepKind::Pivot
                    } else {
                        StepKind::Retriable
                    });
                    if position == pivot {
                        // Everything that can be undone comes before the point of no return.
                        step = step.after((0..position).map(|before| format!("step-{before}")));
                    }
                }
                // A retriable step that is refused for good would be asked for ever.
                if guarded && position <= pivot {
                    step = step.when("stock >= 1");
                }
                builder = builder.step(step);
            }
            builder.carried_out_by(SagaKnobs::default()).unwrap()
        },
    )
}

/// Knobs, and whether they are right.
fn knobs() -> impl Strategy<Value = (bool, SagaKnobs)> {
    let right = (1u8..=2, select(vec![Recovery::Forward, Recovery::Backward]))
        .prop_map(|(attempts, recovery)| SagaKnobs { attempts, recovery, ..SagaKnobs::default() });
    let wrong = |knobs: &SagaKnobs| {
        vec![
            SagaKnobs { barrier: Barrier::None, ..knobs.clone() },
            SagaKnobs { barrier: Barrier::WithoutTombstone, ..knobs.clone() },
            SagaKnobs { ledger: LedgerWrite::BeforeChange, ..knobs.clone() },
            SagaKnobs { ledger: LedgerWrite::AfterChange, ..knobs.clone() },
            SagaKnobs { log: StepLog::AfterSend, ..knobs.clone() },
            SagaKnobs { in_doubt: InDoubt::Ignore, ..knobs.clone() },
            SagaKnobs { compensation_order: CompensationOrder::Parallel, ..knobs.clone() },
        ]
    };
    right.prop_flat_map(move |knobs| {
        prop_oneof![
            Just((true, knobs.clone())),
            select(wrong(&knobs)).prop_map(|knobs| (false, knobs)),
        ]
    })
}

/// Runs the case for real.
fn really(case: &Case) -> RunReport {
    let options = RunOptions {
        faults: case.faults.clone(),
        seed: case.seed,
        timing: Timing {
            // A repeated message is late, but never so late that a timer runs out before it: that
            // would be a timeout that no budget allows.
            longest_delay: Duration::from_millis(20),
            ..Timing::default()
        },
        ..RunOptions::default()
    };
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(run(&case.design, &StoreChoice::Memory, options))
        .unwrap()
}

/// Whether the model can end as the run did.
fn foreseen(case: &Case, report: &RunReport) -> Foreseen {
    let Protocol::Saga(knobs) = case.design.protocol() else { panic!("every case is a saga") };
    let system = saga::system(case.design.workflow(), knobs);
    let coordinators: Vec<usize> = (0..case.design.workflow().instances())
        .map(|id| system.process_slot(Address::Coordinator(WorkflowId(id))))
        .collect();
    let services: Vec<usize> = (0..case.design.workflow().services().len())
        .map(|id| system.process_slot(Address::Service(ServiceId(id as u16))))
        .collect();
    let outcomes = [
        (SagaOutcome::Completed, report.completed),
        (SagaOutcome::Compensated, report.compensated),
        (SagaOutcome::Failed, report.failed),
    ];
    let resources: Vec<i64> =
        report.resources.values().flat_map(|owned| owned.values().copied()).collect();
    let found = check::erased(&system)
        .sometimes("ends like the run", move |view| {
            let ended = |outcome| {
                let logs = coordinators
                    .iter()
                    .map(|&slot| view.part(slot).process().durable.coordinator.outcome());
                logs.filter(|&end| end == Some(outcome)).count() as u32
            };
            let owned =
                services.iter().flat_map(|&slot| &view.part(slot).process().resources.values);
            outcomes.iter().all(|&(outcome, count)| ended(outcome) == count) && owned.eq(&resources)
        })
        .max_states(400_000)
        .run();
    match found.properties[0].verdict {
        Verdict::Holds => Foreseen::Yes,
        _ if found.is_complete() => Foreseen::No,
        _ => Foreseen::Unknown,
    }
}

#[derive(Debug, PartialEq)]
enum Foreseen {
    Yes,
    No,
    /// The model has more states than the test has time for.
    Unknown,
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 256,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_run_ends_in_a_way_that_the_model_allows(case in cases()) {
        let report = really(&case);
        prop_assert_eq!(report.unfinished, 0, "{}", report);
        if case.right {
            prop_assert!(report.is_clean(), "{}", report);
        }
        prop_assert_ne!(foreseen(&case, &report), Foreseen::No, "{}", report);
    }
}

/// How the cases are spread, so that the agreement above says something.
#[test]
fn the_cases_are_worth_comparing() {
    let mut runner = TestRunner::deterministic();
    let (mut struck, mut damaged, mut unknown, mut impossible) = (0, 0, 0, 0);
    for _ in 0..100 {
        let case = cases().new_tree(&mut runner).unwrap().current();
        let mut report = really(&case);
        struck += u32::from(report.faults.values().any(|&count| count > 0));
        damaged += u32::from(!report.violations.is_empty());
        unknown += u32::from(foreseen(&case, &report) == Foreseen::Unknown);
        // An end that cannot be: more in stock than there ever was.
        report.resources.values_mut().flat_map(|owned| owned.values_mut()).for_each(|v| *v += 9);
        impossible += u32::from(foreseen(&case, &report) == Foreseen::No);
    }
    assert!(struck >= 25, "faults struck in {struck} of 100 runs");
    assert!(damaged >= 3, "wrong knobs did damage in {damaged} of 100 runs");
    assert!(unknown <= 5, "the model was too large in {unknown} of 100 cases");
    assert!(impossible >= 95, "the model rules out what cannot be in {impossible} of 100 cases");
}
