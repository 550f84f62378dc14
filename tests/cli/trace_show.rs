//! `amends trace show`.

use insta_cmd::assert_cmd_snapshot;

use crate::amends::Home;

const SHOP: &str = include_str!("traces/shop.ndjson");

fn home() -> Home {
    Home::empty().with("shop.ndjson", SHOP)
}

#[test]
fn workflows_are_shown_one_after_the_other() {
    assert_cmd_snapshot!(home().amends("trace show shop.ndjson"));
}

#[test]
fn one_workflow_can_be_chosen() {
    let home = home();
    let by_id = home.run("trace show shop.ndjson --workflow o-2");
    let by_trace = home.run("trace show shop.ndjson --trace 00000000000000000000000000000002");
    let failed = home.run("trace show shop.ndjson --failed --limit 1");
    assert!(String::from_utf8_lossy(&by_id.stdout).starts_with("saga order o-2: compensated"));
    assert_eq!(by_id.stdout, by_trace.stdout);
    assert_eq!(by_id.stdout, failed.stdout);
}

#[test]
fn a_workflow_that_is_not_there_is_bad_input() {
    assert_cmd_snapshot!(home().amends("trace show shop.ndjson --workflow nobody"));
}

#[test]
fn each_workflow_can_be_saved_as_a_file() {
    let home = home();
    assert!(home.run("trace show shop.ndjson --format html --save pages").status.success());
    for name in ["o-1", "o-2", "o-3", "t-4", "00000000000000000000000000000005"] {
        assert!(home.read(&format!("pages/{name}.html")).starts_with("<!DOCTYPE html>"));
    }
}

#[test]
fn a_document_of_one_workflow_cannot_hold_several() {
    assert_cmd_snapshot!(home().amends("trace show shop.ndjson --format jaeger --limit 2"));
}

#[test]
fn what_is_no_trace_is_refused() {
    let home = Home::empty().with("notes.txt", "buy milk").with("empty.json", "");
    assert_cmd_snapshot!("not a trace", home.amends("trace show notes.txt"));
    assert_cmd_snapshot!("nothing in it", home.amends("trace show empty.json"));
    assert_cmd_snapshot!("missing", home.amends("trace show nowhere.json"));
}

#[test]
fn the_readme_shows_what_the_command_shows() {
    let output = home().run("trace show shop.ndjson --workflow o-2");
    let text = String::from_utf8(output.stdout).expect("it is text");
    let readme = include_str!("../../README.md");
    assert!(readme.contains(text.trim_end()), "the README should show:\n{text}");
}
