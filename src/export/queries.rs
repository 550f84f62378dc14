//! The indicators of a workflow as queries to Prometheus.

use amends_models::protocols::{AnyProtocol, Design};
use amends_trace::conventions::ERROR_TYPE;
use amends_trace::metrics::{
    COMPENSATIONS, DURATION, EFFECT, EVENT_LAG, FAILURES, Metric, OPERATION, OUTCOME, STATE,
    STEP_DURATION, STEPS, SUBJECT, TRANSITIONS, WORKFLOW, WORKFLOWS, prometheus_label,
};

/// The queries about one workflow.
pub(super) struct Queries {
    /// Selects the workflow.
    workflow: String,
    /// Selects its steps, as far as they are known by name.
    steps: String,
    /// The time over which rates are taken: `5m`, or a variable of a dashboard.
    window: &'static str,
}

impl Queries {
    pub(super) fn of(design: &Design, window: &'static str) -> Self {
        let workflow = design.workflow();
        let name = workflow.name().replace('\\', "\\\\").replace('"', "\\\"");
        // Tasks are named after steps; or after services, where these have one task each.
        let steps = workflow.steps().iter().map(|step| &step.name);
        let services = workflow.services().iter().map(|service| &service.name);
        let subjects: Vec<String> = steps.chain(services).map(|name| literal(name)).collect();
        let steps = match by_name(design) {
            true => format!("{}=~\"{}\"", prometheus_label(SUBJECT), subjects.join("|")),
            false => String::new(),
        };
        Queries { workflow: format!("{}=\"{name}\"", prometheus_label(WORKFLOW)), steps, window }
    }

    fn rate(&self, metric: Metric, selectors: &[&str], by: &[&str]) -> String {
        let selectors: Vec<&str> =
            selectors.iter().copied().filter(|selector| !selector.is_empty()).collect();
        let by: Vec<String> = by.iter().map(|label| prometheus_label(label)).collect();
        format!(
            "sum by ({}) (rate({}{{{}}}[{}]))",
            by.join(", "),
            metric.prometheus(),
            selectors.join(", "),
            self.window
        )
    }

    fn quantile(&self, part: f64, metric: Metric, selector: &str, by: &[&str]) -> String {
        let mut labels = vec!["le".to_owned()];
        labels.extend(by.iter().map(|label| prometheus_label(label)));
        let name = metric.prometheus();
        format!(
            "histogram_quantile({part}, sum by ({}) (rate({name}_bucket{{{selector}}}[{}])))",
            labels.join(", "),
            self.window
        )
    }

    /// The part of the workflows whose outcome is selected.
    fn part(&self, outcome: &str) -> String {
        let outcome = format!("{}{outcome}", prometheus_label(OUTCOME));
        format!(
            "{} / {}",
            self.rate(WORKFLOWS, &[&self.workflow, &outcome], &[WORKFLOW]),
            self.rate(WORKFLOWS, &[&self.workflow], &[WORKFLOW])
        )
    }

    /// The part of the workflows that did not complete.
    pub(super) fn failure_rate(&self) -> String {
        self.part("!=\"completed\"")
    }

    /// The part of the workflows that completed.
    pub(super) fn success_rate(&self) -> String {
        self.part("=\"completed\"")
    }

    /// The part of the workflows that were compensated.
    pub(super) fn compensation_rate(&self) -> String {
        self.part("=\"compensated\"")
    }

    /// The part of the Tries that reserved nothing.
    pub(super) fn try_failure_rate(&self) -> String {
        let tries = format!("{}=\"try\"", prometheus_label(OPERATION));
        let failed = format!("{}!=\"done\"", prometheus_label(EFFECT));
        format!(
            "{} / {}",
            self.rate(STEPS, &[&self.steps, &tries, &failed], &[SUBJECT]),
            self.rate(STEPS, &[&self.steps, &tries], &[SUBJECT])
        )
    }

    /// Workflows that ended neither completed nor compensated, within the window.
    pub(super) fn halfway(&self) -> String {
        format!(
            "sum by ({}) (increase({}{{{}, {}=\"failed\"}}[{}]))",
            prometheus_label(WORKFLOW),
            WORKFLOWS.prometheus(),
            self.workflow,
            prometheus_label(OUTCOME),
            self.window
        )
    }

    /// How long this part of the workflows takes at most, in seconds.
    pub(super) fn duration(&self, part: f64) -> String {
        self.quantile(part, DURATION, &self.workflow, &[WORKFLOW])
    }

    /// How long this part of the tasks takes at most, in seconds.
    pub(super) fn step_duration(&self, part: f64) -> String {
        self.quantile(part, STEP_DURATION, &self.steps, &[OPERATION, SUBJECT])
    }

    /// How long this part of the events waits at most, in seconds.
    pub(super) fn event_lag(&self, part: f64) -> String {
        self.quantile(part, EVENT_LAG, "", &[SUBJECT])
    }

    /// Workflows that end each second, by outcome.
    pub(super) fn ended(&self) -> String {
        self.rate(WORKFLOWS, &[&self.workflow], &[OUTCOME])
    }

    /// Events that are handled each second.
    pub(super) fn events(&self) -> String {
        let handled = format!("{}=\"consume\"", prometheus_label(OPERATION));
        self.rate(STEPS, &[&handled], &[SUBJECT])
    }

    /// Steps that are undone each second.
    pub(super) fn compensations(&self) -> String {
        self.rate(COMPENSATIONS, &[&self.steps], &[SUBJECT])
    }

    /// Requests each second that were not answered, or not well, by what went wrong.
    pub(super) fn failures(&self) -> String {
        self.rate(FAILURES, &[&self.steps], &[SUBJECT, ERROR_TYPE])
    }

    /// Transitions each second, by the state they lead to.
    pub(super) fn transitions(&self) -> String {
        self.rate(TRANSITIONS, &[&self.workflow], &[STATE])
    }
}

/// A name as a regular expression for itself, within a query.
fn literal(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_' || c == ' ';
    name.chars().map(|c| if plain(c) { c } else { '.' }).collect()
}

/// Whether tasks of the design are named after its steps or services, and not after events.
fn by_name(design: &Design) -> bool {
    !matches!(design.protocol().name(), "outbox" | "event-sourcing")
        && !design.workflow().services().is_empty()
}

/// Whether the design has a first phase in which resources are reserved.
pub(super) fn tries(design: &Design) -> bool {
    matches!(design.protocol().name(), "tcc" | "mixed")
}

/// Whether services of the design tell each other by events.
pub(super) fn has_events(design: &Design) -> bool {
    matches!(design.protocol().name(), "choreography" | "outbox" | "event-sourcing" | "mixed")
}
