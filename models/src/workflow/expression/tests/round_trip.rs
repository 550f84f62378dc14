//! Reading is the reverse of writing, and nothing that can be typed makes reading panic.

use proptest::prelude::*;

use super::{Warehouse, name, written};
use crate::workflow::expression::parse::{ExpressionError, parse_assignment, parse_condition};
use crate::workflow::expression::{Comparison, Condition, Operator, Term, Variable};

fn operator() -> impl Strategy<Value = Operator> {
    prop::sample::select(vec![
        Operator::Add,
        Operator::Subtract,
        Operator::Multiply,
        Operator::Divide,
        Operator::Remainder,
        Operator::Minimum,
        Operator::Maximum,
    ])
}

fn comparison() -> impl Strategy<Value = Comparison> {
    prop::sample::select(vec![
        Comparison::Equal,
        Comparison::NotEqual,
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
    ])
}

fn leaf() -> impl Strategy<Value = Term> {
    prop_oneof![
        (-9i64..10).prop_map(Term::Number),
        any::<i64>().prop_map(Term::Number),
        prop::sample::select(vec![
            name("stock"),
            name("größe"),
            Variable::Completed,
            Variable::Compensated,
            Variable::Failed,
        ])
        .prop_map(Term::Variable),
    ]
}

fn term() -> impl Strategy<Value = Term> {
    leaf().prop_recursive(4, 24, 2, |inner| {
        let compared = (comparison(), inner.clone(), inner.clone())
            .prop_map(|(c, a, b)| Condition::Compare(c, Box::new(a), Box::new(b)));
        prop_oneof![
            inner.clone().prop_map(|a| Term::Negate(Box::new(a))),
            (operator(), inner.clone(), inner.clone()).prop_map(|(o, a, b)| Term::Arithmetic(
                o,
                Box::new(a),
                Box::new(b)
            )),
            (compared, inner.clone(), inner).prop_map(|(c, a, b)| Term::Choose(
                Box::new(c),
                Box::new(a),
                Box::new(b)
            )),
        ]
    })
}

fn condition() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Condition::Constant),
        (comparison(), term(), term()).prop_map(|(c, a, b)| Condition::Compare(
            c,
            Box::new(a),
            Box::new(b)
        )),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        let two = (inner.clone(), inner.clone()).prop_map(|(a, b)| (Box::new(a), Box::new(b)));
        prop_oneof![
            inner.clone().prop_map(|a| Condition::Not(Box::new(a))),
            two.clone().prop_map(|(a, b)| Condition::And(a, b)),
            two.clone().prop_map(|(a, b)| Condition::Or(a, b)),
            two.clone().prop_map(|(a, b)| Condition::Same(a, b)),
            (inner, two).prop_map(|(c, (a, b))| Condition::Choose(Box::new(c), a, b)),
        ]
    })
}

/// Texts made of what expressions are made of, which get further than arbitrary ones.
fn plausible() -> impl Strategy<Value = String> {
    let words = vec![
        "stock", "größe", "1", "0xf", "true", "if", "else", "{", "}", "(", ")", "[", "]", "+", "-",
        "*", "/", "%", "!", "<", ">", "=", "==", "&&", "||", "|", "&", ".", "..", ",", ";", "min",
        "initial", "\"", "'", "≥", "match", "let", "as", "->", "=>", "#", "1.5", "\n", "//", "/*",
        "r#", "_", "é", "🦀",
    ];
    prop::collection::vec(prop::sample::select(words), 0..24).prop_map(|words| words.join(" "))
}

/// Whether a text was refused for its size alone. Few random expressions are that large.
fn is_too_large<T>(read: &Result<T, ExpressionError>) -> bool {
    read.as_ref().is_err_and(|error| {
        error.message.contains("nested more than") || error.message.contains("words and signs")
    })
}

proptest! {
    #[test]
    fn reading_a_written_condition_gives_it_back(condition in condition()) {
        let text = condition.written(&written).to_string();
        let read = parse_condition(&text, &Warehouse);
        prop_assume!(!is_too_large(&read));
        prop_assert_eq!(read, Ok(condition), "{}", text);
    }

    #[test]
    fn reading_a_written_assignment_gives_it_back(term in term()) {
        let text = format!("stock = {}", term.written(&written));
        let assignment = parse_assignment(&text, &Warehouse);
        prop_assume!(!is_too_large(&assignment));
        prop_assert_eq!(assignment.map(|read| read.value), Ok(term), "{}", text);
    }

    #[test]
    fn arithmetic_is_exact_or_an_error(left in any::<i64>(), right in any::<i64>()) {
        let exact = |operator| {
            let (left, right) = (i128::from(left), i128::from(right));
            match operator {
                Operator::Add => Some(left + right),
                Operator::Subtract => Some(left - right),
                Operator::Multiply => Some(left * right),
                Operator::Divide => left.checked_div(right),
                Operator::Remainder => left.checked_rem(right),
                Operator::Minimum => Some(left.min(right)),
                Operator::Maximum => Some(left.max(right)),
            }
        };
        for operator in [
            Operator::Add, Operator::Subtract, Operator::Multiply, Operator::Divide,
            Operator::Minimum, Operator::Maximum,
        ] {
            let numbers = (Box::new(Term::Number(left)), Box::new(Term::Number(right)));
            let term = Term::Arithmetic(operator, numbers.0, numbers.1);
            let exact = exact(operator).and_then(|value| i64::try_from(value).ok());
            prop_assert_eq!(term.evaluate(&|_| 0).ok(), exact, "{} {} {}", left, operator, right);
        }
    }

    #[test]
    fn nothing_makes_reading_panic(text in prop_oneof![any::<String>(), plausible()]) {
        for error in [
            parse_condition(&text, &Warehouse).err(),
            parse_assignment(&text, &Warehouse).err(),
        ].into_iter().flatten() {
            prop_assert!(text.get(error.range.clone()).is_some(), "{:?} in {:?}", error, text);
        }
    }
}
