//! Which renamings are worth trying, where there are many.
//!
//! Trying all renamings would be hopeless for eight things, so every thing first gets a *signature*:
//! what the state says about it, whatever the other things are called. Only renamings that sort the
//! signatures are tried, and of things that can be swapped without changing the state, only one order.
//! Where that still leaves too many, the search gives up, and goes on with a subgroup.

use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::FxHashMap;

use crate::reduction::symmetry::{Group, Images, Placed, Symmetry};
use crate::store::state_vectors::Ids;

/// No more than so many orders of things are tried for one state.
const MOST_ORDERS: usize = 1 << 10;

/// What tells things apart.
#[derive(Debug)]
pub(crate) struct Orders {
    /// For each set and each of its things, the slots that are its own, and the slots of nobody.
    concerns: Vec<Vec<Vec<usize>>>,
    /// For each set and each part, the least form that the part can take when things swap their names,
    /// all but the first of the set.
    least: Vec<FxHashMap<Placed, Placed>>,
    /// All forms of parts.
    orbits: Vec<Vec<Placed>>,
    /// Where the forms of each part are.
    orbit_of: FxHashMap<Placed, usize>,
    /// Whether there were too many orders for some state.
    gave_up: AtomicBool,
}

impl Orders {
    /// For so many slots, which swaps (by position) move or not.
    pub(crate) fn new(group: &Group, slots: usize, moved: impl Fn(usize, usize) -> bool) -> Self {
        let swaps =
            |set: usize| group.swaps.iter().enumerate().filter(move |(_, swap)| swap.set == set);
        // Slots that follow the thing when it is swapped with any other, and those that nobody's swap
        // moves.
        let concerns = |set: usize, thing: usize| {
            let is_concerned = |&slot: &usize| {
                let is_own = swaps(set).all(|(position, swap)| {
                    moved(position, slot) == (swap.one == thing || swap.other == thing)
                });
                is_own || swaps(set).all(|(position, _)| !moved(position, slot))
            };
            (0..slots).filter(is_concerned).collect()
        };
        let of_set =
            |(set, &size): (usize, &usize)| (0..size).map(|thing| concerns(set, thing)).collect();
        Orders {
            concerns: group.sets.iter().enumerate().map(of_set).collect(),
            least: vec![FxHashMap::default(); group.sets.len()],
            orbits: Vec::new(),
            orbit_of: FxHashMap::default(),
            gave_up: AtomicBool::new(false),
        }
    }

    /// Whether there were too many orders for some state.
    pub(crate) fn gave_up(&self) -> bool {
        self.gave_up.load(Ordering::Relaxed)
    }

    /// All forms of a part.
    pub(crate) fn forms(&self, part: Placed) -> &[Placed] {
        self.orbit_of.get(&part).map_or(&[], |&orbit| &self.orbits[orbit])
    }

    /// Takes note of an orbit of parts.
    pub(crate) fn close(&mut self, group: &Group, swapped: &[Images], forms: &[Placed]) {
        let mut forms = forms.to_vec();
        forms.sort_unstable();
        self.orbit_of.extend(forms.iter().map(|&form| (form, self.orbits.len())));
        self.orbits.push(forms.clone());
        for (set, least) in self.least.iter_mut().enumerate() {
            let renamings: Vec<usize> = group
                .generators()
                .into_iter()
                .filter(|&swap| group.swaps[swap].set != set || group.swaps[swap].one != 0)
                .collect();
            for &form in &forms {
                if least.contains_key(&form) {
                    continue;
                }
                // In ascending order, so that the first of its kind is the least.
                least.insert(form, form);
                let mut queue = vec![form];
                while let Some(at) = queue.pop() {
                    for &swap in &renamings {
                        let next = swapped[swap].image(at);
                        if least.insert(next, form).is_none() {
                            queue.push(next);
                        }
                    }
                }
            }
        }
    }

