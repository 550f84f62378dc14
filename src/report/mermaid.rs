//! Reports for pull requests: Markdown with a [Mermaid](https://mermaid.js.org) sequence diagram for
//! each counterexample.
//!
//! A message that arrives at once is one solid arrow. One that other events overtake leaves as a
//! dashed arrow and arrives as a solid one, because in between is where the trouble lies.

use std::fmt::{self, Write};

use amends_models::system::story::{Happening, Story};

use super::check_report::{Assumption, CheckReport, Finding};
use super::message_arrows::{End, Flight, flights};
use super::told::phrase;

/// Shows a report: a heading with the result, then a diagram per counterexample.
#[must_use]
pub fn render(report: &CheckReport) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write_report(&mut page, report);
    page
}

/// Draws a story: the text of one Mermaid diagram, without the Markdown around it.
#[must_use]
pub fn diagram(story: &Story) -> String {
    let mut diagram = String::new();
    let _ = write_diagram(&mut diagram, story);
    diagram
}

fn write_report(page: &mut String, report: &CheckReport) -> fmt::Result {
    writeln!(page, "## {}", markdown(&report.spec))?;
    writeln!(page)?;
    writeln!(page, "| property | verdict | expected |")?;
    writeln!(page, "|---|---|---|")?;
    for Finding { property, verdict, expectation, .. } in &report.properties {
        writeln!(page, "| {} | {verdict} | {} |", markdown(property), expectation.verdict())?;
    }
    if let Some(shortfall) = report.shortfall() {
        writeln!(page)?;
        writeln!(page, "Incomplete: {}.", markdown(&shortfall))?;
    }
    for Assumption { what, change } in report.assumptions.iter().chain(&report.harmless) {
        writeln!(page)?;
        write!(page, "Note: {}", markdown(what))?;
        writeln!(
            page,
            "{}",
            if change.is_empty() { String::new() } else { format!(" (`{change}`)") }
        )?;
    }
    for (finding, run) in report.counterexamples() {
        writeln!(page)?;
        writeln!(page, "### {} is violated", markdown(&finding.property))?;
        writeln!(page)?;
        writeln!(page, "```mermaid")?;
        write_diagram(page, &run.story)?;
        writeln!(page, "```")?;
        writeln!(page)?;
        writeln!(page, "{}", finding.explanation())?;
        if !run.story.ending.is_empty() {
            writeln!(page)?;
            for fact in &run.story.ending {
                writeln!(page, "- {}", markdown(fact))?;
            }
        }
    }
    Ok(())
}

fn write_diagram(page: &mut String, story: &Story) -> fmt::Result {
    let story = &story.clone().without_bystanders();
    writeln!(page, "sequenceDiagram")?;
    writeln!(page, "    autonumber")?;
    for (at, actor) in story.actors.iter().enumerate() {
        writeln!(page, "    participant a{at} as {}", label(&actor.name))?;
    }
    let flights = flights(story);
    let mut indent = "    ";
    for (at, event) in story.events.iter().enumerate() {
        if story.repeats_from == Some(at) {
            writeln!(page, "    loop for ever")?;
            indent = "        ";
        }
        let text = label(&event.text);
        match (event.actor, event.happening) {
            (Some(from), Happening::Send { to }) if overtaken(&flights, at) => {
                writeln!(page, "{indent}a{from}--)a{to}: {text} (leaves)")?;
            }
            (_, Happening::Send { .. }) => {}
            (Some(to), Happening::Deliver { from }) => {
                writeln!(page, "{indent}a{from}->>a{to}: {text}")?;
            }
            (Some(to), Happening::Lose { from }) => {
                writeln!(page, "{indent}a{from}-xa{to}: {text} (lost)")?;
            }
            (Some(to), Happening::Duplicate { from }) => {
                writeln!(page, "{indent}a{from}--)a{to}: {text} (duplicated)")?;
            }
            (Some(own), _) => {
                writeln!(page, "{indent}Note over a{own}: {}", label(&phrase(event)))?;
            }
            (None, _) => {
                let last = story.actors.len().saturating_sub(1);
                writeln!(page, "{indent}Note over a0,a{last}: {}", label(&phrase(event)))?;
            }
        }
    }
    if story.repeats_from.is_some_and(|first| first < story.events.len()) {
        writeln!(page, "    end")?;
    }
    Ok(())
}

/// Whether other events come between the sending at `at` and the end of its message.
fn overtaken(flights: &[Flight], at: usize) -> bool {
    flights.iter().any(|flight| {
        flight.sent == Some(at)
            && !matches!(flight.end, End::Arrived(end) | End::Lost(end) if end == at + 1)
    })
}

/// Text that Mermaid takes as text: it reads `;` and `#` as its own, and has codes for them.
fn label(text: &str) -> String {
    let mut label = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '#' => label.push_str("#35;"),
            ';' => label.push_str("#59;"),
            '<' => label.push_str("#lt;"),
            '>' => label.push_str("#gt;"),
            c if c.is_control() => label.push(' '),
            c => label.push(c),
        }
    }
    label
}

/// Text that Markdown takes as text.
pub(super) fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '|' | '`' | '*' | '_' | '<' | '>' | '[' | ']' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_violation_is_a_sequence_diagram() {
        insta::assert_snapshot!(render(&fixture::violated()));
    }

    #[test]
    fn a_lasso_is_a_loop() {
        insta::assert_snapshot!(render(&fixture::lasso()));
    }

    #[test]
    fn labels_cannot_break_the_diagram() {
        assert_eq!(label("#1; <b>"), "#35;1#59; #lt;b#gt;");
        assert_eq!(label("two\nlines"), "two lines");
    }
}
