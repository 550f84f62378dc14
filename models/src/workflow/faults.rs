//! The faults a system must survive, and how many of each.
//!
//! A budget keeps the state space finite and makes the claim exact: *holds* means that no schedule
//! with at most these faults violates the property.

use std::collections::BTreeMap;

/// A way in which the world fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// A process loses its volatile state and the effects it had not carried out, and comes back.
    Crash,
    /// A process crashes and never comes back.
    Halt,
    /// A message disappears.
    Lose,
    /// A message arrives twice.
    Duplicate,
    /// A node is cut off: what is sent to and from it is lost, until the network heals.
    Partition,
    /// A service says no for a business reason that its resources do not show (a declined card).
    Refuse,
    /// A local transaction is rolled back for a passing reason.
    Fail,
    /// A timer runs out although the answer is still on its way.
    Timeout,
    /// The client takes its request back, or its deadline passes.
    Cancel,
}

impl Fault {
    /// All faults, in the order in which reports list them.
    pub const ALL: [Fault; 9] = [
        Fault::Crash,
        Fault::Halt,
        Fault::Lose,
        Fault::Duplicate,
        Fault::Partition,
        Fault::Refuse,
        Fault::Fail,
        Fault::Timeout,
        Fault::Cancel,
    ];

    /// Its name in specs and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Fault::Crash => "crash",
            Fault::Halt => "halt",
            Fault::Lose => "lose",
            Fault::Duplicate => "duplicate",
            Fault::Partition => "partition",
            Fault::Refuse => "refuse",
            Fault::Fail => "fail",
            Fault::Timeout => "timeout",
            Fault::Cancel => "cancel",
        }
    }

    /// The fault of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Fault> {
        Fault::ALL.into_iter().find(|fault| fault.name() == name)
    }
}

/// How many of each fault may happen, and to whom.
///
/// ```
/// use amends_models::workflow::{Fault, FaultBudget};
///
/// let budget = FaultBudget::none()
///     .allow(Fault::Lose, 1)                      // one message, on any link
///     .allow_at(Fault::Crash, "inventory", 2);    // two crashes of one node
/// assert_eq!(budget.total(Fault::Crash), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultBudget {
    anywhere: BTreeMap<Fault, u8>,
    at: BTreeMap<(Fault, String), u8>,
}

impl FaultBudget {
    /// A perfect world.
    #[must_use]
    pub fn none() -> Self {
        FaultBudget::default()
    }

    /// Allows `count` faults of that kind, whoever they strike.
    #[must_use]
    pub fn allow(mut self, fault: Fault, count: u8) -> Self {
        self.anywhere.insert(fault, count);
        self
    }

    /// Allows `count` faults of that kind at one node: a service by its name, or `coordinator`.
    #[must_use]
    pub fn allow_at(mut self, fault: Fault, node: impl Into<String>, count: u8) -> Self {
        self.at.insert((fault, node.into()), count);
        self
    }

    /// How many faults of that kind may strike anywhere.
    #[must_use]
    pub fn anywhere(&self, fault: Fault) -> u8 {
        self.anywhere.get(&fault).copied().unwrap_or(0)
    }

    /// How many faults of that kind may strike `node`, beside those that may strike anywhere.
    #[must_use]
    pub fn at(&self, fault: Fault, node: &str) -> u8 {
        self.at.get(&(fault, node.to_owned())).copied().unwrap_or(0)
    }

    /// Budgets bound to one node: fault, node, count.
    pub fn located(&self) -> impl Iterator<Item = (Fault, &str, u8)> {
        self.at.iter().map(|((fault, node), &count)| (*fault, node.as_str(), count))
    }

    /// The same budget, with what was bound to the node `from` bound to the node `to`.
    #[must_use]
    pub fn moved(mut self, from: &str, to: &str) -> Self {
        let at = std::mem::take(&mut self.at).into_iter();
        let node = |node: String| if node == from { to.to_owned() } else { node };
        self.at = at.map(|((fault, at), count)| ((fault, node(at)), count)).collect();
        self
    }

    /// The number of faults of that kind that may happen in all.
    #[must_use]
    pub fn total(&self, fault: Fault) -> u32 {
        let located: u32 =
            self.at.iter().filter(|((f, _), _)| *f == fault).map(|(_, &n)| u32::from(n)).sum();
        u32::from(self.anywhere(fault)) + located
    }
}