    /// The canonical state of the orbit; `None` if it takes too long to find.
    pub(crate) fn canonical(&self, symmetry: &Symmetry, state: &[u32]) -> Option<Ids> {
        let sets = symmetry.group().sets.len();
        let orders: Option<Vec<Vec<Vec<usize>>>> =
            (0..sets).map(|set| self.sorted_orders(symmetry, set, state)).collect();
        let orders = orders.filter(|orders| {
            orders
                .iter()
                .map(Vec::len)
                .try_fold(1, |all, orders| (all * orders <= MOST_ORDERS).then_some(all * orders))
                .is_some()
        });
        let Some(orders) = orders else {
            self.gave_up.store(true, Ordering::Relaxed);
            return None;
        };
        let mut best: Option<Ids> = None;
        let mut choice = vec![0; orders.len()];
        loop {
            let mut candidate = Ids::from_slice(state);
            for (set, orders) in orders.iter().enumerate() {
                candidate = permute(symmetry, set, &orders[choice[set]], candidate);
            }
            let best = match &mut best {
                Some(best) if *best <= candidate => best,
                best => best.insert(candidate),
            };
            let Some(set) = (0..orders.len()).find(|&set| choice[set] + 1 < orders[set].len())
            else {
                return Some(std::mem::take(best));
            };
            choice[set] += 1;
            choice[..set].fill(0);
        }
    }

    /// What a part says about a thing, whatever all others are called: the least form that it can take
    /// when the thing is called 0 and the others swap their names.
    fn signature(
        &self,
        symmetry: &Symmetry,
        set: usize,
        thing: usize,
        part: Placed,
    ) -> Option<Placed> {
        let part = match thing {
            0 => part,
            _ => symmetry.swap_part(symmetry.group().position(set, 0, thing), part),
        };
        self.least[set].get(&part).copied()
    }

    /// Orders of the things of a set that sort their signatures; one of them leads to the canonical
    /// state. `None` if they are too many.
    fn sorted_orders(
        &self,
        symmetry: &Symmetry,
        set: usize,
        state: &[u32],
    ) -> Option<Vec<Vec<usize>>> {
        let mut things: Vec<(Vec<Option<Placed>>, usize)> = self.concerns[set]
            .iter()
            .enumerate()
            .map(|(thing, concerns)| {
                let of = |&slot: &usize| {
                    self.signature(symmetry, set, thing, (slot as u32, state[slot]))
                };
                let mut signature: Vec<Option<Placed>> = concerns.iter().map(of).collect();
                signature.sort_unstable();
                (signature, thing)
            })
            .collect();
        things.sort_unstable();
        let mut orders = vec![Vec::new()];
        for alike in things.chunk_by(|one, other| one.0 == other.0) {
            let alike: Vec<usize> = alike.iter().map(|(_, thing)| *thing).collect();
            let arrangements = arrangements(symmetry, set, state, &alike);
            if orders.len() * arrangements.len() > MOST_ORDERS {
                return None;
            }
            orders = orders
                .iter()
                .flat_map(|order| {
                    arrangements.iter().map(move |tail| [&order[..], &tail[..]].concat())
                })
                .collect();
        }
        Some(orders)
    }
}

/// All orders of things with the same signature, but only one order of *twins*: things that can be
/// swapped without changing the state. More than [`MOST_ORDERS`] are not listed in full.
fn arrangements(
    symmetry: &Symmetry,
    set: usize,
    state: &[u32],
    alike: &[usize],
) -> Vec<Vec<usize>> {
    let mut classes: Vec<Vec<usize>> = Vec::new();
    for &thing in alike {
        let twins = classes.iter().position(|class| {
            symmetry.swap(symmetry.group().position(set, class[0], thing), state)[..] == *state
        });
        match twins {
            Some(class) => classes[class].push(thing),
            None => classes.push(vec![thing]),
        }
    }
    let mut arrangements = Vec::new();
    let mut classes: Vec<&[usize]> = classes.iter().map(Vec::as_slice).collect();
    arrange(&mut classes, &mut Vec::new(), &mut arrangements);
    arrangements
}

/// Renames the things of a set so that they come in this order.
fn permute(symmetry: &Symmetry, set: usize, order: &[usize], mut state: Ids) -> Ids {
    let mut names: Vec<usize> = order.to_vec();
    for place in 0..names.len() {
        let thing = names[place];
        if thing == place {
            continue;
        }
        state = symmetry.swap(symmetry.group().position(set, place, thing), &state);
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

/// All ways to merge the classes, each of which keeps its order.
fn arrange(
    classes: &mut Vec<&[usize]>,
    order: &mut Vec<usize>,
    arrangements: &mut Vec<Vec<usize>>,
) {
    if arrangements.len() > MOST_ORDERS {
        return;
    }
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
