//! Reports for people: a table of properties, and each counterexample as a story that can be followed
//! line by line.
//!
//! ```text
//! order: saga of 2 steps, 2 at the same time
//!   faults      at most 1 crash of inventory
//!   explored    1,204 states, 3,310 transitions, 24 deep, in 0.012 s: the complete space
//!
//!   ✓ atomic          holds
//!   ✗ never oversold  violated  (expected: holds)
//! ```
//!
//! Text carries ANSI styles. What writes it to a terminal or a file decides whether they stay, which
//! is what [`anstream`] does: on a terminal, unless `NO_COLOR` is set.

use std::fmt::{self, Write};
use std::time::Duration;

use amends_models::system::story::{Happening, Story};
use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use super::check_report::{
    Assumption, CheckReport, Comparison, CounterexampleReport, Finding, Verdict, seconds,
};
use super::extent::{Extent, counted};
use super::told::tell;

pub(super) const STRONG: Style = Style::new().bold();
pub(super) const FAINT: Style = Style::new().dimmed();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const ODD: Style = AnsiColor::Yellow.on_default();
const DURABLE: Style = AnsiColor::Cyan.on_default();

/// Shows a report, with ANSI styles, and the story of every violation.
#[must_use]
pub fn render(report: &CheckReport) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write_report(&mut page, report, true);
    page
}

/// Shows a report, with ANSI styles. A violation that is expected is a line, and no story.
#[must_use]
pub fn brief(report: &CheckReport) -> String {
    let mut page = String::new();
    let _ = write_report(&mut page, report, false);
    page
}

/// Sums many reports up, with ANSI styles: how many are as expected, and which are not.
#[must_use]
pub fn total(reports: &[CheckReport]) -> String {
    let of = |wanted| -> Vec<String> {
        let found = reports.iter().filter(|report| report.comparison() == wanted);
        let name = |report: &CheckReport| match &report.file {
            Some(file) => file.display().to_string(),
            None => report.spec.clone(),
        };
        found.map(name).collect()
    };
    let (wrong, unknown) = (of(Comparison::NotAsExpected), of(Comparison::Undecided));
    let right = reports.len() - wrong.len() - unknown.len();
    let states = reports.iter().map(|report| match report.extent {
        Extent::Searched { states, .. } => states,
        Extent::Walked { .. } => 0,
    });
    let time: Duration = reports.iter().map(|report| report.elapsed).sum();
    let mut page = String::new();
    let mut parts = vec![styled(GOOD, &format!("{right} as expected"))];
    if !wrong.is_empty() {
        parts.push(styled(BAD, &format!("{} not as expected", wrong.len())));
    }
    if !unknown.is_empty() {
        parts.push(styled(ODD, &format!("{} incomplete", unknown.len())));
    }
    let put_to_no_test = reports.iter().filter(|report| !report.harmless.is_empty()).count();
    if put_to_no_test > 0 {
        let told = format!("{put_to_no_test} with a wrong choice that did no harm");
        parts.push(styled(ODD, &told));
    }
    let specs = counted(reports.len() as u64, "spec");
    let states = counted(states.sum(), "state");
    let _ = writeln!(page, "{specs}: {} ({states} in {} s)", parts.join(", "), seconds(time));
    for (style, names) in [(BAD, wrong), (ODD, unknown)] {
        for name in names {
            let _ =
                writeln!(page, "  {} {name}", styled(style, if style == BAD { "✗" } else { "?" }));
        }
    }
    page
}

/// Shows a story by itself, with ANSI styles: its events in columns, and how it ends.
#[must_use]
pub fn render_story(story: &Story) -> String {
    let mut page = String::new();
    let _ = write_story(&mut page, story);
    page
}

