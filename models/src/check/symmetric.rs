//! Exploration up to symmetry, and the proof that a declared symmetry is one.

use super::block::Block;
use super::product::{Product, Swap, successors};
use super::product_space::{ProductSpace, Test};
use super::symmetry::Symmetry;

/// All states before this one are used to try the declared symmetry, and later ones now and then.
const ALL_TRIED: u32 = 1 << 10;
const TRIED_EVERY: u32 = 1 << 6;

impl<P: Product> ProductSpace<'_, P> {
    /// Replaces all successors in a block by their canonical states. Returns whether that changed the
    /// layout, so that the block is of no use.
    pub(super) fn canonicalize_block(&mut self, block: &mut Block) -> bool {
        let Some(mut symmetry) = self.symmetry.take() else { return false };
        let mut ids = Vec::new();
        let mut states = Vec::new();
        for row in block.rows.chunks_exact(self.layout.words()) {
            self.layout.unpack(row, &mut ids);
            symmetry.canonicalize(&mut self.tables, &mut ids);
            states.extend_from_slice(&ids);
        }
        self.symmetry = Some(symmetry);
        if self.widen_if_needed() {
            return true;
        }
        let rows = block.rows.chunks_exact_mut(self.layout.words());
        for (row, ids) in rows.zip(states.chunks_exact(ids.len().max(1))) {
            self.layout.pack(ids, row);
        }
        false
    }

    /// The canonical state of the orbit of these parts; the parts themselves without symmetry.
    pub(super) fn canonical_ids(&mut self, parts: &[P::Part]) -> Vec<u32> {
        let mut ids: Vec<u32> = parts
            .iter()
            .enumerate()
            .map(|(slot, part)| self.tables.part_id(slot, part.clone()))
            .collect();
        if let Some(mut symmetry) = self.symmetry.take() {
            symmetry.canonicalize(&mut self.tables, &mut ids);
            self.symmetry = Some(symmetry);
        }
        ids
    }

    /// Tries the declared symmetry on a state, if it is one of those chosen for that.
    pub(super) fn try_symmetry(&mut self, state: u32, tests: &[&Test<P>]) {
        if self.symmetry.is_none() || state >= ALL_TRIED && !state.is_multiple_of(TRIED_EVERY) {
            return;
        }
        self.layout.unpack(self.rows.get_any(state as usize), &mut self.ids);
        let slots = self.ids.iter().enumerate();
        let parts: Vec<P::Part> =
            slots.map(|(slot, &part)| self.tables.part(slot, part).clone()).collect();
        let generators = self.symmetry.as_ref().map_or(Vec::new(), Symmetry::generators);
        let objection = generators.into_iter().find_map(|swap| self.objection(swap, &parts, tests));
        self.objection = self.objection.take().or(objection);
    }

    /// Why a swap is no symmetry of this state, if it is none.
    fn objection(&self, swap: Swap, parts: &[P::Part], tests: &[&Test<P>]) -> Option<String> {
        let Swap { set, one, other } = swap;
        let of = |state: &[P::Part]| swapped(self.product, swap, state);
        let objection = |what: &str| {
            Some(format!("swapping {one} and {other} of set {set} {what} (state {parts:?})"))
        };
        let Some(image) = of(parts) else {
            return objection("does not give every slot one part");
        };
        if of(&image).as_deref() != Some(parts) {
            return objection("twice is not the same as not swapping");
        }
        let mut of_image: Vec<Vec<P::Part>> = next_states(self.product, &image);
        for next in next_states(self.product, parts) {
            let next = of(&next);
            match of_image.iter().position(|state| Some(state) == next.as_ref()) {
                Some(at) => drop(of_image.swap_remove(at)),
                None => return objection("does not keep the transitions"),
            }
        }
        if !of_image.is_empty() {
            return objection("does not keep the transitions");
        }
        let looks = |state: &[P::Part], test: &&Test<P>| {
            let parts: Vec<&P::Part> = state.iter().collect();
            test(super::product::Snapshot::new(&parts))
        };
        let differs = tests.iter().any(|test| looks(parts, test) != looks(&image, test));
        if differs { objection("changes what a property says") } else { None }
    }

    /// Why the declared symmetry is none for the initial states, if it is none.
    pub(super) fn objection_to_start(&self) -> Option<String> {
        let initial = self.product.initial();
        let symmetry = self.symmetry.as_ref()?;
        symmetry.generators().into_iter().find_map(|swap| {
            let kept = initial.iter().all(|state| {
                swapped(self.product, swap, state).is_some_and(|image| initial.contains(&image))
            });
            let Swap { set, one, other } = swap;
            (!kept).then(|| {
                format!("swapping {one} and {other} of set {set} does not keep the initial states")
            })
        })
    }
}

fn next_states<P: Product>(product: &P, state: &[P::Part]) -> Vec<Vec<P::Part>> {
    successors(product, state).into_iter().map(|(_, next)| next).collect()
}

/// A state with two things swapped; `None` if a slot gets no part, or two.
fn swapped<P: Product>(product: &P, swap: Swap, state: &[P::Part]) -> Option<Vec<P::Part>> {
    let mut image: Vec<Option<P::Part>> = vec![None; state.len()];
    for (slot, part) in state.iter().enumerate() {
        let (slot, part) = product.swap(swap, slot, part);
        if image.get_mut(slot)?.replace(part).is_some() {
            return None;
        }
    }
    image.into_iter().collect()
}
