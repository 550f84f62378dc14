//! `amends trace check`.

use insta_cmd::assert_cmd_snapshot;

use crate::amends::Home;

const DUPLICATE: &str = include_str!("../../specs/anomalies/saga-duplicate-effect.toml");
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
