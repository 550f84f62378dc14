//! Large enough for several threads and for wide rows: nothing may depend on either.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use stateright::Model;

use crate::gray_lamport::{CoordinatorState, ManagerState, TwoPhase, TwoPhasePart};
use crate::{Fairness, Move, Product, Report, erased as product, model, successors};

/// Some clocks that tick together, and a switch that anybody may flip: rows need several words, and
/// slots run out of bits again and again.
struct Clocks {
    clocks: usize,
    ticks: u32,
}

impl Product for Clocks {
    type Part = u32;
    type Request = ();
    type Action = u8;

    fn initial(&self) -> Vec<Vec<u32>> {
        vec![vec![0; self.clocks + 2]]
    }

    fn moves(&self, slot: usize, part: &u32, moves: &mut Vec<Move<Self>>) {
        if slot == 0 && *part < self.ticks {
            let requests = (1..self.clocks).map(|clock| (clock, ())).collect();
            moves.push(Move { action: 0, part: part + 1, requests });
        }
        if slot >= self.clocks {
            let action = 1 + (slot - self.clocks) as u8;
            moves.push(Move { action, part: 1 - part, requests: Vec::new() });
        }
    }

    fn answer(&self, slot: usize, part: &u32, _request: &()) -> Option<u32> {
        Some(part + slot as u32)
    }

    fn fairness(&self, action: &u8) -> Fairness {
        if *action == 0 { Fairness::Weak } else { Fairness::None }
    }
}

/// Distinct states, transitions and depth, found without any of the checker's machinery.
fn plainly<P: Product>(product: &P) -> (u64, u64, u32) {
    let mut depths: HashMap<Vec<P::Part>, u32> = HashMap::new();
    let mut queue = std::collections::VecDeque::new();
    for state in product.initial() {
        depths.insert(state.clone(), 0);
        queue.push_back(state);
    }
    let (mut transitions, mut deepest) = (0, 0);
    while let Some(state) = queue.pop_front() {
        let depth = depths[&state] + 1;
        for (_, next) in successors(product, &state) {
            transitions += 1;
            if !depths.contains_key(&next) {
                deepest = deepest.max(depth);
                depths.insert(next.clone(), depth);
                queue.push_back(next);
            }
        }
    }
    (depths.len() as u64, transitions, deepest)
}

fn counts<S, A>(report: &Report<S, A>) -> (u64, u64, u32) {
    (report.states, report.transitions, report.depth)
}

#[test]
fn rows_of_several_words_are_explored_like_narrow_ones() {
    for clocks in [1, 2, 5, 9, 24] {
        let ticking = Clocks { clocks, ticks: 700 };
        let expected = plainly(&ticking);
        for threads in [1, 2] {
            let report = product(&ticking)
                .eventually("the end", |state| *state.part(0) == 700)
                .always("in step", |state| {
                    let mut slots = state.parts()[..state.parts().len() - 2].iter().enumerate();
                    slots.all(|(slot, part)| **part == *state.part(0) * (slot as u32).max(1))
                })
                .threads(threads)
                .run();
            report.assert_holds();
            assert_eq!(counts(&report), expected, "{clocks} clocks, {threads} threads");
        }
    }
}

#[test]
fn reports_do_not_depend_on_the_number_of_threads() {
    let two_phase = TwoPhase { managers: 6 };
    let check = |threads| {
        product(&two_phase)
            .symmetry(false)
            .properties(two_phase.properties())
            .always("nobody commits", move |state| {
                two_phase.managers_of(state).all(|manager| manager != ManagerState::Committed)
            })
            .eventually("decided", |state| {
                let last = *state.part(state.parts().len() - 1);
                last != TwoPhasePart::Coordinator(CoordinatorState::Init)
            })
            .never_stuck("undecided", |state| {
                let last = *state.part(state.parts().len() - 1);
                last == TwoPhasePart::Coordinator(CoordinatorState::Init)
            })
            .threads(threads)
            .run()
    };
    let alone = check(1);
    assert_eq!(counts(&alone), plainly(&two_phase));
    assert_eq!(alone.coverage.iter().map(|(_, taken)| taken).sum::<u64>(), alone.transitions);
    for threads in [2, 3, 5] {
        let together = check(threads);
        assert_eq!(counts(&together), counts(&alone));
        assert_eq!(sorted(&together.coverage), sorted(&alone.coverage));
        for (one, other) in alone.properties.iter().zip(&together.properties) {
            assert_eq!(one.verdict.word(), other.verdict.word());
            assert_eq!(one.verdict.counterexample(), other.verdict.counterexample());
            assert_eq!(one.witness, other.witness);
        }
    }
}

fn sorted<T: Clone + Ord>(list: &[T]) -> Vec<T> {
    let mut list = list.to_vec();
    list.sort();
    list
}

/// Counters that count on their own, and a slot that adds up their squares: it holds ever new parts,
/// in rounds that all threads share.
struct Squares {
    counters: usize,
    highest: u32,
}

impl Product for Squares {
    type Part = u32;
    type Request = u32;
    type Action = usize;

    fn initial(&self) -> Vec<Vec<u32>> {
        vec![vec![0; self.counters + 1]]
    }

    fn moves(&self, slot: usize, part: &u32, moves: &mut Vec<Move<Self>>) {
        if slot < self.counters && *part < self.highest {
            let requests = vec![(self.counters, 2 * part + 1)];
            moves.push(Move { action: slot, part: part + 1, requests });
        }
    }

