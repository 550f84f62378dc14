//! `amends export`: what other tools read.

use clap::{Args, Subcommand};

use super::errors;
use super::exit::Exit;
use super::output::Output;
use crate::spec;

/// What to export.
#[derive(Debug, Args)]
pub struct ExportArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The JSON Schema of spec files, for editors that complete and check them.
    Schema,
}

/// Writes it to standard output.
#[must_use]
pub fn run(arguments: &ExportArguments) -> Exit {
    let text = match arguments.what {
        What::Schema => format!("{:#}\n", spec::schema()),
    };
    match Output::new().write(&text) {
        Ok(()) => Exit::AsExpected,
        Err(error) => errors::output(&error),
    }
}
