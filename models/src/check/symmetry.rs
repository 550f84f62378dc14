//! States that differ only in the names of interchangeable things count as one.
//!
//! A product may declare *sets* of interchangeable things and what swapping two of them does to a
//! slot and its part ([`Product::symmetry`], [`Product::swap`]). The search then keeps one state of
//! each orbit, the *canonical* one, and it is exactly one: the orbits are those of the full group of
//! permutations, not an approximation by sorting (Clarke, Emerson, Jha, Sistla 1998 call this the
//! constructive orbit problem).
//!
//! The canonical state is the smallest that any permutation makes, by the numbers of its parts.
//! Trying all permutations would be hopeless for eight things, so every thing first gets a
//! *signature*: what the state says about it, whatever the other things are called. Only
//! permutations that sort the signatures are tried, and of things that can be swapped without
//! changing the state, only one order.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::product::{Product, Swap};
use super::tables::Tables;

/// A part in its slot, by numbers.
type Placed = (u32, u32);

/// How many forms of one part are looked at for its signature. With more, the part says nothing.
const MOST_FORMS: usize = 1 << 12;

/// The symmetry of one product, with everything computed about it so far.
#[derive(Debug)]
pub(super) struct Symmetry {
    sets: Vec<usize>,
    swapped: FxHashMap<(Swap, Placed), Placed>,
    signatures: FxHashMap<(usize, usize, Placed), Option<Placed>>,
    /// For each set and each of its things, the slots that are its own, and the slots of nobody.
    concerns: Vec<Vec<Vec<usize>>>,
}

impl Symmetry {
    /// The declared symmetry; `None` if nothing is interchangeable.
    pub(super) fn of<P: Product>(tables: &mut Tables<'_, P>, initial: &[u32]) -> Option<Self> {
        let sets = tables.product().symmetry();
        if sets.iter().all(|&size| size < 2) {
            return None;
        }
        let mut symmetry = Symmetry {
            sets,
            swapped: FxHashMap::default(),
            signatures: FxHashMap::default(),
            concerns: Vec::new(),
        };
        symmetry.concerns = (0..symmetry.sets.len())
            .map(|set| {
                let things = 0..symmetry.sets[set];
                things.map(|thing| symmetry.concerns_of(tables, initial, set, thing)).collect()
            })
            .collect();
        Some(symmetry)
    }

    /// Swaps that together make every permutation of every set.
    pub(super) fn generators(&self) -> Vec<Swap> {
        let adjacent = |(set, &size): (usize, &usize)| {
            (1..size).map(move |other| Swap { set, one: other - 1, other })
        };
        self.sets.iter().enumerate().flat_map(adjacent).collect()
    }

    /// Applies a swap to a state.
    pub(super) fn swap<P: Product>(
        &mut self,
        tables: &mut Tables<'_, P>,
        swap: Swap,
        state: &[u32],
    ) -> Vec<u32> {
        let mut swapped = state.to_vec();
        for (slot, &part) in state.iter().enumerate() {
            let (slot, part) = self.swap_part(tables, swap, (slot as u32, part));
            swapped[slot as usize] = part;
        }
        swapped
    }

    /// Replaces a state by the canonical one of its orbit.
    pub(super) fn canonicalize<P: Product>(
        &mut self,
        tables: &mut Tables<'_, P>,
        state: &mut Vec<u32>,
    ) {
        let orders: Vec<Vec<Vec<usize>>> =
            (0..self.sets.len()).map(|set| self.sorted_orders(tables, set, state)).collect();
        let mut best: Option<Vec<u32>> = None;
        let mut choice = vec![0; orders.len()];
        loop {
            let mut candidate = state.clone();
            for (set, orders) in orders.iter().enumerate() {
                candidate = self.permute(tables, set, &orders[choice[set]], candidate);
            }
            if best.as_ref().is_none_or(|best| candidate < *best) {
                best = Some(candidate);
            }
            let Some(set) = (0..orders.len()).find(|&set| choice[set] + 1 < orders[set].len())
            else {
                break;
            };
            choice[set] += 1;
            choice[..set].fill(0);
        }
        if let Some(best) = best {
            *state = best;
        }
    }

    fn swap_part<P: Product>(
        &mut self,
        tables: &mut Tables<'_, P>,
        swap: Swap,
        placed: Placed,
    ) -> Placed {
        if let Some(&known) = self.swapped.get(&(swap, placed)) {
            return known;
        }
        let part = tables.part(placed.0 as usize, placed.1);
        let (slot, part) = tables.product().swap(swap, placed.0 as usize, part);
        let swapped = (slot as u32, tables.part_id(slot, part));
        self.swapped.insert((swap, placed), swapped);
        swapped
    }

