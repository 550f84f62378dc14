//! Pure protocol cores of distributed transactions, whole systems built from them, and the checker
//! that explores those systems.
//!
//! One idea carries everything: **the protocol core that is proven is the protocol core that runs.**
//! A participant of a protocol is a deterministic state machine without clock, randomness, file or
//! socket ([`protocol::Process`]). The checker explores it, a runtime drives it, a simulator torments
//! it. Nothing is modelled twice.
//!
//! | module | what is in it |
//! |---|---|
//! | [`workflow`] | what the user wants: steps, services, resources, faults, properties |
//! | [`protocol`] | the cores that carry a workflow out |
//! | [`system`] | cores, network, timers, durable logs and faults as one model |
//! | [`property`] | what must be true of a protocol, and the monitors that watch for it |
//! | [`check`] | exploration, liveness, counterexamples and verdicts, for any model |
//!
//! This crate is pure on purpose: it cannot name a runtime, so what is proven here cannot depend on
//! one.

pub mod property;
pub mod protocol;
pub mod system;
pub mod workflow;

/// The checker, for any model: a package of its own, which knows nothing of protocols.
pub use amends_check as check;
