//! The choices an implementer of event sourcing has to make. The default of each is right; every
//! other choice was made by some real system, and the checker shows what it costs.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::process::knob::knob;
use crate::workflow::domain::Domain;

/// An event-sourced system: what its events and commands mean, and the choices of its implementer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSourced {
    /// What there is: aggregates, commands, events, projections, policies.
    pub domain: Arc<Domain>,
    /// The choices.
    pub knobs: EventSourcingKnobs,
}

impl EventSourced {
    /// The system of that domain.
    #[must_use]
    pub fn new(domain: impl Into<Arc<Domain>>, knobs: EventSourcingKnobs) -> Self {
        EventSourced { domain: domain.into(), knobs }
    }
}

/// All choices of one event-sourced system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct EventSourcingKnobs {
    /// Whether an append names the version it was decided on.
    pub expected_version: ExpectedVersion,
    /// What is done when another append came first.
    pub conflict: Conflict,
    /// When the state changes, and others hear of it: after its events are durable, or before.
    pub state_change: StateChange,
    /// Whether a command that was carried out is recognised when it comes again.
    pub commands: CommandIdentity,
    /// How readers of the global log deal with positions whose transaction is still open.
    pub gaps: GapStrategy,
    /// For readers that hold gaps: for how long.
    pub gap_timeout: GapTimeout,
    /// When a consumer writes down how far it is.
    pub checkpoint: Checkpoint,
    /// What a read model does about an event that it has already seen.
    pub read_model: ReadModelWrite,
    /// After how many events of a stream a snapshot is taken; never, if `None`.
    pub snapshot_every: Option<u8>,
    /// How snapshots are labelled and used.
    pub snapshot: SnapshotUse,
    /// In which order consumers handle events.
    pub delivery: Delivery,
    /// By how many positions the clocks of process managers are behind those of command handlers.
    pub clock_skew: u8,
}

knob! {
    /// Whether an append names the version it was decided on.
    ExpectedVersion {
        /// Yes: if the stream has moved on, the append is a conflict.
        #[default]
        Checked,
        /// No: it lands on whatever is there.
        Ignored,
    }
}

knob! {
    /// What is done when another append came first.
    Conflict {
        /// The stream is loaded again, and the command decided anew.
        #[default]
        DecideAgain,
        /// The same events are appended on top of what came first.
        AppendAgain,
    }
}

knob! {
    /// When the state changes, and the client hears of it.
    StateChange {
        /// When the events are durable.
        #[default]
        AfterAppend,
        /// As soon as they are decided; the append comes later, and is not looked after.
        BeforeAppend,
    }
}

knob! {
    /// Whether a command that was carried out is recognised when it comes again.
    CommandIdentity {
        /// Its id is stored with its events.
        #[default]
        Stored,
        /// No: whoever repeats it, for want of an answer, has it carried out again.
        None,
    }
}

knob! {
    /// How the positions of the global log are made safe to read. A position is taken at insert and
    /// becomes visible at commit, so a reader may see one before a smaller one.
    GapStrategy {
        /// Appends hold an advisory lock until they commit: positions become visible in order.
        #[default]
        SerialiseAppends,
        /// Readers see only transactions older than every open one (Postgres: below
        /// `pg_snapshot_xmin`), ordered and remembered by transaction id and position.
        TransactionHorizon,
        /// The same horizon, but the checkpoint is the position alone.
        TransactionHorizonByPosition,
        /// Readers wait at a gap until it is filled, or until a timeout.
        HoldGaps,
        /// Readers take whatever is visible.
        Naive,
    }
}

knob! {
    /// For how long a reader waits at a gap.
    GapTimeout {
        /// Longer than any transaction may stay open.
        #[default]
        OutlastsTransactions,
        /// Shorter than some transactions.
        TooShort,
    }
}

knob! {
    /// When a consumer writes down how far it is.
    Checkpoint {
        /// In the transaction of the change. A process manager, whose commands go elsewhere, does it
        /// when they are carried out.
        #[default]
        SameTransaction,
        /// Before the change. A crash in between loses the event.
        BeforeChange,
        /// After the change. A crash in between repeats it.
        AfterChange,
    }
}

knob! {
    /// What a read model does about an event that it has already seen.
    ReadModelWrite {
        /// It changes again.
        #[default]
        Blind,
        /// Nothing: it keeps the position of the last event in its rows.
        ByPosition,
    }
}

knob! {
    /// How snapshots are labelled and used.
    SnapshotUse {
        /// With the version whose state they hold; those of an older schema are left aside.
        #[default]
        Exact,
        /// With the version of the stream when they are written, which may have moved on.
        Stale,
        /// Also those that older code made of events that are upcast today.
        WithoutUpcast,
    }
}

knob! {
    /// In which order consumers handle events.
    Delivery {
        /// By position in the global log.
        #[default]
        ByPosition,
        /// Streams are read side by side; an event is held until its cause is handled.
        ByCausation,
        /// By the timestamps of the processes that wrote them.
        ByTimestamp,
        /// Streams are read side by side; events are handled as they arrive.
        ByArrival,
    }
}
