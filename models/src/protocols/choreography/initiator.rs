//! Where the client's request enters: publishes it, and hears how it ended.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::process::promise::Telling;
use crate::process::rename::renames;
use crate::process::{Address, Effect, Effects, Input, Process, StepSet, WorkflowId};
use crate::protocols::saga::{Cancellation, SagaOutcome};

use super::event::{ChoreographyMessage, ChoreographyTimer, Event, Line, Reaction};
use super::outbox::{Outbox, acknowledge, publish};
use super::plan::ChoreographyPlan;

/// The initiator of one workflow. It publishes that the workflow was asked for, or that the client took
/// it back, and takes note of how the last (or, on the way back, the first) steps say it ended. It
/// decides nothing but this: once taken back, a workflow whose every step can be undone never counts
/// as completed.
#[derive(Clone, Debug)]
pub struct Initiator {
    workflow: WorkflowId,
    plan: Arc<ChoreographyPlan>,
}

/// An entry of the initiator's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InitiatorRecord {
    /// The client's request, and the lines that tell of it.
    Requested,
    /// The client takes it back, and the lines that tell of that.
    Cancelled,
    /// A step has heard of it.
    Delivered(Line),
    /// An event that tells how it ended.
    Heard(Event),
}

renames!(
    enum InitiatorRecord {
        Requested,
        Cancelled,
        Delivered(line),
        Heard(event),
    }
);

/// What the initiator's log folds to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InitiatorLog {
    /// Whether the workflow was asked for.
    pub requested: bool,
    /// Whether it was taken back.
    pub cancelled: bool,
    /// What it still has to publish.
    pub outbox: Outbox,
    /// Last steps that are done.
    pub done: StepSet,
    /// First steps that are undone, were refused, or never run.
    pub undone: StepSet,
    /// How it ended.
    pub outcome: Option<SagaOutcome>,
}

renames!(struct InitiatorLog { requested, cancelled, outbox, done, undone, outcome });

impl Initiator {
    /// The initiator of `workflow`.
    #[must_use]
    pub fn new(workflow: WorkflowId, plan: Arc<ChoreographyPlan>) -> Self {
        Initiator { workflow, plan }
    }

    fn request(&self, effects: &mut Effects<Self>) {
        effects.push(Effect::Persist(InitiatorRecord::Requested));
        for line in self.plan.lines(self.workflow, Event::Requested) {
            publish(&self.plan, line, effects);
        }
    }

    fn cancel(&self, log: &InitiatorLog, effects: &mut Effects<Self>) {
        let open = log.requested && !log.cancelled && log.outcome.is_none();
        if !open || !self.plan.can_be_cancelled() {
            return;
        }
        effects.push(Effect::Persist(InitiatorRecord::Cancelled));
        for line in self.plan.lines(self.workflow, Event::Cancelled) {
            publish(&self.plan, line, effects);
        }
        if self.plan.knobs().cancellation == Cancellation::WithoutCompensation {
            effects.push(Effect::Finish(SagaOutcome::Failed));
        }
    }

    fn hear(&self, log: &InitiatorLog, line: Line, effects: &mut Effects<Self>) {
        let mut next = log.clone();
        let record = InitiatorRecord::Heard(line.event);
        self.fold(&mut next, &record);
        let news = next.outcome.filter(|_| log.outcome.is_none());
        if self.plan.knobs().tell == Telling::BeforeLog {
            effects.extend(news.map(Effect::Finish));
        }
        if next != *log {
            effects.push(Effect::Persist(record));
        }
        acknowledge(&self.plan, line, effects);
        effects.extend(news.map(Effect::Finish));
    }

    fn recover(&self, log: &InitiatorLog, effects: &mut Effects<Self>) {
        for line in log.outbox.iter() {
            publish(&self.plan, line, effects);
        }
        effects.extend(log.outcome.map(Effect::Finish));
    }
}

impl Process for Initiator {
    type Volatile = ();
    type Durable = InitiatorLog;
    type Record = InitiatorRecord;
    type Change = Reaction;
    type Message = ChoreographyMessage;
    type Timer = ChoreographyTimer;
    type Outcome = SagaOutcome;

    fn fold(&self, log: &mut InitiatorLog, record: &InitiatorRecord) {
        match *record {
            InitiatorRecord::Requested => {
                log.requested = true;
                log.outbox.extend(self.plan.lines(self.workflow, Event::Requested));
            }
            InitiatorRecord::Cancelled => {
                log.cancelled = true;
                log.outbox.extend(self.plan.lines(self.workflow, Event::Cancelled));
                if self.plan.knobs().cancellation == Cancellation::WithoutCompensation {
                    log.outcome = Some(SagaOutcome::Failed);
                }
            }
            InitiatorRecord::Delivered(line) => {
                log.outbox.remove(line);
            }
            InitiatorRecord::Heard(Event::Done(step)) => log.done.insert(step),
            InitiatorRecord::Heard(Event::Refused(step) | Event::Undone(step)) => {
                log.undone.insert(step);
            }
            InitiatorRecord::Heard(Event::Requested | Event::Cancelled) => {}
        }
        if log.outcome.is_none() {
            // Where all can be undone, the last steps undo what they did before they heard of it.
            let revoked = log.cancelled && self.plan.point_of_no_return().is_none();
            if log.done == self.plan.last_steps() && !revoked {
                log.outcome = Some(SagaOutcome::Completed);
            } else if log.undone == self.plan.first_steps() {
                log.outcome = Some(SagaOutcome::Compensated);
            }
        }
    }

    fn handle(
        &self,
        (): &mut (),
        log: &InitiatorLog,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        match input {
            Input::Start if !log.requested => self.request(effects),
            Input::Recover => self.recover(log, effects),
            Input::Message { message: ChoreographyMessage::Event(line), .. } => {
                self.hear(log, line, effects);
            }
            Input::Message { message: ChoreographyMessage::Acknowledged(line), .. } => {
                if log.outbox.contains(line) {
                    effects.push(Effect::Persist(InitiatorRecord::Delivered(line)));
                    effects.push(Effect::CancelTimer(ChoreographyTimer::Publish(line)));
                }
            }
            Input::TimerFired(ChoreographyTimer::Publish(line)) => {
                if log.outbox.contains(line) {
                    publish(&self.plan, line, effects);
                }
            }
            Input::Cancel => self.cancel(log, effects),
            // The initiator owns no resources.
            Input::Start | Input::Applied { .. } => {}
        }
    }

    fn awaits_start(&self, (): &(), log: &InitiatorLog) -> bool {
        !log.requested
    }

    fn is_bound_to(&self, (): &(), log: &InitiatorLog, outcome: &SagaOutcome) -> bool {
        log.outcome == Some(*outcome)
    }

    fn awaits(&self, ChoreographyTimer::Publish(line): &ChoreographyTimer) -> Option<Address> {
        Some(self.plan.subscriber(*line))
    }
}
