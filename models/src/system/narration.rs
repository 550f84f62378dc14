//! Turning a run of a system into a [`Story`].

use amends_check::Counterexample;
use smallvec::SmallVec;

use crate::process::{Address, Verdict};

use super::action::{Action, Trigger};
use super::activity::Activity;
use super::budget::NodeId;
use super::execution::{Execution, InjectedFaults};
use super::local::Status;
use super::protocol_model::{Event, PerformedEffect, ProtocolModel};
use super::story::{Actor, Happening, Story, StoryEvent};
use super::topology::{Granularity, Part, System};

impl<T: ProtocolModel> System<T> {
    /// Tells a run, event by event.
    #[must_use]
    pub fn story(&self, run: &Counterexample<Vec<Part<T>>, Action<T>>) -> Story {
        self.story_with_steps(run).0
    }

    /// Tells a run, and says with which event each of its steps begins.
    #[must_use]
    pub fn story_with_steps(
        &self,
        run: &Counterexample<Vec<Part<T>>, Action<T>>,
    ) -> (Story, Vec<usize>) {
        let words = self.protocol.words();
        let actors = self
            .processes
            .iter()
            .map(|placed| Actor {
                name: words.process(placed.address),
                node: self.nodes[usize::from(placed.node.0)].clone(),
            })
            .collect();
        let mut events = Vec::new();
        let mut first_event_of_step = Vec::with_capacity(run.steps.len() + 1);
        let mut before = &run.start;
        for (action, after) in &run.steps {
            first_event_of_step.push(events.len());
            self.narrate(action, before, &mut events);
            before = after;
        }
        first_event_of_step.push(events.len());
        let story = Story {
            actors,
            events,
            repeats_from: run.repeats_from.map(|step| first_event_of_step[step]),
            ending: self.ending(before),
        };
        (story, first_event_of_step)
    }

    /// What services tell of in an action that starts in that part.
    #[must_use]
    pub fn activities(&self, action: &Action<T>, before: &Part<T>) -> SmallVec<[Activity; 2]> {
        let mut told = SmallVec::new();
        let (Action::Take { process, .. } | Action::Run { process, .. }) = action else {
            return told;
        };
        if let Action::Take { trigger: Trigger::Deliver { from, message }, .. } = action {
            let heard = self.protocol.hears(*process, *from, message);
            told.extend(heard.into_iter().map(|(_, activity)| activity));
        }
        for what in self.performed(action, before) {
            let activities = self.protocol.tells(&Event { process: *process, what });
            told.extend(activities.into_iter().map(|(_, activity)| activity));
        }
        told
    }

    /// What a process does in an action that starts in that part, in order.
    #[must_use]
    pub fn performed(&self, action: &Action<T>, before: &Part<T>) -> Vec<PerformedEffect<T>> {
        let run = match action {
            Action::Take { .. } if self.granularity == Granularity::PerEffect => None,
            Action::Take { process, trigger, injected } => {
                let placed = &self.processes[self.process_slot(*process)];
                let local = self.taken(placed, before.process(), trigger);
                self.execution(placed, local).run_all(*injected)
            }
            Action::Run { process, forced } => {
                let placed = &self.processes[self.process_slot(*process)];
                let mut run = self.execution(placed, before.process().clone());
                run.run_next(*forced).map(|()| run)
            }
            _ => None,
        };
        run.map_or(Vec::new(), |run| run.performed)
    }

