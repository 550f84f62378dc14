//! Pure protocol cores of distributed transactions, whole systems built from them, and the checker
//! that explores those systems.
//!
//! One idea carries everything: **the protocol core that is proven is the protocol core that runs.**
//! A participant of a protocol is a deterministic state machine without clock, randomness, file or
//! socket ([`process::Process`]). The checker explores it, a runtime drives it, a simulator torments
//! it. Nothing is modelled twice.
//!
//! | module | what is in it |
//! |---|---|
//! | [`process`] | what a participant is: inputs, ordered effects, the duties of a host |
//! | [`workflow`] | what the user wants: steps, services, resources, faults, properties |
//! | [`system`] | processes, network, timers, durable logs and faults as one model |
//! | [`conformance`] | whether what was observed is a run of a system, and with which faults |
//! | [`protocols`] | one folder for each protocol, and the [catalogue](protocols::catalogue) of all |
//! | [`check`] | exploration, liveness, counterexamples and verdicts, for any model |
//!
//! Each of them knows only those above it. To add a protocol of your own, follow the [`guide`].
//!
//! This crate is pure on purpose: it cannot name a runtime, so what is proven here cannot depend on
//! one.

pub mod conformance;
pub mod guide;
pub mod process;
pub mod protocols;
pub mod system;
pub mod workflow;

/// The checker, for any model: a package of its own, which knows nothing of protocols.
pub use amends_check as check;
