//! Interchangeable workflows: those that differ in nothing but their numbers.
//!
//! When two workflows exchange their numbers everywhere in a state, in the slots of their processes
//! and monitors and in every value that mentions them, what can happen next is the same, with the
//! numbers exchanged. A protocol says so with [`ProtocolModel::interchangeable`], and the checker then
//! explores one of several states that differ in that only
//! ([`Product::symmetry`](amends_check::Product::symmetry)).
//!
//! It is a claim about the protocol, not a convention, and it can be wrong: a participant that comes
//! back after a crash and asks about its workflows one after the other treats them differently if it
//! crashes again in between. So the checker compares what it claims with what the processes do, and
//! refuses it where they differ.

use std::sync::Arc;

use amends_check::Swap;
use derive_where::derive_where;

use crate::process::rename::{Exchange, Rename};
use crate::process::{Process, WorkflowId};

use super::action::Request;
use super::local::{Local, LocalState};
use super::protocol_model::{
    ChangeOf, Event, MessageOf, OutcomeOf, PerformedEffect, ProtocolModel, RecordOf, TimerOf,
};
use super::topology::{Part, System};

/// Workflows that are interchangeable, and how to rename them in everything that a system holds.
#[derive_where(Clone, Debug)]
pub struct Interchangeable<T: ProtocolModel> {
    groups: Vec<Vec<WorkflowId>>,
    local: fn(&mut Local<T>, Exchange, bool),
    monitor: fn(&mut T::Monitor, Exchange),
    request: fn(&mut Request<T>, Exchange),
}

impl<T: ProtocolModel> Interchangeable<T> {
    /// Workflows in groups, within which they differ in nothing but their numbers. Each is watched by
    /// the monitor of its own position, and later monitors watch none of them in particular.
    #[must_use]
    pub fn workflows(groups: Vec<Vec<WorkflowId>>) -> Self
    where
        T::Resources: Rename,
        T::Monitor: Rename,
        <T::Process as Process>::Volatile: Rename,
        <T::Process as Process>::Durable: Rename,
        RecordOf<T>: Rename,
        ChangeOf<T>: Rename,
        MessageOf<T>: Rename,
        TimerOf<T>: Rename,
        OutcomeOf<T>: Rename,
    {
        Interchangeable {
            groups,
            local: |local, names, ordered| {
                local.inbox.rename(names, ordered);
                let LocalState { status: _, volatile, durable, resources, .. } = &mut **local;
                volatile.rename(names);
                durable.rename(names);
                resources.rename(names);
                let LocalState { cut_off: _, pending, timers, client, defect, .. } = &mut **local;
                client.rename(names);
                pending.iter_mut().for_each(|effect| effect.rename(names));
                timers.rename(names);
                timers.sort_unstable();
                defect.rename(names);
            },
            monitor: Rename::rename,
            request: |request, names| match request {
                Request::Put(envelope) => Arc::make_mut(envelope).rename(names),
                Request::RequireQuiescent(sender, timer) => {
                    sender.rename(names);
                    timer.rename(names);
                }
                Request::RequireDown(watcher) => watcher.rename(names),
                Request::Observe(event) => rename_event(event, names),
                Request::Crash
                | Request::Halt
                | Request::Cut(_)
                | Request::Heal
                | Request::ConsumeFault(..) => {}
            },
        }
    }

    /// How many there are in each group.
    pub(super) fn sizes(&self) -> Vec<usize> {
        self.groups.iter().map(Vec::len).collect()
    }

    /// The workflows that a swap is about.
    pub(super) fn exchange(&self, swap: Swap) -> Exchange {
        let group = &self.groups[swap.set];
        Exchange(group[swap.one], group[swap.other])
    }

    /// What a process is when they exchange their names.
    pub(super) fn local(&self, local: &Local<T>, names: Exchange, ordered: bool) -> Local<T> {
        let mut local = local.clone();
        (self.local)(&mut local, names, ordered);
        local
    }

    /// What a monitor knows then.
    pub(super) fn monitor(&self, monitor: &T::Monitor, names: Exchange) -> T::Monitor {
        let mut monitor = monitor.clone();
        (self.monitor)(&mut monitor, names);
        monitor
    }
}

impl<T: ProtocolModel> System<T> {
    /// Where a slot goes, and what it holds then, when two workflows exchange their names.
    pub(super) fn swapped(&self, swap: Swap, slot: usize, part: &Part<T>) -> (usize, Part<T>) {
        let Some(workflows) = &self.interchangeable else { return (slot, part.clone()) };
        let names = workflows.exchange(swap);
        match part {
            Part::Process(local) => {
                let mut address = self.processes[slot].address;
                address.rename(names);
                let slot = self.addresses.get(&address).copied().unwrap_or(slot);
                (slot, Part::Process(workflows.local(local, names, self.ordered)))
            }
            Part::Faults(_) => (slot, part.clone()),
            Part::Monitor(monitor) => {
                let mut workflow = WorkflowId((slot - self.monitor_slot(0)) as u32);
                workflow.rename(names);
                let slot = self.monitor_slot(workflow.0 as usize);
                (slot, Part::Monitor(Box::new(workflows.monitor(monitor, names))))
            }
        }
    }

    /// What is asked for then.
    pub(super) fn swapped_request(&self, swap: Swap, request: &Request<T>) -> Request<T> {
        let mut request = request.clone();
        if let Some(workflows) = &self.interchangeable {
            (workflows.request)(&mut request, workflows.exchange(swap));
        }
        request
    }
}

fn rename_event<T: ProtocolModel>(event: &mut Event<T>, names: Exchange)
where
    RecordOf<T>: Rename,
    ChangeOf<T>: Rename,
    MessageOf<T>: Rename,
    OutcomeOf<T>: Rename,
{
    event.process.rename(names);
    match &mut event.what {
        PerformedEffect::Persisted(record) => record.rename(names),
        PerformedEffect::Applied(change, _) => change.rename(names),
        PerformedEffect::Sent(to, message) => {
            to.rename(names);
            message.rename(names);
        }
        PerformedEffect::Finished(outcome) => outcome.rename(names),
    }
}
