//! The definition of sagas, for the catalogue.

use crate::protocols::steps::properties::NO_STRAY_EFFECT;
use crate::system::{BuiltIn, KnobSink, KnobSource, KnownFailure, ProtocolDefinition, WithSystem};
use crate::workflow::{Dataflow, Workflow};

use super::failures;
use super::isolation::properties_of;
use super::knobs::SagaKnobs;
use super::system::system;
use super::{properties, standby};

impl ProtocolDefinition for SagaKnobs {
    const NAME: &'static str = "saga";
    const TABLES: &'static [&'static str] = &["saga"];
    const BUILT_IN: &'static [BuiltIn] = properties::BUILT_IN;
    const KNOWN_FAILURES: &'static [KnownFailure] = failures::KNOWN_FAILURES;

    fn read<S: KnobSource>(source: &S) -> Result<Self, S::Error> {
        source.knobs("saga")
    }

    fn write<S: KnobSink>(&self, sink: &mut S) {
        sink.knobs("saga", self);
    }

    fn built_in(&self, workflow: &Workflow) -> Vec<BuiltIn> {
        let flow = Dataflow::of(workflow.steps());
        let own = Self::BUILT_IN.iter().copied();
        let own = own.filter(|it| *it != NO_STRAY_EFFECT || workflow.reaches_outside());
        own.chain(properties_of(&flow)).collect()
    }

    fn with_system<W: WithSystem>(&self, workflow: &Workflow, what: W) -> W::Output {
        if self.standby {
            what.with(standby::system(workflow, self))
        } else {
            what.with(system(workflow, self))
        }
    }
}
