//! `amends new`: a spec and a proof to start from.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::errors;
use super::exit::Exit;

const SPEC: &str = include_str!("new/spec.toml");
const PROOF: &str = include_str!("new/proof.rs");

/// What to begin.
#[derive(Debug, Args)]
pub struct NewArguments {
    /// The name of the workflow: lower-case letters, digits and hyphens.
    #[arg(value_parser = name)]
    name: String,
    /// The package to write into: specs/NAME.toml and tests/NAME.rs are made below it. By default,
    /// the current directory.
    #[arg(long, value_name = "DIRECTORY")]
    into: Option<PathBuf>,
}

/// Writes `specs/NAME.toml` and `tests/NAME.rs`. Files that exist are left alone.
#[must_use]
pub fn run(arguments: &NewArguments) -> Exit {
    let name = &arguments.name;
    let package = arguments.into.clone().unwrap_or_default();
    let spec = package.join("specs").join(format!("{name}.toml"));
    let proof = package.join("tests").join(format!("{}.rs", name.replace('-', "_")));
    for path in [&spec, &proof] {
        if path.exists() {
            return errors::with_help(
                format_args!("`{}` exists already", path.display()),
                "choose another name, or remove the file",
            );
        }
    }
    for (path, template) in [(&spec, SPEC), (&proof, PROOF)] {
        let text = template.replace("{name}", name).replace("{ident}", &name.replace('-', "_"));
        if let Err(error) = write(path, &text) {
            return errors::with_help(
                format_args!("`{}` cannot be written: {error}", path.display()),
                "choose a directory that can be written to with --into",
            );
        }
    }
    errors::remark(format_args!(
        "Wrote {spec} and {proof}.\nNext: amends check {spec}",
        spec = spec.display(),
        proof = proof.display(),
    ));
    Exit::AsExpected
}

/// Writes a file that must not exist yet.
fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

fn name(text: &str) -> Result<String, String> {
    let begins_well = text.starts_with(|c: char| c.is_ascii_lowercase());
    let goes_on_well =
        text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if begins_well && goes_on_well {
        Ok(text.to_owned())
    } else {
        Err("it must begin with a lower-case letter, and go on with lower-case letters, digits \
             and hyphens"
            .to_owned())
    }
}
