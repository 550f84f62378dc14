//! The choices an implementer of choreographies has to make. The default of each is right; every
//! other choice was made by some real system, and the checker shows what it costs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::process::knob::{exceptions, knob};
use crate::process::promise::Telling;
use crate::protocols::saga::Cancellation;

/// All choices of one choreography.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ChoreographyKnobs {
    /// When the client is told how it ended.
    pub tell: Telling,
    /// How the change of a step and the event that tells of it hang together.
    pub publish: Publish,
    /// What services remember of the events they heard.
    pub inbox: Inbox,
    /// When an event is acknowledged to its publisher.
    pub acknowledge: Acknowledge,
    /// When a step that waits for several others starts.
    pub join: Join,
    /// How compensation spreads after a refusal.
    pub rollback: Rollback,
    /// Until when the client can take its request back.
    pub cancellation: Cancellation,
    /// What is chosen otherwise at one service: `[choreography.services.payment]`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<String, ChoreographyExceptions>,
}

exceptions! {
    /// What can be chosen otherwise at one service.
    ChoreographyExceptions of ChoreographyKnobs {
        /// How its changes and the events that tell of them hang together.
        publish: Publish,
        /// What it remembers of the events it heard.
        inbox: Inbox,
        /// When it acknowledges an event to its publisher.
        acknowledge: Acknowledge,
        /// When a step of it that waits for several others starts.
        join: Join,
    }
}

knob! {
    /// How the change of a step and the event that tells of it hang together.
    Publish {
        /// The event is a line of the outbox, written in the transaction of the change.
        #[default]
        Outbox,
        /// The change is committed first, the event published afterwards from memory. A crash in
        /// between loses the event.
        WriteThenPublish,
        /// The event is published first. If the change is then refused, others have reacted to what
        /// never happened.
        PublishThenWrite,
    }
}

knob! {
    /// What a service remembers of the events it heard.
    Inbox {
        /// Everything, written in the transaction of the reaction: what comes again changes nothing,
        /// and a step that was called off before it ran never runs.
        #[default]
        Full,
        /// What it did, but not that a step was called off before it ran.
        WithoutTombstone,
        /// Nothing that would keep it from reacting again.
        None,
    }
}

knob! {
    /// When an event is acknowledged to its publisher, who then stops repeating it.
    Acknowledge {
        /// After the reaction is durable.
        #[default]
        AfterHandling,
        /// On arrival. A crash before the reaction loses the event.
        BeforeHandling,
    }
}

knob! {
    /// When a step that waits for several others starts.
    Join {
        /// When the events of all of them are there.
        #[default]
        All,
        /// With the first event that names it: the effect may come before its other causes.
        Any,
    }
}

knob! {
    /// How compensation spreads after a refusal.
    Rollback {
        /// From step to step, each after everything that waited for it is undone.
        #[default]
        Chained,
        /// To everybody at once: each service undoes as soon as it hears of the refusal.
        Broadcast,
    }
}
