//! What fairness needs of a search up to symmetry.
//!
//! Fairness is to every single action: it is not fair to the second workflow that the first one got
//! its answer. Where one state stands for several that differ in names only, that cannot be told any
//! more, because a path may come back to the same state with the names exchanged. (Emerson and Sistla
//! 1997 annotate the quotient with the exchanges instead; this is the same idea, applied where it
//! matters.)
//!
//! But only loops raise that question. What can be pending, and where paths end, is the same with and
//! without names; and every loop of the whole space is one of the quotient. So the states are taken
//! apart again, each into all that it stands for, in those strongly connected sets of the quotient in
//! which an obligation can stay pending: usually few, since processes that go on make something that
//! cannot be taken back. In that *unfolded* part of the space, every action has its own name.

use smallvec::SmallVec;

use crate::explore::product::ProductSpace;
use crate::explore::product::replay::Run;
use crate::explore::state_space::{NotReplayed, Space};
use crate::graph::record::{Edge, Edges};
use crate::graph::unfolded::{Unfolded, UnfoldedLasso};
use crate::limits::Limit;
use crate::limits::analysis_budget::AnalysisBudget;
use crate::product::Product;
use crate::report::verdict::Counterexample;
use crate::store::chunked::Bits;
use crate::store::intern::Interner;
use crate::store::layout::Layout;
use crate::store::state_vectors::Ids;

impl<P: Product> ProductSpace<'_, P> {
    /// Takes states apart into all that they stand for.
    ///
    /// # Errors
    /// The limit that was reached meanwhile.
    pub(crate) fn unfold_states(
        &mut self,
        states: &[u32],
        budget: &AnalysisBudget<'_>,
    ) -> Result<Unfolded, Limit> {
        let mut unfolded = Unfolded {
            states: Interner::default(),
            origins: Vec::new(),
            edges: Edges::new(),
            ends: Bits::default(),
        };
        let generators = self.generators();
        for (from, &state) in (0..).zip(states) {
            self.layout.unpack(self.rows.get_any(state as usize), &mut self.ids);
            let known = unfolded.states.len();
            let mut at = unfolded.states.intern(Ids::from_slice(&self.ids));
            if (at as usize) < known {
                continue;
            }
            while (at as usize) < unfolded.states.len() {
                budget.go_on_holding(|| unfolded.bytes())?;
                unfolded.origins.push(from);
                self.tables.fill(unfolded.states.value(at));
                self.swap_all(&generators, &mut unfolded.states, at, |_| {});
                at += 1;
            }
        }
        let layout = Layout::new(self.tables.sizes());
        let elsewhere = unfolded.states.len() as u32;
        let mut row: SmallVec<[u64; 16]> = SmallVec::from_elem(0, layout.words());
        for number in 0..elsewhere {
            budget.go_on_holding(|| unfolded.bytes())?;
            layout.pack(unfolded.states.value(number), &mut row);
            let Unfolded { states, edges, .. } = &mut unfolded;
            let found = self.tables.automata().successors(&layout, &row, |action, next| {
                let next: Ids = layout.fields().iter().map(|field| field.read(next)).collect();
                let target = states.find(&next).unwrap_or(elsewhere);
                edges.push(Edge { label: self.tables.label(action), target });
            });
            debug_assert!(found.is_ok(), "the tables are filled");
            edges.close();
        }
        Ok(unfolded)
    }

    /// Swaps, by position, that together make every renaming.
    fn generators(&self) -> Vec<usize> {
        self.symmetry.as_ref().map_or(Vec::new(), |symmetry| symmetry.group().generators())
    }

    /// Adds what these swaps make of the state number `at`. `added` is told the swap that made each
    /// state that was not there.
    fn swap_all(
        &self,
        swaps: &[usize],
        forms: &mut Interner<Ids>,
        at: u32,
        mut added: impl FnMut(usize),
    ) {
        let Some(symmetry) = &self.symmetry else { return };
        for &swap in swaps {
            let known = forms.len();
            forms.intern(symmetry.swap(swap, forms.value(at)));
            if forms.len() > known {
                added(swap);
            }
        }
    }

    /// The swaps that lead from one state to another; `None` if they differ in more than names.
    fn renaming(&self, state: Ids, wanted: &Ids) -> Option<Vec<usize>> {
        let generators = self.generators();
        let mut forms = Interner::default();
        let mut at = forms.intern(state);
        // For each form but the first, which one it came from, and by which swap.
        let mut origins: Vec<(u32, usize)> = Vec::new();
        loop {
            if let Some(mut form) = forms.find(wanted) {
                let mut swaps = Vec::new();
                while form > 0 {
                    let (from, swap) = origins[form as usize - 1];
                    swaps.push(swap);
                    form = from;
                }
                swaps.reverse();
                return Some(swaps);
            }
            if at as usize == forms.len() {
                return None;
            }
            self.swap_all(&generators, &mut forms, at, |swap| origins.push((at, swap)));
            at += 1;
        }
    }

    /// Takes a lasso on the product itself.
    pub(crate) fn replay_unfolded(
        &mut self,
        lasso: &UnfoldedLasso,
    ) -> Result<Counterexample<Vec<P::Part>, P::Action>, NotReplayed> {
        let stem = self.replay(&lasso.stem)?;
        let last = stem.steps.last().map_or(&stem.start, |(_, state)| state);
        let last = self.ids_of(last);
        let step = stem.steps.len();
        // The stem may have come to another of the states that the last one stands for.
        let renaming = self.renaming(last, &lasso.entry).ok_or(NotReplayed { step })?;
        let rename = |state: &Vec<P::Part>| {
            renaming.iter().fold(state.clone(), |state, &swap| self.swapped(swap, &state))
        };
        let mut run = Run::new(self.product, rename(&stem.start), self.tables.stale.is_some());
        for (_, wanted) in &stem.steps {
            let wanted = rename(wanted);
            run.take(|_, next| *next == wanted)?;
        }
        run.close(|run| {
            lasso.cycle.iter().try_for_each(|(label, wanted)| {
                run.take(|action, next| {
                    self.carries(action, Some(*label)) && self.ids_of(next) == *wanted
                })
            })
        })
    }

    fn ids_of(&mut self, parts: &[P::Part]) -> Ids {
        let slots = parts.iter().enumerate();
        let ids = slots.map(|(slot, part)| self.tables.part_id(slot, part.clone())).collect();
        self.extend_symmetry_tables();
        ids
    }

    /// What a swap makes of a state.
    fn swapped(&self, swap: usize, state: &[P::Part]) -> Vec<P::Part> {
        let Some(symmetry) = &self.symmetry else { return state.to_vec() };
        let mut swapped = state.to_vec();
        for (slot, part) in state.iter().enumerate() {
            let (slot, part) = self.product.swap(symmetry.group().swaps[swap], slot, part);
            swapped[slot] = part;
        }
        swapped
    }
}
