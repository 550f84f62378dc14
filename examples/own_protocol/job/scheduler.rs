//! The scheduler of one job: it asks until every step is done.

use std::sync::Arc;

use amends::models::process::{
    Address, Effect, Effects, Input, Process, StepId, StepSet, WorkflowId,
};
use amends::models::workflow::Workflow;
use serde::{Deserialize, Serialize};

use super::message::{JobCall, JobMessage};

/// The scheduler of one job. It keeps everything in its log, and nothing in memory.
#[derive(Clone, Debug)]
pub struct Scheduler {
    job: WorkflowId,
    workflow: Arc<Workflow>,
}

/// What a scheduler has logged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobLog {
    /// Whether the job was taken on.
    pub accepted: bool,
    /// The steps that are done.
    pub done: StepSet,
    /// Whether that is all.
    pub ended: bool,
}

/// An entry of that log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum JobRecord {
    /// The job was taken on.
    Accepted,
    /// The step is done.
    Done(StepId),
    /// Every step is done.
    Ended,
}

/// The only way in which a job ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JobEnded;

impl Scheduler {
    /// The scheduler of that job.
    #[must_use]
    pub fn new(job: WorkflowId, workflow: Arc<Workflow>) -> Self {
        Scheduler { job, workflow }
    }

    /// The steps that are not done, while all that they wait for is.
    fn due(&self, done: StepSet) -> StepSet {
        let steps = (0..).map(StepId).zip(self.workflow.steps());
        let due = steps.filter(|(id, step)| !done.contains(*id) && step.after.is_subset(done));
        due.map(|(id, _)| id).collect()
    }

    fn worker(&self, step: StepId) -> Address {
        Address::Service(self.workflow.step(step).service)
    }

    fn ask(&self, steps: StepSet, effects: &mut Effects<Self>) {
        for step in steps.iter() {
            let message = JobMessage::Do(JobCall { job: self.job, step });
            effects.push(Effect::Send { to: self.worker(step), message });
            effects.push(Effect::SetTimer(step));
        }
    }

    /// The step is done, and that is news: it is logged before anybody relies on it.
    fn step_done(&self, log: &JobLog, step: StepId, effects: &mut Effects<Self>) {
        let mut done = log.done;
        done.insert(step);
        effects.push(Effect::Persist(JobRecord::Done(step)));
        effects.push(Effect::CancelTimer(step));
        if done.len() == self.workflow.steps().len() {
            effects.push(Effect::Persist(JobRecord::Ended));
            effects.push(Effect::Finish(JobEnded));
        } else {
            self.ask(self.due(done).difference(self.due(log.done)), effects);
        }
    }

    fn recover(&self, log: &JobLog, effects: &mut Effects<Self>) {
        if log.ended {
            effects.push(Effect::Finish(JobEnded));
        } else if log.accepted && log.done.len() == self.workflow.steps().len() {
            effects.push(Effect::Persist(JobRecord::Ended));
            effects.push(Effect::Finish(JobEnded));
        } else if log.accepted {
            self.ask(self.due(log.done), effects);
        }
    }
}

impl Process for Scheduler {
    type Volatile = ();
    type Durable = JobLog;
    type Record = JobRecord;
    type Change = JobCall;
    type Message = JobMessage;
    type Timer = StepId;
    type Outcome = JobEnded;

    fn fold(&self, log: &mut JobLog, record: &JobRecord) {
        match record {
            JobRecord::Accepted => log.accepted = true,
            JobRecord::Done(step) => log.done.insert(*step),
            JobRecord::Ended => log.ended = true,
        }
    }

    fn handle(&self, (): &mut (), log: &JobLog, input: Input<Self>, effects: &mut Effects<Self>) {
        match input {
            Input::Start if !log.accepted => {
                effects.push(Effect::Persist(JobRecord::Accepted));
                self.ask(self.due(StepSet::EMPTY), effects);
            }
            Input::Message { message: JobMessage::Done(call), .. }
                if !log.done.contains(call.step) =>
            {
                self.step_done(log, call.step, effects);
            }
            Input::TimerFired(step) if !log.done.contains(step) => {
                self.ask(StepSet::from_iter([step]), effects);
            }
            Input::Recover => self.recover(log, effects),
            // Everything else was heard before. A job is not cancelled, and a scheduler owns nothing.
            Input::Start
            | Input::Cancel
            | Input::Message { .. }
            | Input::TimerFired(_)
            | Input::Applied { .. } => {}
        }
    }

    fn awaits_start(&self, (): &(), log: &JobLog) -> bool {
        !log.accepted
    }

    fn awaits(&self, step: &StepId) -> Option<Address> {
        Some(self.worker(*step))
    }

    fn is_stale(&self, log: &JobLog, _from: Address, message: &JobMessage) -> bool {
        match message {
            JobMessage::Do(_) => true,
            JobMessage::Done(call) => log.done.contains(call.step),
        }
    }
}
