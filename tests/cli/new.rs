//! `amends new`: what it writes is sound.

use amends::models::protocols::{AnyProtocol, Protocol};
use insta_cmd::assert_cmd_snapshot;

use crate::amends::{Home, steadily};

#[test]
fn the_new_spec_holds() {
    let home = Home::empty().with("Cargo.toml", "[package]");
    assert_eq!(home.run("new money-back").status.code(), Some(0));
    let output = home.run("check specs/money-back.toml");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(home.read("tests/money_back.rs").contains("fn money_back_is_as_its_spec_expects()"));
}

#[test]
fn where_there_is_no_package_there_is_no_proof_in_rust() {
    let home = Home::empty();
    assert_cmd_snapshot!(home.amends("new money-back"));
    assert!(!home.path().join("tests").exists());
}

#[test]
fn there_is_a_spec_to_start_from_for_every_protocol() {
    let home = Home::empty();
    for protocol in Protocol::NAMES {
        assert_eq!(
            home.run(&format!("new my-{protocol} --protocol {protocol}")).status.code(),
            Some(0)
        );
        let path = home.path().join(format!("specs/my-{protocol}.toml"));
        let spec = amends::spec::read(path).expect("the spec is sound");
        assert_eq!(spec.design.protocol().name(), *protocol);
        assert_eq!(spec.design.workflow().name(), format!("my-{protocol}"));
    }
}

/// The example of the README works on what is written, and says so where it is given no chance.
#[test]
fn the_headline_of_the_readme_works_on_the_new_spec() {
    let home = Home::empty();
    home.run("new order");
    let headline = "check specs/order.toml --set saga.log=after-send --property atomic";
    let output = home.run(&format!("{headline} --faults none,crash@coordinator=1"));
    assert_eq!(output.status.code(), Some(1));
    steadily(|| assert_cmd_snapshot!(home.amends(&format!("{headline} --faults none"))));
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
