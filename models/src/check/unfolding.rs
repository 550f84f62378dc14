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
//! which a promise can stay pending: usually few, since processes that go on make something that
//! cannot be taken back. In that *unfolded* part of the space, every action has its own name.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::chunked::Bits;
use super::graph::Graph;
use super::packing::Layout;
use super::product::{Fairness, Product, successors};
use super::product_space::ProductSpace;
use super::record::{Edge, Edges};
use super::space::{NotReplayed, Path, Space};
use super::symmetry::{Ids, Symmetry};
use super::verdict::Counterexample;

/// All states that some states of a quotient stand for, and what leads from one to the other.
#[derive(Debug)]
pub(super) struct Unfolded {
    /// The states, and for each the position of the one that it was unfolded from.
    states: Vec<(Ids, u32)>,
    /// What leads elsewhere leads to one state more, from which nothing leads anywhere.
    edges: Edges,
    ends: Bits,
}

impl Unfolded {
    /// As a graph.
    pub(super) fn graph<'a>(&'a self, constraints: &'a [Fairness]) -> Graph<'a> {
        let states = self.states.len() as u32 + 1;
        Graph { edges: &self.edges, ends: &self.ends, states, levels: &[], constraints }
    }

    /// The states by number, and for each the position of the one that it was unfolded from.
    pub(super) fn states(&self) -> impl Iterator<Item = (u32, usize)> + '_ {
        (0..).zip(self.states.iter().map(|&(_, from)| from as usize))
    }

    /// The position of the state that this one was unfolded from.
    pub(super) fn origin(&self, number: u32) -> usize {
        self.states[number as usize].1 as usize
    }

    /// A lasso whose loop is in the unfolded part.
    pub(super) fn lasso(&self, stem: Path, entry: u32, cycle: &[Edge]) -> UnfoldedLasso {
        let state = |number: u32| self.states[number as usize].0.clone();
        UnfoldedLasso {
            stem,
            entry: state(entry),
            cycle: cycle.iter().map(|edge| (edge.label, state(edge.target))).collect(),
        }
    }
}

/// A lasso whose stem goes through states of the quotient, and its loop through states of the whole
/// space.
#[derive(Debug)]
pub(super) struct UnfoldedLasso {
    stem: Path,
    /// One of the states that the last one of the stem stands for.
    entry: Ids,
    /// The labels of the transitions, and where they lead.
    cycle: Vec<(u32, Ids)>,
}

impl<P: Product> ProductSpace<'_, P> {
    /// Takes states apart into all that they stand for.
    pub(super) fn unfold_states(&mut self, states: &[u32]) -> Unfolded {
        let mut unfolded: Vec<(Ids, u32)> = Vec::new();
        let mut numbers: FxHashMap<Ids, u32> = FxHashMap::default();
        for (from, &state) in states.iter().enumerate() {
            self.layout.unpack(self.rows.get_any(state as usize), &mut self.ids);
            let first = unfolded.len();
            for (form, _) in orbit(self.symmetry.as_ref(), &self.ids) {
                numbers.insert(form.clone(), unfolded.len() as u32);
                unfolded.push((form, from as u32));
            }
            for (form, _) in &unfolded[first..] {
                self.tables.fill(form);
            }
        }
        let layout = Layout::new(self.tables.sizes());
        let elsewhere = unfolded.len() as u32;
        let mut edges = Edges::new();
        let mut row: SmallVec<[u64; 16]> = SmallVec::from_elem(0, layout.words());
        for (form, _) in &unfolded {
            layout.pack(form, &mut row);
            let found = self.tables.successors(&layout, &row, |action, next| {
                let next: Ids = layout.fields().iter().map(|field| field.read(next)).collect();
                let target = numbers.get(&next).copied().unwrap_or(elsewhere);
                edges.push(Edge { label: self.tables.label(action), target });
            });
            debug_assert!(found.is_ok(), "the tables are filled");
            edges.close();
        }
        Unfolded { states: unfolded, edges, ends: Bits::default() }
    }

    /// Takes a lasso on the product itself.
    pub(super) fn replay_unfolded(
        &mut self,
        lasso: &UnfoldedLasso,
    ) -> Result<Counterexample<Vec<P::Part>, P::Action>, NotReplayed> {
        let stem = self.replay(&lasso.stem)?;
        let last = stem.steps.last().map_or(&stem.start, |(_, state)| state);
        let last = self.ids_of(last);
        let step = stem.steps.len();
        // The stem may have come to another of the states that the last one stands for.
        let renaming = orbit(self.symmetry.as_ref(), &last)
            .into_iter()
            .find(|(form, _)| *form == lasso.entry)
            .map(|(_, swaps)| swaps)
            .ok_or(NotReplayed { step })?;
        let rename = |state: &Vec<P::Part>| {
            renaming.iter().fold(state.clone(), |state, &swap| self.swapped(swap, &state))
        };
        let start = rename(&stem.start);
        let mut steps: Vec<(P::Action, Vec<P::Part>)> = Vec::new();
        for (at, (_, wanted)) in stem.steps.iter().enumerate() {
            let wanted = rename(wanted);
            let state = steps.last().map_or(&start, |(_, state)| state);
            let step = successors(self.product, state)
                .into_iter()
                .find(|(_, next)| *next == wanted)
                .ok_or(NotReplayed { step: at + 1 })?;
            steps.push(step);
        }
        let repeats_from = Some(steps.len());
        for (label, wanted) in &lasso.cycle {
            let state = steps.last().map_or(&start, |(_, state)| state).clone();
            let mut next_steps = successors(self.product, &state).into_iter();
            let step = next_steps
                .find(|(action, next)| {
                    self.carries(action, Some(*label)) && self.ids_of(next) == *wanted
                })
                .ok_or(NotReplayed { step: steps.len() + 1 })?;
            steps.push(step);
        }
        Ok(Counterexample { start, steps, repeats_from })
    }

    fn ids_of(&mut self, parts: &[P::Part]) -> Ids {
        let slots = parts.iter().enumerate();
        let ids = slots.map(|(slot, part)| self.tables.part_id(slot, part.clone())).collect();
        self.attend_to_symmetry();
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

/// All states that differ from this one in names only, and the swaps that lead there.
fn orbit(symmetry: Option<&Symmetry>, state: &[u32]) -> Vec<(Ids, Vec<usize>)> {
    let mut forms = vec![(Ids::from_slice(state), Vec::new())];
    let Some(symmetry) = symmetry else { return forms };
    let generators = symmetry.group().generators();
    let mut at = 0;
    while at < forms.len() {
        for &swap in &generators {
            let (form, swaps) = &forms[at];
            let image = symmetry.swap(swap, form);
            if forms.iter().all(|(other, _)| *other != image) {
                let swaps = [&swaps[..], &[swap]].concat();
                forms.push((image, swaps));
            }
        }
        at += 1;
    }
    forms
}
