//! `amends new`: what it writes is sound.

use insta_cmd::assert_cmd_snapshot;

use crate::amends::Home;

#[test]
fn the_new_spec_holds() {
    let home = Home::empty();
    assert_eq!(home.run("new money-back").status.code(), Some(0));
    let output = home.run("check specs/money-back.toml");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(home.read("tests/money_back.rs").contains("fn money_back_is_as_its_spec_expects()"));
}

#[test]
fn what_exists_is_left_alone() {
    let home = Home::empty().with("specs/order.toml", "mine");
    assert_cmd_snapshot!(home.amends("new order"));
    assert_eq!(home.read("specs/order.toml"), "mine");
}

#[test]
fn names_are_file_names() {
    assert_cmd_snapshot!(Home::empty().amends("new ../order"));
}
