//! The definition of a protocol, for the catalogue: its properties, its choices, and the system it makes
//! of a workflow.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::workflow::domain::Domain;
use crate::workflow::{Requirements, Workflow};

use super::built_in::BuiltIn;
use super::known_failure::KnownFailure;
use super::protocol_model::Hostable;
use super::topology::System;

/// The choices of a protocol's implementer: a plain value that can be written down.
pub trait Knobs: Clone + Serialize + DeserializeOwned + JsonSchema + 'static {}
impl<K: Clone + Serialize + DeserializeOwned + JsonSchema + 'static> Knobs for K {}

/// Where the definition of a protocol is read from: a spec file, or another definition with something
/// changed.
pub trait KnobSource {
    /// Why it cannot be read.
    type Error;

    /// The choices in the table of that name; the right ones, where there is no table.
    ///
    /// # Errors
    /// When there are no such choices.
    fn knobs<K: Knobs + Default>(&self, table: &'static str) -> Result<K, Self::Error>;

    /// The aggregates, commands and events.
    ///
    /// # Errors
    /// When they make no domain.
    fn domain(&self) -> Result<Arc<Domain>, Self::Error>;
}

/// Where the choices of a protocol are written to.
pub trait KnobSink {
    /// Takes the choices in the table of that name.
    fn knobs<K: Knobs>(&mut self, table: &'static str, knobs: &K);
}

/// A protocol, as the catalogue lists it.
pub trait ProtocolDefinition: Requirements + Sized {
    /// Its name in specs.
    const NAME: &'static str;
    /// The tables in which specs turn its knobs.
    const TABLES: &'static [&'static str];
    /// The properties that it has in every workflow, or where there is something to say.
    const BUILT_IN: &'static [BuiltIn];
    /// What implementers of it got wrong before.
    const KNOWN_FAILURES: &'static [KnownFailure] = &[];

    /// Reads its definition.
    ///
    /// # Errors
    /// Those of the source.
    fn read<S: KnobSource>(source: &S) -> Result<Self, S::Error>;

    /// Writes its choices down, table by table.
    fn write<S: KnobSink>(&self, sink: &mut S);

    /// The properties that it has in that workflow.
    fn built_in(&self, _workflow: &Workflow) -> Vec<BuiltIn> {
        Self::BUILT_IN.to_vec()
    }

    /// Its domain, if it is about events and not about steps.
    fn domain(&self) -> Option<&Arc<Domain>> {
        None
    }

    /// Whether stored records mean something else with another number of workflows.
    fn counts_workflows(&self) -> bool {
        false
    }

    /// Makes the system that carries the workflow out, with all its properties, and does something with
    /// it.
    fn with_system<W: WithSystem>(&self, workflow: &Workflow, what: W) -> W::Output;
}

/// Something to do with a system, whatever its protocol.
///
/// Each protocol has a type of system of its own. Whoever takes any protocol (a command line, a report)
/// says so what to do with a system of *some* protocol.
pub trait WithSystem {
    /// What comes of it.
    type Output;

    /// Does it.
    fn with<T: Hostable>(self, system: System<T>) -> Self::Output;
}
