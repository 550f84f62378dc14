//! Proves the {name} workflow: every property of its spec, in every run that its fault budget allows.

use amends::check::{CheckOptions, check_spec};
use amends::report::{Comparison, text};

#[test]
fn {ident}_is_as_its_spec_expects() {
    let spec = amends::spec::read("specs/{name}.toml").expect("the spec is sound");
    let report = check_spec(&spec, &CheckOptions::default(), |_| {}).expect("it can be checked");
    assert_eq!(report.comparison(), Comparison::AsExpected, "{}", text::render(&report));
}
