//! The runtime: the systems that the model explores, hosted on Tokio, on a durable store.
//!
//! Nothing of any protocol is here. A [`System`](amends_models::system::System) says which processes
//! there are, on which nodes, with what, and who has a client; this module brings those very processes
//! up. A core says what it wants done; its host does it, in order, and gives the core what happens.
//! [`run`] does that for many workflows at once, in a world as bad as its
//! [fault plan](crate::simulate::FaultPlan), and then audits what really happened.
//!
//! | part | what it is |
//! |---|---|
//! | [`host`](amends_models::process::host) | a process in memory, as all hosts have it |
//! | `process_store` | its place in the store: log, resources, and the history of what it did |
//! | `process_task` | its task: inputs, effects in order, crashes between any two of them |
//! | `requests` | which input it takes next, and who asks for what it does |
//! | `context` | what all processes of one runtime share: system, store, network, faults |
//! | `network`, `timers` | mailboxes by address; timers with backoff |
//! | `activity` | whether anything is under way, and whether a run gets anywhere |
//! | [`Runtime`] | processes that are up; its [`Client`] has workflows carried out, one by one |
//! | [`Business`] | the seam for your own code: what a change does, inside the open transaction |
//! | `audit` | held against the ground truth: did everything that must be true stay true? |
//!
//! Every workflow that was accepted is in the store before anyone is told, so the runtime may be
//! killed at any instant; the next [`run`] on the same store goes on from there. A task that is
//! dropped is a process that crashed, and that is all that shutting down takes.

mod activity;
mod audit;
mod business;
mod client;
mod context;
mod network;
mod options;
mod process_store;
mod process_task;
mod process_telemetry;
mod report;
mod requests;
mod run;
mod supervisor;
mod task;
mod timers;

pub use audit::Violation;
pub use business::{Attempt, Business, BusinessError, Expressions};
pub use client::Client;
pub use context::{Observer, Silent};
pub use options::{RunOptions, StoreChoice, Timing, UnknownStore};
pub use report::{CutShort, EndingWords, RunReport};
pub use run::{RunError, run, run_on, run_until};
pub use supervisor::Runtime;
