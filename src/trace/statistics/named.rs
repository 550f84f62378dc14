//! Statistics by name, of which there may be too many.

use std::collections::BTreeMap;

/// So many different names are told apart.
pub const NAMES: usize = 1_000;

/// The name under which everything is counted that came with a further name.
pub const OTHERS: &str = "(others)";

/// Statistics by name.
#[derive(Debug)]
pub struct Named<T>(BTreeMap<Box<str>, T>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Named(BTreeMap::new())
    }
}

impl<T: Default> Named<T> {
    /// The statistics of that name, to be added to.
    pub fn of(&mut self, name: &str) -> &mut T {
        let name = if self.0.contains_key(name) || self.0.len() < NAMES { name } else { OTHERS };
        self.0.entry(name.into()).or_default()
    }
}

impl<T> Named<T> {
    /// The statistics of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.get(name)
    }

    /// All names, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }
}
