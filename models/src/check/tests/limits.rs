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
