//! The checker against the brute-force reference, on random graphs.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError};

use super::reference::{Reference, Truth};
use super::small::{Small, grouped, pair, small};
use crate::{
    Counterexample, Parts, Property, PropertyKind, Report, Verdict, Whole, model, product,
};

pub(super) const KINDS: [PropertyKind; 8] = [
    PropertyKind::Always,
    PropertyKind::Sometimes,
    PropertyKind::Eventually,
    PropertyKind::LeadsTo,
    PropertyKind::AlwaysEventually,
    PropertyKind::NeverStuck,
    PropertyKind::DeadlockFree,
    PropertyKind::AlwaysStep,
];

/// The kinds for which fairness matters.
pub(super) const PATHS: [PropertyKind; 3] =
    [PropertyKind::Eventually, PropertyKind::LeadsTo, PropertyKind::AlwaysEventually];

pub(super) fn truth_of<S, A>(report: &Report<S, A>) -> Truth {
    match &report.properties[0].verdict {
        Verdict::Holds => Truth::Holds,
        Verdict::Vacuous => Truth::Vacuous,
        Verdict::Violated(path) => Truth::Violated(path.as_ref().map(|path| path.steps.len())),
        Verdict::Incomplete => panic!("nothing limits the search"),
    }
}

/// Asserts that a lasso comes back to where it claims to go on from.
fn closes<A>(path: &Counterexample<u8, A>) -> Result<(), TestCaseError> {
    if let Some(at) = path.repeats_from {
        let states: Vec<u8> =
            std::iter::once(path.start).chain(path.steps.iter().map(|(_, state)| *state)).collect();
        prop_assert!(at < path.steps.len());
        prop_assert_eq!(states[at], states[path.steps.len()]);
    }
    Ok(())
}

fn as_model(graph: &Small, kind: PropertyKind, premised: bool) -> Report<u8, u8> {
    let (goal, premise) = (graph.goal, graph.premise);
    let mut property =
        Property::<Whole<u8>>::new(kind, "it", move |state: &u8| goal >> *state & 1 == 1);
    if premised {
        property = property.given(move |state: &u8| premise >> *state & 1 == 1);
    }
    let (fairness, groups) = (graph.fairness, graph.groups);
    let check = model(graph).property(property);
    check
        .fairness_by_group(move |action| (fairness[*action as usize], groups[*action as usize]))
        .run()
}

/// Compares what the checker finds, in the graph as a model and as a product, with the truth.
fn compare(graph: &Small, kind: PropertyKind, premised: bool) -> Result<(), TestCaseError> {
    let truth = Reference::from(graph).truth(kind, premised, true);
    let report = as_model(graph, kind, premised);
    prop_assert_eq!(truth_of(&report), truth);
    if let Some(path) = report.properties[0].verdict.counterexample() {
        closes(path)?;
    }

    let (goal, premise) = (graph.goal, graph.premise);
    let mut property =
        Property::<Parts<u8>>::new(kind, "it", move |state| goal >> *state.part(0) & 1 == 1);
    if premised {
        property = property.given(move |state| premise >> *state.part(0) & 1 == 1);
    }
    let parts = product(graph).property(property).run();
    prop_assert_eq!(truth_of(&parts), truth);
    prop_assert_eq!(
        (parts.states, parts.transitions, parts.depth),
        (report.states, report.transitions, report.depth)
    );
    Ok(())
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(12_000) })]

    #[test]
    fn graphs_get_the_verdict_and_the_shortest_counterexample_of_the_reference(
        graph in small(),
        kind in proptest::sample::select(&KINDS),
        premised: bool,
    ) {
        compare(&graph, kind, premised)?;
    }

    #[test]
    fn actions_that_are_treated_fairly_together_get_the_verdict_of_the_reference(
        graph in grouped(),
        kind in proptest::sample::select(&PATHS),
        premised: bool,
    ) {
        compare(&graph, kind, premised)?;
    }
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(4_000) })]

    #[test]
    fn products_get_the_verdict_of_the_reference(
        pair in pair(),
        kind in proptest::sample::select(&KINDS),
        premised: bool,
    ) {
        let truth = Reference::from(&pair).truth(kind, premised, false);
        let number = |parts: &[&u8]| *parts[0] * 3 + *parts[1];
        let (goal, premise) = (pair.goal, pair.premise);
        let mut property = Property::<Parts<u8>>::new(kind, "it", move |state| {
            goal >> number(state.parts()) & 1 == 1
        });
        if premised {
            property = property.given(move |state| premise >> number(state.parts()) & 1 == 1);
        }
        let report = product(&pair).property(property).run();
        match (truth, truth_of(&report)) {
            (Truth::Violated(None), Truth::Violated(_)) => {}
            (truth, found) => prop_assert_eq!(found, truth),
        }
    }
}
