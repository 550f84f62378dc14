//! A trace for a browser: one page that needs nothing else, not even a network.
//!
//! Expected beside observed as sequence diagrams, with the first divergence marked; then the span tree
//! with bars, on which the critical path stands out.

use amends_models::system::story::Story;
use amends_trace::conventions::SpanOutcome;
use amends_trace::critical_path::Section;
use amends_trace::tree::NodeId;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::story::observed_with_divergence;
use super::{TraceReport, Verdict, duration, one_line, text};
use crate::report::extent::counted;
use crate::report::html::{STYLE, events};
use crate::report::sequence;

const TRACE_STYLE: &str = include_str!("trace.css");

/// Shows a trace as one page. Of more spans than `at_most`, those that matter are shown.
#[must_use]
pub fn render(report: &TraceReport<'_>, at_most: usize) -> String {
    let title = report.title();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Nothing is loaded from anywhere, not even an icon, and nothing runs.
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; style-src 'unsafe-inline'; img-src data:";
                link rel="icon" href="data:,";
                title { (title) " · amends" }
                style { (PreEscaped(STYLE)) (PreEscaped(TRACE_STYLE)) }
            }
            body {
                main {
                    h1 { (title) }
                    (verdict(report))
                    p class="blame" { (report.blame()) }
                    p class="faint" { (report.extent()) }
                    (stories(report))
                    h2 id="spans" { "Spans" }
                    (legend())
                    (tree(report, at_most))
                    (notes(report))
                }
            }
        }
    };
    let mut text = page.into_string();
    text.push('\n');
    text
}

fn verdict(report: &TraceReport<'_>) -> Markup {
    let Some(judgement) = &report.judgement else { return html! {} };
    let class = match judgement.verdict {
        Verdict::Conforms => "good",
        Verdict::Violates => "bad",
        Verdict::Inconclusive => "odd",
    };
    html! {
        p class="verdict" {
            strong class=(class) { (judgement.verdict.word()) } ": " (judgement.reason)
        }
    }
}

fn stories(report: &TraceReport<'_>) -> Markup {
    let judgement = report.judgement.as_ref();
    let (seen, divergence) = observed_with_divergence(report);
    let expected = judgement.and_then(|judgement| judgement.expected.as_ref());
    let is_ahead = judgement.is_some_and(|judgement| judgement.divergence.is_some());
    html! {
        @if let Some(at) = divergence {
            p class="wrong" {
                "First divergence: "
                @match seen.events.get(at) {
                    Some(event) => { "event " (at + 1) ", " (event.text) }
                    None => { "nothing more happened after event " (seen.events.len()) }
                }
                "."
            }
        }
        @match expected {
            Some(expected) => div class="beside" {
                // The run that comes closest ends where it cannot go on.
                (story("expected", "Expected", expected, is_ahead.then_some(expected.events.len())))
                (story("observed", "Observed", &seen, divergence))
            },
            None => (story("observed", "Observed", &seen, divergence)),
        }
    }
}

fn story(id: &str, heading: &str, story: &Story, divergence: Option<usize>) -> Markup {
    html! {
        section id=(id) {
            h2 { (heading) }
            div class="drawing" tabindex="0" role="group" aria-label=(format!("{heading}: sequence diagram, scrollable")) {
                (sequence::draw_until(story, id, heading, divergence))
            }
            details {
                summary { "Event by event" }
                (events(story))
            }
            @if !story.ending.is_empty() {
                ul { @for fact in &story.ending { li { (fact) } } }
            }
        }
    }
}

fn legend() -> Markup {
    html! {
        p class="faint" {
            span class="key extent" {} " the span  "
            span class="key on-path" {} " its part of the critical path: the time that shortening it would save"
        }
    }
}

fn tree(report: &TraceReport<'_>, at_most: usize) -> Markup {
    let chosen = text::chosen(report, at_most);
    let shown: Vec<(NodeId, usize)> =
        report.tree.walk().filter(|(node, _)| chosen[node.index()]).collect();
    let scale = Scale::of(report, &shown);
    let mut sections: Vec<Vec<Section>> = vec![Vec::new(); report.tree.len()];
    for section in report.path.sections() {
        sections[section.node.index()].push(*section);
    }
    html! {
        div class="drawing" tabindex="0" role="group" aria-label="Span tree, scrollable" {
            table class="spans" {
                thead { tr {
                    th scope="col" { "Span" } th scope="col" { "Service" }
                    th scope="col" class="number" { "Took" } th scope="col" class="number" { "On the path" }
                    th scope="col" class="bars" { "0 to " (duration(scale.length())) }
                } }
                tbody {
                    @for (node, depth) in &shown {
                        (row(report, *node, *depth, &scale, &sections[node.index()]))
                    }
                }
            }
        }
        @if shown.len() < report.tree.len() {
            p class="odd" { (counted((report.tree.len() - shown.len()) as u64, "span")) " not shown." }
        }
    }
}