    /// An action in one line, for lists of actions.
    #[must_use]
    pub fn describe(&self, action: &Action<T>) -> String {
        let words = self.protocol.words();
        let name = |address: Address| words.process(address);
        let node = |node: NodeId| &self.nodes[usize::from(node.0)];
        match action {
            Action::Take { process, trigger, injected } => {
                let mut line = match trigger {
                    Trigger::Start => format!("{} starts", name(*process)),
                    Trigger::Cancel => format!("{} is cancelled", name(*process)),
                    Trigger::Recover => format!("{} recovers", name(*process)),
                    Trigger::Deliver { from, message } => {
                        format!("{} → {}: {}", name(*from), name(*process), words.message(message))
                    }
                    Trigger::Fire { timer, spurious } => {
                        let early = if *spurious { ", too early" } else { "" };
                        format!("{}: {}{early}", name(*process), words.timer(timer))
                    }
                };
                match injected.forced {
                    Some(Verdict::Refused) => line.push_str(", and refuses"),
                    Some(_) => line.push_str(", and its transaction fails"),
                    None => {}
                }
                if let Some(effects) = injected.crash_after {
                    line.push_str(&format!(", and crashes after {effects} of its effects"));
                }
                line
            }
            Action::Run { process, forced: None } => {
                format!("{} carries out its next effect", name(*process))
            }
            Action::Run { process, forced: Some(Verdict::Refused) } => {
                format!("{} refuses", name(*process))
            }
            Action::Run { process, forced: Some(_) } => {
                format!("a transaction of {} fails", name(*process))
            }
            Action::Crash(at) => format!("{} crashes", node(*at)),
            Action::Halt(at) => format!("{} crashes for ever", node(*at)),
            Action::Lose { from, to, message } => {
                format!("lost: {} → {}: {}", name(*from), name(*to), words.message(message))
            }
            Action::Duplicate { from, to, message } => {
                format!("duplicated: {} → {}: {}", name(*from), name(*to), words.message(message))
            }
            Action::Partition(at) => format!("{} is cut off", node(*at)),
            Action::Heal => "the network heals".to_owned(),
        }
    }

    fn narrate(&self, action: &Action<T>, before: &[Part<T>], events: &mut Vec<StoryEvent>) {
        let words = self.protocol.words();
        let slot = |address: Address| self.process_slot(address);
        let mut push = |actor: Option<usize>, happening, text| {
            events.push(StoryEvent::new(actor, happening, text));
        };
        match action {
            Action::Take { process, trigger, injected } => {
                let (happening, text) = match trigger {
                    Trigger::Start => (Happening::Start, "is asked to start".to_owned()),
                    Trigger::Cancel => (Happening::Cancel, "is cancelled by its client".to_owned()),
                    Trigger::Recover => (Happening::Recover, "recovers from its log".to_owned()),
                    Trigger::Deliver { from, message } => {
                        (Happening::Deliver { from: slot(*from) }, words.message(message))
                    }
                    Trigger::Fire { timer, spurious: false } => {
                        (Happening::Timer, words.timer(timer))
                    }
                    Trigger::Fire { timer, spurious: true } => {
                        (Happening::SpuriousTimeout, words.timer(timer))
                    }
                };
                push(Some(slot(*process)), happening, text);
                self.narrate_input(*process, trigger, *injected, before, events);
            }
            Action::Run { process, forced } => {
                let at = slot(*process);
                let local = before[at].process().clone();
                let mut run = self.execution(&self.processes[at], local);
                if run.run_next(*forced).is_some() {
                    self.narrate_effects(run, forced.is_some(), events);
                }
            }
            Action::Lose { from, to, message } => {
                push(Some(slot(*to)), Happening::Lose { from: slot(*from) }, words.message(message))
            }
            Action::Duplicate { from, to, message } => push(
                Some(slot(*to)),
                Happening::Duplicate { from: slot(*from) },
                words.message(message),
            ),
            Action::Crash(node) => {
                let lost = self.unfinished(*node, before);
                push(None, Happening::Crash, format!("{}{lost}", self.describe(action)));
            }
            Action::Halt(_) => push(None, Happening::Halt, self.describe(action)),
            Action::Partition(_) => push(None, Happening::Partition, self.describe(action)),
            Action::Heal => push(None, Happening::Heal, self.describe(action)),
        }
    }

    fn narrate_input(
        &self,
        process: Address,
        trigger: &Trigger<T>,
        injected: InjectedFaults,
        before: &[Part<T>],
        events: &mut Vec<StoryEvent>,
    ) {
        if self.granularity == Granularity::PerEffect {
            return;
        }
        let slot = self.process_slot(process);
        let placed = &self.processes[slot];
        let local = self.taken(placed, before[slot].process(), trigger);
        let whole = self.execution(placed, local.clone());
        let planned = InjectedFaults { crash_after: None, ..injected };
        let planned = whole.run_all(planned).map_or(0, |run| run.carried_out);
        let Some(run) = self.execution(placed, local).run_all(injected) else { return };
        self.narrate_effects(run, injected.forced.is_some(), events);
        if let Some(after) = injected.crash_after {
            let node = &self.nodes[usize::from(placed.node.0)];
            let left = planned - after;
            let effects = if left == 1 { "effect" } else { "effects" };
            let text = format!("{node} crashes with {left} {effects} still to carry out");
            events.push(StoryEvent::new(None, Happening::Crash, text));
        }
    }

