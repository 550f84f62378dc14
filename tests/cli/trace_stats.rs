//! `amends trace stats`.

use insta_cmd::assert_cmd_snapshot;

use crate::amends::Home;

fn home() -> Home {
    Home::empty().with("shop.ndjson", include_str!("traces/shop.ndjson"))
}

#[test]
fn what_exceeds_a_threshold_is_not_as_expected() {
    assert_cmd_snapshot!(home().amends("trace stats shop.ndjson"));
}

#[test]
fn thresholds_can_be_set() {
    let set = "--max-failed 50% --max-compensated 34 --max-try-failed any --max-event-lag 2s";
    let output = home().run(&format!("trace stats shop.ndjson {set}"));
    assert_eq!(output.status.code(), Some(1), "all runs of the trip failed");
    let output = home().run(&format!("trace stats shop.ndjson {set} --max-failed any"));
    assert_eq!(output.status.code(), Some(2), "a flag comes once");
    let set = set.replace("50%", "any");
    let output = home().run(&format!("trace stats shop.ndjson {set} --format json"));
    assert_eq!(output.status.code(), Some(0));
    let object: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("the output is JSON");
    assert_eq!(object["workflows"], 5);
    assert_eq!(object["exceeded"].as_array().map(Vec::len), Some(0));
}

#[test]
fn the_faults_that_explain_workflows_are_counted_and_have_a_threshold() {
    let home = Home::with_order();
    let faults = "--faults lose=0.2 --seed 5";
    home.run(&format!("run order.toml --workflows 20 {faults} --otlp run.ndjson"));
    let any = "--max-failed any --max-compensated any --max-p99 any --max-event-lag any";
    let faults = |limit: &str| {
        let stats = format!("trace stats run.ndjson {any} --spec order.toml --format json {limit}");
        let output = home.run(&stats);
        let object: serde_json::Value =
            serde_json::from_slice(&output.stdout).expect("the output is JSON");
        (output.status.code(), object)
    };
    let (code, object) = faults("--max-faults 1");
    assert_eq!(code, Some(1));
    assert_eq!(object["exceeded"][0]["threshold"], "faults");
    assert!(object["by_workflow"][0]["faults_per_thousand"].as_f64() > Some(1.0), "{object}");
    assert_eq!(faults("--max-faults any").0, Some(0));
}

#[test]
fn events_of_a_log_wait_for_their_consumers() {
    const EVENTS: &str = include_str!("../../specs/event-sourced-order.toml");
    let home = Home::empty().with("events.toml", EVENTS);
    home.run("run events.toml --workflows 5 --seed 5 --otlp run.ndjson");
    let output = home.run("trace stats run.ndjson --format json");
    let object: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("the output is JSON");
    assert!(object["event_lag"]["count"].as_u64() > Some(5), "{object}");
}

#[test]
fn workflows_are_explained_by_what_they_show_where_there_is_no_spec() {
    let output = home().run("trace stats shop.ndjson --explain --format json");
    let object: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("the output is JSON");
    assert!(object["by_workflow"][0]["explained"].as_u64() > Some(0), "{object}");
}

#[test]
fn a_threshold_that_is_none_is_refused() {
    assert_cmd_snapshot!(home().amends("trace stats shop.ndjson --max-failed much"));
}
