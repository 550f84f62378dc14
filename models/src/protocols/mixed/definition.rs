//! The definition of mixed workflows, for the catalogue.

use crate::system::{BuiltIn, KnobSink, KnobSource, KnownFailure, ProtocolDefinition, WithSystem};
use crate::workflow::Workflow;

use super::failures;
use super::knobs::MixedChoices;
use super::properties;
use super::system::system;

impl ProtocolDefinition for MixedChoices {
    const NAME: &'static str = "mixed";
    const TABLES: &'static [&'static str] = &["mixed", "saga", "tcc"];
    const BUILT_IN: &'static [BuiltIn] = properties::BUILT_IN;
    const KNOWN_FAILURES: &'static [KnownFailure] = failures::KNOWN_FAILURES;

    fn read<S: KnobSource>(source: &S) -> Result<Self, S::Error> {
        Ok(MixedChoices {
            mixed: source.knobs("mixed")?,
            saga: source.knobs("saga")?,
            tcc: source.knobs("tcc")?,
        })
    }

    fn write<S: KnobSink>(&self, sink: &mut S) {
        sink.knobs("mixed", &self.mixed);
        sink.knobs("saga", &self.saga);
        sink.knobs("tcc", &self.tcc);
    }

    fn with_system<W: WithSystem>(&self, workflow: &Workflow, what: W) -> W::Output {
        what.with(system(workflow, self))
    }
}
