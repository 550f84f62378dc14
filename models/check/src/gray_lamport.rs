//! Gray and Lamport's specifications of transaction commit.
//!
//! "Consensus on Transaction Commit" (ACM TODS 31(1), 2006) states the *problem* as a specification
//! without messages, [`TransactionCommit`] (`TCommit.tla`): resource managers prepare, commit and abort,
//! and none commits while another has aborted or is not ready. It then states two-phase commit as
//! [`TwoPhase`] (`TwoPhase.tla`), with a transaction manager and messages that are never lost and never
//! taken back, and proves that it implements the problem. Both are written here as they are in the
//! paper, as [products](Product) of automata.

use crate::{Move, Parts, Product, Property, PropertyKind, Snapshot, Swap};

/// A resource manager, by number.
pub type Manager = u8;

/// What a resource manager has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ManagerState {
    /// It still works on the transaction.
    Working,
    /// It can commit, and leaves the decision to others.
    Prepared,
    /// It has committed.
    Committed,
    /// It has aborted.
    Aborted,
}

/// The problem: `TCommit.tla`. One slot for each manager.
#[derive(Clone, Copy, Debug)]
pub struct TransactionCommit {
    /// How many resource managers there are.
    pub managers: Manager,
}

/// What a manager of [`TransactionCommit`] does; the specification gives its steps no other names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Decide {
    /// `Prepare(rm)`.
    Prepare(Manager),
    /// `Decide(rm)`, the half that commits.
    Commit(Manager),
    /// `Decide(rm)`, the half that aborts.
    Abort(Manager),
}

/// What a manager of [`TransactionCommit`] must know of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Demand {
    /// `canCommit`: the other is prepared or committed.
    CanCommit,
    /// `notCommitted`: the other has not committed.
    NotCommitted,
}

impl TransactionCommit {
    fn ask_all(self, asking: usize, demand: Demand) -> Vec<(usize, Demand)> {
        (0..usize::from(self.managers))
            .filter(|&other| other != asking)
            .map(|other| (other, demand))
            .collect()
    }
}

impl Product for TransactionCommit {
    type Part = ManagerState;
    type Request = Demand;
    type Action = Decide;

    fn initial(&self) -> Vec<Vec<ManagerState>> {
        vec![vec![ManagerState::Working; self.managers.into()]]
    }

    fn moves(&self, slot: usize, part: &ManagerState, moves: &mut Vec<Move<Self>>) {
        use ManagerState::{Aborted, Committed, Prepared, Working};
        let manager = slot as Manager;
        if *part == Working {
            let action = Decide::Prepare(manager);
            moves.push(Move { action, part: Prepared, requests: Vec::new() });
        }
        if *part == Prepared {
            let requests = self.ask_all(slot, Demand::CanCommit);
            moves.push(Move { action: Decide::Commit(manager), part: Committed, requests });
        }
        if matches!(part, Working | Prepared) {
            let requests = self.ask_all(slot, Demand::NotCommitted);
            moves.push(Move { action: Decide::Abort(manager), part: Aborted, requests });
        }
    }

    fn answer(&self, _slot: usize, part: &ManagerState, demand: &Demand) -> Option<ManagerState> {
        use ManagerState::{Committed, Prepared};
        let granted = match demand {
            Demand::CanCommit => matches!(part, Prepared | Committed),
            Demand::NotCommitted => *part != Committed,
        };
        granted.then_some(*part)
    }
}

/// Two-phase commit: `TwoPhase.tla`.
///
/// Slots `0..n` hold the `n` resource managers. Slots `n..2n` hold, for each manager, how far its
/// `Prepared` message has come: `Prepared(rm) \in msgs` and `rm \in tmPrepared` of the paper, of which
/// the second implies the first. The last slot holds the transaction manager, whose state is also all
/// that its messages `Commit` and `Abort` say.
///
/// ```
/// use amends_check::product;
/// use amends_check::gray_lamport::TwoPhase;
///
/// let two_phase = TwoPhase { managers: 3 };
/// let report = product(&two_phase).properties(two_phase.properties()).symmetry(false).run();
/// report.assert_holds();
/// assert_eq!((report.states, report.transitions), (288, 1_145));
///
/// // Managers are interchangeable: that leaves 80 states that differ in more than their names.
/// let report = product(&two_phase).properties(two_phase.properties()).run();
/// report.assert_holds();
/// assert_eq!(report.states, 80);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TwoPhase {
    /// How many resource managers there are.
    pub managers: Manager,
}

