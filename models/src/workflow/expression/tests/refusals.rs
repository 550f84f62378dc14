//! What expressions cannot say: each refusal points at the bytes to blame, and says what to write.

use std::fmt::Write;

use super::Warehouse;
use crate::workflow::expression::parse::{ExpressionError, parse_assignment, parse_condition};

/// One refusal as a person would look at it: the text, what is to blame in it, and what is said.
fn render(text: &str, error: &ExpressionError) -> String {
    let before = text[..error.range.start].chars().count();
    let blamed = text[error.range.clone()].chars().count().max(1);
    let mut out = format!("{text}\n{}{}\n", " ".repeat(before), "^".repeat(blamed));
    writeln!(out, "  {}", error.message).unwrap();
    if let Some(help) = &error.help {
        writeln!(out, "  help: {help}").unwrap();
    }
    out
}

fn refused_conditions(texts: &[&str]) -> String {
    let render = |text: &&str| match parse_condition(text, &Warehouse) {
        Ok(condition) => panic!("`{text}` was read as {condition:?}"),
        Err(error) => render(text, &error),
    };
    texts.iter().map(render).collect::<Vec<_>>().join("\n")
}

#[test]
fn types() {
    insta::assert_snapshot!(refused_conditions(&[
        "stock",
        "stock - 1",
        "!stock",
        "stock && true",
        "1 + (stock > 2) > 0",
        "-true == 1",
        "-(stock > 1) == 1",
        "stock == true",
        "true == stock",
        "if stock { true } else { false }",
        "if true { 1 } else { false } == 1",
        "if true { true } else { 1 }",
        "implies(stock, true)",
        "min(true, 1) == 1",
    ]));
}

#[test]
fn names_and_functions() {
    insta::assert_snapshot!(refused_conditions(&[
        "stok > 1",
        "colour > 1",
        "warehouse.stok > 1",
        "a.b.c > 1",
        "warehouse.0 > 1",
        "(stock).size > 1",
        "stock::size > 1",
        "mim(1, 2) == 1",
        "abs(stock) == 1",
        "min(1) == 1",
        "max(1, 2, 3) == 1",
        "initial(3) == 3",
        "implies(true)",
    ]));
}

#[test]
fn literals() {
    insta::assert_snapshot!(refused_conditions(&[
        "stock > 9223372036854775808",
        "stock > -9223372036854775809",
        "stock > 99999999999999999999999999999999999999999",
        "stock > 0xffffffffffffffff",
        "stock > 1.5",
        "stock > 1u8",
        "stock > 2x",
        "stock == \"two\"",
        "stock == 'two'",
        "stock == 't'",
        "stock == b\"two\"",
    ]));
}

#[test]
fn habits_from_elsewhere() {
    insta::assert_snapshot!(refused_conditions(&[
        "0 < stock < 5",
        "stock = 3",
        "stock += 3",
        "stock > 1 and stock < 5",
        "stock > 1 or stock < 5",
        "not stock > 1",
        "stock ≥ 1",
        "größe ≤ 1",
        "stock > 1 & stock < 5",
        "stock > 1 | stock < 5",
        "stock <> 1",
        "stock ? 1 : 2",
        "stock ^ 2 == 9",
        "stock << 2 == 9",
        "stock === 1",
        "stock > 1;",
        "stock => 1",
    ]));
}

#[test]
fn the_rest_of_rust() {
    insta::assert_snapshot!(refused_conditions(&[
        "(|x| x)(1)",
        "|| true",
        "stock.abs() > 1",
        "stock as u8 > 1",
        "match stock { _ => true }",
        "{ stock > 1 }",
        "(stock, 1) == (1, 1)",
        "[1, 2] == stock",
        "stock[0] == 1",
        "&&stock == 1",
        "*stock == 1",
        "matches!(stock, 1)",
        "0..stock == 1",
        "if stock > 1 { true }",
        "if stock > 1 { true; false } else { true }",
        "if let x = 1 { true } else { false }",
        "return true",
        "stock > 1 /// really",
        "type > 1",
        "_ > 1",
        "self.stock > 1",
        "stock { a }",
    ]));
}

