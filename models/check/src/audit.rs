//! The proof that a declared symmetry is one.
//!
//! Swapping two things must turn the successors of a state into the successors of the new state. A
//! successor comes from a move of one part, and from answers of others, and each of those is computed
//! once, however many states share it. So it is enough to look at them:
//!
//! - The moves of a part, renamed, are the moves of the renamed part, and ask the same of others. The
//!   order in which they ask different slots does not matter: all of them must grant.
//! - The answer to a request, renamed, is the answer of the renamed part to the renamed request.
//!
//! That is compared for every part and every answer that the search uses, under every renaming. So it
//! is a proof, not a test, and it costs no more than the tables do.
//!
//! A move without a counterpart is *lonely*. It does no harm where it leads to the same as another move
//! does, like one that sends two messages in another order; nor where it is never possible: a process
//! can crash between the two, when the one is sent and the other is not, but not if no crash is left in
//! the fault budget. So states with lonely moves are looked at one by one.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::product::{Move, Product, Swap, successors};
use crate::symmetry::{Placed, Symmetry};
use crate::tables::Tables;

/// How far the proof has come.
pub(crate) struct Audit<P: Product> {
    /// How many compiled parts, and how many answers, were looked at.
    compiled: usize,
    answered: usize,
    seen: FxHashSet<Placed>,
    seen_answers: FxHashSet<(Placed, P::Request)>,
    lonely: FxHashMap<Placed, Vec<Move<P>>>,
}

impl<P: Product> Default for Audit<P> {
    fn default() -> Self {
        Audit {
            compiled: 0,
            answered: 0,
            seen: FxHashSet::default(),
            seen_answers: FxHashSet::default(),
            lonely: FxHashMap::default(),
        }
    }
}

