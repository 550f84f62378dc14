//! The choices an implementer of sagas has to make. The default of each is right; every other choice
//! was made by some real system, and the checker shows what it costs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::process::barrier::{Barrier, KeyLifetime, LedgerWrite, RequestKey};
use crate::process::knob::{exceptions, knob};
use crate::process::promise::{Acceptance, Telling};
use crate::protocols::lease::{Fencing, LeaseKnobs};

/// All choices of one saga.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SagaKnobs {
    /// When the client is told that its request is taken on.
    pub accept: Acceptance,
    /// When the client is told how it ended.
    pub tell: Telling,
    /// When the start of a step is logged.
    pub log: StepLog,
    /// Whether the decision to roll back is logged.
    pub decision: DecisionLog,
    /// What is done about a step that may or may not have happened.
    pub in_doubt: InDoubt,
    /// What a step is known by when it is asked for again.
    pub request_key: RequestKey,
    /// How often a step is asked for before it is given up as in doubt. At least 1. Pivots and
    /// retriable steps are asked for until they answer.
    pub attempts: u8,
    /// How often a compensation is asked for before it is abandoned; until it succeeds, if `None`.
    pub compensation_attempts: Option<u8>,
    /// How often a retriable step is asked for before it is abandoned; until it succeeds, if `None`.
    pub retriable_attempts: Option<u8>,
    /// What is made of a compensation that failed.
    pub failed_compensation: FailedCompensation,
    /// In which order compensations run.
    pub compensation_order: CompensationOrder,
    /// Which way a workflow goes after its coordinator crashed.
    pub recovery: Recovery,
    /// Until when a workflow can be cancelled.
    pub cancellation: Cancellation,
    /// How a cancellation, or a deadline, is told from what the workflow does meanwhile.
    pub deadline: Deadline,
    /// Whether a step that follows a late answer joins a workflow that is being rolled back.
    pub late_join: LateJoin,
    /// What participants remember of the requests they answered.
    pub barrier: Barrier,
    /// When participants write it down.
    pub ledger: LedgerWrite,
    /// How long participants remember it.
    pub keys: KeyLifetime,
    /// What keeps workflows that read from each other's unfinished work.
    pub isolation: Isolation,
    /// Whether a second coordinator stands by. The log is then kept in a store that both share.
    pub standby: bool,
    /// Whether the store fences the writes of former leaders.
    pub fencing: Fencing,
    /// What is chosen otherwise for the steps of one service: `[saga.services.payment]`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<String, SagaExceptions>,
    /// What is chosen otherwise for one step: `[saga.steps.charge]`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub steps: BTreeMap<String, SagaExceptions>,
}

exceptions! {
    /// What can be chosen otherwise for one service, or for one step.
    SagaExceptions of SagaKnobs and its steps {
        /// When the start of the step is logged.
        log: StepLog,
        /// What is done about the step if it may or may not have happened.
        in_doubt: InDoubt,
        /// What the step is known by when it is asked for again.
        request_key: RequestKey,
        /// How often the step is asked for before it is given up as in doubt.
        attempts: u8,
        /// How often its compensation is asked for before it is abandoned.
        compensation_attempts: u8,
        /// How often it is asked for before it is abandoned, if it is retriable.
        retriable_attempts: u8,
        /// What is made of a compensation that failed.
        failed_compensation: FailedCompensation,
        /// What the participant remembers of the requests it answered.
        barrier: Barrier,
        /// When the participant writes it down.
        ledger: LedgerWrite,
        /// How long the participant remembers it.
        keys: KeyLifetime,
    }
}

impl Default for SagaKnobs {
    fn default() -> Self {
        SagaKnobs {
            accept: Acceptance::default(),
            tell: Telling::default(),
            log: StepLog::default(),
            decision: DecisionLog::default(),
            in_doubt: InDoubt::default(),
            request_key: RequestKey::default(),
            attempts: 1,
            compensation_attempts: None,
            retriable_attempts: None,
            failed_compensation: FailedCompensation::default(),
            compensation_order: CompensationOrder::default(),
            recovery: Recovery::default(),
            cancellation: Cancellation::default(),
            deadline: Deadline::default(),
            late_join: LateJoin::default(),
            barrier: Barrier::default(),
            ledger: LedgerWrite::default(),
            keys: KeyLifetime::default(),
            isolation: Isolation::default(),
            standby: false,
            fencing: Fencing::default(),
            services: BTreeMap::new(),
            steps: BTreeMap::new(),
        }
    }
}

