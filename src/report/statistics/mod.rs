//! Showing statistics of many workflows, held against thresholds.
//!
//! | format | for |
//! |---|---|
//! | [`text`] | people at a terminal |
//! | [`json`] | programs, with documented fields |

pub mod json;
pub mod text;

use std::time::Duration;

use amends_trace::statistics::{Statistics, WorkflowStatistics};

use super::trace::duration;

/// What is still good. `None` is anything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// The part of the runs of a workflow that may fail to complete.
    pub failed: Option<f64>,
    /// The part of the runs of a workflow that may undo something.
    pub compensated: Option<f64>,
    /// The part of the runs of a TCC in which a reservation may fail.
    pub try_failed: Option<f64>,
    /// How many faults may explain a thousand runs of a workflow that conform.
    pub faults: Option<f64>,
    /// How long 99 of 100 runs of a workflow may take.
    pub p99: Option<Duration>,
    /// How long 99 of 100 events may wait to be handled.
    pub event_lag: Option<Duration>,
}

impl Default for Thresholds {
    /// 5 % failed, 10 % compensated, 3 % with a failed reservation, 50 faults in a thousand, 500 ms, and 1 s.
    fn default() -> Self {
        Thresholds {
            failed: Some(0.05),
            compensated: Some(0.10),
            try_failed: Some(0.03),
            faults: Some(50.0),
            p99: Some(Duration::from_millis(500)),
            event_lag: Some(Duration::from_secs(1)),
        }
    }
}

/// A threshold that is exceeded.
#[derive(Clone, Debug, PartialEq)]
pub struct Exceeded {
    /// By which workflow; `None` if by all together.
    pub workflow: Option<String>,
    /// Which: `failed`, `compensated`, `try-failed`, `faults`, `p99`, `event-lag`.
    pub threshold: &'static str,
    /// What was found: a part from 0 to 1, a number in a thousand, or seconds.
    pub found: f64,
    /// What would have been good, in the same unit.
    pub at_most: f64,
}

impl Exceeded {
    /// In words: `order: failed 12.5 % of the time, at most 5 % are good`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let whose = self.workflow.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
        let time = |seconds: f64| duration((seconds * 1e9) as u64);
        match self.threshold {
            "p99" => format!(
                "{whose}99 % take up to {}, which should be at most {}",
                time(self.found),
                time(self.at_most)
            ),
            "event-lag" => format!(
                "events wait up to {} (99 %), which should be at most {}",
                time(self.found),
                time(self.at_most)
            ),
            "faults" => format!(
                "{whose}{} faults explain 1000 workflows, which should be at most {}",
                tenths(self.found),
                tenths(self.at_most)
            ),
            what => format!(
                "{whose}{} {}, which should be at most {}",
                percent(self.found),
                match what {
                    "try-failed" => "had a Try that failed",
                    "compensated" => "were compensated",
                    _ => "failed to complete",
                },
                percent(self.at_most)
            ),
        }
    }
}

impl Thresholds {
    /// What exceeds them, workflows in the order of their names.
    #[must_use]
    pub fn exceeded(&self, statistics: &Statistics) -> Vec<Exceeded> {
        let mut exceeded = Vec::new();
        for (name, workflow) in statistics.workflows.iter() {
            let checks = [
                ("failed", rate(workflow.failed, workflow.runs), self.failed),
                ("compensated", rate(workflow.compensated, workflow.runs), self.compensated),
                ("try-failed", rate(workflow.try_failed, workflow.tried), self.try_failed),
                ("faults", faults_per_thousand(workflow), self.faults),
                ("p99", p99(workflow), self.p99.map(|limit| limit.as_secs_f64())),
            ];
            for (threshold, found, at_most) in checks {
                exceeded.extend(exceeds(Some(name), threshold, found, at_most));
            }
        }
        let lag = statistics.event_lag.quantile(0.99).map(seconds);
        let at_most = self.event_lag.map(|limit| limit.as_secs_f64());
        exceeded.extend(exceeds(None, "event-lag", lag, at_most));
        exceeded
    }
}

fn exceeds(
    workflow: Option<&str>,
    threshold: &'static str,
    found: Option<f64>,
    at_most: Option<f64>,
) -> Option<Exceeded> {
    let (found, at_most) = (found?, at_most?);
    let workflow = workflow.map(str::to_owned);
    (found > at_most).then_some(Exceeded { workflow, threshold, found, at_most })
}

/// How many faults explain a thousand runs of those that were judged and conform.
fn faults_per_thousand(workflow: &WorkflowStatistics) -> Option<f64> {
    rate(workflow.faults * 1000, workflow.explained)
}

/// A number with a digit after the point where it matters.
fn tenths(number: f64) -> String {
    format!("{}", (number * 10.0).round() / 10.0)
}

fn p99(workflow: &WorkflowStatistics) -> Option<f64> {
    workflow.durations.quantile(0.99).map(seconds)
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// A part, if there is a whole.
fn rate(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// A part from 0 to 1 as people read it.
fn percent(part: f64) -> String {
    let percent = part * 100.0;
    if percent == percent.round() { format!("{percent:.0} %") } else { format!("{percent:.1} %") }
}

#[cfg(test)]
pub(super) mod fixture {
    use super::*;
    use crate::report::trace::fixture;

    /// Two workflows: an order that was compensated, and an import with a failure in it.
    pub(crate) fn statistics() -> Statistics {
        let mut statistics = Statistics::new();
        statistics.add(&fixture::compensated());
        statistics.add(&fixture::many(20));
        statistics.add(&fixture::odd());
        statistics
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exceeds_the_thresholds_is_said() {
        let found = Thresholds::default().exceeded(&fixture::statistics());
        let words: Vec<String> = found.iter().map(Exceeded::in_words).collect();
        insta::assert_snapshot!(words.join("\n"));
    }

    #[test]
    fn without_thresholds_everything_is_good() {
        let any = Thresholds {
            failed: None,
            compensated: None,
            try_failed: None,
            faults: None,
            p99: None,
            event_lag: None,
        };
        assert_eq!(any.exceeded(&fixture::statistics()), []);
    }
}