    /// Tells what was done. With `forced`, the first transaction got its verdict from a fault.
    fn narrate_effects(
        &self,
        run: Execution<'_, T>,
        mut forced: bool,
        events: &mut Vec<StoryEvent>,
    ) {
        let words = self.protocol.words();
        let actor = Some(self.process_slot(run.address));
        for deed in &run.performed {
            let (happening, text) = match deed {
                PerformedEffect::Persisted(record) => {
                    (Happening::Persist, words.record(run.address, record))
                }
                PerformedEffect::Applied(change, verdict) => {
                    let happening = match verdict {
                        Verdict::Accepted => Happening::Accepted,
                        Verdict::Refused => Happening::Refused,
                        Verdict::Failed => Happening::Failed,
                    };
                    (happening, words.change(change))
                }
                PerformedEffect::Sent(to, message) => {
                    (Happening::Send { to: self.process_slot(*to) }, words.message(message))
                }
                PerformedEffect::Finished(outcome) => (Happening::Finish, words.outcome(outcome)),
            };
            let tried = match deed {
                PerformedEffect::Applied(change, _) => self.protocol.is_transaction(change),
                _ => false,
            };
            let injected = tried && std::mem::take(&mut forced);
            events.push(StoryEvent::new(actor, happening, text).injected(injected));
        }
        if let Some((change, error)) = &run.local.defect {
            let text = format!("{}: {error}", words.change(change));
            events.push(StoryEvent::new(actor, Happening::Failed, text));
        }
    }

    /// What a crash of a node destroys, where effects are transitions of their own.
    fn unfinished(&self, node: NodeId, before: &[Part<T>]) -> String {
        let effects: usize = self
            .processes
            .iter()
            .enumerate()
            .filter(|(_, placed)| placed.node == node)
            .map(|(slot, _)| before[slot].process().pending.len())
            .sum();
        match effects {
            0 => String::new(),
            1 => " with 1 effect still to carry out".to_owned(),
            many => format!(" with {many} effects still to carry out"),
        }
    }

    fn ending(&self, row: &[Part<T>]) -> Vec<String> {
        let words = self.protocol.words();
        let mut facts = Vec::new();
        for (slot, placed) in self.processes.iter().enumerate() {
            let local = row[slot].process();
            let name = words.process(placed.address);
            for fact in words.resources(placed.address, &local.resources) {
                facts.push(format!("{name}: {fact}"));
            }
            if let Some(standing) = words.standing(placed.address, &local.durable) {
                facts.push(format!("{name}: {standing}"));
            }
            match local.status {
                Status::Up => {}
                Status::Down => facts.push(format!("{name} is down")),
                Status::Halted => facts.push(format!("{name} is down for ever")),
            }
            if let Some((change, error)) = &local.defect {
                facts.push(format!("{name} cannot compute {}: {error}", words.change(change)));
            }
        }
        let monitors = row.iter().filter_map(|part| match part {
            Part::Monitor(monitor) => Some(monitor.as_ref()),
            _ => None,
        });
        for (position, monitor) in monitors.enumerate() {
            let watched = words.watched(position).map(|name| format!("{name}: "));
            let watched = watched.unwrap_or_default();
            let told = words.monitor(position, monitor).into_iter();
            facts.extend(told.map(|fact| format!("{watched}{fact}")));
        }
        facts
    }

    /// The slot in which an action starts.
    #[must_use]
    pub fn slot_of(&self, action: &Action<T>) -> usize {
        match action {
            Action::Take { process, .. } | Action::Run { process, .. } => {
                self.process_slot(*process)
            }
            Action::Lose { to, .. } | Action::Duplicate { to, .. } => self.process_slot(*to),
            Action::Crash(_) | Action::Halt(_) | Action::Partition(_) | Action::Heal => {
                self.faults_slot()
            }
        }
    }
}
