//! The README tells the truth.

use std::path::Path;
use std::process::Command;

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
