//! `amends trace check`: whether what happened was a run of the design.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use amends_trace::assemble::WorkflowTrace;
use amends_trace::judge::{JudgedWorkflow, Verdict};
use clap::{Args, ValueEnum};

use super::judging::{Judges, JudgingArguments};
use super::workflows::TraceFiles;
use crate::cli::errors;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::report::trace::{TraceReport, html, verdicts};

/// Which workflows to judge, by what.
#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    files: TraceFiles,
    #[command(flatten)]
    judging: JudgingArguments,
    /// Show workflows that conform, too.
    #[arg(long)]
    all: bool,
    /// How to show verdicts.
    #[arg(long, value_enum, default_value_t)]
    format: CheckFormat,
    /// Write a page for each workflow that is shown into this directory: what was expected beside what
    /// was observed.
    #[arg(long, value_name = "DIRECTORY")]
    save: Option<PathBuf>,
}

/// The formats of verdicts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: an object per workflow, each on a line of its own.
    Json,
    /// For test dashboards: a JUnit document, with a suite per name of workflows.
    Junit,
    /// For code scanning: a SARIF log, with a result for each workflow that does not conform.
    Sarif,
}

/// Judges workflows.
pub(super) fn run(arguments: &CheckArguments) -> Exit {
    let judges = match Judges::new(&arguments.judging, &arguments.files) {
        Ok(judges) => judges,
        Err(exit) => return exit,
    };
    let keys = judges.mapping().clone();
    let mut judging = Judging {
        arguments,
        judges,
        summary: verdicts::Summary::default(),
        cases: verdicts::junit::Cases::default(),
        results: verdicts::sarif::Results::about(
            arguments.judging.spec().or(arguments.files.first()).unwrap_or(Path::new("")),
        ),
        output: Output::new(),
    };
    let mut failed = None;
    let read = arguments.files.for_each_by(keys, |workflow| match judging.take(&workflow) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    });
    if let Some(error) = failed {
        return match &arguments.save {
            Some(directory) => errors::with_help(
                format_args!("verdicts cannot be saved in `{}`: {error}", directory.display()),
                "name a directory that can be written to; it is made if it is missing",
            ),
            None => errors::output(&error),
        };
    }
    match read {
        Ok(_) => judging.finish(),
        Err(exit) => exit,
    }
}

struct Judging<'a> {
    arguments: &'a CheckArguments,
    judges: Judges,
    summary: verdicts::Summary,
    cases: verdicts::junit::Cases,
    results: verdicts::sarif::Results,
    output: Output,
}

impl Judging<'_> {
    fn take(&mut self, workflow: &WorkflowTrace) -> io::Result<()> {
        let judged = self.judges.judge(workflow);
        self.summary.count(&judged);
        match self.arguments.format {
            CheckFormat::Junit => self.cases.add(&judged),
            CheckFormat::Sarif => self.results.add(&judged),
            CheckFormat::Text | CheckFormat::Json => {}
        }
        if !self.arguments.all && matches!(judged.verdict, Verdict::Conforms(_)) {
            return Ok(());
        }
        self.output.write(&match self.arguments.format {
            CheckFormat::Text => verdicts::text(&judged),
            CheckFormat::Json => verdicts::json(&judged),
            CheckFormat::Junit | CheckFormat::Sarif => String::new(),
        })?;
        match &self.arguments.save {
            Some(directory) => self.save(directory, workflow, &judged),
            None => Ok(()),
        }
    }

    fn save(
        &self,
        directory: &Path,
        workflow: &WorkflowTrace,
        judged: &JudgedWorkflow,
    ) -> io::Result<()> {
        fs::create_dir_all(directory)?;
        let report = TraceReport::new(&workflow.spans).judged(verdicts::judgement(judged));
        let trace = judged.trace.map_or_else(|| "workflow".to_owned(), |trace| trace.to_string());
        let page = html::render(&report, crate::report::trace::text::SPANS);
        fs::write(directory.join(format!("{trace}.html")), page)
    }

    fn finish(mut self) -> Exit {
        self.summary.shapes = self.judges.shapes();
        let text = match self.arguments.format {
            CheckFormat::Text => self.summary.text(),
            CheckFormat::Json => self.summary.json(),
            CheckFormat::Junit => self.cases.document(),
            CheckFormat::Sarif => self.results.document(),
        };
        if let Err(error) = self.output.write(&text) {
            return errors::output(&error);
        }
        if self.summary.violating > 0 {
            Exit::NotAsExpected
        } else if self.summary.inconclusive > 0 {
            Exit::Incomplete
        } else {
            Exit::AsExpected
        }
    }
}
