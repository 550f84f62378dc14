//! `amends export`: alert rules, dashboards and faults, as the tools that read them want them.

use std::path::Path;
use std::process::Command;

use insta_cmd::assert_cmd_snapshot;

use crate::amends::Home;

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
        let dashboard: serde_json::Value =
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
    let dashboard: serde_json::Value =
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

#[test]
fn what_has_no_counterexample_is_refused() {
    let home = Home::empty().with("report.json", "{\"properties\": []}");
    assert_cmd_snapshot!(home.amends("export chaos report.json"));
}
