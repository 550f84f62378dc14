//! What is said of a search that stopped early.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use stateright::Model;

use crate::check::{Completeness, Limit, Report, Verify};

/// Counts for ever, and may jump ahead.
struct Numbers;

impl Model for Numbers {
    type State = u64;
    type Action = u64;

    fn init_states(&self) -> Vec<u64> {
        vec![0]
    }
    fn actions(&self, _: &u64, actions: &mut Vec<u64>) {
        actions.extend([1, 2]);
    }
    fn next_state(&self, state: &u64, step: u64) -> Option<u64> {
        Some(state + step)
    }
}

fn numbers() -> crate::check::Verification<'static, crate::check::ModelSubject<'static, Numbers>> {
    Numbers
        .verify()
        .always("small", |number| *number < 5)
        .always("finite", |_| true)
        .eventually("far", |number| *number == u64::MAX)
        .sometimes("farthest", |number| *number == u64::MAX)
        .deadlock_free("never ends", |_| true)
        .always("nothing", |_| false)
}

fn words(report: &Report<u64, u64>) -> Vec<&'static str> {
    report.properties.iter().map(|found| found.verdict.word()).collect()
}

const WORDS: [&str; 6] =
    ["violated", "incomplete", "incomplete", "incomplete", "incomplete", "violated"];

#[test]
fn the_number_of_states() {
    let report = numbers().max_states(100).run();
    assert_eq!(words(&report), WORDS);
    let Completeness::Incomplete { limit, depth_complete, queue } = report.completeness else {
        panic!("there is no end of numbers");
    };
    assert_eq!(limit, Limit::States(100));
    assert!((101..=110).contains(&report.states), "{} states", report.states);
    assert!(depth_complete >= 45 && queue > 0);
}

#[test]
fn a_space_of_exactly_as_many_states_as_allowed_is_complete() {
    let graph = super::small::Small::of(3, &[(0, 1), (1, 2)]);
    let report = crate::check::model(&graph).always("any", |_| true).max_states(3).run();
    report.assert_holds();
    let report = crate::check::model(&graph).always("any", |_| true).max_states(2).run();
    assert!(!report.is_complete());
}

#[test]
fn memory() {
    let report = numbers().max_memory(1 << 20).run();
    assert_eq!(words(&report), WORDS);
    let stopped =
        matches!(report.completeness, Completeness::Incomplete { limit: Limit::Memory(_), .. });
    assert!(stopped);
}

#[test]
fn time() {
    let report = numbers().timeout(Duration::from_millis(30)).run();
    assert_eq!(words(&report), WORDS);
    assert!(report.elapsed < Duration::from_secs(20));
}

#[test]
fn interruption() {
    let flag = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&flag);
    let report = numbers()
        .interrupt(flag)
        .progress(move |progress| {
            assert!(progress.states > progress.queue);
            seen.store(true, std::sync::atomic::Ordering::Relaxed);
        })
        .run();
    assert_eq!(words(&report), WORDS);
    let stopped =
        matches!(report.completeness, Completeness::Incomplete { limit: Limit::Interrupted, .. });
    assert!(stopped);
}

#[test]
fn the_first_violation_that_counts() {
    let report = numbers().stop_at_violation(|name| name == "small").run();
    assert_eq!(words(&report), WORDS);
    let path = report.property("small").unwrap().verdict.counterexample().unwrap();
    assert_eq!(path.steps.len(), 3, "it is a shortest one all the same");
    let Completeness::Incomplete { limit, .. } = report.completeness else {
        panic!("there is no end of numbers");
    };
    assert_eq!(limit, Limit::Violation);
    assert!(report.states < 1_000);
}

#[test]
fn a_violation_that_does_not_count_stops_nothing() {
    let report = numbers().stop_at_violation(|name| name == "finite").max_states(5_000).run();
    let limit = Limit::States(5_000);
    let stopped =
        matches!(report.completeness, Completeness::Incomplete { limit: it, .. } if it == limit);
    assert!(stopped, "{:?}", report.completeness);
}

#[test]
fn nothing_left_to_decide() {
    let decided = |asked: u64| {
        Numbers
            .verify()
            .always("small", |number| *number < 500)
            .always_step("by twos", |before, step, after| before + 2 == *after && *step == 2)
            .sometimes("large", move |number| *number == asked)
            .max_states(5_000)
            .stop_when_decided()
            .run()
    };
    let words = |report: &Report<u64, u64>| words(report).join(" ");
    let report = decided(700);
    assert_eq!(words(&report), "violated violated holds");
    let stopped =
        matches!(report.completeness, Completeness::Incomplete { limit: Limit::Decided, .. });
    assert!(stopped, "{:?}", report.completeness);
    let report = decided(u64::MAX);
    assert_eq!(words(&report), "violated violated incomplete");
}

#[test]
fn where_nothing_is_violated_everything_is_explored() {
    let graph = super::small::Small::of(3, &[(0, 1), (1, 2)]);
    graph.verify().always("any", |_| true).stop_at_violation(|_| true).run().assert_holds();
    graph.verify().always("any", |_| true).stop_when_decided().run().assert_holds();
}

/// The space fits, and what is to be said of its fair paths does not.
#[test]
fn memory_for_what_comes_after_the_search() {
    let ring = super::small::Small::of(3, &[(0, 1), (1, 2), (2, 0)]);
    let check = |bytes: u64| {
        ring.verify()
            .always("any", |_| true)
            .always_eventually("back at the start", |state| *state == 0)
            .never_stuck("can go back", |state| *state == 0)
            .memory_gauge(|| 0)
            .max_memory(bytes)
            .run()
    };
    let words = |report: &Report<u8, u8>| {
        report.properties.iter().map(|found| found.verdict.word()).collect::<Vec<_>>().join(" ")
    };
    let enough = check(1_000);
    assert!(enough.is_complete());
    assert_eq!(words(&enough), "holds holds holds");
    let little = check(100);
    assert_eq!(words(&little), "holds incomplete holds");
    let none = check(10);
    assert_eq!(words(&none), "holds incomplete incomplete");
    assert_eq!(
        none.completeness,
        Completeness::Incomplete { limit: Limit::Memory(10), depth_complete: 2, queue: 0 }
    );
}
