//! What a stale request changes: nothing.
//!
//! A part and what it becomes when it grants a stale request are compared by what they do: their moves,
//! and their answers to all that the part was ever asked. Two parts count as *alike* if they are the same, if they
//! are the same once [normalized](Product::normalized), or if the same stale request makes one of the other.
//!
//! - What the part with the request can do, the part without it does too, with the same requests to others,
//!   and comes to something alike. Or else that is a move that leads to something like the part without the request:
//!   it takes it in, copies or loses it. Such a move asks nothing of others, unless nobody is obliged to make it:
//!   then it is a fault, and what it asks is [wasted](StaleAudit::wasted).
//! - What the part with the request grants, the part without it grants too, and becomes something alike. The
//!   other way round, the part with the request may refuse: somebody may have to wait until it is taken in.
//! - And it can be taken in, by moves that ask nothing of others and must happen.

use std::collections::HashSet;

use crate::product::{Fairness, Move, Product};

/// A request is taken in by no more steps than these.
const MOST_STEPS: usize = 1 << 10;

/// So many parts of a slot with stale requests are compared with what they become by one more.
const MOST_PARTS: usize = 64;

/// Compares the parts of one slot with and without stale requests.
pub(crate) struct StaleAudit<'p, P: Product> {
    product: &'p P,
    slot: usize,
    /// What is asked of other slots by moves that waste a stale request, if it was not seen before.
    pub(crate) wasted: Vec<(usize, P::Request)>,
    seen: HashSet<(usize, P::Request)>,
    /// How many more parts with stale requests are compared with what they become by one more.
    left: usize,
}

impl<'p, P: Product> StaleAudit<'p, P> {
    pub(crate) fn new(product: &'p P, slot: usize) -> Self {
        StaleAudit { product, slot, wasted: Vec::new(), seen: HashSet::new(), left: MOST_PARTS }
    }

    /// Why some of these requests, which is said to be stale for the part, is not. `answered` is what the part
    /// was ever asked.
    ///
    /// Parts with several stale requests are compared in the same way, as far as there are not too many.
    pub(crate) fn wrong_about(
        &mut self,
        part: &P::Part,
        requests: &[&P::Request],
        answered: &[&P::Request],
    ) -> Option<String> {
        let mut parts = vec![part.clone()];
        let mut at = 0;
        while let Some(part) = parts.get(at).cloned() {
            at += 1;
            let mut moves = None;
            let (product, slot) = (self.product, self.slot);
            let stale = requests.iter().filter(|request| product.is_stale(slot, &part, request));
            for request in stale {
                let moves = moves.get_or_insert_with(|| self.moves(&part));
                let with = product.answer(slot, &part, request);
                let wrong = match &with {
                    None => Some("is refused"),
                    Some(with) if *with == part => None,
                    Some(with) => self.difference(&part, with, request, moves, answered),
                };
                if let Some(wrong) = wrong {
                    return Some(format!(
                        "{request:?} is said to be stale, and {wrong} (slot {slot}: {part:?})"
                    ));
                }
                if let Some(with) = with.filter(|with| self.left > 0 && !parts.contains(with)) {
                    self.left -= 1;
                    parts.push(with);
                }
            }
        }
        None
    }

    /// What a stale request changes, if it changes anything.
    fn difference(
        &mut self,
        part: &P::Part,
        with: &P::Part,
        stale: &P::Request,
        moves: &[Move<P>],
        answered: &[&P::Request],
    ) -> Option<&'static str> {
        let normalized = self.normalized(with);
        if normalized != self.normalized(part) && normalized != *with {
            return Some("leaves something else");
        }
        for step in self.moves(with) {
            let is_it = |other: &Move<P>| {
                other.action == step.action
                    && other.requests == step.requests
                    && self.is_alike(&step.part, &other.part, stale)
            };
            if moves.iter().any(is_it) {
                continue;
            }
            let is_harmless =
                self.is_alike(&step.part, part, stale) || self.is_alike(&step.part, with, stale);
            if !is_harmless {
                return Some("is heeded");
            }
            if step.requests.is_empty() {
                continue;
            }
            if self.product.fairness(&step.action) != Fairness::None {
                return Some("is heeded");
            }
            for wasted in step.requests {
                if self.seen.insert(wasted.clone()) {
                    self.wasted.push(wasted);
                }
            }
        }
        for request in answered {
            let Some(given) = self.product.answer(self.slot, with, request) else { continue };
            match self.product.answer(self.slot, part, request) {
                Some(other) if self.is_alike(&given, &other, stale) => {}
                _ => return Some("changes an answer"),
            }
        }
        let is_left = normalized != *with && !self.is_taken_in(with, &normalized);
        is_left.then_some("cannot be taken in")
    }

    fn moves(&self, part: &P::Part) -> Vec<Move<P>> {
        let mut moves = Vec::new();
        self.product.moves(self.slot, part, &mut moves);
        moves
    }

    fn normalized(&self, part: &P::Part) -> P::Part {
        self.product.normalized(self.slot, part).unwrap_or_else(|| part.clone())
    }

    /// Whether one part is another, but for what is stale.
    fn is_alike(&self, with: &P::Part, without: &P::Part, stale: &P::Request) -> bool {
        with == without
            || self.normalized(with) == self.normalized(without)
            || (self.product.is_stale(self.slot, without, stale)
                && self.product.answer(self.slot, without, stale).as_ref() == Some(with))
    }

    /// Whether a part comes to another by moves that must happen, and do nothing else.
    fn is_taken_in(&self, with: &P::Part, part: &P::Part) -> bool {
        let mut at = with.clone();
        for _ in 0..MOST_STEPS {
            let does_nothing = |step: &Move<P>| {
                step.requests.is_empty()
                    && step.part != at
                    && self.product.fairness(&step.action) != Fairness::None
                    && self.normalized(&step.part) == *part
            };
            let Some(step) = self.moves(&at).into_iter().find(does_nothing) else { return false };
            if step.part == *part {
                return true;
            }
            at = step.part;
        }
        false
    }
}

/// Whether the first of each two parts of a slot can do nothing that the second cannot, now or ever after.
pub(crate) fn is_loss<P: Product>(
    product: &P,
    slot: usize,
    mut pairs: Vec<(P::Part, P::Part)>,
    requests: &[&P::Request],
) -> bool {
    let mut seen: HashSet<(P::Part, P::Part)> = pairs.iter().cloned().collect();
    let mut at = 0;
    while at < pairs.len() {
        let (less, more) = pairs[at].clone();
        at += 1;
        if less == more {
            continue;
        }
        let [mut possible, mut others] = [Vec::new(), Vec::new()];
        product.moves(slot, &less, &mut possible);
        product.moves(slot, &more, &mut others);
        let mut next = Vec::new();
        for step in possible {
            let is_it =
                |other: &&Move<P>| other.action == step.action && other.requests == step.requests;
            let Some(other) = others.iter().find(is_it) else { return false };
            next.push((step.part, other.part.clone()));
        }
        for request in requests {
            match (product.answer(slot, &less, request), product.answer(slot, &more, request)) {
                (None, _) => {}
                (Some(_), None) => return false,
                (Some(less), Some(more)) => next.push((less, more)),
            }
        }
        for pair in next {
            if seen.insert(pair.clone()) {
                pairs.push(pair);
            }
        }
    }
    true
}
