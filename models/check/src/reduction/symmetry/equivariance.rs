//! Equivariance: the proof that a declared symmetry is one.
//!
//! What is to be shown: for every state `s` that is reachable, up to renaming, and every generator `g`
//! of the group (a swap of two neighbours), the successors of `g s` are the successors of `s`, renamed by
//! `g`. Then a state and its images are bisimilar, and one of each orbit is enough. With initial states
//! that the generators keep, and conditions that say the same of all images, verdicts of the quotient are
//! verdicts of the model (Clarke, Emerson, Jha, Sistla 1998). The actions need not be renamed: what fairness
//! needs of their names is looked up on the images themselves ([unfolding](crate::explore::product::unfold)).
//!
//! # By parts
//!
//! A successor comes from a move of one part, and from answers of others, and each of those is computed
//! once, however many states share it. So most of the proof is about these alone. For every part whose
//! moves the search computes, all its *forms* are looked at: what sequences of generators make of it.
//!
//! - A move has a *counterpart* in what a generator makes of its part if it becomes a move there: one that
//!   leads to the renamed part and makes the renamed requests. The order of requests to different slots does
//!   not matter, since all must grant. A request to the starting slot is one to the part that the move leads to.
//! - A move is *matched* if it has a counterpart under every generator, and so have all its counterparts,
//!   and theirs. Otherwise all of these are *unmatched*: they may exist in some forms only.
//! - The answer to a request that the search asks, renamed, must be the answer of the renamed part to the
//!   renamed request; in all forms of the two.
//!
//! Let `s` be a visited state, `w` a sequence of generators, and `m` a matched move of the state `w s`. Going
//! back through `w`, it is the image of a move of `s`, whose answers were looked at in all forms. So `m` is
//! possible in `w s` just when that one is possible in `s`, and leads to its successor, renamed by `w`. Hence
//! the successors by matched moves are renamed as they should.
//!
//! # By states
//!
//! Unmatched moves do no harm where they lead to the same as another move does, like one that sends two
//! messages in another order; nor where they are never possible: a process can crash between the two, when
//! the one is sent and the other is not, but not if no crash is left in the fault budget. But in which forms
//! of a part they exist, and what they ask, was not looked at in general. So a visited state is looked at
//! in *all* its images if any part has unmatched moves in any form: whatever such a move leads to in an image
//! must, renamed by any generator, be a successor of the renamed image. Since generators undo
//! themselves, that is equality.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::product::memo::Tables;
use crate::product::{Move, Product, Swap, successors};
use crate::reduction::UnsoundReduction;
use crate::reduction::flaw::{self, Flaw};
use crate::reduction::symmetry::{Placed, Symmetry};

/// How far the proof has come.
pub(crate) struct Audit<P: Product> {
    /// How many compiled parts, and how many answers, were looked at.
    compiled: usize,
    answered: usize,
    seen: FxHashSet<Placed>,
    seen_answers: FxHashSet<(Placed, P::Request)>,
    /// The unmatched moves of parts. All forms of a part are here, or none.
    unmatched: FxHashMap<Placed, Vec<Move<P>>>,
}

impl<P: Product> Default for Audit<P> {
    fn default() -> Self {
        Audit {
            compiled: 0,
            answered: 0,
            seen: FxHashSet::default(),
            seen_answers: FxHashSet::default(),
            unmatched: FxHashMap::default(),
        }
    }
}

impl<P: Product> Audit<P> {
    /// Looks at all that is new in the tables. Returns what is wrong, if anything is.
    pub(crate) fn proceed(
        &mut self,
        tables: &Tables<'_, P>,
        symmetry: &Symmetry,
    ) -> Option<UnsoundReduction> {
        if let Some(objection) = symmetry.objection() {
            return Some(objection.clone());
        }
        let generators = symmetry.group().generators();
        while let Some(&part) = tables.compiled().get(self.compiled) {
            self.compiled += 1;
            if self.seen.insert(part) {
                self.audit_moves(tables, symmetry, &generators, part);
            }
        }
        while let Some(&(slot, part, request)) = tables.answered().get(self.answered) {
            self.answered += 1;
            let asked = ((slot, part), tables.request(slot as usize, request).clone());
            if !self.seen_answers.contains(&asked) {
                self.seen_answers.insert(asked.clone());
                if let Some(objection) = self.audit_answers(tables, symmetry, &generators, asked) {
                    return Some(objection);
                }
            }
        }
        None
    }

    /// Whether there are any.
    pub(crate) fn has_unmatched_moves(&self) -> bool {
        !self.unmatched.is_empty()
    }

