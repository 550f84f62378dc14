//! The words in which stories of a saga are told.

use crate::process::barrier::Entry;
use crate::process::{Address, Answer, Locals, StepId, WorkflowId};
use crate::system::{DurableOf, RoleRecord, Words};
use crate::workflow::ResourceId;

use super::coordinator::SagaTimer;
use super::log::{SagaOutcome, SagaPhase, SagaRecord};
use super::message::{Direction, SagaMessage};
use super::participant::{LedgerRecord, SagaChange};
use super::rows::Rows;
use super::system::{Saga, SagaMonitor};

impl Saga {
    pub(super) fn step(&self, step: StepId) -> &str {
        &self.workflow.step(step).name
    }

    /// What is known, in parentheses.
    fn knowing(&self, locals: &Locals) -> String {
        if locals.is_empty() {
            return String::new();
        }
        format!(" ({})", self.values(locals))
    }

    fn values(&self, locals: &Locals) -> String {
        let named = |(local, value)| format!("{} = {value}", self.workflow.local(local));
        locals.iter().map(named).collect::<Vec<_>>().join(", ")
    }
}

impl Words<Saga> for Saga {
    fn process(&self, address: Address) -> String {
        match address {
            Address::Coordinator(workflow) => format!("coordinator {workflow}"),
            Address::Service(service) => self.workflow.service(service).name.clone(),
            elsewhere => unreachable!("a saga has no process at {elsewhere:?}"),
        }
    }

    fn message(&self, message: &SagaMessage) -> String {
        let call = message.call();
        let (step, workflow) = (self.step(call.step), call.workflow);
        let known = self.knowing(&call.locals);
        let key = if call.new_key { " under a new key" } else { "" };
        match message {
            SagaMessage::Request(_) => match call.direction {
                Direction::Forward => format!("do {step} of {workflow}{known}{key}"),
                Direction::Backward => format!("undo {step} of {workflow}{known}{key}"),
            },
            SagaMessage::Release(_) => format!("release {step} of {workflow}"),
            SagaMessage::Released(_) => format!("{step} of {workflow} is released"),
            SagaMessage::Reply(_, Answer::Done) => match call.direction {
                Direction::Forward => format!("{step} of {workflow} is done{known}"),
                Direction::Backward => format!("{step} of {workflow} is undone"),
            },
            SagaMessage::Reply(_, Answer::Refused) => format!("{step} of {workflow} is refused"),
            SagaMessage::Reply(_, Answer::Failed) => {
                format!("{step} of {workflow} failed, nothing changed")
            }
        }
    }

    fn record(&self, _address: Address, record: &RoleRecord<SagaRecord, LedgerRecord>) -> String {
        match record {
            RoleRecord::Coordinator(record) => match record {
                SagaRecord::Accepted => "accepted".to_owned(),
                SagaRecord::Started(step) => format!("{} started", self.step(*step)),
                SagaRecord::Read(locals) => format!("read {}", self.values(locals)),
                SagaRecord::Done(step) => format!("{} done", self.step(*step)),
                SagaRecord::RollingBack(Some(step)) => {
                    format!("rolling back, {} was refused", self.step(*step))
                }
                SagaRecord::RollingBack(None) => "rolling back".to_owned(),
                SagaRecord::Undone(step) => format!("{} undone", self.step(*step)),
                SagaRecord::Abandoned(step) => format!("{} given up", self.step(*step)),
                SagaRecord::Ended(outcome) => format!("ended, {outcome}"),
            },
            RoleRecord::Participant(line) => {
                let what = match line.entry {
                    Some(Entry::Done) => "done",
                    Some(Entry::Refused) => "refused",
                    Some(Entry::OutsideOnly) => "done outside of its transaction",
                    Some(Entry::DoneOutside) => "done, and outside of its transaction",
                    Some(Entry::Undone) => "undone",
                    None => "forgotten",
                };
                format!("{} of {} {what}", self.step(line.step), line.workflow)
            }
        }
    }

    fn change(&self, change: &SagaChange) -> String {
        let call = change.call();
        let (step, workflow) = (self.step(call.step), call.workflow);
        let known = self.knowing(&call.locals);
        match (change, call.direction) {
            (SagaChange::Step(_), Direction::Forward) => format!("{step} of {workflow}{known}"),
            (SagaChange::Step(_), Direction::Backward) => {
                format!("undo of {step} of {workflow}{known}")
            }
            (SagaChange::Release(_), _) => format!("release of {step} of {workflow}"),
            (SagaChange::Outside(_), _) => {
                format!("outside of the transaction, {step} of {workflow}{known}")
            }
            (SagaChange::Recall(_), _) => format!("what {step} of {workflow} has read{known}"),
        }
    }

    fn timer(&self, timer: &SagaTimer) -> String {
        match timer {
            SagaTimer::Call(step) => format!("no final answer about {}", self.step(*step)),
            SagaTimer::Deadline => "the deadline was found to be passed".to_owned(),
            SagaTimer::Key(workflow, step) => {
                format!("the key of {} of {workflow} runs out", self.step(*step))
            }
        }
    }

    fn outcome(&self, outcome: &SagaOutcome) -> String {
        outcome.to_string()
    }

    fn resources(&self, address: Address, rows: &Rows) -> Vec<String> {
        let mut facts = self.workflow.resource_facts(address, &rows.values);
        for (at, fact) in facts.iter_mut().enumerate() {
            if let Some(holder) = rows.marks.holder(ResourceId(at as u16)) {
                fact.push_str(&format!(", locked by {holder}"));
            }
        }
        facts
    }

    fn standing(&self, address: Address, log: &DurableOf<Saga>) -> Option<String> {
        let log = &log.coordinator;
        // One that is pending has nothing to tell, and one that has ended has told its outcome.
        let goes_on = log.phase != SagaPhase::Pending && log.outcome().is_none();
        (matches!(address, Address::Coordinator(_)) && goes_on).then(|| log.state().to_string())
    }

    fn monitor(&self, position: usize, monitor: &SagaMonitor) -> Vec<String> {
        match monitor {
            SagaMonitor::Workflow(witness) => {
                let id = WorkflowId(position as u32);
                witness.facts(&self.workflow, id, &self.compensations)
            }
            SagaMonitor::Isolation(witness) => witness.facts(),
        }
    }

    fn watched(&self, position: usize) -> Option<String> {
        let of_workflow = position < self.workflow.instances() as usize;
        self.workflow.told_apart(position).filter(|_| of_workflow)
    }
}
