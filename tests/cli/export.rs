//! `amends export`: alert rules, dashboards and faults, as the tools that read them want them.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use insta_cmd::assert_cmd_snapshot;
use serde_json::Value;

use crate::amends::Home;
use crate::formats::complaints;

/// Specs of each protocol, from the directory of specs.
const SPECS: [&str; 7] = [
    "order-saga",
    "order-choreography",
    "tcc-order",
    "two-phase-transfer",
    "outbox-order",
    "event-sourced-order",
    "order-mixed",
];

fn specs() -> Home {
    SPECS.iter().fold(Home::empty(), |home, name| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("specs/{name}.toml"));
        home.with(&format!("{name}.toml"), std::fs::read(path).expect("the spec is there"))
    })
}

fn exported(home: &Home, arguments: &str) -> String {
    let output = home.run(&format!("export {arguments}"));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it is text")
}

#[test]
fn alert_rules_of_a_tcc() {
    assert_cmd_snapshot!(specs().amends("export alerts tcc-order.toml"));
}

#[test]
fn prometheus_takes_the_rules_of_every_protocol() {
    if !is_installed("promtool", "prometheus") {
        return;
    }
    let home = specs();
    for name in SPECS {
        let rules = exported(&home, &format!("alerts {name}.toml"));
        let path = home.path().join("rules.yml");
        std::fs::write(&path, rules).expect("there is room for a file");
        let checked = check_rules(&path);
        assert!(checked.0, "{name}: {}", checked.1);
    }
}

#[test]
fn prometheus_takes_the_queries_of_every_dashboard() {
    if !is_installed("promtool", "prometheus") {
        return;
    }
    let home = specs();
    for name in SPECS {
        let dashboard: Value =
            serde_json::from_str(&exported(&home, &format!("dashboard {name}.toml")))
                .expect("it is JSON");
        let panels = dashboard["panels"].as_array().expect("there are panels");
        let targets =
            panels.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
        let mut rules = "groups:\n- name: dashboard\n  rules:\n".to_owned();
        for (at, target) in targets.enumerate() {
            let query = target["expr"].as_str().expect("a query").replace("$__rate_interval", "5m");
            rules += &format!("  - record: query:{at}\n    expr: '{query}'\n");
        }
        let path = home.path().join("queries.yml");
        std::fs::write(&path, rules).expect("there is room for a file");
        let checked = check_rules(&path);
        assert!(checked.0, "{name}: {}", checked.1);
    }
}

#[test]
fn a_rule_that_is_none_would_be_noticed() {
    if !is_installed("promtool", "prometheus") {
        return;
    }
    let rules = "groups:\n- name: wrong\n  rules:\n  - alert: Wrong\n    expr: 'sum by (x'\n";
    let home = Home::empty().with("rules.yml", rules);
    assert!(!check_rules(&home.path().join("rules.yml")).0);
}