impl<P: Product> Audit<P> {
    /// Looks at all that is new in the tables. Returns what is wrong, if anything is.
    pub(crate) fn proceed(
        &mut self,
        tables: &Tables<'_, P>,
        symmetry: &Symmetry,
    ) -> Option<String> {
        if let Some(objection) = symmetry.objection() {
            return Some(objection.to_owned());
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
    pub(crate) fn has_lonely_moves(&self) -> bool {
        !self.lonely.is_empty()
    }

    /// A lonely move that stands against the symmetry in a state, or in one that differs in names only.
    pub(crate) fn lonely_move(
        &self,
        tables: &Tables<'_, P>,
        symmetry: &Symmetry,
        state: &[u32],
    ) -> Option<String> {
        let is_concerned =
            |(slot, &part): (usize, &u32)| self.lonely.contains_key(&(slot as u32, part));
        if !state.iter().enumerate().any(is_concerned) {
            return None;
        }
        let Some(renamings) = symmetry.few() else {
            return Some(String::from("a move has no counterpart, and there are many renamings"));
        };
        let images = (0..renamings).map(|renaming| symmetry.rename(renaming, state));
        [state.into()].into_iter().chain(images).find_map(|image| {
            (0..image.len()).find_map(|slot| {
                let mut lonely = self.lonely.get(&(slot as u32, image[slot]))?.iter();
                let step =
                    lonely.find(|step| !has_likeness(tables, symmetry, &image, slot, step))?;
                Some(format!("{:?} has no counterpart when things swap their names", step.action))
            })
        })
    }

    /// Compares the moves of all forms of a part. A swap undoes itself, so two forms that it turns into
    /// each other are compared once, and each has the moves that the other lacks.
    fn audit_moves(
        &mut self,
        tables: &Tables<'_, P>,
        symmetry: &Symmetry,
        generators: &[usize],
        part: Placed,
    ) {
        let mut forms = vec![part];
        let mut moves: Vec<Vec<Move<P>>> = Vec::new();
        let mut places = FxHashMap::from_iter([(part, 0)]);
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
        for (at, &form) in forms.iter().enumerate() {
            for &swap in generators {
                let image = symmetry.swap_part(swap, form);
                let there = places[&image];
                if there < at {
                    continue;
                }
                let (here, there) = (&moves[at], &moves[there]);
                let (lonely, others) =
                    without_counterpart(tables, symmetry, swap, form, here, there);
                for (form, lonely) in [(form, lonely), (image, others)] {
                    if !lonely.is_empty() {
                        self.lonely.entry(form).or_default().extend(lonely.into_iter().cloned());
                    }
                }
            }
        }
    }

    fn audit_answers(
        &mut self,
        tables: &Tables<'_, P>,
        symmetry: &Symmetry,
        generators: &[usize],
        asked: (Placed, P::Request),
    ) -> Option<String> {
        let product = tables.product();
        let answer_of = |(form, request): &(Placed, P::Request)| {
            product.answer(form.0 as usize, part_of(tables, *form), request)
        };
        let answer = answer_of(&asked);
        let mut forms = vec![(asked, answer)];
        while let Some(((form, request), answer)) = forms.pop() {
            let slot = form.0 as usize;
            for &position in generators {
                let swap = symmetry.group().swaps[position];
                let image = symmetry.swap_part(position, form);
                let asked = (image, product.swap_request(swap, &request));
                let expected = answer.as_ref().map(|part| product.swap(swap, slot, part).1);
                let given = answer_of(&asked);
                if given != expected {
                    let Swap { set, one, other } = swap;
                    return Some(format!(
                        "swapping {one} and {other} of set {set} does not keep the answer to \
                         {request:?} (slot {slot}: {:?})",
                        part_of(tables, form),
                    ));
                }
                if !self.seen_answers.contains(&asked) {
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

/// Those moves of a part that, renamed, are no moves of its image, and those of its image that none of
/// them becomes.
fn without_counterpart<'a, P: Product>(
    tables: &Tables<'_, P>,
    symmetry: &Symmetry,
    swap: usize,
    form: Placed,
    moves: &'a [Move<P>],
    others: &'a [Move<P>],
) -> (Vec<&'a Move<P>>, Vec<&'a Move<P>>) {
    let product = tables.product();
    let declared = symmetry.group().swaps[swap];
    let mut lonely = Vec::new();
    let mut others: Vec<&Move<P>> = others.iter().collect();
    for step in moves {
        let part = product.swap(declared, form.0 as usize, &step.part).1;
        let asks = step.requests.iter().map(|(slot, request)| {
            (symmetry.swap_slot(swap, *slot), product.swap_request(declared, request))
        });
        let mut asks: Vec<(usize, P::Request)> = asks.collect();
        asks.sort_by_key(|(slot, _)| *slot);
        match others.iter().position(|other| other.part == part && other.requests == asks) {
            Some(at) => drop(others.remove(at)),
            None => lonely.push(step),
        }
    }
    (lonely, others)
}

/// Whether a move is not possible in a state, or leads to the same as some move does in every state
/// with two things swapped.
fn has_likeness<P: Product>(
    tables: &Tables<'_, P>,
    symmetry: &Symmetry,
    state: &[u32],
    slot: usize,
    step: &Move<P>,
) -> bool {
    let parts = |state: &[u32]| -> Vec<P::Part> {
        let slots = state.iter().enumerate();
        slots.map(|(slot, &part)| tables.part(slot, part).clone()).collect()
    };
    let mut next = parts(state);
    next[slot] = step.part.clone();
    for (slot, request) in &step.requests {
        match tables.product().answer(*slot, &next[*slot], request) {
            Some(part) => next[*slot] = part,
            None => return true,
        }
    }
    symmetry.group().generators().into_iter().all(|position| {
        let swap = symmetry.group().swaps[position];
        let mut image = next.clone();
        for (slot, part) in next.iter().enumerate() {
            let (slot, part) = tables.product().swap(swap, slot, part);
            image[slot] = part;
        }
        let there = successors(tables.product(), &parts(&symmetry.swap(position, state)));
        there.iter().any(|(_, other)| *other == image)
    })
}
