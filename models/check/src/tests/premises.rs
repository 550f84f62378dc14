//! A premise means the same for every kind of property: it says where the claim is made.

use super::small::Small;
use crate::{Fairness, Property, PropertyKind, Report, Verdict, Verify, Whole};

/// A line of three states that ends in one which goes round for ever.
fn line() -> Small {
    Small::of(3, &[(0, 1), (1, 2), (2, 2)])
}

fn word(report: &Report<u8, u8>) -> &'static str {
    report.properties[0].verdict.word()
}

#[test]
fn what_happens_once_after_the_premise_does_not_happen_again_and_again() {
    let line = line();
    let report = line.verify().leads_to("once", |at| *at == 0, |at| *at == 1).run();
    assert_eq!(word(&report), "holds");
    let report =
        line.verify().always_eventually("for ever", |at| *at == 1).given(|at| *at == 0).run();
    let lasso = report.properties[0].verdict.counterexample().unwrap();
    assert_eq!(
        (lasso.steps.as_slice(), lasso.repeats_from),
        ([(0, 1), (0, 2), (0, 2)].as_slice(), Some(2))
    );
}

#[test]
fn nothing_is_owed_again_and_again_before_the_premise_was_seen() {
    // From the start one may go round without the premise, or leave for where it is true.
    let graph = Small::of(3, &[(0, 0), (0, 1), (1, 2), (2, 1)]);
    let check = |premise: u8| {
        let property =
            Property::<Whole<u8>>::new(PropertyKind::AlwaysEventually, "two", |at| *at == 2);
        graph.verify().property(property.given(move |at| *at == premise)).run()
    };
    assert_eq!(word(&check(1)), "holds");
    assert_eq!(word(&check(0)), "violated");
}

#[test]
fn the_stem_of_a_lasso_comes_by_the_premise() {
    // The loop is three steps away by way of the premise, and one step away without.
    let graph = Small::of(4, &[(0, 3), (0, 1), (1, 2), (2, 3), (3, 3)]);
    let report = graph.verify().always_eventually("two", |at| *at == 2).given(|at| *at == 1).run();
    let lasso = report.properties[0].verdict.counterexample().unwrap();
    let states: Vec<u8> = lasso.steps.iter().map(|(_, state)| *state).collect();
    assert_eq!(states, [1, 2, 3, 3]);
}

#[test]
fn a_premise_that_is_true_later_only_makes_no_claim_about_the_start() {
    let line = line();
    let check = |premise: u8| {
        line.verify().eventually("two", |at| *at == 2).given(move |at| *at == premise)
    };
    assert_eq!(word(&check(1).run()), "vacuous");
    assert_eq!(word(&check(0).run()), "holds");
}

#[test]
fn premises_add_up() {
    let line = line();
    let check = |least: u8| {
        line.verify()
            .always("two", |at| *at == 2)
            .given(|at| *at != 1)
            .given(move |at| *at >= least)
    };
    assert_eq!(word(&check(1).run()), "holds");
    assert_eq!(word(&check(0).run()), "violated");
    let steps = |least: u8| {
        let forward = line.verify().always_step("forward", |from, _, to| from < to);
        forward.given(|from| *from != 2).given(move |from| *from >= least)
    };
    assert_eq!(word(&steps(0).run()), "holds");
    assert_eq!(word(&steps(2).run()), "vacuous");
}

/// Weak fairness makes the second worker go on, so only what comes after the premise is fair.
#[test]
fn fair_paths_after_the_premise_meet_what_is_owed_again_and_again() {
    let graph = Small::of(2, &[(0, 0), (0, 1), (1, 0)]);
    let check = |fairness: Fairness| {
        let property = graph.verify().always_eventually("one", |at| *at == 1).given(|at| *at == 1);
        let report = property
            .fairness(move |action| if *action == 1 { fairness } else { Fairness::None })
            .run();
        matches!(report.properties[0].verdict, Verdict::Holds)
    };
    assert!(check(Fairness::Weak) && !check(Fairness::None));
}

#[test]
#[should_panic(expected = "`given` limits a property")]
fn a_premise_of_nothing_is_refused() {
    let _ = line().verify().given(|_| true).run();
}
