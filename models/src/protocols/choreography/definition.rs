//! The definition of choreographies, for the catalogue.

use crate::system::{BuiltIn, KnobSink, KnobSource, KnownFailure, ProtocolDefinition, WithSystem};
use crate::workflow::Workflow;

use super::failures;
use super::knobs::ChoreographyKnobs;
use super::properties;
use super::system::system;

impl ProtocolDefinition for ChoreographyKnobs {
    const NAME: &'static str = "choreography";
    const TABLES: &'static [&'static str] = &["choreography"];
    const BUILT_IN: &'static [BuiltIn] = properties::BUILT_IN;
    const KNOWN_FAILURES: &'static [KnownFailure] = failures::KNOWN_FAILURES;

    fn read<S: KnobSource>(source: &S) -> Result<Self, S::Error> {
        source.knobs("choreography")
    }

    fn write<S: KnobSink>(&self, sink: &mut S) {
        sink.knobs("choreography", self);
    }

    fn with_system<W: WithSystem>(&self, workflow: &Workflow, what: W) -> W::Output {
        what.with(system(workflow, self))
    }
}
