//! The choices of an implementer of two-phase commit. The default of each is safe; every other choice
//! was made by some real system, and the checker shows what it costs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::process::knob::{exceptions, knob};
use crate::process::promise::{Acceptance, Telling};
use crate::protocols::lease::{Claiming, Fencing, LeaseKnobs, Life};

/// All choices of one two-phase commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TwoPhaseKnobs {
    /// When the client is told that its request is taken on.
    pub accept: Acceptance,
    /// When the client is told how it ended.
    pub tell: Telling,
    /// When the work is done that is to be committed.
    pub work: Work,
    /// When a participant logs that it is prepared.
    pub prepare_log: PrepareLog,
    /// When a participant's rows become prepared, beside its log.
    pub snapshot: Snapshot,
    /// Whether what is prepared is locked.
    pub locks: Locks,
    /// When a participant logs that it committed.
    pub commit_log: CommitLog,
    /// What a vote counts for that does not come.
    pub silence: Silence,
    /// When the coordinator logs that it commits.
    pub decision_log: DecisionLog,
    /// What is true of a transaction that the coordinator's log does not decide.
    pub presumption: Presumption,
    /// What a participant does when it hears nothing of the coordinator any more.
    pub suspicion: Suspicion,
    /// What a participant does on its own authority when it is in doubt for too long.
    pub heuristic: Heuristic,
    /// Whether a participant reports such a decision when it turns out to be wrong.
    pub heuristic_report: HeuristicReport,
    /// Whether a second coordinator stands by. The decision is then kept in a store that both share.
    pub standby: bool,
    /// How coordinators claim leadership of a transaction.
    pub claim: Claiming,
    /// Whether the store fences the decisions of former leaders.
    pub fencing: Fencing,
    /// How long the decision lives in the store.
    pub decision_life: Life,
    /// What is chosen otherwise at one participant: `[two-phase-commit.services.paying]`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<String, TwoPhaseExceptions>,
}

exceptions! {
    /// What can be chosen otherwise at one participant.
    TwoPhaseExceptions of TwoPhaseKnobs {
        /// When it logs that it is prepared.
        prepare_log: PrepareLog,
        /// When its rows become prepared, beside its log.
        snapshot: Snapshot,
        /// Whether what it prepared is locked.
        locks: Locks,
        /// When it logs that it committed.
        commit_log: CommitLog,
        /// What it does when it hears nothing of the coordinator any more.
        suspicion: Suspicion,
    }
}

impl TwoPhaseKnobs {
    /// The choices about leases.
    #[must_use]
    pub fn lease(&self) -> LeaseKnobs {
        LeaseKnobs { claim: self.claim, fencing: self.fencing, life: self.decision_life }
    }
}

knob! {
    /// When the work is done that is to be committed.
    Work {
        /// The request to prepare carries it.
        #[default]
        WithPrepare,
        /// In a round of its own, as in XA between `xa_start` and `xa_end`. Until it is asked to
        /// prepare, a participant holds its locks without having promised anything.
        OwnRound,
    }
}

knob! {
    /// When a participant logs that it is prepared.
    PrepareLog {
        /// Before it votes yes.
        #[default]
        BeforeVote,
        /// After it voted. A crash in between forgets a promise.
        AfterVote,
    }
}

knob! {
    /// When a participant's rows become prepared, beside its log.
    Snapshot {
        /// After the log record: what a crash leaves out is made again from the log.
        #[default]
        AfterLog,
        /// Before it. A crash in between leaves rows prepared for a transaction that nobody knows.
        BeforeLog,
    }
}

knob! {
    /// Whether what is prepared is locked against other transactions.
    Locks {
        /// Yes, exclusively; who comes second is refused at once, so nobody waits in a circle.
        #[default]
        Held,
        /// No: two transactions may both be promised the same money.
        None,
    }
}

knob! {
    /// When a participant logs that it committed.
    CommitLog {
        /// Before it acknowledges, in the transaction of the change.
        #[default]
        BeforeAck,
        /// After. The coordinator may forget a transaction that somebody is still in doubt of.
        AfterAck,
    }
}

knob! {
    /// What a vote counts for that does not come.
    Silence {
        /// No.
        #[default]
        No,
        /// Yes, since the request surely arrived.
        Yes,
    }
}

knob! {
    /// When the coordinator logs that it commits.
    DecisionLog {
        /// Before it tells anybody.
        #[default]
        BeforeSend,
        /// After. A crash in between turns the decision around.
        AfterSend,
    }
}

knob! {
    /// What is true of a transaction that the coordinator's log does not decide.
    Presumption {
        /// It aborted: aborts need neither log record nor acknowledgement (Mohan, Lindsay and
        /// Obermarck 1986).
        #[default]
        Abort,
        /// Nothing. A coordinator that crashed before it decided has nothing to say.
        None,
    }
}

knob! {
    /// What a participant does when it hears nothing of the coordinator any more.
    Suspicion {
        /// It does not listen for heartbeats at all.
        Ignore,
        /// It reports that the transaction hangs, and waits.
        Wait,
        /// It aborts what it has not promised, and reports that it hangs otherwise.
        #[default]
        AbortWorking,
        /// It aborts in any case, also what it promised to commit.
        AbortPrepared,
    }
}

knob! {
    /// What a participant decides on its own authority when it is in doubt for too long (a
    /// *heuristic decision* in the words of X/Open XA).
    Heuristic {
        /// Nothing.
        #[default]
        None,
        /// It commits.
        Commit,
        /// It rolls back.
        Rollback,
    }
}

knob! {
    /// Whether a participant reports a heuristic decision that contradicts the coordinator's.
    HeuristicReport {
        /// With its acknowledgement; the outcome is then *mixed*.
        #[default]
        WithAck,
        /// Never.
        Never,
    }
}
