//! The definition of TCCs, for the catalogue.

use crate::system::{BuiltIn, KnobSink, KnobSource, KnownFailure, ProtocolDefinition, WithSystem};
use crate::workflow::Workflow;

use super::failures;
use super::knobs::TccKnobs;
use super::properties;
use crate::protocols::steps::properties::NO_STRAY_EFFECT;

use super::system::system;

impl ProtocolDefinition for TccKnobs {
    const NAME: &'static str = "tcc";
    const TABLES: &'static [&'static str] = &["tcc"];
    const BUILT_IN: &'static [BuiltIn] = properties::BUILT_IN;
    const KNOWN_FAILURES: &'static [KnownFailure] = failures::KNOWN_FAILURES;

    fn read<S: KnobSource>(source: &S) -> Result<Self, S::Error> {
        source.knobs("tcc")
    }

    fn write<S: KnobSink>(&self, sink: &mut S) {
        sink.knobs("tcc", self);
    }

    fn built_in(&self, workflow: &Workflow) -> Vec<BuiltIn> {
        let own = Self::BUILT_IN.iter().copied();
        own.filter(|it| *it != NO_STRAY_EFFECT || workflow.reaches_outside()).collect()
    }

    fn with_system<W: WithSystem>(&self, workflow: &Workflow, what: W) -> W::Output {
        what.with(system(workflow, self))
    }
}
