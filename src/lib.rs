//! Model checking and property testing of distributed transactions, tied to what runs.
//!
//! The protocol cores, the system model and the checker live in [`models`], which is pure. This crate
//! is the real side: it reads specs, runs the very cores that were checked, and reports.
//!
//! | module | what is in it |
//! |---|---|
//! | [`spec`] | spec files in TOML |
//! | [`check`] | from a spec to a report |
//! | [`audit`] | what the properties of a spec would miss |
//! | [`export`] | alert rules, dashboards and faults, for the tools of a cluster |
//! | [`report`] | what was found, for people and programs |
//! | [`runtime`] | systems hosted on Tokio, and the audit of what really happened |
//! | [`simulate`] | fault plans: what goes wrong in a run, and when |
//! | [`store`] | durable logs, resources and history: in memory, in SQLite |
//! | [`telemetry`] | what a run tells of itself: spans and log records |
//! | [`cli`] | the command line: arguments in, exit code out |

mod sync;

pub mod audit;
pub mod check;
pub mod cli;
pub mod export;
pub mod report;
pub mod runtime;
pub mod simulate;
pub mod spec;
pub mod store;
pub mod telemetry;

/// The pure side: protocol cores, systems, properties, the checker.
pub use amends_models as models;

/// The examples of the README are compiled and run with all others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
