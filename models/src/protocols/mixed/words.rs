//! How a mixed workflow reads in a story: in the words of its protocols.

use smallvec::SmallVec;

use crate::process::{Address, StepId, WorkflowId};
use crate::protocols::saga::{Saga, SagaOutcome, SagaRecord};
use crate::protocols::tcc::Tcc;
use crate::system::{RoleRecord, Words};

use super::message::{MixedChange, MixedLedgerRecord, MixedMessage, MixedRecord, MixedTimer};
use super::system::Mixed;
use super::witness::MixedWitness;

impl Mixed {
    /// A record of a coordinator's saga.
    fn saga_record(&self, address: Address, record: &SagaRecord) -> String {
        // The pivot is no step of the workflow: it is the TCC as a whole.
        let is_pivot = |step: &StepId| usize::from(step.0) == self.workflow.steps().len();
        match record {
            SagaRecord::Started(step) if is_pivot(step) => "its tcc started".to_owned(),
            SagaRecord::Done(step) if is_pivot(step) => "its tcc is confirmed".to_owned(),
            SagaRecord::RollingBack(Some(step)) if is_pivot(step) => {
                "rolling back, its tcc was cancelled".to_owned()
            }
            _ => Words::<Saga>::record(&self.saga, address, &RoleRecord::Coordinator(*record)),
        }
    }

    /// A record of a coordinator's local message table.
    fn notice_record(&self, record: &SagaRecord) -> String {
        let name = |step: &StepId| &self.workflow.step(*step).name;
        match record {
            SagaRecord::Started(step) => format!("{} is due", name(step)),
            SagaRecord::Done(step) => format!("{} is delivered", name(step)),
            SagaRecord::Ended(_) => "all notices are delivered".to_owned(),
            _ => "the notices are in the message table".to_owned(),
        }
    }
}

impl Words<Mixed> for Mixed {
    fn process(&self, address: Address) -> String {
        Words::<Saga>::process(&self.saga, address)
    }

    fn message(&self, message: &MixedMessage) -> String {
        match message {
            MixedMessage::Saga(message) => Words::<Saga>::message(&self.saga, message),
            MixedMessage::Tcc(message) => Words::<Tcc>::message(&self.tcc, message),
        }
    }

    fn record(
        &self,
        address: Address,
        record: &RoleRecord<MixedRecord, MixedLedgerRecord>,
    ) -> String {
        match record {
            RoleRecord::Coordinator(MixedRecord::Saga(record)) => self.saga_record(address, record),
            RoleRecord::Coordinator(MixedRecord::Tcc(record)) => {
                let record =
                    Words::<Tcc>::record(&self.tcc, address, &RoleRecord::Coordinator(*record));
                format!("tcc: {record}")
            }
            RoleRecord::Coordinator(MixedRecord::Notices(record)) => self.notice_record(record),
            RoleRecord::Participant(MixedLedgerRecord::Saga(line)) => {
                Words::<Saga>::record(&self.saga, address, &RoleRecord::Participant(*line))
            }
            RoleRecord::Participant(MixedLedgerRecord::Tcc(line)) => {
                Words::<Tcc>::record(&self.tcc, address, &RoleRecord::Participant(*line))
            }
        }
    }

    fn change(&self, change: &MixedChange) -> String {
        match change {
            MixedChange::Saga(change) => Words::<Saga>::change(&self.saga, change),
            MixedChange::Tcc(change) => Words::<Tcc>::change(&self.tcc, change),
        }
    }

    fn timer(&self, timer: &MixedTimer) -> String {
        match timer {
            MixedTimer::Saga(timer) => Words::<Saga>::timer(&self.saga, timer),
            MixedTimer::Tcc(timer) => Words::<Tcc>::timer(&self.tcc, timer),
        }
    }

    fn outcome(&self, outcome: &SagaOutcome) -> String {
        outcome.to_string()
    }

    fn resources(&self, address: Address, resources: &SmallVec<[i64; 2]>) -> Vec<String> {
        self.workflow.resource_facts(address, resources)
    }

    fn monitor(&self, position: usize, witness: &MixedWitness) -> Vec<String> {
        witness.facts(&self.workflow, WorkflowId(position as u32), &self.compensations)
    }
}