    fn answer(&self, _slot: usize, part: &u32, more: &u32) -> Option<u32> {
        Some(part + more)
    }
}

#[test]
fn slots_may_run_out_of_bits_while_all_threads_are_at_work() {
    let squares = Squares { counters: 3, highest: 44 };
    let expected = plainly(&squares);
    for threads in [1, 2, 4] {
        let report = product(&squares)
            .always("squares", |state| {
                let (sum, counters) = state.parts().split_last().unwrap();
                counters.iter().map(|part| *part * *part).sum::<u32>() == **sum
            })
            .threads(threads)
            .run();
        report.assert_holds();
        assert_eq!(counts(&report), expected, "{threads} threads");
    }
}

/// A few states at first, and then very many of a sudden: more than anybody makes room for.
struct Burst;

impl Product for Burst {
    type Part = u32;
    type Request = u32;
    type Action = u32;

    fn initial(&self) -> Vec<Vec<u32>> {
        vec![vec![0; 3]]
    }

    fn moves(&self, slot: usize, part: &u32, moves: &mut Vec<Move<Self>>) {
        let to = |part: u32| Move { action: part, part, requests: Vec::new() };
        match (slot, part) {
            (0, 0) => moves.extend((1..=2_000).map(to)),
            (0, part @ 1..=2_000) => moves.extend((1..=64).map(|branch| Move {
                action: branch,
                part: 2_001,
                requests: vec![(1, part % 1_500), (2, branch)],
            })),
            _ => {}
        }
    }

    fn answer(&self, _slot: usize, _part: &u32, leaf: &u32) -> Option<u32> {
        Some(*leaf)
    }
}

#[test]
fn the_index_may_run_out_of_room_while_all_threads_are_at_work() {
    let expected = plainly(&Burst);
    assert_eq!(expected.0, 1 + 2_000 + 1_500 * 64);
    let check = |threads| {
        product(&Burst)
            .always("no such leaf", |state| (*state.part(1), *state.part(2)) != (1_400, 9))
            .threads(threads)
    };
    let alone = check(1).run();
    for threads in [2, 4] {
        let together = check(threads).run();
        assert_eq!(counts(&together), counts(&alone));
        let found = [&alone, &together].map(|report| report.properties[0].verdict.counterexample());
        assert!(found[0].is_some());
        assert_eq!(found[0], found[1]);
    }
    assert_eq!(counts(&alone), expected);
}

/// A grid whose far corner is the goal, as a model that is no product.
struct Grid(u16);

impl Model for Grid {
    type State = [u16; 2];
    type Action = usize;

    fn init_states(&self) -> Vec<[u16; 2]> {
        vec![[0, 0]]
    }
    fn actions(&self, _: &[u16; 2], actions: &mut Vec<usize>) {
        actions.extend([0, 1]);
    }
    fn next_state(&self, state: &[u16; 2], axis: usize) -> Option<[u16; 2]> {
        let mut next = *state;
        next[axis] += 1;
        (next[axis] < self.0).then_some(next)
    }
}

#[test]
fn models_are_explored_alike_by_any_number_of_threads_and_by_fingerprint() {
    let grid = Grid(120);
    let stated = || {
        model(&grid)
            .always("not there", |state| *state != [70, 50])
            .eventually("the far corner", |state| *state == [119, 119])
            .eventually("the middle", |state| *state == [60, 60])
    };
    let alone = stated().threads(1).run();
    assert_eq!(counts(&alone), (14_400, 28_560, 238));
    assert_eq!(alone.collision_probability, 0.0);
    let shared = stated().threads(3).run();
    let printed = stated().threads(2).fingerprints_only().run();
    assert!(printed.collision_probability > 0.0 && printed.collision_probability < 1e-10);
    for other in [shared, printed] {
        assert_eq!(counts(&other), counts(&alone));
        for (one, other) in alone.properties.iter().zip(&other.properties) {
            assert_eq!(one.verdict.word(), other.verdict.word());
            assert_eq!(one.verdict.counterexample(), other.verdict.counterexample());
        }
    }
}

/// A point whose hash tells little of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Point(u16, u16);

impl Hash for Point {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0 % 16).hash(state);
    }
}

/// The grid again, with points that are hard to tell apart.
struct Fog(Grid);

impl Model for Fog {
    type State = Point;
    type Action = usize;

    fn init_states(&self) -> Vec<Point> {
        vec![Point(0, 0)]
    }
    fn actions(&self, _: &Point, actions: &mut Vec<usize>) {
        actions.extend([0, 1]);
    }
    fn next_state(&self, &Point(one, other): &Point, axis: usize) -> Option<Point> {
        let [one, other] = self.0.next_state(&[one, other], axis)?;
        Some(Point(one, other))
    }
}

#[test]
fn states_of_the_same_hash_are_told_apart() {
    let fog = Fog(Grid(40));
    let stated = || model(&fog).eventually("the far corner", |state| *state == Point(39, 39));
    for threads in [1, 2, 3] {
        let report = stated().threads(threads).run();
        report.assert_holds();
        assert_eq!(counts(&report), (1_600, 3_120, 78), "{threads} threads");
        // Where only fingerprints are kept, they are not: the comparison above can fail.
        assert_eq!(stated().threads(threads).fingerprints_only().run().states, 16);
    }
}
