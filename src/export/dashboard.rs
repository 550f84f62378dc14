//! A Grafana dashboard of a workflow: whether it succeeds, how long it takes, and what goes wrong.
//!
//! The data source is chosen in the dashboard, so that one file serves any Grafana.

use amends_models::protocols::{AnyProtocol, Design};
use serde_json::{Value, json};

use super::queries::{Queries, has_events, tries};
use crate::report::statistics::Thresholds;

/// How wide a dashboard is, in Grafana's units.
const WIDTH: usize = 24;
const HEIGHT: usize = 8;

/// The dashboard of a design, as JSON that Grafana imports.
#[must_use]
pub fn render(design: &Design, thresholds: &Thresholds) -> String {
    let name = design.workflow().name();
    let dashboard = json!({
        "title": format!("Workflow {name}"),
        "uid": uid(name),
        "tags": ["amends", design.protocol().name()],
        "description": format!("Written by amends from the spec of {name}."),
        "schemaVersion": 39,
        "version": 1,
        "editable": true,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": { "from": "now-1h", "to": "now" },
        "timepicker": {},
        "timezone": "browser",
        "annotations": { "list": [] },
        "links": [],
        "templating": { "list": [{
            "name": "datasource",
            "label": "Data source",
            "type": "datasource",
            "query": "prometheus",
            "hide": 0,
            "multi": false,
            "includeAll": false,
            "refresh": 1,
            "regex": "",
            "options": [],
            "current": {},
        }] },
        "panels": panels(design, thresholds),
    });
    format!("{dashboard:#}\n")
}

/// Grafana allows forty characters of these.
fn uid(name: &str) -> String {
    let name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect();
    format!("amends-{name}").chars().take(40).collect()
}

fn panels(design: &Design, thresholds: &Thresholds) -> Vec<Value> {
    let queries = Queries::of(design, "$__rate_interval");
    let limit = thresholds;
    let mut panels = vec![
        Panel::new("Success rate", "percentunit")
            .ask(queries.success_rate(), "completed")
            .good_above(limit.failed.map(|part| 1.0 - part)),
        Panel::new("How long workflows take", "s")
            .ask(queries.duration(0.5), "P50")
            .ask(queries.duration(0.95), "P95")
            .ask(queries.duration(0.99), "P99")
            .good_below(limit.p99.map(|limit| limit.as_secs_f64())),
        Panel::new("Compensation rate", "percentunit")
            .ask(queries.compensation_rate(), "compensated")
            .good_below(limit.compensated),
        Panel::new("How workflows end", "ops").ask(queries.ended(), "{{amends_outcome}}"),
        Panel::new("How long steps take (P99)", "s")
            .ask(queries.step_duration(0.99), "{{amends_operation}} {{amends_subject}}"),
        Panel::new("What goes wrong", "ops")
            .ask(queries.failures(), "{{amends_subject}}: {{error_type}}"),
        Panel::new("Steps that are undone", "ops")
            .ask(queries.compensations(), "{{amends_subject}}"),
        Panel::new("Transitions of state", "ops").ask(queries.transitions(), "to {{amends_state}}"),
    ];
    if tries(design) {
        panels.push(
            Panel::new("Try failure rate", "percentunit")
                .ask(queries.try_failure_rate(), "{{amends_subject}}")
                .good_below(limit.try_failed),
        );
    }
    if has_events(design) {
        panels
            .push(Panel::new("Events handled", "ops").ask(queries.events(), "{{amends_subject}}"));
        panels.push(
            Panel::new("How long events wait (P99)", "s")
                .ask(queries.event_lag(0.99), "{{amends_subject}}")
                .good_below(limit.event_lag.map(|limit| limit.as_secs_f64())),
        );
    }
    panels.into_iter().enumerate().map(|(at, panel)| panel.placed(at)).collect()
}

/// A graph over time.
struct Panel {
    title: &'static str,
    unit: &'static str,
    targets: Vec<(String, &'static str)>,
    steps: Value,
}

impl Panel {
    fn new(title: &'static str, unit: &'static str) -> Self {
        let steps = json!([{ "color": "green", "value": null }]);
        Panel { title, unit, targets: Vec::new(), steps }
    }

    fn ask(mut self, query: String, legend: &'static str) -> Self {
        self.targets.push((query, legend));
        self
    }

    fn good_below(mut self, limit: Option<f64>) -> Self {
        if let Some(limit) = limit {
            self.steps = json!([
                { "color": "green", "value": null },
                { "color": "red", "value": limit },
            ]);
        }
        self
    }

    fn good_above(mut self, limit: Option<f64>) -> Self {
        if let Some(limit) = limit {
            self.steps = json!([
                { "color": "red", "value": null },
                { "color": "green", "value": limit },
            ]);
        }
        self
    }

    fn placed(self, at: usize) -> Value {
        let source = json!({ "type": "prometheus", "uid": "${datasource}" });
        let half = WIDTH / 2;
        let targets: Vec<Value> = self
            .targets
            .iter()
            .zip('A'..='Z')
            .map(|((query, legend), id)| {
                json!({
                    "refId": id.to_string(),
                    "expr": query,
                    "legendFormat": legend,
                    "range": true,
                    "datasource": source,
                })
            })
            .collect();
        json!({
            "id": at + 1,
            "type": "timeseries",
            "title": self.title,
            "datasource": source,
            "gridPos": { "x": at % 2 * half, "y": at / 2 * HEIGHT, "w": half, "h": HEIGHT },
            "targets": targets,
            "fieldConfig": {
                "defaults": {
                    "unit": self.unit,
                    "min": 0,
                    "thresholds": { "mode": "absolute", "steps": self.steps },
                    "custom": { "thresholdsStyle": { "mode": "line" } },
                },
                "overrides": [],
            },
            "options": {
                "legend": { "displayMode": "list", "placement": "bottom", "showLegend": true },
                "tooltip": { "mode": "multi", "sort": "desc" },
            },
        })
    }
}
