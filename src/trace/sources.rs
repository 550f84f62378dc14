//! Sources, kept once: services say who they are again and again, with every batch.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::attribute::{Attributes, Value};
use crate::span::Source;

/// After so many different ones, it begins anew: a file may have a process for each request.
const KEPT: usize = 4096;

/// Sources that were told already.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    by_hash: FxHashMap<u64, Arc<Source>>,
}

impl Sources {
    /// The source, shared with all others that are equal to it.
    pub(crate) fn intern(&mut self, source: Source) -> Arc<Source> {
        let mut hasher = FxBuildHasher.build_hasher();
        source.scope.hash(&mut hasher);
        hash_attributes(&source.resource, &mut hasher);
        let hash = hasher.finish();
        if let Some(known) = self.by_hash.get(&hash)
            && **known == source
        {
            return Arc::clone(known);
        }
        if self.by_hash.len() >= KEPT {
            self.by_hash = HashMap::default();
        }
        let source = Arc::new(source);
        self.by_hash.insert(hash, Arc::clone(&source));
        source
    }
}

fn hash_attributes(attributes: &Attributes, into: &mut impl Hasher) {
    for (name, value) in attributes.iter() {
        name.hash(into);
        match value {
            Value::Text(text) => text.hash(into),
            Value::Int(value) => value.hash(into),
            Value::Bool(value) => value.hash(into),
            // Told apart by comparison; few sources differ in these alone.
            Value::Double(_) | Value::Bytes(_) | Value::List(_) | Value::Map(_) | Value::Empty => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str) -> Source {
        Source {
            service: name.into(),
            resource: [("service.name", name)].into_iter().collect(),
            ..Source::default()
        }
    }

    #[test]
    fn equal_sources_are_one() {
        let mut sources = Sources::default();
        let first = sources.intern(service("order"));
        let other = sources.intern(service("payment"));
        assert!(Arc::ptr_eq(&first, &sources.intern(service("order"))));
        assert!(!Arc::ptr_eq(&first, &other));
    }

    #[test]
    fn a_file_with_a_source_for_each_request_does_not_fill_memory() {
        let mut sources = Sources::default();
        for at in 0..3 * KEPT {
            sources.intern(service(&at.to_string()));
            assert!(sources.by_hash.len() <= KEPT);
        }
    }
}
