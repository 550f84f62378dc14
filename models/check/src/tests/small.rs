//! Small graphs and small products, obvious or random.

use proptest::prelude::*;
use stateright::{Model, Property as Builtin};

use crate::{Fairness, Move, Product};

/// Actions are numbers below this.
pub(super) const ACTIONS: usize = 3;

/// Every action is a group of its own.
const ALONE: [u8; ACTIONS] = [0, 1, 2];

/// A graph, state by state and action by action.
#[derive(Clone, Debug)]
pub(super) struct Small {
    pub(super) initial: Vec<u8>,
    /// For each state and action, where it leads, if it is possible.
    pub(super) edges: Vec<[Option<u8>; ACTIONS]>,
    pub(super) fairness: [Fairness; ACTIONS],
    /// The group that each action is treated fairly with.
    pub(super) groups: [u8; ACTIONS],
    /// States where the condition is true, as bits.
    pub(super) goal: u16,
    /// States where the premise is true, as bits.
    pub(super) premise: u16,
}

impl Small {
    /// A graph from pairs of states; each pair gets the next action of its source.
    pub(super) fn of(states: usize, pairs: &[(u8, u8)]) -> Self {
        let mut edges = vec![[None; ACTIONS]; states];
        for &(from, to) in pairs {
            let free = edges[from as usize].iter_mut().find(|edge| edge.is_none()).unwrap();
            *free = Some(to);
        }
        let (fairness, groups) = ([Fairness::None; ACTIONS], ALONE);
        Small { initial: vec![0], edges, fairness, groups, goal: 0, premise: 0 }
    }
}

impl Model for Small {
    type State = u8;
    type Action = u8;

    fn init_states(&self) -> Vec<u8> {
        self.initial.clone()
    }

    fn actions(&self, state: &u8, actions: &mut Vec<u8>) {
        let edges = self.edges[*state as usize].iter().enumerate();
        actions.extend(edges.filter_map(|(action, target)| target.map(|_| action as u8)));
    }

    fn next_state(&self, state: &u8, action: u8) -> Option<u8> {
        self.edges[*state as usize][action as usize]
    }

    fn properties(&self) -> Vec<Builtin<Self>> {
        Vec::new()
    }
}

impl Product for Small {
    type Part = u8;
    type Request = ();
    type Action = u8;

    fn initial(&self) -> Vec<Vec<u8>> {
        self.initial.iter().map(|&state| vec![state]).collect()
    }

    fn moves(&self, _slot: usize, part: &u8, moves: &mut Vec<Move<Self>>) {
        for (action, target) in self.edges[*part as usize].iter().enumerate() {
            if let Some(part) = *target {
                moves.push(Move { action: action as u8, part, requests: Vec::new() });
            }
        }
    }

    fn answer(&self, _slot: usize, _part: &u8, _request: &()) -> Option<u8> {
        None
    }

    fn fairness(&self, action: &u8) -> Fairness {
        self.fairness[*action as usize]
    }

    fn fairness_group(&self, action: &u8) -> u8 {
        self.groups[*action as usize]
    }
}

fn fairness() -> impl Strategy<Value = Fairness> {
    prop_oneof![Just(Fairness::None), Just(Fairness::Weak), Just(Fairness::Strong)]
}

/// A random graph.
pub(super) fn small() -> impl Strategy<Value = Small> {
    (1..=5u8).prop_flat_map(|states| {
        let edge = prop_oneof![2 => Just(None), 3 => (0..states).prop_map(Some)];
        let edges = proptest::collection::vec(proptest::array::uniform3(edge), states as usize);
        let initial = proptest::collection::vec(0..states, 1..=2);
        let marks = (0..1u16 << states, 0..1u16 << states);
        (initial, edges, proptest::array::uniform3(fairness()), marks).prop_map(
            |(mut initial, edges, fairness, (goal, premise))| {
                initial.dedup();
                let goal = goal & premise.rotate_left(3);
                Small { initial, edges, fairness, groups: ALONE, goal, premise }
            },
        )
    })
}

/// A random graph, in which actions may be treated fairly together.
pub(super) fn grouped() -> impl Strategy<Value = Small> {
    let groups = proptest::array::uniform3(0..ACTIONS as u8);
    (small(), groups).prop_map(|(graph, groups)| Small { groups, ..graph })
}

/// How many parts a slot of a [`Pair`] has.
pub(super) const PARTS: u8 = 3;

/// A move of a [`Pair`]: the next part, and what the other slot is asked, if anything.
type PairMove = Option<(u8, Option<u8>)>;

/// A product of two automata that ask each other.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    /// By slot, part and number of the move.
    pub(super) moves: [[[PairMove; 2]; 3]; 2],
    /// By slot, part and request.
    pub(super) answers: [[[Option<u8>; 2]; 3]; 2],
    /// By slot and number of the move.
    pub(super) fairness: [[Fairness; 2]; 2],
    /// States where the condition is true, as bits.
    pub(super) goal: u16,
    /// States where the premise is true, as bits.
    pub(super) premise: u16,
}

impl Product for Pair {
    type Part = u8;
    type Request = u8;
    type Action = (usize, usize);

    fn initial(&self) -> Vec<Vec<u8>> {
        vec![vec![0, 0]]
    }

    fn moves(&self, slot: usize, part: &u8, moves: &mut Vec<Move<Self>>) {
        for (number, choice) in self.moves[slot][*part as usize].iter().enumerate() {
            if let Some((part, request)) = *choice {
                let requests = request.map(|request| (1 - slot, request)).into_iter().collect();
                moves.push(Move { action: (slot, number), part, requests });
            }
        }
    }

    fn answer(&self, slot: usize, part: &u8, request: &u8) -> Option<u8> {
        self.answers[slot][*part as usize][*request as usize]
    }

    fn fairness(&self, action: &(usize, usize)) -> Fairness {
        self.fairness[action.0][action.1]
    }
}

/// A random product of two automata.
pub(super) fn pair() -> impl Strategy<Value = Pair> {
    use proptest::array::{uniform2, uniform3};
    let next = prop_oneof![
        2 => Just(None),
        2 => (0..PARTS).prop_map(|part| Some((part, None))),
        3 => (0..PARTS, 0..2u8).prop_map(|(part, request)| Some((part, Some(request)))),
    ];
    let answer = prop_oneof![2 => Just(None), 3 => (0..PARTS).prop_map(Some)];
    let marks = (0..1u16 << 9, 0..1u16 << 9);
    (
        uniform2(uniform3(uniform2(next))),
        uniform2(uniform3(uniform2(answer))),
        uniform2(uniform2(fairness())),
        marks,
    )
        .prop_map(|(moves, answers, fairness, (goal, premise))| Pair {
            moves,
            answers,
            fairness,
            goal: goal & premise.rotate_left(3),
            premise,
        })
}
