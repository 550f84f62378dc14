//! The indicators of a run as metrics, counted from what is recorded.
//!
//! [`amends_trace::metrics`] lists them: alert rules and dashboards ask for the same.

use std::collections::HashMap;

use amends_trace::conventions::ERROR_TYPE;
use amends_trace::metrics::{self, Metric};
use amends_trace::{Attributes, LogRecord, Span, Time};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, MeterProvider};
use opentelemetry_sdk::metrics::SdkMeterProvider;

use amends_trace::record::{Recorded, names};

/// So many events are remembered until they are consumed; what comes late has no lag.
const REMEMBERED: usize = 10_000;

/// The instruments.
pub(super) struct Metrics {
    workflows: Counter<u64>,
    workflow_duration: Histogram<f64>,
    transitions: Counter<u64>,
    steps: Counter<u64>,
    step_duration: Histogram<f64>,
    failures: Counter<u64>,
    compensations: Counter<u64>,
    lag: Histogram<f64>,
    /// When events became part of the log, by workflow and name.
    appended: HashMap<(String, String), Time>,
}

impl Metrics {
    pub(super) fn new(meters: &SdkMeterProvider) -> Metrics {
        let meter = meters.meter("amends");
        let counter = |metric: Metric| meter.u64_counter(metric.name).build();
        let seconds =
            |metric: Metric| meter.f64_histogram(metric.name).with_unit(metric.unit).build();
        Metrics {
            workflows: counter(metrics::WORKFLOWS),
            workflow_duration: seconds(metrics::DURATION),
            transitions: counter(metrics::TRANSITIONS),
            steps: counter(metrics::STEPS),
            step_duration: seconds(metrics::STEP_DURATION),
            failures: counter(metrics::FAILURES),
            compensations: counter(metrics::COMPENSATIONS),
            lag: seconds(metrics::EVENT_LAG),
            appended: HashMap::new(),
        }
    }

    pub(super) fn count(&mut self, recorded: &Recorded) {
        match recorded {
            Recorded::Span(span) => self.count_span(span),
            Recorded::Log(log) => self.count_event(log),
        }
    }

    fn count_span(&mut self, span: &Span) {
        let of = |name: &str| text(&span.attributes, name);
        let seconds = span.duration().map(|duration| duration.as_secs_f64());
        if let Some(workflow) = of(names::WORKFLOW_NAME) {
            let workflow = KeyValue::new(names::WORKFLOW_NAME, workflow);
            for event in span.events.iter().filter(|event| event.name == names::DECISION) {
                let state = text(&event.attributes, names::ENDING).unwrap_or_default();
                let state = if state == "compensated" { "compensating" } else { "completing" };
                self.transitions.add(1, &[workflow.clone(), KeyValue::new(metrics::STATE, state)]);
            }
            let Some(outcome) = of(names::OUTCOME) else { return };
            let state = KeyValue::new(metrics::STATE, outcome.clone());
            self.transitions.add(1, &[workflow.clone(), state]);
            let protocol = KeyValue::new(names::PROTOCOL, of(names::PROTOCOL).unwrap_or_default());
            let attributes = [workflow, protocol, KeyValue::new(names::OUTCOME, outcome)];
            self.workflows.add(1, &attributes);
            if let Some(seconds) = seconds {
                self.workflow_duration.record(seconds, &attributes);
            }
            return;
        }
        let (Some(operation), Some(subject)) = (of(names::OPERATION), of(names::SUBJECT)) else {
            return;
        };
        let task = [
            KeyValue::new(names::OPERATION, operation.clone()),
            KeyValue::new(names::SUBJECT, subject.clone()),
        ];
        if of(names::ROLE).as_deref() == Some(names::REQUEST) {
            if let Some(error) = of(ERROR_TYPE) {
                let [operation, subject] = task;
                self.failures.add(1, &[operation, subject, KeyValue::new(ERROR_TYPE, error)]);
            }
            return;
        }
        let Some(effect) = of(names::EFFECT) else { return };
        if let Some(seconds) = seconds {
            self.step_duration.record(seconds, &task);
        }
        if effect == "done" && matches!(&*operation, "undo" | "cancel" | "abort") {
            self.compensations.add(1, &[KeyValue::new(names::SUBJECT, subject.clone())]);
        }
        if operation == "consume"
            && let Some((event, _)) = subject.split_once('@')
            && let Some(workflow) = of(names::WORKFLOW_ID)
            && let Some(appended) = self.appended.get(&(workflow, event.to_owned()))
        {
            let lag = span.start.since(*appended).as_secs_f64();
            self.lag.record(lag, &[KeyValue::new(names::SUBJECT, event.to_owned())]);
        }
        let [operation, subject] = task;
        self.steps.add(1, &[operation, subject, KeyValue::new(names::EFFECT, effect)]);
    }

    fn count_event(&mut self, log: &LogRecord) {
        let Some(workflow) = text(&log.attributes, names::WORKFLOW_ID) else { return };
        if self.appended.len() >= REMEMBERED {
            self.appended.clear();
        }
        self.appended.insert((workflow, log.event_name.to_string()), log.time);
    }
}

fn text(attributes: &Attributes, name: &str) -> Option<String> {
    attributes.text(name).map(str::to_owned)
}
