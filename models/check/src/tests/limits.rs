//! What is said of a search that stopped early.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use stateright::Model;

use crate::limits::Limits;
use crate::limits::analysis_budget::AnalysisBudget;
use crate::limits::stopwatch::Stopwatch;
use crate::{
    Completeness, Limit, Move, Product, Report, Snapshot, Subject, Swap, Verification, Verify,
    erased as product,
};

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

fn numbers() -> crate::Verification<'static, crate::ModelSubject<'static, Numbers>> {
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
    let report = crate::model(&graph).always("any", |_| true).max_states(3).run();
    report.assert_holds();
    let report = crate::model(&graph).always("any", |_| true).max_states(2).run();
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

/// Some wheels with four states each that turn for ever, all alike: few states up to symmetry, and many
/// in which they have their names.
struct Wheels(usize);

impl Product for Wheels {
    type Part = u8;
    type Request = ();
    type Action = usize;

    fn initial(&self) -> Vec<Vec<u8>> {
        vec![vec![0; self.0]]
    }
    fn moves(&self, slot: usize, part: &u8, moves: &mut Vec<Move<Self>>) {
        moves.push(Move { action: slot, part: (part + 1) % 4, requests: Vec::new() });
    }
    fn answer(&self, _slot: usize, _part: &u8, _request: &()) -> Option<u8> {
        None
    }
    fn symmetry(&self) -> Vec<usize> {
        vec![self.0]
    }
    fn swap(&self, swap: Swap, slot: usize, part: &u8) -> (usize, u8) {
        (swap.rename(slot), *part)
    }
}

/// Counts up to a number and starts again. May also leave from the start, and is never seen again.
struct Ring {
    states: u32,
    may_leave: bool,
}

impl Ring {
    const GONE: u32 = u32::MAX;
}

impl Model for Ring {
    type State = u32;
    type Action = u32;

    fn init_states(&self) -> Vec<u32> {
        vec![0]
    }
    fn actions(&self, state: &u32, actions: &mut Vec<u32>) {
        if *state != Ring::GONE {
            actions.push((state + 1) % self.states);
        }
        if self.may_leave && *state == 0 {
            actions.push(Ring::GONE);
        }
    }
    fn next_state(&self, _state: &u32, next: u32) -> Option<u32> {
        Some(next)
    }
}

/// Runs the check, and interrupts it when it looks at its limits for the `nth` time. Returns how often
/// it did.
fn interrupted<S: Subject>(
    nth: u64,
    check: Verification<'_, S>,
) -> (Report<S::State, S::Action>, u64) {
    let (flag, looks) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let (raised, counted) = (Arc::clone(&flag), Arc::clone(&looks));
    let gauge = move || {
        if counted.fetch_add(1, Ordering::Relaxed) + 1 == nth {
            raised.store(true, Ordering::Relaxed);
        }
        0
    };
    let report = check.interrupt(flag).memory_gauge(gauge).run();
    (report, looks.load(Ordering::Relaxed))
}

const NEVER: u64 = 0;

fn at_the_start(state: Snapshot<'_, u8>) -> bool {
    state.count(|_, part| *part != 0) == 0
}

#[test]
fn an_interruption_while_states_are_taken_apart() {
    let wheels = Wheels(6);
    let (explored, looks) = interrupted(NEVER, product(&wheels).always("any", |_| true));
    assert_eq!((explored.states, explored.is_complete()), (84, true));
    let check = || product(&wheels).always_eventually("all at the start", at_the_start);
    let (whole, all_looks) = interrupted(NEVER, check());
    assert_eq!(whole.properties[0].verdict.word(), "violated");
    // There are 4^6 of them; they are looked at for what they are, for where they lead, and for loops.
    assert!(all_looks >= looks + 3 * 4, "{all_looks} looks, {looks} of them while exploring");
    for nth in looks + 1..=looks + 8 {
        let (report, _) = interrupted(nth, check());
        assert_eq!(report.properties[0].verdict.word(), "incomplete", "look {nth}");
        let Completeness::Incomplete { limit, queue, .. } = report.completeness else {
            panic!("it was interrupted");
        };
        assert_eq!((report.states, limit, queue), (84, Limit::Interrupted, 0));
    }
}

#[test]
fn memory_for_states_taken_apart() {
    let check = |bytes: u64| {
        product(&Wheels(7))
            .always("any", |_| true)
            .always_eventually("all at the start", at_the_start)
            .max_memory(bytes)
            .run()
    };
    let words = |report: &Report<Vec<u8>, usize>| {
        report.properties.iter().map(|found| found.verdict.word()).collect::<Vec<_>>().join(" ")
    };
    let enough = check(1 << 24);
    assert!(enough.is_complete());
    assert_eq!(words(&enough), "holds violated");
    let bytes = 1 << 21;
    let little = check(bytes);
    assert_eq!((little.states, words(&little)), (120, String::from("holds incomplete")));
    let Completeness::Incomplete { limit, queue, .. } = little.completeness else {
        panic!("it takes more memory than that");
    };
    assert_eq!((limit, queue), (Limit::Memory(bytes), 0));
}

/// Whatever is judged on the graph takes notice of an interruption soon.
#[test]
fn an_interruption_of_what_comes_after_the_search() {
    let ring = Ring { states: 5_000, may_leave: false };
    let explored = interrupted(NEVER, ring.verify().always("any", |_| true)).1;
    let checks = || {
        [
            ring.verify().eventually("seven", |_| false),
            ring.verify().leads_to("eight", |state| *state == 7, |_| false),
            ring.verify().always_eventually("nine", |_| false),
            ring.verify().never_stuck("ten", |state| *state == 10),
        ]
    };
    let words = ["violated", "violated", "violated", "holds"];
    for (at, word) in words.into_iter().enumerate() {
        let check = || checks().into_iter().nth(at).unwrap();
        let (whole, looks) = interrupted(NEVER, check());
        assert_eq!(whole.properties[0].verdict.word(), word);
        assert!(looks > explored + 8, "{looks} looks, {explored} of them while exploring");
        for nth in explored + 1..=explored + 8 {
            let (report, _) = interrupted(nth, check());
            assert_eq!(report.properties[0].verdict.word(), "incomplete", "look {nth}");
            let stopped = Completeness::Incomplete {
                limit: Limit::Interrupted,
                depth_complete: report.depth,
                queue: 0,
            };
            assert_eq!(report.completeness, stopped);
        }
    }
}

#[test]
fn what_was_found_before_an_interruption_counts() {
    let ring = Ring { states: 5_000, may_leave: true };
    let explored = interrupted(NEVER, ring.verify().always("any", |_| true)).1;
    let check = || {
        ring.verify()
            .eventually("starts again", |state| *state == 4_999)
            .always_eventually("starts again and again", |state| *state == 4_999)
    };
    // The first look is before the first obligation, the second one in the middle of it.
    let (report, _) = interrupted(explored + 7, check());
    let words: Vec<_> = report.properties.iter().map(|found| found.verdict.word()).collect();
    assert_eq!(words, ["violated", "incomplete"]);
    let path = report.properties[0].verdict.counterexample().unwrap();
    assert_eq!(path.steps, [(Ring::GONE, Ring::GONE)]);
    assert!(!report.is_complete());
}

#[test]
fn time_for_what_comes_after_the_search() {
    let limits = Limits { time: Some(Duration::ZERO), ..Limits::default() };
    let budget = AnalysisBudget::after(&limits, Stopwatch::start(), 0);
    let stopped = (0..10_000).find_map(|_| budget.go_on().err());
    assert_eq!(stopped, Some(Limit::Time(Duration::ZERO)));
    assert_eq!(budget.reached(), stopped);
    let unhurried = Limits::default();
    let budget = AnalysisBudget::after(&unhurried, Stopwatch::start(), 0);
    assert!((0..10_000).all(|_| budget.go_on().is_ok()));
    assert_eq!(budget.reached(), None);
}

/// Many states one step away from the start. Somebody interrupts the search while it expands the first
/// of them.
struct Slow {
    flag: Arc<AtomicBool>,
}

impl Model for Slow {
    type State = u32;
    type Action = u32;

    fn init_states(&self) -> Vec<u32> {
        vec![0]
    }
    fn actions(&self, state: &u32, actions: &mut Vec<u32>) {
        self.flag.store(*state > 0, Ordering::Relaxed);
        actions.extend(1..=1_000);
    }
    fn next_state(&self, _state: &u32, next: u32) -> Option<u32> {
        Some(next)
    }
}

#[test]
fn a_model_that_takes_long_for_a_state_is_not_asked_for_many_at_once() {
    let flag = Arc::new(AtomicBool::new(false));
    let slow = Slow { flag: Arc::clone(&flag) };
    let report = slow.verify().always("any", |_| true).threads(1).interrupt(flag).run();
    assert!(!report.is_complete());
    assert!(report.transitions <= 3_000, "{} transitions", report.transitions);
}
