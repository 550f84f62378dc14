//! The outbox, or local message table: how a change in one database makes its event reach others.
//!
//! A [producer](OutboxProducer) writes its rows and a line of its *outbox* in one local transaction.
//! [Relays](OutboxRelay) claim lines, publish them to a [broker](OutboxBroker), and mark them as
//! published once the broker has them. The broker delivers each message until it is acknowledged. A
//! [consumer](OutboxConsumer) writes the change and a line of its *inbox* in one local transaction,
//! and acknowledges afterwards.
//!
//! The one idea: **every hand-over is at least once, and only the last one counts.** Each process
//! lets go of a line only after the next one has it in its store, so a crash anywhere repeats work
//! and loses none; the consumer's inbox makes the repetitions harmless.
//!
//! ```text
//! client ─▶ producer ◀─claim── relay 1 ─publish─▶ broker ─deliver─▶ consumer
//!           rows+outbox ──────▶ relay 2            queue             rows+inbox+dead letters
//!                     ◀─mark──         ◀─accepted─        ◀─acknowledged─
//! ```
//!
//! Events of one *aggregate* (one run of the workflow: one order) must be handled in the order in
//! which they were committed. Several relays keep that order only if no two of them hold lines of one
//! aggregate at the same time; PostgreSQL's `FOR UPDATE SKIP LOCKED` on single lines does not give
//! that. A claim is a lock of the producer's database: it is gone when the database restarts, and
//! lapses when its relay falls silent. Neither endangers the order, since a line is claimed again
//! only together with everything before it.
//!
//! A message that its consumer can never handle is *poison*. It goes to a store for dead letters, in
//! the consumer's transaction, and the next one follows.

mod activity;
mod broker;
mod consumer;
mod definition;
pub(super) mod failures;
mod knobs;
mod message;
mod plan;
mod process;
mod producer;
pub(super) mod properties;
mod relay;
mod system;
mod validate;
mod witness;

pub use super::choreography::Acknowledge;
pub use broker::{BrokerStore, OutboxBroker};
pub use consumer::{ConsumerStore, OutboxConsumer};
pub use knobs::{
    Claims, Delivering, FailedPublish, InboxLife, InboxWrite, Mark, OutboxExceptions, OutboxKnobs,
    Poison, Write,
};
pub use message::{Delivery, Line, Lines, OutboxChange, OutboxMessage, OutboxTimer};
pub use plan::OutboxPlan;
pub use process::{Nobody, OutboxMemory, OutboxProcess, OutboxRecord, OutboxStore};
pub use producer::{OutboxProducer, ProducerMemory, ProducerStore};
pub use relay::{OutboxRelay, RelayMemory};
pub use system::{Outbox, system};
pub use witness::OutboxWitness;
