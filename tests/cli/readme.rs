//! The README tells the truth.

use std::path::Path;
use std::process::Command;

use amends::models::protocols::saga::SagaKnobs;
use amends::models::protocols::{AnyProtocol, Protocol};

const README: &str = include_str!("../../README.md");

#[test]
fn the_counterexample_of_the_readme_is_what_the_command_shows() {
    let arguments = "check specs/order-saga.toml --set saga.log=after-send \
                     --faults none,crash@coordinator=1 --property atomic";
    let output = Command::new(env!("CARGO_BIN_EXE_amends"))
        .args(arguments.split_whitespace())
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .output()
        .expect("the command runs");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).expect("it is text");
    let (_, story) = text.split_once("\n\n✗").expect("there is a story");
    assert!(README.contains(story.trim_end()), "the README should show:\n{text}");
}

#[test]
fn the_spec_of_the_readme_is_sound() {
    let (_, rest) = README.split_once("```toml\n").expect("there is a spec");
    let (spec, _) = rest.split_once("```").expect("it ends");
    let home = crate::amends::Home::empty().with("order.toml", spec);
    let output = home.run("check order.toml");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The rows of the first table under that header, by what stands in their first column.
fn rows(header: &str) -> Vec<&'static str> {
    let (_, table) = README.split_once(header).expect("there is such a table");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.flat_map(|row| row.split('|').nth(1).expect("it has a column").split(','))
        .map(|cell| cell.trim().trim_matches('`'))
        .collect()
}

#[test]
fn the_readme_has_every_protocol_of_the_catalogue() {
    let mut listed = rows("| protocol | what it is | to start from |");
    let mut known = Protocol::NAMES.to_vec();
    listed.sort_unstable();
    known.sort_unstable();
    assert_eq!(listed, known);
}

#[test]
fn the_readme_has_every_property_of_sagas() {
    let saga = Protocol::from(SagaKnobs::default());
    let mut listed = rows("| property | what it rules out |");
    let mut known = saga.requirements().reserved_names();
    listed.sort_unstable();
    known.sort_unstable();
    assert_eq!(listed, known);
}
