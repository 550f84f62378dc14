//! Workflows on the real runtime, in bad worlds. Time is paused: what waits costs nothing, and a run on
//! the memory store repeats exactly.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use amends::models::process::WorkflowId;
use amends::models::protocols::saga::{
    Barrier, Cancellation, CompensationOrder, DecisionLog, InDoubt, LedgerWrite, Recovery,
    SagaKnobs, StepLog,
};
use amends::models::protocols::{Design, Protocol, saga};
use amends::models::workflow::{StepDraft, StepKind, Workflow};
use amends::runtime::{
    CutShort, Expressions, Observer, RunOptions, RunReport, StoreChoice, Timing, run, run_on,
};
use amends::store::{MemoryStore, SqliteStore};

/// Three steps that can be undone.
fn trip(knobs: SagaKnobs) -> Design {
    ["flight", "hotel", "car"]
        .iter()
        .fold(Workflow::builder("trip"), |builder, name| {
            builder
                .service(*name, [("booked", 0)])
                .step(StepDraft::new(format!("book-{name}"), *name))
        })
        .carried_out_by(Protocol::Saga(knobs))
        .unwrap()
}

/// A step that can be undone, the point of no return, and one that must follow.
fn payment(knobs: SagaKnobs) -> Design {
    Workflow::builder("payment")
        .service("account", [("held", 0)])
        .service("bank", [("moved", 0)])
        .service("mail", [("sent", 0)])
        .step(StepDraft::new("hold", "account"))
        .step(StepDraft::new("transfer", "bank").kind(StepKind::Pivot))
        .step(StepDraft::new("notify", "mail").kind(StepKind::Retriable))
        .carried_out_by(Protocol::Saga(knobs))
        .unwrap()
}

/// An order of limited goods with limited money.
fn order() -> Design {
    Workflow::builder("order")
        .service("inventory", [("stock", 20)])
        .service("payment", [("balance", 150)])
        .step(
            StepDraft::new("reserve-stock", "inventory")
                .when("stock >= 1")
                .change(["stock -= 1"])
                .undo(["stock += 1"]),
        )
        .step(
            StepDraft::new("charge", "payment")
                .when("balance >= 10")
                .change(["balance -= 10"])
                .undo(["balance += 10"]),
        )
        .always("never oversold", "inventory.stock >= 0")
        .settled("goods and money agree", "(20 - inventory.stock) * 10 == 150 - payment.balance")
        .settled("goods went to those who paid", "20 - inventory.stock == completed")
        .carried_out_by(SagaKnobs::default())
        .unwrap()
}

fn options(faults: &str, seed: u64) -> RunOptions {
    RunOptions { faults: faults.parse().unwrap(), seed, ..RunOptions::default() }
}

/// Runs so many instances of the workflow.
async fn in_memory(design: &Design, instances: u32, options: RunOptions) -> RunReport {
    let design = design.clone().with_instances(instances);
    run(&design, &StoreChoice::Memory, options).await.unwrap()
}

/// Everything at once.
const EVERYTHING: &str = "crash=0.03,lose=0.1,duplicate=0.2,delay=0.2,refuse=0.05,fail=0.1,\
                          timeout=0.05,cancel=0.1";

#[tokio::test(start_paused = true)]
async fn in_a_perfect_world_everything_completes() {
    let report = in_memory(&trip(SagaKnobs::default()), 50, options("", 7)).await;
    assert_eq!(report.completed, 50);
    assert!(report.is_clean(), "{report}");
}

