//! What a host needs to know of a system: who lives where, with what, and what may be told about it.
//! A host runs exactly the processes that the model explores, each with its own core.

use crate::process::Address;

use super::budget::NodeId;
use super::protocol_model::ProtocolModel;
use super::topology::{Placed, System};

impl<T: ProtocolModel> System<T> {
    /// The core of the process at `address`; `None` when nobody lives there.
    #[must_use]
    pub fn core(&self, address: Address) -> Option<&T::Process> {
        self.placed(address).map(|placed| &placed.core)
    }

    /// The node of the process at `address`; `None` when nobody lives there.
    #[must_use]
    pub fn node(&self, address: Address) -> Option<NodeId> {
        self.placed(address).map(|placed| placed.node)
    }

    /// What the process at `address` owns at the start; `None` when nobody lives there.
    #[must_use]
    pub fn initial_resources(&self, address: Address) -> Option<&T::Resources> {
        self.placed(address).map(|placed| &placed.resources)
    }

    /// Whether the process at `address` has a client, who starts it and may cancel.
    #[must_use]
    pub fn has_client(&self, address: Address) -> bool {
        self.placed(address).is_some_and(|placed| placed.has_client)
    }

    /// Whether links keep messages in order.
    #[must_use]
    pub fn keeps_order(&self) -> bool {
        self.ordered
    }

    fn placed(&self, address: Address) -> Option<&Placed<T>> {
        self.addresses.get(&address).map(|&slot| &self.processes[slot])
    }
}
