//! `amends diff`: what is different in a second report.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::errors;
use super::exit::Exit;
use super::output::Output;
use crate::report::lock::{Difference, Lock};

/// The reports to tell apart.
#[derive(Debug, Args)]
pub struct DiffArguments {
    /// The report before, as `amends check --format json` wrote it.
    #[arg(value_name = "BEFORE")]
    before: PathBuf,
    /// The report after.
    #[arg(value_name = "AFTER")]
    after: PathBuf,
}

/// Shows what is different; exits 1 if anything is.
#[must_use]
pub fn run(arguments: &DiffArguments) -> Exit {
    let read = |path: &Path| {
        let text = fs::read_to_string(path).map_err(|error| {
            errors::with_help(
                format_args!("`{}` cannot be read: {error}", path.display()),
                "name two files that `amends check --format json` wrote",
            )
        })?;
        Lock::of_json(&text).map_err(|error| {
            errors::with_help(
                format_args!("`{}`: {error}", path.display()),
                "name two files that `amends check --format json` wrote",
            )
        })
    };
    let (before, after) = match (read(&arguments.before), read(&arguments.after)) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(exit), _) | (_, Err(exit)) => return exit,
    };
    let differences = before.differences(&after);
    let text = if differences.is_empty() {
        let specs = before.specs.len();
        format!("no difference in {specs} spec{}\n", if specs == 1 { "" } else { "s" })
    } else {
        told(&differences)
    };
    match Output::new().write(&text) {
        Ok(()) if differences.is_empty() => Exit::AsExpected,
        Ok(()) => Exit::NotAsExpected,
        Err(error) => errors::output(&error),
    }
}

/// Differences for people: a line for each spec, and one for each thing that is different.
pub(super) fn told(differences: &[Difference]) -> String {
    let told = differences.iter().map(|Difference { spec, lines }| {
        let lines: String = lines.iter().map(|line| format!("  {line}\n")).collect();
        format!("{spec}\n{lines}")
    });
    told.collect()
}
