//! What processes of a mixed workflow say and keep: one protocol's word or another's.

use serde::{Deserialize, Serialize};

use crate::process::rename::renames;
use crate::protocols::saga::{LedgerRecord, SagaChange, SagaMessage, SagaRecord, SagaTimer};
use crate::protocols::tcc::{ReservationRecord, TccChange, TccMessage, TccRecord, TccTimer};

/// A message of one of the protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MixedMessage {
    /// About a saga step or a notice.
    Saga(SagaMessage),
    /// About a TCC step.
    Tcc(TccMessage),
}

/// A timer of one of the protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MixedTimer {
    /// Of a saga step or a notice.
    Saga(SagaTimer),
    /// Of a TCC step.
    Tcc(TccTimer),
}

/// A change to a service's resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MixedChange {
    /// By a saga step or a notice.
    Saga(SagaChange),
    /// By a TCC step.
    Tcc(TccChange),
}

/// An entry of the coordinator's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MixedRecord {
    /// Of the saga.
    Saga(SagaRecord),
    /// Of the TCC.
    Tcc(TccRecord),
    /// Of the local message table.
    Notices(SagaRecord),
}

/// An entry of a participant's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MixedLedgerRecord {
    /// Of a saga step or a notice.
    Saga(LedgerRecord),
    /// Of a TCC step.
    Tcc(ReservationRecord),
}

renames!(
    enum MixedMessage {
        Saga(message),
        Tcc(message),
    }
);
renames!(
    enum MixedTimer {
        Saga(timer),
        Tcc(timer),
    }
);
renames!(
    enum MixedChange {
        Saga(call),
        Tcc(change),
    }
);
renames!(
    enum MixedRecord {
        Saga(record),
        Tcc(record),
        Notices(record),
    }
);
renames!(
    enum MixedLedgerRecord {
        Saga(record),
        Tcc(record),
    }
);
