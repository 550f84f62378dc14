//! The faults that may still happen.

use crate::workflow::{Fault, FaultBudget};

/// A node: processes that run, crash and are cut off together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u8);

/// What is left of the fault budget, and whether the network is cut at the moment.
///
/// A fault that strikes a node is charged to that node's own budget first, and to the common one
/// when that is used up. No other order allows more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    anywhere: Vec<(Fault, u8)>,
    at: Vec<(Fault, NodeId, u8)>,
    cut_off: Option<NodeId>,
}

impl Budget {
    /// The whole budget, over nodes of these names.
    pub(super) fn new(faults: &FaultBudget, nodes: &[String]) -> Budget {
        let anywhere = Fault::ALL
            .into_iter()
            .map(|fault| (fault, faults.anywhere(fault)))
            .filter(|&(_, count)| count > 0)
            .collect();
        let at = faults
            .located()
            .filter(|&(_, _, count)| count > 0)
            .filter_map(|(fault, node, count)| {
                let node = nodes.iter().position(|name| name == node)?;
                Some((fault, NodeId(node as u8), count))
            })
            .collect();
        Budget { anywhere, at, cut_off: None }
    }

    /// How many faults of that kind may still strike that node.
    #[must_use]
    pub fn left(&self, fault: Fault, node: NodeId) -> u8 {
        let own = self.at.iter().find(|&&(f, n, _)| f == fault && n == node).map_or(0, |e| e.2);
        let common = self.anywhere.iter().find(|&&(f, _)| f == fault).map_or(0, |e| e.1);
        own.saturating_add(common)
    }

    /// The budget after a fault struck a node; `None` when that was not to be.
    pub(super) fn spend(&self, fault: Fault, node: NodeId) -> Option<Budget> {
        let mut next = self.clone();
        let own = next.at.iter_mut().find(|(f, n, _)| *f == fault && *n == node);
        if let Some((_, _, left)) = own {
            *left -= 1;
            next.at.retain(|&(_, _, left)| left > 0);
            return Some(next);
        }
        let (_, left) = next.anywhere.iter_mut().find(|(f, _)| *f == fault)?;
        *left -= 1;
        next.anywhere.retain(|&(_, left)| left > 0);
        Some(next)
    }

    /// The node that is cut off now.
    #[must_use]
    pub fn cut_off(&self) -> Option<NodeId> {
        self.cut_off
    }

    pub(super) fn with_cut_off(mut self, node: Option<NodeId>) -> Budget {
        self.cut_off = node;
        self
    }
}
