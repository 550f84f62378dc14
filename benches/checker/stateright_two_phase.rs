//! Two-phase commit as one writes it for Stateright: the model that comes with it, with its
//! properties.

use std::collections::BTreeSet;

use stateright::{Model, Property};

/// `TwoPhase.tla` for so many resource managers.
#[derive(Clone, Debug)]
pub(crate) struct PlainTwoPhase {
    pub(crate) managers: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    managers: Vec<ManagerState>,
    coordinator: CoordinatorState,
    prepared: Vec<bool>,
    messages: BTreeSet<Message>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ManagerState {
    Working,
    Prepared,
    Committed,
    Aborted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum CoordinatorState {
    Init,
    Committed,
    Aborted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Message {
    Prepared(usize),
    Commit,
    Abort,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    TmRcvPrepared(usize),
    TmCommit,
    TmAbort,
    RmPrepare(usize),
    RmChooseToAbort(usize),
    RmRcvCommitMsg(usize),
    RmRcvAbortMsg(usize),
}

impl Model for PlainTwoPhase {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            managers: vec![ManagerState::Working; self.managers],
            coordinator: CoordinatorState::Init,
            prepared: vec![false; self.managers],
            messages: BTreeSet::new(),
        }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        let undecided = state.coordinator == CoordinatorState::Init;
        if undecided && state.prepared.iter().all(|prepared| *prepared) {
            steps.push(Step::TmCommit);
        }
        if undecided {
            steps.push(Step::TmAbort);
        }
        for manager in 0..self.managers {
            if undecided && state.messages.contains(&Message::Prepared(manager)) {
                steps.push(Step::TmRcvPrepared(manager));
            }
            if state.managers[manager] == ManagerState::Working {
                steps.push(Step::RmPrepare(manager));
                steps.push(Step::RmChooseToAbort(manager));
            }
            if state.messages.contains(&Message::Commit) {
                steps.push(Step::RmRcvCommitMsg(manager));
            }
            if state.messages.contains(&Message::Abort) {
                steps.push(Step::RmRcvAbortMsg(manager));
            }
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let mut next = state.clone();
        match step {
            Step::TmRcvPrepared(manager) => next.prepared[manager] = true,
            Step::TmCommit => {
                next.coordinator = CoordinatorState::Committed;
                next.messages.insert(Message::Commit);
            }
            Step::TmAbort => {
                next.coordinator = CoordinatorState::Aborted;
                next.messages.insert(Message::Abort);
            }
            Step::RmPrepare(manager) => {
                next.managers[manager] = ManagerState::Prepared;
                next.messages.insert(Message::Prepared(manager));
            }
            Step::RmChooseToAbort(manager) | Step::RmRcvAbortMsg(manager) => {
                next.managers[manager] = ManagerState::Aborted;
            }
            Step::RmRcvCommitMsg(manager) => next.managers[manager] = ManagerState::Committed,
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("consistent", |_, state: &State| {
                let has = |wanted| state.managers.contains(&wanted);
                !(has(ManagerState::Aborted) && has(ManagerState::Committed))
            }),
            Property::sometimes("commit agreement", |_, state: &State| {
                state.managers.iter().all(|manager| *manager == ManagerState::Committed)
            }),
            Property::sometimes("abort agreement", |_, state: &State| {
                state.managers.iter().all(|manager| *manager == ManagerState::Aborted)
            }),
        ]
    }
}
