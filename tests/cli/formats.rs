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

/// What a document has against a schema.
pub(crate) fn complaints(schema: &Value, document: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).expect("the schema is one");
    validator.iter_errors(document).map(|error| error.to_string()).collect()
}

/// The schema is that of OASIS, *Static Analysis Results Interchange Format Version 2.1.0*.
#[test]
fn sarif_is_valid_by_its_schema() {
    let schema: Value =
        serde_json::from_str(include_str!("sarif-2.1.0.schema.json")).expect("it is JSON");
    let (_, text) = shown("sarif", "order.toml no-barrier.toml");
    let log: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(complaints(&schema, &log), [""; 0]);
    let mut wrong = log;
    wrong["runs"][0]["results"][0]["level"] = "fatal".into();
    assert!(!complaints(&schema, &wrong).is_empty(), "the schema knows no such level");
}

/// A property of the protocol is broken by a choice, which stands in a line of the spec.
#[test]
fn sarif_points_to_the_choice_and_to_the_step() {
    let (_, text) = shown("sarif", "no-barrier.toml");
    let log: Value = serde_json::from_str(&text).expect("it is JSON");
    let region = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"];
    let line = ORDER.lines().count() + 3;
    assert_eq!(region["startLine"], line, "that is where `barrier` is");
    let spec = ORDER.replacen("undo    = \"stock += 1\"\n", "", 1);
    let home = Home::empty().with("order.toml", &spec);
    let faults = "--faults none,refuse=1 --property sound-compensation";
    let output = home.run(&format!("check order.toml --format github {faults}"));
    let told = String::from_utf8(output.stdout).expect("it is text");
    let at =
        spec.lines().position(|line| line.starts_with("[[step]]")).expect("there is a step") + 2;
    assert!(told.starts_with(&format!("::error file=order.toml,line={at},")), "{told}");
}

#[test]
fn reports_are_valid_by_the_published_schema() {
    let schema: Value =
        serde_json::from_str(include_str!("../../specs/report.schema.json")).expect("it is JSON");
    let (_, text) = shown("json", "order.toml no-barrier.toml");
    for line in text.lines() {
        let report: Value = serde_json::from_str(line).expect("it is JSON");
        assert_eq!(complaints(&schema, &report), [""; 0]);
        assert_eq!(report["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(report["digest"].as_str().map(str::len), Some(64));
        assert!(report["knobs"]["saga.barrier"].is_string());
    }
}

/// What consumers of JUnit XML have in common: the elements, where they may stand, and the attributes
/// that must be there.
#[test]
fn junit_is_what_consumers_read() {
    use quick_xml::events::Event;
    let (_, text) = shown("junit", "order.toml no-barrier.toml");
    let mut reader = quick_xml::Reader::from_str(&text);
    let mut open: Vec<String> = Vec::new();
    loop {
        let event = reader.read_event().expect("it is XML");
        let (element, closes) = match &event {
            Event::Start(element) => (element, false),
            Event::Empty(element) => (element, true),
            Event::End(_) => {
                open.pop();
                continue;
            }
            Event::Eof => break,
            _ => continue,
        };
        let name = element.name().as_ref().to_string();
        let (parents, needed): (&[&str], &[&str]) = match name.as_str() {
            "testsuites" => (&[""], &[]),
            "testsuite" => {
                (&["testsuites"], &["name", "tests", "failures", "errors", "skipped", "time"])
            }
            "testcase" => (&["testsuite"], &["name", "classname"]),
            "failure" | "error" | "skipped" => (&["testcase"], &["message"]),
            other => panic!("no consumer knows <{other}>"),
        };
        let parent = open.last().map_or("", String::as_str);
        assert!(parents.contains(&parent), "<{name}> in <{parent}>");
        for attribute in needed {
            let found = element.try_get_attribute(attribute).expect("attributes can be read");
            assert!(found.is_some(), "<{name}> has no {attribute}");
        }
        if !closes {
            open.push(name);
        }
    }
    assert!(open.is_empty());
}