#[tokio::test(start_paused = true)]
async fn the_right_knobs_hold_in_a_bad_world() {
    for design in [trip(SagaKnobs::default()), payment(SagaKnobs::default())] {
        let mut struck = BTreeMap::new();
        for seed in 0..20 {
            let report = in_memory(&design, 30, options(EVERYTHING, seed)).await;
            assert!(report.is_clean(), "seed {seed}: {report}");
            assert_eq!(report.failed, 0, "seed {seed}: {report}");
            for (fault, count) in report.faults {
                *struck.entry(fault).or_insert(0) += count;
            }
        }
        assert!(struck.values().all(|&count| count > 0), "each fault struck: {struck:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn goods_and_money_agree_in_a_bad_world() {
    for seed in 0..20 {
        let report = in_memory(&order(), 40, options(EVERYTHING, seed)).await;
        assert!(report.is_clean(), "seed {seed}: {report}");
        assert!(report.completed <= 15, "seed {seed}: there is money for 15: {report}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_repeats_exactly() {
    let once = async |seed| {
        let report = in_memory(&order(), 40, options(EVERYTHING, seed)).await;
        RunReport { seconds: 0.0, per_second: 0.0, ..report }
    };
    assert_eq!(once(7).await, once(7).await);
    assert_ne!(once(7).await, once(8).await);
}

/// A knob turned wrong, the faults that show what it costs, and the property that breaks.
struct Mistake {
    knobs: SagaKnobs,
    design: fn(SagaKnobs) -> Design,
    faults: &'static str,
    property: &'static str,
}

fn mistakes() -> Vec<Mistake> {
    let right = SagaKnobs::default;
    let mistake = |knobs, design, faults, property| Mistake { knobs, design, faults, property };
    vec![
        mistake(
            SagaKnobs { barrier: Barrier::None, ..right() },
            trip,
            "duplicate=0.3",
            "effect-once",
        ),
        mistake(
            SagaKnobs { barrier: Barrier::None, ..right() },
            trip,
            "lose=0.2",
            "no-empty-rollback",
        ),
        mistake(
            SagaKnobs { barrier: Barrier::WithoutTombstone, ..right() },
            trip,
            "delay=0.3",
            "atomic",
        ),
        mistake(
            SagaKnobs { ledger: LedgerWrite::BeforeChange, ..right() },
            trip,
            "crash=0.1",
            "atomic",
        ),
        mistake(
            SagaKnobs { ledger: LedgerWrite::AfterChange, attempts: 3, ..right() },
            trip,
            "crash=0.1",
            "effect-once",
        ),
        mistake(
            SagaKnobs { log: StepLog::AfterSend, recovery: Recovery::Backward, ..right() },
            trip,
            "crash=0.1",
            "atomic",
        ),
        mistake(
            SagaKnobs { decision: DecisionLog::Never, ..right() },
            trip,
            "crash=0.1,cancel=0.5",
            "atomic",
        ),
        mistake(SagaKnobs { in_doubt: InDoubt::Ignore, ..right() }, trip, "lose=0.1", "atomic"),
        mistake(
            SagaKnobs { compensation_attempts: Some(1), ..right() },
            trip,
            "lose=0.1",
            "atomic",
        ),
        mistake(
            SagaKnobs { retriable_attempts: Some(1), ..right() },
            payment,
            "lose=0.1",
            "atomic",
        ),
        mistake(
            SagaKnobs { compensation_order: CompensationOrder::Forward, ..right() },
            trip,
            "refuse=0.2",
            "lifo",
        ),
        mistake(
            SagaKnobs { compensation_order: CompensationOrder::Parallel, ..right() },
            trip,
            "refuse=0.2,delay=0.3",
            "lifo",
        ),
        mistake(
            SagaKnobs { cancellation: Cancellation::Anytime, ..right() },
            payment,
            "cancel=0.5",
            "atomic",
        ),
        mistake(
            SagaKnobs { cancellation: Cancellation::WithoutCompensation, ..right() },
            trip,
            "cancel=0.5",
            "atomic",
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn every_wrong_knob_breaks_something_that_the_audit_sees() {
    for Mistake { knobs, design, faults, property } in mistakes() {
        let wrong = in_memory(&design(knobs.clone()), 300, options(faults, 7)).await;
        assert!(
            wrong.violations.iter().any(|violation| violation.property == property),
            "{knobs:?} under {faults} should break {property}: {wrong}"
        );
        let right = in_memory(&design(SagaKnobs::default()), 300, options(faults, 7)).await;
        assert!(right.is_clean(), "the right knobs under {faults}: {right}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_report_reads_well() {
    let faults = "duplicate=0.1,crash=5";
    let mut right = in_memory(&order(), 40, options(faults, 7)).await;
    let careless = SagaKnobs { barrier: Barrier::None, ..SagaKnobs::default() };
    let careless = order().with_protocol(Protocol::Saga(careless));
    let mut wrong = in_memory(&careless, 40, options(faults, 7)).await;
    for report in [&mut right, &mut wrong] {
        (report.seconds, report.per_second) = (0.5, 80.0);
    }
    insta::assert_snapshot!("report_of_a_clean_run", right.to_string());
    insta::assert_snapshot!("report_of_a_violation", wrong.to_string());
    insta::assert_json_snapshot!("report_as_json", right);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_rolls_back_what_takes_too_long() {
    // Whatever is sent is lost for good: nothing can be done within the deadline.
    let timing = Timing { deadline: Some(Duration::from_secs(2)), ..Timing::default() };
    let knobs = SagaKnobs { attempts: 100, ..SagaKnobs::default() };
    let slow = RunOptions { timing, ..options("delay=1.0", 7) };
    let report = in_memory(&trip(knobs), 10, slow).await;
    assert!(report.compensated > 0, "{report}");
    assert!(report.is_clean(), "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_gets_nowhere_is_given_up_and_says_so() {
    let report = in_memory(&trip(SagaKnobs::default()), 3, options("lose=1.0", 7)).await;
    assert_eq!(report.cut_short, Some(CutShort::Stalled));
    assert_eq!(report.unfinished, 3);
    let settles = report.violations.iter().filter(|violation| violation.property == "settles");
    assert_eq!(settles.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_always_crashes_does_not_keep_the_run_from_ending() {
    let report = in_memory(&trip(SagaKnobs::default()), 3, options("crash=1.0", 7)).await;
    assert_eq!(report.cut_short, Some(CutShort::Stalled));
}

#[tokio::test(start_paused = true)]
async fn a_stopped_run_is_finished_by_the_next_one() {
    let design = order().with_instances(40);
    let store = MemoryStore::new();
    let go_on = async |faults, stop: Duration| {
        let timing = Timing { grace: Duration::from_millis(100), ..Timing::default() };
        let concurrency = NonZeroUsize::new(4).unwrap();
        let options = RunOptions { timing, concurrency, ..options(faults, 7) };
        let stop = tokio::time::sleep(stop);
        let system = saga::system(design.workflow(), &SagaKnobs::default());
        run_on(system, store.clone(), Expressions, options, stop).await.unwrap()
    };
    let first = go_on("lose=0.2,delay=0.5", Duration::from_secs(2)).await;
    assert_eq!(first.cut_short, Some(CutShort::Stopped));
    assert!(first.unfinished > 0 && first.completed + first.compensated > 0, "{first}");
    assert_eq!(first.violations, [], "what is unfinished is not wrong yet");

    let second = go_on("lose=0.2,delay=0.5", Duration::MAX).await;
    assert!(second.recovered > 0, "{second}");
    assert!(second.is_clean(), "{second}");
    assert_eq!(second.completed + second.compensated, 40);
}

#[derive(Default)]
struct Crowd {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Observer for Crowd {
    fn accepted(&self, _workflow: WorkflowId) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
    }

    fn ended(&self, _workflow: WorkflowId, _outcome: &str) {
        self.now.fetch_sub(1, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_workflows_go_on_at_once_than_allowed() {
    let crowd = Arc::new(Crowd::default());
    let options = RunOptions {
        concurrency: NonZeroUsize::new(3).unwrap(),
        observer: Arc::clone(&crowd) as Arc<dyn Observer>,
        ..options("delay=0.5", 7)
    };
    in_memory(&trip(SagaKnobs::default()), 40, options).await;
    assert_eq!(crowd.now.load(Ordering::SeqCst), 0, "all that were accepted ended");
    assert_eq!(crowd.most.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn a_run_leaves_no_task_behind() {
    for faults in ["", EVERYTHING, "lose=1.0"] {
        in_memory(&trip(SagaKnobs::default()), 20, options(faults, 7)).await;
        let alive = tokio::runtime::Handle::current().metrics().num_alive_tasks();
        assert_eq!(alive, 0, "after a run with faults `{faults}`");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_and_real_time_make_no_difference() {
    let directory = tempfile::tempdir().unwrap();
    let design = order().with_instances(60);
    let store = SqliteStore::open(directory.path().join("orders.db"), &design).unwrap();
    let timing = Timing { longest_delay: Duration::from_millis(50), ..Timing::default() };
    let options = RunOptions {
        timing,
        ..options("crash=0.02,lose=0.02,duplicate=0.2,delay=0.2,refuse=0.1", 7)
    };
    let never = std::future::pending();
    let system = saga::system(design.workflow(), &SagaKnobs::default());
    let report = run_on(system, store, Expressions, options, never).await.unwrap();
    assert!(report.is_clean(), "{report}");
}
