//! How a two-phase commit reads in a story.

use crate::process::{Address, StepId};
use crate::protocols::lease::{LeaseMessage, words};
use crate::system::{Ending, RecordOf, RoleRecord, Words};

use super::log::{BranchRecord, BranchState, CoordinatorRecord, TwoPhaseOutcome};
use super::message::{Decision, Saying, TwoPhaseMessage, Vote};
use super::participant::{BranchChange, ChangeKind};
use super::system::{Rows, TwoPhaseCommit};
use super::timer::TwoPhaseTimer;
use super::witness::TwoPhaseWitness;

impl TwoPhaseCommit {
    fn name(&self, address: Address) -> String {
        match address {
            Address::Coordinator(workflow) => format!("coordinator {workflow}"),
            Address::Standby(workflow) => format!("standby {workflow}"),
            Address::Store => "store".to_owned(),
            Address::Service(service) => self.workflow.service(service).name.clone(),
            other => unreachable!("a two-phase commit has no process at {other:?}"),
        }
    }
}

impl Words<TwoPhaseCommit> for TwoPhaseCommit {
    fn process(&self, address: Address) -> String {
        self.name(address)
    }

    fn message(&self, message: &TwoPhaseMessage) -> String {
        let id = message.workflow;
        match message.saying {
            Saying::Work => format!("work for {id}"),
            Saying::Worked => format!("work for {id} is done"),
            Saying::Prepare => format!("prepare {id}"),
            Saying::Vote(Vote::Yes) => format!("yes, {id} is prepared"),
            Saying::Vote(Vote::No) => format!("no, {id} is aborted here"),
            Saying::Decide(Decision::Commit) => format!("commit {id}"),
            Saying::Decide(Decision::Abort) => format!("abort {id}"),
            Saying::Ack { damage: false } => format!("{id} is carried out here"),
            Saying::Ack { damage: true } => format!("{id} was decided otherwise here"),
            Saying::Inquire => format!("what was decided about {id}?"),
            Saying::Ask(request) => about_lead(&LeaseMessage::Request(id, request)),
            Saying::Answer(reply) => about_lead(&LeaseMessage::Reply(id, reply)),
        }
    }

    fn record(&self, _address: Address, record: &RecordOf<TwoPhaseCommit>) -> String {
        match record {
            RoleRecord::Coordinator(RoleRecord::Coordinator(record)) => match record {
                CoordinatorRecord::Accepted => "accepted".to_owned(),
                CoordinatorRecord::Claiming(epoch) => format!("claiming token {}", epoch.0),
                CoordinatorRecord::Committing => "committing".to_owned(),
                CoordinatorRecord::Damaged(service) => {
                    format!("{} decided otherwise", self.workflow.service(*service).name)
                }
                CoordinatorRecord::Ended(outcome) => format!("ended, {outcome}"),
            },
            RoleRecord::Coordinator(RoleRecord::Participant(record)) => {
                words::record(record, |holder| self.name(holder), |it| noun(*it).to_owned())
            }
            RoleRecord::Participant(BranchRecord { workflow, state }) => match state {
                BranchState::Prepared => format!("{workflow} prepared"),
                BranchState::Committed => format!("{workflow} committed"),
                BranchState::Aborted => format!("{workflow} aborted"),
                BranchState::Heuristic(decision) => {
                    format!("{workflow}: {} on own authority", noun(*decision))
                }
            },
        }
    }

    fn change(&self, change: &BranchChange) -> String {
        let id = change.workflow;
        match change.kind {
            ChangeKind::Check => format!("check of {id}"),
            ChangeKind::Hold => format!("rows prepared for {id}"),
            ChangeKind::Commit => format!("commit of {id}"),
            ChangeKind::Rollback => format!("rollback of {id}"),
        }
    }

    fn timer(&self, timer: &TwoPhaseTimer) -> String {
        match timer {
            TwoPhaseTimer::Answer(service) => {
                format!("no answer from {}", self.workflow.service(*service).name)
            }
            TwoPhaseTimer::Store => "no answer from the store".to_owned(),
            TwoPhaseTimer::Leader(peer) => format!("no heartbeat of {}", self.name(*peer)),
            TwoPhaseTimer::InDoubt(workflow, _) => format!("still in doubt of {workflow}"),
            TwoPhaseTimer::Vigil(workflow) => {
                format!("no heartbeat of {}", self.name(Address::Coordinator(*workflow)))
            }
            TwoPhaseTimer::Lease { holder, .. } => {
                format!("no heartbeat of {}, who holds a lease", self.name(*holder))
            }
        }
    }

    fn outcome(&self, outcome: &TwoPhaseOutcome) -> String {
        outcome.to_string()
    }

    fn ending(&self, ending: Ending) -> &'static str {
        match ending {
            Ending::Completed => "committed",
            Ending::Compensated => "aborted",
            Ending::Failed => "mixed",
        }
    }

    fn resources(&self, address: Address, rows: &Rows) -> Vec<String> {
        let mut facts = self.workflow.resource_facts(address, &rows.values);
        facts.extend(rows.prepared.iter().map(|id| format!("rows prepared for {id}")));
        facts
    }

    fn monitor(&self, _position: usize, witness: &TwoPhaseWitness) -> Vec<String> {
        let participants = self.plan.participants().iter();
        participants
            .zip(witness.branches())
            .filter_map(|(service, branch)| {
                let what = branch.fact()?;
                let steps: Vec<&str> = self.steps_at(*service).map(|id| self.step(id)).collect();
                Some(format!("{} {what}", steps.join(" and ")))
            })
            .collect()
    }

    fn watched(&self, position: usize) -> Option<String> {
        self.workflow.told_apart(position)
    }
}

impl TwoPhaseCommit {
    fn step(&self, id: StepId) -> &str {
        &self.workflow.step(id).name
    }
}

fn noun(decision: Decision) -> &'static str {
    match decision {
        Decision::Commit => "commit",
        Decision::Abort => "abort",
    }
}

fn about_lead(message: &LeaseMessage<Decision>) -> String {
    let found = |decision: Option<&Decision>| match decision {
        Some(decision) => format!("decided: {}", noun(*decision)),
        None => "nothing is decided".to_owned(),
    };
    words::message(message, |it| noun(*it).to_owned(), found)
}
