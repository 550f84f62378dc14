//! Verdicts for code scanning: SARIF 2.1.0, with a result for each workflow that does not conform.
//!
//! A violation is an error, and an inconclusive workflow a warning. A result points to the spec by which the
//! workflow was judged, or else to the file of traces, and names the trace and its spans as logical
//! locations.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amends_trace::judge::{JudgedWorkflow, Verdict};
use serde_json::{Value, json};

use super::{text, title};
use crate::report::sarif::{log, uri};

/// The results of a log that is not written yet.
#[derive(Debug, Default)]
pub struct Results {
    file: PathBuf,
    rules: BTreeMap<&'static str, Value>,
    results: Vec<Value>,
}

impl Results {
    /// Results about what was judged by that spec, or was in that file.
    #[must_use]
    pub fn about(file: impl Into<PathBuf>) -> Results {
        Results { file: file.into(), ..Results::default() }
    }

    /// Adds a verdict.
    pub fn add(&mut self, judged: &JudgedWorkflow) {
        let (rule, meaning, level) = match &judged.verdict {
            Verdict::Conforms(_) => return,
            Verdict::Violates(violated) => (violated.rule.name(), violated.rule.meaning(), "error"),
            Verdict::Inconclusive { .. } => {
                ("inconclusive", "whether it is a run of the design cannot be decided", "warning")
            }
        };
        self.rules
            .entry(rule)
            .or_insert_with(|| json!({ "id": rule, "shortDescription": { "text": meaning } }));
        let told = anstream::adapter::strip_str(&text(judged)).to_string();
        self.results.push(json!({
            "ruleId": rule,
            "level": level,
            "message": { "text": told.trim_end() },
            "locations": [self.location(judged)],
        }));
    }

    fn location(&self, judged: &JudgedWorkflow) -> Value {
        let trace = judged.trace.map(|trace| trace.to_string()).unwrap_or_default();
        let mut logical = vec![json!({
            "name": title(judged),
            "fullyQualifiedName": trace,
            "kind": "trace",
        })];
        if let Verdict::Violates(violated) = &judged.verdict {
            logical.extend(violated.spans.iter().map(|(trace, span)| {
                json!({
                    "name": span.to_string(),
                    "fullyQualifiedName": format!("{trace}/{span}"),
                    "kind": "span",
                })
            }));
        }
        let mut location = json!({ "logicalLocations": logical });
        if self.file != Path::new("") {
            location["physicalLocation"] = json!({
                "artifactLocation": { "uri": uri(&self.file) },
                "region": { "startLine": 1, "startColumn": 1 },
            });
        }
        location
    }

    /// The log.
    #[must_use]
    pub fn document(&self) -> String {
        log(self.rules.values().cloned().collect(), self.results.clone())
    }
}
