//! `amends run`: reports, exit codes, and what a store keeps between runs.

use insta_cmd::assert_cmd_snapshot;
use serde_json::{Value, json};

use crate::amends::{Home, ORDER, steadily};

/// The report of a run as JSON.
fn report(home: &Home, arguments: &str) -> Value {
    let output = home.run(&format!("run {arguments} --format json"));
    serde_json::from_slice(&output.stdout).expect("the output is one JSON document")
}

#[test]
fn a_run_that_holds_exits_0() {
    let home = Home::with_order();
    let arguments = "run order.toml --workflows 20 --faults duplicate=3 --seed 7";
    steadily(|| assert_cmd_snapshot!(home.amends(arguments)));
}

#[test]
fn a_violation_exits_1() {
    let rich = ORDER.replace("stock = 1", "stock = 100").replace("balance = 15", "balance = 1000");
    let home = Home::empty().with("order.toml", rich);
    let wrong = "order.toml --workflows 20 --faults duplicate=1.0 --set saga.barrier=none";
    assert_eq!(home.run(&format!("run {wrong}")).status.code(), Some(1));
    let violations = report(&home, wrong)["violations"].to_string();
    for property in ["effect-once", "atomic"] {
        assert!(violations.contains(property), "{property} should be among {violations}");
    }
}

#[test]
fn a_step_without_a_result_exits_2_and_names_the_step() {
    let home = Home::empty().with("order.toml", ORDER.replace("stock -= 1", "stock /= stock - 1"));
    steadily(|| assert_cmd_snapshot!(home.amends("run order.toml --workflows 1")));
}

#[test]
fn a_file_keeps_what_was_run() {
    let home = Home::with_order();
    let run = |workflows| {
        report(&home, &format!("order.toml --store sqlite:orders.db --workflows {workflows}"))
    };
    assert_eq!(run(3)["resources"], json!({"inventory": {"stock": 0}, "payment": {"balance": 5}}));
    let second = run(5);
    assert_eq!(second["completed"], 1, "the stock was sold in the first run: {second:#}");
    assert_eq!(second["compensated"], 4, "{second:#}");
}

#[test]
fn a_file_of_another_workflow_is_refused() {
    let home = Home::with_order().with("other.toml", ORDER.replace("stock >= 1", "stock >= 2"));
    home.run("run order.toml --store sqlite:orders.db --workflows 1");
    let other = "run other.toml --store sqlite:orders.db --workflows 1";
    steadily(|| assert_cmd_snapshot!(home.amends(other)));
}

#[test]
fn what_is_wrong_with_the_arguments_is_said() {
    let home = Home::with_order();
    for (name, arguments) in [
        ("run-fault-that-is-none", "run order.toml --faults loose=0.1"),
        ("run-rate-that-is-none", "run order.toml --faults lose=2.5"),
        ("run-fault-nowhere", "run order.toml --faults crash@paiment=1"),
        ("run-store-that-is-none", "run order.toml --store postgres"),
        ("run-store-nowhere", "run order.toml --store sqlite:no/where.db"),
        ("run-missing-spec", "run nowhere.toml"),
        ("run-nothing-at-a-time", "run order.toml --concurrency 0"),
    ] {
        steadily(|| assert_cmd_snapshot!(name, home.amends(arguments)));
        assert_eq!(home.run(arguments).status.code(), Some(2), "{arguments}");
    }
}
