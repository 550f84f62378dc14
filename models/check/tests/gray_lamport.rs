//! Gray and Lamport's specifications: counts that other checkers have found, and the refinement that
//! the paper proves.

use std::collections::HashSet;

use amends_check::gray_lamport::{
    ManagerState, TransactionCommit, TwoPhase, TwoPhasePart, TwoPhaseStep,
};
use amends_check::{Move, Product, Reduction, ReductionReport, product, successors};

/// Distinct states and transitions, as TLC and Stateright count them. Both count the initial state as
/// generated; a transition leads to a state, so here it is not one.
fn assert_counts(managers: u8, states: u64, generated: u64) {
    let two_phase = TwoPhase { managers };
    let report = product(&two_phase).properties(two_phase.properties()).symmetry(false).run();
    report.assert_holds();
    assert_eq!((report.states, report.transitions + 1), (states, generated), "{managers} managers");
}

#[test]
fn two_phase_commit_has_as_many_states_as_other_checkers_count() {
    assert_counts(3, 288, 1_146);
    assert_counts(4, 1_568, 8_258);
    assert_counts(5, 8_832, 58_146);
    assert_counts(6, 50_816, 402_306);
    assert_counts(7, 296_448, 2_744_706);
}

/// Orbits under permutation of the managers.
#[test]
fn managers_are_interchangeable() {
    for (managers, orbits) in [(3, 80), (4, 166), (5, 314), (6, 553), (7, 920), (8, 1_461)] {
        for threads in [1, 2] {
            let two_phase = TwoPhase { managers };
            let report =
                product(&two_phase).properties(two_phase.properties()).threads(threads).run();
            report.assert_holds();
            assert_eq!(report.states, orbits, "{managers} managers");
            let used = ReductionReport { reduction: Reduction::Symmetry, refused: None };
            assert_eq!(report.reductions, [used]);
        }
    }
}

fn all_states<P: Product>(model: &P) -> HashSet<Vec<P::Part>> {
    let mut states: HashSet<Vec<P::Part>> = model.initial().into_iter().collect();
    let mut queue: Vec<_> = states.iter().cloned().collect();
    while let Some(state) = queue.pop() {
        for (_, next) in successors(model, &state) {
            if states.insert(next.clone()) {
                queue.push(next);
            }
        }
    }
    states
}

fn refinement(state: &[TwoPhasePart]) -> Vec<ManagerState> {
    let managers = state.iter().filter_map(|part| match part {
        TwoPhasePart::Manager(manager) => Some(*manager),
        _ => None,
    });
    managers.collect()
}

/// Every step of two-phase commit is a step of the problem, or changes nothing there.
fn refines(two_phase: &impl Product<Part = TwoPhasePart>, managers: u8) -> bool {
    let problem = TransactionCommit { managers };
    all_states(two_phase).iter().all(|state| {
        let before = refinement(state);
        let allowed: Vec<_> = successors(&problem, &before).into_iter().collect();
        successors(two_phase, state).iter().all(|(_, next)| {
            let after = refinement(next);
            after == before || allowed.iter().any(|(_, state)| *state == after)
        })
    })
}

#[test]
fn two_phase_commit_implements_transaction_commit() {
    for managers in 1..=4 {
        let two_phase = TwoPhase { managers };
        assert_eq!(
            refinement(&two_phase.initial()[0]),
            TransactionCommit { managers }.initial()[0]
        );
        assert!(refines(&two_phase, managers));
    }
}

#[test]
fn a_coordinator_that_does_not_wait_for_all_votes_does_not_implement_it() {
    assert!(!refines(&Hasty(TwoPhase { managers: 3 }), 3));
}

/// Two-phase commit that commits without asking the last participant.
struct Hasty(TwoPhase);

impl Product for Hasty {
    type Part = TwoPhasePart;
    type Request = <TwoPhase as Product>::Request;
    type Action = TwoPhaseStep;

    fn initial(&self) -> Vec<Vec<TwoPhasePart>> {
        self.0.initial()
    }

    fn moves(&self, slot: usize, part: &TwoPhasePart, moves: &mut Vec<Move<Self>>) {
        let mut faithful = Vec::new();
        self.0.moves(slot, part, &mut faithful);
        moves.extend(faithful.into_iter().map(|mut step| {
            if step.action == TwoPhaseStep::TmCommit {
                step.requests.pop();
            }
            Move { action: step.action, part: step.part, requests: step.requests }
        }));
    }

    fn answer(
        &self,
        slot: usize,
        part: &TwoPhasePart,
        request: &Self::Request,
    ) -> Option<TwoPhasePart> {
        self.0.answer(slot, part, request)
    }
}
