//! Reports for test dashboards: JUnit XML, with a suite per spec and a case per property.
//!
//! What is not as expected is a failure; what the search could not decide is an error; a property
//! with nothing to say about the workflow is skipped.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::check_report::{CheckReport, Comparison, Finding, Verdict, seconds};
use super::text;

pub(super) type Xml = Writer<Vec<u8>>;

/// Shows reports as one document.
#[must_use]
pub fn render(reports: &[CheckReport]) -> String {
    document(|xml| write_suites(xml, reports))
}

/// A document of what is written.
pub(super) fn document(write: impl FnOnce(&mut Xml) -> io::Result<()>) -> String {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing to memory cannot fail.
    let _ = xml
        .write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))
        .and_then(|()| write(&mut xml));
    let mut document = String::from_utf8_lossy(&xml.into_inner()).into_owned();
    document.push('\n');
    document
}

fn write_suites(xml: &mut Xml, reports: &[CheckReport]) -> io::Result<()> {
    let total: usize = reports.iter().map(|report| report.properties.len()).sum();
    let time: std::time::Duration = reports.iter().map(|report| report.elapsed).sum();
    let count = |wanted| reports.iter().map(|report| tally(report, wanted)).sum::<usize>();
    xml.create_element("testsuites")
        .with_attributes([
            ("name", "amends check"),
            ("tests", total.to_string().as_str()),
            ("failures", count(Comparison::NotAsExpected).to_string().as_str()),
            ("errors", count(Comparison::Undecided).to_string().as_str()),
            ("time", seconds(time).as_str()),
        ])
        .write_inner_content(|xml| {
            reports.iter().try_for_each(|report| write_suite(xml, report))
        })?;
    Ok(())
}

fn write_suite(xml: &mut Xml, report: &CheckReport) -> io::Result<()> {
    let file = report.file.as_ref().map(|path| legal(&path.display().to_string()));
    let mut suite = xml.create_element("testsuite").with_attributes([
        ("name", legal(&report.spec).as_str()),
        ("tests", report.properties.len().to_string().as_str()),
        ("failures", tally(report, Comparison::NotAsExpected).to_string().as_str()),
        ("errors", tally(report, Comparison::Undecided).to_string().as_str()),
        ("skipped", report.properties.iter().filter(|f| skipped(f)).count().to_string().as_str()),
        ("time", seconds(report.elapsed).as_str()),
    ]);
    if let Some(file) = &file {
        suite = suite.with_attribute(("file", file.as_str()));
    }
    suite.write_inner_content(|xml| {
        report.properties.iter().try_for_each(|finding| write_case(xml, report, finding))
    })?;
    Ok(())
}

fn write_case(xml: &mut Xml, report: &CheckReport, finding: &Finding) -> io::Result<()> {
    let name = legal(&finding.property);
    let suite = legal(&report.spec);
    let case = xml
        .create_element("testcase")
        .with_attributes([("name", name.as_str()), ("classname", suite.as_str())]);
    let message = legal(&format!(
        "{}, expected {}",
        finding.verdict.word(),
        finding.expectation.verdict().word()
    ));
    let (kind, body) = match finding.comparison() {
        Comparison::NotAsExpected => ("failure", story(finding)),
        Comparison::Undecided => ("error", report.shortfall().unwrap_or_default()),
        Comparison::AsExpected if skipped(finding) => ("skipped", String::new()),
        Comparison::AsExpected => {
            case.write_empty()?;
            return Ok(());
        }
    };
    case.write_inner_content(|xml| write_result(xml, kind, &message, &body))?;
    Ok(())
}

/// What came of a case: a `failure`, `error` or `skipped`.
pub(super) fn write_result(xml: &mut Xml, kind: &str, message: &str, body: &str) -> io::Result<()> {
    let element = xml.create_element(kind).with_attribute(("message", message));
    if body.is_empty() {
        element.write_empty()?;
    } else {
        element.write_text_content(BytesText::new(&legal(body)))?;
    }
    Ok(())
}

fn story(finding: &Finding) -> String {
    let told = finding.counterexample.as_ref().map(|run| text::render_story(&run.story));
    let plain = told.map(|story| format!("{}\n", anstream::adapter::strip_str(&story)));
    format!("{}{}", plain.unwrap_or_default(), finding.explanation())
}

fn tally(report: &CheckReport, wanted: Comparison) -> usize {
    report.properties.iter().filter(|finding| finding.comparison() == wanted).count()
}

fn skipped(finding: &Finding) -> bool {
    finding.verdict == Verdict::Vacuous && finding.comparison() == Comparison::AsExpected
}

/// The text without the control characters that XML cannot carry, not even escaped.
pub(super) fn legal(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' | '\n' | '\r' => c,
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn suites_and_cases() {
        insta::assert_snapshot!(render(&[
            fixture::holding(),
            fixture::violated(),
            fixture::incomplete()
        ]));
    }

    #[test]
    fn names_are_escaped() {
        let mut report = fixture::holding();
        report.spec = "a \"b\" & <c>\u{1}".to_owned();
        let document = render(&[report]);
        assert!(document.contains("a &quot;b&quot; &amp; &lt;c&gt;\u{fffd}"), "{document}");
    }
}
