//! Every rule of liveness checking broken on purpose: the comparison with the reference notices.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::differential::PATHS;
use super::reference::{Reference, Truth};
use super::small::{Small, grouped, small};
use crate::explore::bfs::explore;
use crate::explore::model::ModelSpace;
use crate::explore::model::fairness_labels::ByGroup;
use crate::explore::state_space::{Space, Tests};
use crate::explore::workers::Workers;
use crate::graph::Graph;
use crate::graph::record::Record;
use crate::limits::Limits;
use crate::limits::analysis_budget::AnalysisBudget;
use crate::limits::stopwatch::Stopwatch;
use crate::liveness::fairness_rules::{FairnessRules, Met, Sound};
use crate::liveness::obligation::Obligation;
use crate::liveness::{PendingObligation, Undecided};
use crate::store::chunked::{Bits, Column};
use crate::{Fairness, PropertyKind};

/// Which fairness constraint an action belongs to.
type Grouping = fn(&Small, u8) -> (Fairness, u8);

/// By fairness and group.
fn grouping(graph: &Small, action: u8) -> (Fairness, u8) {
    (graph.fairness[action as usize], graph.groups[action as usize])
}

/// Whether a broken rule makes the verdict on some random graph differ from the truth, or makes the
/// checker contradict itself.
fn is_noticed(rules: &dyn FairnessRules) -> bool {
    differs(&small(), rules, grouping)
}

/// The same for a rule that sorts actions into constraints.
fn is_grouping_noticed(grouping: Grouping) -> bool {
    differs(&grouped(), &Sound, grouping)
}

fn differs(
    graphs: &impl Strategy<Value = Small>,
    rules: &dyn FairnessRules,
    grouping: Grouping,
) -> bool {
    let mut runner = TestRunner::deterministic();
    (0..3_000).any(|_| {
        let graph = graphs.new_tree(&mut runner).unwrap().current();
        PATHS.into_iter().flat_map(|kind| [(kind, false), (kind, true)]).any(|(kind, premised)| {
            let truth = Reference::from(&graph).truth(kind, premised, false);
            let broken = matches!(truth, Truth::Violated(_));
            is_broken(&graph, kind, premised, rules, grouping) != Ok(broken)
        })
    })
}

fn is_broken(
    graph: &Small,
    kind: PropertyKind,
    premised: bool,
    rules: &dyn FairnessRules,
    grouping: Grouping,
) -> Result<bool, Undecided> {
    let rule = ByGroup::new(move |action: &u8| grouping(graph, *action));
    let workers = Workers::new(1);
    let mut space = ModelSpace::new(graph, Some(Box::new(rule)), None, &workers, true);
    let mut record = Record::new(0, 0, true);
    let clock = Stopwatch::start();
    let none = Tests { states: Vec::new(), steps: Vec::new() };
    let search =
        explore(&mut space, &none, &mut record, &mut Limits::default(), |_, _| None, clock)
            .unwrap();
    let (mut goal, mut premise) = (Bits::default(), Bits::default());
    for state in 0..space.len() {
        goal.push(graph.goal >> space.state(state) & 1 == 1);
        premise.push(graph.premise >> space.state(state) & 1 == 1);
    }
    let constraints = space.constraints();
    let explored = Graph {
        edges: record.edges.as_ref().unwrap(),
        ends: &record.ends,
        states: space.len(),
        levels: &search.levels,
        constraints: &constraints,
    };
    let premise = premised.then(|| Column::new(&premise, 0, 1));
    let obligation = Obligation::of(kind, Column::new(&goal, 0, 1), premise).unwrap();
    let limits = Limits::default();
    let budget = AnalysisBudget::after(&limits, clock, 0);
    let parent = |state| space.parent(state);
    let pending = PendingObligation::find(&explored, &obligation, rules, &budget)?;
    let violation = pending.violation(&explored, parent, rules, &budget)?;
    Ok(violation.is_some())
}

#[test]
fn the_rules_as_they_are_agree_with_the_reference() {
    assert!(!is_noticed(&Sound));
    assert!(!is_grouping_noticed(grouping));
}

#[test]
fn treating_each_action_of_a_group_fairly_is_noticed() {
    assert!(is_grouping_noticed(|graph, action| (graph.fairness[action as usize], action)));
}

#[test]
fn treating_all_actions_fairly_together_is_noticed() {
    assert!(is_grouping_noticed(|graph, action| (graph.fairness[action as usize], 0)));
}

#[test]
fn taking_the_fairness_of_a_group_for_that_of_its_first_action_is_noticed() {
    assert!(is_grouping_noticed(|graph, action| {
        let group = graph.groups[action as usize];
        let first = graph.groups.iter().position(|other| *other == group).unwrap();
        (graph.fairness[first], group)
    }));
}

macro_rules! mutants {
    ($($(#[$doc:meta])* $test:ident: $mutant:ident { $($rule:item)+ })+) => {$(
        struct $mutant;
        impl FairnessRules for $mutant { $($rule)+ }

        $(#[$doc])*
        #[test]
        fn $test() {
            assert!(is_noticed(&$mutant));
        }
    )+};
}

mutants! {
    ignoring_paths_that_end_is_noticed: IgnoresEnds {
        fn counts_ends(&self) -> bool { false }
    }
    taking_a_goal_that_is_owed_again_for_one_that_is_owed_once_is_noticed: OwesOnce {
        fn goal_is_owed_again(&self) -> bool { false }
    }
    following_paths_beyond_the_goal_is_noticed: ForgetsTheGoal {
        fn goal_settles(&self) -> bool { false }
    }
    staying_in_a_state_without_a_loop_is_noticed: StaysAnywhere {
        fn can_stay(&self, _: usize, _: bool) -> bool { true }
    }
    missing_states_that_loop_on_themselves_is_noticed: MissesSelfLoops {
        fn can_stay(&self, states: usize, _: bool) -> bool { states > 1 }
    }
    missing_cycles_altogether_is_noticed: MissesCycles {
        fn can_stay(&self, _: usize, loops_on_itself: bool) -> bool { loops_on_itself }
    }
    forgetting_weak_fairness_is_noticed: NoWeak {
        fn weak(&self, _: bool, _: bool) -> Met { Met::Yes }
    }
    forgetting_that_weak_actions_may_be_disabled_is_noticed: WeakAlwaysDue {
        fn weak(&self, taken: bool, _: bool) -> Met {
            if taken { Met::Yes } else { Met::Never }
        }
    }
    forgetting_that_weak_actions_may_be_taken_is_noticed: WeakNeverTaken {
        fn weak(&self, _: bool, disabled_somewhere: bool) -> Met {
            if disabled_somewhere { Met::Yes } else { Met::Never }
        }
    }
    taking_strong_fairness_for_weak_is_noticed: StrongIsNothing {
        fn strong(&self, _: bool, _: bool) -> Met { Met::Yes }
    }
    forgetting_that_strong_actions_can_be_avoided_is_noticed: StrongNeverAvoided {
        fn strong(&self, taken: bool, enabled_somewhere: bool) -> Met {
            if taken || !enabled_somewhere { Met::Yes } else { Met::Never }
        }
    }
    forgetting_what_is_left_of_a_set_is_noticed: DropsRemains {
        fn searches_remains(&self) -> bool { false }
    }
}