fn row(
    report: &TraceReport<'_>,
    node: NodeId,
    depth: usize,
    scale: &Scale,
    sections: &[Section],
) -> Markup {
    let (mark, _) = text::mark(report, node);
    let span = report.tree.span(node);
    let class = match report.outcome(node) {
        SpanOutcome::Succeeded if report.compensations.undoes(node).is_some() => "odd",
        SpanOutcome::Succeeded => "good",
        _ => "bad",
    };
    let is_evidence = text::is_evidence(report, node);
    let interval = report.timeline.interval(node);
    html! {
        tr class=(if is_evidence { "evidence" } else { "plain" }) {
            td {
                span class="indent" style=(format!("padding-left: {}rem", depth.min(24))) {
                    span class=(class) { (mark) } " " (report.name(node))
                }
                @if let Some(span) = span {
                    @let remark = text::remark(report, node, span);
                    @if !remark.is_empty() { br; span class="indent faint" style=(format!("padding-left: {}rem", depth.min(24) + 1)) { (remark) } }
                }
            }
            td { (span.map(|span| one_line(span.service())).unwrap_or_default()) }
            td class="number" {
                @match span {
                    Some(span) if span.end.is_none() => "…",
                    Some(_) => (duration(interval.length())),
                    None => "",
                }
            }
            td class="number" {
                @match report.on_path(node) { 0 => "", time => (duration(time)) }
            }
            td class="bars" {
                svg class="bar" viewBox="0 0 1000 16" preserveAspectRatio="none" aria-hidden="true" {
                    (scale.bar("extent", interval.start, interval.end))
                    @for section in sections {
                        (scale.bar("on-path", section.interval.start, section.interval.end))
                    }
                }
            }
        }
    }
}

/// From when to when bars can be drawn.
struct Scale {
    start: i128,
    end: i128,
}

impl Scale {
    fn of(report: &TraceReport<'_>, shown: &[(NodeId, usize)]) -> Self {
        let intervals = || shown.iter().map(|(node, _)| report.timeline.interval(*node));
        let start = intervals().map(|interval| interval.start).min().unwrap_or(0);
        let end = intervals().map(|interval| interval.end).max().unwrap_or(0);
        Scale { start, end }
    }

    fn length(&self) -> u64 {
        u64::try_from(self.end - self.start).unwrap_or(u64::MAX)
    }

    fn bar(&self, class: &str, start: i128, end: i128) -> Markup {
        let whole = (self.end - self.start).max(1) as f64;
        let x = (start - self.start) as f64 / whole * 1000.0;
        // What took no time is still to be seen.
        let width = ((end - start) as f64 / whole * 1000.0).max(2.0);
        let (y, height) = if class == "extent" { (2, 12) } else { (5, 6) };
        html! {
            rect class=(class) x=(format!("{x:.2}")) y=(y) width=(format!("{width:.2}")) height=(height) {}
        }
    }
}

fn notes(report: &TraceReport<'_>) -> Markup {
    html! {
        @for note in report.notes() { p class="faint" { "Note: " (note) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::trace::fixture;

    /// A page with a line per element, without its style sheets.
    fn readable(page: &str) -> String {
        page.replace(STYLE, "").replace(TRACE_STYLE, "").replace("><", ">\n<")
    }

    #[test]
    fn a_judged_order() {
        let spans = fixture::compensated();
        let report = TraceReport::new(&spans).judged(fixture::violates(&spans));
        insta::assert_snapshot!(readable(&render(&report, text::SPANS)));
    }

    #[test]
    fn a_page_needs_nothing_from_outside() {
        let page = render(&TraceReport::new(&fixture::odd()), text::SPANS);
        for outside in ["http:", "https:", "<script", "@import", "url(http", "src="] {
            assert!(!page.contains(outside), "the page contains {outside}");
        }
    }

    #[test]
    fn what_services_say_is_text_and_nothing_else() {
        let mut spans = fixture::compensated();
        spans[1].name = "<script>alert(1)</script>".into();
        assert!(!render(&TraceReport::new(&spans), text::SPANS).contains("<script"));
    }
}
