//! The choices an implementer of sagas has to make. The default of each is right; every other choice
//! was made by some real system, and the checker shows what it costs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::process::barrier::{Barrier, KeyLifetime, LedgerWrite};
use crate::process::knob::knob;
use crate::protocols::lease::{Fencing, LeaseKnobs};

/// All choices of one saga.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SagaKnobs {
    /// When the start of a step is logged.
    pub log: StepLog,
    /// Whether the decision to roll back is logged.
    pub decision: DecisionLog,
    /// What is done about a step that may or may not have happened.
    pub in_doubt: InDoubt,
    /// How often a step is asked for before it is given up as in doubt. At least 1. Pivots and
    /// retriable steps are asked for until they answer.
    pub attempts: u8,
    /// How often a compensation is asked for before it is abandoned; until it succeeds, if `None`.
    pub compensation_attempts: Option<u8>,
    /// How often a retriable step is asked for before it is abandoned; until it succeeds, if `None`.
    pub retriable_attempts: Option<u8>,
    /// In which order compensations run.
    pub compensation_order: CompensationOrder,
    /// Which way a workflow goes after its coordinator crashed.
    pub recovery: Recovery,
    /// Until when a workflow can be cancelled.
    pub cancellation: Cancellation,
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
}

impl Default for SagaKnobs {
    fn default() -> Self {
        SagaKnobs {
            log: StepLog::default(),
            decision: DecisionLog::default(),
            in_doubt: InDoubt::default(),
            attempts: 1,
            compensation_attempts: None,
            retriable_attempts: None,
            compensation_order: CompensationOrder::default(),
            recovery: Recovery::default(),
            cancellation: Cancellation::default(),
            barrier: Barrier::default(),
            ledger: LedgerWrite::default(),
            keys: KeyLifetime::default(),
            isolation: Isolation::default(),
            standby: false,
            fencing: Fencing::default(),
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
