//! The command handler: carries out what the client of one workflow asks for, one request after the
//! other. It loads an aggregate, decides, and appends with the expected version: a conflict means that
//! somebody else was faster, and that it decides once more.
//!
//! It keeps no state of any aggregate. After a crash its client, who has no answer, asks again; the
//! identity of the command makes that harmless.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::process::rename::renames;
use crate::process::{Address, Effect, Effects, Input, Process, Verdict, WorkflowId};

use super::command::{Reaction, Run};
use super::event::CommandId;
use super::message::{EventChange, EventMessage, EventTimer, Told};
use super::plan::{EventPlan, STORE};
use super::store::awaited;

/// The command handler of one workflow.
#[derive(Clone, Debug)]
pub struct CommandHandler {
    workflow: WorkflowId,
    plan: Arc<EventPlan>,
}

/// An entry of the handler's log: a request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HandlerRecord {
    /// How: accepted, refused, or failed where the business is not well-defined.
    pub verdict: Verdict,
}

renames!(nothing in HandlerRecord);

/// Which requests were answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HandlerState {
    /// How many.
    pub answered: u8,
    /// How many of those were not accepted.
    pub turned_down: u8,
}

renames!(nothing in HandlerState);

impl CommandHandler {
    /// The handler of `workflow`.
    #[must_use]
    pub fn new(workflow: WorkflowId, plan: Arc<EventPlan>) -> Self {
        CommandHandler { workflow, plan }
    }

    /// Whether every request is answered.
    #[must_use]
    pub fn has_ended(&self, state: &HandlerState) -> bool {
        self.plan.domain().requests().len() <= usize::from(state.answered)
    }

    /// Starts on the next request, if there is one.
    fn go_on(&self, run: &mut Option<Run>, answered: u8, effects: &mut Effects<Self>) {
        let Some(&kind) = self.plan.domain().requests().get(usize::from(answered)) else { return };
        let id = CommandId::Request(self.workflow, answered);
        let next = Run::new(self.plan.issue(id, kind, self.workflow));
        ask(next.question(), effects);
        *run = Some(next);
    }

    fn react(
        &self,
        run: &mut Option<Run>,
        state: &HandlerState,
        reaction: Reaction,
        effects: &mut Effects<Self>,
    ) {
        if let Some(told) = reaction.told {
            let verdict = told.answer.verdict();
            effects.push(Effect::CancelTimer(EventTimer::Answer));
            effects.push(Effect::Finish(told));
            effects.push(Effect::Persist(HandlerRecord { verdict }));
            effects.extend(reaction.aside.map(send));
            *run = None;
            self.go_on(run, state.answered + 1, effects);
        } else if let Some(question) = reaction.send {
            ask(question, effects);
        }
    }
}

impl Process for CommandHandler {
    type Volatile = Option<Run>;
    type Durable = HandlerState;
    type Record = HandlerRecord;
    type Change = EventChange;
    type Message = EventMessage;
    type Timer = EventTimer;
    type Outcome = Told;

    fn fold(&self, state: &mut HandlerState, record: &HandlerRecord) {
        state.answered += 1;
        state.turned_down += u8::from(record.verdict != Verdict::Accepted);
    }

    fn handle(
        &self,
        run: &mut Option<Run>,
        state: &HandlerState,
        input: Input<Self>,
        effects: &mut Effects<Self>,
    ) {
        match input {
            Input::Start if run.is_none() => self.go_on(run, state.answered, effects),
            Input::Message { message, .. } => {
                if let Some(current) = run {
                    let reaction = current.answered(&self.plan, message);
                    self.react(run, state, reaction, effects);
                }
            }
            Input::TimerFired(EventTimer::Answer) => {
                if let Some(run) = run {
                    ask(run.question(), effects);
                }
            }
            Input::Start
            | Input::TimerFired(_)
            | Input::Cancel
            | Input::Recover
            | Input::Applied { .. } => {}
        }
    }

    fn awaits_start(&self, run: &Option<Run>, state: &HandlerState) -> bool {
        run.is_none() && !self.has_ended(state)
    }

    fn awaits(&self, timer: &EventTimer) -> Option<Address> {
        awaited(timer, &self.plan)
    }
}

fn ask<P>(question: EventMessage, effects: &mut Effects<P>)
where
    P: Process<Message = EventMessage, Timer = EventTimer>,
{
    effects.push(send(question));
    effects.push(Effect::SetTimer(EventTimer::Answer));
}

fn send<P: Process<Message = EventMessage>>(message: EventMessage) -> Effect<P> {
    Effect::Send { to: STORE, message }
}
