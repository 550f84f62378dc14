//! Counterexample replay: taking a path of the search again, on the product itself.
//!
//! Where [stale](crate::product::stale) requests are taken away, a path of the search leaves out the steps in
//! which they are taken in. Some of them have to be taken after all: a timer may not be due before. So
//! the run that is shown has those steps as well, wherever the next step is not possible without them;
//! and before a loop or at an end, all of them, so that the loop comes back to where it began, and the
//! end is one.

use crate::explore::state_space::NotReplayed;
use crate::product::{Fairness, Product, successors};
use crate::report::verdict::Counterexample;

/// How many times a loop may have to be taken before nothing stale is left that stood in its way.
const ROUNDS: usize = 16;

/// A step of a product, and where it leads.
type Step<P> = (<P as Product>::Action, Vec<<P as Product>::Part>);

/// A run of a product, on its way.
pub(crate) struct Run<'p, P: Product> {
    product: &'p P,
    start: Vec<P::Part>,
    pub(crate) steps: Vec<Step<P>>,
    /// Whether steps are left out that take in what is stale.
    skips_stale: bool,
}

impl<'p, P: Product> Run<'p, P> {
    pub(crate) fn new(product: &'p P, start: Vec<P::Part>, skips_stale: bool) -> Self {
        Run { product, start, steps: Vec::new(), skips_stale }
    }

    /// Where it has come to.
    pub(crate) fn state(&self) -> &Vec<P::Part> {
        self.state_after(self.steps.len())
    }

    fn state_after(&self, steps: usize) -> &Vec<P::Part> {
        match steps.checked_sub(1) {
            Some(last) => &self.steps[last].1,
            None => &self.start,
        }
    }

    /// Takes the first step that is wanted, after as few as possible that only take in what is stale.
    pub(crate) fn take(
        &mut self,
        mut is_wanted: impl FnMut(&P::Action, &Vec<P::Part>) -> bool,
    ) -> Result<(), NotReplayed> {
        let mut ways: Vec<Vec<Step<P>>> = vec![Vec::new()];
        let mut at = 0;
        while at < ways.len() {
            let way = ways[at].clone();
            let state = way.last().map_or(self.state(), |(_, state)| state);
            let mut found = successors(self.product, state);
            if let Some(step) = found.iter().position(|(action, next)| is_wanted(action, next)) {
                self.steps.extend(way);
                self.steps.push(found.swap_remove(step));
                return Ok(());
            }
            found.retain(|(action, next)| self.takes_in_stale(state, action, next));
            for (action, next) in found {
                let is_known =
                    |way: &Vec<Step<P>>| way.last().is_some_and(|(_, state)| *state == next);
                if !ways.iter().any(is_known) {
                    ways.push(way.iter().cloned().chain([(action, next)]).collect());
                }
            }
            at += 1;
        }
        Err(NotReplayed { step: self.steps.len() + 1 })
    }

    /// Takes in all that is stale and can be taken in.
    pub(crate) fn settle(&mut self) {
        loop {
            let state = self.state();
            let mut found = successors(self.product, state).into_iter();
            match found.find(|(action, next)| self.takes_in_stale(state, action, next)) {
                Some(step) => self.steps.push(step),
                None => return,
            }
        }
    }

    /// Goes on with a loop until it comes back to where it was before.
    pub(crate) fn close(
        mut self,
        mut go_round: impl FnMut(&mut Self) -> Result<(), NotReplayed>,
    ) -> Result<Counterexample<Vec<P::Part>, P::Action>, NotReplayed> {
        self.settle();
        for _ in 0..ROUNDS {
            let entry = self.steps.len();
            go_round(&mut self)?;
            if self.state() == self.state_after(entry) {
                return Ok(self.end(Some(entry)));
            }
        }
        Err(NotReplayed { step: self.steps.len() })
    }

    /// The run, as it is shown.
    pub(crate) fn end(
        self,
        repeats_from: Option<usize>,
    ) -> Counterexample<Vec<P::Part>, P::Action> {
        Counterexample { start: self.start, steps: self.steps, repeats_from }
    }

    /// Whether a step does nothing but take in something stale: no fault, and the same normal form.
    fn takes_in_stale(&self, state: &[P::Part], action: &P::Action, next: &[P::Part]) -> bool {
        let normalized = |slot: usize, part: &P::Part| {
            self.product.normalized(slot, part).unwrap_or_else(|| part.clone())
        };
        let is_kept = |(slot, (before, after)): (usize, (&P::Part, &P::Part))| {
            before == after || normalized(slot, before) == normalized(slot, after)
        };
        self.skips_stale
            && state != next
            && self.product.fairness(action) != Fairness::None
            && state.iter().zip(next).enumerate().all(is_kept)
    }
}
