//! `amends trace map`.

use insta_cmd::assert_cmd_snapshot;

use crate::amends::Home;

/// Trips, told of in words of their own.
const TRAVEL: &str = include_str!("traces/travel.ndjson");
const SHOP: &str = include_str!("traces/shop.ndjson");

#[test]
fn a_mapping_is_proposed_and_says_what_it_could_not_place() {
    let home = Home::empty().with("travel.ndjson", TRAVEL);
    assert_cmd_snapshot!(home.amends("trace map travel.ndjson"));
}

#[test]
fn the_proposal_is_a_mapping_by_which_traces_are_judged() {
    let home = Home::empty().with("travel.ndjson", TRAVEL);
    let proposed = home.run("trace map travel.ndjson").stdout;
    let home = home.with("travel.toml", proposed);
    assert_cmd_snapshot!(home.amends("trace check travel.ndjson --map travel.toml --all"));
}

#[test]
fn where_all_is_read_already_nothing_is_proposed() {
    let home = Home::with_order();
    home.run("run order.toml --workflows 3 --seed 5 --otlp run.ndjson");
    assert_cmd_snapshot!(home.amends("trace map run.ndjson"));
}

#[test]
fn spans_that_stand_for_nothing_are_listed() {
    let home = Home::empty().with("shop.ndjson", SHOP);
    assert_cmd_snapshot!(home.amends("trace map shop.ndjson"));
}

#[test]
fn a_file_without_spans_is_bad_input() {
    let home = Home::empty().with("empty.ndjson", "{}\n");
    assert_cmd_snapshot!(home.amends("trace map empty.ndjson"));
}
