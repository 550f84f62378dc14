//! The transitions of a system.

use std::sync::Arc;

use derive_where::derive_where;

use crate::process::{Address, Verdict};
use crate::workflow::Fault;

use super::budget::NodeId;
use super::execution::InjectedFaults;
use super::protocol_model::{Event, MessageOf, ProtocolModel, TimerOf};

/// A transition of a [`System`](super::System). In one state, different transitions have different
/// labels.
#[derive_where(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action<T: ProtocolModel> {
    /// A process takes an input and carries out what it wants done, or a part of it, if a crash falls
    /// in between.
    Take {
        /// Who.
        process: Address,
        /// What it takes.
        trigger: Trigger<T>,
        /// What goes wrong meanwhile; usually nothing.
        injected: InjectedFaults,
    },
    /// A process carries out its next effect, where effects are transitions of their own.
    Run {
        /// Who.
        process: Address,
        /// The verdict that a fault imposes on a change; usually none.
        forced: Option<Verdict>,
    },
    /// All processes of a node crash, between two inputs (a fault).
    Crash(NodeId),
    /// All processes of a node crash for ever (a fault).
    Halt(NodeId),
    /// A message disappears (a fault).
    Lose {
        /// Who sent it.
        from: Address,
        /// Who would have got it.
        to: Address,
        /// What it said.
        message: MessageOf<T>,
    },
    /// A message is copied (a fault).
    Duplicate {
        /// Who sent it.
        from: Address,
        /// Who gets it twice.
        to: Address,
        /// What it says.
        message: MessageOf<T>,
    },
    /// A node is cut off (a fault).
    Partition(NodeId),
    /// The partition ends.
    Heal,
}

/// What makes a process act.
#[derive_where(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Trigger<T: ProtocolModel> {
    /// The client asks for the workflow.
    Start,
    /// The client takes its request back (a fault).
    Cancel,
    /// It comes back after a crash.
    Recover,
    /// A message arrives.
    Deliver {
        /// Who sent it.
        from: Address,
        /// What it says.
        message: MessageOf<T>,
    },
    /// A timer runs out.
    Fire {
        /// Which.
        timer: TimerOf<T>,
        /// Although the answer it stands in for may still come (a fault).
        spurious: bool,
    },
}

impl<T: ProtocolModel> Action<T> {
    /// The faults that the action spends.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        match self {
            Action::Take { trigger, injected, .. } => trigger
                .fault()
                .into_iter()
                .chain(injected.forced.map(imposed))
                .chain(injected.crash_after.map(|_| Fault::Crash))
                .collect(),
            Action::Run { forced, .. } => forced.map(imposed).into_iter().collect(),
            Action::Crash(_) => vec![Fault::Crash],
            Action::Halt(_) => vec![Fault::Halt],
            Action::Lose { .. } => vec![Fault::Lose],
            Action::Duplicate { .. } => vec![Fault::Duplicate],
            Action::Partition(_) => vec![Fault::Partition],
            Action::Heal => Vec::new(),
        }
    }

    /// What happens, without to whom, for coverage.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        if let Some(fault) = self.faults().last() {
            return fault.name();
        }
        match self {
            Action::Take { trigger, .. } => match trigger {
                Trigger::Start => "start",
                Trigger::Recover => "recover",
                Trigger::Deliver { .. } => "deliver",
                Trigger::Cancel | Trigger::Fire { .. } => "time out",
            },
            Action::Heal => "heal",
            _ => "run",
        }
    }
}

impl<T: ProtocolModel> Trigger<T> {
    /// The fault that it is, if it is one.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        match self {
            Trigger::Cancel => Some(Fault::Cancel),
            Trigger::Fire { spurious: true, .. } => Some(Fault::Timeout),
            Trigger::Start
            | Trigger::Recover
            | Trigger::Deliver { .. }
            | Trigger::Fire { spurious: false, .. } => None,
        }
    }
}

/// The fault that imposes a verdict.
pub(super) fn imposed(verdict: Verdict) -> Fault {
    if verdict == Verdict::Refused { Fault::Refuse } else { Fault::Fail }
}

/// What one part of a system asks of another.
#[derive_where(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Request<T: ProtocolModel> {
    /// Process: this message is on its way to you.
    Put(Arc<(Address, MessageOf<T>)>),
    /// Process: grant only if this sender has nothing more to expect from you that its timer stands
    /// in for: nothing from it is on its way to you, you have nothing left to do, and owe it nothing.
    RequireQuiescent(Address, TimerOf<T>),
    /// Process: grant only if you are down, or cut off from this watcher.
    RequireDown(Address),
    /// Process: crash.
    Crash,
    /// Process: crash for ever.
    Halt,
    /// Process: this node is cut off.
    Cut(NodeId),
    /// Process: nobody is cut off any more.
    Heal,
    /// Faults: pay for this one.
    ConsumeFault(Fault, NodeId),
    /// Monitor: take note.
    Observe(Box<Event<T>>),
}
