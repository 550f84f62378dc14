//! Models and properties that nothing can be said about: each is named for what it is, and none is
//! said to hold.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU32, Ordering};

use stateright::{Model, Property as Builtin};

use super::small::Small;
use crate::{
    ModelError, Move, NoState, Product, Property, PropertyKind, Verify, Whole, erased as product,
    model,
};

/// A model by its functions.
struct Told<State: 'static> {
    starts: fn() -> Vec<State>,
    next: fn(&State, &AtomicU32) -> Vec<State>,
    is_inside: fn(&State) -> bool,
    calls: AtomicU32,
}

impl<State> Told<State> {
    fn new(starts: fn() -> Vec<State>, next: fn(&State, &AtomicU32) -> Vec<State>) -> Self {
        Told { starts, next, is_inside: |_| true, calls: AtomicU32::new(0) }
    }
}

impl<State: Clone + 'static> Model for Told<State> {
    type State = State;
    type Action = usize;

    fn init_states(&self) -> Vec<State> {
        (self.starts)()
    }
    fn actions(&self, state: &State, actions: &mut Vec<usize>) {
        actions.extend(0..(self.next)(state, &self.calls).len());
    }
    fn next_state(&self, state: &State, action: usize) -> Option<State> {
        (self.next)(state, &self.calls).get(action).cloned()
    }
    fn within_boundary(&self, state: &State) -> bool {
        (self.is_inside)(state)
    }
}

fn all_kinds() -> impl Iterator<Item = Property<Whole<u8>>> {
    super::differential::KINDS
        .into_iter()
        .map(|kind| Property::<Whole<u8>>::new(kind, format!("{kind:?}"), |_| true))
}

#[test]
fn without_a_reachable_state_every_property_is_vacuous_and_the_report_says_why() {
    let nothing = Told::<u8>::new(Vec::new, |_, _| Vec::new());
    let mut outside = Told::<u8>::new(|| vec![1, 2], |_, _| vec![0]);
    outside.is_inside = |_| false;
    for (model, reason) in
        [(nothing, NoState::NoInitialState), (outside, NoState::AllOutsideBoundary)]
    {
        let report = model.verify().properties(all_kinds()).run();
        assert_eq!((report.states, report.no_state), (0, Some(reason)));
        assert!(report.properties.iter().all(|found| found.verdict.word() == "vacuous"));
        assert!(!report.holds());
        assert!(report.to_string().contains(&reason.to_string()), "{report}");
    }
    let some = Small::of(1, &[]);
    let report = some.verify().always("any", |_| true).run();
    assert_eq!(report.no_state, None);
}

#[test]
fn a_product_without_an_initial_state_is_vacuous_too() {
    let empty = Small { initial: Vec::new(), ..Small::of(2, &[(0, 1)]) };
    let report = product(&empty)
        .always("any", |_| true)
        .sometimes("some", |_| true)
        .eventually("once", |_| true)
        .run();
    assert_eq!(report.no_state, Some(NoState::NoInitialState));
    assert!(report.properties.iter().all(|found| found.verdict.word() == "vacuous"));
}

/// A model that brings a property with it.
struct Odd(Small);

impl Model for Odd {
    type State = u8;
    type Action = u8;

    fn init_states(&self) -> Vec<u8> {
        self.0.init_states()
    }
    fn actions(&self, state: &u8, actions: &mut Vec<u8>) {
        Model::actions(&self.0, state, actions);
    }
    fn next_state(&self, state: &u8, action: u8) -> Option<u8> {
        self.0.next_state(state, action)
    }
    fn properties(&self) -> Vec<Builtin<Self>> {
        vec![Builtin::eventually("odd", |_, state| state % 2 == 1)]
    }
}

#[test]
fn two_properties_of_one_name_are_refused() {
    let graph = Small::of(2, &[(0, 1)]);
    let twice = || graph.verify().always("it", |_| true).always_step("it", |_, _, _| true);
    let named = |name: &str| Some(ModelError::TwoOfOneName { name: name.to_owned() });
    assert_eq!(twice().try_run().err(), named("it"));
    let report = product(&graph).always("it", |_| true).sometimes("it", |_| true).try_run();
    assert_eq!(report.err(), named("it"));
    let odd = Odd(graph.clone());
    assert_eq!(odd.verify().always("odd", |_| true).try_run().err(), named("odd"));
    let complaint = named("it").unwrap().to_string();
    assert_eq!(complaint, "two properties are called `it`: give each a name of its own");
}

