//! Statistics for people: how workflows end, where their time goes, and what fails.

use std::cmp::Reverse;
use std::fmt::{self, Write};

use amends_trace::statistics::{DEEPEST, OperationStatistics, Statistics, WorkflowStatistics};
use unicode_width::UnicodeWidthStr;

use super::{Exceeded, faults_per_thousand, percent, rate, tenths};
use crate::report::extent::counted;
use crate::report::text::{BAD, FAINT, GOOD, STRONG, padded, styled};
use crate::report::trace::{duration, one_line};

/// How many rows each table has.
const ROWS: usize = 10;

/// Shows statistics, with ANSI styles.
#[must_use]
pub fn render(statistics: &Statistics, exceeded: &[Exceeded]) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write_report(&mut page, statistics, exceeded);
    page
}

fn write_report(page: &mut String, statistics: &Statistics, exceeded: &[Exceeded]) -> fmt::Result {
    let workflows = counted(statistics.runs(), "workflow");
    let extent = format!("{workflows}, {}", counted(statistics.spans, "span"));
    writeln!(page, "{}", styled(STRONG, &extent))?;
    for one in exceeded {
        writeln!(page, "  {}", styled(BAD, &format!("✗ {}", one_line(&one.in_words()))))?;
    }
    if exceeded.is_empty() {
        writeln!(page, "  {}", styled(GOOD, "✓ no threshold is exceeded"))?;
    }
    write_workflows(page, statistics)?;
    write_operations(page, statistics)?;
    write_depths(page, statistics)?;
    write_errors(page, statistics)?;
    if let Some(lag) = statistics.event_lag.quantile(0.99) {
        let quantile =
            |part| statistics.event_lag.quantile(part).map_or_else(String::new, duration);
        writeln!(page)?;
        writeln!(
            page,
            "{}: P50 {}, P95 {}, P99 {}, of {}",
            styled(STRONG, "From publishing an event to handling it"),
            quantile(0.5),
            quantile(0.95),
            duration(lag),
            counted(statistics.event_lag.count(), "event"),
        )?;
    }
    Ok(())
}

fn write_workflows(page: &mut String, statistics: &Statistics) -> fmt::Result {
    let mut rows: Vec<(&str, &WorkflowStatistics)> = statistics.workflows.iter().collect();
    rows.sort_by_key(|(name, workflow)| (Reverse(workflow.runs), *name));
    let cells = rows.iter().take(ROWS).map(|(name, workflow)| {
        let part = |count, whole| rate(count, whole).map_or_else(|| "-".to_owned(), percent);
        let per_thousand = |count: u64| {
            let rate = count as f64 * 1000.0 / workflow.runs.max(1) as f64;
            tenths(rate)
        };
        let quantile =
            |part| workflow.durations.quantile(part).map_or_else(|| "-".to_owned(), duration);
        vec![
            one_line(name),
            workflow.runs.to_string(),
            part(workflow.failed, workflow.runs),
            part(workflow.compensated, workflow.runs),
            part(workflow.try_failed, workflow.tried),
            per_thousand(workflow.retries),
            per_thousand(workflow.timeouts),
            faults_per_thousand(workflow).map_or_else(|| "-".to_owned(), tenths),
            quantile(0.5),
            quantile(0.95),
            quantile(0.99),
        ]
    });
    let heading = [
        "workflow",
        "runs",
        "failed",
        "compensated",
        "Try failed",
        "retries/1000",
        "timeouts/1000",
        "faults/1000",
        "P50",
        "P95",
        "P99",
    ];
    table(page, "How workflows end", &heading, cells.collect(), rows.len())
}

fn write_operations(page: &mut String, statistics: &Statistics) -> fmt::Result {
    let total = statistics.on_path();
    let mut rows: Vec<(&str, &OperationStatistics)> = statistics
        .operations
        .iter()
        .filter(|(_, operation)| operation.on_path > 0 || operation.failed > 0)
        .collect();
    rows.sort_by_key(|(name, operation)| (Reverse(operation.on_path), *name));
    let cells = rows.iter().take(ROWS).map(|(name, operation)| row(name, operation, total));
    let heading = ["operation", "of all time", "runs", "failed", "mean", "P50", "P95", "P99"];
    table(page, "Where the time of workflows goes", &heading, cells.collect(), rows.len())
}

fn write_depths(page: &mut String, statistics: &Statistics) -> fmt::Result {
    let total = statistics.on_path();
    let rows: Vec<Vec<String>> = statistics
        .depths
        .iter()
        .enumerate()
        .filter(|(_, at)| at.runs > 0)
        .map(|(depth, at)| {
            let name = match depth {
                0 => "roots".to_owned(),
                DEEPEST => format!("{depth} and deeper"),
                _ => format!("{depth} below"),
            };
            row(&name, at, total)
        })
        .collect();
    let heading = ["depth", "of all time", "runs", "failed", "mean", "P50", "P95", "P99"];
    let many = rows.len();
    table(page, "How deep in the tree it goes", &heading, rows, many)
}

fn row(name: &str, operation: &OperationStatistics, total: u128) -> Vec<String> {
    let share = if total > 0 { operation.on_path as f64 / total as f64 } else { 0.0 };
    let or_none = |found: Option<u64>| found.map_or_else(|| "-".to_owned(), duration);
    let failed = rate(operation.failed, operation.runs).unwrap_or(0.0);
    vec![
        one_line(name),
        percent(share),
        operation.runs.to_string(),
        percent(failed),
        or_none(operation.durations.mean()),
        or_none(operation.durations.quantile(0.5)),
        or_none(operation.durations.quantile(0.95)),
        or_none(operation.durations.quantile(0.99)),
    ]
}

fn write_errors(page: &mut String, statistics: &Statistics) -> fmt::Result {
    let mut rows: Vec<(&str, u64)> =
        statistics.errors.iter().map(|(name, count)| (name, *count)).collect();
    rows.sort_by_key(|(name, count)| (Reverse(*count), *name));
    let cells = rows.iter().take(ROWS).map(|(name, count)| vec![one_line(name), count.to_string()]);
    table(page, "How failures begin", &["error", "failures"], cells.collect(), rows.len())
}

/// A table: the first column is text, the others are numbers.
fn table(
    page: &mut String,
    title: &str,
    heading: &[&str],
    rows: Vec<Vec<String>>,
    all: usize,
) -> fmt::Result {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(page)?;
    writeln!(page, "{}", styled(STRONG, title))?;
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].width());
        cells.max().unwrap_or(0).max(heading[column].width())
    };
    let widths: Vec<usize> = (0..heading.len()).map(width).collect();
    let line = |cells: &[&str]| {
        let mut line = padded(cells[0], widths[0]);
        for (cell, width) in cells.iter().zip(&widths).skip(1) {
            let blanks = width.saturating_sub(cell.width());
            line += &format!("  {:blanks$}{cell}", "");
        }
        line
    };
    writeln!(page, "  {}", styled(FAINT, &line(heading)))?;
    for row in &rows {
        let cells: Vec<&str> = row.iter().map(String::as_str).collect();
        writeln!(page, "  {}", line(&cells))?;
    }
    if all > rows.len() {
        writeln!(page, "  {}", styled(FAINT, &format!("… {} more", all - rows.len())))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::statistics::{Thresholds, fixture};

    #[test]
    fn statistics_of_a_few_workflows() {
        let statistics = fixture::statistics();
        let exceeded = Thresholds::default().exceeded(&statistics);
        let text = render(&statistics, &exceeded);
        insta::assert_snapshot!(anstream::adapter::strip_str(&text).to_string());
    }
}
