//! The moves and answers of a product, in numbers.
//!
//! Parts, requests and actions are numbers here, given to them by the [tables](crate::product::memo), and
//! nothing is left of the product that they come from: finding the successors of a state is the same
//! code for all products, and is compiled once.
//!
//! Most moves of a part differ from those of another in nothing but where they lead: what they ask of
//! other slots is the same, and is kept once. Where a move leads is mostly not known before it is
//! possible somewhere: of the many faults that could strike here, the budget pays for few, and the parts
//! that the others lead to need not exist.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::store::layout::Layout;
use crate::store::state_vectors::Row;

const UNKNOWN: u32 = u32::MAX;
const REFUSED: u32 = u32::MAX - 1;
const UNMADE: u32 = u32::MAX;
const NOT_COMPILED: (u32, u32) = (u32::MAX, u32::MAX);

/// A move in numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    action: u32,
    part: u32,
    /// Where its demands are.
    demands: (u32, u32),
}

impl Step {
    /// The number of its action.
    pub(crate) fn action(self) -> u32 {
        self.action
    }

    /// What the slot holds then, if that part was made.
    #[inline]
    pub(crate) fn part(self) -> Option<u32> {
        (self.part != UNMADE).then_some(self.part)
    }
}

/// What a move does, but for the part that it leads to.
#[derive(Debug)]
pub(crate) struct Act {
    /// What it is called.
    pub(crate) action: u32,
    /// What it asks of other slots, in order.
    pub(crate) demands: Box<[Demand]>,
}

/// A request in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Demand {
    pub(crate) slot: u32,
    pub(crate) request: u32,
}

/// The tables lack an entry that the state at hand needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Missing;

/// What one slot can do and answers, by the part that it holds.
#[derive(Clone, Debug, Default)]
struct Automaton {
    /// Where its steps are.
    moves: Vec<(u32, u32)>,
    /// What it becomes, by request.
    answers: Vec<Vec<u32>>,
}

/// What all slots can do and answer, so far.
#[derive(Debug)]
pub(crate) struct Automata {
    slots: Vec<Automaton>,
    steps: Vec<Step>,
    demands: Vec<Demand>,
    /// Where which demands are. Many moves have the same.
    places: FxHashMap<Box<[Demand]>, (u32, u32)>,
}

impl Automata {
    /// So many slots, of which nothing is known.
    pub(crate) fn new(slots: usize) -> Self {
        let slots = vec![Automaton::default(); slots];
        Automata { slots, steps: Vec::new(), demands: Vec::new(), places: FxHashMap::default() }
    }

    /// Adds the next part of a slot. Nothing else is known of it.
    pub(crate) fn add_part(&mut self, slot: usize) {
        let slot = &mut self.slots[slot];
        slot.moves.push(NOT_COMPILED);
        slot.answers.push(Vec::new());
    }

    /// Where the moves are that may start in a slot that holds this part, if they are known.
    pub(crate) fn moves(&self, slot: usize, part: u32) -> Option<Range<u32>> {
        let moves = self.slots[slot].moves[part as usize];
        (moves != NOT_COMPILED).then_some(moves.0..moves.1)
    }

    /// Enters the moves that may start in a slot that holds this part. The parts that they lead to are
    /// not made yet.
    pub(crate) fn set_moves(&mut self, slot: usize, part: u32, moves: Vec<Act>) -> Range<u32> {
        let from = number(self.steps.len());
        for Act { action, demands } in moves {
            let demands = self.place(demands);
            self.steps.push(Step { action, part: UNMADE, demands });
        }
        let to = number(self.steps.len());
        self.slots[slot].moves[part as usize] = (from, to);
        from..to
    }

    fn place(&mut self, demands: Box<[Demand]>) -> (u32, u32) {
        if let Some(&place) = self.places.get(&demands) {
            return place;
        }
        let from = number(self.demands.len());
        self.demands.extend_from_slice(&demands);
        let place = (from, number(self.demands.len()));
        self.places.insert(demands, place);
        place
    }

    /// Enters the part that a move leads to.
    pub(crate) fn set_target(&mut self, at: u32, part: u32) {
        self.steps[at as usize].part = part;
    }

    /// Enters what the slot becomes when it grants the demand; `None` when it refuses.
    pub(crate) fn set_answer(&mut self, demand: Demand, part: u32, answer: Option<u32>) {
        let answers = &mut self.slots[demand.slot as usize].answers[part as usize];
        let request = demand.request as usize;
        if answers.len() <= request {
            // There are many of these, and few of them grow often.
            answers.reserve_exact(request + 1 - answers.len());
            answers.resize(request + 1, UNKNOWN);
        }
        answers[request] = answer.unwrap_or(REFUSED);
    }

    pub(crate) fn step(&self, at: u32) -> Step {
        self.steps[at as usize]
    }

    /// What a move asks of other slots, in order.
    #[inline]
    pub(crate) fn demands(&self, step: Step) -> &[Demand] {
        &self.demands[step.demands.0 as usize..step.demands.1 as usize]
    }

    /// The moves that may start in a slot that holds this part.
    #[inline]
    fn steps(&self, slot: usize, part: u32) -> Result<&[Step], Missing> {
        match self.slots[slot].moves[part as usize] {
            NOT_COMPILED => Err(Missing),
            (from, to) => Ok(&self.steps[from as usize..to as usize]),
        }
    }

    /// What the slot becomes when it grants the demand; `None` when it refuses.
    #[inline]
    pub(crate) fn answer(&self, demand: Demand, part: u32) -> Result<Option<u32>, Missing> {
        let answers = &self.slots[demand.slot as usize].answers[part as usize];
        match answers.get(demand.request as usize) {
            None | Some(&UNKNOWN) => Err(Missing),
            Some(&REFUSED) => Ok(None),
            Some(&part) => Ok(Some(part)),
        }
    }

    /// Hands out the packed successors of a packed state, each with its action, in the order of slots
    /// and moves.
    ///
    /// # Errors
    /// When an entry is missing. What was handed out until then is of no use.
    #[inline]
    pub(crate) fn successors<R: Row>(
        &self,
        layout: &Layout,
        row: &R,
        mut found: impl FnMut(u32, &R),
    ) -> Result<(), Missing> {
        for (slot, field) in layout.fields().iter().enumerate() {
            'steps: for &step in self.steps(slot, field.read(row.as_ref()))? {
                let mut next = row.clone();
                if let Some(part) = step.part() {
                    field.write(next.as_mut(), part);
                }
                for &demand in self.demands(step) {
                    let field = layout.field(demand.slot as usize);
                    match self.answer(demand, field.read(next.as_ref()))? {
                        Some(part) => field.write(next.as_mut(), part),
                        None => continue 'steps,
                    }
                }
                if step.part().is_none() {
                    return Err(Missing);
                }
                found(step.action, &next);
            }
        }
        Ok(())
    }

    /// Memory held.
    pub(crate) fn bytes(&self) -> u64 {
        let slots = self.slots.iter().map(|slot| {
            let answers: usize = slot.answers.iter().map(Vec::capacity).sum();
            slot.moves.capacity() * 8
                + slot.answers.capacity() * size_of::<Vec<u32>>()
                + answers * 4
        });
        let steps = self.steps.capacity() * size_of::<Step>();
        let demands = 2 * self.demands.capacity() * size_of::<Demand>();
        (slots.sum::<usize>() + steps + demands) as u64
    }
}

/// A number of something, of which there are few enough.
pub(crate) fn number(value: usize) -> u32 {
    u32::try_from(value).expect("fewer than 2^32 moves and requests")
}