/// What a slot of [`TwoPhase`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TwoPhasePart {
    /// A resource manager: `rmState[rm]`.
    Manager(ManagerState),
    /// How far the `Prepared` message of a manager has come.
    Vote(Vote),
    /// The transaction manager: `tmState`.
    Coordinator(CoordinatorState),
}

/// How far the `Prepared` message of a manager has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Vote {
    /// It was not sent.
    Unsent,
    /// It was sent: `Prepared(rm) \in msgs`.
    Sent,
    /// The transaction manager has it: `rm \in tmPrepared`.
    Counted,
}

/// What the transaction manager has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CoordinatorState {
    /// Nothing yet.
    Init,
    /// To commit, and has said so.
    Committed,
    /// To abort, and has said so.
    Aborted,
}

/// The steps of `TwoPhase.tla`, by their names there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TwoPhaseStep {
    /// `TMRcvPrepared(rm)`.
    TmRcvPrepared(Manager),
    /// `TMCommit`.
    TmCommit,
    /// `TMAbort`.
    TmAbort,
    /// `RMPrepare(rm)`.
    RmPrepare(Manager),
    /// `RMChooseToAbort(rm)`.
    RmChooseToAbort(Manager),
    /// `RMRcvCommitMsg(rm)`.
    RmRcvCommitMsg(Manager),
    /// `RMRcvAbortMsg(rm)`.
    RmRcvAbortMsg(Manager),
}

/// What the automata of [`TwoPhase`] ask of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TwoPhaseRequest {
    /// Send the `Prepared` message.
    Send,
    /// Hand the `Prepared` message to the transaction manager. Messages stay when they are read.
    Count,
    /// Confirm that the `Prepared` message was counted.
    IsCounted,
    /// Confirm that this decision was announced.
    Announced(CoordinatorState),
}

impl TwoPhase {
    /// What is asked of it: that managers never disagree (`TCConsistent`), and that they can agree
    /// either way.
    #[must_use]
    pub fn properties(self) -> Vec<Property<Parts<TwoPhasePart>>> {
        let agreement = |name: &str, wanted| {
            Property::new(PropertyKind::Sometimes, name, move |state| {
                count_managers(state, wanted) == usize::from(self.managers)
            })
        };
        vec![
            Property::new(PropertyKind::Always, "consistent", |state| {
                count_managers(state, ManagerState::Committed) == 0
                    || count_managers(state, ManagerState::Aborted) == 0
            }),
            agreement("commit agreement", ManagerState::Committed),
            agreement("abort agreement", ManagerState::Aborted),
        ]
    }

