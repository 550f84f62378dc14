//! A trace for people at a terminal: what happened, where the time went, and what to look at first.
//!
//! ```text
//! saga order s-17: compensated after 200 ms
//!   40 % of 200 ms: psp in payment; failed: psp (timeout)
//!
//!     span            start    took  on path  service
//!   ↩ saga order          0  200 ms    12 ms  order
//!   ├─ ✓ create           0   20 ms    20 ms  order
//!   └─ ? pay         +52 ms   98 ms    18 ms  payment  outcome unknown: unavailable
//!      └─ ? psp      +60 ms   80 ms    80 ms  payment  outcome unknown: timeout
//! ```
//!
//! `✓` is success, `✗` a failure or refusal, `?` an unknown outcome, `↩` what undoes or was undone,
//! `…` what has not ended, `○` a parent that is missing. A span stands on the critical path if it has time
//! there. Text carries ANSI styles, like all [reports](crate::report::text).

use std::fmt::{self, Write};

use amends_trace::conventions::{Facts, RETRY_EVENT, SpanOutcome, TIMEOUT_EVENT, WorkflowOutcome};
use amends_trace::failure::origins_of_failure;
use amends_trace::span::Span;
use amends_trace::tree::{NodeId, Relation};
use anstyle::Style;
use unicode_width::UnicodeWidthStr;

use super::{TraceReport, Verdict, duration, one_line, reason, shortened};
use crate::report::extent::counted;
use crate::report::text::{BAD, FAINT, GOOD, ODD, STRONG, padded, styled};

/// How many spans of one trace are shown, unless it is said otherwise.
pub const SPANS: usize = 200;

/// Indentation ends here: what is deeper says so by its depth.
const DEEPEST: usize = 24;
const NAME_FITS: usize = 48;

/// Shows a trace, with ANSI styles. Of more spans than `at_most`, the first are shown, and those that
/// failed or have much time on the critical path.
#[must_use]
pub fn render(report: &TraceReport<'_>, at_most: usize) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write_report(&mut page, report, at_most);
    page
}

fn write_report(page: &mut String, report: &TraceReport<'_>, at_most: usize) -> fmt::Result {
    writeln!(page, "{}", styled(STRONG, &report.title()))?;
    if let Some(judgement) = &report.judgement {
        let (mark, style) = match judgement.verdict {
            Verdict::Conforms => ("✓", GOOD),
            Verdict::Violates => ("✗", BAD),
            Verdict::Inconclusive => ("?", ODD),
        };
        let verdict = styled(style, &format!("{mark} {}", judgement.verdict.word()));
        writeln!(page, "  {verdict}: {}", one_line(&judgement.reason))?;
    }
    writeln!(page, "  {}", report.blame())?;
    writeln!(page, "  {}", styled(FAINT, &report.extent()))?;
    writeln!(page)?;
    write_tree(page, report, at_most)?;
    let notes = report.notes();
    if !notes.is_empty() {
        writeln!(page)?;
    }
    for note in notes {
        writeln!(page, "  note: {note}")?;
    }
    Ok(())
}

/// A line of the tree.
struct Line {
    branch: String,
    mark: &'static str,
    style: Style,
    name: String,
    start: String,
    took: String,
    on_path: String,
    service: String,
    remark: String,
}

fn write_tree(page: &mut String, report: &TraceReport<'_>, at_most: usize) -> fmt::Result {
    let chosen = chosen(report, at_most);
    let mut lines = Vec::new();
    // For each depth on the way to the present node: whether more siblings follow.
    let mut more = Vec::new();
    for (node, depth) in report.tree.walk() {
        more.truncate(depth);
        let siblings = match report.tree.parent(node) {
            Some(parent) => report.tree.children(parent),
            None => report.tree.roots(),
        };
        more.push(siblings.last() != Some(&node));
        if chosen.get(node.index()).copied().unwrap_or(false) {
            lines.push(line(report, node, branch(&more)));
        }
    }
    let width = |of: fn(&Line) -> usize, heading: &str| {
        lines.iter().map(of).max().unwrap_or(0).max(heading.width())
    };
    let name = width(|line| line.branch.width() + 2 + line.name.width(), "  span");
    let start = width(|line| line.start.width(), "start");
    let took = width(|line| line.took.width(), "took");
    let on_path = width(|line| line.on_path.width(), "on path");
    let service = width(|line| line.service.width(), "service");
    let heading = format!(
        "  {}  {}  {}  {}  service",
        padded("  span", name),
        right("start", start),
        right("took", took),
        right("on path", on_path),
    );
    writeln!(page, "{}", styled(FAINT, &heading))?;
    for line in &lines {
        let blanks = name - line.branch.width() - 2;
        let mut text = format!(
            "  {}{} {}  {}  {}  {}",
            styled(FAINT, &line.branch),
            styled(line.style, line.mark),
            padded(&line.name, blanks),
            right(&line.start, start),
            right(&line.took, took),
            styled(STRONG, &right(&line.on_path, on_path)),
        );
        match line.remark.as_str() {
            "" if line.service.is_empty() => {}
            "" => text += &format!("  {}", line.service),
            remark => {
                text += &format!(
                    "  {}  {}",
                    padded(&line.service, service),
                    styled(line.style, remark)
                );
            }
        }
        writeln!(page, "{text}")?;
    }
    let left_out = report.tree.len() - lines.len();
    if left_out > 0 {
        let count = counted(left_out as u64, "span");
        writeln!(
            page,
            "  {}",
            styled(ODD, &format!("… {count} not shown (--spans NUMBER shows more)"))
        )?;
    }
    Ok(())
}

