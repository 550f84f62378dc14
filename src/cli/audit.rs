//! `amends audit`: what would the properties of a spec miss?

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::exit::Exit;
use super::output::Output;
use super::overrides::Overrides;
use super::progress::Progress;
use super::{check, errors, files, interrupt};
use crate::audit::{AuditOptions, AuditReport, audit_spec, report};
use crate::spec;

/// What to audit, how far, and how to show what was found.
#[derive(Debug, Args)]
#[command(after_help = EXIT)]
pub struct AuditArguments {
    /// Specs, and directories to search for them.
    #[arg(required = true, value_name = "SPEC")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
    /// Give a mistake up after so many states of a search.
    #[arg(long, value_name = "NUMBER", default_value_t = AuditOptions::default().max_states)]
    max_states: u64,
    /// Give a search up after this long: 30s, 5min.
    #[arg(long, value_name = "DURATION", value_parser = check::duration)]
    timeout: Option<Duration>,
    /// Search with this many threads; by default, with as many as the machine has.
    #[arg(long, value_name = "NUMBER", value_parser = check::at_least_one::<NonZeroUsize>)]
    threads: Option<NonZeroUsize>,
    /// How to show what was found.
    #[arg(long, value_enum, default_value_t)]
    format: AuditFormat,
}

const EXIT: &str = "\
Makes every mistake that implementers of the protocol are known for, and leaves away or falsifies every
guard, change and compensation, one at a time. Exits 1 if some mistake is unseen, and 3 if that is not
known of some.";

/// How to show an audit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum AuditFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object per spec, each on a line of its own.
    Json,
    /// JUnit XML: a suite per spec, a case per mistake.
    Junit,
}

/// Audits each spec, shows what was found, and says whether anything is missing.
#[must_use]
pub fn run(arguments: &AuditArguments) -> Exit {
    let files = match files::specs(&arguments.paths) {
        Ok(files) => files,
        Err(exit) => return exit,
    };
    let options = AuditOptions {
        max_states: arguments.max_states,
        timeout: arguments.timeout,
        threads: arguments.threads,
        interrupt: Some(interrupt::flag()),
    };
    let mut output = Output::new();
    let mut exit = Exit::AsExpected;
    let mut reports = Vec::new();
    for file in files {
        match examine(&file, arguments, &options) {
            Ok(report) => {
                let text = match arguments.format {
                    AuditFormat::Text if reports.is_empty() => report::text(&report),
                    AuditFormat::Text => format!("\n{}", report::text(&report)),
                    AuditFormat::Json => report::json(&report),
                    AuditFormat::Junit => String::new(),
                };
                if let Err(error) = output.write(&text) {
                    return errors::output(&error);
                }
                exit = exit.worst(judge(&report));
                reports.push(report);
            }
            Err(bad) => exit = exit.worst(bad),
        }
    }
    if arguments.format == AuditFormat::Junit
        && let Err(error) = output.write(&report::junit(&reports))
    {
        return errors::output(&error);
    }
    exit
}

fn judge(report: &AuditReport) -> Exit {
    if report.count("unseen") > 0 {
        Exit::NotAsExpected
    } else if report.count("undecided") > 0 {
        Exit::Incomplete
    } else {
        Exit::AsExpected
    }
}

fn examine(
    file: &Path,
    arguments: &AuditArguments,
    options: &AuditOptions,
) -> Result<AuditReport, Exit> {
    let spec = spec::read(file).map_err(errors::about)?;
    let spec = arguments.overrides.apply(spec).map_err(errors::about)?;
    let progress = Progress::start(format!("auditing {}", spec.design.workflow().name()));
    let settings = &arguments.overrides.settings;
    let report = audit_spec(&spec, settings, options, |mistake| progress.say(mistake));
    drop(progress);
    report.map_err(errors::about)
}
