//! Lassos that are fair to many at the same time.

use stateright::Model;

use crate::explore::bfs::explore;
use crate::explore::model::ModelSpace;
use crate::explore::model::fairness_labels::ByAction;
use crate::explore::state_space::{Space, Tests};
use crate::explore::workers::Workers as Threads;
use crate::graph::Graph;
use crate::graph::record::Record;
use crate::limits::Limits;
use crate::limits::analysis_budget::{AnalysisBudget, LOOP_EFFORT};
use crate::limits::stopwatch::Stopwatch;
use crate::liveness::fairness_rules::Sound;
use crate::liveness::obligation::Obligation;
use crate::liveness::{PendingObligation, Run, Violation};
use crate::store::chunked::{Bits, Column};
use crate::{Fairness, Move, Parts, Product, Property, PropertyKind, Verify, erased as product};

/// Workers who go round, each by itself, and are all treated fairly.
struct Workers {
    count: usize,
    period: u8,
    /// The place that it is strongly fair to leave; it is weakly fair to leave the others.
    strong: Option<u8>,
}

impl Product for Workers {
    type Part = u8;
    type Request = ();
    type Action = (usize, u8);

    fn initial(&self) -> Vec<Vec<u8>> {
        vec![vec![0; self.count]]
    }

    fn moves(&self, slot: usize, part: &u8, moves: &mut Vec<Move<Self>>) {
        let next = (part + 1) % self.period;
        moves.push(Move { action: (slot, *part), part: next, requests: Vec::new() });
    }

    fn answer(&self, _slot: usize, _part: &u8, _request: &()) -> Option<u8> {
        None
    }

    fn fairness(&self, (_, place): &(usize, u8)) -> Fairness {
        if self.strong == Some(*place) { Fairness::Strong } else { Fairness::Weak }
    }
}

/// A cycle that is fair to all workers takes each of them round once. It takes the exact search too
/// long to find that out for every state by trying; with bounds it is done at once.
#[test]
fn a_shortest_cycle_takes_each_of_many_workers_round_once() {
    for strong in [None, Some(1)] {
        for (count, period) in [(1, 1), (2, 3), (4, 3), (7, 3), (9, 2), (12, 2), (3, 20)] {
            let workers = Workers { count, period, strong };
            let never = Property::<Parts<u8>>::new(PropertyKind::Eventually, "done", |_| false);
            let report = product(&workers).property(never).run();
            let lasso = report.properties[0].verdict.counterexample();
            let shape = lasso.map(|lasso| (lasso.repeats_from, lasso.steps.len()));
            assert_eq!(shape, Some((Some(0), count * usize::from(period))), "{count} of {period}");
        }
    }
}

/// Every state leads to several others, each by an action of its own that it is strongly fair to take: a
/// fair cycle takes all of them. To find a shortest one is to find a shortest postman's tour.
struct Dense {
    states: u32,
    degree: u32,
}

impl Model for Dense {
    type State = u32;
    type Action = (u32, u32);

    fn init_states(&self) -> Vec<u32> {
        vec![0]
    }
    fn actions(&self, state: &u32, actions: &mut Vec<(u32, u32)>) {
        actions.extend((0..self.degree).map(|nth| (*state, nth)));
    }
    fn next_state(&self, state: &u32, (_, nth): (u32, u32)) -> Option<u32> {
        Some((state + nth * nth + 1) % self.states)
    }
}

/// The fair loop that is found if nothing is ever reached, and how many steps the search for it took.
fn loop_in(dense: &Dense, any_loop: bool) -> (Violation, u64) {
    let rule = ByAction::new(|_: &(u32, u32)| Fairness::Strong);
    let threads = Threads::new(1);
    let mut space = ModelSpace::new(dense, Some(Box::new(rule)), None, &threads, true);
    let mut record = Record::new(0, 0, true);
    let clock = Stopwatch::start();
    let tests = Tests { states: Vec::new(), steps: Vec::new() };
    let mut limits = Limits { any_loop, ..Limits::default() };
    let search = explore(&mut space, &tests, &mut record, &mut limits, |_, _| None, clock).unwrap();
    let constraints = space.constraints();
    let graph = Graph {
        edges: record.edges.as_ref().unwrap(),
        ends: &record.ends,
        states: space.len(),
        levels: &search.levels,
        constraints: &constraints,
    };
    let nowhere = Bits::zeros(space.len() as usize);
    let goal = Column::new(&nowhere, 0, 1);
    let obligation = Obligation::of(PropertyKind::Eventually, goal, None).unwrap();
    let budget = AnalysisBudget::after(&limits, clock, 0);
    let pending = PendingObligation::find(&graph, &obligation, &Sound, &budget).unwrap();
    let violation = pending.violation(&graph, |state| space.parent(state), &Sound, &budget);
    (violation.unwrap().unwrap(), budget.effort())
}

const DENSE: [Dense; 4] = [
    Dense { states: 5, degree: 5 },
    Dense { states: 8, degree: 9 },
    Dense { states: 32, degree: 12 },
    Dense { states: 400, degree: 3 },
];

/// The loop takes every action, and comes back to where it began.
fn assert_fair(dense: &Dense, violation: &Violation) {
    let Run::Path(path) = &violation.run else { panic!("every state stands for itself") };
    let from = path.repeats_from.unwrap();
    assert_eq!(path.states[from], *path.states.last().unwrap());
    let taken: std::collections::BTreeSet<u32> =
        path.labels[from..].iter().flatten().copied().collect();
    assert_eq!(taken.len() as u32, dense.states * dense.degree);
}

#[test]
fn the_search_for_a_shortest_loop_is_given_up_for_a_short_one() {
    for dense in &DENSE {
        let (violation, effort) = loop_in(dense, false);
        assert_fair(dense, &violation);
        assert!(!violation.is_shortest, "{} states", dense.states);
        assert!(effort < LOOP_EFFORT + LOOP_EFFORT / 8, "{effort} steps");
    }
}

#[test]
fn any_loop_is_found_at_once() {
    for dense in &DENSE {
        let (violation, effort) = loop_in(dense, true);
        assert_fair(dense, &violation);
        let transitions = u64::from(dense.states * dense.degree);
        assert!(effort <= 4 * transitions * transitions, "{effort} steps");
    }
}

#[test]
fn a_short_loop_is_called_short() {
    let check = |dense: &Dense| {
        dense.verify().eventually("never", |_| false).fairness(|_| Fairness::Strong).run()
    };
    let report = check(&DENSE[0]);
    assert!(!report.properties[0].is_shortest);
    assert!(report.to_string().contains("violated, by a short loop"), "{report}");
    let report = check(&Dense { states: 3, degree: 1 });
    assert!(report.properties[0].is_shortest && !report.to_string().contains("short"), "{report}");
    let report =
        Dense { states: 3, degree: 1 }.verify().eventually("never", |_| false).any_loop().run();
    assert_eq!(report.properties[0].verdict.counterexample().unwrap().steps.len(), 3);
}
