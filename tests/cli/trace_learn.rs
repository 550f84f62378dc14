//! `amends trace learn`.

use insta_cmd::assert_cmd_snapshot;

use crate::amends::Home;

const SHOP: &str = include_str!("traces/shop.ndjson");

fn shop() -> Home {
    Home::empty().with("shop.ndjson", SHOP)
}

/// A home with the traces of a run that had faults.
fn run() -> Home {
    let home = Home::with_order();
    let faults = "--faults lose=0.05,crash@payment=0.05";
    home.run(&format!("run order.toml --workflows 30 --seed 5 {faults} --otlp run.ndjson"));
    home
}

/// What a command wrote, whatever it is.
fn written(home: &Home, arguments: &str) -> String {
    let output = home.run(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments}: {said}");
    String::from_utf8(output.stdout).expect("it is text")
}

#[test]
fn a_spec_is_drafted_from_what_conforms() {
    assert_cmd_snapshot!(shop().amends("trace learn shop.ndjson --workflow order"));
}

#[test]
fn a_draft_can_be_checked_as_it_is() {
    let home = run();
    let draft = written(&home, "trace learn run.ndjson");
    for step in ["reserve-stock", "charge"] {
        assert!(draft.contains(&format!("name    = \"{step}\"")), "{draft}");
    }
    assert!(draft.contains("in 1000 workflows"), "{draft}");
    let home = home.with("draft.toml", draft);
    let checked = home.run("check draft.toml --max-states 200000");
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(matches!(checked.status.code(), Some(0 | 3)), "{said}");
    let judged = home.run("trace check run.ndjson --spec draft.toml");
    let said = String::from_utf8_lossy(&judged.stdout).into_owned();
    assert!(said.contains(" 0 violate"), "{said}");
}

#[test]
fn a_tcc_is_drafted_as_one() {
    let draft = written(&shop(), "trace learn shop.ndjson --workflow trip");
    assert!(draft.contains("protocol  = \"tcc\""), "{draft}");
    let home = Home::empty().with("draft.toml", draft);
    assert_eq!(home.run("check draft.toml").status.code(), Some(0));
}

#[test]
fn of_several_workflows_one_has_to_be_chosen() {
    assert_cmd_snapshot!(shop().amends("trace learn shop.ndjson"));
}

#[test]
fn a_workflow_that_is_not_there_is_bad_input() {
    assert_cmd_snapshot!(shop().amends("trace learn shop.ndjson --workflow tripp"));
}

#[test]
fn what_can_be_read_only_once_is_not_learnt_from() {
    assert_cmd_snapshot!(Home::empty().amends("trace learn -"));
}

#[test]
fn a_policy_about_doubt_becomes_a_choice() {
    let draft = written(&shop(), "trace learn shop.ndjson --workflow order --in-doubt never");
    assert!(draft.contains("in-doubt = \"ignore\""), "{draft}");
}
