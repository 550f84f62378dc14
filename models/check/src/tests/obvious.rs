//! Graphs on which the right answer is obvious, among them those that Stateright gets wrong.

use stateright::{Checker, Model, Property};

use super::small::Small;
use crate::{Fairness, Move, Product, Verdict, Verify, erased as product, model};

/// A graph over which "eventually odd" is asked of both checkers.
struct EventuallyOdd(Small);

impl Model for EventuallyOdd {
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
    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::eventually("odd", |_, state| state % 2 == 1)]
    }
}

impl Clone for EventuallyOdd {
    fn clone(&self) -> Self {
        EventuallyOdd(self.0.clone())
    }
}

fn stateright_finds_a_violation(graph: &EventuallyOdd) -> [bool; 2] {
    let bfs = graph.clone().checker().spawn_bfs().join();
    let dfs = graph.clone().checker().spawn_dfs().join();
    [bfs.discovery("odd").is_some(), dfs.discovery("odd").is_some()]
}

#[test]
fn a_cycle_violates_eventually_although_stateright_reports_nothing() {
    let graph = EventuallyOdd(Small::of(3, &[(0, 2), (2, 0)]));
    let report = graph.verify().run();
    let path = report.property("odd").unwrap().verdict.counterexample().unwrap();
    assert_eq!((&path.steps[..], path.repeats_from), (&[(0, 2), (0, 0)][..], Some(0)));
    assert_eq!(stateright_finds_a_violation(&graph), [false, false]);
}

#[test]
fn a_join_violates_eventually_in_whatever_order_although_stateright_depends_on_it() {
    let odd_first = EventuallyOdd(Small::of(5, &[(0, 1), (0, 2), (1, 4), (2, 4)]));
    let even_first = EventuallyOdd(Small::of(5, &[(0, 2), (0, 1), (1, 4), (2, 4)]));
    for graph in [&odd_first, &even_first] {
        let report = graph.verify().run();
        let path = report.property("odd").unwrap().verdict.counterexample().unwrap();
        let states: Vec<u8> = path.steps.iter().map(|(_, state)| *state).collect();
        assert_eq!((states, path.repeats_from), (vec![2, 4], None));
    }
    let answers = [&odd_first, &even_first].map(stateright_finds_a_violation);
    assert_eq!(answers, [[false, true], [true, false]]);
}

#[test]
fn a_weakly_fair_action_ends_a_detour() {
    let mut graph = Small::of(2, &[(0, 0), (0, 1)]);
    graph.goal = 0b10;
    let unfair = model(&graph).eventually("one", |state| *state == 1).run();
    assert!(unfair.properties[0].is_violated());
    let fair = model(&graph)
        .eventually("one", |state| *state == 1)
        .fairness(|action| if *action == 1 { Fairness::Weak } else { Fairness::None })
        .run();
    fair.assert_holds();
}

#[test]
fn an_action_that_comes_and_goes_needs_strong_fairness() {
    let graph = Small::of(3, &[(0, 1), (1, 0), (1, 2)]);
    let with = |fairness| {
        model(&graph)
            .eventually("two", |state| *state == 2)
            .fairness(move |action| if *action == 1 { fairness } else { Fairness::None })
            .run()
    };
    assert!(with(Fairness::Weak).properties[0].is_violated());
    with(Fairness::Strong).assert_holds();
}

#[test]
fn leads_to_starts_where_the_premise_is_true() {
    let graph = Small::of(4, &[(0, 1), (0, 2), (1, 3)]);
    let report = model(&graph)
        .leads_to("good", |state| *state == 1, |state| *state == 3)
        .leads_to("bad", |state| *state == 2, |state| *state == 3)
        .leads_to("idle", |state| *state == 9, |state| *state == 3)
        .run();
    let words: Vec<_> = report.properties.iter().map(|found| found.verdict.word()).collect();
    assert_eq!(words, ["holds", "violated", "vacuous"]);
}

