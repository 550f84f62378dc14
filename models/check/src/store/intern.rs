//! Interning: values stored once, and known by a small number from then on.

use std::hash::{BuildHasher, Hash};

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

use crate::model_error::{FIRST, ModelError, flaw_of, is_sampled};

/// The distinct values seen so far, numbered in the order in which they were first seen.
#[derive(Debug)]
pub(crate) struct Interner<T> {
    values: Vec<T>,
    index: HashTable<u32>,
    /// What is wrong with the equality of the values, if that came to light.
    flaw: Option<ModelError>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Interner { values: Vec::new(), index: HashTable::new(), flaw: None }
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
        if self.flaw.is_none() {
            let hashed = |first| (FxBuildHasher.hash_one(first), first);
            let first = values.iter().take(if is_sampled(id as usize) { FIRST } else { 0 });
            self.flaw = flaw_of("a part, request or action", &value, hash, first.map(hashed));
        }
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

    /// What is wrong with the equality of the values, if that came to light.
    pub(crate) fn flaw(&self) -> Option<&ModelError> {
        self.flaw.as_ref()
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Its size, as far as it can be seen from here: what the values own on the heap is not counted.
    pub(crate) fn bytes(&self) -> u64 {
        (self.values.capacity() * size_of::<T>() + self.index.capacity() * 5) as u64
    }
}
