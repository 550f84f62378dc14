//! The moves and answers of a product, each computed once.
//!
//! A product says what one slot can do, and what it answers, as functions of one part. Here they turn
//! into small numbers and the [`Automata`] between them, filled on demand: the first state that needs
//! an entry causes a call of the model, and all later states share it.

use std::ops::Range;

use crate::model_error::ModelError;
use crate::product::automata::{Act, Automata, Demand, Step, number};
use crate::product::stale::Stale;
use crate::product::{Fairness, Move, Product};
use crate::store::intern::Interner;

/// A slot of no more parts than these has all parts that its moves would lead to, possible or not: it
/// costs nothing, and rows need not be packed anew when one of them is met late.
const FEW: usize = 1 << 6;

/// The label of an action without fairness.
pub(crate) const UNFAIR: u32 = u32::MAX;

struct Slot<P: Product> {
    parts: Interner<P::Part>,
    requests: Interner<P::Request>,
}

/// All that is known of a product so far.
pub(crate) struct Tables<'p, P: Product> {
    product: &'p P,
    slots: Vec<Slot<P>>,
    automata: Automata,
    actions: Interner<P::Action>,
    labels: Vec<u32>,
    /// The fairness constraints, each known by its fairness and its group of actions.
    groups: Interner<(Fairness, P::Action)>,
    constraints: Vec<Fairness>,
    journal: Option<Journal>,
    /// What is known of stale requests, where they are taken away.
    pub(crate) stale: Option<Stale>,
}

/// What was computed, in order, for those who want to look at it again.
#[derive(Debug, Default)]
struct Journal {
    compiled: Vec<(u32, u32)>,
    answered: Vec<(u32, u32, u32)>,
}

impl<'p, P: Product> Tables<'p, P> {
    pub(crate) fn new(product: &'p P, width: usize) -> Self {
        let slots = std::iter::repeat_with(|| Slot {
            parts: Interner::default(),
            requests: Interner::default(),
        });
        Tables {
            product,
            slots: slots.take(width).collect(),
            automata: Automata::new(width),
            actions: Interner::default(),
            labels: Vec::new(),
            groups: Interner::default(),
            constraints: Vec::new(),
            journal: None,
            stale: None,
        }
    }

