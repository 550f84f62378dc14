//! The runtime: the cores that were proven, hosted on Tokio, on a durable store.
//!
//! Nothing of the protocol is here. A core says what it wants done; this module does it, in order,
//! and gives the core what happens. [`run`] does that for many workflows at once, in a world as bad as
//! its [fault plan](crate::simulate::FaultPlan), and then audits what really happened.
//!
//! | part | what it is |
//! |---|---|
//! | `host` | the duties of a host, without clock, task or network; generic over the process |
//! | `carry_out` | effects of one input, in order, with a crash possible before each |
//! | `coordinate`, `serve` | the life of a coordinator, of a service |
//! | `network`, `timers` | mailboxes by address; timers with backoff |
//! | [`Runtime`] | services that are up; its [`Client`] has workflows carried out, one by one |
//! | [`Business`] | the seam for your own code: what a step does, inside the open transaction |
//! | [`audit`] | held against the ground truth: did everything that must be true stay true? |
//!
//! Every workflow that was accepted is in the store before anyone is told, so the runtime may be
//! killed at any instant; the next [`run`] on the same store goes on from there. A task that is
//! dropped is a process that crashed, and that is all that shutting down takes.

mod audit;
mod business;
mod carry_out;
mod coordinate;
mod engine;
mod home;
mod host;
mod network;
mod options;
mod report;
mod run;
mod serve;
mod surroundings;
mod timers;
mod watch;

pub use audit::{FinalState, Violation, audit};
pub use business::{Business, BusinessError, Expressions};
pub use engine::{Client, Runtime};
pub use options::{RunOptions, StoreChoice, Timing, UnknownStore};
pub use report::{CutShort, RunReport};
pub use run::{RunError, run, run_on, run_until};
pub use surroundings::{Observer, Silent};
