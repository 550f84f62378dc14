//! Names: by which traces and workflows components are found, also after they were handed out.

use std::collections::VecDeque;

use compact_str::CompactString;
use hashbrown::{HashMap, HashSet};

use crate::id::TraceId;

/// So many names are remembered after they were handed out, to tell that a span is late.
const REMEMBERED: usize = 1 << 16;

/// What a component is found by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Name {
    Trace(TraceId),
    Workflow(CompactString),
}

/// A name that is in use.
#[derive(Clone, Copy, Debug)]
struct Owner {
    component: u64,
    /// Of a trace: what is known of its root.
    root: Root,
}

/// What is known of a trace's root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    /// No span of the trace came; something links to it, or logs within it.
    NoSpans,
    /// Spans came, but not a root that ended.
    Open,
    /// A root came that ended.
    Ended,
}

/// All names. They come from outside, so hashing is seeded.
#[derive(Debug, Default)]
pub(super) struct Names {
    owners: HashMap<Name, Owner>,
    handed_out: HashSet<Name>,
    order: VecDeque<Name>,
}

impl Names {
    pub(super) fn component(&self, name: &Name) -> Option<u64> {
        self.owners.get(name).map(|owner| owner.component)
    }

    /// Says whose name it is from now on.
    pub(super) fn set(&mut self, name: Name, component: u64) {
        self.owners
            .entry(name)
            .and_modify(|owner| owner.component = component)
            .or_insert(Owner { component, root: Root::NoSpans });
    }

    /// What was known of the root of a trace, before this much is.
    pub(super) fn learn_root(&mut self, trace: TraceId, root: Root) -> Root {
        let Some(owner) = self.owners.get_mut(&Name::Trace(trace)) else { return Root::NoSpans };
        let before = owner.root;
        if before != Root::Ended {
            owner.root = root;
        }
        before
    }

    pub(super) fn was_handed_out(&self, name: &Name) -> bool {
        self.handed_out.contains(name)
    }

    pub(super) fn hand_out(&mut self, name: &Name) {
        self.owners.remove(name);
        if self.handed_out.insert(name.clone()) {
            self.order.push_back(name.clone());
        }
        if self.order.len() == REMEMBERED / 16 {
            // With twice the room that is needed, the table is never made larger as names come and go.
            self.handed_out.reserve(2 * REMEMBERED);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.handed_out.remove(&oldest);
        }
    }
}
