//! Properties of steps: what no state shows, a change from one to the next may.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use super::differential::truth_of;
use super::reference::{Reference, Truth};
use super::small::{Small, pair, small};
use crate::gray_lamport::{CoordinatorState, TwoPhase, TwoPhasePart};
use crate::{
    Parts, Reduction, Simulation, Snapshot, StepProperty, Verdict, Verify, Whole, model, product,
};

/// Whether a step is among those that a set of bits stands for.
fn among(bits: u64, from: usize, label: usize, to: usize) -> bool {
    bits >> ((from * 7 + label * 3 + to * 5) % 64) & 1 == 1
}

/// The property that all steps among `asked` are among `good`, if premised, and all of them otherwise.
fn of_model(asked: Option<u64>, good: u64) -> StepProperty<Whole<u8>, u8> {
    let among = |bits, from: &u8, label: &u8, to: &u8| {
        among(bits, usize::from(*from), usize::from(*label), usize::from(*to))
    };
    let property = StepProperty::new("it", move |from, label, to| among(good, from, label, to));
    match asked {
        Some(asked) => property.given(move |from, label, to| among(asked, from, label, to)),
        None => property,
    }
}

/// The same for graphs that are products of one slot.
fn of_product(asked: Option<u64>, good: u64) -> StepProperty<Parts<u8>, u8> {
    let StepProperty { name, condition, premises } = of_model(asked, good);
    let property = StepProperty::<Parts<u8>, u8>::new(name, move |from, label, to| {
        condition(from.part(0), label, to.part(0))
    });
    premises.into_iter().fold(property, |property, premise| {
        property.given(move |from, label, to| premise(from.part(0), label, to.part(0)))
    })
}

fn truth(graph: &Small, asked: Option<u64>, good: u64) -> Truth {
    Reference::from(graph).truth_of_steps(
        |from, label, to| asked.is_none_or(|asked| among(asked, from, label, to)),
        |from, label, to| among(good, from, label, to),
    )
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(4_000) })]

    #[test]
    fn graphs_get_the_verdict_and_the_shortest_counterexample_of_the_reference(
        graph in small(),
        asked: Option<u64>,
        good in prop_oneof![any::<u64>(), any::<u64>().prop_map(|bits| bits | bits.rotate_left(9) | bits.rotate_left(31))],
    ) {
        let truth = truth(&graph, asked, good);
        let report = model(&graph).step_property(of_model(asked, good)).run();
        prop_assert_eq!(truth_of(&report), truth);
        let parts = product(&graph).step_property(of_product(asked, good)).run();
        prop_assert_eq!(truth_of(&parts), truth);
        let path = |found: &Verdict<u8, u8>| found.counterexample().map(|path| path.steps.clone());
        let shown = path(&report.properties[0].verdict);
        let in_parts = parts.properties[0].verdict.counterexample().map(|path| {
            let steps = path.steps.iter();
            steps.map(|(action, state)| (*action, state[0])).collect::<Vec<_>>()
        });
        prop_assert_eq!(in_parts, shown);
    }

    #[test]
    fn walks_find_no_step_that_a_search_does_not(graph in small(), good: u64, seed: u64) {
        let searched = model(&graph).step_property(of_model(None, good)).run();
        let simulation = Simulation { seed, walks: 30, depth: 20, faults: None };
        let walked = model(&graph).step_property(of_model(None, good)).simulate(simulation);
        if let Some(path) = walked.properties[0].verdict.counterexample() {
            prop_assert!(searched.is_violated());
            let states: Vec<u8> =
                std::iter::once(path.start).chain(path.steps.iter().map(|step| step.1)).collect();
            let (action, to) = *path.steps.last().unwrap();
            let from = usize::from(states[states.len() - 2]);
            prop_assert!(!among(good, from, usize::from(action), usize::from(to)));
            for (pair, (action, _)) in states.windows(2).zip(&path.steps) {
                let next = graph.edges[usize::from(pair[0])][usize::from(*action)];
                prop_assert_eq!(next, Some(pair[1]));
            }
        }
    }

    #[test]
    fn products_get_the_verdict_of_the_reference(pair in pair(), good: u64) {
        let number = |state: &[&u8]| usize::from(state[0] * 3 + state[1]);
        let property = StepProperty::<Parts<u8>, (usize, usize)>::new(
            "it",
            move |from, (slot, at), to| {
                among(good, number(from.parts()), slot * 2 + at, number(to.parts()))
            },
        );
        let truth = Reference::from(&pair)
            .truth_of_steps(|_, _, _| true, |from, label, to| among(good, from, label, to));
        prop_assert_eq!(truth_of(&product(&pair).step_property(property).run()), truth);
    }
}

