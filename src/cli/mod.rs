//! The command line: arguments in, exit code out.
//!
//! Every command says how it went with an [`Exit`], results go to standard output, and whatever
//! speaks about the work itself (errors, progress, hints) goes to standard error. Nothing here knows
//! how a check, a run or a report works.
//!
//! | command | module |
//! |---|---|
//! | `audit` | [`audit`] |
//! | `check` | [`check`] |
//! | `choose` | [`choose`] |
//! | `diff` | [`diff`] |
//! | `explain` | [`explain`] |
//! | `explore` | [`explore`] |
//! | `export` | [`export`] |
//! | `new` | [`new`] |
//! | `run` | [`run`] |
//! | `trace` | [`trace`] |

use std::ffi::OsString;

use clap::{Parser, Subcommand};

pub mod audit;
pub mod check;
pub mod choose;
pub mod diff;
mod errors;
mod exit;
pub mod explain;
pub mod explore;
pub mod export;
mod faults;
mod files;
mod interrupt;
mod lock;
pub mod new;
mod output;
mod overrides;
mod progress;
mod results;
pub mod run;
pub mod trace;

pub use exit::Exit;
pub use faults::{FaultsArgument, FaultsError};

/// Check and run distributed transactions with the same protocol cores.
#[derive(Debug, Parser)]
#[command(name = "amends", version, about, max_term_width = 100)]
#[command(after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes:
  0  as expected
  1  violated, or not as expected
  2  bad input or usage
  3  incomplete: the search or the run stopped before it knew";

#[derive(Debug, Subcommand)]
enum Command {
    /// Explore every behaviour of a spec, and say which properties hold.
    Check(check::CheckArguments),
    /// Make mistakes in a spec on purpose, and say which of them its properties would miss.
    Audit(audit::AuditArguments),
    /// Say what is different in a second report.
    Diff(diff::DiffArguments),
    /// Walk through the behaviours of a spec in a browser.
    Explore(explore::ExploreArguments),
    /// Write what other tools read.
    Export(export::ExportArguments),
    /// Carry a spec's workflow out for real, in a bad world, and audit what happened.
    Run(run::RunArguments),
    /// See what production did, as its traces tell.
    Trace(trace::TraceArguments),
    /// Say which protocol fits, by a few questions.
    Choose(choose::ChooseArguments),
    /// Say what a property, a choice, a fault or a protocol means.
    Explain(explain::ExplainArguments),
    /// Begin: write a spec, and in a Rust package a proof of it.
    New(new::NewArguments),
}

/// Does what the arguments say; the first of them is the name of the program.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    errors::prepare();
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(usage) => return exit::usage(&usage),
    };
    match arguments.command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Explore(arguments) => explore::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Trace(arguments) => trace::run(&arguments),
        Command::Choose(arguments) => choose::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::New(arguments) => new::run(&arguments),
    }
}
