//! Showing what was found: one renderer for whatever a check, a run or a trace has to tell.
//!
//! A [`CheckReport`] is plain data. Every format is a function from reports to text, in a file of its
//! own, and knows nothing of models or protocols: a counterexample reaches it as a
//! [`Story`](amends_models::system::story::Story).
//!
//! | format | for | what several specs give |
//! |---|---|---|
//! | [`text`] | people at a terminal | one report after the other |
//! | [`json`] | programs | one object per line |
//! | [`junit`] | test reports of CI servers | one suite per spec |
//! | [`sarif`] | code scanning of CI servers | one run, results in all files |
//! | [`github`] | annotations of GitHub Actions | one line per finding |
//! | [`gitlab`] | code quality of GitLab | one document |
//! | [`mermaid`] | pull requests | a heading and a diagram per counterexample |
//! | [`html`] | a browser, offline | one page |
//! | [`otlp`] | trace viewers | the spans that services would tell of each counterexample |
//!
//! What was found before is kept in a [`lock`], which is compared with what is found now.
//!
//! Traces of production are shown by [`trace`], with the same drawings; many of
//! them in numbers, by [`statistics`].
//!
//! Messages in flight are paired with their arrival in [`message_arrows`], for every format that draws.

mod check_report;
mod extent;
#[cfg(test)]
mod fixture;
pub mod github;
pub mod gitlab;
pub mod html;
pub mod json;
pub mod junit;
pub mod lock;
pub mod mermaid;
pub mod message_arrows;
pub mod otlp;
pub mod sarif;
mod sequence;
pub mod statistics;
pub mod text;
mod told;
pub mod trace;

pub use check_report::{
    Assumption, CheckReport, Comparison, CounterexampleReport, Expectation, Finding, Origin,
    Position, Verdict,
};
pub use extent::Extent;

use clap::ValueEnum;

/// The formats a report can be shown in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: a table of properties, and counterexamples as stories.
    #[default]
    Text,
    /// For programs: one JSON object per spec, each on a line of its own.
    Json,
    /// JUnit XML: a suite per spec, a case per property.
    Junit,
    /// SARIF 2.1.0: a result per property that is not as expected.
    Sarif,
    /// Annotations for GitHub Actions, at the lines of specs.
    Github,
    /// A code quality report for GitLab.
    Gitlab,
    /// Markdown with a Mermaid sequence diagram per counterexample.
    Mermaid,
    /// One self-contained page, with sequence diagrams.
    Html,
    /// OTLP/JSON, an export request per line: the traces that services would leave of each
    /// counterexample.
    Otlp,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 9] = [
        Format::Text,
        Format::Json,
        Format::Junit,
        Format::Sarif,
        Format::Github,
        Format::Gitlab,
        Format::Mermaid,
        Format::Html,
        Format::Otlp,
    ];

    /// The usual ending of a file in this format.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Format::Text => "txt",
            Format::Json | Format::Gitlab => "json",
            Format::Github => "log",
            Format::Junit => "xml",
            Format::Sarif => "sarif",
            Format::Mermaid => "md",
            Format::Html => "html",
            Format::Otlp => "otlp.jsonl",
        }
    }

    /// Whether reports can be shown one by one, as they come; otherwise all make one document.
    #[must_use]
    pub fn streams(self) -> bool {
        matches!(
            self,
            Format::Text | Format::Json | Format::Mermaid | Format::Github | Format::Otlp
        )
    }

    /// What stands between two reports where they are shown one by one.
    #[must_use]
    pub fn gap(self) -> &'static str {
        match self {
            Format::Text | Format::Mermaid => "\n",
            Format::Json
            | Format::Junit
            | Format::Sarif
            | Format::Github
            | Format::Gitlab
            | Format::Html
            | Format::Otlp => "",
        }
    }

    /// Shows reports in this format. Text carries ANSI styles; see [`text`].
    #[must_use]
    pub fn render(self, reports: &[CheckReport]) -> String {
        let one_by_one = |show: fn(&CheckReport) -> String| {
            reports.iter().map(show).collect::<Vec<_>>().join(self.gap())
        };
        match self {
            Format::Text => one_by_one(text::render),
            Format::Json => one_by_one(json::render),
            Format::Mermaid => one_by_one(mermaid::render),
            Format::Otlp => one_by_one(otlp::render),
            Format::Github => one_by_one(github::render),
            Format::Gitlab => gitlab::render(reports),
            Format::Junit => junit::render(reports),
            Format::Sarif => sarif::render(reports),
            Format::Html => html::render(reports),
        }
    }
}
