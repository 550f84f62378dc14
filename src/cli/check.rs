//! `amends check`: explore every behaviour of specs, and report.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytesize::ByteSize;
use clap::Args;

use super::exit::Exit;
use super::overrides::Overrides;
use super::progress::Progress;
use super::results::Results;
use super::{errors, files, interrupt};
use crate::check::{CheckOptions, check_spec};
use crate::models::check::Simulation;
use crate::report::{CheckReport, Format};
use crate::spec;

/// What to check, how far, and how to show what was found.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Specs, and directories to search for them.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
    /// Check only this property. Can be given several times.
    #[arg(long = "property", value_name = "NAME")]
    properties: Vec<String>,
    /// Stop after this many states.
    #[arg(long, value_name = "NUMBER")]
    max_states: Option<u64>,
    /// Stop when this much memory is used: 500MB, 2GiB.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_memory: Option<ByteSize>,
    /// Stop after this long: 30s, 5min.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    timeout: Option<Duration>,
    /// Search with this many threads; by default, with as many as the machine has.
    #[arg(long, value_name = "NUMBER")]
    threads: Option<NonZeroUsize>,
    /// Explore every state, also those that differ only in the numbers of interchangeable workflows, or
    /// in messages that nobody will ever heed.
    #[arg(long)]
    no_reductions: bool,
    /// Stop at the first violation of a property that is not expected to be violated.
    #[arg(long)]
    fail_fast: bool,
    #[command(flatten)]
    simulation: SimulationArguments,
    /// How to show what was found.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Also save the reports, in every format, in this directory.
    #[arg(long, value_name = "DIRECTORY")]
    save: Option<PathBuf>,
}

/// Random walks, for spaces too large to finish.
#[derive(Debug, Args)]
struct SimulationArguments {
    /// Take random walks instead of exploring everything: they find violations, and prove nothing.
    #[arg(long, conflicts_with_all = ["max_states", "max_memory", "threads", "no_reductions", "fail_fast"])]
    simulate: bool,
    /// Draw the walks from this number; the same number walks the same way.
    #[arg(long, value_name = "NUMBER", requires = "simulate", default_value_t = 0)]
    seed: u64,
    /// Take so many walks [default: 1000, or as many as the timeout allows].
    #[arg(long, value_name = "NUMBER", requires = "simulate")]
    walks: Option<u64>,
    /// Give a walk up after so many steps.
    #[arg(long, value_name = "STEPS", requires = "simulate", default_value_t = 1000)]
    depth: u32,
}

impl SimulationArguments {
    /// How to walk, if that is asked for.
    fn chosen(&self, timeout: Option<Duration>) -> Option<Simulation> {
        let default = Simulation::default();
        let walks = timeout.map_or(default.walks, |_| u64::MAX);
        self.simulate.then(|| Simulation {
            seed: self.seed,
            walks: self.walks.unwrap_or(walks),
            depth: self.depth,
            ..default
        })
    }
}

/// Checks each spec, shows its report, and says how all of it went.
#[must_use]
pub fn run(arguments: &CheckArguments) -> Exit {
    let files = match files::specs(&arguments.paths) {
        Ok(files) => files,
        Err(exit) => return exit,
    };
    let options = CheckOptions {
        properties: arguments.properties.clone(),
        max_states: arguments.max_states,
        max_memory: arguments.max_memory.map(|size| size.as_u64()),
        timeout: arguments.timeout,
        threads: arguments.threads,
        every_state: arguments.no_reductions,
        interrupt: Some(interrupt::flag()),
        fail_fast: arguments.fail_fast,
        simulation: arguments.simulation.chosen(arguments.timeout),
    };
    let mut results = Results::new(arguments.format);
    let mut exit = Exit::AsExpected;
    for file in files {
        match examine(&file, arguments, &options) {
            Ok(report) => {
                exit = exit.worst(report.comparison().into());
                results.add(report);
            }
            Err(bad) => exit = exit.worst(bad),
        }
    }
    exit.worst(results.finish(arguments.save.as_deref()))
}

fn examine(
    file: &Path,
    arguments: &CheckArguments,
    options: &CheckOptions,
) -> Result<CheckReport, Exit> {
    let mut spec = spec::read(file).map_err(errors::about)?;
    spec.design = arguments.overrides.apply(spec.design).map_err(errors::about)?;
    let progress = Progress::start(spec.design.workflow().name());
    let report = check_spec(&spec, options, |so_far| {
        progress.say(format_args!("{} states, {} deep", so_far.states, so_far.depth));
    });
    drop(progress);
    report.map_err(errors::about)
}

fn size(text: &str) -> Result<ByteSize, &'static str> {
    text.parse().map_err(|_| "it is no size; write for instance 500MB or 2GiB")
}

fn duration(text: &str) -> Result<Duration, &'static str> {
    humantime::parse_duration(text).map_err(|_| "it is no duration; write for instance 30s or 5min")
}