fn check_rules(path: &Path) -> (bool, String) {
    let output =
        Command::new("promtool").args(["check", "rules"]).arg(path).output().expect("it runs");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Whether a checker is there. Where all changes are tested, it must be.
fn is_installed(program: &str, package: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    assert!(there || std::env::var_os("CI").is_none(), "{program} is missing; install {package}");
    there
}

#[test]
fn a_dashboard_has_a_panel_for_each_indicator() {
    let home = specs();
    let dashboard: Value =
        serde_json::from_str(&exported(&home, "dashboard order-mixed.toml")).expect("it is JSON");
    let panels = dashboard["panels"].as_array().expect("there are panels");
    let mut places: Vec<_> = panels.iter().map(|panel| panel["gridPos"].to_string()).collect();
    places.sort();
    places.dedup();
    assert_eq!(places.len(), panels.len(), "no panel hides another");
    let titles: Vec<_> = panels.iter().map(|panel| panel["title"].as_str()).collect();
    insta::assert_debug_snapshot!(titles);
}

#[test]
fn faults_of_a_spec() {
    assert_cmd_snapshot!(specs().amends("export chaos order-saga.toml --namespace shop"));
}

#[test]
fn faults_of_a_counterexample() {
    let home = specs();
    let output = home.run(
        "check order-saga.toml --set saga.log=after-send --faults none,crash@coordinator=1 \
         --property atomic --format json",
    );
    assert_eq!(output.status.code(), Some(1));
    let home = home.with("counterexample.json", output.stdout);
    assert_cmd_snapshot!(home.amends("export chaos counterexample.json"));
}

/// What a document has against one of the schemas that are kept beside the tests.
fn complaints_by(schema: &str, document: &Value) -> Vec<String> {
    complaints(&serde_json::from_str(schema).expect("the schema is JSON"), document)
}

const GRAFANA: &str = include_str!("schemas/grafana-dashboard.schema.json");
const CHAOS_MESH: &str = include_str!("schemas/chaos-mesh.schema.json");

#[test]
fn dashboards_are_what_grafana_imports() {
    let home = specs();
    for name in SPECS {
        let text = exported(&home, &format!("dashboard {name}.toml"));
        let dashboard: Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(complaints_by(GRAFANA, &dashboard), [""; 0], "{name}");
        let ids: Vec<_> = dashboard["panels"].as_array().into_iter().flatten().collect();
        let ids: BTreeSet<_> = ids.iter().map(|panel| panel["id"].as_u64()).collect();
        assert_eq!(Some(ids.len()), dashboard["panels"].as_array().map(Vec::len), "{name}");
    }
}

#[test]
fn a_dashboard_that_is_none_would_be_noticed() {
    let text = exported(&specs(), "dashboard order-saga.toml");
    let sound: Value = serde_json::from_str(&text).expect("it is JSON");
    let mut wrong = vec![sound; 3];
    wrong[0]["panels"][0]["gridPos"]["w"] = 25.into();
    wrong[1]["panels"][0]["targets"][0]["refId"] = Value::Null;
    wrong[2]["schemaVersion"] = "39".into();
    for dashboard in wrong {
        assert!(!complaints_by(GRAFANA, &dashboard).is_empty());
    }
}

/// The documents of a stream of YAML.
fn documents(text: &str) -> Vec<Value> {
    let documents = text.split("\n---\n").skip(1);
    documents.map(|text| serde_saphyr::from_str(text).expect("it is YAML")).collect()
}

#[test]
fn manifests_are_what_chaos_mesh_takes() {
    let home = specs();
    let mut kinds = BTreeSet::new();
    for name in SPECS {
        for manifest in documents(&exported(&home, &format!("chaos {name}.toml"))) {
            assert_eq!(complaints_by(CHAOS_MESH, &manifest), [""; 0], "{name}: {manifest}");
            kinds.insert(manifest["spec"]["action"].to_string());
        }
    }
    assert!(kinds.len() > 2, "only {kinds:?} were seen");
}

#[test]
fn a_manifest_that_is_none_would_be_noticed() {
    let sound = documents(&exported(&specs(), "chaos order-saga.toml"));
    let (kill, loss) = (&sound[0], &sound[2]);
    let mut wrong = [kill.clone(), kill.clone(), loss.clone(), loss.clone()];
    wrong[0]["spec"]["action"] = "pod-murder".into();
    wrong[1]["spec"]["selectors"] = wrong[1]["spec"]["selector"].clone();
    wrong[2]["spec"]["loss"]["loss"] = 100.into();
    wrong[3]["spec"]["duration"] = "for a while".into();
    for manifest in wrong {
        assert!(!complaints_by(CHAOS_MESH, &manifest).is_empty(), "{manifest}");
    }
}

#[test]
fn what_has_no_counterexample_is_refused() {
    let home = Home::empty().with("report.json", "{\"properties\": []}");
    assert_cmd_snapshot!(home.amends("export chaos report.json"));
}
