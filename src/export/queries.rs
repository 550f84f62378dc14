//! The indicators of a workflow as queries to Prometheus.

use amends_models::protocols::Design;
use amends_trace::metrics::{
    self, ACTIVE, COMPENSATED, DURATION, ENDED, EVENT_LAG, EVENTS, Metric, OUTCOME, RETRIES,
    SERVICE, STEP, STEP_DURATION, TIMEOUTS, TO, TRANSITIONS, TRIED, TRY_FAILED, WORKFLOW,
};

/// The queries about one workflow.
pub(super) struct Queries {
    selector: String,
    /// The time over which rates are taken: `5m`, or a variable of a dashboard.
    window: &'static str,
}

impl Queries {
    pub(super) fn of(design: &Design, window: &'static str) -> Self {
        let name = design.workflow().name().replace('\\', "\\\\").replace('"', "\\\"");
        let label = metrics::prometheus_label(WORKFLOW);
        Queries { selector: format!("{label}=\"{name}\""), window }
    }

    fn rate(&self, metric: Metric, more: &str, by: &[&str]) -> String {
        let Queries { selector, window } = self;
        let by: Vec<String> = by.iter().map(|label| metrics::prometheus_label(label)).collect();
        let name = metric.prometheus();
        format!("sum by ({}) (rate({name}{{{selector}{more}}}[{window}]))", by.join(", "))
    }

    fn quantile(&self, part: f64, metric: Metric, by: &[&str]) -> String {
        let Queries { selector, window } = self;
        let mut labels = vec!["le".to_owned()];
        labels.extend(by.iter().map(|label| metrics::prometheus_label(label)));
        let buckets = format!("{}_bucket{{{selector}}}[{window}]", metric.prometheus());
        format!("histogram_quantile({part}, sum by ({}) (rate({buckets})))", labels.join(", "))
    }

    /// The part of the workflows that failed to complete.
    pub(super) fn failure_rate(&self) -> String {
        let not_completed = format!(", {}!=\"completed\"", metrics::prometheus_label(OUTCOME));
        format!(
            "{} / {}",
            self.rate(ENDED, &not_completed, &[WORKFLOW]),
            self.rate(ENDED, "", &[WORKFLOW])
        )
    }

    /// The part of the workflows that completed.
    pub(super) fn success_rate(&self) -> String {
        let completed = format!(", {}=\"completed\"", metrics::prometheus_label(OUTCOME));
        format!(
            "{} / {}",
            self.rate(ENDED, &completed, &[WORKFLOW]),
            self.rate(ENDED, "", &[WORKFLOW])
        )
    }

    /// The part of the workflows that undid something.
    pub(super) fn compensation_rate(&self) -> String {
        format!(
            "{} / {}",
            self.rate(COMPENSATED, "", &[WORKFLOW]),
            self.rate(ENDED, "", &[WORKFLOW])
        )
    }

    /// The part of the TCCs of which a Try failed.
    pub(super) fn try_failure_rate(&self) -> String {
        format!(
            "{} / {}",
            self.rate(TRY_FAILED, "", &[WORKFLOW]),
            self.rate(TRIED, "", &[WORKFLOW])
        )
    }

    /// Workflows whose outcome nobody knows, within the window.
    pub(super) fn in_doubt(&self) -> String {
        let Queries { selector, window } = self;
        let outcome = metrics::prometheus_label(OUTCOME);
        let by = metrics::prometheus_label(WORKFLOW);
        let name = ENDED.prometheus();
        format!("sum by ({by}) (increase({name}{{{selector}, {outcome}=\"in_doubt\"}}[{window}]))")
    }

    /// Workflows that are active while none ends.
    pub(super) fn stuck(&self) -> String {
        format!("{} unless {} > 0", self.active(), self.rate(ENDED, "", &[WORKFLOW]))
    }

    /// Workflows that have begun and not ended.
    pub(super) fn active(&self) -> String {
        let by = metrics::prometheus_label(WORKFLOW);
        format!("sum by ({by}) ({}{{{}}})", ACTIVE.prometheus(), self.selector)
    }

    /// How long this part of the workflows takes at most, in seconds.
    pub(super) fn duration(&self, part: f64) -> String {
        self.quantile(part, DURATION, &[WORKFLOW])
    }

    /// How long this part of the attempts at each step takes at most, in seconds.
    pub(super) fn step_duration(&self, part: f64) -> String {
        self.quantile(part, STEP_DURATION, &[STEP, SERVICE])
    }

    /// How long this part of the events waits at most, in seconds.
    pub(super) fn event_lag(&self, part: f64) -> String {
        self.quantile(part, EVENT_LAG, &[WORKFLOW, SERVICE])
    }

    /// Workflows that end each second, by outcome.
    pub(super) fn ended(&self) -> String {
        self.rate(ENDED, "", &[OUTCOME])
    }

    /// Events that are handled each second, by service.
    pub(super) fn events(&self) -> String {
        self.rate(EVENTS, "", &[SERVICE])
    }

    /// Attempts after the first each second, by step.
    pub(super) fn retries(&self) -> String {
        self.rate(RETRIES, "", &[STEP])
    }

    /// Timeouts each second, by step.
    pub(super) fn timeouts(&self) -> String {
        self.rate(TIMEOUTS, "", &[STEP])
    }

    /// Transitions each second, by the state they lead to.
    pub(super) fn transitions(&self) -> String {
        self.rate(TRANSITIONS, "", &[TO])
    }
}

/// Whether the design has a first phase in which resources are reserved.
pub(super) fn tries(design: &Design) -> bool {
    matches!(design.protocol().name(), "tcc" | "mixed")
}

/// Whether services of the design tell each other by events.
pub(super) fn has_events(design: &Design) -> bool {
    matches!(design.protocol().name(), "choreography" | "outbox" | "event-sourcing" | "mixed")
}
