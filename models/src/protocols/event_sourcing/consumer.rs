//! A consumer: handles the events of the log one by one, as a projection that changes its read model,
//! or as a process manager that answers them with commands.
//!
//! Its checkpoint is all it knows after a crash. It asks for what comes after, and goes on.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::process::rename::renames;
use crate::process::{Address, Effect, Effects, Input, Process, Verdict, WorkflowId};

use super::command::{Reaction, Run};
use super::event::{CommandId, Position, StoredEvent};
use super::knobs::{Checkpoint, Delivery};
use super::message::{EventChange, EventMessage, EventTimer, Mark, Read, Source, Told};
use super::plan::{ConsumerId, EventPlan, STORE};
use super::store::awaited;

/// A reader of the log.
#[derive(Clone, Debug)]
pub struct Consumer {
    id: ConsumerId,
    plan: Arc<EventPlan>,
}

/// An entry of a consumer's log: its checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ConsumerRecord {
    /// In which log.
    pub source: Source,
    /// The event that was handled last.
    pub mark: Mark,
}

renames!(struct ConsumerRecord { source, mark });

/// How far a consumer is in each log that it reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Marks {
    marks: SmallVec<[(Source, Mark); 1]>,
}

renames!(struct Marks { ; sorted marks });

/// What a consumer forgets in a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConsumerMemory {
    /// It has asked for events.
    pub reading: bool,
    /// Events that wait for their cause, or for the one being answered.
    pub held: SmallVec<[StoredEvent; 1]>,
    /// The end of the gap that it waits at.
    pub gap: Option<Position>,
    /// The event that a process manager is answering, by which of its policies, and the command.
    pub answering: Option<(StoredEvent, u8, Run)>,
}

renames!(struct ConsumerMemory { reading, held, gap, answering });

impl Marks {
    /// How far it is in that log.
    #[must_use]
    pub fn get(&self, source: Source) -> Mark {
        self.marks.iter().find(|(of, _)| *of == source).map_or(Mark::default(), |&(_, mark)| mark)
    }

    /// It is that far now.
    pub fn set(&mut self, source: Source, mark: Mark) {
        match self.marks.binary_search_by_key(&source, |&(of, _)| of) {
            Ok(at) => self.marks[at].1 = mark,
            Err(at) => self.marks.insert(at, (source, mark)),
        }
    }
}

impl Consumer {
    /// The consumer of that id.
    #[must_use]
    pub fn new(id: ConsumerId, plan: Arc<EventPlan>) -> Self {
        Consumer { id, plan }
    }
}

impl Process for Consumer {
    type Volatile = ConsumerMemory;
    type Durable = Marks;
    type Record = ConsumerRecord;
    type Change = EventChange;
    type Message = EventMessage;
    type Timer = EventTimer;
    type Outcome = Told;

    fn fold(&self, marks: &mut Marks, record: &ConsumerRecord) {
        marks.set(record.source, record.mark);
    }

    fn handle(
        &self,
        memory: &mut ConsumerMemory,
        marks: &Marks,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        let mut turn = Turn { core: self, memory, marks: marks.clone(), effects };
        match input {
            Input::Start | Input::Recover => {
                turn.memory.reading = true;
                for source in self.plan.sources() {
                    turn.read(source, None);
                }
            }
            Input::Message { message: EventMessage::Next { read, event }, .. } => {
                turn.received(read, event);
            }
            Input::Message { message, .. } => {
                if let Some((_, _, run)) = &mut turn.memory.answering {
                    let reaction = run.answered(&self.plan, message);
                    turn.react(reaction);
                }
            }
            Input::TimerFired(EventTimer::Next(source)) => turn.read(source, None),
            Input::TimerFired(EventTimer::Gap(end)) => {
                turn.memory.gap = None;
                turn.read(Source::All, Some(end));
            }
            Input::TimerFired(EventTimer::Answer) => {
                if let Some((_, _, run)) = &turn.memory.answering {
                    let question = run.question();
                    turn.ask(question);
                }
            }
            Input::Applied { change: EventChange::Project(event), verdict } => {
                turn.projected(&event, verdict);
            }
            Input::Applied { change: EventChange::Insert(_), .. }
            | Input::TimerFired(EventTimer::Transaction(_))
            | Input::Cancel => {}
        }
    }

    fn awaits_start(&self, memory: &ConsumerMemory, _marks: &Marks) -> bool {
        !memory.reading
    }

    fn awaits(&self, timer: &EventTimer) -> Option<Address> {
        awaited(timer, &self.plan)
    }

    fn paces(&self, timer: &EventTimer) -> bool {
        matches!(timer, EventTimer::Gap(_) | EventTimer::Transaction(_))
    }
}

/// One input being handled: the checkpoint as it will be once the effects so far are carried out.
struct Turn<'a> {
    core: &'a Consumer,
    memory: &'a mut ConsumerMemory,
    marks: Marks,
    effects: &'a mut Effects<Consumer>,
}

