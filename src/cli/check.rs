//! `amends check`: explore every behaviour of specs, and report.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;
use clap::Args;

use super::exit::Exit;
use super::lock::{LockArguments, Locking};
use super::overrides::Overrides;
use super::progress::Progress;
use super::results::{Detail, Results};
use super::{errors, files, interrupt};
use crate::check::{CheckOptions, check_spec, growth};
use crate::models::check::{Completeness, Limit, Simulation};
use crate::report::{CheckReport, Comparison, Extent, Format};
use crate::spec;

/// What to check, how far, and how to show what was found.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Specs, and directories to search for them; `-` reads a spec from standard input.
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
    #[arg(long, value_name = "NUMBER", value_parser = at_least_one::<NonZeroUsize>)]
    threads: Option<NonZeroUsize>,
    /// Explore every state, also those that differ only in the numbers of interchangeable workflows, or
    /// in messages that nobody will ever heed.
    #[arg(long)]
    no_reductions: bool,
    /// Stop at the first violation of a property that is not expected to be violated.
    #[arg(long)]
    fail_fast: bool,
    #[command(flatten)]
    lock: LockArguments,
    #[command(flatten)]
    simulation: SimulationArguments,
    /// Show only what is not as expected, and for several specs a total.
    #[arg(long, short, conflicts_with = "stories")]
    quiet: bool,
    /// Tell the story of every violation, also of those that are expected. So it is of a property that
    /// is asked for by name.
    #[arg(long)]
    stories: bool,
    /// How to show what was found.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Also save the reports, in every format, in this directory.
    #[arg(long, value_name = "DIRECTORY")]
    save: Option<PathBuf>,
}

impl CheckArguments {
    fn detail(&self) -> Detail {
        match (self.quiet, self.stories || !self.properties.is_empty()) {
            (true, _) => Detail::Quiet,
            (false, true) => Detail::Full,
            (false, false) => Detail::Brief,
        }
    }
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
    let mut results = Results::new(arguments.format, arguments.detail());
    let mut locking = match Locking::new(&arguments.lock, &arguments.paths, arguments.no_reductions)
    {
        Ok(locking) => locking,
        Err(exit) => return exit,
    };
    let mut exit = Exit::AsExpected;
    for file in files {
        match examine(&file, arguments, &options) {
            Ok(report) => {
                exit = exit.worst(report.comparison().into());
                if let Some(locking) = &mut locking {
                    locking.add(&file, &report);
                }
                results.add(report);
            }
            Err(bad) => exit = exit.worst(bad),
        }
    }
    let exit = exit.worst(results.finish(arguments.save.as_deref()));
    match locking {
        Some(locking) => exit.worst(locking.finish()),
        None => exit,
    }
}

fn examine(
    file: &Path,
    arguments: &CheckArguments,
    options: &CheckOptions,
) -> Result<CheckReport, Exit> {
    let spec = spec::read(file).map_err(errors::about)?;
    let spec = arguments.overrides.apply(spec).map_err(errors::about)?;
    let progress = Progress::start(spec.design.workflow().name());
    let report = check_spec(&spec, options, |so_far| {
        progress.say(format_args!("{} states, {} deep", so_far.states, so_far.depth));
    });
    drop(progress);
    let mut report = report.map_err(errors::about)?;
    if is_too_large(&report) && arguments.format != Format::Github {
        let progress = Progress::start("looking what multiplies the states");
        let causes = growth::causes(&spec, options.every_state).map_err(errors::about)?;
        drop(progress);
        report.notes.extend(causes);
    }
    Ok(report)
}

/// Whether a limit stopped the search before it knew.
fn is_too_large(report: &CheckReport) -> bool {
    let limited = match &report.extent {
        Extent::Searched { completeness: Completeness::Incomplete { limit, .. }, .. } => {
            matches!(limit, Limit::States(_) | Limit::Memory(_) | Limit::Time(_))
        }
        _ => false,
    };
    limited && report.comparison() == Comparison::Undecided
}

/// A number of things of which there must be one at least.
pub(super) fn at_least_one<N: FromStr>(text: &str) -> Result<N, &'static str> {
    match text.parse::<u64>() {
        Ok(0) => Err("it must be at least 1"),
        Ok(_) => text.parse().map_err(|_| "it is too large"),
        Err(_) => Err("it is no whole number"),
    }
}

fn size(text: &str) -> Result<ByteSize, &'static str> {
    text.parse().map_err(|_| "it is no size; write for instance 500MB or 2GiB")
}

pub(super) fn duration(text: &str) -> Result<Duration, &'static str> {
    humantime::parse_duration(text).map_err(|_| "it is no duration; write for instance 30s or 5min")
}
