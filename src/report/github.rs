//! Annotations for GitHub Actions: a workflow command for each property that is not as expected, which
//! GitHub shows at the line of the spec. The format is GitHub's, *Workflow commands for GitHub Actions*.

use super::check_report::{CheckReport, Comparison, Finding};

/// Shows a report as annotations; nothing, if all is as expected.
#[must_use]
pub fn render(report: &CheckReport) -> String {
    report.properties.iter().filter_map(|finding| annotation(report, finding)).collect()
}

fn annotation(report: &CheckReport, finding: &Finding) -> Option<String> {
    let level = match finding.comparison() {
        Comparison::AsExpected => return None,
        Comparison::NotAsExpected => "error",
        Comparison::Undecided => "warning",
    };
    let mut place = String::new();
    if let Some(file) = &report.file {
        let (line, column) = finding.position.map_or((1, 1), |at| (at.line, at.column));
        let file = property(&file.display().to_string().replace('\\', "/"));
        place = format!("file={file},line={line},col={column},");
    }
    let title = property(&format!("{}: {}", report.spec, finding.property));
    Some(format!("::{level} {place}title={title}::{}\n", data(&message(finding))))
}

/// What is wrong, in a sentence or two.
pub(super) fn message(finding: &Finding) -> String {
    let steps = finding.counterexample.as_ref().map(|run| match run.steps.len() {
        1 => " A run of 1 step shows it.".to_owned(),
        steps => format!(" A run of {steps} steps shows it."),
    });
    let meaning = finding.meaning.as_ref().map(|meaning| format!(" It says: {meaning}."));
    format!(
        "{} is {}, expected {}.{}{}",
        finding.property,
        finding.verdict.word(),
        finding.expectation.verdict().word(),
        meaning.unwrap_or_default(),
        steps.unwrap_or_default(),
    )
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn what_is_not_as_expected_is_an_annotation() {
        insta::assert_snapshot!(render(&fixture::violated()) + &render(&fixture::incomplete()));
        assert_eq!(render(&fixture::holding()), "");
    }
}
