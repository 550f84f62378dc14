//! A whole system as one model: processes, network, timers, durable logs, faults and monitors.
//!
//! A [`System`] places the cores of a protocol on nodes, joins them with links, gives the world a
//! fault budget, and lets monitors watch. It is a [`Product`](amends_check::Product) of those parts,
//! which our own checker explores, and a `stateright::Model`, which Stateright's checkers and its
//! Explorer take as it is. Both see the same transitions, made by the same code.
//!
//! What can happen, one transition each ([`Action`]):
//!
//! - the client starts a process, and may cancel;
//! - a message in flight arrives, in any order unless the link keeps one; it is consumed even if it
//!   changes nothing;
//! - a process carries out what it wants done, and a **crash may fall between any two effects**;
//! - a timer runs out once the answer it stands in for has no way to come any more;
//! - faults strike while the [`Budget`] lasts: crash, loss, duplication, partition, refusal, failed
//!   transactions, spurious timeouts.
//!
//! Ordinary actions are fair: what stays possible happens. Faults never have to.
//!
//! Start reading at [`Local`] (one process), then the product in `transitions.rs`; [`saga`](crate::protocols::saga) shows how
//! a protocol becomes a system.

mod action;
mod activity;
pub mod actor;
mod budget;
mod builder;
mod built_in;
mod client;
mod definition;
mod ending;
mod erased_model;
mod execution;
mod hosting;
mod inbox;
mod known_failure;
mod local;
mod model;
mod narration;
mod protocol_model;
mod role;
mod stale;
mod state_reader;
pub mod story;
mod symmetry;
mod topology;
mod transitions;

pub use action::{Action, Request, Trigger};
pub use activity::{Activities, Activity, Operation, Subject, Task};
pub use budget::{Budget, NodeId};
pub use builder::SystemBuilder;
pub(crate) use built_in::names;
pub use built_in::{
    BuiltIn, CAUSAL, EFFECT_ONCE, NO_FORGOTTEN_REQUEST, NO_LOST_UPDATE, OUTCOME_FINAL, SETTLES,
    WELL_DEFINED,
};
pub use client::Client;
pub use definition::{KnobSink, KnobSource, Knobs, ProtocolDefinition, WithSystem};
pub use ending::Ending;
pub use erased_model::ErasedModel;
pub use execution::InjectedFaults;
pub use inbox::Inbox;
pub use known_failure::KnownFailure;
pub(crate) use known_failure::known_failures;
pub use local::{Local, LocalState, Status};
pub use model::SystemState;
pub use protocol_model::{
    ChangeOf, DurableOf, Event, Hostable, MessageOf, OutcomeOf, PerformedEffect, ProtocolModel,
    RecordOf, Stored, TimerOf, Words,
};
pub use role::{Role, RoleRecord, RoleState};
pub use state_reader::StateReader;
pub use symmetry::Interchangeable;
pub use topology::{Granularity, Part, System};