    /// The states of the resource managers.
    pub fn managers_of<'a>(
        &self,
        state: Snapshot<'a, TwoPhasePart>,
    ) -> impl Iterator<Item = ManagerState> + Clone + use<'a> {
        state.parts()[..self.managers.into()].iter().filter_map(|part| match part {
            TwoPhasePart::Manager(manager) => Some(*manager),
            _ => None,
        })
    }

    fn vote_slot(self, manager: Manager) -> usize {
        usize::from(self.managers) + usize::from(manager)
    }

    fn coordinator_slot(self) -> usize {
        2 * usize::from(self.managers)
    }

    fn manager_moves(self, manager: Manager, part: ManagerState, moves: &mut Vec<Move<Self>>) {
        let becomes =
            |action, part, requests| Move { action, part: TwoPhasePart::Manager(part), requests };
        if part == ManagerState::Working {
            moves.push(becomes(
                TwoPhaseStep::RmPrepare(manager),
                ManagerState::Prepared,
                vec![(self.vote_slot(manager), TwoPhaseRequest::Send)],
            ));
            moves.push(becomes(
                TwoPhaseStep::RmChooseToAbort(manager),
                ManagerState::Aborted,
                Vec::new(),
            ));
        }
        let announced =
            |decision| vec![(self.coordinator_slot(), TwoPhaseRequest::Announced(decision))];
        moves.push(becomes(
            TwoPhaseStep::RmRcvCommitMsg(manager),
            ManagerState::Committed,
            announced(CoordinatorState::Committed),
        ));
        moves.push(becomes(
            TwoPhaseStep::RmRcvAbortMsg(manager),
            ManagerState::Aborted,
            announced(CoordinatorState::Aborted),
        ));
    }

    fn coordinator_moves(self, moves: &mut Vec<Move<Self>>) {
        let becomes = |action, part, requests| Move {
            action,
            part: TwoPhasePart::Coordinator(part),
            requests,
        };
        let votes = (0..self.managers).map(|manager| self.vote_slot(manager));
        moves.push(becomes(
            TwoPhaseStep::TmCommit,
            CoordinatorState::Committed,
            votes.map(|slot| (slot, TwoPhaseRequest::IsCounted)).collect(),
        ));
        moves.push(becomes(TwoPhaseStep::TmAbort, CoordinatorState::Aborted, Vec::new()));
        for manager in 0..self.managers {
            moves.push(becomes(
                TwoPhaseStep::TmRcvPrepared(manager),
                CoordinatorState::Init,
                vec![(self.vote_slot(manager), TwoPhaseRequest::Count)],
            ));
        }
    }
}

/// How many managers are in this state. Counts do not depend on names, so that all managers can be taken to
/// be interchangeable.
fn count_managers(state: Snapshot<'_, TwoPhasePart>, wanted: ManagerState) -> usize {
    state.count(|_, part| *part == TwoPhasePart::Manager(wanted))
}

impl Product for TwoPhase {
    type Part = TwoPhasePart;
    type Request = TwoPhaseRequest;
    type Action = TwoPhaseStep;

    fn initial(&self) -> Vec<Vec<TwoPhasePart>> {
        let managers = usize::from(self.managers);
        let mut slots = vec![TwoPhasePart::Manager(ManagerState::Working); managers];
        slots.resize(2 * managers, TwoPhasePart::Vote(Vote::Unsent));
        slots.push(TwoPhasePart::Coordinator(CoordinatorState::Init));
        vec![slots]
    }

    fn moves(&self, slot: usize, part: &TwoPhasePart, moves: &mut Vec<Move<Self>>) {
        match *part {
            TwoPhasePart::Manager(part) => self.manager_moves(slot as Manager, part, moves),
            TwoPhasePart::Coordinator(CoordinatorState::Init) => self.coordinator_moves(moves),
            TwoPhasePart::Coordinator(_) | TwoPhasePart::Vote(_) => {}
        }
    }

    fn answer(
        &self,
        _slot: usize,
        part: &TwoPhasePart,
        request: &TwoPhaseRequest,
    ) -> Option<TwoPhasePart> {
        match (*part, *request) {
            (TwoPhasePart::Vote(Vote::Unsent), TwoPhaseRequest::Send) => {
                Some(TwoPhasePart::Vote(Vote::Sent))
            }
            (TwoPhasePart::Vote(Vote::Sent | Vote::Counted), TwoPhaseRequest::Count) => {
                Some(TwoPhasePart::Vote(Vote::Counted))
            }
            (TwoPhasePart::Vote(Vote::Counted), TwoPhaseRequest::IsCounted) => Some(*part),
            (TwoPhasePart::Coordinator(state), TwoPhaseRequest::Announced(decision)) => {
                (state == decision).then_some(*part)
            }
            _ => None,
        }
    }

    fn symmetry(&self) -> Vec<usize> {
        vec![self.managers.into()]
    }

    fn swap(&self, swap: Swap, slot: usize, part: &TwoPhasePart) -> (usize, TwoPhasePart) {
        let managers = usize::from(self.managers);
        let slot = if slot < self.coordinator_slot() {
            slot / managers * managers + swap.rename(slot % managers)
        } else {
            slot
        };
        (slot, *part)
    }
}
