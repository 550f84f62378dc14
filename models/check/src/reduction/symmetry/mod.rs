//! Symmetry: states that differ only in the names of interchangeable things are one orbit, and count as one.
//!
//! A product may declare *sets* of interchangeable things and what swapping two of them does to a
//! slot and its part ([`Product::symmetry`], [`Product::swap`]). The search then keeps one state of
//! each orbit, the *canonical* one, and it is exactly one: the orbits are those of a group of
//! renamings, not an approximation by sorting (Clarke, Emerson, Jha, Sistla 1998 call this the
//! constructive orbit problem).
//!
//! The product is asked for swaps of neighbours only, which generate all renamings. What any other
//! renaming makes of a part follows from these, so that there is nothing else to be right or wrong. They
//! must undo themselves, and compose as swaps of neighbours do (the braid relations): then the group is one.
//!
//! # Which group
//!
//! A condition must say the same of all images of a state. Of one that looks at parts as it pleases, that
//! can only be known by asking it about every image. So where there are more than a [few](FEW) renamings, the
//! search uses a subgroup: it renames some of the things, and leaves the others alone. Any subgroup of a
//! symmetry is one. Only where all conditions do nothing but [count](crate::Snapshot::count) parts, and count
//! all forms of a part alike, the whole group is used.
//!
//! The canonical state is the smallest that any renaming makes, by the numbers of its parts. What a
//! renaming makes of a part is computed once, for a whole orbit of parts at a time, when the first of
//! them turns up. After that, finding the canonical state only reads tables, so several threads can do
//! it at once. Where there are few renamings, all are tried, and most are found wanting by a look at
//! one slot; where there are many, [`Orders`] says which are worth trying.
//!
//! That what is declared is a symmetry is [proven](crate::reduction::symmetry::equivariance) along the way.

pub(crate) mod canonical_large;
pub(crate) mod equivariance;

use rustc_hash::FxHashSet;

use crate::product::memo::Tables;
use crate::product::{Product, Swap};
use crate::reduction::UnsoundReduction;
use crate::reduction::symmetry::canonical_large::Orders;
use crate::store::state_vectors::Ids;

/// A part in its slot, by numbers.
pub(crate) type Placed = (u32, u32);

/// So many renamings are tried one by one.
const FEW: usize = 24;

/// No more than so many forms of one part are followed up.
pub(crate) const MOST_FORMS: usize = 1 << 12;

/// With more things in a set, a subgroup is used in any case: there is a swap for every two of them.
const MOST_THINGS: usize = 32;

const UNKNOWN: u32 = u32::MAX;

/// The symmetry of one product, with all that is known about it so far.
#[derive(Debug)]
pub(crate) struct Symmetry {
    group: Group,
    /// What each swap makes of parts, by its [position](Group::position).
    swapped: Vec<Images>,
    /// What every renaming but the one that changes nothing makes of parts, where there are few.
    renamed: Vec<(Vec<usize>, Images)>,
    orders: Option<Orders>,
    /// By slot, for how many parts all that is known.
    closed: Vec<usize>,
    /// Why it cannot be used, if it cannot.
    objection: Option<UnsoundReduction>,
}

impl Symmetry {
    /// The declared symmetry, or a subgroup of few renamings; `None` if nothing is interchangeable.
    pub(crate) fn of<P: Product>(
        tables: &mut Tables<'_, P>,
        initial: &[u32],
        is_whole: bool,
    ) -> Option<Self> {
        let mut sets = tables.product().symmetry();
        if !is_whole || sets.iter().any(|&size| size > MOST_THINGS) {
            restrict(&mut sets);
        }
        let group = Group::new(sets);
        if group.swaps.is_empty() {
            return None;
        }
        let mut symmetry = Symmetry {
            swapped: vec![Images::default(); group.swaps.len()],
            renamed: Vec::new(),
            orders: None,
            closed: vec![0; initial.len()],
            objection: None,
            group,
        };
        symmetry.place_slots(tables, initial);
        if symmetry.objection.is_some() {
            return Some(symmetry);
        }
        if symmetry.group.renamings() <= FEW {
            for swaps in symmetry.group.all_renamings() {
                let images = symmetry.follow_slots(&swaps, initial.len());
                symmetry.renamed.push((swaps, images));
            }
        } else {
            let moved =
                |swap: usize, slot: usize| symmetry.swapped[swap].slots[slot] as usize != slot;
            symmetry.orders = Some(Orders::new(&symmetry.group, initial.len(), moved));
        }
        symmetry.close(tables);
        Some(symmetry)
    }

    /// The sets and their swaps.
    pub(crate) fn group(&self) -> &Group {
        &self.group
    }