#[test]
fn never_stuck_asks_for_a_way_and_deadlock_free_for_a_proper_end() {
    let graph = Small::of(4, &[(0, 1), (1, 0), (0, 2), (2, 3), (3, 2), (1, 1)]);
    let report = model(&graph)
        .never_stuck("home", |state| *state == 0)
        .never_stuck("two", |state| *state == 2)
        .deadlock_free("no end at all", |_| false)
        .run();
    let path = report.properties[0].verdict.counterexample().unwrap();
    assert_eq!((path.steps.len(), path.steps[0].1), (1, 2));
    assert!(report.properties[1].holds() && report.properties[2].holds());
}

#[test]
fn a_reachable_goal_comes_with_the_path_to_it() {
    let graph = Small::of(3, &[(0, 1), (1, 2)]);
    let report = model(&graph)
        .sometimes("two", |state| *state == 2)
        .sometimes("nine", |state| *state == 9)
        .run();
    assert_eq!(report.properties[0].witness.as_ref().unwrap().steps, [(0, 1), (0, 2)]);
    assert!(matches!(report.properties[1].verdict, Verdict::Violated(None)));
}

/// A door that asks a guard who never agrees.
struct Door;

impl Product for Door {
    type Part = bool;
    type Request = ();
    type Action = &'static str;

    fn initial(&self) -> Vec<Vec<bool>> {
        vec![vec![false, false]]
    }
    fn moves(&self, slot: usize, _: &bool, moves: &mut Vec<Move<Self>>) {
        if slot == 0 {
            moves.push(Move { action: "open", part: true, requests: vec![(1, ())] });
            moves.push(Move { action: "knock", part: false, requests: Vec::new() });
        }
    }
    fn answer(&self, _: usize, _: &bool, (): &()) -> Option<bool> {
        None
    }
}

#[test]
fn what_never_happens_is_reported() {
    let report = product(&Door).always("shut", |state| !*state.part(0)).run();
    report.assert_holds();
    assert_eq!(report.coverage, [("open", 0), ("knock", 1)]);
    assert_eq!(report.never_taken().collect::<Vec<_>>(), [&"open"]);
}

#[test]
fn a_complaint_shows_everything_that_does_not_hold() {
    let graph = Small::of(4, &[(0, 1), (1, 2), (2, 1)]);
    let report = model(&graph)
        .always("below two", |state| *state < 2)
        .eventually("three", |state| *state == 3)
        .leads_to("nine to one", |state| *state == 9, |state| *state == 1)
        .always("fine", |_| true)
        .run();
    let complaint = std::panic::catch_unwind(|| report.assert_holds()).unwrap_err();
    insta::assert_snapshot!(complaint.downcast_ref::<String>().unwrap());
}

#[test]
#[should_panic(expected = "no property was stated")]
fn nothing_stated_is_nothing_proven() {
    model(&Small::of(1, &[])).run().assert_holds();
}

/// Counts up to three; may not go on, and offers to fly.
struct Stairs;

impl Model for Stairs {
    type State = u8;
    type Action = &'static str;

    fn init_states(&self) -> Vec<u8> {
        vec![0]
    }
    fn actions(&self, _: &u8, actions: &mut Vec<&'static str>) {
        actions.extend(["climb", "fly", "fall"]);
    }
    fn next_state(&self, step: &u8, action: &'static str) -> Option<u8> {
        match action {
            "climb" => Some(step + 1),
            "fall" => Some(9),
            _ => None,
        }
    }
    fn within_boundary(&self, step: &u8) -> bool {
        *step <= 3
    }
}

#[test]
fn a_report_tells_what_was_left_out_and_how_sure_it_is() {
    for threads in 1..=2 {
        let report = Stairs
            .verify()
            .always("low", |step| *step < 3)
            .count_actions()
            .fingerprints_only()
            .threads(threads)
            .run();
        let never: Vec<_> = report.never_taken().copied().collect();
        assert_eq!(never, ["fly", "fall"]);
        assert_eq!(
            report.to_string(),
            "4 states, 3 transitions, 3 deep: the complete space\n\
             chance that two states were taken for one: 4.3e-19\n\
             never taken: [\"fly\", \"fall\"]\n\
             `low` (Always): violated"
        );
    }
    let report = Stairs.verify().always("low", |step| *step < 3).max_states(2).run();
    assert_eq!(
        report.to_string().lines().next(),
        Some(
            "3 states, 2 transitions, 2 deep: incomplete (States(2)), paths of up to 2 steps were \
             explored, 1 states were left"
        )
    );
}
