//! How a saga with a coordinator that stands by reads in a story: as a saga, except for the lead and
//! the log that goes with it.

use crate::process::{Address, StepId};
use crate::protocols::lease::words;
use crate::protocols::saga::log::{SagaLog, SagaOutcome, SagaPhase};
use crate::protocols::saga::rows::Rows;
use crate::protocols::saga::system::{Saga, SagaMonitor};
use crate::system::{DurableOf, RecordOf, RoleRecord, Words};

use super::system::StandbySaga;
use super::{LedRecord, StandbyChange, StandbyMessage, StandbyTimer};

impl StandbySaga {
    fn name(&self, address: Address) -> String {
        match address {
            Address::Standby(workflow) => format!("standby {workflow}"),
            Address::Store => "store".to_owned(),
            elsewhere => Words::<Saga>::process(&self.saga, elsewhere),
        }
    }

    /// A whole log: `executing (reserve done, charge started)`.
    fn log(&self, log: &SagaLog) -> String {
        let phase = match log.phase {
            SagaPhase::Pending => "pending".to_owned(),
            SagaPhase::Executing => "executing".to_owned(),
            SagaPhase::RollingBack => "rolling back".to_owned(),
            SagaPhase::Ended(outcome) => return format!("ended, {outcome}"),
        };
        let step = |id: StepId| {
            let how = match id {
                _ if log.abandoned.contains(id) => "given up",
                _ if log.undone.contains(id) => "undone",
                _ if log.refused.contains(id) => "refused",
                _ if log.done.contains(id) => "done",
                _ => "started",
            };
            format!("{} {how}", self.saga.step(id))
        };
        let steps: Vec<String> = log.started.iter().map(step).collect();
        if steps.is_empty() { phase } else { format!("{phase} ({})", steps.join(", ")) }
    }
}

impl Words<StandbySaga> for StandbySaga {
    fn process(&self, address: Address) -> String {
        self.name(address)
    }

    fn message(&self, message: &StandbyMessage) -> String {
        match message {
            StandbyMessage::Saga(message) => Words::<Saga>::message(&self.saga, message),
            StandbyMessage::Lease(message) => {
                let found = |log: Option<&SagaLog>| match log {
                    Some(log) => format!("written: {}", self.log(log)),
                    None => "nothing is written".to_owned(),
                };
                words::message(message, |log| self.log(log), found)
            }
        }
    }

    fn record(&self, address: Address, record: &RecordOf<StandbySaga>) -> String {
        match record {
            RoleRecord::Coordinator(RoleRecord::Coordinator(LedRecord::Accepted)) => {
                "accepted".to_owned()
            }
            RoleRecord::Coordinator(RoleRecord::Coordinator(LedRecord::Claiming(epoch))) => {
                format!("claiming token {}", epoch.0)
            }
            RoleRecord::Coordinator(RoleRecord::Participant(record)) => {
                words::record(record, |holder| self.name(holder), |log| self.log(log))
            }
            RoleRecord::Participant(line) => {
                Words::<Saga>::record(&self.saga, address, &RoleRecord::Participant(*line))
            }
        }
    }

    fn change(&self, asked: &StandbyChange) -> String {
        Words::<Saga>::change(&self.saga, &asked.change)
    }

    fn timer(&self, timer: &StandbyTimer) -> String {
        match timer {
            StandbyTimer::Saga(timer) => Words::<Saga>::timer(&self.saga, timer),
            StandbyTimer::Store => "no answer from the store".to_owned(),
            StandbyTimer::Leader(peer) => format!("no heartbeat of {}", self.name(*peer)),
            StandbyTimer::Lease(timer) => {
                format!("no heartbeat of {}, who holds a lease", self.name(timer.holder))
            }
        }
    }

    fn outcome(&self, outcome: &SagaOutcome) -> String {
        outcome.to_string()
    }

    fn resources(&self, address: Address, rows: &Rows) -> Vec<String> {
        Words::<Saga>::resources(&self.saga, address, rows)
    }

    fn standing(&self, address: Address, log: &DurableOf<StandbySaga>) -> Option<String> {
        if address != Address::Store {
            return None;
        }
        let written = log.coordinator.participant.iter().filter_map(|(workflow, register)| {
            let log = register.value.as_ref()?;
            Some(format!("{workflow} is {}", self.log(log)))
        });
        let written: Vec<String> = written.collect();
        (!written.is_empty()).then(|| written.join("; "))
    }

    fn monitor(&self, position: usize, monitor: &SagaMonitor) -> Vec<String> {
        Words::<Saga>::monitor(&self.saga, position, monitor)
    }

    fn watched(&self, position: usize) -> Option<String> {
        Words::<Saga>::watched(&self.saga, position)
    }
}