/// Whether a node belongs to the smallest set that cannot be explained.
pub(super) fn is_evidence(report: &TraceReport<'_>, node: NodeId) -> bool {
    report
        .judgement
        .as_ref()
        .zip(report.tree.span(node))
        .is_some_and(|(judgement, span)| judgement.evidence.contains(&(span.trace, span.id)))
}

/// Which nodes are shown, by position.
pub(super) fn chosen(report: &TraceReport<'_>, at_most: usize) -> Vec<bool> {
    let nodes = report.tree.len();
    if nodes <= at_most {
        return vec![true; nodes];
    }
    let mut chosen = vec![false; nodes];
    let mut left = at_most.max(1);
    let mut choose = |node: NodeId| {
        if left > 0 && !chosen[node.index()] {
            chosen[node.index()] = true;
            left -= 1;
        }
    };
    let half = at_most / 2;
    report.workflow.root.into_iter().for_each(&mut choose);
    origins_of_failure(&report.tree).into_iter().take(half / 2).for_each(&mut choose);
    report.path.shares().into_iter().take(half / 2).for_each(|(node, _)| choose(node));
    report.tree.walk().take(at_most).for_each(|(node, _)| choose(node));
    chosen
}

fn branch(more: &[bool]) -> String {
    let depth = more.len() - 1;
    let shown = &more[1..];
    if depth == 0 {
        return String::new();
    }
    if depth > DEEPEST {
        return format!("   …{depth} deep… ");
    }
    let (last, above) = shown.split_last().unwrap_or((&false, &[]));
    let mut branch: String = above.iter().map(|more| if *more { "│  " } else { "   " }).collect();
    branch.push_str(if *last { "├─ " } else { "└─ " });
    branch
}

fn line(report: &TraceReport<'_>, node: NodeId, branch: String) -> Line {
    let interval = report.timeline.interval(node);
    let on_path = match report.on_path(node) {
        0 => String::new(),
        time => duration(time),
    };
    let (mark, style) = mark(report, node);
    let Some(span) = report.tree.span(node) else {
        return Line {
            branch,
            mark,
            style,
            name: "(missing span)".to_owned(),
            start: String::new(),
            took: String::new(),
            on_path,
            service: String::new(),
            remark: String::new(),
        };
    };
    let offset = interval.start - report.begin();
    let distance = duration(u64::try_from(offset.unsigned_abs()).unwrap_or(u64::MAX));
    Line {
        branch,
        mark,
        style,
        name: shortened(&report.name(node), NAME_FITS),
        start: match offset {
            0 => "0".to_owned(),
            later if later > 0 => format!("+{distance}"),
            _ => format!("-{distance}"),
        },
        took: span.end.map_or_else(|| "…".to_owned(), |_| duration(interval.length())),
        on_path,
        service: one_line(span.service()),
        remark: remark(report, node, span),
    }
}

