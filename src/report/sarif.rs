//! Reports for code scanning: SARIF 2.1.0, with a result for each property that is not as expected.
//!
//! A result points to the place in the spec that states the property (to its first line, for the
//! properties of the protocol), and carries the counterexample as a code flow. The format is defined
//! by OASIS, *Static Analysis Results Interchange Format Version 2.1.0*, 2020.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::check_report::{CheckReport, Comparison, Finding};
use super::told::tell;

/// Shows reports as one log with one run.
#[must_use]
pub fn render(reports: &[CheckReport]) -> String {
    let mut rules: BTreeMap<&str, Value> = BTreeMap::new();
    let mut results = Vec::new();
    for report in reports {
        for finding in &report.properties {
            let level = match finding.comparison() {
                Comparison::AsExpected => continue,
                Comparison::NotAsExpected => "error",
                Comparison::Undecided => "warning",
            };
            let meaning = finding.meaning.as_deref().unwrap_or(&finding.property);
            rules.entry(&finding.property).or_insert_with(
                || json!({ "id": finding.property, "shortDescription": { "text": meaning } }),
            );
            results.push(result(report, finding, level));
        }
    }
    log(rules.into_values().collect(), results)
}

/// A log with one run that found these results by these rules.
pub(super) fn log(rules: Vec<Value>, results: Vec<Value>) -> String {
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "amends",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn result(report: &CheckReport, finding: &Finding, level: &str) -> Value {
    let message = format!(
        "{}: {} is {}, expected {}. {}",
        report.spec,
        finding.property,
        finding.verdict.word(),
        finding.expectation.verdict().word(),
        finding.explanation(),
    );
    let mut result = json!({
        "ruleId": finding.property,
        "level": level,
        "message": { "text": message },
        "locations": [location(report, finding, None)],
    });
    if let Some(run) = &finding.counterexample {
        let steps: Vec<Value> = run
            .story
            .events
            .iter()
            .map(|event| {
                let told = tell(&run.story, event);
                let line = [told.who.as_str(), told.what, told.text]
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join(" · ");
                json!({ "location": location(report, finding, Some(line)) })
            })
            .collect();
        if !steps.is_empty() {
            result["codeFlows"] = json!([{ "threadFlows": [{ "locations": steps }] }]);
        }
    }
    result
}

fn location(report: &CheckReport, finding: &Finding, message: Option<String>) -> Value {
    let mut location = json!({});
    if let Some(file) = &report.file {
        let (line, column) = finding.position.map_or((1, 1), |place| (place.line, place.column));
        location["physicalLocation"] = json!({
            "artifactLocation": { "uri": uri(file) },
            "region": { "startLine": line, "startColumn": column },
        });
    }
    if let Some(text) = message {
        location["message"] = json!({ "text": text });
    }
    location
}

/// A path as a URI reference: slashes, and everything but unreserved characters escaped (RFC 3986).
pub(super) fn uri(path: &Path) -> String {
    let mut uri = String::new();
    for byte in path.to_string_lossy().replace('\\', "/").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte.into());
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_violation_is_a_result_with_a_code_flow() {
        insta::assert_snapshot!(
            render(&[fixture::violated()]).replace(env!("CARGO_PKG_VERSION"), "[version]")
        );
    }

    #[test]
    fn what_is_as_expected_gives_no_result() {
        let log: Value =
            serde_json::from_str(&render(&[fixture::holding()])).expect("the log is JSON");
        assert_eq!(log["runs"][0]["results"], json!([]));
    }

    #[test]
    fn what_is_undecided_is_a_warning() {
        let log: Value =
            serde_json::from_str(&render(&[fixture::incomplete()])).expect("the log is JSON");
        assert_eq!(log["runs"][0]["results"][0]["level"], "warning");
    }

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri(Path::new("specs/my order.toml")), "specs/my%20order.toml");
    }
}