#[test]
#[should_panic(expected = "two properties are called `it`")]
fn walks_refuse_them_as_well() {
    let graph = Small::of(2, &[(0, 1)]);
    let check = graph.verify().always("it", |_| true).sometimes("it", |_| true);
    let _ = check.simulate(crate::Simulation::default());
}

/// Goes from 0 to `0..8` or back, by calls.
fn by_calls(next: fn(&u8, &AtomicU32) -> Vec<u8>) -> Option<ModelError> {
    let told = Told::new(|| vec![0], next);
    let report = told.verify().always("any", |_| true).always_eventually("all", |_| true).try_run();
    assert!(!report.as_ref().is_ok_and(|report| report.holds()));
    report.err()
}

#[test]
fn a_model_that_answers_differently_the_second_time_is_named() {
    let changes =
        |error: Option<ModelError>| matches!(error, Some(ModelError::ModelChanges { .. }));
    // Another successor for each call.
    assert!(changes(by_calls(|_, calls| vec![calls.fetch_add(1, Ordering::Relaxed) as u8 % 8])));
    // One successor less after some time.
    assert!(changes(by_calls(|state, calls| {
        let is_late = calls.fetch_add(1, Ordering::Relaxed) > 12;
        if is_late { vec![state / 2] } else { vec![(state + 1) % 8, state / 2] }
    })));
}

/// Two switches, one of which asks the other.
struct Switches {
    /// After so many calls, moves and answers are others.
    changes_after: [u32; 2],
    calls: [AtomicU32; 2],
}

impl Switches {
    fn is_late(&self, at: usize) -> bool {
        self.calls[at].fetch_add(1, Ordering::Relaxed) >= self.changes_after[at]
    }
}

impl Product for Switches {
    type Part = bool;
    type Request = ();
    type Action = usize;

    fn initial(&self) -> Vec<Vec<bool>> {
        vec![vec![false, false]]
    }
    fn moves(&self, slot: usize, part: &bool, moves: &mut Vec<Move<Self>>) {
        if !self.is_late(0) {
            let requests = if slot == 0 { vec![(1, ())] } else { Vec::new() };
            moves.push(Move { action: slot, part: !part, requests });
        }
    }
    fn answer(&self, _slot: usize, part: &bool, (): &()) -> Option<bool> {
        (!self.is_late(1)).then_some(!part)
    }
}

#[test]
fn a_product_whose_moves_or_answers_change_is_named() {
    let check = |changes_after: [u32; 2]| {
        let switches = Switches { changes_after, calls: Default::default() };
        product(&switches).always("any", |_| true).try_run()
    };
    check([u32::MAX; 2]).unwrap().assert_holds();
    let said = |error: ModelError| error.to_string();
    assert!(said(check([4, u32::MAX]).unwrap_err()).contains("has other moves"));
    assert!(said(check([u32::MAX, 2]).unwrap_err()).contains("in another way"));
}

#[test]
fn a_condition_that_says_something_else_the_second_time_is_named() {
    let ring = Small::of(3, &[(0, 1), (1, 2), (2, 0)]);
    for kind in super::differential::KINDS {
        if kind == PropertyKind::AlwaysStep {
            continue;
        }
        for first in [true, false] {
            // It says the same of all states in the search, and the contrary afterwards.
            let calls = AtomicU32::new(0);
            let says = move |_: &u8| (calls.fetch_add(1, Ordering::Relaxed) < 3) == first;
            let report =
                model(&ring).property(Property::<Whole<u8>>::new(kind, "it", says)).try_run();
            let named = ModelError::ConditionChanges { property: String::from("it") };
            assert_eq!(report.err(), Some(named), "{kind:?}, {first} first");
        }
    }
}