fn write_report(page: &mut String, report: &CheckReport, all_stories: bool) -> fmt::Result {
    writeln!(page, "{}: {}", styled(STRONG, &report.spec), report.subject)?;
    let faults = if report.bounds.is_empty() {
        "none: a perfect world".to_owned()
    } else {
        format!("at most {}", report.bounds.join(", "))
    };
    writeln!(page, "  faults    {faults}")?;
    for Assumption { what, change } in &report.assumptions {
        writeln!(page, "  assumes   {what} {}", styled(FAINT, &format!("({change})")))?;
    }
    writeln!(page, "  explored  {}", explored(report))?;
    writeln!(page)?;
    write_properties(page, &report.properties)?;
    let is_told = |finding: &Finding| all_stories || finding.comparison() != Comparison::AsExpected;
    for (finding, run) in report.counterexamples().filter(|(finding, _)| is_told(finding)) {
        writeln!(page)?;
        write_counterexample(page, finding, run)?;
    }
    write_remarks(page, report)?;
    writeln!(page)?;
    writeln!(page, "{}", conclusion(report))
}

fn explored(report: &CheckReport) -> String {
    let extent = match report.shortfall() {
        None => "the complete space".to_owned(),
        Some(shortfall) => styled(ODD, &shortfall),
    };
    format!("{}, in {} s: {extent}", report.extent.in_words(), seconds(report.elapsed))
}

fn write_properties(page: &mut String, properties: &[Finding]) -> fmt::Result {
    let width = properties.iter().map(|finding| finding.property.width()).max().unwrap_or(0);
    for finding in properties {
        let (mark, style) = match finding.comparison() {
            Comparison::AsExpected => ("✓", GOOD),
            Comparison::NotAsExpected => ("✗", BAD),
            Comparison::Undecided => ("?", ODD),
        };
        let expected = finding.expectation.verdict();
        let aside = match finding.comparison() {
            Comparison::AsExpected if finding.verdict == Verdict::Holds => None,
            Comparison::AsExpected if finding.verdict == expected => {
                let run = finding.counterexample.as_ref();
                let steps = run.map(|run| counted(run.steps.len() as u64, "step"));
                let steps = steps.map(|steps| format!(", in {steps}")).unwrap_or_default();
                Some(format!("as expected{steps}"))
            }
            Comparison::AsExpected => Some("nothing to say about this workflow".to_owned()),
            _ => Some(format!("expected: {expected}")),
        };
        let aside = aside.map(|text| format!("  {}", styled(FAINT, &format!("({text})"))));
        writeln!(
            page,
            "  {} {}  {}{}",
            styled(style, mark),
            padded(&finding.property, width),
            styled(style, finding.verdict.word()),
            aside.unwrap_or_default(),
        )?;
    }
    Ok(())
}

fn write_counterexample(
    page: &mut String,
    finding: &Finding,
    run: &CounterexampleReport,
) -> fmt::Result {
    writeln!(
        page,
        "{} {} is violated; a run that shows it, in {}:",
        styled(BAD, "✗"),
        styled(STRONG, &finding.property),
        counted(run.steps.len() as u64, "step")
    )?;
    writeln!(page)?;
    write_story(page, &run.story)?;
    writeln!(page)?;
    let meaning = finding.meaning.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    writeln!(page, "  {}{meaning}.", styled(BAD, &finding.property))?;
    writeln!(page, "  {}", finding.explanation())
}

fn write_story(page: &mut String, story: &Story) -> fmt::Result {
    let told: Vec<_> = story.events.iter().map(|event| tell(story, event)).collect();
    let who = told.iter().map(|line| line.who.width()).max().unwrap_or(0);
    let what = told.iter().map(|line| line.what.width()).max().unwrap_or(0);
    for (at, (line, event)) in told.iter().zip(&story.events).enumerate() {
        if story.repeats_from == Some(at) {
            writeln!(page, "       {}", styled(ODD, "↻ from here on, again and again:"))?;
        }
        let style = if event.fault { BAD } else { style_of(event.happening) };
        let mark = if event.fault { styled(BAD, "!") } else { " ".to_owned() };
        writeln!(
            page,
            " {mark}{}  {}  {}  {}",
            styled(FAINT, &format!("{:>4}", at + 1)),
            padded(&line.who, who),
            styled(style, &padded(line.what, what)),
            line.text,
        )?;
    }
    match story.repeats_from {
        Some(first) if first < told.len() => {
            let back = format!("↻ back to {}, for ever", first + 1);
            writeln!(page, "       {}", styled(ODD, &back))?;
        }
        // Nothing happens in the loop, or nothing that can be told.
        Some(_) => writeln!(page, "       {}", styled(ODD, "↻ nothing more happens, for ever"))?,
        None => {}
    }
    if !story.ending.is_empty() {
        writeln!(page)?;
        writeln!(page, "  At the end:")?;
        for fact in &story.ending {
            writeln!(page, "    {fact}")?;
        }
    }
    Ok(())
}

