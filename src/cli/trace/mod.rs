//! `amends trace`: what production did, as its traces tell.
//!
//! | command | module |
//! |---|---|
//! | `trace check` | `check.rs` |
//! | `trace show` | `show.rs` |
//! | `trace stats` | `stats.rs` |
//!
//! Files are read and put together into workflows by `workflows.rs`, for all of them.

use clap::{Args, Subcommand};

use super::exit::Exit;

mod check;
mod show;
mod stats;
mod workflows;

/// What to do with traces.
#[derive(Debug, Args)]
pub struct TraceArguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Judge workflows by the spec that was checked: conforms, with the least explanation; violates, with
    /// the smallest set of spans that shows it; or inconclusive, and why.
    Check(check::CheckArguments),
    /// Show workflows: the tree of their spans, where the time went, and what failed.
    Show(show::ShowArguments),
    /// Count workflows: how many fail, how long they take, and what is to blame.
    Stats(stats::StatsArguments),
}

/// Does what the arguments say.
#[must_use]
pub fn run(arguments: &TraceArguments) -> Exit {
    match &arguments.command {
        Command::Check(arguments) => check::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Stats(arguments) => stats::run(arguments),
    }
}