#[test]
fn a_condition_is_judged_again_where_its_counterexample_was_replayed() {
    let ring = Small::of(3, &[(0, 1), (1, 2), (2, 0)]);
    // Three states are judged in the search and again after it; by the seventh call, one is shown.
    let calls = AtomicU32::new(0);
    let says = move |_: &u8| calls.fetch_add(1, Ordering::Relaxed) >= 6;
    let report = ring.verify().always("it", says).try_run();
    assert_eq!(report.err(), Some(ModelError::ConditionChanges { property: String::from("it") }));
}

#[test]
fn a_step_condition_that_does_not_say_again_that_a_step_is_wrong_is_named() {
    let ring = Small::of(3, &[(0, 1), (1, 2), (2, 0)]);
    let calls = AtomicU32::new(0);
    let says = move |_: &u8, _: &u8, _: &u8| calls.fetch_add(1, Ordering::Relaxed) != 1;
    let report = ring.verify().always_step("it", says).try_run();
    assert_eq!(report.err(), Some(ModelError::ConditionChanges { property: String::from("it") }));
}

/// A number that is not equal to itself above some bound.
#[derive(Clone, Debug)]
struct Number(f32);

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.0 == other.0
    }
}

impl Eq for Number {}

impl Hash for Number {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.to_bits().hash(hasher);
    }
}

#[test]
fn a_state_that_is_not_equal_to_itself_is_named() {
    let next = |state: &Number, _: &AtomicU32| {
        vec![Number(if state.0 == 99.0 { f32::NAN } else { state.0 + 1.0 })]
    };
    let report = Told::new(|| vec![Number(0.0)], next).verify().always("any", |_| true).try_run();
    assert_eq!(report.err(), Some(ModelError::UnequalToItself { what: "a state" }));
}

/// The same as a part of a product.
struct Counter;

impl Product for Counter {
    type Part = Number;
    type Request = ();
    type Action = ();

    fn initial(&self) -> Vec<Vec<Number>> {
        vec![vec![Number(0.0)]]
    }
    fn moves(&self, _slot: usize, part: &Number, moves: &mut Vec<Move<Self>>) {
        let next = if part.0 == 99.0 { f32::NAN } else { part.0 + 1.0 };
        moves.push(Move { action: (), part: Number(next), requests: Vec::new() });
    }
    fn answer(&self, _slot: usize, _part: &Number, (): &()) -> Option<Number> {
        None
    }
}

#[test]
fn a_part_that_is_not_equal_to_itself_is_named() {
    let report = product(&Counter).always("any", |_| true).try_run();
    let what = "a part, request or action";
    assert_eq!(report.err(), Some(ModelError::UnequalToItself { what }));
}

/// A number with a mark that equality leaves out, and the hash does not.
#[derive(Clone, Debug)]
struct Marked<const HASHED: bool> {
    number: u8,
    mark: u32,
}

impl<const HASHED: bool> PartialEq for Marked<HASHED> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl<const HASHED: bool> Hash for Marked<HASHED> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.number.hash(hasher);
        if HASHED {
            self.mark.hash(hasher);
        }
    }
}

#[test]
fn equal_states_with_different_hashes_are_named() {
    let next = |state: &Marked<true>, _: &AtomicU32| {
        vec![Marked { number: (state.number + 1) % 20, mark: state.mark + 1 }]
    };
    let start = || vec![Marked { number: 0, mark: 0 }];
    let report = Told::new(start, next).verify().always("any", |_| true).try_run();
    assert_eq!(report.err(), Some(ModelError::HashDisagrees { what: "a state" }));
}

#[test]
fn equal_states_that_lead_elsewhere_are_named() {
    // 1 is reached with mark 1 first, and expanded so; what is found from there is not possible with
    // the mark that the path to it has.
    let next = |state: &Marked<false>, calls: &AtomicU32| match (state.number, state.mark) {
        // A different mark each time.
        (0, _) => vec![Marked { number: 1, mark: calls.fetch_add(1, Ordering::Relaxed) }],
        (1, mark) if mark < 2 => vec![Marked { number: 2, mark: 0 }],
        _ => Vec::new(),
    };
    let start = || vec![Marked { number: 0, mark: 0 }];
    let told = Told::new(start, next);
    let report = told.verify().always("not two", |state| state.number != 2).try_run();
    assert_eq!(report.err(), Some(ModelError::EqualButDifferent));
}
