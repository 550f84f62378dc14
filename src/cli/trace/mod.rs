//! `amends trace`: what production did, as its traces tell.
//!
//! | command | module |
//! |---|---|
//! | `trace check` | `check.rs` |
//! | `trace show` | `show.rs` |
//! | `trace stats` | `stats.rs` |
//! | `trace learn` | `learn.rs` |
//! | `trace map` | `map.rs` |
//!
//! Files are read and put together into workflows by `workflows.rs`, for all of them. `reading.rs` says what
//! spans mean, `shapes.rs` what workflows have in common, and `judging.rs` by what they are judged.

use clap::{Args, Subcommand};

use super::exit::Exit;

mod check;
mod judging;
mod learn;
mod map;
mod reading;
mod shapes;
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
    /// Draft a spec from traces: services, steps, their order, the protocol, retries and faults as seen in
    /// workflows that conform. Edit it, then check it.
    Learn(learn::LearnArguments),
    /// Propose a mapping file from a sample of traces: which spans are steps, what undoes what; and say what
    /// has no place. Read it, correct it, and give it to `trace check` by --map.
    Map(map::MapArguments),
}

/// Does what the arguments say.
#[must_use]
pub fn run(arguments: &TraceArguments) -> Exit {
    match &arguments.command {
        Command::Check(arguments) => check::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Stats(arguments) => stats::run(arguments),
        Command::Learn(arguments) => learn::run(arguments),
        Command::Map(arguments) => map::run(arguments),
    }
}
