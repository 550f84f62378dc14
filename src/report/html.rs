//! Reports for a browser: one page that needs nothing else, not even a network.
//!
//! Each counterexample is drawn as a sequence diagram and listed event by event,
//! which is also what a screen reader reads. Light or dark, as the reader prefers.

use amends_models::system::story::{Happening, Story};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::check_report::{CheckReport, Comparison, CounterexampleReport, Finding, seconds};
use super::extent::counted;
use super::sequence;
use super::told::tell;

pub(super) const STYLE: &str = include_str!("page.css");

/// Shows reports as one page.
#[must_use]
pub fn render(reports: &[CheckReport]) -> String {
    let title = match reports {
        [only] => format!("{}: {}", only.spec, verdict_words(only.comparison()).1),
        _ => format!("{} checked", counted(reports.len() as u64, "spec")),
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · amends" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (title) }
                    @if reports.len() > 1 { (contents(reports)) }
                    @for (at, report) in reports.iter().enumerate() { (section(at, report)) }
                }
            }
        }
    };
    let mut text = page.into_string();
    text.push('\n');
    text
}

fn contents(reports: &[CheckReport]) -> Markup {
    html! {
        nav aria-label="Specs" {
            ul {
                @for (at, report) in reports.iter().enumerate() {
                    @let (class, words) = verdict_words(report.comparison());
                    li { a href=(format!("#spec-{at}")) { (report.spec) } ": " span class=(class) { (words) } }
                }
            }
        }
    }
}

fn section(at: usize, report: &CheckReport) -> Markup {
    let (class, words) = verdict_words(report.comparison());
    html! {
        section id=(format!("spec-{at}")) {
            h2 { (report.spec) ": " span class=(class) { (words) } }
            p { (report.subject) }
            p {
                "Faults: "
                @if report.bounds.is_empty() { "none, a perfect world" } @else { "at most " (report.bounds.join(", ")) }
                "."
            }
            @for assumed in &report.assumptions {
                p { "It is assumed that " (assumed.what) " " span class="faint" { "(" (assumed.change) ")" } "." }
            }
            p {
                (report.extent.in_words()) ", in " (seconds(report.elapsed)) " s: "
                @match report.shortfall() {
                    None => "the complete space",
                    Some(shortfall) => span class="odd" { (shortfall) },
                }
                "."
            }
            (properties(&report.properties))
            @for (number, (finding, run)) in report.counterexamples().enumerate() {
                (counterexample(&format!("run-{at}-{number}"), finding, run))
            }
            @if !report.never_happened.is_empty() {
                p { "Never happened: " (report.never_happened.join(", ")) "." }
            }
            @for harmless in &report.harmless {
                p class="odd" { (harmless.what) @if !harmless.change.is_empty() { "; try " (harmless.change) } "." }
            }
            @for note in &report.notes { p class="faint" { "Note: " (note) } }
        }
    }
}

fn properties(properties: &[Finding]) -> Markup {
    html! {
        table class="properties" {
            thead { tr {
                th scope="col" { "Property" } th scope="col" { "Verdict" } th scope="col" { "Expected" }
            } }
            tbody {
                @for finding in properties {
                    @let (class, words) = verdict_words(finding.comparison());
                    tr {
                        td {
                            (finding.property)
                            @if let Some(meaning) = &finding.meaning { br; span class="faint" { (meaning) } }
                        }
                        td class=(class) { (mark(finding.comparison())) " " (finding.verdict.word()) }
                        td { (finding.expectation.verdict().word()) " (" (words) ")" }
                    }
                }
            }
        }
    }
}

fn counterexample(id: &str, finding: &Finding, run: &CounterexampleReport) -> Markup {
    let title =
        format!("{} is violated, in {}", finding.property, counted(run.steps.len() as u64, "step"));
    html! {
        h3 { (title) }
        div class="wrong" {
            @if let Some(meaning) = &finding.meaning { p { (finding.property) ": " (meaning) } }
            p { (finding.explanation()) }
            @if !run.story.ending.is_empty() {
                p { "At the end:" }
                ul { @for fact in &run.story.ending { li { (fact) } } }
            }
        }
        div class="drawing" tabindex="0" role="group" aria-label="Sequence diagram, scrollable" {
            (sequence::draw(&run.story.clone().without_bystanders(), id, &title))
        }
        details open {
            summary { "Event by event" }
            (events(&run.story))
        }
    }
}

pub(super) fn events(story: &Story) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { "#" } th scope="col" { "Who" } th scope="col" { "What" } th scope="col" {}
            } }
            tbody {
                @for (at, event) in story.events.iter().enumerate() {
                    @let told = tell(story, event);
                    @if story.repeats_from == Some(at) {
                        tr class="loop" { td {} td colspan="3" { "↻ from here on, again and again:" } }
                    }
                    tr class=(row_class(event.happening)) {
                        td { (at + 1) } td { (told.who) } td { (told.what) } td { (told.text) }
                    }
                }
                @match story.repeats_from {
                    Some(first) if first < story.events.len() => {
                        tr class="loop" { td {} td colspan="3" { "↻ back to " (first + 1) ", for ever" } }
                    }
                    Some(_) => {
                        tr class="loop" { td {} td colspan="3" { "↻ nothing more happens, for ever" } }
                    }
                    None => {}
                }
            }
        }
    }
}

fn row_class(happening: Happening) -> &'static str {
    match happening {
        fault if fault.is_fault() => "fault",
        Happening::Persist => "durable",
        _ => "plain",
    }
}

fn mark(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::AsExpected => "✓",
        Comparison::NotAsExpected => "✗",
        Comparison::Undecided => "?",
    }
}

fn verdict_words(comparison: Comparison) -> (&'static str, &'static str) {
    match comparison {
        Comparison::AsExpected => ("good", "as expected"),
        Comparison::NotAsExpected => ("bad", "not as expected"),
        Comparison::Undecided => ("odd", "incomplete"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    /// A page with a line per element, without its style sheet.
    fn readable(page: &str) -> String {
        page.replace(STYLE, "").replace("><", ">\n<")
    }

    #[test]
    fn a_page_shows_the_diagram_and_the_events() {
        insta::assert_snapshot!(readable(&render(&[fixture::violated()])));
    }

    #[test]
    fn a_page_of_several_specs_has_a_table_of_contents() {
        let page = render(&[fixture::holding(), fixture::lasso()]);
        assert!(page.contains("<a href=\"#spec-1\">order</a>"));
        assert!(page.contains("↻ back to 3, for ever"));
    }

    #[test]
    fn a_page_needs_nothing_from_outside() {
        let page = render(&[fixture::violated()]);
        for outside in ["http:", "https:", "<script", "<link", "@import", "url(http"] {
            assert!(!page.contains(outside), "the page contains {outside}");
        }
    }

    #[test]
    fn names_are_escaped() {
        let mut report = fixture::holding();
        report.spec = "<script>alert(1)</script>".to_owned();
        assert!(!render(&[report]).contains("<script"));
    }
}
