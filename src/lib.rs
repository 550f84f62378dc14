//! Model checking and property testing of distributed transactions, tied to what runs.
//!
//! The protocol cores, the system model and the checker live in [`models`], which is pure. This crate
//! is the real side: it reads specs, runs the very cores that were checked, and reports.
//!
//! | module | what is in it |
//! |---|---|
//! | [`spec`] | spec files in TOML |

pub mod spec;

/// The pure side: protocol cores, systems, properties, the checker.
pub use amends_models as models;
