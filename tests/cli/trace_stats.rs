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
fn a_threshold_that_is_none_is_refused() {
    assert_cmd_snapshot!(home().amends("trace stats shop.ndjson --max-failed much"));
}