#[test]
fn broken_off() {
    insta::assert_snapshot!(refused_conditions(&[
        "",
        "   ",
        "// nothing",
        "stock >",
        "(stock > 1",
        "stock > 1)",
        "(stock > 1]",
        "min(stock,",
        "(stock > ) && true",
        "stock > 1 true",
        "> 1",
        "if stock > 1",
        "if stock > 1 { true } else",
        "größe > größe größe",
        "\"stock",
        "/* stock",
        "`stock` > 1",
        "stock @ 1",
        "stock > 0b3",
        "\u{feff}stock",
    ]));
}

#[test]
fn no_assignments() {
    let texts = [
        "stock",
        "stock - 1",
        "stock == 1",
        "stock -=",
        "-= 1",
        "1 = stock",
        "min(stock, 1) = 2",
        "completed = 1",
        "stok -= 1",
        "stock -= true",
        "stock = größe = 1",
        "stock -= 1; größe += 1",
        "stock -= 1, größe += 1",
        "stock++",
        "stock := 1",
        "if stock > 1 { stock = 1 } else { stock = 2 }",
        "stock = if stock > 1 { 1 }",
    ];
    let render = |text: &&str| match parse_assignment(text, &Warehouse) {
        Ok(assignment) => panic!("`{text}` was read as {assignment:?}"),
        Err(error) => render(text, &error),
    };
    insta::assert_snapshot!(texts.iter().map(render).collect::<Vec<_>>().join("\n"));
}

/// Everything in the parser that calls itself, as deep as a text can make it.
#[test]
fn nesting_cannot_exhaust_the_stack() {
    let wrapped = |open: &str, inside: &str, close: &str, n: usize| {
        format!("{}{inside}{}", open.repeat(n), close.repeat(n))
    };
    for depth in [20, 31, 32, 33, 100, 200, 10_000] {
        for text in [
            wrapped("(", "true", ")", depth),
            wrapped("{", "true", "}", depth),
            wrapped("[", "true", "]", depth),
            wrapped("!", "true", "", depth),
            wrapped("!(", "true", ")", depth),
            wrapped("-", "1", "", depth),
            wrapped("- ", "1", "", depth),
            wrapped("*", "1", "", depth),
            wrapped("&&", "1", "", depth),
            wrapped("||", "1", "", depth),
            wrapped("<", "1", ">", depth),
            wrapped("if ", "true", "", depth),
            wrapped("if true { ", "true", "} else { true }", depth),
            wrapped("if ", "true", "{ true } else { true }", depth),
            wrapped("if true { true } else ", "{ true }", "", depth),
            wrapped("stock = ", "1", "", depth),
            wrapped("stock += ", "1", "", depth),
            wrapped("true == ", "true", "", depth),
            wrapped("1 + ", "1 > 0", "", depth),
            wrapped("true && ", "true", "", depth),
            wrapped("min(1, ", "1", ")", depth),
            wrapped("a.", "a", "", depth),
            wrapped("return ", "1", "", depth),
            wrapped("|x| ", "1", "", depth),
            wrapped("|| -> ", "1", "", depth),
            wrapped("1 as &", "u8", "", depth),
        ] {
            let condition = parse_condition(&text, &Warehouse);
            let _ = parse_assignment(&text, &Warehouse);
            if depth > 200 {
                let error = condition.expect_err("no expression may be that long");
                assert!(error.range.end <= text.len());
            }
        }
    }
    let deep = parse_condition(&wrapped("(", "true", ")", 33), &Warehouse);
    assert_eq!(deep.unwrap_err().message, "the expression is nested more than 32 levels deep");
    parse_condition(&wrapped("(", "true", ")", 32), &Warehouse).expect("this deep is fine");
}
