//! Properties that are checked of a protocol without being stated.
//!
//! Each is written down once: what it is called, what it says, and what kind of claim that is. The
//! conditions stand with the protocol; specs, reports and documentation read the rest from here.

use amends_check::{Parts, Property, PropertyKind, Snapshot};

use super::protocol_model::ProtocolModel;
use super::topology::Part;

/// A property that a protocol has of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// Its name in specs and reports.
    pub name: &'static str,
    /// What it says, in a sentence.
    pub meaning: &'static str,
    /// The kind of claim.
    pub kind: PropertyKind,
}

impl BuiltIn {
    /// A claim about every state.
    #[must_use]
    pub const fn always(name: &'static str, meaning: &'static str) -> BuiltIn {
        BuiltIn { name, meaning, kind: PropertyKind::Always }
    }

    /// A claim about what follows in every fair run, whenever its premise is true.
    #[must_use]
    pub const fn leads_to(name: &'static str, meaning: &'static str) -> BuiltIn {
        BuiltIn { name, meaning, kind: PropertyKind::LeadsTo }
    }

    /// The property, with its condition.
    #[must_use]
    pub fn property<T: ProtocolModel>(
        self,
        condition: impl for<'a> Fn(Snapshot<'a, Part<T>>) -> bool + Send + Sync + 'static,
    ) -> Property<Parts<Part<T>>> {
        Property::<Parts<Part<T>>>::new(self.kind, self.name, condition)
    }
}

/// The names of these properties.
pub(crate) fn names(properties: &[BuiltIn]) -> Vec<&'static str> {
    properties.iter().map(|property| property.name).collect()
}

/// No process stands still because its arithmetic has no result.
pub const WELL_DEFINED: BuiltIn =
    BuiltIn::always("well-defined", "arithmetic has a result: no overflow, no division by zero");

/// Termination.
pub const SETTLES: BuiltIn = BuiltIn {
    name: "settles",
    meaning: "every workflow ends, once faults stop",
    kind: PropertyKind::Eventually,
};

/// An outcome is told for good.
pub const OUTCOME_FINAL: BuiltIn = BuiltIn::always(
    "outcome-final",
    "what a client was told of the outcome is final: no crash makes the workflow end otherwise",
);

/// A request is taken on for good.
pub const NO_FORGOTTEN_REQUEST: BuiltIn = BuiltIn::always(
    "no-forgotten-request",
    "a request that was acknowledged to its client is not forgotten, whatever crashes",
);

/// No duplicate effect.
pub const EFFECT_ONCE: BuiltIn =
    BuiltIn::always("effect-once", "no step, no compensation and no command takes effect twice");

/// Causal consistency.
pub const CAUSAL: BuiltIn = BuiltIn::always(
    "causal",
    "nothing takes effect, and nothing is handled, before what caused it",
);

/// No lost update.
pub const NO_LOST_UPDATE: BuiltIn = BuiltIn::always(
    "no-lost-update",
    "what is written is decided on what it replaces: no change in between is lost",
);
