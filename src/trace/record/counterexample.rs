//! A run of the model, told as the traces that it would leave.

use std::collections::HashMap;

use crate::Time;
use amends_models::check::{Counterexample, OpaqueRun};
use amends_models::process::Address;
use amends_models::process::WorkflowId;
use amends_models::protocols::{AnyProtocol, Design};
use amends_models::system::{
    Action, Event, Hostable, MessageOf, Part, PerformedEffect, ProtocolModel, System, Trigger,
    WithSystem,
};

use super::{Recorded, Recorder, RunId, SpanContext};

/// Each step of a run takes this long: ten milliseconds, well above what clocks are trusted with.
const STEP: u64 = 10_000_000;
/// Effects of one step follow each other at this distance.
const EFFECT: u64 = 100_000;
/// When runs begin: 2026-01-01, UTC. Nothing but the order of times means anything.
const BEGINNING: u64 = 1_767_225_600_000_000_000;

/// The spans and log records of a run of that design, as a check [without types](amends_models::check::opaque)
/// found it.
#[must_use]
pub fn record_opaque<P: AnyProtocol>(design: &Design<P>, run: &OpaqueRun) -> Vec<Recorded> {
    design.with_system(Recording { protocol: design.protocol().name(), run })
}

/// Recording a run, before its protocol is known.
struct Recording<'r> {
    protocol: &'static str,
    run: &'r OpaqueRun,
}

impl WithSystem for Recording<'_> {
    type Output = Vec<Recorded>;

    fn with<T: Hostable>(self, system: System<T>) -> Vec<Recorded> {
        record(&system, self.protocol, &self.run.reveal())
    }
}

/// The spans and log records of a run. A workflow that is over by the end of it is said to be.
#[must_use]
pub fn record<T: ProtocolModel>(
    system: &System<T>,
    protocol: &'static str,
    run: &Counterexample<Vec<Part<T>>, Action<T>>,
) -> Vec<Recorded> {
    let mut told = Telling {
        system,
        protocol,
        recorders: HashMap::new(),
        contexts: HashMap::new(),
        recorded: Vec::new(),
    };
    let mut before = &run.start;
    let mut at = BEGINNING;
    for (action, after) in &run.steps {
        told.step(Time(at), action, before);
        at += STEP;
        before = after;
    }
    told.finish(Time(at), before);
    told.recorded
}

struct Telling<'s, T: ProtocolModel> {
    system: &'s System<T>,
    protocol: &'static str,
    recorders: HashMap<Address, Recorder<&'s System<T>>>,
    /// Which span sent a message, by where it goes. Of equal messages, the last counts.
    contexts: HashMap<(Address, MessageOf<T>), SpanContext>,
    recorded: Vec<Recorded>,
}

impl<'s, T: ProtocolModel> Telling<'s, T> {
    fn recorder(&mut self, process: Address) -> &mut Recorder<&'s System<T>> {
        let (system, protocol) = (self.system, self.protocol);
        let recorder = || Recorder::new(system, protocol, RunId(1), process, 0);
        self.recorders.entry(process).or_insert_with(recorder)
    }

    fn step(&mut self, at: Time, action: &Action<T>, before: &[Part<T>]) {
        match action {
            Action::Take { process, trigger, injected } => {
                self.take(at, *process, trigger);
                let part = &before[self.system.slot_of(action)];
                let performed = self.system.performed(action, part);
                let mut now = at;
                for what in performed {
                    now.0 += EFFECT;
                    self.perform(now, Event { process: *process, what });
                }
                if injected.crash_after.is_some() {
                    self.crash(now, *process);
                } else {
                    self.recorder(*process).rested(now);
                }
            }
            Action::Run { process, .. } => {
                let part = &before[self.system.slot_of(action)];
                for what in self.system.performed(action, part) {
                    self.perform(at, Event { process: *process, what });
                }
                self.recorder(*process).rested(at);
            }
            Action::Crash(node) | Action::Halt(node) => {
                let system = self.system;
                for process in system.addresses().filter(|it| system.node(*it) == Some(*node)) {
                    self.recorder(process).crashed(at);
                }
            }
            Action::Lose { .. }
            | Action::Duplicate { .. }
            | Action::Partition(_)
            | Action::Heal => {}
        }
        self.collect();
    }

    fn take(&mut self, at: Time, process: Address, trigger: &Trigger<T>) {
        match trigger {
            Trigger::Start => {
                let workflow = process.workflow();
                match workflow {
                    Some(workflow) => self.recorder(process).started(at, workflow),
                    None => self.recorder(process).woke(at),
                }
            }
            Trigger::Cancel | Trigger::Recover | Trigger::Fire { .. } => {
                self.recorder(process).woke(at);
            }
            Trigger::Deliver { from, message } => {
                let context = self.contexts.get(&(process, message.clone())).copied();
                self.recorder(process).received(at, *from, message, context);
            }
        }
    }

    fn perform(&mut self, at: Time, event: Event<T>) {
        let context = self.recorder(event.process).performed(at, &event);
        if let (PerformedEffect::Sent(to, message), Some(context)) = (event.what, context) {
            self.contexts.insert((to, message), context);
        }
    }

    fn crash(&mut self, at: Time, process: Address) {
        let system = self.system;
        let node = system.node(process);
        for other in system.addresses().filter(|it| system.node(*it) == node) {
            self.recorder(other).crashed(at);
        }
    }

    fn finish(&mut self, at: Time, end: &[Part<T>]) {
        let parts: Vec<&Part<T>> = end.iter().collect();
        let reader = T::reader(self.system);
        let is_over = reader.is_settled(amends_models::check::Snapshot::new(&parts));
        let workflows: Vec<WorkflowId> = reader.workflows().collect();
        for recorder in self.recorders.values_mut() {
            if is_over {
                workflows.iter().for_each(|&workflow| recorder.over(at, workflow));
            }
            recorder.finish(at);
        }
        self.collect();
    }

    fn collect(&mut self) {
        let mut addresses: Vec<Address> = self.recorders.keys().copied().collect();
        addresses.sort_unstable();
        for address in addresses {
            let recorded = self.recorder(address).take();
            self.recorded.extend(recorded);
        }
    }
}
