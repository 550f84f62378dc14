//! The moves and answers of a product, each computed once.
//!
//! A product says what one slot can do, and what it answers, as functions of one part. Here they turn
//! into tables of small numbers, filled on demand: the first state that needs an entry causes a call
//! of the model, and all later states share it.

use std::fmt::Debug;

use super::intern::Interner;
use super::packing::Layout;
use super::product::{Fairness, Move, Product};
use super::rows::Row;

/// The label of an action without fairness.
pub(super) const UNFAIR: u32 = u32::MAX;

const UNKNOWN: u32 = u32::MAX;
const REFUSED: u32 = u32::MAX - 1;
const NOT_COMPILED: (u32, u32) = (u32::MAX, u32::MAX);

/// A move in numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) action: u32,
    pub(super) part: u32,
    demands: (u32, u32),
}

/// A request in numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand {
    pub(super) slot: u32,
    request: u32,
}

/// The tables lack an entry that the state at hand needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Missing;

struct Slot<P: Product> {
    parts: Interner<P::Part>,
    moves: Vec<(u32, u32)>,
    /// For each part, whether it is said to be private, and those that are.
    private: Vec<bool>,
    privates: Vec<u32>,
    requests: Interner<P::Request>,
    answers: Vec<Vec<u32>>,
}

/// All that is known of a product so far.
pub(super) struct Tables<'p, P: Product> {
    product: &'p P,
    slots: Vec<Slot<P>>,
    actions: Interner<P::Action>,
    labels: Vec<u32>,
    constraints: Vec<Fairness>,
    steps: Vec<Step>,
    demands: Vec<Demand>,
    /// Whether parts that are said to be private are tried with every request.
    audits: bool,
    /// Why a part that is said to be private is not, if there is one.
    breach: Option<String>,
    journal: Option<Journal>,
}

/// What was computed, in order, for those who want to look at it again.
#[derive(Debug, Default)]
struct Journal {
    compiled: Vec<(u32, u32)>,
    answered: Vec<(u32, u32, u32)>,
}

impl<'p, P: Product> Tables<'p, P> {
    pub(super) fn new(product: &'p P, width: usize) -> Self {
        let slots = std::iter::repeat_with(|| Slot {
            parts: Interner::default(),
            moves: Vec::new(),
            private: Vec::new(),
            privates: Vec::new(),
            requests: Interner::default(),
            answers: Vec::new(),
        });
        Tables {
            product,
            slots: slots.take(width).collect(),
            actions: Interner::default(),
            labels: Vec::new(),
            constraints: Vec::new(),
            steps: Vec::new(),
            demands: Vec::new(),
            audits: false,
            breach: None,
            journal: None,
        }
    }

