//! The `amends` command.

use std::process::ExitCode;

use amends::cli;

fn main() -> ExitCode {
    cli::main(std::env::args_os()).into()
}