    /// How many renamings there are beside the one that changes nothing, if they are few enough to
    /// try them one by one.
    pub(crate) fn few(&self) -> Option<usize> {
        self.orders.is_none().then_some(self.renamed.len())
    }

    /// Why it cannot be used, if it cannot.
    pub(crate) fn objection(&self) -> Option<UnsoundReduction> {
        let is_too_large = self.orders.as_ref().is_some_and(Orders::gave_up);
        self.objection.clone().or(is_too_large.then_some(UnsoundReduction::LargeGroup))
    }

    /// All forms of a part, where there are many renamings.
    pub(crate) fn forms(&self, part: Placed) -> &[Placed] {
        self.orders.as_ref().map_or(&[], |orders| orders.forms(part))
    }

    /// Why nothing can have so many forms, or why so many are not followed up.
    pub(crate) fn too_many_forms(
        &self,
        forms: usize,
        what: impl FnOnce() -> String,
    ) -> Option<UnsoundReduction> {
        if forms > self.group.renamings() {
            return Some(UnsoundReduction::Asymmetric(what()));
        }
        (forms > MOST_FORMS).then_some(UnsoundReduction::LargeGroup)
    }

    /// What a swap makes of a part.
    pub(crate) fn swap_part(&self, swap: usize, placed: Placed) -> Placed {
        self.swapped[swap].image(placed)
    }

    /// Where a swap moves a slot.
    pub(crate) fn swap_slot(&self, swap: usize, slot: usize) -> usize {
        self.swapped[swap].slots[slot] as usize
    }

    /// What a swap makes of a state.
    pub(crate) fn swap(&self, swap: usize, state: &[u32]) -> Ids {
        self.swapped[swap].apply(state)
    }

    /// What one of the [few](Self::few) renamings makes of a state.
    pub(crate) fn rename(&self, renaming: usize, state: &[u32]) -> Ids {
        self.renamed[renaming].1.apply(state)
    }

    /// What one of the [few](Self::few) renamings makes of parts.
    pub(crate) fn images(&self, renaming: usize) -> &Images {
        &self.renamed[renaming].1
    }

    /// The canonical state of the orbit; `None` if it is the state itself.
    pub(crate) fn canonical(&self, state: &[u32]) -> Option<Ids> {
        if self.objection.is_some() {
            return None;
        }
        if let Some(orders) = &self.orders {
            return orders.canonical(self, state).filter(|canonical| canonical[..] != *state);
        }
        let mut best: Option<Ids> = None;
        for (_, images) in &self.renamed {
            if images.makes_less(state, best.as_deref().unwrap_or(state)) {
                best = Some(images.apply(state));
            }
        }
        best
    }

    /// Finds out what renamings make of all parts that are new.
    pub(crate) fn close<P: Product>(&mut self, tables: &mut Tables<'_, P>) {
        if self.objection.is_some() {
            return;
        }
        // Images of the parts of one slot are parts of another.
        while let Some(slot) =
            (0..self.closed.len()).find(|&slot| self.closed[slot] < tables.parts(slot))
        {
            let placed = (slot as u32, self.closed[slot] as u32);
            self.closed[slot] += 1;
            if !self.swapped[0].knows(placed) {
                self.close_orbit(tables, placed);
            }
            if self.objection.is_some() {
                return;
            }
        }
    }

    fn close_orbit<P: Product>(&mut self, tables: &mut Tables<'_, P>, part: Placed) {
        let generators = self.group.generators();
        let mut forms = vec![part];
        let mut seen = FxHashSet::from_iter(forms.iter().copied());
        let mut at = 0;
        while at < forms.len() {
            let form = forms[at];
            at += 1;
            for &swap in &generators {
                let Some(image) = self.make_image(tables, swap, form) else { return };
                if seen.insert(image) {
                    forms.push(image);
                }
            }
            let more =
                || described("swaps make more of a part than there are renamings", form, tables);
            if let Some(objection) = self.too_many_forms(forms.len(), more) {
                self.objection = Some(objection);
                return;
            }
        }
        if let Some((form, what)) = self.broken_relation(&generators, &forms) {
            return self.object(&what, form, tables);
        }
        for (swap, outer, inner) in self.group.conjugates() {
            for &form in &forms {
                let [outer, inner] = [outer, inner].map(|swap| &self.swapped[swap]);
                let image = outer.image(inner.image(outer.image(form)));
                self.swapped[swap].set(form, image);
            }
        }
        for (swaps, images) in &mut self.renamed {
            for &form in &forms {
                let through = |form, &swap: &usize| self.swapped[swap].image(form);
                images.set(form, swaps.iter().fold(form, through));
            }
        }
        if let Some(orders) = &mut self.orders {
            orders.close(&self.group, &self.swapped, &forms);
        }
    }