impl SagaKnobs {
    /// The choices about leases.
    #[must_use]
    pub fn lease(&self) -> LeaseKnobs {
        LeaseKnobs { fencing: self.fencing, ..LeaseKnobs::default() }
    }
}

knob! {
    /// When the coordinator logs that a step was started.
    StepLog {
        /// Before the request is sent: after a crash, nothing can have happened that is not logged.
        #[default]
        BeforeSend,
        /// After the request was sent. A crash in between leaves a step that nobody knows of.
        AfterSend,
    }
}

knob! {
    /// Whether the coordinator logs that it rolls back before it compensates.
    DecisionLog {
        /// Yes: after a crash it goes on rolling back.
        #[default]
        BeforeCompensation,
        /// No: after a crash it goes forward again, over steps that were already undone.
        Never,
    }
}

knob! {
    /// What is done about a step whose call timed out.
    InDoubt {
        /// It is compensated; the barrier makes that right whether or not it happened.
        #[default]
        Compensate,
        /// It is taken not to have happened.
        Ignore,
    }
}

knob! {
    /// What is made of a compensation whose transaction failed for a passing reason.
    FailedCompensation {
        /// It is asked for again.
        #[default]
        Retry,
        /// Nothing: the error is dropped, and it is reported as done.
        CountAsDone,
    }
}

knob! {
    /// In which order completed steps are compensated.
    CompensationOrder {
        /// A step only after everything that waited for it.
        #[default]
        Reverse,
        /// All at once.
        Parallel,
        /// In the order in which they were done.
        Forward,
    }
}

knob! {
    /// Which way a workflow goes after its coordinator crashed.
    Recovery {
        /// Steps in doubt are asked for again, and the workflow goes on.
        #[default]
        Forward,
        /// It is rolled back, unless the point of no return was reached.
        Backward,
        /// Nowhere: nobody remembers it. This is what a coordinator without a log does.
        Never,
    }
}

knob! {
    /// Until when a cancellation or a passed deadline rolls a workflow back.
    Cancellation {
        /// Until the pivot is started; later it is ignored.
        #[default]
        BeforePivot,
        /// At any time, also when steps are done that cannot be undone.
        Anytime,
        /// At any time, and what was done is left as it is: the client is told that it failed, and that
        /// is all.
        WithoutCompensation,
    }
}

knob! {
    /// How a cancellation, or a passed deadline, is told from what the workflow does meanwhile.
    Deadline {
        /// One thread looks at the workflow and rolls it back: nothing comes in between.
        #[default]
        CheckAndSet,
        /// Whoever checks deadlines runs beside the thread that drives the workflow. It finds the workflow
        /// unfinished, and rolls it back later, whatever has become of it by then.
        CheckThenSet,
    }
}

knob! {
    /// Whether a step joins a workflow that is being rolled back, because the answer came late that it
    /// waited for.
    LateJoin {
        /// No: once it is decided to roll back, nothing begins.
        #[default]
        Refuse,
        /// Yes. Nobody who compensates knows of it.
        Accept,
    }
}

knob! {
    /// What keeps workflows apart whose steps read: a countermeasure against the missing isolation of
    /// sagas (Frank and Zahle, *Semantic ACID properties in multidatabases using remote procedure calls
    /// and update propagations*, 1998).
    Isolation {
        /// A lock of the application: a step that touches what some step reads leaves a mark, in the
        /// transaction of its change, that is taken away when the workflow has completed or the step
        /// is undone. Who meets the mark of another workflow is refused at once, so nobody waits in a
        /// circle.
        #[default]
        SemanticLock,
        /// A step that touches what was read before reads it again, and is refused if it has changed.
        /// What another workflow has not completed can still be read.
        Reread,
        /// Nothing.
        None,
    }
}