fn write_remarks(page: &mut String, report: &CheckReport) -> fmt::Result {
    if !report.never_happened.is_empty() {
        writeln!(page)?;
        writeln!(page, "  never happened: {}", report.never_happened.join(", "))?;
    }
    for Assumption { what, change } in &report.harmless {
        writeln!(page)?;
        let change = if change.is_empty() { String::new() } else { format!("; try {change}") };
        writeln!(page, "  {} {what}{change}", styled(ODD, "!"))?;
    }
    if !report.notes.is_empty() {
        writeln!(page)?;
    }
    for note in &report.notes {
        writeln!(page, "  note: {note}")?;
    }
    Ok(())
}

fn conclusion(report: &CheckReport) -> String {
    let name = &report.spec;
    match report.comparison() {
        Comparison::AsExpected if report.is_complete() && !report.harmless.is_empty() => styled(
            ODD,
            &format!(
                "{name}: as expected, but not every wrong choice was put to the test: see above"
            ),
        ),
        Comparison::AsExpected if report.is_complete() => {
            styled(GOOD, &format!("{name}: as expected, over the complete space with these faults"))
        }
        Comparison::AsExpected => {
            styled(GOOD, &format!("{name}: as expected, as far as the search had to go"))
        }
        Comparison::NotAsExpected => styled(BAD, &format!("{name}: not as expected")),
        Comparison::Undecided => {
            styled(ODD, &format!("{name}: incomplete, nothing unexpected so far"))
        }
    }
}

fn style_of(happening: Happening) -> Style {
    match happening {
        Happening::Persist => DURABLE,
        Happening::Accepted => GOOD,
        Happening::Refused | Happening::Failed | Happening::Error => ODD,
        Happening::Finish => STRONG,
        _ => Style::new(),
    }
}

pub(super) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// The text, filled up with blanks to a width on screen.
pub(super) fn padded(text: &str, width: usize) -> String {
    let blanks = width.saturating_sub(text.width());
    format!("{text}{:blanks$}", "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Expectation, fixture};

    fn plain(report: &CheckReport) -> String {
        anstream::adapter::strip_str(&render(report)).to_string()
    }

    #[test]
    fn a_report_of_a_spec_that_holds() {
        insta::assert_snapshot!(plain(&fixture::holding()));
    }

    #[test]
    fn a_violation_is_told_as_a_story() {
        insta::assert_snapshot!(plain(&fixture::violated()));
    }

    #[test]
    fn an_expected_violation_is_a_line_unless_asked_for() {
        let mut report = fixture::violated();
        report.properties[0].expectation = Expectation::Exactly(Verdict::Violated);
        insta::assert_snapshot!(anstream::adapter::strip_str(&brief(&report)).to_string());
    }

    #[test]
    fn many_reports_are_summed_up() {
        let reports = [fixture::holding(), fixture::violated(), fixture::incomplete()];
        insta::assert_snapshot!(anstream::adapter::strip_str(&total(&reports)).to_string());
    }

    #[test]
    fn a_lasso_shows_where_it_begins_again() {
        insta::assert_snapshot!(plain(&fixture::lasso()));
    }

    #[test]
    fn an_incomplete_search_says_how_far_it_came() {
        insta::assert_snapshot!(plain(&fixture::incomplete()));
    }

    #[test]
    fn random_walks_say_that_they_prove_nothing() {
        insta::assert_snapshot!(plain(&fixture::walked()));
    }

    #[test]
    fn faults_stand_out_in_colour() {
        let text = render(&fixture::violated());
        assert!(text.contains("\u{1b}[1m\u{1b}[31m!"));
    }
}
