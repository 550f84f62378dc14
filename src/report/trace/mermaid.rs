//! A trace for pull requests and incident notes: Markdown with a Mermaid sequence diagram.

use std::fmt::{self, Write};

use super::TraceReport;
use super::story::observed_with_divergence;
use crate::report::mermaid::{diagram, markdown};

/// Shows a trace: how it ended and is judged, what was observed, and what was expected.
#[must_use]
pub fn render(report: &TraceReport<'_>) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write_report(&mut page, report);
    page
}

fn write_report(page: &mut String, report: &TraceReport<'_>) -> fmt::Result {
    writeln!(page, "## {}", markdown(&report.title()))?;
    writeln!(page)?;
    if let Some(judgement) = &report.judgement {
        writeln!(page, "**{}**: {}", judgement.verdict.word(), markdown(&judgement.reason))?;
        writeln!(page)?;
    }
    writeln!(page, "{}", markdown(&report.blame()))?;
    let judgement = report.judgement.as_ref();
    let (observed, divergence) = observed_with_divergence(report);
    let expected = judgement.and_then(|judgement| judgement.expected.as_ref());
    if let Some(at) = divergence {
        writeln!(page)?;
        match observed.events.get(at) {
            Some(event) => {
                writeln!(page, "First divergence: event {}, {}", at + 1, markdown(&event.text))?;
            }
            None => writeln!(page, "First divergence: nothing more happened")?,
        }
    }
    for (heading, story) in [("Observed", Some(&observed)), ("Expected", expected)] {
        let Some(story) = story else { continue };
        writeln!(page)?;
        writeln!(page, "### {heading}")?;
        writeln!(page)?;
        writeln!(page, "```mermaid")?;
        page.push_str(&diagram(story));
        writeln!(page, "```")?;
    }
    let notes = report.notes();
    if !notes.is_empty() {
        writeln!(page)?;
    }
    for note in notes {
        writeln!(page, "- {}", markdown(&note))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::trace::fixture;

    #[test]
    fn a_judged_order() {
        let spans = fixture::compensated();
        let report = TraceReport::new(&spans).judged(fixture::violates(&spans));
        insta::assert_snapshot!(render(&report));
    }
}
