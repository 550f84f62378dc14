//! `amends trace check`: whether what happened was a run of the design.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use amends_models::conformance::Limits;
use amends_trace::assemble::WorkflowTrace;
use amends_trace::judge::{Judge, JudgedWorkflow, Verdict};
use amends_trace::map::{Mapping, presets};
use clap::{Args, ValueEnum};

use super::workflows::TraceFiles;
use crate::cli::errors;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::overrides::Overrides;
use crate::report::trace::{TraceReport, html, verdicts};
use crate::spec::{self, Setting};

/// Which workflows to judge, by what.
#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    files: TraceFiles,
    /// The spec of the workflow.
    #[arg(long, value_name = "SPEC")]
    spec: PathBuf,
    /// How spans tell of steps: a mapping file, or one of the presets `amends`, `conventions`, `seeds`,
    /// `go-spring-tcc`, `temporal` [default: `amends`, then `conventions`].
    #[arg(long, value_name = "MAP")]
    map: Option<String>,
    /// Turn a knob of the spec: saga.in-doubt=leave.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<Setting>,
    /// All spans arrive: what is not there did not happen.
    #[arg(long)]
    complete: bool,
    /// Search at most so many states for an explanation of one workflow.
    #[arg(long, value_name = "NUMBER", default_value_t = Limits::default().states)]
    max_states: usize,
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
}

/// Judges workflows.
pub(super) fn run(arguments: &CheckArguments) -> Exit {
    let spec = match spec::read(&arguments.spec) {
        Ok(spec) => spec,
        Err(error) => return errors::about(error),
    };
    let overrides = Overrides { settings: arguments.settings.clone(), faults: None };
    let design = match overrides.apply(spec) {
        Ok(spec) => spec.design,
        Err(error) => return errors::about(error),
    };
    let mapping = match mapping(arguments) {
        Ok(mapping) => mapping,
        Err(exit) => return exit,
    };
    let judge = Judge::new(design, mapping).limits(Limits { states: arguments.max_states });
    let mut judging =
        Judging { arguments, judge, summary: verdicts::Summary::default(), output: Output::new() };
    let mut failed = None;
    let read = arguments.files.for_each(|workflow| match judging.take(&workflow) {
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

fn mapping(arguments: &CheckArguments) -> Result<Mapping, Exit> {
    let mapping = match &arguments.map {
        None => Mapping::default(),
        Some(name) => match presets::mapping(name) {
            Some(preset) => preset,
            None => Mapping::read(name).map_err(errors::about)?,
        },
    };
    Ok(if arguments.complete { mapping.with_all_arriving() } else { mapping })
}

struct Judging<'a> {
    arguments: &'a CheckArguments,
    judge: Judge,
    summary: verdicts::Summary,
    output: Output,
}

impl Judging<'_> {
    fn take(&mut self, workflow: &WorkflowTrace) -> io::Result<()> {
        let judged = self.judge.judge(workflow);
        self.summary.count(&judged);
        if !self.arguments.all && matches!(judged.verdict, Verdict::Conforms(_)) {
            return Ok(());
        }
        self.output.write(&match self.arguments.format {
            CheckFormat::Text => verdicts::text(&judged),
            CheckFormat::Json => verdicts::json(&judged),
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
        self.summary.shapes = self.judge.shapes();
        let text = match self.arguments.format {
            CheckFormat::Text => self.summary.text(),
            CheckFormat::Json => self.summary.json(),
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
