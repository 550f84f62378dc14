//! Partial-order reduction: local steps are not interleaved with what happens elsewhere.
//!
//! When a slot holds a *private* part, it only takes steps of its own and refuses whatever others
//! ask. Then its steps and those of all others commute: the others can neither wait for it nor notice
//! it, and nothing they do can take its steps away. So it is enough to let it go first, and to leave
//! the others for later (an *ample set*; Peled 1993). It is never empty where a step is possible (C0:
//! a private part that cannot go is passed over), and sound, for properties of single states and of
//! ends, under these conditions:
//!
//! - *The part is private (C1).* The product says so ([`Product::is_private`](crate::Product::is_private)),
//!   and it is checked: a private part that grants a request, or makes one, is found out.
//! - *No condition looks at the slot (C2).* Which slots conditions look at is noted while they run. A
//!   condition that did not look at a slot in one state does not look at it in a state that differs
//!   in that slot alone, so this covers the states left out, too. A slot that turns out to be looked
//!   at after it was used is excluded, and the search begins again.
//! - *Nothing is put off for ever (C3).* One of the successors must not have been expanded before, or else
//!   the state is expanded in full. Following such successors, every step that was left for later is
//!   met in the end (the queue proviso; Bošnački, Leue, Lluch Lafuente 2006).
//!
//! Paths get longer and some states are left out, so the reduction is not used for properties about
//! paths, and a violation is looked for again without it, to show a shortest path.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

/// What to do with a reduction that a product allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Use it.
    Use,
    /// Leave it, without a word.
    Ignore,
    /// Leave it, and say why.
    Refuse(String),
}

/// Which reductions to use.
#[derive(Clone, Debug)]
pub(crate) struct Reductions {
    pub(crate) symmetry: Choice,
    pub(crate) partial_order: Choice,
    pub(crate) stale: Choice,
    /// Slots that conditions look at.
    pub(crate) excluded: BTreeSet<usize>,
}

/// A reduction turned out not to be sound for the model, or not in this way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Objection {
    /// The declared symmetry is none, and why.
    Asymmetric(String),
    /// This test tells states apart that differ only in the names of interchangeable things.
    ToldApart(usize),
    /// A part is not private, and why.
    NotPrivate(String),
    /// A condition looks at a slot whose steps were taken to be invisible.
    Visible(usize),
    /// What is said to be stale is not, or must not be taken away, and why.
    Stale(String),
    /// This test looks at what is stale.
    LooksAtStale(usize),
}

/// Which slots may go first.
#[derive(Debug, Default)]
pub(crate) struct Locality {
    /// By slot, whether a condition has looked at it. Empty when the reduction is not used.
    looked_at: Vec<AtomicBool>,
    /// By slot, whether it ever went first.
    used: Vec<AtomicBool>,
}

impl Locality {
    /// The reduction for a product of so many slots.
    pub(crate) fn new(slots: usize, excluded: &BTreeSet<usize>) -> Self {
        Locality {
            looked_at: (0..slots).map(|slot| excluded.contains(&slot).into()).collect(),
            used: std::iter::repeat_with(AtomicBool::default).take(slots).collect(),
        }
    }

    pub(crate) fn is_on(&self) -> bool {
        !self.looked_at.is_empty()
    }

    /// Where conditions note which slots they look at.
    pub(crate) fn looked_at(&self) -> &[AtomicBool] {
        &self.looked_at
    }

    /// Whether the slot may go first, as far as is known.
    pub(crate) fn is_invisible(&self, slot: usize) -> bool {
        !self.looked_at[slot].load(Ordering::Relaxed)
    }

    /// Notes that the slot went first.
    pub(crate) fn use_slot(&self, slot: usize) {
        note(&self.used[slot]);
    }

    pub(crate) fn was_used(&self) -> bool {
        self.used.iter().any(|used| used.load(Ordering::Relaxed))
    }

    /// A slot that went first although a condition looks at it.
    pub(crate) fn objection(&self) -> Option<Objection> {
        let on = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        let slot =
            self.used.iter().zip(&self.looked_at).position(|(used, seen)| on(used) && on(seen));
        slot.map(Objection::Visible)
    }
}

/// Raises a flag that is mostly up already, without disturbing other threads that read it.
pub(crate) fn note(flag: &AtomicBool) {
    if !flag.load(Ordering::Relaxed) {
        flag.store(true, Ordering::Relaxed);
    }
}
