//! `amends new`: a spec and a proof to start from.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use amends_models::protocols::{AnyProtocol, Protocol};
use clap::Args;

use super::errors;
use super::exit::Exit;

/// The specs to start from, by protocol.
const SPECS: [(&str, &str); 7] = [
    ("saga", include_str!("new/spec.toml")),
    ("choreography", include_str!("../../specs/order-choreography.toml")),
    ("tcc", include_str!("../../specs/tcc-order.toml")),
    ("two-phase-commit", include_str!("../../specs/two-phase-transfer.toml")),
    ("outbox", include_str!("../../specs/outbox-order.toml")),
    ("event-sourcing", include_str!("../../specs/event-sourced-order.toml")),
    ("mixed", include_str!("../../specs/order-mixed.toml")),
];
const PROOF: &str = include_str!("new/proof.rs");

/// What to begin.
#[derive(Debug, Args)]
pub struct NewArguments {
    /// The name of the workflow: lower-case letters, digits and hyphens.
    #[arg(value_parser = name)]
    name: String,
    /// The protocol that carries it out; `amends choose` says which fits.
    #[arg(long, value_name = "PROTOCOL", default_value = "saga",
        value_parser = clap::builder::PossibleValuesParser::new(Protocol::NAMES))]
    protocol: String,
    /// The directory to write into: specs/NAME.toml is made below it, and if it is a Rust package,
    /// tests/NAME.rs. By default, the current directory.
    #[arg(long, value_name = "DIRECTORY")]
    into: Option<PathBuf>,
}

/// Writes `specs/NAME.toml`, and in a Rust package `tests/NAME.rs`. Files that exist are left alone.
#[must_use]
pub fn run(arguments: &NewArguments) -> Exit {
    let name = &arguments.name;
    let package = arguments.into.clone().unwrap_or_default();
    let spec = package.join("specs").join(format!("{name}.toml"));
    let proof = package.join("tests").join(format!("{}.rs", name.replace('-', "_")));
    let is_package = package.join("Cargo.toml").exists();
    let mut files = vec![(&spec, spec_of(&arguments.protocol, name))];
    if is_package {
        let text = PROOF.replace("{name}", name).replace("{ident}", &name.replace('-', "_"));
        files.push((&proof, text));
    }
    if let Some((path, _)) = files.iter().find(|(path, _)| path.exists()) {
        return errors::with_help(
            format_args!("`{}` exists already", path.display()),
            "choose another name, or remove the file",
        );
    }
    for (path, text) in &files {
        if let Err(error) = write(path, text) {
            return errors::with_help(
                format_args!("`{}` cannot be written: {error}", path.display()),
                "choose a directory that can be written to with --into",
            );
        }
    }
    let written: Vec<String> = files.iter().map(|(path, _)| path.display().to_string()).collect();
    errors::remark(format_args!(
        "Wrote {}.\nNext: amends check {spec}, and amends audit {spec}",
        written.join(" and "),
        spec = spec.display(),
    ));
    Exit::AsExpected
}

/// The spec to start from, under its new name.
fn spec_of(protocol: &str, name: &str) -> String {
    let found = SPECS.iter().find(|(known, _)| *known == protocol);
    let template = found.map_or("", |(_, text)| text);
    let lines = template.replace("{name}", name);
    let renamed = lines.lines().map(|line| match line.split_once('=') {
        Some((key, _)) if key.trim() == "name" && key.starts_with("name") => {
            format!("{key}= \"{name}\"")
        }
        // Comments tell how to check the spec under its old name.
        _ => match line.split_once("specs/") {
            Some((before, rest)) if line.starts_with('#') => {
                let rest = rest.split_once(".toml").map_or("", |(_, rest)| rest);
                format!("{before}specs/{name}.toml{rest}")
            }
            _ => line.to_owned(),
        },
    });
    let mut found_name = false;
    let mut text = String::new();
    for (line, original) in renamed.zip(lines.lines()) {
        // Only the first name is the spec's; steps and properties keep theirs.
        let is_name = line != original && line.starts_with("name");
        text.push_str(if is_name && found_name { original } else { &line });
        text.push('\n');
        found_name |= is_name || original.starts_with("name");
    }
    text
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
