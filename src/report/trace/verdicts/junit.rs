//! Verdicts for test dashboards: JUnit XML, with a suite per name of workflows and a case per workflow.
//!
//! A violation is a failure, and an inconclusive workflow an error. Of those that conform, only the number
//! is told.

use std::collections::BTreeMap;
use std::io;

use amends_trace::judge::{JudgedWorkflow, Verdict};

use super::{text, title};
use crate::report::junit::{Xml, document, legal, write_result};

/// The verdicts of a document that is not written yet.
#[derive(Debug, Default)]
pub struct Cases {
    suites: BTreeMap<String, Suite>,
}

#[derive(Debug, Default)]
struct Suite {
    tests: u64,
    failures: u64,
    errors: u64,
    cases: Vec<Case>,
}

#[derive(Debug)]
struct Case {
    name: String,
    kind: &'static str,
    message: String,
    body: String,
}

impl Cases {
    /// Adds a verdict.
    pub fn add(&mut self, judged: &JudgedWorkflow) {
        let suite = judged.name.as_deref().unwrap_or("workflows without a name");
        let suite = self.suites.entry(suite.to_owned()).or_default();
        suite.tests += 1;
        let (kind, message) = match &judged.verdict {
            Verdict::Conforms(_) => return,
            Verdict::Violates(violated) => {
                suite.failures += 1;
                ("failure", format!("{}: {}", violated.rule, violated.rule.meaning()))
            }
            Verdict::Inconclusive { doubts, .. } => {
                suite.errors += 1;
                let doubts: Vec<String> = doubts.iter().map(ToString::to_string).collect();
                ("error", format!("inconclusive: {}", doubts.join("; ")))
            }
        };
        let body = anstream::adapter::strip_str(&text(judged)).to_string();
        suite.cases.push(Case { name: title(judged), kind, message, body });
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> String {
        document(|xml| self.write(xml))
    }

    fn write(&self, xml: &mut Xml) -> io::Result<()> {
        let total = |of: fn(&Suite) -> u64| self.suites.values().map(of).sum::<u64>().to_string();
        xml.create_element("testsuites")
            .with_attributes([
                ("name", "amends trace check"),
                ("tests", total(|suite| suite.tests).as_str()),
                ("failures", total(|suite| suite.failures).as_str()),
                ("errors", total(|suite| suite.errors).as_str()),
            ])
            .write_inner_content(|xml| {
                self.suites.iter().try_for_each(|(name, suite)| suite.write(xml, &legal(name)))
            })?;
        Ok(())
    }
}

impl Suite {
    fn write(&self, xml: &mut Xml, name: &str) -> io::Result<()> {
        xml.create_element("testsuite")
            .with_attributes([
                ("name", name),
                ("tests", self.tests.to_string().as_str()),
                ("failures", self.failures.to_string().as_str()),
                ("errors", self.errors.to_string().as_str()),
            ])
            .write_inner_content(|xml| {
                self.cases.iter().try_for_each(|case| case.write(xml, name))
            })?;
        Ok(())
    }
}

impl Case {
    fn write(&self, xml: &mut Xml, suite: &str) -> io::Result<()> {
        xml.create_element("testcase")
            .with_attributes([("name", legal(&self.name).as_str()), ("classname", suite)])
            .write_inner_content(|xml| {
                write_result(xml, self.kind, &legal(&self.message), &self.body)
            })?;
        Ok(())
    }
}