/// A check that looks only at the first step out of each state, or forgets the premise, would differ
/// from the reference on some graph.
#[test]
fn the_comparison_notices_a_check_that_is_wrong() {
    let mut runner = TestRunner::deterministic();
    let cases = (small(), any::<u64>(), any::<u64>());
    let cases: Vec<_> = (0..500).map(|_| cases.new_tree(&mut runner).unwrap().current()).collect();
    let is_noticed = |wrong: &dyn Fn(&Small, u64, u64) -> Truth| {
        cases.iter().any(|(graph, asked, good)| {
            wrong(graph, *asked, *good) != truth(graph, Some(*asked), *good)
        })
    };
    assert!(is_noticed(&|graph, _, good| truth(graph, None, good)));
    assert!(is_noticed(&|graph, asked, good| {
        let mut first = graph.clone();
        for edges in &mut first.edges {
            let mut seen = false;
            for edge in edges {
                *edge = edge.filter(|_| !std::mem::replace(&mut seen, true));
            }
        }
        truth(&first, Some(asked), good)
    }));
}

fn coordinator(state: Snapshot<'_, TwoPhasePart>) -> CoordinatorState {
    let coordinator = state.parts().iter().find_map(|part| match part {
        TwoPhasePart::Coordinator(coordinator) => Some(*coordinator),
        _ => None,
    });
    coordinator.unwrap()
}

#[test]
fn a_decision_is_never_taken_back() {
    for threads in 1..=3 {
        let two_phase = TwoPhase { managers: 6 };
        let report = crate::erased(&two_phase)
            .always_step("stable", move |before, _, after| {
                let before = coordinator(before);
                before == CoordinatorState::Init || before == coordinator(after)
            })
            .step_property(StepProperty::new("never from the start", |_, _, _| false).given(
                move |before, _, after| {
                    coordinator(before) != coordinator(after)
                        && coordinator(after) == CoordinatorState::Committed
                },
            ))
            .step_property(StepProperty::new("of nothing", |_, _, _| false).given(|_, _, _| false))
            .threads(threads)
            .run();
        let words: Vec<_> = report.properties.iter().map(|found| found.verdict.word()).collect();
        assert_eq!(words, ["holds", "violated", "vacuous"]);
        let commit = report.properties[1].verdict.counterexample().unwrap();
        assert_eq!(commit.steps.len(), 13, "everybody prepares and is heard, and then it commits");
        // No state of a quotient stands for the names that steps have.
        assert_eq!(report.states, 50_816);
        let refused = report.reductions.iter().find(|it| it.reduction == Reduction::Symmetry);
        assert_eq!(refused.unwrap().refused.as_deref(), Some("`stable` is about steps"));
    }
}

#[test]
fn a_bounded_search_says_so() {
    let graph = Small::of(4, &[(0, 1), (1, 2), (2, 3)]);
    let never =
        |state: u8| StepProperty::<Whole<u8>, u8>::new("it", move |before, _, _| *before != state);
    let check = |state| graph.verify().step_property(never(state)).max_states(2).run();
    assert_eq!(check(0).properties[0].verdict.word(), "violated");
    assert_eq!(check(2).properties[0].verdict.word(), "incomplete");
}
