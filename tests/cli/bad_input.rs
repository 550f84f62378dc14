//! Bad input and usage: what is wrong, where, how to mend it, and exit code 2.

use insta_cmd::assert_cmd_snapshot;

use crate::amends::{Home, ORDER, steadily};

fn assert_rejected(name: &str, home: &Home, arguments: &str) {
    steadily(|| assert_cmd_snapshot!(name, home.amends(arguments)));
    assert_eq!(home.run(arguments).status.code(), Some(2));
}

#[test]
fn a_command_is_needed() {
    assert_rejected("no-command", &Home::empty(), "");
}

#[test]
fn a_path_is_needed() {
    assert_rejected("no-path", &Home::empty(), "check");
}

#[test]
fn a_missing_file() {
    assert_rejected("missing-file", &Home::empty(), "check nowhere.toml");
}

#[test]
fn a_directory_without_specs() {
    let home = Home::empty().with("docs/notes.md", "");
    assert_rejected("directory-without-specs", &home, "check docs");
}

#[test]
fn a_file_that_is_not_text() {
    let home = Home::empty().with("order.toml", [0xff, 0xfe, 0x00]);
    assert_rejected("not-text", &home, "check order.toml");
}

#[test]
fn a_key_nobody_knows() {
    let home = Home::empty().with("order.toml", ORDER.replace("instances", "instanses"));
    assert_rejected("unknown-key", &home, "check order.toml");
}

#[test]
fn a_service_nobody_defined() {
    let spec = ORDER.replace("service = \"payment\"", "service = \"paiment\"");
    let home = Home::empty().with("order.toml", spec);
    assert_rejected("unknown-service", &home, "check order.toml");
}

#[test]
fn a_resource_of_another_service() {
    let home = Home::empty().with("order.toml", ORDER.replace("stock -= 1", "balance -= 1"));
    assert_rejected("unknown-resource", &home, "check order.toml");
}

#[test]
fn an_expression_that_does_not_parse() {
    let home = Home::empty().with("order.toml", ORDER.replace("stock >= 1", "stock >="));
    assert_rejected("broken-expression", &home, "check order.toml");
}

#[test]
fn a_property_nobody_states() {
    let home = Home::with_order();
    assert_rejected("unknown-property", &home, "check order.toml --property atomicity");
}

#[test]
fn an_expectation_of_a_property_nobody_states() {
    let spec = format!("{ORDER}\n[expect]\natomicity = \"holds\"\n");
    let home = Home::empty().with("order.toml", spec);
    assert_rejected("unknown-expectation", &home, "check order.toml");
}

#[test]
fn a_knob_nobody_knows() {
    assert_rejected("unknown-knob", &Home::with_order(), "check order.toml --set saga.barier=none");
}

#[test]
fn a_guard_without_a_result() {
    let home = Home::empty().with("order.toml", ORDER.replace("stock >= 1", "1 / (stock - 1) > 0"));
    assert_rejected("undefined-guard", &home, "check order.toml");
}

#[test]
fn a_line_without_a_result() {
    let lines = r#"["stock -= 1", "stock = 1 / stock"]"#;
    let home = Home::empty().with("order.toml", ORDER.replace(r#""stock -= 1""#, lines));
    assert_rejected("undefined-line", &home, "check order.toml");
}

#[test]
fn a_prepared_step_without_a_result() {
    let spec = r#"
        name     = "transfer"
        protocol = "two-phase-commit"

        [services.bank]
        balance = 1

        [[step]]
        name    = "withdraw"
        service = "bank"
        do      = "balance -= 1"

        [[step]]
        name    = "share"
        service = "bank"
        do      = "balance = 10 / balance"
    "#;
    let home = Home::empty().with("transfer.toml", spec);
    assert_rejected("undefined-prepared-step", &home, "check transfer.toml");
}

#[test]
fn a_property_without_a_result() {
    let rate = "[[property]]\nname = \"rate\"\nalways = \"10 / inventory.stock >= 1\"\n";
    let home = Home::empty().with("order.toml", format!("{ORDER}\n{rate}"));
    assert_rejected("undefined-property", &home, "check order.toml");
    let given = "[[property]]\nname = \"rate\"\ngiven = \"10 / inventory.stock >= 1\"\n\
                 always = \"inventory.stock >= 0\"\n";
    let home = Home::empty().with("order.toml", format!("{ORDER}\n{given}"));
    assert_rejected("undefined-premise", &home, "check order.toml");
}

#[test]
fn a_value_no_knob_takes() {
    assert_rejected("wrong-value", &Home::with_order(), "check order.toml --set saga.barrier=half");
}

#[test]
fn a_fault_nobody_knows() {
    assert_rejected("unknown-fault", &Home::with_order(), "check order.toml --faults crahs=1");
}

#[test]
fn a_fault_at_a_service_nobody_defined() {
    let home = Home::with_order();
    assert_rejected("fault-nowhere", &home, "check order.toml --faults crash@inventry=1");
}

#[test]
fn a_size_that_is_none() {
    assert_rejected("no-size", &Home::with_order(), "check order.toml --max-memory plenty");
}

#[test]
fn a_duration_that_is_none() {
    assert_rejected("no-duration", &Home::with_order(), "check order.toml --timeout soon");
}

#[test]
fn an_address_that_is_none() {
    assert_rejected("no-address", &Home::with_order(), "explore order.toml --listen here");
}