    /// Why unmatched moves stand against the symmetry in a state, or in one that differs in names only.
    pub(crate) fn unmatched_move(
        &self,
        tables: &Tables<'_, P>,
        symmetry: &Symmetry,
        state: &[u32],
    ) -> Option<UnsoundReduction> {
        let is_concerned =
            |(slot, &part): (usize, &u32)| self.unmatched.contains_key(&(slot as u32, part));
        if !state.iter().enumerate().any(is_concerned) {
            return None;
        }
        let Some(renamings) = symmetry.few() else { return Some(UnsoundReduction::LargeGroup) };
        let renamings =
            if flaw::is_present(Flaw::LooksAtRepresentativeOnly) { 0 } else { renamings };
        let images = (0..renamings).map(|renaming| symmetry.rename(renaming, state));
        let mut images = [state.into()].into_iter().chain(images);
        images.find_map(|image| self.unmatched_move_of_image(tables, symmetry, &image))
    }

    fn unmatched_move_of_image(
        &self,
        tables: &Tables<'_, P>,
        symmetry: &Symmetry,
        image: &[u32],
    ) -> Option<UnsoundReduction> {
        let product = tables.product();
        let state = parts_of(tables, image);
        let mut possible = Vec::new();
        for (slot, &part) in image.iter().enumerate() {
            for step in self.unmatched.get(&(slot as u32, part)).into_iter().flatten() {
                if let Some(next) = take(product, &state, slot, step) {
                    possible.push((step, next));
                }
            }
        }
        if possible.is_empty() {
            return None;
        }
        symmetry.group().generators().into_iter().find_map(|position| {
            let swap = symmetry.group().swaps[position];
            let there = successors(product, &parts_of(tables, &symmetry.swap(position, image)));
            let is_missing = |(_, next): &&(&Move<P>, Vec<P::Part>)| {
                let renamed = rename(product, swap, next);
                there.iter().all(|(_, other)| *other != renamed)
            };
            let (step, _) = possible.iter().find(is_missing)?;
            Some(UnsoundReduction::Asymmetric(format!(
                "{:?} has no counterpart when things swap their names",
                step.action
            )))
        })
    }

    /// Compares the moves of all forms of a part.
    fn audit_moves(
        &mut self,
        tables: &Tables<'_, P>,
        symmetry: &Symmetry,
        generators: &[usize],
        part: Placed,
    ) {
        let mut forms = vec![part];
        let mut places = FxHashMap::from_iter([(part, 0)]);
        let mut moves: Vec<Vec<Move<P>>> = Vec::new();
        while let Some(&form) = forms.get(moves.len()) {
            moves.push(moves_of(tables, form));
            for &swap in generators {
                let image = symmetry.swap_part(swap, form);
                if self.seen.insert(image) {
                    places.insert(image, forms.len());
                    forms.push(image);
                }
            }
        }
        // By form and move, its counterparts, and those that it is one of.
        let mut related: Vec<Vec<Vec<(usize, usize)>>> =
            moves.iter().map(|moves| vec![Vec::new(); moves.len()]).collect();
        let mut unmatched = Vec::new();
        for (at, &form) in forms.iter().enumerate() {
            for &swap in generators {
                let there = places[&symmetry.swap_part(swap, form)];
                let counterparts =
                    counterparts(tables, symmetry, swap, form, &moves[at], &moves[there]);
                for (step, counterpart) in counterparts.into_iter().enumerate() {
                    match counterpart {
                        Some(other) => {
                            related[at][step].push((there, other));
                            related[there][other].push((at, step));
                        }
                        None => unmatched.push((at, step)),
                    }
                }
            }
        }
        if unmatched.is_empty() {
            return;
        }
        let mut is_unmatched = FxHashSet::from_iter(unmatched.iter().copied());
        while let Some((at, step)) = unmatched.pop() {
            let news = related[at][step].iter().filter(|&&other| is_unmatched.insert(other));
            unmatched.extend(news);
        }
        for (at, &form) in forms.iter().enumerate() {
            let steps = (0..moves[at].len()).filter(|&step| is_unmatched.contains(&(at, step)));
            let steps: Vec<Move<P>> = steps.map(|step| moves[at][step].clone()).collect();
            self.unmatched.insert(form, steps);
        }
    }

