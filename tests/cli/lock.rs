//! `amends check --lock` and `amends diff`: what changed since it was reviewed.

use insta_cmd::assert_cmd_snapshot;

use crate::amends::{Home, ORDER, steadily};

fn locked() -> Home {
    let home = Home::with_order();
    let written = home.run("check order.toml --lock verdicts.lock --update-lock");
    assert_eq!(written.status.code(), Some(0));
    assert_eq!(home.run("check order.toml --lock verdicts.lock -q").status.code(), Some(0));
    home
}

#[test]
fn a_lock_is_written_and_kept() {
    insta::assert_snapshot!(locked().read("verdicts.lock"));
}

#[test]
fn a_changed_spec_with_the_same_verdicts_is_told() {
    let home = locked().with("order.toml", format!("{ORDER}\n# a remark\n"));
    assert_cmd_snapshot!(home.amends("check order.toml --lock verdicts.lock -q"));
}

#[test]
fn changed_counts_verdicts_and_lengths_are_told() {
    let home = locked();
    steadily(|| {
        assert_cmd_snapshot!(
            home.amends("check order.toml --lock verdicts.lock -q --set step.charge.undo= --faults none,refuse=1")
        );
    });
    let lock = home.read("verdicts.lock");
    for (before, after) in [("depth = ", "depth = 1"), ("\"holds\"", "\"vacuous\"")] {
        let home = locked().with("verdicts.lock", lock.replacen(before, after, 1));
        let output = home.run("check order.toml --lock verdicts.lock -q");
        assert_eq!(output.status.code(), Some(1), "{before}");
    }
}

#[test]
fn specs_that_come_and_go_are_told() {
    let home = locked();
    std::fs::rename(home.path().join("order.toml"), home.path().join("other.toml"))
        .expect("it can be renamed");
    let output = home.run("check . --lock verdicts.lock -q");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        told.contains("order.toml\n  is gone") && told.contains("other.toml\n  is new"),
        "{told}"
    );
}

#[test]
fn a_lock_that_is_none_is_bad_input() {
    let home = Home::with_order().with("verdicts.lock", "states");
    assert_cmd_snapshot!(home.amends("check order.toml --lock verdicts.lock"));
    assert_eq!(home.run("check order.toml --lock missing.lock").status.code(), Some(2));
}

#[test]
fn two_reports_are_told_apart() {
    let report = |home: &Home, arguments: &str| {
        home.run(&format!("check order.toml --format json {arguments}")).stdout
    };
    let home = Home::with_order();
    let home = {
        let (before, after) = (report(&home, ""), report(&home, "--set saga.barrier=none"));
        home.with("before.json", before).with("after.json", after)
    };
    assert_cmd_snapshot!(home.amends("diff before.json after.json"));
    assert_cmd_snapshot!("no_difference", home.amends("diff before.json before.json"));
    assert_eq!(home.run("diff before.json order.toml").status.code(), Some(2));
}
