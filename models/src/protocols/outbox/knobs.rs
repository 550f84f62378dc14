//! The choices an implementer of outboxes has to make. The default of each is right; every other
//! choice was made by some real system, and the checker shows what it costs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::process::knob::{exceptions, knob};
use crate::protocols::choreography::Acknowledge;

/// All choices of one outbox.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct OutboxKnobs {
    /// How many relays carry the outbox to the broker. At least 1.
    pub relays: u8,
    /// How many lines a relay claims at once, at most. At least 1.
    pub batch: u8,
    /// How the producer's rows and its event hang together.
    pub write: Write,
    /// Which lines a relay may claim while another holds some.
    pub claims: Claims,
    /// When a line is marked as published.
    pub mark: Mark,
    /// What a relay does when the broker does not take an event.
    pub failed_publish: FailedPublish,
    /// In which order the broker delivers.
    pub delivery: Delivering,
    /// What the consumer remembers of the messages it handled, and when it writes it down.
    pub inbox: InboxWrite,
    /// How long the consumer remembers it.
    pub inbox_life: InboxLife,
    /// When a message is acknowledged to the broker.
    pub acknowledge: Acknowledge,
    /// What becomes of a message that the consumer can never handle.
    pub poison: Poison,
    /// What is chosen otherwise at one consumer: `[outbox.services.search]`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<String, OutboxExceptions>,
}

exceptions! {
    /// What can be chosen otherwise at one consumer.
    OutboxExceptions of OutboxKnobs {
        /// What it remembers of the messages it handled, and when it writes it down.
        inbox: InboxWrite,
        /// How long it remembers it.
        inbox_life: InboxLife,
        /// When it acknowledges a message to the broker.
        acknowledge: Acknowledge,
        /// What becomes of a message that it can never handle.
        poison: Poison,
    }
}

impl Default for OutboxKnobs {
    fn default() -> Self {
        OutboxKnobs {
            relays: 2,
            batch: 8,
            write: Write::default(),
            claims: Claims::default(),
            mark: Mark::default(),
            failed_publish: FailedPublish::default(),
            delivery: Delivering::default(),
            inbox: InboxWrite::default(),
            inbox_life: InboxLife::default(),
            acknowledge: Acknowledge::default(),
            poison: Poison::default(),
            services: BTreeMap::new(),
        }
    }
}

knob! {
    /// How the producer's rows and its event hang together.
    Write {
        /// One transaction writes the rows and a line of the outbox.
        #[default]
        Outbox,
        /// The rows are committed, then the producer publishes the event itself. A crash in between
        /// loses the event.
        SaveThenPublish,
        /// The producer publishes the event, then commits the rows. If the transaction is refused,
        /// the event tells of what never happened.
        PublishThenSave,
    }
}

knob! {
    /// Which lines a relay may claim while another relay holds some.
    Claims {
        /// None of an aggregate of which the other holds a line.
        #[default]
        ByAggregate,
        /// Any that is not itself claimed (`FOR UPDATE SKIP LOCKED`). The relays may swap events of
        /// one aggregate.
        ByLine,
    }
}

knob! {
    /// When a line is marked as published.
    Mark {
        /// When the broker has it. A crash before the mark publishes it again.
        #[default]
        AfterPublish,
        /// When a relay claims it. A crash of the relay loses it.
        OnClaim,
    }
}

knob! {
    /// What a relay does when the broker does not take an event.
    FailedPublish {
        /// It tries again, and what comes after it waits.
        #[default]
        Hold,
        /// It goes on with the next, and comes back to it later: the event may be overtaken by one of its
        /// own aggregate.
        Skip,
    }
}

knob! {
    /// How long a consumer remembers the messages that it handled.
    InboxLife {
        /// For ever.
        #[default]
        Forever,
        /// For some time: a cleanup deletes old rows. A delivery that comes later is handled again.
        Expires,
    }
}

knob! {
    /// In which order the broker delivers to one consumer.
    Delivering {
        /// The next message of an aggregate after the one before is acknowledged.
        #[default]
        ByAggregate,
        /// All at once: competing consumers, or a prefetch window.
        AnyOrder,
    }
}

knob! {
    /// What the consumer remembers of the messages it handled, and when it writes it down.
    InboxWrite {
        /// Each, in the transaction of the change.
        #[default]
        SameTransaction,
        /// Each, before the change. A crash in between drops the message.
        BeforeChange,
        /// Each, after the change. A crash in between makes the change twice.
        AfterChange,
        /// Nothing: each delivery is handled as new.
        None,
    }
}

knob! {
    /// What becomes of a message that the consumer can never handle.
    Poison {
        /// It is put away for a person to look at, and the next one follows.
        #[default]
        DeadLetter,
        /// It is delivered again and again, and blocks what comes after it.
        Retry,
        /// It is acknowledged and forgotten.
        Drop,
    }
}
