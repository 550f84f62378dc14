//! What a workflow has read on its way: its *variables*.
//!
//! A step may read a quantity of its service into a variable, and a later step may use it: "the
//! balance was 10, so write 0". In between, the world goes on. That gap is where dirty reads, lost
//! updates and fuzzy reads come from, because a saga is not isolated from the others
//! ([`saga`](crate::protocols::saga)).
//!
//! Variables travel with calls and lie in logs, so they are small values of fixed size: a workflow has
//! [at most four](Locals::CAPACITY).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::rename::renames;

/// The position of a variable in its workflow definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LocalId(pub u8);

/// A set of variables of one workflow.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalSet(u8);

impl LocalSet {
    /// The set without a variable.
    pub const EMPTY: LocalSet = LocalSet(0);

    /// Whether the variable is in the set.
    #[must_use]
    pub fn contains(self, local: LocalId) -> bool {
        self.0 >> local.0 & 1 == 1
    }

    /// Adds a variable.
    pub fn insert(&mut self, local: LocalId) {
        self.0 |= 1 << local.0;
    }

    /// Whether no variable is in the set.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The variables of either set.
    #[must_use]
    pub fn union(self, other: LocalSet) -> LocalSet {
        LocalSet(self.0 | other.0)
    }

    /// Whether every variable of this set is in `other`.
    #[must_use]
    pub fn is_subset(self, other: LocalSet) -> bool {
        self.0 & !other.0 == 0
    }

    /// The variables in order of definition.
    pub fn iter(self) -> impl Iterator<Item = LocalId> {
        (0..Locals::CAPACITY as u8).map(LocalId).filter(move |&local| self.contains(local))
    }
}

impl FromIterator<LocalId> for LocalSet {
    fn from_iter<I: IntoIterator<Item = LocalId>>(locals: I) -> LocalSet {
        let mut set = LocalSet::EMPTY;
        locals.into_iter().for_each(|local| set.insert(local));
        set
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|local| local.0)).finish()
    }
}

/// The values of the variables that were read.
///
/// ```
/// use amends_models::process::{LocalId, Locals};
///
/// let mut locals = Locals::NONE;
/// locals.set(LocalId(1), 10);
/// assert_eq!((locals.get(LocalId(0)), locals.get(LocalId(1))), (None, Some(10)));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "Vec<(LocalId, i64)>", into = "Vec<(LocalId, i64)>")]
pub struct Locals {
    known: LocalSet,
    /// Zero where nothing is known, so that equal knowledge is equal.
    values: [i64; Locals::CAPACITY],
}

renames!(nothing in LocalId, LocalSet, Locals);

impl Locals {
    /// How many variables a workflow may have.
    pub const CAPACITY: usize = 4;

    /// Nothing was read.
    pub const NONE: Locals = Locals { known: LocalSet::EMPTY, values: [0; Locals::CAPACITY] };

    /// The value of a variable, if it was read.
    #[must_use]
    pub fn get(&self, local: LocalId) -> Option<i64> {
        self.known.contains(local).then(|| self.values[usize::from(local.0)])
    }

    /// Gives a variable its value.
    ///
    /// # Panics
    /// If the variable is beyond [`Locals::CAPACITY`]; those of a validated workflow never are.
    pub fn set(&mut self, local: LocalId, value: i64) {
        self.values[usize::from(local.0)] = value;
        self.known.insert(local);
    }

    /// The variables that have a value.
    #[must_use]
    pub fn known(&self) -> LocalSet {
        self.known
    }

    /// Whether nothing was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The values of these variables alone.
    #[must_use]
    pub fn only(&self, locals: LocalSet) -> Locals {
        self.iter().filter(|(local, _)| locals.contains(*local)).collect()
    }

    /// These values, and those of `other` in their place where both have one.
    #[must_use]
    pub fn with(&self, other: &Locals) -> Locals {
        self.iter().chain(other.iter()).collect()
    }

    /// The values, in order of the variables.
    pub fn iter(&self) -> impl Iterator<Item = (LocalId, i64)> + '_ {
        self.known.iter().map(|local| (local, self.values[usize::from(local.0)]))
    }
}

impl FromIterator<(LocalId, i64)> for Locals {
    fn from_iter<I: IntoIterator<Item = (LocalId, i64)>>(values: I) -> Locals {
        let mut locals = Locals::NONE;
        values.into_iter().for_each(|(local, value)| locals.set(local, value));
        locals
    }
}

impl From<Locals> for Vec<(LocalId, i64)> {
    fn from(locals: Locals) -> Self {
        locals.iter().collect()
    }
}

impl From<Vec<(LocalId, i64)>> for Locals {
    /// Variables that no workflow can have are left out.
    fn from(values: Vec<(LocalId, i64)>) -> Self {
        let possible = |(local, _): &(LocalId, i64)| usize::from(local.0) < Locals::CAPACITY;
        values.into_iter().filter(possible).collect()
    }
}

impl fmt::Debug for Locals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(local, value)| (local.0, value))).finish()
    }
}
