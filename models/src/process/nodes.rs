//! The names of the nodes that protocols run on beside those of services, as fault budgets know them.

/// The node that hosts the coordinators, by its name in fault budgets.
pub const COORDINATOR: &str = "coordinator";

/// The node that hosts the coordinators that stand by.
pub const STANDBY: &str = "standby";

/// The node that hosts the store that coordinators share.
pub const STORE: &str = "store";

/// The node where the clients of a choreography come in, by its name in fault budgets.
pub const INITIATOR: &str = "initiator";

/// The node of the message broker, by its name in fault budgets.
pub const BROKER: &str = "broker";

/// The node of a relay, by its name in fault budgets. People count relays from one.
#[must_use]
pub fn relay_node(relay: u8) -> String {
    format!("relay-{}", relay + 1)
}
