//! The definition of outboxes, for the catalogue.

use crate::system::{BuiltIn, KnobSink, KnobSource, KnownFailure, ProtocolDefinition, WithSystem};
use crate::workflow::Workflow;

use super::failures;
use super::knobs::OutboxKnobs;
use super::properties;
use super::system::system;

impl ProtocolDefinition for OutboxKnobs {
    const NAME: &'static str = "outbox";
    const TABLES: &'static [&'static str] = &["outbox"];
    const BUILT_IN: &'static [BuiltIn] = properties::BUILT_IN;
    const KNOWN_FAILURES: &'static [KnownFailure] = failures::KNOWN_FAILURES;

    fn read<S: KnobSource>(source: &S) -> Result<Self, S::Error> {
        source.knobs("outbox")
    }

    fn write<S: KnobSink>(&self, sink: &mut S) {
        sink.knobs("outbox", self);
    }

    /// The producer counts the requests it decided on: those of all workflows, step by step.
    fn counts_workflows(&self) -> bool {
        true
    }

    fn with_system<W: WithSystem>(&self, workflow: &Workflow, what: W) -> W::Output {
        what.with(system(workflow, self))
    }
}
