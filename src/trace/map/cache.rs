//! Shapes that were judged already. Traces have few shapes, so most workflows were judged before they came.

use std::hash::Hash;

use rustc_hash::FxHashMap;

/// Results by key, of bounded number: what was not asked for since as many others came is forgotten.
///
/// ```
/// use amends_trace::map::ShapeCache;
///
/// let mut cache: ShapeCache<&str, usize> = ShapeCache::new(100);
/// assert_eq!(*cache.get_or_insert_with("shape", |shape| shape.len()), 5);
/// assert_eq!(*cache.get_or_insert_with("shape", |_| unreachable!("it is known")), 5);
/// assert_eq!((cache.hits(), cache.misses()), (1, 1));
/// ```
#[derive(Clone, Debug)]
pub struct ShapeCache<K, V> {
    /// How many are kept in each generation.
    capacity: usize,
    recent: FxHashMap<K, V>,
    older: FxHashMap<K, V>,
    hits: u64,
    misses: u64,
}

impl<K: Eq + Hash + Clone, V> ShapeCache<K, V> {
    /// An empty cache of at most that many results.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        ShapeCache {
            capacity: (capacity / 2).max(1),
            recent: FxHashMap::default(),
            older: FxHashMap::default(),
            hits: 0,
            misses: 0,
        }
    }

    /// The result for a key, worked out if it is not known.
    pub fn get_or_insert_with(&mut self, key: K, work: impl FnOnce(&K) -> V) -> &V {
        if !self.recent.contains_key(&key) {
            let value = match self.older.remove(&key) {
                Some(value) => {
                    self.hits += 1;
                    value
                }
                None => {
                    self.misses += 1;
                    work(&key)
                }
            };
            if self.recent.len() >= self.capacity {
                self.older = std::mem::take(&mut self.recent);
            }
            self.recent.insert(key.clone(), value);
        } else {
            self.hits += 1;
        }
        &self.recent[&key]
    }

    /// How many results are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.recent.len() + self.older.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How often a result was known.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.hits
    }

    /// How often it had to be worked out.
    #[must_use]
    pub fn misses(&self) -> u64 {
        self.misses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_again_stays_and_the_rest_is_forgotten() {
        let mut cache = ShapeCache::new(8);
        for key in 0..1000 {
            cache.get_or_insert_with(key, |key| *key);
            cache.get_or_insert_with(7, |key| *key);
            assert!(cache.len() <= 8);
        }
        assert_eq!(cache.misses(), 1000);
    }
}
