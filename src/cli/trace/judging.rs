//! By what workflows are judged: a spec, or the shapes that their traces show.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amends_models::conformance::Limits;
use amends_models::protocols::{AnyProtocol, Design};
use amends_trace::assemble::WorkflowTrace;
use amends_trace::judge::{Doubt, Judge, JudgedWorkflow, Verdict};
use amends_trace::map::Mapping;
use clap::Args;

use super::reading::{Reading, UndoPolicy};
use super::shapes;
use super::workflows::TraceFiles;
use crate::cli::errors;
use crate::cli::exit::Exit;
use crate::cli::overrides::Overrides;
use crate::spec::{self, Setting};

/// By what to judge.
#[derive(Debug, Args)]
pub(super) struct JudgingArguments {
    /// The spec of the workflow. Without one, the shape of each workflow is taken from the traces
    /// themselves, which are then read twice, and the general rules of its protocol apply.
    #[arg(long, value_name = "SPEC")]
    spec: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Turn a knob of the spec: saga.in-doubt=ignore.
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "spec")]
    settings: Vec<Setting>,
    /// All spans arrive: what is not there did not happen.
    #[arg(long)]
    complete: bool,
    /// Search at most so many states for an explanation of one workflow.
    #[arg(long, value_name = "NUMBER", default_value_t = Limits::default().states)]
    max_states: usize,
}

impl JudgingArguments {
    /// The spec to judge by, if there is one.
    pub(super) fn spec(&self) -> Option<&Path> {
        self.spec.as_deref()
    }
}

/// A judge for the workflows of each name.
pub(super) struct Judges {
    /// By the names of workflows; that without a name is for all others.
    ///
    /// Of several, each has a design of its own that may be the right one.
    judges: BTreeMap<String, Vec<Judge>>,
    mapping: Mapping,
    /// Whether one spec is for all, whatever they are called.
    is_by_spec: bool,
}

impl Judges {
    /// The judges that the arguments call for, which may have to read the files for it.
    ///
    /// # Errors
    /// When the spec, the mapping or the files cannot be used; it is said on standard error.
    pub(super) fn new(arguments: &JudgingArguments, files: &TraceFiles) -> Result<Judges, Exit> {
        let mapping = arguments.reading.mapping()?;
        let mapping = if arguments.complete { mapping.with_all_arriving() } else { mapping };
        let designs = match &arguments.spec {
            Some(spec) => [(String::new(), vec![of_spec(arguments, spec)?])].into(),
            None => of_traces(files, &mapping)?,
        };
        let limits = Limits { states: arguments.max_states };
        let judge = |design| Judge::new(design, mapping.clone()).limits(limits);
        let judges = designs
            .into_iter()
            .map(|(name, designs)| (name, designs.into_iter().map(judge).collect()))
            .collect();
        Ok(Judges { judges, mapping, is_by_spec: arguments.spec.is_some() })
    }

    /// The mapping by which spans are read.
    pub(super) fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// How many shapes were judged.
    pub(super) fn shapes(&self) -> u64 {
        self.judges.values().flatten().map(Judge::shapes).sum()
    }

    /// Judges a workflow.
    pub(super) fn judge(&mut self, workflow: &WorkflowTrace) -> JudgedWorkflow {
        let sightings = self.mapping.apply(&workflow.spans, &workflow.logs);
        let name = match self.is_by_spec {
            true => "",
            false => sightings.name.as_deref().unwrap_or_default(),
        };
        let mut likeliest = None;
        for judge in self.judges.get_mut(name).into_iter().flatten() {
            let judged = judge.judge_sightings(workflow, sightings.clone());
            if !matches!(judged.verdict, Verdict::Violates(_)) {
                return judged;
            }
            likeliest.get_or_insert(judged);
        }
        likeliest.unwrap_or_else(|| JudgedWorkflow {
            trace: workflow.spans.first().map(|span| span.trace),
            verdict: Verdict::Inconclusive {
                doubts: vec![Doubt::NothingObserved],
                explained: None,
            },
            name: sightings.name,
            id: sightings.id.or_else(|| workflow.key.clone()),
        })
    }
}

/// The design of a spec.
fn of_spec(arguments: &JudgingArguments, path: &Path) -> Result<Design, Exit> {
    let spec = spec::read(path).map_err(errors::about)?;
    let mut settings = arguments.settings.clone();
    if spec.design.protocol().name() == "saga" {
        settings.extend(arguments.reading.in_doubt().map(in_doubt));
    }
    let overrides = Overrides { settings, faults: None };
    Ok(overrides.apply(spec).map_err(errors::about)?.design)
}

/// The choice of a saga that follows from a policy.
fn in_doubt(policy: UndoPolicy) -> Setting {
    let choice = match policy {
        UndoPolicy::Never => "saga.in-doubt=ignore",
        UndoPolicy::Always | UndoPolicy::WhenInDoubt => "saga.in-doubt=compensate",
    };
    choice.parse().expect("it is a setting")
}

/// The shapes that the traces themselves show, as designs.
fn of_traces(files: &TraceFiles, mapping: &Mapping) -> Result<BTreeMap<String, Vec<Design>>, Exit> {
    if !files.can_be_read_again() {
        return Err(errors::with_help(
            "what can be read only once has to be judged by a spec",
            "give `--spec SPEC`, or name files",
        ));
    }
    let mut designs = BTreeMap::new();
    for (name, shape) in shapes::shown(files, mapping)? {
        match shape.designs(mapping.in_doubt()) {
            Ok(fitting) => drop(designs.insert(name, fitting)),
            // Its workflows are inconclusive.
            Err(_) if name.is_empty() => {}
            Err(error) => errors::remark(format_args!("{error}")),
        }
    }
    Ok(designs)
}