    fn audit_answers(
        &mut self,
        tables: &Tables<'_, P>,
        symmetry: &Symmetry,
        generators: &[usize],
        asked: (Placed, P::Request),
    ) -> Option<UnsoundReduction> {
        let product = tables.product();
        let answer_of = |(form, request): &(Placed, P::Request)| {
            product.answer(form.0 as usize, part_of(tables, *form), request)
        };
        let answer = answer_of(&asked);
        let mut forms = vec![(asked, answer)];
        let mut found = 1;
        while let Some(((form, request), answer)) = forms.pop() {
            let slot = form.0 as usize;
            for &position in generators {
                let swap = symmetry.group().swaps[position];
                let image = symmetry.swap_part(position, form);
                let asked = (image, product.swap_request(swap, &request));
                let Swap { set, one, other } = swap;
                if product.swap_request(swap, &asked.1) != request {
                    return Some(UnsoundReduction::Asymmetric(format!(
                        "swapping {one} and {other} of set {set} twice changes {request:?}"
                    )));
                }
                let expected = answer.as_ref().map(|part| product.swap(swap, slot, part).1);
                let given = answer_of(&asked);
                if given != expected && !flaw::is_present(Flaw::TrustsAnswers) {
                    return Some(UnsoundReduction::Asymmetric(format!(
                        "swapping {one} and {other} of set {set} does not keep the answer to \
                         {request:?} (slot {slot}: {:?})",
                        part_of(tables, form),
                    )));
                }
                if !self.seen_answers.contains(&asked) {
                    found += 1;
                    if let Some(objection) = symmetry.too_many_forms(found, || {
                        format!("swaps make more of {request:?} than there are renamings")
                    }) {
                        return Some(objection);
                    }
                    self.seen_answers.insert(asked.clone());
                    forms.push((asked, given));
                }
            }
        }
        None
    }
}

fn part_of<'a, P: Product>(tables: &'a Tables<'_, P>, placed: Placed) -> &'a P::Part {
    tables.part(placed.0 as usize, placed.1)
}

fn parts_of<P: Product>(tables: &Tables<'_, P>, state: &[u32]) -> Vec<P::Part> {
    let slots = state.iter().enumerate();
    slots.map(|(slot, &part)| tables.part(slot, part).clone()).collect()
}

/// What a swap makes of a state.
fn rename<P: Product>(product: &P, swap: Swap, state: &[P::Part]) -> Vec<P::Part> {
    let mut renamed = state.to_vec();
    for (slot, part) in state.iter().enumerate() {
        let (slot, part) = product.swap(swap, slot, part);
        renamed[slot] = part;
    }
    renamed
}

/// Where a move leads; `None` if it is not possible.
fn take<P: Product>(
    product: &P,
    state: &[P::Part],
    slot: usize,
    step: &Move<P>,
) -> Option<Vec<P::Part>> {
    // Most are not possible, so nothing is copied before that is known.
    let mut changed: Vec<(usize, P::Part)> = vec![(slot, step.part.clone())];
    for (slot, request) in &step.requests {
        let at = changed.iter().position(|(changed, _)| changed == slot);
        let part = at.map_or(&state[*slot], |at| &changed[at].1);
        let answer = product.answer(*slot, part, request)?;
        match at {
            Some(at) => changed[at].1 = answer,
            None => changed.push((*slot, answer)),
        }
    }
    let mut next = state.to_vec();
    for (slot, part) in changed {
        next[slot] = part;
    }
    Some(next)
}

/// The moves of a part, each with its requests in an order that all renamings agree on. Requests to
/// one slot keep theirs.
fn moves_of<P: Product>(tables: &Tables<'_, P>, form: Placed) -> Vec<Move<P>> {
    let mut moves = Vec::new();
    tables.product().moves(form.0 as usize, part_of(tables, form), &mut moves);
    for step in &mut moves {
        step.requests.sort_by_key(|(slot, _)| *slot);
    }
    moves
}

/// For each move of a part, the place of its counterpart among the moves of the part's image. No move
/// is the counterpart of two.
fn counterparts<P: Product>(
    tables: &Tables<'_, P>,
    symmetry: &Symmetry,
    swap: usize,
    form: Placed,
    moves: &[Move<P>],
    others: &[Move<P>],
) -> Vec<Option<usize>> {
    let product = tables.product();
    let declared = symmetry.group().swaps[swap];
    let mut is_taken = vec![false; others.len()];
    let counterpart = |step: &Move<P>| {
        let part = product.swap(declared, form.0 as usize, &step.part).1;
        let mut asks = Vec::with_capacity(step.requests.len());
        for (slot, request) in &step.requests {
            let renamed = product.swap_request(declared, request);
            if product.swap_request(declared, &renamed) != *request {
                return None;
            }
            asks.push((symmetry.swap_slot(swap, *slot), renamed));
        }
        asks.sort_by_key(|(slot, _)| *slot);
        let is_it = |(at, other): (usize, &Move<P>)| {
            !is_taken[at] && other.part == part && other.requests == asks
        };
        let found = others.iter().enumerate().position(is_it)?;
        is_taken[found] = true;
        Some(found)
    };
    moves.iter().map(counterpart).collect()
}
