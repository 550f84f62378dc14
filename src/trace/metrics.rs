//! Metrics: what services that run workflows measure, under which names.
//!
//! The runtime emits them, alert rules and dashboards ask for them. Names are OpenTelemetry's style; what
//! Prometheus makes of them (dots become underscores, units and `_total` are appended) is
//! [`Metric::prometheus`].
//!
//! | metric | what it counts or measures | attributes |
//! |---|---|---|
//! | [`WORKFLOWS`] | workflows that ended | [`WORKFLOW`], [`PROTOCOL`], [`OUTCOME`] |
//! | [`DURATION`] | how long workflows take | the same |
//! | [`TRANSITIONS`] | transitions of workflows | [`WORKFLOW`], and the [`STATE`] they lead to |
//! | [`STEPS`] | tasks that were carried out | [`OPERATION`], [`SUBJECT`], [`EFFECT`] |
//! | [`STEP_DURATION`] | how long that takes | [`OPERATION`], [`SUBJECT`] |
//! | [`FAILURES`] | requests that were not answered, or not well | [`OPERATION`], [`SUBJECT`], `error.type` |
//! | [`COMPENSATIONS`] | steps that were undone, cancelled or aborted | [`SUBJECT`] |
//! | [`EVENT_LAG`] | from publishing an event to handling it | [`SUBJECT`] |

use crate::record::names;

/// What kind of a metric it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Instrument {
    /// It only grows.
    Counter,
    /// A distribution.
    Histogram,
}

/// A metric: its name, kind, unit (UCUM) and meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub instrument: Instrument,
    /// Its unit, such as `s`; `{workflow}` is a count of workflows.
    pub unit: &'static str,
    /// What it counts or measures.
    pub description: &'static str,
}

impl Metric {
    /// Its name in Prometheus. Of a histogram, `_bucket`, `_sum` and `_count` are still to be appended.
    #[must_use]
    pub fn prometheus(&self) -> String {
        let mut name = prometheus_label(self.name);
        if self.unit == "s" {
            name += "_seconds";
        }
        if self.instrument == Instrument::Counter {
            name += "_total";
        }
        name
    }
}

/// The name of an attribute as a label in Prometheus.
#[must_use]
pub fn prometheus_label(attribute: &str) -> String {
    attribute.replace('.', "_")
}

/// The name of a workflow.
pub const WORKFLOW: &str = names::WORKFLOW_NAME;
/// Its protocol.
pub const PROTOCOL: &str = names::PROTOCOL;
/// How it ended: `completed`, `compensated`, or `failed`, which is neither.
pub const OUTCOME: &str = names::OUTCOME;
/// The state that a workflow comes to.
pub const STATE: &str = "amends.state";
/// What is done: `do`, `undo`, `try`, `prepare`, `consume`, …
pub const OPERATION: &str = names::OPERATION;
/// About what: the name of a step, a service or an event.
pub const SUBJECT: &str = names::SUBJECT;
/// What came of it: `done`, `refused` or `failed`.
pub const EFFECT: &str = names::EFFECT;

const fn counter(name: &'static str, unit: &'static str, description: &'static str) -> Metric {
    Metric { name, instrument: Instrument::Counter, unit, description }
}

const fn seconds(name: &'static str, description: &'static str) -> Metric {
    Metric { name, instrument: Instrument::Histogram, unit: "s", description }
}

/// Workflows that ended, by outcome.
pub const WORKFLOWS: Metric =
    counter("amends.workflow.count", "{workflow}", "Workflows that ended");
/// How long workflows take.
pub const DURATION: Metric = seconds("amends.workflow.duration", "How long workflows take");
/// Transitions of workflows from one state to another.
pub const TRANSITIONS: Metric =
    counter("amends.workflow.transitions", "{transition}", "Transitions of workflows");
/// Tasks that were carried out, by what came of them.
pub const STEPS: Metric = counter("amends.step.count", "{task}", "Tasks that were carried out");
/// How long that takes.
pub const STEP_DURATION: Metric = seconds("amends.step.duration", "How long tasks take");
/// Requests that were not answered, or not well.
pub const FAILURES: Metric =
    counter("amends.step.failures", "{request}", "Requests that were not answered, or not well");
/// Steps that were undone, cancelled or aborted.
pub const COMPENSATIONS: Metric =
    counter("amends.compensation.count", "{task}", "Steps that were undone, cancelled or aborted");
/// From publishing an event to handling it.
pub const EVENT_LAG: Metric =
    seconds("amends.event.lag", "From publishing an event to handling it");

/// All metrics.
pub const ALL: [Metric; 8] =
    [WORKFLOWS, DURATION, TRANSITIONS, STEPS, STEP_DURATION, FAILURES, COMPENSATIONS, EVENT_LAG];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prometheus_has_names_of_its_own() {
        let names = [WORKFLOWS, DURATION, FAILURES].map(|metric| metric.prometheus());
        assert_eq!(
            names,
            [
                "amends_workflow_count_total",
                "amends_workflow_duration_seconds",
                "amends_step_failures_total",
            ]
        );
    }
}
