//! `amends trace show`: workflows as their spans tell of them.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::{fs, io};

use amends_trace::assemble::WorkflowTrace;
use clap::{Args, ValueEnum};

use super::workflows::TraceFiles;
use crate::cli::errors;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::report::trace::{TraceReport, html, jaeger, mermaid, text};

/// Which workflows to show, and how.
#[derive(Debug, Args)]
pub(super) struct ShowArguments {
    #[command(flatten)]
    files: TraceFiles,
    /// Show only the workflow with spans of this trace; the first digits are enough.
    #[arg(long, value_name = "ID")]
    trace: Option<String>,
    /// Show only the workflow with this id: the value of `saga.id`, `tcc.id` or `two_phase_commit.id`.
    #[arg(long, value_name = "ID")]
    workflow: Option<String>,
    /// Show only workflows that did not complete.
    #[arg(long)]
    failed: bool,
    /// Show at most so many workflows [default: 10; 1 as HTML to standard output].
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
    /// Show at most so many spans of a workflow.
    #[arg(long, value_name = "NUMBER", default_value_t = text::SPANS)]
    spans: usize,
    /// How to show them.
    #[arg(long, value_enum, default_value_t)]
    format: TraceFormat,
    /// Write a file for each workflow into this directory, instead of standard output.
    #[arg(long, value_name = "DIRECTORY")]
    save: Option<PathBuf>,
}

/// The formats a workflow can be shown in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum TraceFormat {
    /// For people at a terminal: a tree of spans.
    #[default]
    Text,
    /// Markdown with a Mermaid sequence diagram.
    Mermaid,
    /// JSON that Jaeger opens, with the critical path as tags.
    Jaeger,
    /// One self-contained page: sequence diagram, tree and critical path.
    Html,
}

impl TraceFormat {
    fn extension(self) -> &'static str {
        match self {
            TraceFormat::Text => "txt",
            TraceFormat::Mermaid => "md",
            TraceFormat::Jaeger => "json",
            TraceFormat::Html => "html",
        }
    }

    fn render(self, report: &TraceReport<'_>, spans: usize) -> String {
        match self {
            TraceFormat::Text => text::render(report, spans),
            TraceFormat::Mermaid => mermaid::render(report),
            TraceFormat::Jaeger => jaeger::render(report),
            TraceFormat::Html => html::render(report, spans),
        }
    }

    /// Whether a document holds one workflow only, so that two cannot follow each other in one stream.
    fn stands_alone(self) -> bool {
        matches!(self, TraceFormat::Jaeger | TraceFormat::Html)
    }
}

/// Shows workflows.
pub(super) fn run(arguments: &ShowArguments) -> Exit {
    let alone = arguments.format.stands_alone() && arguments.save.is_none();
    let limit = arguments.limit.unwrap_or(if alone { 1 } else { 10 });
    if alone && limit > 1 {
        return errors::with_help(
            "a document in this format holds one workflow",
            "write a file for each with --save DIRECTORY, or choose one with --workflow or --trace",
        );
    }
    let mut shown = Shown { arguments, count: 0, names: BTreeSet::new(), output: Output::new() };
    let mut failed = None;
    let mut more = false;
    let read = arguments.files.for_each(|workflow| {
        if !is_asked_for(arguments, &workflow) {
            return ControlFlow::Continue(());
        }
        let report = TraceReport::new(&workflow.spans);
        if arguments.failed && !report.workflow.failed() {
            return ControlFlow::Continue(());
        }
        if shown.count == limit {
            more = true;
            return ControlFlow::Break(());
        }
        match shown.show(&report) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    });
    match (read, failed) {
        (_, Some(error)) => match &arguments.save {
            Some(directory) => errors::with_help(
                format_args!("workflows cannot be saved in `{}`: {error}", directory.display()),
                "name a directory that can be written to; it is made if it is missing",
            ),
            None => errors::output(&error),
        },
        (Err(exit), None) => exit,
        (Ok(_), None) if shown.count == 0 => errors::with_help(
            "no workflow is as you ask",
            "leave out --trace, --workflow or --failed to see those that are there",
        ),
        (Ok(_), None) => {
            if more {
                errors::remark(format_args!(
                    "there are more workflows than {limit}; --limit NUMBER shows more, --workflow ID another"
                ));
            }
            Exit::AsExpected
        }
    }
}

fn is_asked_for(arguments: &ShowArguments, workflow: &WorkflowTrace) -> bool {
    let by_trace = arguments.trace.as_ref().is_none_or(|asked| {
        let asked = asked.to_ascii_lowercase();
        workflow.spans.iter().any(|span| span.trace.to_string().starts_with(&asked))
    });
    let by_id = arguments.workflow.as_ref().is_none_or(|asked| {
        workflow.key.as_ref().is_some_and(|key| {
            key == asked || key.split_once('=').is_some_and(|(_, id)| id == asked)
        })
    });
    by_trace && by_id && !workflow.spans.is_empty()
}

/// What was shown so far.
struct Shown<'a> {
    arguments: &'a ShowArguments,
    count: usize,
    names: BTreeSet<String>,
    output: Output,
}

impl Shown<'_> {
    fn show(&mut self, report: &TraceReport<'_>) -> io::Result<()> {
        let format = self.arguments.format;
        let text = format.render(report, self.arguments.spans);
        match &self.arguments.save {
            Some(directory) => self.save(directory, report, &text)?,
            None => {
                let gap = if self.count > 0 { "\n" } else { "" };
                self.output.write(&format!("{gap}{text}"))?;
            }
        }
        self.count += 1;
        Ok(())
    }

    fn save(&mut self, directory: &Path, report: &TraceReport<'_>, text: &str) -> io::Result<()> {
        fs::create_dir_all(directory)?;
        let stem = file_name(report);
        let mut name = stem.clone();
        let mut number = 1;
        while !self.names.insert(name.clone()) {
            number += 1;
            name = format!("{stem}-{number}");
        }
        let plain = anstream::adapter::strip_str(text).to_string();
        let text = if self.arguments.format == TraceFormat::Text { &plain } else { text };
        fs::write(directory.join(format!("{name}.{}", self.arguments.format.extension())), text)
    }
}

/// The id of the workflow or of its trace, as far as it can stand in the name of a file anywhere.
fn file_name(report: &TraceReport<'_>) -> String {
    let trace = || report.tree.spans().first().map(|span| span.trace.to_string());
    let id = report.workflow.id.clone().or_else(trace).unwrap_or_default();
    let name: String = id
        .chars()
        .take(64)
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' })
        .collect();
    if name.is_empty() { "workflow".to_owned() } else { name }
}
