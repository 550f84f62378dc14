//! The choices of putting protocols together. The default of each is right; what each protocol leaves
//! open for itself is a choice of its own ([`SagaKnobs`], [`TccKnobs`]).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::process::knob::knob;
use crate::protocols::saga::SagaKnobs;
use crate::protocols::tcc::TccKnobs;

/// All choices of a mixed workflow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct MixedChoices {
    /// How the protocols are put together.
    pub mixed: MixedKnobs,
    /// What is left open for saga steps.
    pub saga: SagaKnobs,
    /// What is left open for TCC steps.
    pub tcc: TccKnobs,
}

/// The choices of putting protocols together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct MixedKnobs {
    /// When the TCC starts.
    pub settle: Settle,
    /// When the saga compensates after the TCC has decided to cancel.
    pub roll_back: RollBack,
    /// When notices are sent.
    pub notify: Notify,
    /// How notices get into the local message table.
    pub table: MessageTable,
}

knob! {
    /// When the TCC starts.
    Settle {
        /// When every step that can be compensated is done: nothing can make the workflow fail any
        /// more but the TCC itself.
        #[default]
        AfterSteps,
        /// At once, beside the saga's steps. It may confirm, and a step is refused afterwards.
        AtOnce,
    }
}

knob! {
    /// When the saga compensates after the TCC has decided to cancel.
    RollBack {
        /// When everything that was reserved is released.
        #[default]
        AfterCancel,
        /// At once: steps are undone while reservations that were built on them are still held.
        AtRefusal,
    }
}

knob! {
    /// When notices are sent.
    Notify {
        /// After the decision.
        #[default]
        AfterDecision,
        /// As soon as the workflow is taken on, whatever becomes of it.
        AtOnce,
    }
}

knob! {
    /// How notices get into the local message table.
    MessageTable {
        /// By the record that completes the workflow.
        #[default]
        SameTransaction,
        /// By a record of their own, after it. A crash in between loses them.
        AfterDecision,
    }
}
