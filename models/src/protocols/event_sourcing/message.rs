//! What command handlers, consumers and the store say to each other, and their timers.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::process::rename::renames;
use crate::process::{Address, Verdict};
use crate::workflow::ArithmeticError;
use crate::workflow::domain::{EventKind, Values};

use super::event::{CommandId, IssuedCommand, Position, Snapshot, StoredEvent, StreamId};

/// A question to the store, or its answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventMessage {
    /// What does the command have to decide on?
    Load(IssuedCommand),
    /// This.
    Loaded {
        /// For which command.
        command: CommandId,
        /// Where to start, if not from nothing.
        snapshot: Option<Snapshot>,
        /// The events since.
        tail: SmallVec<[EventKind; 4]>,
    },
    /// Add these events.
    Append(Append),
    /// They are there, now or since earlier, and the stream then had this version.
    Appended(CommandId, u32),
    /// Another append came first; this is the version now.
    Conflicts(CommandId, u32),
    /// Keep this state of a stream.
    Keep(StreamId, u32, Values),
    /// What comes next?
    Read(Read),
    /// This.
    Next {
        /// The question.
        read: Read,
        /// The event.
        event: StoredEvent,
    },
}

renames!(enum EventMessage {
    Load(command),
    Loaded { command, snapshot, tail },
    Append(append),
    Appended(command, version),
    Conflicts(command, version),
    Keep(stream, version, state),
    Read(read),
    Next { read, event },
});

/// Events to be added to a stream.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Append {
    /// The command that led to them.
    pub command: IssuedCommand,
    /// The version it was decided on.
    pub decided_on: u32,
    /// The version it expects.
    pub expected: u32,
    /// What happened.
    pub events: SmallVec<[EventKind; 1]>,
}

renames!(struct Append { command, decided_on, expected, events });

/// A question for the next event. It waits at the store until there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Read {
    /// Of which log.
    pub source: Source,
    /// After what was handled last.
    pub after: Mark,
    /// Gaps up to here were waited for long enough.
    pub past_gap: Option<Position>,
}

renames!(struct Read { source, after, past_gap });

/// What a consumer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The global log.
    All,
    /// One stream.
    Stream(StreamId),
}

renames!(
    enum Source {
        All,
        Stream(stream),
    }
);

/// How far a consumer is: the key of the order it reads in, and the position.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct Mark {
    /// What is ordered by first: a transaction, a timestamp, or nothing.
    pub major: i64,
    /// The position.
    pub position: Position,
}

renames!(struct Mark { major, position });

/// The timers of all processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventTimer {
    /// Stands in for the store's answer to a command.
    Answer,
    /// Stands in for the next event of a log.
    Next(Source),
    /// Waits for the gap that ends at this position.
    Gap(Position),
    /// A transaction that took this position goes on.
    Transaction(Position),
}

renames!(
    enum EventTimer {
        Answer,
        Next(source),
        Gap(position),
        Transaction(position),
    }
);

/// A local transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventChange {
    /// The store commits an append.
    Insert(Transaction),
    /// A projection takes an event into its read model.
    Project(StoredEvent),
}

renames!(
    enum EventChange {
        Insert(transaction),
        Project(event),
    }
);

/// A transaction of the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Transaction {
    /// Who asked for it.
    pub from: Address,
    /// What it adds.
    pub append: Append,
    /// The first position it took.
    pub position: Position,
    /// Its transaction id, once it has one.
    pub id: Option<u32>,
}

renames!(struct Transaction { from, append, position, id });

/// What became of a command, as its client is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Told {
    /// Which command.
    pub command: IssuedCommand,
    /// What became of it.
    pub answer: Answer,
}

renames!(struct Told { command, answer });

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It was carried out.
    Accepted {
        /// The version of the aggregate afterwards.
        version: u32,
        /// Its state, where the handler has it.
        state: Option<Values>,
    },
    /// The aggregate said no.
    Rejected,
    /// The business is not well-defined there.
    Undefined(ArithmeticError),
}

renames!(nothing in Answer);

impl Answer {
    /// The answer as a verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Answer::Accepted { .. } => Verdict::Accepted,
            Answer::Rejected => Verdict::Refused,
            Answer::Undefined(_) => Verdict::Failed,
        }
    }
}
