//! Every protocol on trial: it holds with every knob at its default, and each wrong choice is found.
//!
//! [`trial`] says what must be true of all protocols, [`workflows`] has what any of them can be tried
//! with, and the other modules say what there is to try. They are one binary because a trial takes any
//! protocol, and the checker is compiled for each.

mod choreography;
mod compensation;
mod conformance;
mod event_sourcing;
mod isolation;
mod mixed;
mod outbox;
mod outside;
mod reductions;
mod saga;
mod saga_standby;
mod tcc;
mod trial;
mod two_phase_commit;
mod workflows;
