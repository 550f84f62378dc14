//! Counterexamples as traces: what services would tell of each, as OTLP/JSON, an export request per line.
//! A trace viewer shows the bug before it happens.

use amends_trace::write;

use crate::telemetry::Recorded;

use super::check_report::CheckReport;

/// The spans and log records of all counterexamples of a report.
#[must_use]
pub fn render(report: &CheckReport) -> String {
    let mut lines = Vec::new();
    for (_, run) in report.counterexamples() {
        let (mut spans, mut logs) = (Vec::new(), Vec::new());
        for recorded in &run.recorded {
            match recorded {
                Recorded::Span(span) => spans.push((**span).clone()),
                Recorded::Log(log) => logs.push((**log).clone()),
            }
        }
        write::spans(&spans, &mut lines).expect("memory takes all");
        write::logs(&logs, &mut lines).expect("memory takes all");
    }
    String::from_utf8(lines).expect("JSON is text")
}
