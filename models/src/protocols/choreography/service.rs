//! A service that reacts to events: does its steps, undoes them, and tells.

use std::sync::Arc;

use crate::process::barrier::Entry;
use crate::process::{Address, Effect, Effects, Input, Process, StepId, Verdict};
use crate::protocols::saga::{Direction, SagaOutcome, StepCall};
use crate::workflow::StepKind;

use super::event::{ChoreographyMessage, ChoreographyTimer, Event, Line, Reaction, Subscriber};
use super::knobs::{Acknowledge, Inbox, Join, Publish, Rollback};
use super::outbox::{Outbox, acknowledge, publish};
use super::plan::ChoreographyPlan;
use super::store::{Heard, ServiceRecord, ServiceStore};

/// A service's side of every choreography it takes part in.
///
/// It keeps nothing in memory, unless it has no outbox in its database: then the lines that are not
/// acknowledged yet are all there is, and a crash destroys them.
#[derive(Clone, Debug)]
pub struct ReactingService {
    plan: Arc<ChoreographyPlan>,
}

impl ReactingService {
    /// A service in choreographies of that plan.
    #[must_use]
    pub fn new(plan: Arc<ChoreographyPlan>) -> Self {
        ReactingService { plan }
    }

    fn has_outbox(&self) -> bool {
        self.plan.knobs().publish == Publish::Outbox
    }

    /// Whether the events heard let the step start.
    fn may_start(&self, step: StepId, heard: Heard) -> bool {
        let causes = self.plan.place(step).causes;
        match self.plan.knobs().join {
            Join::All => causes.is_subset(heard.done),
            Join::Any => true,
        }
    }

    fn can_be_undone(&self, step: StepId) -> bool {
        self.plan.place(step).kind == StepKind::Compensatable
    }

    /// Whether everything that waited for the step is known to be undone.
    fn may_be_undone(&self, step: StepId, heard: Heard) -> bool {
        let out_of_question = heard.refused.iter().fold(
            heard.undone.union(heard.refused),
            // What only comes after a refused step has never run, and nobody says so.
            |set, refused| set.union(self.plan.place(refused).later),
        );
        match self.plan.knobs().rollback {
            Rollback::Chained => self.plan.place(step).followers.is_subset(out_of_question),
            Rollback::Broadcast => true,
        }
    }
}

/// One input being handled.
struct Turn<'a> {
    core: &'a ReactingService,
    /// Lines that only memory knows of.
    unlogged: &'a mut Outbox,
    store: &'a ServiceStore,
    effects: &'a mut Effects<ReactingService>,
}

