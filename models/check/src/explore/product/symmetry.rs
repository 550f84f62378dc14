//! Exploration up to symmetry: each state is replaced by the canonical representative of its orbit.

use std::sync::atomic::Ordering;

use crate::explore::product::evaluate::{PartsOf, Said};
use crate::explore::product::{ProductSpace, Test};
use crate::product::{CountAudit, Product, Snapshot};
use crate::reduction::UnsoundReduction;
use crate::reduction::flaw::{self, Flaw};
use crate::reduction::symmetry::Symmetry;
use crate::store::state_vectors::Ids;

/// No test tells states apart that differ only in names.
pub(crate) const NONE: usize = usize::MAX;

impl<P: Product> ProductSpace<'_, P> {
    /// Finds out what the declared symmetry makes of everything that is new in the tables, and whether
    /// that is right.
    pub(crate) fn extend_symmetry_tables(&mut self) {
        let Some(symmetry) = &mut self.symmetry else { return };
        symmetry.close(&mut self.tables);
        let wrong = self.audit.proceed(&self.tables, symmetry);
        self.objection = self.objection.take().or(wrong);
    }

    /// Replaces initial states by canonical ones, if they are symmetric.
    pub(crate) fn open_symmetry(&mut self, states: &mut [Vec<u32>]) {
        let Some(first) = states.first() else { return };
        self.tables.keep_journal();
        self.symmetry = Symmetry::of(&mut self.tables, first, self.chosen.whole_group);
        self.extend_symmetry_tables();
        let Some(symmetry) = self.symmetry.as_ref().filter(|_| self.objection.is_none()) else {
            return;
        };
        for swap in symmetry.group().generators() {
            let is_kept =
                |state: &Vec<u32>| states.contains(&symmetry.swap(swap, state).into_vec());
            if !states.iter().all(is_kept) {
                let swap = symmetry.group().swaps[swap];
                self.objection = Some(UnsoundReduction::Asymmetric(format!(
                    "swapping {} and {} of set {} does not keep the initial states",
                    swap.one, swap.other, swap.set,
                )));
                return;
            }
        }
        for state in states {
            if let Some(canonical) = symmetry.canonical(state) {
                *state = canonical.into_vec();
            }
        }
    }

    /// The canonical state of the orbit of these parts; the parts themselves without symmetry.
    pub(crate) fn canonical_ids(&mut self, parts: &[P::Part]) -> Vec<u32> {
        let ids: Vec<u32> = parts
            .iter()
            .enumerate()
            .map(|(slot, part)| self.tables.part_id(slot, part.clone()))
            .collect();
        self.extend_symmetry_tables();
        let canonical = self.symmetry.as_ref().and_then(|symmetry| symmetry.canonical(&ids));
        canonical.map_or(ids, Ids::into_vec)
    }

    /// Looks for moves that stand against the symmetry, in states that were just expanded.
    pub(crate) fn look_for_unmatched_moves(&mut self, states: std::ops::Range<u32>) {
        let Some(symmetry) = &self.symmetry else { return };
        for state in states {
            if self.objection.is_some() || !self.audit.has_unmatched_moves() {
                return;
            }
            self.layout.unpack(self.rows.get_any(state as usize), &mut self.ids);
            self.objection = self.audit.unmatched_move(&self.tables, symmetry, &self.ids);
        }
    }

    /// Whether the tests say the same of a state and of those that differ from it in names only.
    pub(crate) fn compare_tests(&self, ids: &[u32], said: &[bool], tests: &[&Test<P>]) {
        let Some(symmetry) = self.symmetry.as_ref().filter(|_| self.objection.is_none()) else {
            return;
        };
        if flaw::is_present(Flaw::AsksAboutRepresentativeOnly) {
            return;
        }
        let mut parts = PartsOf::<P>::new();
        let mut of_image = Said::new();
        for renaming in 0..symmetry.few().unwrap_or_default() {
            let images = symmetry.images(renaming);
            parts.clear();
            let slots = images.of_state(ids).enumerate();
            parts.extend(slots.map(|(slot, part)| self.tables.part(slot, part)));
            let snapshot = Snapshot::new(&parts);
            of_image.clear();
            self.judge(snapshot, tests, &mut of_image);
            for (at, (of_image, said)) in of_image.iter().zip(said).enumerate() {
                if of_image != said {
                    self.told_apart.fetch_min(at, Ordering::Relaxed);
                }
            }
        }
    }

    /// Why the symmetry has to be given up.
    pub(crate) fn objection_to_symmetry(&self) -> Option<UnsoundReduction> {
        if let Some(objection) = &self.objection {
            return Some(objection.clone());
        }
        if let Some(objection) = self.symmetry.as_ref().and_then(Symmetry::objection) {
            return Some(objection);
        }
        if self.looks_beyond_counts.load(Ordering::Relaxed) {
            return Some(UnsoundReduction::LargeGroup);
        }
        match self.told_apart.load(Ordering::Relaxed) {
            NONE => None,
            test => Some(UnsoundReduction::AsymmetricPredicate(test)),
        }
    }
}

/// What conditions look at in one state, where there are too many images to ask them about each.
///
/// A condition that looks at nothing but [counts](Snapshot::count), of which each counts all forms of every
/// part of the state alike, is told the same in all images of the state, question by question. So it says the
/// same.
pub(crate) struct CountsOnly<'a, P: Product> {
    space: &'a ProductSpace<'a, P>,
    symmetry: &'a Symmetry,
    ids: &'a [u32],
}

impl<P: Product> CountAudit<P::Part> for CountsOnly<'_, P> {
    fn note_look(&self) {
        self.space.looks_beyond_counts.store(true, Ordering::Relaxed);
    }

    fn audit_count(&self, is_counted: &dyn Fn(usize, &P::Part) -> bool) {
        let tables = &self.space.tables;
        let is_alike = |(slot, &part): (usize, &u32)| {
            let mut forms = self.symmetry.forms((slot as u32, part)).iter();
            let is_counted = |(slot, part): (u32, u32)| {
                is_counted(slot as usize, tables.part(slot as usize, part))
            };
            let here = is_counted((slot as u32, part));
            forms.all(|&form| is_counted(form) == here)
        };
        if !self.ids.iter().enumerate().all(is_alike) {
            self.note_look();
        }
    }
}

impl<P: Product> ProductSpace<'_, P> {
    /// Watches what conditions look at in a state, where there are many renamings.
    pub(crate) fn counts_only<'a>(&'a self, ids: &'a [u32]) -> Option<CountsOnly<'a, P>> {
        let symmetry = self.symmetry.as_ref().filter(|symmetry| symmetry.few().is_none())?;
        Some(CountsOnly { space: self, symmetry, ids })
    }
}