impl Turn<'_> {
    fn read(&mut self, source: Source, past_gap: Option<Position>) {
        let read = Read { source, after: self.marks.get(source), past_gap };
        self.effects.push(Effect::Send { to: STORE, message: EventMessage::Read(read) });
        self.effects.push(Effect::SetTimer(EventTimer::Next(source)));
    }

    fn received(&mut self, read: Read, event: StoredEvent) {
        let known = self.memory.held.contains(&event)
            || self.memory.answering.as_ref().is_some_and(|(current, ..)| *current == event);
        // An answer to what was asked earlier changes nothing.
        if known || self.memory.gap.is_some() || read.after != self.marks.get(read.source) {
            return;
        }
        self.effects.push(Effect::CancelTimer(EventTimer::Next(read.source)));
        if self.core.plan.holds_gaps() {
            let seen = read.after.position;
            let before = Position(event.position.0 - 1);
            if before > seen && read.past_gap.is_none_or(|end| end < before) {
                self.memory.gap = Some(before);
                self.effects.push(Effect::SetTimer(EventTimer::Gap(before)));
                return;
            }
        }
        if self.memory.answering.is_some() || !self.may_handle(&event) {
            let at = self.memory.held.partition_point(|held| *held < event);
            self.memory.held.insert(at, event);
        } else {
            self.take(event);
        }
    }

    /// Whether its cause is handled, where that matters.
    fn may_handle(&self, event: &StoredEvent) -> bool {
        let plan = &self.core.plan;
        plan.knobs().delivery != Delivery::ByCausation
            || plan.cause(event).is_none_or(|(stream, position)| {
                self.marks.get(Source::Stream(stream)).position >= position
            })
    }

    fn take(&mut self, event: StoredEvent) {
        if !self.core.plan.concerns(self.core.id, &event) {
            self.checkpoint(&event);
            return self.go_on(&event);
        }
        let checkpoint = self.core.plan.knobs().checkpoint;
        if checkpoint == Checkpoint::BeforeChange {
            self.checkpoint(&event);
        }
        match self.core.id {
            ConsumerId::Projection(_) if checkpoint == Checkpoint::SameTransaction => {
                let accepted = self.record(&event);
                self.effects.push(Effect::Transact {
                    change: EventChange::Project(event),
                    refused: Some(accepted),
                    accepted,
                });
            }
            ConsumerId::Projection(_) => {
                self.effects.push(Effect::Apply(EventChange::Project(event)));
            }
            ConsumerId::Manager(_) => self.answer(event, 0),
        }
    }

    fn projected(&mut self, event: &StoredEvent, verdict: Verdict) {
        match (self.core.plan.knobs().checkpoint, verdict) {
            (Checkpoint::SameTransaction | Checkpoint::AfterChange, Verdict::Failed) => {
                return self.read(self.core.plan.source_of(event), None);
            }
            (Checkpoint::AfterChange, _) => self.checkpoint(event),
            (Checkpoint::SameTransaction | Checkpoint::BeforeChange, _) => {}
        }
        self.go_on(event);
    }

    /// Gives the command of the nth policy that answers the event; goes on when there are no more.
    fn answer(&mut self, event: StoredEvent, nth: u8) {
        let ConsumerId::Manager(manager) = self.core.id else { return };
        let plan = &self.core.plan;
        let workflow = event.command.workflow().unwrap_or(WorkflowId(0));
        let Some((policy, rule)) = plan.domain().answers(manager, event.kind).nth(nth.into())
        else {
            self.memory.answering = None;
            if plan.knobs().checkpoint != Checkpoint::BeforeChange {
                self.checkpoint(&event);
            }
            return self.go_on(&event);
        };
        let id = CommandId::Answer { policy, cause: event.position, workflow };
        let run = Run::new(plan.issue(id, rule.command, workflow));
        let question = run.question();
        self.memory.answering = Some((event, nth, run));
        self.ask(question);
    }

    fn react(&mut self, reaction: Reaction) {
        if let Some(told) = reaction.told {
            self.effects.push(Effect::CancelTimer(EventTimer::Answer));
            self.effects.push(Effect::Finish(told));
            self.effects.extend(reaction.aside.map(|message| Effect::Send { to: STORE, message }));
            if let Some((event, nth, _)) = self.memory.answering.take() {
                self.answer(event, nth + 1);
            }
        } else if let Some(question) = reaction.send {
            self.ask(question);
        }
    }

    fn ask(&mut self, question: EventMessage) {
        self.effects.push(Effect::Send { to: STORE, message: question });
        self.effects.push(Effect::SetTimer(EventTimer::Answer));
    }

    /// Asks for what follows an event that is handled, and handles what waited for it.
    fn go_on(&mut self, event: &StoredEvent) {
        self.read(self.core.plan.source_of(event), None);
        let ready = self.memory.held.iter().position(|held| self.may_handle(held));
        if let Some(at) = ready {
            let next = self.memory.held.remove(at);
            self.take(next);
        }
    }

    fn checkpoint(&mut self, event: &StoredEvent) {
        let record = self.record(event);
        self.marks.set(record.source, record.mark);
        self.effects.push(Effect::Persist(record));
    }

    fn record(&self, event: &StoredEvent) -> ConsumerRecord {
        let plan = &self.core.plan;
        ConsumerRecord { source: plan.source_of(event), mark: plan.mark(event) }
    }
}
