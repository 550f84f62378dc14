//! What an audit found, for people, programs and test dashboards.

use std::fmt::{self, Write};
use std::io;

use amends_models::workflow::Fault;
use anstyle::{AnsiColor, Style};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, Event};
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::{Kind, Outcome, Probe};

const FAINT: Style = Style::new().dimmed();
const STRONG: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const ODD: Style = AnsiColor::Yellow.on_default();

/// What became of every mistake that was made in a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// The name of the spec.
    pub spec: String,
    /// The file it was read from.
    pub file: String,
    /// The properties that the spec states itself.
    pub stated: Vec<String>,
    /// The mistakes, and who noticed them.
    pub probes: Vec<Probe>,
}

impl AuditReport {
    /// How many mistakes came to that: `caught`, `unseen`, `no-place` or `undecided`.
    #[must_use]
    pub fn count(&self, word: &str) -> usize {
        self.probes.iter().filter(|probe| probe.outcome.word() == word).count()
    }

    /// The mistakes that no property notices.
    pub fn unseen(&self) -> impl Iterator<Item = &Probe> {
        self.probes.iter().filter(|probe| matches!(probe.outcome, Outcome::Unseen { .. }))
    }
}

/// Shows audits for people, with ANSI styles.
#[must_use]
pub fn text(report: &AuditReport) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write_text(&mut page, report);
    page
}

fn write_text(page: &mut String, report: &AuditReport) -> fmt::Result {
    let name = format!("{STRONG}{}{STRONG:#}", report.spec);
    writeln!(page, "{name}: {} mistakes were made on purpose", report.probes.len())?;
    let titles = report.probes.iter().filter(|probe| is_told(probe));
    let width = titles.map(|probe| probe.title.width()).max().unwrap_or(0);
    let kinds = [
        (Kind::Failure, "known failures of the protocol"),
        (Kind::Step, "changes of steps, commands and events"),
    ];
    for (kind, heading) in kinds {
        let of_kind: Vec<&Probe> =
            report.probes.iter().filter(|probe| probe.kind == kind && is_told(probe)).collect();
        if of_kind.is_empty() {
            continue;
        }
        writeln!(page, "\n  {heading}")?;
        for probe in of_kind {
            let (mark, style) = match &probe.outcome {
                Outcome::Caught { with: None, .. } => ("✓", GOOD),
                Outcome::Caught { .. } => ("+", ODD),
                Outcome::Unseen { .. } => ("✗", BAD),
                Outcome::NoPlace { .. } | Outcome::Undecided => ("?", ODD),
            };
            let blanks = width - probe.title.width();
            writeln!(
                page,
                "  {style}{mark}{style:#} {}{:blanks$}  {}",
                probe.title,
                "",
                told(&probe.outcome)
            )?;
            if !matches!(probe.outcome, Outcome::Caught { with: None, .. }) {
                writeln!(page, "      {FAINT}{}{FAINT:#}", flags(probe))?;
            }
        }
    }
    let no_place: Vec<&Probe> = report.probes.iter().filter(|probe| !is_told(probe)).collect();
    if !no_place.is_empty() {
        writeln!(page, "\n  no place for them in this spec")?;
        for probe in no_place {
            if let Outcome::NoPlace { why } = &probe.outcome {
                writeln!(page, "  {FAINT}- {}: {why}{FAINT:#}", probe.title)?;
            }
        }
    }
    let elsewhere = report
        .probes
        .iter()
        .filter(|probe| matches!(probe.outcome, Outcome::Caught { with: Some(_), .. }))
        .count();
    writeln!(page)?;
    let mut parts = vec![format!("{} caught", report.count("caught"))];
    if elsewhere > 0 {
        parts.push(format!("{elsewhere} of them only with more faults than the spec has"));
    }
    parts.push(format!("{} unseen", report.count("unseen")));
    if report.count("undecided") > 0 {
        parts.push(format!("{} undecided", report.count("undecided")));
    }
    parts.push(format!("{} without a place", report.count("no-place")));
    let style = match (report.count("unseen"), report.count("undecided")) {
        (0, 0) => GOOD,
        (0, _) => ODD,
        _ => BAD,
    };
    writeln!(page, "{style}{}: {}{style:#}", report.spec, parts.join(", "))
}

fn is_told(probe: &Probe) -> bool {
    !matches!(probe.outcome, Outcome::NoPlace { .. })
}

/// What came of a mistake, in a sentence.
fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Caught { properties, with } => {
            let first = properties.first().map_or_else(String::new, |(name, steps)| match steps {
                0 => name.clone(),
                1 => format!("{name} in 1 step"),
                steps => format!("{name} in {steps} steps"),
            });
            let others = match properties.len().saturating_sub(1) {
                0 => String::new(),
                1 => format!(", and by {}", properties[1].0),
                more => format!(", and by {more} more"),
            };
            let more = match with.as_ref().map(|faults| budget(faults)) {
                Some(faults) if !faults.is_empty() => format!("; with --faults none,{faults}"),
                Some(_) => "; with --faults none".to_owned(),
                None => String::new(),
            };
            format!("caught by {first}{others}{more}")
        }
        Outcome::Unseen { advice } => format!("unseen: {advice}"),
        Outcome::NoPlace { why } => format!("no place: {why}"),
        Outcome::Undecided => {
            "undecided: the search is too large; try fewer --set instances, or --max-states"
                .to_owned()
        }
    }
}

