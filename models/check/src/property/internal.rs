//! A property as a search judges it: in predicates of the space, whatever they are made of.

use rustc_hash::FxHashSet;

use crate::model_error::ModelError;
use crate::property::PropertyKind;

/// A property, in terms of a space's own predicates.
pub(crate) struct InternalProperty<Test, StepTest> {
    pub(crate) name: String,
    pub(crate) kind: PropertyKind,
    pub(crate) says: Predicate<Test, StepTest>,
}

/// What a property says, in conditions.
pub(crate) enum Predicate<Test, StepTest> {
    /// Something about states, or about paths through them.
    OfStates { condition: Test, premise: Option<Test> },
    /// Something about every step.
    OfSteps(StepTest),
}

impl PropertyKind {
    /// Whether the property is about fair paths, and not only about what can be reached.
    pub(crate) fn needs_fairness(self) -> bool {
        use PropertyKind::{AlwaysEventually, Eventually, LeadsTo};
        matches!(self, Eventually | LeadsTo | AlwaysEventually)
    }

    /// Whether the property is about paths, so that the transitions must be kept.
    pub(crate) fn needs_edges(self) -> bool {
        self.needs_fairness() || self == PropertyKind::NeverStuck
    }
}

/// Makes sure that reports can tell all claims apart.
pub(crate) fn tell_apart<'c>(names: impl Iterator<Item = &'c str>) -> Result<(), ModelError> {
    let mut seen = FxHashSet::default();
    for name in names {
        if !seen.insert(name) {
            return Err(ModelError::TwoOfOneName { name: name.to_owned() });
        }
    }
    Ok(())
}
