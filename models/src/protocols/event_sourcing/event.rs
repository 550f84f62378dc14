//! Events as they are stored, and the ids that say where they belong and where they come from.

use std::fmt;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::process::WorkflowId;
use crate::process::rename::renames;
use crate::workflow::domain::{AggregateId, CommandKind, EventKind, PolicyId, Values};

/// The events of one aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StreamId {
    /// Which kind of aggregate.
    pub aggregate: AggregateId,
    /// Whose, where every workflow has its own.
    pub owner: Option<WorkflowId>,
}

renames!(struct StreamId { aggregate, owner });

/// A place in the global log, counted from one. Zero is before the first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Position(pub u32);

renames!(nothing in Position);

/// The identity of a command: whoever repeats it gives the same one.
///
/// It carries the two ids of messaging: the *correlation* id, which all that follows from one
/// workflow shares, and the *causation* id, the event that this one follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandId {
    /// It was in the stream before anything ran.
    History,
    /// Given by the client of a workflow, as the nth of its requests.
    Request(WorkflowId, u8),
    /// Follows from an event.
    Answer {
        /// By this policy.
        policy: PolicyId,
        /// The event: the causation id.
        cause: Position,
        /// On behalf of this workflow: the correlation id.
        workflow: WorkflowId,
    },
}

renames!(enum CommandId {
    History,
    Request(workflow, number),
    Answer { policy, cause, workflow },
});

/// A command for a certain aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IssuedCommand {
    /// Its identity.
    pub id: CommandId,
    /// What is asked for.
    pub kind: CommandKind,
    /// Of whom.
    pub stream: StreamId,
}

renames!(struct IssuedCommand { id, kind, stream });

/// An event in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StoredEvent {
    /// Its place in the global log.
    pub position: Position,
    /// The transaction that wrote it; zero where nobody reads it.
    pub transaction: u32,
    /// Its stream.
    pub stream: StreamId,
    /// What happened.
    pub kind: EventKind,
    /// The command that led to it, and with it causation and correlation.
    pub command: CommandId,
    /// The version of the stream that was decided on.
    pub decided_on: u32,
}

renames!(struct StoredEvent { position, transaction, stream, kind, command, decided_on });

/// The state of an aggregate at a version, to start a replay from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Snapshot {
    /// How many events it covers.
    pub version: u32,
    /// What they fold to.
    pub state: Values,
    /// Whether today's code made it.
    pub current: bool,
}

renames!(nothing in Snapshot);

/// What the store's log folds to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventLog {
    /// The events, in order of commit. Those that were there from the start are not among them.
    pub events: Vec<StoredEvent>,
    /// The last position that was taken, also by transactions that were rolled back.
    pub taken: Position,
    /// The latest snapshot of each stream.
    pub snapshots: SmallVec<[(StreamId, Snapshot); 1]>,
}

renames!(struct EventLog { events, taken; sorted snapshots });

/// An entry of the store's log.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreRecord {
    /// Positions up to this one are taken, whatever becomes of them.
    Taken(Position),
    /// A transaction committed.
    Committed(SmallVec<[StoredEvent; 1]>),
    /// A snapshot was taken.
    Snapshot(StreamId, Snapshot),
}

renames!(
    enum StoreRecord {
        Taken(position),
        Committed(events),
        Snapshot(stream, snapshot),
    }
);

impl EventLog {
    /// Adds a record.
    pub fn fold(&mut self, record: &StoreRecord) {
        match record {
            StoreRecord::Taken(position) => self.taken = *position,
            StoreRecord::Committed(events) => {
                self.events.extend_from_slice(events);
                let last = events.iter().map(|event| event.position).max();
                self.taken = self.taken.max(last.unwrap_or_default());
            }
            StoreRecord::Snapshot(stream, snapshot) => {
                self.snapshots.retain(|(of, _)| of != stream);
                let at = self.snapshots.partition_point(|(of, _)| of < stream);
                self.snapshots.insert(at, (*stream, snapshot.clone()));
            }
        }
    }
}

impl CommandId {
    /// The event that it follows from: the causation id.
    #[must_use]
    pub fn cause(&self) -> Option<Position> {
        match self {
            CommandId::Answer { cause, .. } => Some(*cause),
            CommandId::History | CommandId::Request(..) => None,
        }
    }

    /// The workflow on whose behalf it is: the correlation id.
    #[must_use]
    pub fn workflow(&self) -> Option<WorkflowId> {
        match self {
            CommandId::Answer { workflow, .. } | CommandId::Request(workflow, _) => Some(*workflow),
            CommandId::History => None,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