    pub(crate) fn product(&self) -> &'p P {
        self.product
    }

    /// The moves and answers, in numbers.
    pub(crate) fn automata(&self) -> &Automata {
        &self.automata
    }

    /// The number of a part in its slot; of its normal form, where stale requests are taken away.
    pub(crate) fn part_id(&mut self, slot: usize, part: P::Part) -> u32 {
        self.normalized_id(slot, part).0
    }

    /// The number of a part, as it is.
    pub(crate) fn whole_part_id(&mut self, slot: usize, part: P::Part) -> u32 {
        let at = slot;
        let slot = &mut self.slots[at];
        let known = slot.parts.len();
        let id = slot.parts.intern(part);
        if slot.parts.len() > known {
            self.automata.add_part(at);
            self.judge_part(at, id);
        }
        id
    }

    /// From now on, keeps a record of what is computed.
    pub(crate) fn keep_journal(&mut self) {
        self.journal = Some(Journal::default());
    }

    /// The slots and parts whose moves were computed, in order, if a journal is kept.
    pub(crate) fn compiled(&self) -> &[(u32, u32)] {
        self.journal.as_ref().map_or(&[], |journal| &journal.compiled)
    }

    /// The slots, parts and requests whose answers were computed, in order, if a journal is kept.
    pub(crate) fn answered(&self) -> &[(u32, u32, u32)] {
        self.journal.as_ref().map_or(&[], |journal| &journal.answered)
    }

    /// A request to a slot, by its number.
    pub(crate) fn request(&self, slot: usize, request: u32) -> &P::Request {
        self.slots[slot].requests.value(request)
    }

    /// How many different requests anybody has made of a slot so far.
    pub(crate) fn requests(&self, slot: usize) -> u32 {
        number(self.slots[slot].requests.len())
    }

    /// How many parts a slot has had so far.
    pub(crate) fn parts(&self, slot: usize) -> usize {
        self.slots[slot].parts.len()
    }

    fn request_id(&mut self, at: usize, request: P::Request) -> u32 {
        let slot = &mut self.slots[at];
        let known = slot.requests.len();
        let id = slot.requests.intern(request);
        if slot.requests.len() > known {
            self.judge_request(at, id);
        }
        id
    }

    /// What a slot holds, by its number.
    pub(crate) fn part(&self, slot: usize, id: u32) -> &P::Part {
        self.slots[slot].parts.value(id)
    }

    pub(crate) fn action(&self, id: u32) -> &P::Action {
        self.actions.value(id)
    }

    pub(crate) fn find_action(&self, action: &P::Action) -> Option<u32> {
        self.actions.find(action)
    }

    pub(crate) fn actions(&self) -> usize {
        self.actions.len()
    }

    /// The fairness constraint that taking this action meets, or [`UNFAIR`].
    pub(crate) fn label(&self, action: u32) -> u32 {
        self.labels[action as usize]
    }

    pub(crate) fn constraints(&self) -> &[Fairness] {
        &self.constraints
    }

    /// How many parts each slot has had so far.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = usize> + '_ {
        self.slots.iter().map(|slot| slot.parts.len())
    }

    /// Computes every entry that a state needs.
    pub(crate) fn fill(&mut self, state: &[u32]) {
        let mut row = state.to_vec();
        for (slot, &part) in state.iter().enumerate() {
            let (moves, mut targets) = self.compile(slot, part);
            for (nth, at) in moves.enumerate() {
                row.copy_from_slice(state);
                let step = self.automata.step(at);
                row[slot] = step.part().unwrap_or(part);
                if !self.grant_all(step, &mut row) || step.part().is_some() {
                    continue;
                }
                // Most moves are possible for the first state that has them, or for none.
                if targets.is_empty() {
                    targets = self.targets(slot, part);
                }
                if let Some(target) = targets[nth].take() {
                    self.make_target(at, slot, part, target);
                }
            }
        }
    }

    /// Whether all slots that a move asks grant it. Then they hold in `row` what they become.
    fn grant_all(&mut self, step: Step, row: &mut [u32]) -> bool {
        (0..self.automata.demands(step).len()).all(|nth| {
            let demand = self.automata.demands(step)[nth];
            let holder = &mut row[demand.slot as usize];
            let answer = self.compute_answer(demand, *holder);
            *holder = answer.unwrap_or(*holder);
            answer.is_some()
        })
    }

    /// The parts that the moves of a part lead to.
    fn targets(&self, slot: usize, part: u32) -> Vec<Option<P::Part>> {
        let mut moves = Vec::new();
        self.product.moves(slot, self.part(slot, part), &mut moves);
        moves.into_iter().map(|step| Some(step.part)).collect()
    }

    /// The moves that may start in a slot that holds this part; and if they are new, the parts that
    /// they lead to, as far as those are not made yet.
    fn compile(&mut self, slot: usize, part: u32) -> (Range<u32>, Vec<Option<P::Part>>) {
        if let Some(known) = self.automata.moves(slot, part) {
            return (known, Vec::new());
        }
        let mut moves = Vec::new();
        self.product.moves(slot, self.part(slot, part), &mut moves);
        // What is stale is judged by what a part really becomes.
        let makes_all = self.parts(slot) < FEW && self.stale.is_none();
        let mut steps = Vec::with_capacity(moves.len());
        let mut targets = Vec::with_capacity(moves.len());
        for Move { action, part: target, requests } in moves {
            let action = self.action_id(action);
            let mut demands = Vec::with_capacity(requests.len());
            for (slot, request) in requests {
                let request = self.request_id(slot, request);
                demands.push(Demand { slot: number(slot), request });
            }
            targets.push(Some(target));
            steps.push(Act { action, demands: demands.into() });
        }
        if let Some(journal) = &mut self.journal {
            journal.compiled.push((number(slot), part));
        }
        let places = self.automata.set_moves(slot, part, steps);
        for (at, target) in places.clone().zip(&mut targets) {
            let demands = self.automata.demands(self.automata.step(at));
            // A slot that asks itself answers with what the move leads to.
            let asks_itself = demands.iter().any(|demand| demand.slot as usize == slot);
            let is_made = demands.is_empty() || asks_itself || makes_all;
            if let Some(target) = target.take_if(|_| is_made) {
                self.make_target(at, slot, part, target);
            }
        }
        (places, targets)
    }

    /// Enters the part that a move leads to.
    fn make_target(&mut self, at: u32, slot: usize, part: u32, target: P::Part) {
        let (target, is_relieved) = self.normalized_id(slot, target);
        self.judge_step(slot, part, target);
        if let (true, Some(stale)) = (is_relieved, &mut self.stale) {
            stale.mark_step(at);
        }
        self.automata.set_target(at, target);
    }

    fn compute_answer(&mut self, demand: Demand, part: u32) -> Option<u32> {
        if let Ok(known) = self.automata.answer(demand, part) {
            return known;
        }
        let at = demand.slot as usize;
        let slot = &self.slots[at];
        let request = slot.requests.value(demand.request);
        let answer = self.product.answer(at, slot.parts.value(part), request);
        let answer = answer.map(|answer| {
            let (answer, is_relieved) = self.normalized_id(at, answer);
            self.judge_step(at, part, answer);
            if let (true, Some(stale)) = (is_relieved, &mut self.stale) {
                stale.mark_answer(at, demand.request, part);
            }
            answer
        });
        self.automata.set_answer(demand, part, answer);
        if let Some(journal) = &mut self.journal {
            journal.answered.push((demand.slot, part, demand.request));
        }
        answer
    }

    fn action_id(&mut self, action: P::Action) -> u32 {
        let known = self.actions.len();
        let id = self.actions.intern(action);
        if self.actions.len() > known {
            let action = self.actions.value(id);
            let label = match self.product.fairness(action) {
                Fairness::None => UNFAIR,
                fairness => {
                    let group = self.groups.intern((fairness, self.product.fairness_group(action)));
                    if self.groups.len() > self.constraints.len() {
                        self.constraints.push(fairness);
                    }
                    group
                }
            };
            self.labels.push(label);
        }
        id
    }

    /// The number of a request, if anybody ever made it of the slot.
    pub(crate) fn find_request(&self, slot: usize, request: &P::Request) -> Option<u32> {
        self.slots[slot].requests.find(request)
    }

    /// What is wrong with the equality of parts, requests or actions, if that came to light.
    pub(crate) fn flaw(&self) -> Option<&ModelError> {
        let slots = self.slots.iter();
        let values = slots.flat_map(|slot| [slot.parts.flaw(), slot.requests.flaw()]);
        values.chain([self.actions.flaw()]).flatten().next()
    }

    /// Memory held, as far as it can be seen from here.
    pub(crate) fn bytes(&self) -> u64 {
        let values = |slot: &Slot<P>| slot.parts.bytes() + slot.requests.bytes();
        self.slots.iter().map(values).sum::<u64>() + self.automata.bytes() + self.actions.bytes()
    }
}