    /// A form for which swaps of neighbours do not compose as they should, and in which way.
    fn broken_relation(&self, generators: &[usize], forms: &[Placed]) -> Option<(Placed, String)> {
        forms.iter().find_map(|&form| {
            let broken = |(&first, &second): (&usize, &usize)| {
                let (one, other) = (self.group.swaps[first], self.group.swaps[second]);
                let turns = match one.set == other.set && one.other == other.one {
                    _ if first == second => 1,
                    true => 3,
                    false => 2,
                };
                let turn = |form| self.swap_part(second, self.swap_part(first, form));
                ((0..turns).fold(form, |form, _| turn(form)) != form).then(|| {
                    let Swap { set, one, other } = one;
                    match first == second {
                        true => {
                            format!("swapping {one} and {other} of set {set} twice changes a part")
                        }
                        false => format!("swaps of set {set} do not compose as renamings do"),
                    }
                })
            };
            let pairs = generators
                .iter()
                .enumerate()
                .flat_map(|(at, first)| generators[at..].iter().map(move |second| (first, second)));
            pairs.into_iter().find_map(broken).map(|what| (form, what))
        })
    }

    /// What a swap makes of a part that is not known yet; `None` where it goes astray.
    fn make_image<P: Product>(
        &mut self,
        tables: &mut Tables<'_, P>,
        swap: usize,
        form: Placed,
    ) -> Option<Placed> {
        let part = tables.part(form.0 as usize, form.1);
        let (slot, part) = tables.product().swap(self.group.swaps[swap], form.0 as usize, part);
        if slot != self.swapped[swap].slots[form.0 as usize] as usize {
            self.object("where a swap moves a slot depends on its part", form, tables);
            return None;
        }
        let image = (slot as u32, tables.part_id(slot, part));
        self.swapped[swap].set(form, image);
        Some(image)
    }

    /// Finds out where swaps move slots.
    fn place_slots<P: Product>(&mut self, tables: &mut Tables<'_, P>, initial: &[u32]) {
        let slots = initial.len();
        for position in self.group.generators() {
            let swap = self.group.swaps[position];
            let place = |(slot, &part): (usize, &u32)| {
                tables.product().swap(swap, slot, tables.part(slot, part)).0 as u32
            };
            let images = Images::new(initial.iter().enumerate().map(place).collect());
            let Swap { set, one, other } = swap;
            if (0..slots)
                .any(|slot| images.slots.get(images.slots[slot] as usize) != Some(&(slot as u32)))
            {
                let what = format!("swapping {one} and {other} of set {set} does not swap slots");
                self.objection = Some(UnsoundReduction::Asymmetric(what));
                return;
            }
            self.swapped[position] = images;
        }
        for (swap, outer, inner) in self.group.conjugates() {
            self.swapped[swap] = self.follow_slots(&[outer, inner, outer], slots);
        }
    }

    fn follow_slots(&self, swaps: &[usize], slots: usize) -> Images {
        let through = |slot: u32, &swap: &usize| self.swapped[swap].slots[slot as usize];
        Images::new((0..slots as u32).map(|slot| swaps.iter().fold(slot, through)).collect())
    }

    fn object<P: Product>(&mut self, what: &str, form: Placed, tables: &Tables<'_, P>) {
        self.objection = Some(UnsoundReduction::Asymmetric(described(what, form, tables)));
    }
}

fn described<P: Product>(what: &str, form: Placed, tables: &Tables<'_, P>) -> String {
    format!("{what} (slot {}: {:?})", form.0, tables.part(form.0 as usize, form.1))
}

/// Leaves so many things of each set interchangeable that there are no more than [`FEW`] renamings.
fn restrict(sets: &mut [usize]) {
    let mut left = FEW;
    for size in sets {
        let mut kept = 1;
        while kept < *size && kept < left {
            kept += 1;
            left /= kept;
        }
        *size = kept.min(*size);
    }
}

/// All renamings of some sets of things.
#[derive(Debug)]
pub(crate) struct Group {
    /// How many things each set has.
    pub(crate) sets: Vec<usize>,
    /// The swaps of any two things of one set.
    pub(crate) swaps: Vec<Swap>,
    /// Where in `swaps` those of each set begin.
    starts: Vec<usize>,
}

