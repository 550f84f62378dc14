//! `amends trace check`: whether what happened was a run of the design.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use amends_models::conformance::Limits;
use amends_models::protocols::Design;
use amends_trace::assemble::WorkflowTrace;
use amends_trace::judge::{Doubt, Judge, JudgedWorkflow, Verdict};
use amends_trace::map::{Mapping, presets};
use amends_trace::shape::Shape;
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
    /// The spec of the workflow. Without one, the shape of each workflow is taken from the traces
    /// themselves, which are then read twice, and the general rules of its protocol apply.
    #[arg(long, value_name = "SPEC")]
    spec: Option<PathBuf>,
    /// How spans tell of steps: a mapping file, or one of the presets `amends`, `conventions`, `seeds`,
    /// `go-spring-tcc`, `temporal` [default: `amends`, then `conventions`].
    #[arg(long, value_name = "MAP")]
    map: Option<String>,
    /// Turn a knob of the spec: saga.in-doubt=leave.
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "spec")]
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
    let mapping = match mapping(arguments) {
        Ok(mapping) => mapping,
        Err(exit) => return exit,
    };
    let designs = match &arguments.spec {
        Some(spec) => of_spec(arguments, spec),
        None => of_traces(arguments, &mapping),
    };
    let designs = match designs {
        Ok(designs) => designs,
        Err(exit) => return exit,
    };
    let mut judging = Judging {
        arguments,
        judges: designs
            .into_iter()
            .map(|(name, design)| {
                let limits = Limits { states: arguments.max_states };
                (name, Judge::new(design, mapping.clone()).limits(limits))
            })
            .collect(),
        mapping: mapping.clone(),
        summary: verdicts::Summary::default(),
        output: Output::new(),
    };
    let mut failed = None;
    let read = arguments.files.for_each_by(mapping, |workflow| match judging.take(&workflow) {
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

/// Designs by the names of workflows; that without a name is for all others.
type Designs = BTreeMap<String, Design>;

/// The design of a spec, for all workflows.
fn of_spec(arguments: &CheckArguments, path: &Path) -> Result<Designs, Exit> {
    let spec = spec::read(path).map_err(errors::about)?;
    let overrides = Overrides { settings: arguments.settings.clone(), faults: None };
    let spec = overrides.apply(spec).map_err(errors::about)?;
    Ok([(String::new(), spec.design)].into())
}

/// The shapes that the traces themselves show.
fn of_traces(arguments: &CheckArguments, mapping: &Mapping) -> Result<Designs, Exit> {
    if !arguments.files.can_be_read_again() {
        return Err(errors::with_help(
            "what can be read only once has to be judged by a spec",
            "give `--spec SPEC`, or name files",
        ));
    }
    let mut shapes: BTreeMap<String, Shape> = BTreeMap::new();
    arguments.files.for_each_by(mapping.clone(), |workflow| {
        let sightings = mapping.apply(&workflow.spans, &workflow.logs);
        let name = sightings.name.as_deref().unwrap_or_default();
        let shape = shapes.entry(name.to_owned()).or_insert_with(|| Shape::new(name));
        shape.learn(&sightings);
        ControlFlow::Continue(())
    })?;
    let mut designs = Designs::new();
    for (name, shape) in shapes {
        match shape.design(mapping.in_doubt()) {
            Ok(design) => drop(designs.insert(name, design)),
            // Its workflows are inconclusive.
            Err(_) if name.is_empty() => {}
            Err(error) => errors::remark(format_args!("{error}")),
        }
    }
    Ok(designs)
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
    judges: BTreeMap<String, Judge>,
    mapping: Mapping,
    summary: verdicts::Summary,
    output: Output,
}

impl Judging<'_> {
    fn take(&mut self, workflow: &WorkflowTrace) -> io::Result<()> {
        let judged = self.judge(workflow);
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

    fn judge(&mut self, workflow: &WorkflowTrace) -> JudgedWorkflow {
        if let Some(judge) = self.judges.get_mut("")
            && self.arguments.spec.is_some()
        {
            return judge.judge(workflow);
        }
        let sightings = self.mapping.apply(&workflow.spans, &workflow.logs);
        let name = sightings.name.as_deref().unwrap_or_default();
        match self.judges.get_mut(name) {
            Some(judge) => judge.judge_sightings(workflow, sightings),
            None => JudgedWorkflow {
                trace: workflow.spans.first().map(|span| span.trace),
                verdict: Verdict::Inconclusive {
                    doubts: vec![Doubt::NothingObserved],
                    explained: None,
                },
                name: sightings.name,
                id: sightings.id.or_else(|| workflow.key.clone()),
            },
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
        self.summary.shapes = self.judges.values().map(Judge::shapes).sum();
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
