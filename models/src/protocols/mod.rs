//! One folder per protocol: all that makes it one, from its choices to its properties.
//!
//! A protocol is a slice through everything else. Its folder has the *cores*, deterministic state
//! machines ([`Process`](crate::process::Process)) that take inputs and answer with ordered effects;
//! the *system* that places those cores on nodes; the *properties* that must be true of it, and the
//! *witnesses* that watch for them; and what it demands of a workflow.
//!
//! | file | what is in it |
//! |---|---|
//! | `knobs.rs` | the choices an implementer has. The right one is the default, and each wrong one is there because a real system made it |
//! | `plan.rs`, `message.rs`, `log.rs`, `coordinator.rs`, `participant.rs`, … | the cores |
//! | `system.rs`, `words.rs` | the cores as one [`System`](crate::system::System), and how its runs read |
//! | `properties.rs`, `witness.rs` | what must be true, and what remembers history for it |
//! | `validate.rs` | the requirements that a workflow must meet |
//! | `definition.rs` | the definition, for the catalogue |
//!
//! [`catalogue`] lists the protocols, one row for each, and is the only place that knows all of them.
//! [`lease`] and [`steps`] are no protocols: others are made of them.
//!
//! Start reading at [`saga`].

mod any_system;
pub mod catalogue;
pub mod choreography;
mod design;
pub mod event_sourcing;
pub mod lease;
pub mod mixed;
pub mod outbox;
pub mod saga;
pub mod steps;
pub mod tcc;
pub mod two_phase_commit;

pub use any_system::{AnySystem, Defect};
pub use catalogue::{AnyProtocol, Protocol};
pub use design::Design;