impl Group {
    fn new(sets: Vec<usize>) -> Self {
        let mut swaps = Vec::new();
        let mut starts = Vec::new();
        for (set, &size) in sets.iter().enumerate() {
            starts.push(swaps.len());
            let pairs = (1..size).flat_map(|other| (0..other).map(move |one| (one, other)));
            swaps.extend(pairs.map(|(one, other)| Swap { set, one, other }));
        }
        Group { sets, swaps, starts }
    }

    /// Where in the list of swaps that of these two things is.
    pub(crate) fn position(&self, set: usize, thing: usize, another: usize) -> usize {
        let (one, other) = (thing.min(another), thing.max(another));
        self.starts[set] + other * (other - 1) / 2 + one
    }

    /// Swaps, by position, that together make every renaming.
    pub(crate) fn generators(&self) -> Vec<usize> {
        let neighbours = |(set, &size): (usize, &usize)| {
            (1..size).map(move |other| self.position(set, other - 1, other))
        };
        self.sets.iter().enumerate().flat_map(neighbours).collect()
    }

    /// Swaps of two that are no neighbours, by position, nearer ones first: each with two swaps of which
    /// it is the first, then the second, then the first again.
    fn conjugates(&self) -> Vec<(usize, usize, usize)> {
        let distance = |&(_, swap): &(usize, &Swap)| swap.other - swap.one;
        let mut swaps: Vec<(usize, &Swap)> =
            self.swaps.iter().enumerate().filter(|swap| distance(swap) > 1).collect();
        swaps.sort_by_key(distance);
        let conjugate = |(position, &Swap { set, one, other }): (usize, &Swap)| {
            (position, self.position(set, other - 1, other), self.position(set, one, other - 1))
        };
        swaps.into_iter().map(conjugate).collect()
    }

    /// How many renamings there are.
    pub(crate) fn renamings(&self) -> usize {
        let factors = self.sets.iter().flat_map(|&size| 1..=size);
        factors.fold(1, usize::saturating_mul)
    }

    /// Every renaming but the one that changes nothing, as swaps to be done one after the other.
    fn all_renamings(&self) -> Vec<Vec<usize>> {
        let mut all = vec![Vec::new()];
        for (set, &size) in self.sets.iter().enumerate() {
            for other in 1..size {
                // Whatever the others are called, the next one goes to any place among them.
                let places = |renaming: &Vec<usize>| {
                    let stays = std::iter::once(renaming.clone());
                    let goes = (0..other).map(|one| {
                        let swap = self.position(set, one, other);
                        [&renaming[..], &[swap]].concat()
                    });
                    stays.chain(goes).collect::<Vec<_>>()
                };
                all = all.iter().flat_map(places).collect();
            }
        }
        all.retain(|swaps| !swaps.is_empty());
        all
    }
}

/// What one renaming makes of parts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Images {
    /// By slot, where it goes.
    pub(crate) slots: Vec<u32>,
    /// By slot, which one comes here.
    sources: Vec<u32>,
    /// By slot and part, what the part becomes.
    parts: Vec<Vec<u32>>,
}

impl Images {
    fn new(slots: Vec<u32>) -> Self {
        let mut sources = vec![0; slots.len()];
        for (from, &to) in slots.iter().enumerate() {
            if let Some(source) = sources.get_mut(to as usize) {
                *source = from as u32;
            }
        }
        Images { sources, parts: vec![Vec::new(); slots.len()], slots }
    }

    fn knows(&self, (slot, part): Placed) -> bool {
        self.parts[slot as usize].get(part as usize).is_some_and(|&image| image != UNKNOWN)
    }

    fn set(&mut self, (slot, part): Placed, (_, image): Placed) {
        let parts = &mut self.parts[slot as usize];
        if parts.len() <= part as usize {
            parts.resize(part as usize + 1, UNKNOWN);
        }
        parts[part as usize] = image;
    }

    /// What it makes of a part.
    #[inline]
    pub(crate) fn image(&self, (slot, part): Placed) -> Placed {
        (self.slots[slot as usize], self.parts[slot as usize][part as usize])
    }

    /// What it makes of a state, in order of slots.
    pub(crate) fn of_state(&self, state: &[u32]) -> impl Iterator<Item = u32> {
        self.sources.iter().map(|&from| self.parts[from as usize][state[from as usize] as usize])
    }

    fn apply(&self, state: &[u32]) -> Ids {
        self.of_state(state).collect()
    }

    /// Whether what it makes of a state is less than another state.
    #[inline]
    fn makes_less(&self, state: &[u32], other: &[u32]) -> bool {
        for (&from, &than) in self.sources.iter().zip(other) {
            let part = self.parts[from as usize][state[from as usize] as usize];
            if part != than {
                return part < than;
            }
        }
        false
    }
}
