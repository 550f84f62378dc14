//! Alert rules for Prometheus: they fire when a workflow of a spec behaves badly.
//!
//! | alert | when | severity |
//! |---|---|---|
//! | `WorkflowsFail` | more than 5 % fail to complete | warning |
//! | `WorkflowsAreCompensated` | more than 10 % are compensated | warning |
//! | `TriesFail` | more than 3 % of the Tries of a step reserve nothing | critical |
//! | `WorkflowsAreSlow` | 1 % take longer than 500 ms | warning |
//! | `EventsAreLate` | 1 % of the events wait longer than 1 s | critical |
//! | `WorkflowsEndHalfway` | a workflow ended neither completed nor compensated | critical |
//!
//! The thresholds are those of `amends trace stats`, which says of traces what these say of metrics.

use std::collections::BTreeMap;
use std::time::Duration;

use amends_models::protocols::{AnyProtocol, Design};
use serde::Serialize;

use super::queries::{Queries, has_events, tries};
use super::yaml;
use crate::report::statistics::Thresholds;
use crate::report::trace::duration;

#[derive(Serialize)]
struct RuleFile {
    groups: Vec<Group>,
}

#[derive(Serialize)]
struct Group {
    name: String,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
struct Rule {
    alert: &'static str,
    expr: String,
    #[serde(rename = "for")]
    lasts: &'static str,
    labels: BTreeMap<&'static str, String>,
    annotations: BTreeMap<&'static str, String>,
}

/// The rules for a design, as a file for Prometheus.
#[must_use]
pub fn render(design: &Design, thresholds: &Thresholds) -> String {
    let name = design.workflow().name();
    let group = Group { name: format!("amends-{name}"), rules: rules(design, thresholds) };
    let comments = [
        format!(
            "Alert rules of the workflow {name} ({}), written by amends.",
            design.protocol().name()
        ),
        "Check them with: promtool check rules FILE".to_owned(),
    ];
    yaml::document(&comments, &RuleFile { groups: vec![group] })
}

fn rules(design: &Design, thresholds: &Thresholds) -> Vec<Rule> {
    let queries = Queries::of(design, "5m");
    let mut rules = Vec::new();
    let mut add = |alert, expr: String, lasts, severity: &str, summary: String, next: &str| {
        let labels = BTreeMap::from([("severity", severity.to_owned())]);
        let annotations = BTreeMap::from([("summary", summary), ("description", next.to_owned())]);
        rules.push(Rule { alert, expr, lasts, labels, annotations });
    };
    let name = design.workflow().name();
    const LOOK: &str =
        "See which step fails: amends trace stats FILE, then amends trace show FILE --failed";
    let value = "{{ $value | humanizePercentage }}";
    if let Some(limit) = thresholds.failed {
        add(
            "WorkflowsFail",
            format!("{} > {limit}", queries.failure_rate()),
            "5m",
            "warning",
            format!("{value} of the workflows {name} fail to complete"),
            LOOK,
        );
    }
    if let Some(limit) = thresholds.compensated {
        add(
            "WorkflowsAreCompensated",
            format!("{} > {limit}", queries.compensation_rate()),
            "5m",
            "warning",
            format!("{value} of the workflows {name} are compensated"),
            LOOK,
        );
    }
    if let Some(limit) = thresholds.try_failed.filter(|_| tries(design)) {
        add(
            "TriesFail",
            format!("{} > {limit}", queries.try_failure_rate()),
            "5m",
            "critical",
            format!(
                "{value} of the Tries of {{{{ $labels.amends_subject }}}} fail, in workflow {name}"
            ),
            LOOK,
        );
    }
    let slow = |limit: Duration| duration(u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX));
    if let Some(limit) = thresholds.p99 {
        add(
            "WorkflowsAreSlow",
            format!("{} > {}", queries.duration(0.99), limit.as_secs_f64()),
            "5m",
            "warning",
            format!("1 % of the workflows {name} take longer than {}", slow(limit)),
            "See what is on the critical path: amends trace stats FILE",
        );
    }
    if let Some(limit) = thresholds.event_lag.filter(|_| has_events(design)) {
        add(
            "EventsAreLate",
            format!("{} > {}", queries.event_lag(0.99), limit.as_secs_f64()),
            "5m",
            "critical",
            format!(
                "1 % of the events {{{{ $labels.amends_subject }}}} wait longer than {} (workflow {name})",
                slow(limit)
            ),
            "See whether the relay or the consumer is behind: amends trace stats FILE",
        );
    }
    add(
        "WorkflowsEndHalfway",
        format!("{} > 0", queries.halfway()),
        "0s",
        "critical",
        format!("Some workflow {name} ended neither completed nor compensated"),
        "Find it, and see what is in force: amends trace show FILE --failed",
    );
    rules
}
