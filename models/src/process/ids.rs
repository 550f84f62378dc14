//! Who takes part in a protocol: workflows, steps, services, and the addresses messages go to.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::rename::renames;

/// One run of a workflow: one order, one transfer.
///
/// In a model these count from zero; in a runtime they are the durable identity of the run, and the
/// idempotency key of everything done on its behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkflowId(pub u32);

/// The position of a service in its workflow definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServiceId(pub u16);

/// The position of a step in its workflow definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub u8);

renames!(nothing in ServiceId, StepId, StepSet);

/// Where a message goes to or comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Address {
    /// The coordinator of one workflow.
    Coordinator(WorkflowId),
    /// A service that takes part in workflows.
    Service(ServiceId),
    /// Where the client's request for one workflow enters, when nobody coordinates it.
    Initiator(WorkflowId),
    /// One of the relays that carry a producer's outbox to the broker, by number.
    Relay(u8),
    /// The message broker.
    Broker,
    /// The coordinator that stands by to take one workflow over.
    Standby(WorkflowId),
    /// The store that coordinators share: who leads, and what was decided.
    Store,
}

renames!(
    enum Address {
        Coordinator(workflow),
        Service(service),
        Initiator(workflow),
        Relay(number),
        Broker,
        Standby(workflow),
        Store,
    }
);

impl Address {
    /// The processes that serve that workflow alone, where there are such.
    #[must_use]
    pub fn serving(workflow: WorkflowId) -> [Address; 3] {
        [Address::Coordinator(workflow), Address::Initiator(workflow), Address::Standby(workflow)]
    }

    /// The address in bytes, another for every address: a seed for chance that strikes there.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 5] {
        let (kind, number) = match self {
            Address::Coordinator(workflow) => (0, workflow.0),
            Address::Service(service) => (1, u32::from(service.0)),
            Address::Initiator(workflow) => (2, workflow.0),
            Address::Relay(relay) => (3, u32::from(relay)),
            Address::Broker => (4, 0),
            Address::Standby(workflow) => (5, workflow.0),
            Address::Store => (6, 0),
        };
        let [a, b, c, d] = number.to_le_bytes();
        [kind, a, b, c, d]
    }

    /// The workflow that the process serves, if it serves a single one.
    #[must_use]
    pub fn workflow(self) -> Option<WorkflowId> {
        match self {
            Address::Coordinator(workflow)
            | Address::Initiator(workflow)
            | Address::Standby(workflow) => Some(workflow),
            Address::Service(_) | Address::Relay(_) | Address::Broker | Address::Store => None,
        }
    }
}

impl fmt::Display for WorkflowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // People count orders from one.
        write!(f, "#{}", self.0 + 1)
    }
}

/// A set of steps of one workflow, as one machine word.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepSet(u64);

impl StepSet {
    /// How many steps a workflow may have: the width of the set.
    pub const CAPACITY: usize = u64::BITS as usize;

    /// The set without a step.
    pub const EMPTY: StepSet = StepSet(0);

    /// The set of the first `count` steps.
    ///
    /// # Panics
    /// If `count` is above [`StepSet::CAPACITY`]; a validated workflow never is.
    #[must_use]
    pub fn first(count: usize) -> StepSet {
        assert!(count <= Self::CAPACITY, "a workflow has at most 64 steps");
        if count == Self::CAPACITY { StepSet(u64::MAX) } else { StepSet((1 << count) - 1) }
    }

    /// Whether `step` is in the set.
    #[must_use]
    pub fn contains(self, step: StepId) -> bool {
        self.0 >> step.0 & 1 == 1
    }

    /// Adds `step`.
    pub fn insert(&mut self, step: StepId) {
        self.0 |= 1 << step.0;
    }

    /// Takes `step` out.
    pub fn remove(&mut self, step: StepId) {
        self.0 &= !(1 << step.0);
    }

    /// Whether no step is in the set.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many steps are in the set.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// The steps of either set.
    #[must_use]
    pub fn union(self, other: StepSet) -> StepSet {
        StepSet(self.0 | other.0)
    }

    /// The steps of both sets.
    #[must_use]
    pub fn intersection(self, other: StepSet) -> StepSet {
        StepSet(self.0 & other.0)
    }

    /// The steps of this set that are not in `other`.
    #[must_use]
    pub fn difference(self, other: StepSet) -> StepSet {
        StepSet(self.0 & !other.0)
    }

    /// Whether every step of this set is in `other`.
    #[must_use]
    pub fn is_subset(self, other: StepSet) -> bool {
        self.difference(other).is_empty()
    }

    /// The steps in order of definition.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = StepId> {
        (0..Self::CAPACITY as u8).map(StepId).filter(move |&step| self.contains(step))
    }
}

impl FromIterator<StepId> for StepSet {
    fn from_iter<I: IntoIterator<Item = StepId>>(steps: I) -> StepSet {
        let mut set = StepSet::EMPTY;
        steps.into_iter().for_each(|step| set.insert(step));
        set
    }
}

impl fmt::Debug for StepSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|step| step.0)).finish()
    }
}