pub(super) fn mark(report: &TraceReport<'_>, node: NodeId) -> (&'static str, Style) {
    let Some(span) = report.tree.span(node) else { return ("○", ODD) };
    if report.workflow.root == Some(node)
        && let Some(outcome) = report.workflow.outcome
    {
        return match outcome {
            WorkflowOutcome::Completed => ("✓", GOOD),
            WorkflowOutcome::Compensated => ("↩", ODD),
            WorkflowOutcome::Failed => ("✗", BAD),
            WorkflowOutcome::InDoubt => ("?", BAD),
        };
    }
    match report.outcome(node) {
        SpanOutcome::Failed | SpanOutcome::Refused => ("✗", BAD),
        SpanOutcome::Unknown => ("?", BAD),
        SpanOutcome::Succeeded if span.end.is_none() => ("…", ODD),
        SpanOutcome::Succeeded if report.compensations.undoes(node).is_some() => ("↩", ODD),
        SpanOutcome::Succeeded => ("✓", GOOD),
    }
}

/// What else there is to say of a span, the most important first.
pub(super) fn remark(report: &TraceReport<'_>, node: NodeId, span: &Span) -> String {
    let mut remarks = Vec::new();
    let divergence = report.judgement.as_ref().and_then(|judgement| judgement.divergence);
    if divergence.is_some_and(|divergence| divergence.is_of(span)) {
        remarks.push("◀ FIRST DIVERGENCE".to_owned());
    } else if is_evidence(report, node) {
        remarks.push("◀ CANNOT BE EXPLAINED".to_owned());
    }
    let word = match report.outcome(node) {
        SpanOutcome::Succeeded => None,
        SpanOutcome::Refused => Some("refused"),
        SpanOutcome::Failed => Some("failed"),
        SpanOutcome::Unknown => Some("outcome unknown"),
    };
    remarks.extend(word.map(|word| match reason(span) {
        Some(why) if why.to_lowercase().contains(word) => why,
        Some(why) => format!("{word}: {why}"),
        None => word.to_owned(),
    }));
    if let Some(attempt) = Facts::of(span).attempt.filter(|attempt| *attempt > 1) {
        remarks.push(format!("attempt {attempt}"));
    }
    match report.compensations.undoes(node) {
        Some(Some(step)) => remarks.push(format!("undoes {}", report.name(step))),
        Some(None) => remarks.push("undoes a step that is not in the trace".to_owned()),
        None => {}
    }
    for undoing in report.compensations.undone_by(node) {
        let interval = report.timeline.interval(*undoing);
        let after = interval.end - report.begin();
        let when = duration(u64::try_from(after).unwrap_or(0));
        remarks.push(match report.outcome(*undoing).is_failure() {
            false => format!("↩ undone by +{when}"),
            true => format!("↩ NOT undone: its compensation failed at +{when}"),
        });
    }
    for (event, [one, many]) in
        [(RETRY_EVENT, ["retry", "retries"]), (TIMEOUT_EVENT, ["timeout", "timeouts"])]
    {
        let count = span.events.iter().filter(|told| told.name.starts_with(event)).count();
        match count {
            0 => {}
            1 => remarks.push(format!("1 {one}")),
            _ => remarks.push(format!("{count} {many}")),
        }
    }
    if report.tree.relation(node) == Relation::Linked {
        remarks.push("another trace, by link".to_owned());
    } else if report.tree.handles_message(node) {
        remarks.push("by message".to_owned());
    }
    remarks.join("; ")
}

fn right(text: &str, width: usize) -> String {
    let blanks = width.saturating_sub(text.width());
    format!("{:blanks$}{text}", "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::trace::fixture;

    fn plain(report: &TraceReport<'_>, at_most: usize) -> String {
        anstream::adapter::strip_str(&render(report, at_most)).to_string()
    }

    #[test]
    fn an_order_that_was_compensated() {
        insta::assert_snapshot!(plain(&TraceReport::new(&fixture::compensated()), SPANS));
    }

    #[test]
    fn a_trace_with_everything_that_may_be_wrong() {
        insta::assert_snapshot!(plain(&TraceReport::new(&fixture::odd()), SPANS));
    }

    #[test]
    fn a_judged_order() {
        let spans = fixture::compensated();
        let report = TraceReport::new(&spans).judged(fixture::violates(&spans));
        insta::assert_snapshot!(plain(&report, SPANS));
    }

    #[test]
    fn of_many_spans_those_that_matter_are_shown() {
        insta::assert_snapshot!(plain(&TraceReport::new(&fixture::many(1_000)), 12));
    }

    #[test]
    fn what_services_say_cannot_command_the_terminal() {
        let mut spans = fixture::compensated();
        spans[0].name = "\u{1b}[2J\nrm".into();
        assert!(!plain(&TraceReport::new(&spans), SPANS).contains('\u{1b}'));
        assert!(!render(&TraceReport::new(&spans), SPANS).contains("\u{1b}[2J"));
    }
}