    /// The slots that say something about a thing: those that follow it when it is swapped with any
    /// other, and those that nobody's swap moves.
    fn concerns_of<P: Product>(
        &mut self,
        tables: &mut Tables<'_, P>,
        initial: &[u32],
        set: usize,
        thing: usize,
    ) -> Vec<usize> {
        let size = self.sets[set];
        let mut concerns = Vec::new();
        for (slot, &part) in initial.iter().enumerate() {
            let mut moves = |one: usize, other: usize| {
                let swap = Swap { set, one: one.min(other), other: one.max(other) };
                self.swap_part(tables, swap, (slot as u32, part)).0 as usize != slot
            };
            let pairs: Vec<(usize, usize)> =
                (0..size).flat_map(|one| (one + 1..size).map(move |other| (one, other))).collect();
            let movers: Vec<bool> = pairs.iter().map(|&(one, other)| moves(one, other)).collect();
            let is_own = pairs
                .iter()
                .zip(&movers)
                .all(|(&(one, other), &moved)| moved == (one == thing || other == thing));
            if is_own || movers.iter().all(|moved| !moved) {
                concerns.push(slot);
            }
        }
        concerns
    }

    /// What a part says about a thing, whatever all others are called: the smallest form that it can
    /// take when the thing is called 0 and the others swap their names.
    fn signature<P: Product>(
        &mut self,
        tables: &mut Tables<'_, P>,
        set: usize,
        thing: usize,
        placed: Placed,
    ) -> Option<Placed> {
        if let Some(&known) = self.signatures.get(&(set, thing, placed)) {
            return known;
        }
        let start = match thing {
            0 => placed,
            _ => self.swap_part(tables, Swap { set, one: 0, other: thing }, placed),
        };
        let renamings: Vec<Swap> =
            self.generators().into_iter().filter(|swap| swap.set != set || swap.one != 0).collect();
        let mut forms = BTreeSet::from([start]);
        let mut queue = vec![start];
        while let Some(form) = queue.pop() {
            for &swap in &renamings {
                let next = self.swap_part(tables, swap, form);
                if forms.insert(next) {
                    queue.push(next);
                }
            }
            if forms.len() > MOST_FORMS {
                break;
            }
        }
        let signature = if forms.len() > MOST_FORMS { None } else { forms.first().copied() };
        self.signatures.insert((set, thing, placed), signature);
        signature
    }

    /// Orders of the things of a set that sort their signatures; one of them leads to the canonical
    /// state.
    fn sorted_orders<P: Product>(
        &mut self,
        tables: &mut Tables<'_, P>,
        set: usize,
        state: &[u32],
    ) -> Vec<Vec<usize>> {
        let mut things: Vec<(Vec<Option<Placed>>, usize)> = (0..self.sets[set])
            .map(|thing| {
                let concerns = self.concerns[set][thing].clone();
                let mut signature: Vec<Option<Placed>> = concerns
                    .into_iter()
                    .map(|slot| self.signature(tables, set, thing, (slot as u32, state[slot])))
                    .collect();
                signature.sort_unstable();
                (signature, thing)
            })
            .collect();
        things.sort_unstable();
        let mut orders = vec![Vec::new()];
        for alike in things.chunk_by(|one, other| one.0 == other.0) {
            let alike: Vec<usize> = alike.iter().map(|(_, thing)| *thing).collect();
            let arrangements = self.arrangements(tables, set, state, &alike);
            orders = orders
                .iter()
                .flat_map(|order| {
                    arrangements.iter().map(move |tail| [&order[..], &tail[..]].concat())
                })
                .collect();
        }
        orders
    }

    /// All orders of things with the same signature, but only one order of *twins*: things that can
    /// be swapped without changing the state.
    fn arrangements<P: Product>(
        &mut self,
        tables: &mut Tables<'_, P>,
        set: usize,
        state: &[u32],
        alike: &[usize],
    ) -> Vec<Vec<usize>> {
        let mut classes: Vec<Vec<usize>> = Vec::new();
        for &thing in alike {
            let twins = classes.iter().position(|class| {
                self.swap(tables, Swap { set, one: class[0], other: thing }, state) == state
            });
            match twins {
                Some(class) => classes[class].push(thing),
                None => classes.push(vec![thing]),
            }
        }
        let mut arrangements = Vec::new();
        arrange(
            &mut classes.iter().map(Vec::as_slice).collect(),
            &mut Vec::new(),
            &mut arrangements,
        );
        arrangements
    }

    /// Renames the things of a set so that they come in this order.
    fn permute<P: Product>(
        &mut self,
        tables: &mut Tables<'_, P>,
        set: usize,
        order: &[usize],
        mut state: Vec<u32>,
    ) -> Vec<u32> {
        let mut names: Vec<usize> = order.to_vec();
        for place in 0..names.len() {
            let thing = names[place];
            if thing == place {
                continue;
            }
            let (one, other) = (place.min(thing), place.max(thing));
            state = self.swap(tables, Swap { set, one, other }, &state);
            for name in &mut names {
                if *name == place {
                    *name = thing;
                } else if *name == thing {
                    *name = place;
                }
            }
        }
        state
    }
}

/// All ways to merge the classes, each of which keeps its order.
fn arrange(
    classes: &mut Vec<&[usize]>,
    order: &mut Vec<usize>,
    arrangements: &mut Vec<Vec<usize>>,
) {
    if classes.iter().all(|class| class.is_empty()) {
        arrangements.push(order.clone());
        return;
    }
    for at in 0..classes.len() {
        if let Some((&first, rest)) = classes[at].split_first() {
            let whole = std::mem::replace(&mut classes[at], rest);
            order.push(first);
            arrange(classes, order, arrangements);
            order.pop();
            classes[at] = whole;
        }
    }
}
