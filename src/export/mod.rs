//! What other tools read, made from a spec: alert rules, a dashboard, and faults to inject.
//!
//! | module | for |
//! |---|---|
//! | [`alerts`] | Prometheus: rules that fire when a workflow behaves badly |
//! | [`dashboard`] | Grafana: a dashboard of a workflow |
//! | [`chaos`] | Chaos Mesh: the faults of a spec or of a counterexample, in a cluster |
//!
//! Alerts and dashboard ask for the metrics of [`amends_trace::metrics`], which the runtime emits.

pub mod alerts;
pub mod chaos;
pub mod dashboard;
mod queries;
mod yaml;
