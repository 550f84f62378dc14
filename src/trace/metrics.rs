//! Metrics: what services that run workflows measure, under which names.
//!
//! The runtime emits them, alert rules and dashboards ask for them. Names are OpenTelemetry's style; what
//! Prometheus makes of them (dots become underscores, units and `_total` are appended) is
//! [`Metric::prometheus`].
//!
//! | metric | what it counts or measures | attributes |
//! |---|---|---|
//! | [`STARTED`] | workflows that began | [`WORKFLOW`], [`PROTOCOL`] |
//! | [`ENDED`] | workflows that ended | the same, and [`OUTCOME`] |
//! | [`COMPENSATED`] | workflows that undid something | [`WORKFLOW`], [`PROTOCOL`] |
//! | [`ACTIVE`] | workflows that have begun, and not ended | [`WORKFLOW`], [`PROTOCOL`] |
//! | [`DURATION`] | how long workflows take | the same, and [`OUTCOME`] |
//! | [`TRIED`], [`TRY_FAILED`] | TCCs that tried, and those of which a Try failed | [`WORKFLOW`] |
//! | [`STEP_DURATION`] | how long attempts at steps take | [`WORKFLOW`], [`STEP`], [`SERVICE`], `error.type` |
//! | [`RETRIES`], [`TIMEOUTS`] | attempts after the first; answers that did not come in time | [`WORKFLOW`], [`STEP`] |
//! | [`TRANSITIONS`] | transitions of the coordinator's state | [`WORKFLOW`], [`FROM`], [`TO`] |
//! | [`EVENTS`] | events that were handled | [`WORKFLOW`], [`SERVICE`] |
//! | [`EVENT_LAG`] | from publishing an event to handling it | [`WORKFLOW`], [`SERVICE`] |

/// What kind of a metric it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Instrument {
    /// It only grows.
    Counter,
    /// It grows and shrinks.
    UpDownCounter,
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
pub const WORKFLOW: &str = "amends.workflow.name";
/// Its protocol.
pub const PROTOCOL: &str = "amends.protocol";
/// How it ended: `completed`, `compensated`, `failed`, `in_doubt`.
pub const OUTCOME: &str = "amends.outcome";
/// The name of a step.
pub const STEP: &str = "amends.step.name";
/// The service that carries it out, or handles an event.
pub const SERVICE: &str = "amends.service";
/// The state before.
pub const FROM: &str = "amends.state.from";
/// The state after.
pub const TO: &str = "amends.state.to";

const fn counter(name: &'static str, unit: &'static str, description: &'static str) -> Metric {
    Metric { name, instrument: Instrument::Counter, unit, description }
}

const fn seconds(name: &'static str, description: &'static str) -> Metric {
    Metric { name, instrument: Instrument::Histogram, unit: "s", description }
}

/// Workflows that began.
pub const STARTED: Metric =
    counter("amends.workflow.started", "{workflow}", "Workflows that began");
/// Workflows that ended, by outcome.
pub const ENDED: Metric = counter("amends.workflow.ended", "{workflow}", "Workflows that ended");
/// Workflows that undid something.
pub const COMPENSATED: Metric =
    counter("amends.workflow.compensated", "{workflow}", "Workflows that undid something");
/// Workflows that have begun and not ended.
pub const ACTIVE: Metric = Metric {
    name: "amends.workflow.active",
    instrument: Instrument::UpDownCounter,
    unit: "{workflow}",
    description: "Workflows that have begun and not ended",
};
/// How long workflows take.
pub const DURATION: Metric = seconds("amends.workflow.duration", "How long workflows take");
/// TCCs that tried reservations.
pub const TRIED: Metric = counter("amends.tcc.tried", "{workflow}", "TCCs that tried reservations");
/// TCCs of which a Try failed.
pub const TRY_FAILED: Metric =
    counter("amends.tcc.try_failed", "{workflow}", "TCCs of which a Try failed");
/// How long attempts at steps take.
pub const STEP_DURATION: Metric =
    seconds("amends.step.duration", "How long attempts at steps take");
/// Attempts at steps after the first.
pub const RETRIES: Metric =
    counter("amends.step.retries", "{attempt}", "Attempts at steps after the first");
/// Answers that did not come in time.
pub const TIMEOUTS: Metric =
    counter("amends.step.timeouts", "{timeout}", "Answers that did not come in time");
/// Transitions of the coordinator's state.
pub const TRANSITIONS: Metric =
    counter("amends.state.transitions", "{transition}", "Transitions of the coordinator's state");
/// Events that were handled.
pub const EVENTS: Metric = counter("amends.events", "{event}", "Events that were handled");
/// From publishing an event to handling it.
pub const EVENT_LAG: Metric =
    seconds("amends.event.lag", "From publishing an event to handling it");

/// All metrics.
pub const ALL: [Metric; 13] = [
    STARTED,
    ENDED,
    COMPENSATED,
    ACTIVE,
    DURATION,
    TRIED,
    TRY_FAILED,
    STEP_DURATION,
    RETRIES,
    TIMEOUTS,
    TRANSITIONS,
    EVENTS,
    EVENT_LAG,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prometheus_has_names_of_its_own() {
        let names = [ENDED, ACTIVE, DURATION, TRY_FAILED].map(|metric| metric.prometheus());
        assert_eq!(
            names,
            [
                "amends_workflow_ended_total",
                "amends_workflow_active",
                "amends_workflow_duration_seconds",
                "amends_tcc_try_failed_total",
            ]
        );
    }
}