impl Turn<'_> {
    fn hear(&mut self, line: Line) {
        let Subscriber::Step(step) = line.to else { return };
        if self.core.plan.knobs().acknowledge == Acknowledge::BeforeHandling {
            acknowledge(&self.core.plan, line, self.effects);
        }
        let heard = self.store.heard(line.workflow, step).and(line.event);
        let forward = matches!(line.event, Event::Requested | Event::Done(_));
        match (self.remembered(line, step), forward) {
            (None, false) if line.event == Event::Cancelled => self.turn_down(line, step, heard),
            (None, true) if self.core.may_start(step, heard) => {
                self.attempt(line, step, Direction::Forward);
            }
            (None, false) => self.call_off(line, step, heard),
            (Some(Entry::Done), false)
                if self.core.may_be_undone(step, heard) && self.core.can_be_undone(step) =>
            {
                self.attempt(line, step, Direction::Backward);
            }
            (None, true) | (Some(_), _) => self.note(line, heard),
        }
    }

    fn remembered(&self, line: Line, step: StepId) -> Option<Entry> {
        match self.core.plan.knobs().inbox {
            Inbox::Full | Inbox::WithoutTombstone => self.store.ledger.entry(line.workflow, step),
            Inbox::None => None,
        }
    }

    /// An event that calls for nothing, or not yet.
    fn note(&mut self, line: Line, heard: Heard) {
        let Subscriber::Step(step) = line.to else { return };
        if heard != self.store.heard(line.workflow, step) {
            self.effects.push(Effect::Persist(ServiceRecord::Heard(line)));
        }
        self.handled(line);
    }

    /// The client took its request back before the step ran.
    fn turn_down(&mut self, line: Line, step: StepId, heard: Heard) {
        let entry = match self.core.plan.knobs().inbox {
            Inbox::Full => Some(Entry::Refused),
            Inbox::WithoutTombstone => None,
            // It may have run.
            Inbox::None => return self.call_off(line, step, heard),
        };
        let event = Event::Refused(step);
        self.effects.push(Effect::Persist(ServiceRecord::Reacted { cause: line, entry, event }));
        self.tell(line, event);
        self.handled(line);
    }

    /// The step never ran as far as anybody remembers, and is not wanted any more.
    fn call_off(&mut self, line: Line, step: StepId, heard: Heard) {
        let entry = match self.core.plan.knobs().inbox {
            Inbox::Full => Some(Entry::Undone),
            Inbox::WithoutTombstone => None,
            Inbox::None if self.core.may_be_undone(step, heard) => {
                return self.attempt(line, step, Direction::Backward);
            }
            Inbox::None => return self.note(line, heard),
        };
        let event = Event::Undone(step);
        self.effects.push(Effect::Persist(ServiceRecord::Reacted { cause: line, entry, event }));
        self.tell(line, event);
        self.handled(line);
    }

    fn attempt(&mut self, cause: Line, step: StepId, direction: Direction) {
        let call = StepCall::new(cause.workflow, step, direction);
        if self.core.plan.knobs().publish == Publish::PublishThenWrite {
            self.tell(cause, accepted(call).1);
        }
        let reacted = |(entry, event)| ServiceRecord::Reacted { cause, entry: Some(entry), event };
        self.effects.push(Effect::Transact {
            change: Reaction { call, cause },
            accepted: reacted(accepted(call)),
            refused: self.gives_up(step).then(|| reacted((Entry::Refused, Event::Refused(step)))),
        });
    }

    fn applied(&mut self, reaction: Reaction, verdict: Verdict) {
        let Reaction { call, cause } = reaction;
        match verdict {
            Verdict::Accepted => {
                if self.core.plan.knobs().publish != Publish::PublishThenWrite {
                    self.tell(cause, accepted(call).1);
                }
                self.handled(cause);
            }
            Verdict::Refused if self.gives_up(call.step) => {
                self.tell(cause, Event::Refused(call.step));
                self.handled(cause);
            }
            // Not acknowledged, the event comes again.
            Verdict::Refused | Verdict::Failed => {}
        }
    }

    /// Whether a refusal of the step is a last word.
    fn gives_up(&self, step: StepId) -> bool {
        self.core.plan.place(step).kind != StepKind::Retriable
    }

    fn tell(&mut self, cause: Line, event: Event) {
        let lines = self.core.plan.lines(cause.workflow, event);
        if !self.core.has_outbox() {
            self.unlogged.extend(lines.iter().copied());
        }
        for line in lines {
            publish(&self.core.plan, line, self.effects);
        }
    }

    fn handled(&mut self, line: Line) {
        if self.core.plan.knobs().acknowledge == Acknowledge::AfterHandling {
            acknowledge(&self.core.plan, line, self.effects);
        }
    }

    fn delivered(&mut self, line: Line) {
        let logged = self.store.outbox.contains(line);
        if logged {
            self.effects.push(Effect::Persist(ServiceRecord::Delivered(line)));
        }
        if self.unlogged.remove(line) || logged {
            self.effects.push(Effect::CancelTimer(ChoreographyTimer::Publish(line)));
        }
    }

    fn publish_again(&mut self, line: Line) {
        if self.store.outbox.contains(line) || self.unlogged.contains(line) {
            publish(&self.core.plan, line, self.effects);
        }
    }
}

impl Process for ReactingService {
    type Volatile = Outbox;
    type Durable = ServiceStore;
    type Record = ServiceRecord;
    type Change = Reaction;
    type Message = ChoreographyMessage;
    type Timer = ChoreographyTimer;
    type Outcome = SagaOutcome;

    fn fold(&self, store: &mut ServiceStore, record: &ServiceRecord) {
        match *record {
            ServiceRecord::Heard(line) => store.hear(line),
            ServiceRecord::Reacted { cause, entry, event } => {
                store.hear(cause);
                if let (Some(entry), Subscriber::Step(step)) = (entry, cause.to) {
                    store.ledger.record(cause.workflow, step, entry);
                }
                if self.has_outbox() {
                    store.outbox.extend(self.plan.lines(cause.workflow, event));
                }
            }
            ServiceRecord::Delivered(line) => {
                store.outbox.remove(line);
            }
        }
    }

    fn handle(
        &self,
        unlogged: &mut Outbox,
        store: &ServiceStore,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        let mut turn = Turn { core: self, unlogged, store, effects };
        match input {
            Input::Message { message: ChoreographyMessage::Event(line), .. } => turn.hear(line),
            Input::Message { message: ChoreographyMessage::Acknowledged(line), .. } => {
                turn.delivered(line);
            }
            Input::Applied { change, verdict } => turn.applied(change, verdict),
            Input::TimerFired(ChoreographyTimer::Publish(line)) => turn.publish_again(line),
            Input::Recover => store.outbox.iter().for_each(|line| turn.publish_again(line)),
            Input::Start | Input::Cancel => {}
        }
    }

    fn awaits_start(&self, _unlogged: &Outbox, _store: &ServiceStore) -> bool {
        false
    }

    fn awaits(&self, ChoreographyTimer::Publish(line): &ChoreographyTimer) -> Option<Address> {
        Some(self.plan.subscriber(*line))
    }
}

/// How a step stands once the call was carried out, and what is told about it.
fn accepted(call: StepCall) -> (Entry, Event) {
    match call.direction {
        Direction::Forward => (Entry::Done, Event::Done(call.step)),
        Direction::Backward => (Entry::Undone, Event::Undone(call.step)),
    }
}
