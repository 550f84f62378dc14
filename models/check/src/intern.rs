//! Values stored once, and known by a small number from then on.

use std::hash::{BuildHasher, Hash};

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

/// The distinct values seen so far, numbered in the order in which they were first seen.
#[derive(Debug)]
pub(crate) struct Interner<T> {
    values: Vec<T>,
    index: HashTable<u32>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Interner { values: Vec::new(), index: HashTable::new() }
    }
}

impl<T: Eq + Hash> Interner<T> {
    /// The number of `value`, new or old.
    pub(crate) fn intern(&mut self, value: T) -> u32 {
        let hash = FxBuildHasher.hash_one(&value);
        if let Some(&id) = self.index.find(hash, |&id| self.values[id as usize] == value) {
            return id;
        }
        let id = u32::try_from(self.values.len()).expect("fewer than 2^32 distinct parts");
        let values = &self.values;
        self.index.insert_unique(hash, id, |&id| FxBuildHasher.hash_one(&values[id as usize]));
        self.values.push(value);
        id
    }

    /// The number of `value` if it was seen before.
    pub(crate) fn find(&self, value: &T) -> Option<u32> {
        let hash = FxBuildHasher.hash_one(value);
        self.index.find(hash, |&id| self.values[id as usize] == *value).copied()
    }

    pub(crate) fn value(&self, id: u32) -> &T {
        &self.values[id as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Its size, as far as it can be seen from here: what the values own on the heap is not counted.
    pub(crate) fn bytes(&self) -> u64 {
        (self.values.capacity() * size_of::<T>() + self.index.capacity() * 5) as u64
    }
}
