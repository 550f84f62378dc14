//! `amends audit`: what the properties of a spec would miss.

use std::path::Path;
use std::process::Command;

use insta_cmd::assert_cmd_snapshot;

use crate::amends::{Home, ORDER, steadily};

#[test]
fn what_is_caught_and_what_is_unseen() {
    let without_properties = ORDER.split("[[property]]").next().expect("it has a beginning");
    let home = Home::empty().with("order.toml", without_properties);
    steadily(|| assert_cmd_snapshot!(home.amends("audit order.toml")));
}

#[test]
fn audits_are_there_for_programs() {
    let home = Home::with_order();
    let output = home.run("audit order.toml --format json");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let mistakes = report["mistakes"].as_array().expect("there are mistakes");
    let count = |outcome: &str| mistakes.iter().filter(|it| it["outcome"] == outcome).count();
    assert_eq!(report["caught"], count("caught"));
    assert_eq!(report["unseen"], count("unseen"));
    let duplicate = mistakes.iter().find(|it| it["title"] == "duplicate effect");
    let duplicate = duplicate.expect("the failure is known");
    assert_eq!(duplicate["outcome"], "caught");
    assert!(duplicate["caught_by"][0]["steps"].as_u64() > Some(0), "{duplicate}");
    let junit = home.run("audit order.toml --format junit");
    let text = String::from_utf8(junit.stdout).expect("it is text");
    assert_eq!(text.matches("<testcase ").count(), mistakes.len());
}

/// The specs to copy from notice what implementers of their protocols got wrong before.
#[test]
fn the_order_saga_misses_nothing() {
    let output = Command::new(env!("CARGO_BIN_EXE_amends"))
        .args(["audit", "specs/order-saga.toml", "--format", "json"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .output()
        .expect("the command runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
}
