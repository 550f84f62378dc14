//! `amends check --format`: what programs read is well-formed, and says what the exit code says.

use serde_json::Value;

use crate::amends::{Home, ORDER};

fn shown(format: &str, specs: &str) -> (Option<i32>, String) {
    let home = Home::with_order()
        .with("no-barrier.toml", format!("{ORDER}\n[saga]\nbarrier = \"none\"\n"));
    let output = home.run(&format!("check {specs} --format {format} --property effect-once"));
    (output.status.code(), String::from_utf8(output.stdout).expect("it is text"))
}

#[test]
fn json_is_an_object_per_line() {
    let (code, text) = shown("json", "order.toml no-barrier.toml");
    assert_eq!(code, Some(1));
    let reports: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    assert_eq!(reports.len(), 2);
    assert_eq!(reports[0]["spec"], "order");
    assert_eq!(reports[0]["complete"], true);
    assert_eq!(reports[0]["properties"][0]["name"], "effect-once");
    assert_eq!(reports[0]["properties"][0]["verdict"], "holds");
    assert!(reports[0]["properties"][0]["counterexample"].is_null());
    let violated = &reports[1]["properties"][0];
    assert_eq!(violated["verdict"], "violated");
    assert_eq!(violated["expected"], "holds");
    let steps = violated["counterexample"]["steps"].as_array().expect("there are steps");
    assert!(!steps.is_empty());
    assert!(violated["counterexample"]["loop"].is_null());
}

#[test]
fn sarif_points_to_the_spec() {
    let (code, text) = shown("sarif", "order.toml no-barrier.toml");
    assert_eq!(code, Some(1));
    let log: Value = serde_json::from_str(&text).expect("it is JSON");
    let results = log["runs"][0]["results"].as_array().expect("there are results");
    assert_eq!(results.len(), 1);
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "no-barrier.toml");
}

#[test]
fn junit_counts_failures() {
    let (code, text) = shown("junit", "order.toml no-barrier.toml");
    assert_eq!(code, Some(1));
    assert!(text.contains(r#"tests="2" failures="1" errors="0""#), "{text}");
}

#[test]
fn mermaid_draws_the_counterexample() {
    let (_, text) = shown("mermaid", "no-barrier.toml");
    assert!(text.contains("```mermaid\nsequenceDiagram\n"), "{text}");
}

#[test]
fn html_is_one_page() {
    let (_, text) = shown("html", "order.toml no-barrier.toml");
    assert_eq!(text.matches("<!DOCTYPE html>").count(), 1);
    assert_eq!(text.matches("<svg").count(), 1);
}

#[test]
fn reports_are_saved_in_every_format() {
    let home = Home::with_order().with("zoo/order.toml", ORDER);
    let output = home.run("check order.toml zoo --save out/ci --property effect-once");
    assert_eq!(output.status.code(), Some(0));
    for name in ["order", "order-2"] {
        for ending in ["txt", "json", "md", "html"] {
            assert!(!home.read(&format!("out/ci/{name}.{ending}")).is_empty());
        }
    }
    assert!(home.read("out/ci/amends.xml").contains("<testsuites"));
    assert!(home.read("out/ci/amends.sarif").contains("2.1.0"));
    assert!(!home.read("out/ci/order.txt").contains('\u{1b}'));
}

#[test]
fn the_schema_is_json() {
    let output = Home::empty().run("export schema");
    assert_eq!(output.status.code(), Some(0));
    let schema: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert!(schema["properties"]["step"].is_object(), "{schema}");
}
