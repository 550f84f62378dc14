//! Random walks: what they find is real, and the same seed finds the same.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::differential::KINDS;
use super::small::{pair, small};
use crate::gray_lamport::{ManagerState, TwoPhase};
use crate::{
    Parts, Property, PropertyKind, Simulation, Verdict, Whole, model, product, successors,
};

const WALKS: Simulation = Simulation { seed: 1, walks: 60, depth: 40, faults: Some(30) };

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(1_000) })]

    #[test]
    fn walks_find_nothing_that_a_search_does_not(
        graph in small(),
        kind in proptest::sample::select(&KINDS),
        seed: u64,
    ) {
        let goal = graph.goal;
        let property =
            Property::<Whole<u8>>::new(kind, "it", move |state: &u8| goal >> *state & 1 == 1);
        let searched = model(&graph).property(property.clone()).run();
        let simulation = Simulation { seed, ..WALKS };
        let walked = model(&graph).property(property).simulate(simulation);
        match &walked.properties[0].verdict {
            Verdict::Incomplete => {}
            found => prop_assert_eq!(found.word(), searched.properties[0].verdict.word()),
        }
    }

    #[test]
    fn every_path_shown_is_a_path_of_the_model(pair in pair(), seed: u64) {
        let goal = pair.goal;
        let property = Property::<Parts<u8>>::new(PropertyKind::Always, "it", move |state| {
            goal >> (state.part(0) * 3 + state.part(1)) & 1 == 1
        });
        let walk = || product(&pair).property(property.clone()).simulate(Simulation { seed, ..WALKS });
        let (walked, again) = (walk(), walk());
        let path = walked.properties[0].verdict.counterexample();
        prop_assert_eq!(path, again.properties[0].verdict.counterexample());
        if let Some(path) = path {
            let mut state = &path.start;
            for step in &path.steps {
                prop_assert!(successors(&pair, state).contains(step));
                state = &step.1;
            }
            prop_assert!(goal >> (state[0] * 3 + state[1]) & 1 == 0);
        }
    }
}

#[test]
fn a_space_too_large_to_finish_is_walked() {
    let two_phase = TwoPhase { managers: 20 };
    let walked = crate::erased(&two_phase)
        .properties(two_phase.properties())
        .property(Property::new(PropertyKind::Always, "nobody aborts", move |state| {
            two_phase.managers_of(state).all(|manager| manager != ManagerState::Aborted)
        }))
        .simulate(Simulation { depth: 400, walks: 5, ..Simulation::default() });
    let words: Vec<_> = walked.properties.iter().map(|found| found.verdict.word()).collect();
    assert_eq!(words[0], "incomplete");
    assert_eq!(words[3], "violated");
}