fn budget(faults: &[(Fault, u32)]) -> String {
    let counts: Vec<String> =
        faults.iter().map(|(fault, count)| format!("{}={count}", fault.name())).collect();
    counts.join(",")
}

/// The mistake, as it can be made on the command line.
fn flags(probe: &Probe) -> String {
    let flags: Vec<String> =
        probe.settings.iter().map(|setting| format!("--set '{setting}'")).collect();
    flags.join(" ")
}

/// Shows audits for programs: one JSON object per spec, each on a line of its own.
///
/// | field | meaning |
/// |---|---|
/// | `spec`, `file` | name of the spec, and the file it was read from |
/// | `caught`, `unseen`, `undecided`, `no_place` | how many mistakes came to that |
/// | `mistakes` | an object for each: `kind` (`failure`, `step`), `title`, `settings` (as for `--set`), `outcome` (`caught`, `unseen`, `undecided`, `no-place`), `caught_by` (`property`, `steps`), `faults` (what it takes beside the spec's own budget, as for `--faults`, or null), `advice` (or null) |
#[must_use]
pub fn json(report: &AuditReport) -> String {
    let mistakes = report.probes.iter().map(|probe| {
        let (caught_by, faults, advice): (Vec<Value>, Option<String>, Option<&str>) =
            match &probe.outcome {
                Outcome::Caught { properties, with } => {
                    let by = properties
                        .iter()
                        .map(|(name, steps)| json!({ "property": name, "steps": steps }));
                    (by.collect(), with.as_ref().map(|faults| budget(faults)), None)
                }
                Outcome::Unseen { advice } => (Vec::new(), None, Some(advice)),
                Outcome::NoPlace { why } => (Vec::new(), None, Some(why)),
                Outcome::Undecided => (Vec::new(), None, None),
            };
        json!({
            "kind": match probe.kind { Kind::Failure => "failure", Kind::Step => "step" },
            "title": probe.title,
            "settings": probe.settings.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "outcome": probe.outcome.word(),
            "caught_by": caught_by,
            "faults": faults,
            "advice": advice,
        })
    });
    let object = json!({
        "spec": report.spec,
        "file": report.file,
        "version": env!("CARGO_PKG_VERSION"),
        "caught": report.count("caught"),
        "unseen": report.count("unseen"),
        "undecided": report.count("undecided"),
        "no_place": report.count("no-place"),
        "mistakes": mistakes.collect::<Vec<_>>(),
    });
    format!("{object}\n")
}

/// Shows audits for test dashboards: JUnit XML, with a suite per spec and a case per mistake. What is
/// unseen is a failure, what is undecided an error, what has no place is skipped.
#[must_use]
pub fn junit(reports: &[AuditReport]) -> String {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing to memory cannot fail.
    let _ = write_junit(&mut xml, reports);
    let mut document = String::from_utf8_lossy(&xml.into_inner()).into_owned();
    document.push('\n');
    document
}

fn write_junit(xml: &mut Writer<Vec<u8>>, reports: &[AuditReport]) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let sum = |word: &str| reports.iter().map(|report| report.count(word)).sum::<usize>();
    let tests: usize = reports.iter().map(|report| report.probes.len()).sum();
    xml.create_element("testsuites")
        .with_attributes([
            ("name", "amends audit"),
            ("tests", tests.to_string().as_str()),
            ("failures", sum("unseen").to_string().as_str()),
            ("errors", sum("undecided").to_string().as_str()),
        ])
        .write_inner_content(|xml| {
            for report in reports {
                xml.create_element("testsuite")
                    .with_attributes([
                        ("name", report.spec.as_str()),
                        ("tests", report.probes.len().to_string().as_str()),
                        ("failures", report.count("unseen").to_string().as_str()),
                        ("errors", report.count("undecided").to_string().as_str()),
                        ("skipped", report.count("no-place").to_string().as_str()),
                    ])
                    .write_inner_content(|xml| {
                        report.probes.iter().try_for_each(|probe| write_case(xml, report, probe))
                    })?;
            }
            Ok(())
        })?;
    Ok(())
}

fn write_case(xml: &mut Writer<Vec<u8>>, report: &AuditReport, probe: &Probe) -> io::Result<()> {
    let case = xml
        .create_element("testcase")
        .with_attributes([("name", probe.title.as_str()), ("classname", report.spec.as_str())]);
    let kind = match probe.outcome {
        Outcome::Caught { .. } => {
            case.write_empty()?;
            return Ok(());
        }
        Outcome::Unseen { .. } => "failure",
        Outcome::NoPlace { .. } => "skipped",
        Outcome::Undecided => "error",
    };
    let message = format!("{} ({})", told(&probe.outcome), flags(probe));
    case.write_inner_content(|xml| {
        xml.create_element(kind).with_attribute(("message", message.as_str())).write_empty()?;
        Ok(())
    })?;
    Ok(())
}
