//! What expressions mean.

use super::{Warehouse, name, value};
use crate::workflow::expression::parse::{parse_assignment, parse_condition};
use crate::workflow::expression::{ArithmeticError, Operator, ResourceId, Term};

/// Where `stock` is 3, `größe` is -4, and 2 workflows completed, 1 was compensated.
fn holds(text: &str) -> bool {
    let condition = parse_condition(text, &Warehouse).unwrap_or_else(|e| panic!("{text}: {e:?}"));
    condition.evaluate(&value).unwrap()
}

#[test]
fn operators_bind_as_in_rust() {
    assert!(holds("1 + 2 * 3 == 7"));
    assert!(holds("(1 + 2) * 3 == 9"));
    assert!(holds("7 - 2 - 1 == 4"));
    assert!(holds("-7 / 2 == -3 && -7 % 2 == -1"));
    assert!(holds("true || false && false"));
    assert!(holds("!(false || false) && !false"));
    assert!(holds("- - 2 == 2 && -(2) == 0 - 2"));
}

#[test]
fn names_are_resources_and_outcomes() {
    assert!(holds("stock == 3 && warehouse.stock == 3 && größe == -4"));
    assert!(holds("completed == 2 && compensated == 1 && failed == 0"));
    assert!(holds("initial(stock) == 7 && initial(warehouse.stock) - stock == 4"));
}

#[test]
fn numbers_are_written_as_in_rust() {
    assert!(holds("1_000 == 1000 && 0xff == 255 && 0b101 == 5 && 0o17 == 15"));
    assert!(holds("-9223372036854775808 < 9223372036854775807"));
}

#[test]
fn functions_and_choices() {
    assert!(holds("min(stock, 2) == 2 && max(stock, 2) == 3"));
    assert!(holds("if stock > 2 { 10 } else { 20 } == 10"));
    assert!(holds("if stock > 9 { 1 } else if stock > 2 { 2 } else { 3 } == 2"));
    assert!(holds("if stock > 9 { false } else { stock == 3 }"));
    assert!(holds("implies(stock > 9, false) && implies(true, stock == 3)"));
    assert!(!holds("implies(stock == 3, false)"));
}

#[test]
fn conditions_can_be_compared() {
    assert!(holds("(stock == 3) == (größe == -4)"));
    assert!(holds("(stock == 3) != false"));
    assert!(!holds("true == false"));
}

#[test]
fn the_other_side_of_and_and_or_is_not_evaluated_in_vain() {
    assert!(!holds("failed != 0 && 1 / failed == 1"));
    assert!(holds("failed == 0 || 1 / failed == 1"));
}

#[test]
fn assignments_see_the_value_before() {
    let evaluate = |text: &str| {
        let assignment = parse_assignment(text, &Warehouse).unwrap();
        assert_eq!(assignment.resource, ResourceId(0));
        assignment.value.evaluate(&value).unwrap()
    };
    assert_eq!(evaluate("stock = 9"), 9);
    assert_eq!(evaluate("stock = stock + 1"), 4);
    assert_eq!(evaluate("stock += 2"), 5);
    assert_eq!(evaluate("warehouse.stock += 2"), 5);
    assert_eq!(evaluate("stock -= 1 + 1"), 1);
    assert_eq!(evaluate("stock *= größe"), -12);
    assert_eq!(evaluate("stock /= 2"), 1);
    assert_eq!(evaluate("stock %= 2"), 1);
}

#[test]
fn arithmetic_that_has_no_result_is_an_error() {
    let evaluate =
        |text: &str| parse_condition(text, &Warehouse).unwrap().evaluate(&value).unwrap_err();
    assert_eq!(evaluate("1 / failed == 0"), ArithmeticError::DivisionByZero);
    assert_eq!(evaluate("1 % failed == 0"), ArithmeticError::DivisionByZero);
    assert_eq!(
        evaluate("9223372036854775807 + completed > 0"),
        ArithmeticError::Overflow { operator: Operator::Add }
    );
}

#[test]
fn a_negative_literal_is_one_number() {
    let text = "stock = -5";
    assert_eq!(parse_assignment(text, &Warehouse).unwrap().value, Term::Number(-5));
    let text = "stock = -(5)";
    let negated = Term::Negate(Box::new(Term::Number(5)));
    assert_eq!(parse_assignment(text, &Warehouse).unwrap().value, negated);
    let text = "stock = -stock";
    let negated = Term::Negate(Box::new(Term::Variable(name("stock"))));
    assert_eq!(parse_assignment(text, &Warehouse).unwrap().value, negated);
}

#[test]
fn long_expressions_are_fine() {
    let text = vec!["stock >= 0"; 120].join(" && ");
    assert!(holds(&text));
}
