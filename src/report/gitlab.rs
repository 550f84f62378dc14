//! A code quality report for GitLab: an entry for each property that is not as expected, which GitLab
//! shows in merge requests. The format is GitLab's subset of the Code Climate specification.

use serde_json::{Value, json};

use super::check_report::{CheckReport, Comparison, Finding};
use super::github::message;
use crate::check::digest;

/// Shows reports as one document.
#[must_use]
pub fn render(reports: &[CheckReport]) -> String {
    let issues: Vec<Value> = reports
        .iter()
        .flat_map(|report| report.properties.iter().filter_map(|it| issue(report, it)))
        .collect();
    format!("{:#}\n", Value::Array(issues))
}

fn issue(report: &CheckReport, finding: &Finding) -> Option<Value> {
    let severity = match finding.comparison() {
        Comparison::AsExpected => return None,
        Comparison::NotAsExpected => "major",
        Comparison::Undecided => "minor",
    };
    let file = report.file.as_ref().map(|file| file.display().to_string().replace('\\', "/"));
    let file = file.unwrap_or_else(|| report.spec.clone());
    // The same finding keeps its fingerprint when lines move.
    let fingerprint = digest(&format!("{file}\n{}", finding.property));
    Some(json!({
        "description": format!("{}: {}", report.spec, message(finding)),
        "check_name": finding.property,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {
            "path": file,
            "lines": { "begin": finding.position.map_or(1, |at| at.line) },
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn what_is_not_as_expected_is_an_issue() {
        insta::assert_snapshot!(render(&[fixture::violated(), fixture::incomplete()]));
        assert_eq!(render(&[fixture::holding()]), "[]\n");
    }
}