    pub(super) fn product(&self) -> &'p P {
        self.product
    }

    /// The number of a part in its slot.
    pub(super) fn part_id(&mut self, slot: usize, part: P::Part) -> u32 {
        let at = slot;
        let slot = &mut self.slots[at];
        let id = slot.parts.intern(part);
        if slot.moves.len() < slot.parts.len() {
            slot.moves.push(NOT_COMPILED);
            let is_private = self.product.is_private(at, slot.parts.value(id));
            slot.private.push(is_private);
            slot.answers.push(Vec::new());
            if is_private {
                slot.privates.push(id);
                for request in 0..slot.requests.len() {
                    self.audit(at, id, number(request));
                }
            }
        }
        id
    }

    /// From now on, tries every part that is said to be private with every request that anybody may
    /// make of its slot. It is not enough to look at those that are made: a search that trusts the
    /// word of the part does not come to the states where it would be broken.
    pub(super) fn audit_privacy(&mut self) {
        self.audits = true;
    }

    /// From now on, keeps a record of what is computed.
    pub(super) fn keep_journal(&mut self) {
        self.journal = Some(Journal::default());
    }

    /// The slots and parts whose moves were computed, in order, if a journal is kept.
    pub(super) fn compiled(&self) -> &[(u32, u32)] {
        self.journal.as_ref().map_or(&[], |journal| &journal.compiled)
    }

    /// The slots, parts and requests whose answers were computed, in order, if a journal is kept.
    pub(super) fn answered(&self) -> &[(u32, u32, u32)] {
        self.journal.as_ref().map_or(&[], |journal| &journal.answered)
    }

    /// A request to a slot, by its number.
    pub(super) fn request(&self, slot: usize, request: u32) -> &P::Request {
        self.slots[slot].requests.value(request)
    }

    /// How many parts a slot has had so far.
    pub(super) fn parts(&self, slot: usize) -> usize {
        self.slots[slot].parts.len()
    }

    fn audit(&mut self, slot: usize, part: u32, request: u32) {
        if !self.audits || self.breach.is_some() {
            return;
        }
        let (request, part) = (self.request(slot, request), self.part(slot, part));
        if self.product.answer(slot, part, request).is_some() {
            self.breach = Some(granted(slot, part, request));
        }
    }

    fn request_id(&mut self, at: usize, request: P::Request) -> u32 {
        let slot = &mut self.slots[at];
        let known = slot.requests.len();
        let id = slot.requests.intern(request);
        if slot.requests.len() > known {
            for private in 0..slot.privates.len() {
                self.audit(at, self.slots[at].privates[private], id);
            }
        }
        id
    }

    pub(super) fn part(&self, slot: usize, id: u32) -> &P::Part {
        self.slots[slot].parts.value(id)
    }

    pub(super) fn action(&self, id: u32) -> &P::Action {
        self.actions.value(id)
    }

    pub(super) fn find_action(&self, action: &P::Action) -> Option<u32> {
        self.actions.find(action)
    }

    pub(super) fn actions(&self) -> usize {
        self.actions.len()
    }

    /// The fairness constraint that taking this action meets, or [`UNFAIR`].
    pub(super) fn label(&self, action: u32) -> u32 {
        self.labels[action as usize]
    }

    pub(super) fn constraints(&self) -> &[Fairness] {
        &self.constraints
    }

    /// How many parts each slot has had so far.
    pub(super) fn sizes(&self) -> impl Iterator<Item = usize> + '_ {
        self.slots.iter().map(|slot| slot.parts.len())
    }

    /// The moves that may start in a slot that holds this part.
    #[inline]
    pub(super) fn steps(&self, slot: usize, part: u32) -> Result<&[Step], Missing> {
        match self.slots[slot].moves[part as usize] {
            NOT_COMPILED => Err(Missing),
            (from, to) => Ok(&self.steps[from as usize..to as usize]),
        }
    }

    #[inline]
    pub(super) fn demands(&self, step: Step) -> &[Demand] {
        &self.demands[step.demands.0 as usize..step.demands.1 as usize]
    }

    /// Whether the slot keeps to itself while it holds this part.
    #[inline]
    pub(super) fn is_private(&self, slot: usize, part: u32) -> bool {
        self.slots[slot].private[part as usize]
    }

    /// Whether any part so far is private.
    pub(super) fn has_privacy(&self) -> bool {
        self.slots.iter().any(|slot| !slot.privates.is_empty())
    }

    /// Why a part that is said to be private is not, if there is one.
    pub(super) fn breach(&self) -> Option<&str> {
        self.breach.as_deref()
    }

    /// What the slot becomes when it grants the demand; `None` when it refuses.
    #[inline]
    pub(super) fn answer(&self, demand: Demand, part: u32) -> Result<Option<u32>, Missing> {
        let answers = &self.slots[demand.slot as usize].answers[part as usize];
        match answers.get(demand.request as usize) {
            None | Some(&UNKNOWN) => Err(Missing),
            Some(&REFUSED) => Ok(None),
            Some(&part) => Ok(Some(part)),
        }
    }

    /// Computes every entry that a state needs.
    pub(super) fn fill(&mut self, state: &[u32]) {
        let mut row = state.to_vec();
        for slot in 0..state.len() {
            let (from, to) = self.compile(slot, state[slot]);
            for at in from..to {
                let step = self.steps[at as usize];
                row.copy_from_slice(state);
                row[slot] = step.part;
                for at in step.demands.0..step.demands.1 {
                    let demand = self.demands[at as usize];
                    let holder = &mut row[demand.slot as usize];
                    match self.compute_answer(demand, *holder) {
                        Some(part) => *holder = part,
                        None => break,
                    }
                }
            }
        }
    }

    fn compile(&mut self, slot: usize, part: u32) -> (u32, u32) {
        let known = self.slots[slot].moves[part as usize];
        if known != NOT_COMPILED {
            return known;
        }
        let mut moves = Vec::new();
        self.product.moves(slot, self.part(slot, part), &mut moves);
        let compiled = part;
        let from = number(self.steps.len());
        for Move { action, part, requests } in moves {
            let action = self.action_id(action);
            let part = self.part_id(slot, part);
            let first = number(self.demands.len());
            for (slot, request) in requests {
                let request = self.request_id(slot, request);
                self.demands.push(Demand { slot: number(slot), request });
            }
            let demands = (first, number(self.demands.len()));
            if self.is_private(slot, compiled) && demands.0 < demands.1 {
                self.breach = Some(format!(
                    "slot {slot} is said to be private, but makes requests: {:?}",
                    self.part(slot, compiled)
                ));
            }
            self.steps.push(Step { action, part, demands });
        }
        let range = (from, number(self.steps.len()));
        self.slots[slot].moves[compiled as usize] = range;
        if let Some(journal) = &mut self.journal {
            journal.compiled.push((number(slot), compiled));
        }
        range
    }

    fn compute_answer(&mut self, demand: Demand, part: u32) -> Option<u32> {
        if let Ok(known) = self.answer(demand, part) {
            return known;
        }
        let at = demand.slot as usize;
        let slot = &self.slots[at];
        let request = slot.requests.value(demand.request);
        let answer = self.product.answer(at, slot.parts.value(part), request);
        if answer.is_some() && self.is_private(at, part) {
            self.breach = Some(granted(at, slot.parts.value(part), request));
        }
        let answer = answer.map(|part| self.part_id(at, part));
        let answers = &mut self.slots[at].answers[part as usize];
        let request = demand.request as usize;
        if answers.len() <= request {
            answers.resize(request + 1, UNKNOWN);
        }
        answers[request] = answer.unwrap_or(REFUSED);
        if let Some(journal) = &mut self.journal {
            journal.answered.push((demand.slot, part, demand.request));
        }
        answer
    }

    fn action_id(&mut self, action: P::Action) -> u32 {
        let fairness = self.product.fairness(&action);
        let id = self.actions.intern(action);
        if self.labels.len() < self.actions.len() {
            self.labels.push(match fairness {
                Fairness::None => UNFAIR,
                _ => number(self.constraints.len()),
            });
            if fairness != Fairness::None {
                self.constraints.push(fairness);
            }
        }
        id
    }

    /// Hands out the packed successors of a packed state, each with its action, in the order of slots
    /// and moves.
    ///
    /// # Errors
    /// When an entry is missing. What was handed out until then is of no use.
    #[inline]
    pub(super) fn successors<R: Row>(
        &self,
        layout: &Layout,
        row: &R,
        mut found: impl FnMut(u32, &R),
    ) -> Result<(), Missing> {
        for (slot, field) in layout.fields().iter().enumerate() {
            'steps: for &step in self.steps(slot, field.read(row.as_ref()))? {
                let mut next = row.clone();
                field.write(next.as_mut(), step.part);
                for &demand in self.demands(step) {
                    let field = layout.field(demand.slot as usize);
                    match self.answer(demand, field.read(next.as_ref()))? {
                        Some(part) => field.write(next.as_mut(), part),
                        None => continue 'steps,
                    }
                }
                found(step.action, &next);
            }
        }
        Ok(())
    }

    /// The same for the moves of one slot that makes no requests.
    ///
    /// # Errors
    /// When an entry is missing.
    #[inline]
    pub(super) fn local_successors<R: Row>(
        &self,
        layout: &Layout,
        slot: usize,
        row: &R,
        found: &mut impl FnMut(u32, &R),
    ) -> Result<(), Missing> {
        let field = layout.field(slot);
        for &step in self.steps(slot, field.read(row.as_ref()))? {
            let mut next = row.clone();
            field.write(next.as_mut(), step.part);
            found(step.action, &next);
        }
        Ok(())
    }

    /// Memory held, as far as it can be seen from here.
    pub(super) fn bytes(&self) -> u64 {
        let slots: u64 = self
            .slots
            .iter()
            .map(|slot| {
                let answers: usize = slot.answers.iter().map(Vec::capacity).sum();
                slot.parts.bytes()
                    + slot.requests.bytes()
                    + (slot.moves.capacity() * 8 + answers * 4) as u64
            })
            .sum();
        slots
            + self.actions.bytes()
            + (self.steps.capacity() * size_of::<Step>()
                + self.demands.capacity() * size_of::<Demand>()) as u64
    }
}

fn granted(slot: usize, part: &impl Debug, request: &impl Debug) -> String {
    format!("slot {slot} is said to be private, but grants {request:?}: {part:?}")
}

fn number(value: usize) -> u32 {
    u32::try_from(value).expect("fewer than 2^32 moves and requests")
}
