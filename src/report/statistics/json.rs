//! Statistics for programs: one JSON object.
//!
//! The shape is stable: fields may be added, none is renamed, removed or given another meaning. Times are
//! in seconds, rates parts from 0 to 1; both are null where there is nothing to tell.
//!
//! | field | meaning |
//! |---|---|
//! | `spans`, `workflows` | how many there were |
//! | `exceeded` | thresholds that are exceeded: `workflow` (or null), `threshold` (`failed`, `compensated`, `try-failed`, `faults`, `p99`, `event-lag`), `found`, `at_most` |
//! | `by_workflow` | one object per name: `name`, `protocol` (or null), `runs`, `failed`, `compensated`, `in_doubt`, `tried`, `try_failed` (all counts of runs), `failure_rate`, `compensation_rate`, `try_failure_rate`, `retries_per_thousand`, `timeouts_per_thousand` (runs), `explained` (runs that were judged and conform), `faults` that explain those, `faults_per_thousand`, `duration` |
//! | `by_operation` | one object per name of a span and service, what has most of the critical paths first: `name`, `share` (of all critical paths), `runs`, `failed`, `duration` |
//! | `by_depth` | the same by depth in the tree (`depth`, 0 for roots) |
//! | `by_error` | `error`, and how many `failures` began so, the most frequent first |
//! | `event_lag` | from publishing an event to handling it |
//!
//! A `duration`, like `event_lag`, has `count`, `mean`, `p50`, `p95`, `p99`. Beyond 1,000 different names,
//! the rest is counted as `(others)`.

use std::cmp::Reverse;

use amends_trace::conventions::Protocol;
use amends_trace::statistics::{Durations, OperationStatistics, Statistics, WorkflowStatistics};
use serde::Serialize;

use super::{Exceeded, faults_per_thousand, rate, seconds};

#[derive(Serialize)]
struct StatisticsObject<'s> {
    spans: u64,
    workflows: u64,
    exceeded: Vec<ExceededObject<'s>>,
    by_workflow: Vec<WorkflowObject<'s>>,
    by_operation: Vec<OperationObject<'s>>,
    by_depth: Vec<DepthObject>,
    by_error: Vec<ErrorObject<'s>>,
    event_lag: DurationsObject,
}

#[derive(Serialize)]
struct ExceededObject<'s> {
    workflow: Option<&'s str>,
    threshold: &'static str,
    found: f64,
    at_most: f64,
}

#[derive(Serialize)]
struct WorkflowObject<'s> {
    name: &'s str,
    protocol: Option<&'static str>,
    runs: u64,
    failed: u64,
    compensated: u64,
    in_doubt: u64,
    tried: u64,
    try_failed: u64,
    failure_rate: Option<f64>,
    compensation_rate: Option<f64>,
    try_failure_rate: Option<f64>,
    retries_per_thousand: Option<f64>,
    timeouts_per_thousand: Option<f64>,
    explained: u64,
    faults: u64,
    faults_per_thousand: Option<f64>,
    duration: DurationsObject,
}

#[derive(Serialize)]
struct OperationObject<'s> {
    name: &'s str,
    #[serde(flatten)]
    numbers: NumbersObject,
}

#[derive(Serialize)]
struct DepthObject {
    depth: usize,
    #[serde(flatten)]
    numbers: NumbersObject,
}

#[derive(Serialize)]
struct NumbersObject {
    share: Option<f64>,
    runs: u64,
    failed: u64,
    duration: DurationsObject,
}

#[derive(Serialize)]
struct ErrorObject<'s> {
    error: &'s str,
    failures: u64,
}

#[derive(Serialize)]
struct DurationsObject {
    count: u64,
    mean: Option<f64>,
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
}

/// Shows statistics as one line of JSON.
#[must_use]
pub fn render(statistics: &Statistics, exceeded: &[Exceeded]) -> String {
    // Plain data with string keys: serialising it cannot fail.
    serde_json::to_string(&object(statistics, exceeded))
        .map_or_else(|error| error.to_string(), |line| line + "\n")
}

fn object<'s>(statistics: &'s Statistics, exceeded: &'s [Exceeded]) -> StatisticsObject<'s> {
    let total = statistics.on_path();
    let mut operations: Vec<(&str, &OperationStatistics)> = statistics.operations.iter().collect();
    operations.sort_by_key(|(name, operation)| (Reverse(operation.on_path), *name));
    let mut errors: Vec<(&str, u64)> =
        statistics.errors.iter().map(|(name, count)| (name, *count)).collect();
    errors.sort_by_key(|(name, count)| (Reverse(*count), *name));
    StatisticsObject {
        spans: statistics.spans,
        workflows: statistics.runs(),
        exceeded: exceeded
            .iter()
            .map(|one| ExceededObject {
                workflow: one.workflow.as_deref(),
                threshold: one.threshold,
                found: one.found,
                at_most: one.at_most,
            })
            .collect(),
        by_workflow: statistics.workflows.iter().map(|(name, at)| workflow(name, at)).collect(),
        by_operation: operations
            .into_iter()
            .map(|(name, at)| OperationObject { name, numbers: numbers(at, total) })
            .collect(),
        by_depth: statistics
            .depths
            .iter()
            .enumerate()
            .map(|(depth, at)| DepthObject { depth, numbers: numbers(at, total) })
            .collect(),
        by_error: errors
            .into_iter()
            .map(|(error, failures)| ErrorObject { error, failures })
            .collect(),
        event_lag: durations(&statistics.event_lag),
    }
}

fn workflow<'s>(name: &'s str, of: &WorkflowStatistics) -> WorkflowObject<'s> {
    WorkflowObject {
        name,
        protocol: of.protocol.map(Protocol::name),
        runs: of.runs,
        failed: of.failed,
        compensated: of.compensated,
        in_doubt: of.in_doubt,
        tried: of.tried,
        try_failed: of.try_failed,
        failure_rate: rate(of.failed, of.runs),
        compensation_rate: rate(of.compensated, of.runs),
        try_failure_rate: rate(of.try_failed, of.tried),
        retries_per_thousand: rate(of.retries * 1000, of.runs),
        timeouts_per_thousand: rate(of.timeouts * 1000, of.runs),
        explained: of.explained,
        faults: of.faults,
        faults_per_thousand: faults_per_thousand(of),
        duration: durations(&of.durations),
    }
}

fn numbers(of: &OperationStatistics, total: u128) -> NumbersObject {
    NumbersObject {
        share: (total > 0).then(|| of.on_path as f64 / total as f64),
        runs: of.runs,
        failed: of.failed,
        duration: durations(&of.durations),
    }
}

fn durations(of: &Durations) -> DurationsObject {
    let quantile = |part| of.quantile(part).map(seconds);
    DurationsObject {
        count: of.count(),
        mean: of.mean().map(seconds),
        p50: quantile(0.5),
        p95: quantile(0.95),
        p99: quantile(0.99),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::statistics::{Thresholds, fixture};

    #[test]
    fn statistics_of_a_few_workflows() {
        let statistics = fixture::statistics();
        let exceeded = Thresholds::default().exceeded(&statistics);
        let line = render(&statistics, &exceeded);
        let object: serde_json::Value = serde_json::from_str(&line).expect("it is JSON");
        insta::assert_json_snapshot!(object);
    }
}
