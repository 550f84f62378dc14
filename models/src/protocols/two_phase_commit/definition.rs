//! The definition of two-phase commit, for the catalogue.

use crate::system::{BuiltIn, KnobSink, KnobSource, KnownFailure, ProtocolDefinition, WithSystem};
use crate::workflow::Workflow;

use super::failures;
use super::knobs::TwoPhaseKnobs;
use super::properties;
use super::system::system;

impl ProtocolDefinition for TwoPhaseKnobs {
    const NAME: &'static str = "two-phase-commit";
    const TABLES: &'static [&'static str] = &["two-phase-commit"];
    const BUILT_IN: &'static [BuiltIn] = properties::BUILT_IN;
    const KNOWN_FAILURES: &'static [KnownFailure] = failures::KNOWN_FAILURES;

    fn read<S: KnobSource>(source: &S) -> Result<Self, S::Error> {
        source.knobs("two-phase-commit")
    }

    fn write<S: KnobSink>(&self, sink: &mut S) {
        sink.knobs("two-phase-commit", self);
    }

    fn with_system<W: WithSystem>(&self, workflow: &Workflow, what: W) -> W::Output {
        what.with(system(workflow, self))
    }
}
