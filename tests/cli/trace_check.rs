//! `amends trace check`.

use insta_cmd::assert_cmd_snapshot;

use crate::amends::Home;
use crate::formats::complaints;

const DUPLICATE: &str = include_str!("../../specs/anomalies/saga-duplicate-effect.toml");
const UNKNOWN: &str = include_str!("../../specs/anomalies/saga-unknown-outcome.toml");
const SHOP: &str = include_str!("traces/shop.ndjson");

/// A home with the traces that the counterexample of a spec would leave.
fn home() -> Home {
    let home = Home::with_order().with("wrong.toml", DUPLICATE);
    let found = home.run("check wrong.toml --property effect-once --format otlp");
    home.with("wrong.ndjson", found.stdout)
}

#[test]
fn a_counterexample_violates_the_right_design() {
    assert_cmd_snapshot!(
        home().amends("trace check wrong.ndjson --spec wrong.toml --set saga.barrier=full")
    );
}

#[test]
fn a_counterexample_is_a_run_of_the_wrong_design() {
    assert_cmd_snapshot!(home().amends("trace check wrong.ndjson --spec wrong.toml --all"));
}

#[test]
fn verdicts_are_written_for_programs() {
    assert_cmd_snapshot!(home().amends(
        "trace check wrong.ndjson --spec wrong.toml --set saga.barrier=full --format json"
    ));
}

#[test]
fn verdicts_are_written_for_test_dashboards() {
    let home = home();
    let judged = "trace check wrong.ndjson --spec wrong.toml --set saga.barrier=full";
    assert_cmd_snapshot!(home.amends(&format!("{judged} --format junit")));
}

#[test]
fn verdicts_are_written_for_code_scanning() {
    let judged = "trace check wrong.ndjson --spec wrong.toml --set saga.barrier=full";
    let output = home().run(&format!("{judged} --format sarif"));
    assert_eq!(output.status.code(), Some(1));
    let log: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let schema = serde_json::from_str(include_str!("sarif-2.1.0.schema.json")).expect("JSON");
    assert_eq!(complaints(&schema, &log), [""; 0]);
    insta::assert_json_snapshot!(log["runs"][0]["results"]);
}

/// A step that was done is not answered, and not undone.
#[test]
fn whether_a_step_in_doubt_must_be_undone_is_a_policy() {
    let home = Home::empty().with("doubt.toml", UNKNOWN);
    let found = home.run("check doubt.toml --property atomic --format otlp");
    let home = home.with("doubt.ndjson", found.stdout);
    let code =
        |arguments: &str| home.run(&format!("trace check doubt.ndjson {arguments}")).status.code();
    for spec in ["", "--spec doubt.toml"] {
        assert_eq!(code(&format!("{spec} --in-doubt never")), Some(0));
        assert_eq!(code(&format!("{spec} --in-doubt when-in-doubt")), Some(1));
        assert_eq!(code(&format!("{spec} --in-doubt always")), Some(1));
    }
    assert_eq!(code(""), Some(1), "the default is `when-in-doubt`");
    assert_eq!(code("--spec doubt.toml"), Some(0), "the spec chose to ignore them");
}

/// Faults at every corner, and a coordinator that crashes: all of it is explained.
#[test]
fn a_run_with_faults_does_not_violate_its_spec() {
    const SAGA: &str = include_str!("../../specs/order-saga.toml");
    let home = Home::empty().with("saga.toml", SAGA);
    let faults = "--faults lose=0.1,duplicate=0.1,crash=0.05";
    home.run(&format!("run saga.toml --workflows 50 --seed 3 {faults} --otlp run.ndjson"));
    let judged = home.run("trace check run.ndjson --spec saga.toml --format json");
    let said = String::from_utf8_lossy(&judged.stdout).into_owned();
    let last = said.lines().last().expect("there is a summary");
    let summary: serde_json::Value = serde_json::from_str(last).expect("it is JSON");
    assert_eq!(summary["summary"]["workflows"], 50, "{last}");
    assert_eq!(summary["summary"]["violates"], 0, "{said}");
    assert!(summary["summary"]["explained_by_faults"].as_u64() > Some(0), "{last}");
}

#[test]
fn workflows_are_judged_by_what_they_show_where_there_is_no_spec() {
    let home = Home::empty().with("shop.ndjson", SHOP);
    assert_cmd_snapshot!(home.amends("trace check shop.ndjson --all"));
}

#[test]
fn a_run_of_the_runtime_conforms_to_its_spec() {
    let home = Home::with_order();
    let ran = home.run("run order.toml --workflows 20 --seed 5 --otlp run.ndjson");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
    let judged = home.run("trace check run.ndjson --spec order.toml");
    let said = String::from_utf8_lossy(&judged.stdout);
    assert!(judged.status.success(), "{said}");
    assert!(said.contains("20 workflows: 20 conform"), "{said}");
}

#[test]
fn a_page_is_saved_for_each_violation() {
    let home = home();
    home.run("trace check wrong.ndjson --spec wrong.toml --set saga.barrier=full --save pages");
    let pages = std::fs::read_dir(home.path().join("pages")).expect("there are pages").count();
    assert_eq!(pages, 1);
}

#[test]
fn what_can_be_read_only_once_needs_a_spec() {
    assert_cmd_snapshot!(Home::empty().amends("trace check -"));
}

#[test]
fn a_mapping_that_is_not_there_is_bad_input() {
    assert_cmd_snapshot!(home().amends("trace check wrong.ndjson --map nowhere.toml"));
}
