//! The protocol cores: deterministic state machines that carry a workflow out.
//!
//! Every core implements [`Process`]: it takes an [`Input`] and answers with an ordered list of
//! [`Effect`]s. It never performs one. Whoever hosts the core does, in order; [`process`] spells out
//! the host's duties. The same core is hosted by the model ([`crate::system`]), by Stateright's
//! actors and by a real runtime.
//!
//! Each core has *knobs*: the right choice is the default, and each wrong choice is there because a
//! real system made it, so that the checker can show what breaks.

mod address;
mod answer;
pub mod barrier;
pub mod choreography;
pub mod event_sourcing;
mod knob;
pub mod lease;
mod locals;
pub mod mixed;
pub mod outbox;
pub mod process;
pub mod rename;
pub mod retry;
pub mod saga;
pub mod tcc;
mod translation;
pub mod two_phase_commit;

pub use address::{Address, ServiceId, StepId, StepSet, WorkflowId};
pub use answer::Answer;
pub use locals::{LocalId, LocalSet, Locals};
pub use process::{Effect, Effects, Input, Process, Value, Verdict};
pub use translation::Translation;
