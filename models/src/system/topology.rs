//! What a system is made of: which process runs where, who can talk to whom, what may go wrong.

use std::collections::HashMap;
use std::sync::OnceLock;

use amends_check::{ErasedSubject, Parts, Property, Verification};
use derive_where::derive_where;

use crate::process::{Address, Input};

use super::budget::{Budget, NodeId};
use super::local::Local;
use super::protocol_model::ProtocolModel;
use super::symmetry::Interchangeable;

/// Processes, links, faults and monitors, ready to be explored.
pub struct System<T: ProtocolModel> {
    pub(super) protocol: T,
    pub(super) processes: Vec<Placed<T>>,
    pub(super) nodes: Vec<String>,
    pub(super) addresses: HashMap<Address, usize>,
    pub(super) ordered: bool,
    pub(super) granularity: Granularity,
    pub(super) budget: Budget,
    pub(super) interchangeable: Option<Interchangeable<T>>,
    pub(super) properties: Vec<Property<Parts<Part<T>>>>,
    pub(super) foreign_names: OnceLock<Vec<&'static str>>,
}

/// What makes one transition of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Granularity {
    /// An input and all its effects, or those before a crash.
    #[default]
    PerInput,
    /// A single effect. More states, the same verdicts.
    PerEffect,
}

/// A process in its place.
pub(super) struct Placed<T: ProtocolModel> {
    pub(super) address: Address,
    pub(super) node: NodeId,
    pub(super) core: T::Process,
    pub(super) resources: T::Resources,
    pub(super) has_client: bool,
    pub(super) is_running: bool,
}

/// What a slot of a system holds.
#[derive_where(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part<T: ProtocolModel> {
    /// A process.
    Process(Local<T>),
    /// The faults that may still happen.
    Faults(Box<Budget>),
    /// A monitor.
    Monitor(Box<T::Monitor>),
}

impl<T: ProtocolModel> System<T> {
    /// The protocol it runs.
    #[must_use]
    pub fn protocol(&self) -> &T {
        &self.protocol
    }

    /// The same system, with another idea of what makes one transition.
    #[must_use]
    pub fn granularity(mut self, granularity: Granularity) -> Self {
        self.granularity = granularity;
        self
    }

    /// What must be true of it.
    #[must_use]
    pub fn properties(&self) -> &[Property<Parts<Part<T>>>] {
        &self.properties
    }

    /// Starts a check of everything that must be true of it.
    ///
    /// This is the fast, exact check of the system as a [`Product`](amends_check::Product); the
    /// general one for any `stateright::Model` gives the same verdicts. It needs fewer states if
    /// [stale messages](Verification::stale_messages) are left out.
    pub fn verify(&self) -> Verification<'_, ErasedSubject<'_, Self>> {
        amends_check::erased(self).properties(self.properties.iter().cloned())
    }

    /// Adds something that must be true of it.
    pub fn add_property(&mut self, property: Property<Parts<Part<T>>>) {
        self.properties.push(property);
        self.foreign_names = OnceLock::new();
    }

    /// The addresses of all processes, in order of their slots.
    pub fn addresses(&self) -> impl Iterator<Item = Address> {
        self.processes.iter().map(|process| process.address)
    }

    /// The names of the nodes, by [`NodeId`].
    #[must_use]
    pub fn nodes(&self) -> &[String] {
        &self.nodes
    }

    /// The slot that holds the process at `address`.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn process_slot(&self, address: Address) -> usize {
        self.addresses[&address]
    }

    /// The slot that holds the monitor of that position.
    #[must_use]
    pub fn monitor_slot(&self, position: usize) -> usize {
        self.faults_slot() + 1 + position
    }

    pub(crate) fn faults_slot(&self) -> usize {
        self.processes.len()
    }

    fn local_at_start(placed: &Placed<T>) -> Local<T> {
        let mut local = Local::fresh(placed.resources.clone());
        if placed.is_running {
            local.take(&placed.core, Input::Recover);
            assert!(local.pending.is_empty(), "a running process only sets timers at the start");
        }
        local
    }

    pub(super) fn row(&self) -> Vec<Part<T>> {
        let processes =
            self.processes.iter().map(|placed| Part::Process(Self::local_at_start(placed)));
        let monitors = self.protocol.monitors().into_iter().map(Box::new).map(Part::Monitor);
        processes.chain([Part::faults(self.budget.clone())]).chain(monitors).collect()
    }
}

impl<T: ProtocolModel> Part<T> {
    pub(super) fn faults(budget: Budget) -> Self {
        Part::Faults(Box::new(budget))
    }

    /// The process that a slot holds.
    ///
    /// # Panics
    /// If it holds something else: a slot keeps its kind for ever.
    #[must_use]
    pub fn process(&self) -> &Local<T> {
        match self {
            Part::Process(local) => local,
            other => panic!("not a process: {other:?}"),
        }
    }

    /// The monitor that a slot holds.
    ///
    /// # Panics
    /// If it holds something else: a slot keeps its kind for ever.
    #[must_use]
    pub fn monitor(&self) -> &T::Monitor {
        match self {
            Part::Monitor(monitor) => monitor,
            other => panic!("not a monitor: {other:?}"),
        }
    }
}
