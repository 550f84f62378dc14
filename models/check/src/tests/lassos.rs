//! Lassos that are fair to many at the same time.

use crate::{Fairness, Move, Parts, Product, Property, PropertyKind, product};

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
            let report = product(&workers).property(never).partial_order(false).run();
            let lasso = report.properties[0].verdict.counterexample();
            let shape = lasso.map(|lasso| (lasso.repeats_from, lasso.steps.len()));
            assert_eq!(shape, Some((Some(0), count * usize::from(period))), "{count} of {period}");
        }
    }
}
