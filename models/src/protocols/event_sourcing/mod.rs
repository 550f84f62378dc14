//! Event sourcing: what happened is stored, and states are what it folds to.
//!
//! ```text
//!  client ── request ──▶ CommandHandler ── Load, Append(expected version) ──▶ EventStore
//!                                                                               │ Next
//!            read model ◀── projection ◀── Consumer ◀── by position, causation … ┘
//!                 next command ◀── process manager ◀┘
//! ```
//!
//! | core | what it does | what is durable |
//! |---|---|---|
//! | [`EventStore`] | appends in transactions, serves streams, snapshots and the global log | the log |
//! | [`CommandHandler`] | loads, decides, appends; on a conflict, once more | which requests were answered |
//! | [`Consumer`] | handles events one by one, as a projection or as a process manager | its checkpoint |
//!
//! Four things make it right. An append names the *version* it was decided on, so that a decision
//! only lands on the state it was made for. A command has an *identity*, stored with its events, so
//! that repeating it is harmless. A consumer's *checkpoint* is written in the transaction of its
//! change. And positions of the global log become *visible in order*, or readers make up for it: a
//! Postgres sequence gives a position at insert, but the row is seen at commit, so a later position
//! may be seen first. Everything that real systems got wrong about this is a
//! [knob](EventSourcingKnobs).
//!
//! Causes are ids, not clocks: an event carries the command it came from, which carries the event
//! that the command answers ([`CommandId`]).

mod activity;
mod command;
mod consumer;
mod definition;
mod event;
pub(super) mod failures;
mod handler;
mod knobs;
mod layout;
mod message;
mod plan;
pub(super) mod properties;
mod store;
mod system;
mod validate;
mod witness;
mod words;

pub use command::{Phase, Run};
pub use consumer::{Consumer, ConsumerMemory, ConsumerRecord, Marks};
pub use event::{
    CommandId, EventLog, IssuedCommand, Position, Snapshot, StoreRecord, StoredEvent, StreamId,
};
pub use handler::{CommandHandler, HandlerRecord, HandlerState};
pub use knobs::{
    Checkpoint, CommandIdentity, Conflict, Delivery, EventSourced, EventSourcingKnobs,
    ExpectedVersion, GapStrategy, GapTimeout, ReadModelWrite, SnapshotUse, StateChange,
};
pub use message::{
    Answer, Append, EventChange, EventMessage, EventTimer, Mark, Read, Source, Told, Transaction,
};
pub use plan::{ConsumerId, EventPlan, STORE};
pub use store::{EventStore, StoreMemory};
pub use system::{EventSourcing, ReadModel, system};
pub use witness::EventWitness;
