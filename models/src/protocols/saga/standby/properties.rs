//! The properties of a saga whose coordinators share its log: those of any saga, read from the store.

use std::sync::Arc;

use amends_check::{Parts, Property};

use crate::process::{Address, WorkflowId};
use crate::protocols::saga::log::{SagaLog, SagaOutcome};
use crate::protocols::saga::properties::{AnySaga, properties};
use crate::protocols::steps::Compensations;
use crate::protocols::steps::{Orchestrated, StateLayout};
use crate::system::{Ending, Local, Part, StateReader, System};
use crate::workflow::Dataflow;

use super::system::StandbySaga;

/// The same properties of a saga whose coordinators share its log.
#[must_use]
pub(crate) fn standby_properties(
    system: &System<StandbySaga>,
) -> Vec<Property<Parts<Part<StandbySaga>>>> {
    properties(system)
}

/// How states of a saga are read whose coordinators share its log.
#[must_use]
pub(crate) fn standby_reader(system: &System<StandbySaga>) -> StateReader<StandbySaga> {
    StateLayout::new(system).reader()
}

/// The log is what the store has; there is none until a leader has written.
impl Orchestrated for StandbySaga {
    type Log = Option<SagaLog>;

    fn keeper(_coordinator: Address) -> Address {
        Address::Store
    }

    fn log(store: &Local<StandbySaga>, workflow: WorkflowId) -> &Option<SagaLog> {
        StandbySaga::registers(store).get(workflow).map_or(&None, |register| &register.value)
    }

    fn values(service: &Local<StandbySaga>) -> &[i64] {
        &service.resources.values
    }

    fn ending(log: &Option<SagaLog>) -> Option<Ending> {
        Self::outcome(log).map(Ending::from)
    }
}

impl AnySaga for StandbySaga {
    fn flow(&self) -> &Dataflow {
        self.saga().flow()
    }

    fn compensations(&self) -> &Arc<Compensations> {
        &self.saga().compensations
    }

    fn outcome(log: &Option<SagaLog>) -> Option<SagaOutcome> {
        log.and_then(|log| log.outcome())
    }
}
