//! The definition of event sourcing, for the catalogue.

use std::sync::Arc;

use crate::system::{BuiltIn, KnobSink, KnobSource, KnownFailure, ProtocolDefinition, WithSystem};
use crate::workflow::Workflow;
use crate::workflow::domain::Domain;

use super::failures;
use super::knobs::EventSourced;
use super::properties;
use super::system::system;

impl ProtocolDefinition for EventSourced {
    const NAME: &'static str = "event-sourcing";
    const TABLES: &'static [&'static str] = &["event-sourcing"];
    const BUILT_IN: &'static [BuiltIn] = properties::BUILT_IN;
    const KNOWN_FAILURES: &'static [KnownFailure] = failures::KNOWN_FAILURES;

    fn read<S: KnobSource>(source: &S) -> Result<Self, S::Error> {
        Ok(EventSourced::new(source.domain()?, source.knobs("event-sourcing")?))
    }

    fn write<S: KnobSink>(&self, sink: &mut S) {
        sink.knobs("event-sourcing", &self.knobs);
    }

    fn domain(&self) -> Option<&Arc<Domain>> {
        Some(&self.domain)
    }

    fn with_system<W: WithSystem>(&self, workflow: &Workflow, what: W) -> W::Output {
        what.with(system(workflow, &self.domain, &self.knobs))
    }
}
