//! What may stand in mapping files, and what is said when it is wrong.

use miette::NarratableReportHandler;

use crate::map::Mapping;

use super::spans::{seen, told};

#[test]
fn a_rule_reads_names_and_attributes() {
    let text = r#"
        [workflow]
        id = ["order"]
        [subjects]
        stock = "reserve-stock"
        [[span]]
        name      = "POST /*/reservations"
        kind      = ["internal", "server"]
        service   = "ware*"
        role      = "execution"
        subject   = { capture = "1" }
        answer    = { attribute = "verdict", values = { no = "refused", later = "failed" }, otherwise = "done" }
    "#;
    let mapping = Mapping::parse("shop.toml", text).expect("a mapping");
    let span = |service, verdict| {
        told(1, 0, (service, ""), "POST /stock/reservations", (0, 1), &[("verdict", verdict)])
    };
    assert_eq!(
        seen(&mapping, &[span("warehouse", "no")]),
        ["do reserve-stock performed: refused", "do reserve-stock replied: refused"]
    );
    assert_eq!(seen(&mapping, &[span("warehouse", "yes")])[0], "do reserve-stock performed: done");
    assert!(seen(&mapping, &[span("shop", "no")]).is_empty());
}

#[test]
fn the_first_rule_that_matches_applies() {
    let text = r#"
        extends = []
        [[span]]
        attributes = { replayed = "true" }
        role       = "reply"
        subject    = { name = true }
        [[span]]
        name    = "charge"
        role    = "execution"
        subject = { name = true }
    "#;
    let mapping = Mapping::parse("shop.toml", text).expect("a mapping");
    let again = told(1, 0, ("pay", ""), "charge", (0, 1), &[("replayed", "true")]);
    assert_eq!(seen(&mapping, &[again]), ["do charge replied: done"]);
    let first = told(1, 0, ("pay", ""), "charge", (0, 1), &[]);
    assert_eq!(seen(&mapping, &[first]), ["do charge performed: done", "do charge replied: done"]);
}

fn error(text: &str) -> String {
    let error = Mapping::parse("shop.toml", text).expect_err("an error");
    let mut shown = String::new();
    NarratableReportHandler::new().render_report(&mut shown, &error).expect("text");
    shown
}

#[test]
fn errors_say_where_what_and_how_to_mend_it() {
    let wrong = [
        "extends = [\"temporall\"]",
        "tolerance = \"soon\"",
        "in-doubt = \"sometimes\"",
        "[[span]]\nname = \"charge\"\nrole = \"exekution\"\nsubject = \"charge\"",
        "[[span]]\nname = \"charge\"\nrole = \"execution\"",
        "[[span]]\nrole = \"execution\"\nsubject = \"charge\"",
        "[[span]]\nname = \"charge\"\nrole = \"request\"\nsubject = { capture = \"1\" }",
        "[[span]]\nname-regex = \"(\"\nrole = \"request\"\nsubject = \"charge\"",
        "[[span]]\nname = \"charge\"\nrole = \"request\"\nsubject = \"charge\"\noperation = \"undoo\"",
        "[[span]]\nname = \"charge\"\nrole = \"request\"\nsubject = \"charge\"\nanswer = { values = { x = \"yes\" } }",
        "[[event]]\nname = \"decided\"\nobserves = \"decided\"",
        "[[span]]\nname = 7\nrole = \"ignore\"",
    ];
    let shown: Vec<String> = wrong.iter().map(|text| error(text)).collect();
    insta::assert_snapshot!(shown.join("\n---\n"));
}

#[test]
fn the_schema_knows_every_key() {
    let schema = Mapping::schema().to_string();
    for key in ["in-doubt", "name-regex", "by-kind", "otherwise", "told", "undo"] {
        assert!(schema.contains(key), "{key}");
    }
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let error = Mapping::read("no/such/file.toml").expect_err("an error");
    assert_eq!(error.to_string(), "cannot read no/such/file.toml: there is no such file");
}
