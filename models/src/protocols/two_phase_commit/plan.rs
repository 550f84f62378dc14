//! What the processes of a two-phase commit need to know of their workflow: who takes part, and the
//! knobs.

use smallvec::SmallVec;

use crate::process::{Address, ServiceId, WorkflowId};
use crate::workflow::{Step, Work, Workflow};

use super::knobs::{Heuristic, TwoPhaseKnobs};
use super::message::Decision;

/// Who takes part in a transaction, and how.
///
/// All steps at one service are one *branch*: they are prepared, committed and aborted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwoPhasePlan {
    participants: Vec<ServiceId>,
    exclusive: Vec<ServiceId>,
    knobs: TwoPhaseKnobs,
}

/// A set of services, in order.
pub type ServiceSet = SmallVec<[ServiceId; 4]>;

impl TwoPhasePlan {
    /// Plans the steps of a validated workflow.
    #[must_use]
    pub fn new(steps: &[Step], knobs: TwoPhaseKnobs) -> TwoPhasePlan {
        let sorted = |services: &mut Vec<ServiceId>| {
            services.sort_unstable();
            services.dedup();
        };
        let mut participants: Vec<ServiceId> = steps.iter().map(|step| step.service).collect();
        sorted(&mut participants);
        let writes = steps.iter().filter(|step| !step.business[Work::Change].is_empty());
        let mut exclusive: Vec<ServiceId> = writes.map(|step| step.service).collect();
        sorted(&mut exclusive);
        TwoPhasePlan { participants, exclusive, knobs }
    }

    /// The plan as the participant at a service follows it, with what is chosen otherwise there.
    #[must_use]
    pub fn at_service(&self, workflow: &Workflow, service: ServiceId) -> TwoPhasePlan {
        let knobs = self.knobs.at_service(&workflow.service(service).name);
        TwoPhasePlan { knobs, ..self.clone() }
    }

    /// The choices made.
    #[must_use]
    pub fn knobs(&self) -> &TwoPhaseKnobs {
        &self.knobs
    }

    /// Everybody with a branch, in order.
    #[must_use]
    pub fn participants(&self) -> &[ServiceId] {
        &self.participants
    }

    /// Whether two transactions cannot both be prepared at that service: they write there.
    #[must_use]
    pub fn is_exclusive(&self, service: ServiceId) -> bool {
        self.exclusive.contains(&service)
    }

    /// Whether participants acknowledge that decision. Presumed abort needs no acknowledgement of an
    /// abort; heuristic decisions do, or nobody would learn of the damage.
    #[must_use]
    pub fn is_acknowledged(&self, decision: Decision) -> bool {
        decision == Decision::Commit || self.knobs.heuristic != Heuristic::None
    }

    /// The other coordinator of that transaction, if there is one.
    #[must_use]
    pub fn peer(&self, coordinator: Address) -> Option<Address> {
        let other = match coordinator {
            Address::Coordinator(workflow) => Address::Standby(workflow),
            Address::Standby(workflow) => Address::Coordinator(workflow),
            _ => return None,
        };
        self.knobs.standby.then_some(other)
    }

    /// Everybody who may coordinate that transaction.
    pub fn coordinators(&self, workflow: WorkflowId) -> impl Iterator<Item = Address> {
        let first = Address::Coordinator(workflow);
        std::iter::once(first).chain(self.peer(first))
    }
}
