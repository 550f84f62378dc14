//! What coordinators, participants and the store say to each other.

use serde::{Deserialize, Serialize};

use crate::process::WorkflowId;
use crate::process::rename::renames;
use crate::protocols::lease::{LeaseReply, LeaseRequest};

/// Commit or abort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Everybody commits.
    Commit,
    /// Everybody aborts.
    Abort,
}

renames!(nothing in Decision);

/// What somebody says about one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TwoPhaseMessage {
    /// Which transaction.
    pub workflow: WorkflowId,
    /// What is said.
    pub saying: Saying,
}

renames!(struct TwoPhaseMessage { workflow, saying });

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Saying {
    /// To a participant: do the work.
    Work,
    /// To the coordinator: the work is done.
    Worked,
    /// To a participant: promise to commit.
    Prepare,
    /// To the coordinator: whether that is promised.
    Vote(Vote),
    /// To a participant: this is the decision.
    Decide(Decision),
    /// To the coordinator: the decision is carried out here.
    Ack {
        /// It came too late: the contrary was decided here before.
        damage: bool,
    },
    /// To a coordinator: what was decided? I am in doubt.
    Inquire,
    /// To the store.
    Ask(LeaseRequest<Decision>),
    /// From the store.
    Answer(LeaseReply<Decision>),
}

// Claims and leases mention tokens, not whom they are granted to.
renames!(nothing in Saying);

/// A participant's vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Vote {
    /// It will commit if it is told to, whatever happens to it.
    Yes,
    /// It has aborted.
    No,
}
