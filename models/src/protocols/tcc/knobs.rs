//! The choices an implementer of TCC has to make. The default of each is right; every other choice
//! was made by some real system, and the checker shows what it costs.

use std::collections::BTreeMap;
use std::num::NonZeroU8;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::process::barrier::{Barrier, KeyLifetime, LedgerWrite, RequestKey};
use crate::process::knob::{exceptions, knob};
use crate::process::promise::{Acceptance, Telling};

/// All choices of one TCC.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TccKnobs {
    /// When the client is told that its request is taken on.
    pub accept: Acceptance,
    /// When the client is told how it ended.
    pub tell: Telling,
    /// When the decision to confirm or to cancel is logged.
    pub decision: DecisionLog,
    /// What becomes of an undecided workflow whose coordinator crashed.
    pub recovery: Recovery,
    /// When a refused Try leads to cancellation.
    pub refusal: Refusal,
    /// Which steps are cancelled.
    pub cancel: CancelScope,
    /// What a request is known by when it is made again.
    pub request_key: RequestKey,
    /// How often a Try is asked for before it is given up as in doubt.
    pub try_attempts: NonZeroU8,
    /// How often a Confirm is asked for before it is given up; until it succeeds, if `None`.
    pub confirm_attempts: Option<NonZeroU8>,
    /// How often a Cancel is asked for before it is given up; until it succeeds, if `None`.
    pub cancel_attempts: Option<NonZeroU8>,
    /// What is made of a Confirm that was given up.
    pub unconfirmed: Unconfirmed,
    /// What participants remember of the requests they answered.
    pub barrier: Barrier,
    /// When participants write it down.
    pub ledger: LedgerWrite,
    /// How long participants remember it.
    pub keys: KeyLifetime,
    /// What a participant makes of a Try that changed no row.
    pub zero_rows: ZeroRows,
    /// What a participant does with a reservation that grows old.
    pub expiry: ReservationExpiry,
    /// What is chosen otherwise for the steps of one service: `[tcc.services.balance]`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<String, TccExceptions>,
    /// What is chosen otherwise for one step: `[tcc.steps.freeze-balance]`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub steps: BTreeMap<String, TccExceptions>,
}

exceptions! {
    /// What can be chosen otherwise for one service, or for one step.
    TccExceptions of TccKnobs and its steps {
        /// What a request about it is known by when it is made again.
        request_key: RequestKey,
        /// How often its Try is asked for before it is given up as in doubt.
        try_attempts: NonZeroU8,
        /// How often its Confirm is asked for before it is given up.
        confirm_attempts: NonZeroU8,
        /// How often its Cancel is asked for before it is given up.
        cancel_attempts: NonZeroU8,
        /// What the participant remembers of the requests it answered.
        barrier: Barrier,
        /// When the participant writes it down.
        ledger: LedgerWrite,
        /// How long the participant remembers it.
        keys: KeyLifetime,
        /// What the participant makes of a Try that changed no row.
        zero_rows: ZeroRows,
        /// What the participant does with a reservation that grows old.
        expiry: ReservationExpiry,
    }
}

impl Default for TccKnobs {
    fn default() -> Self {
        TccKnobs {
            accept: Acceptance::default(),
            tell: Telling::default(),
            decision: DecisionLog::default(),
            recovery: Recovery::default(),
            refusal: Refusal::default(),
            cancel: CancelScope::default(),
            request_key: RequestKey::default(),
            try_attempts: NonZeroU8::MIN,
            confirm_attempts: None,
            cancel_attempts: None,
            unconfirmed: Unconfirmed::default(),
            barrier: Barrier::default(),
            ledger: LedgerWrite::default(),
            keys: KeyLifetime::default(),
            zero_rows: ZeroRows::default(),
            expiry: ReservationExpiry::default(),
            services: BTreeMap::new(),
            steps: BTreeMap::new(),
        }
    }
}

knob! {
    /// When the coordinator logs what it decided.
    DecisionLog {
        /// Before anybody is told: after a crash it decides nothing else.
        #[default]
        BeforeSend,
        /// After everybody was told. A crash in between leaves participants that confirmed, and a
        /// coordinator that cancels.
        AfterSend,
        /// Never.
        Never,
    }
}

knob! {
    /// What becomes of an undecided workflow whose coordinator crashed. Both are right.
    Recovery {
        /// It is cancelled: what was not decided is presumed to be cancelled.
        #[default]
        Cancel,
        /// The Trys are asked for again, and it goes on.
        Resume,
    }
}

knob! {
    /// When a Try that was refused, or given up, leads to cancellation. The first two are right with a
    /// full barrier.
    Refusal {
        /// At once, while other Trys may still be on their way.
        #[default]
        FailFast,
        /// Once every Try has answered or was given up.
        WaitForAll,
        /// Never: a refusal is taken for an error that passes, and the Try is asked for until it reserves.
        Retry,
    }
}

knob! {
    /// Which steps are cancelled.
    CancelScope {
        /// Every step that may have reserved: all that were asked, but for those that refused.
        #[default]
        MayHaveReserved,
        /// Every step of the workflow, tried or not. Only a barrier makes that harmless.
        Everything,
        /// The steps that answered that they reserved. One whose answer was lost keeps its
        /// reservation for ever.
        OnlyAnswered,
    }
}

knob! {
    /// What is made of a Confirm that was given up.
    Unconfirmed {
        /// The workflow ends as failed, and needs a person.
        #[default]
        Fail,
        /// Nothing: the error is dropped, and the workflow ends as completed.
        Ignore,
        /// All steps are cancelled, also those that may have been confirmed.
        Cancel,
    }
}

knob! {
    /// What a participant makes of a Try whose guard was false, so that no row was changed.
    ZeroRows {
        /// A refusal.
        #[default]
        Refuse,
        /// A success: the statement raised no error.
        Succeed,
    }
}

knob! {
    /// What a participant does with a reservation that nobody confirmed or cancelled for a while.
    ReservationExpiry {
        /// It keeps it until it is told: the coordinator never forgets.
        #[default]
        Never,
        /// It asks the coordinator, and keeps it until it is told. Right as well: whoever is asked
        /// before having decided decides to cancel.
        AskFirst,
        /// It releases it, and refuses a Confirm that comes later. Others may have confirmed by then.
        ReleaseAndFence,
        /// It releases it, and forgets that it did: a Confirm that comes later takes what is not
        /// reserved any more.
        Release,
    }
}
