//! What is written is what is read, and evaluation never wraps around.

use proptest::prelude::*;

use super::parse::{Names, parse_assignment, parse_condition};
use super::*;

/// One service with the resources `a`, `b` and `in_stock`; and the counts of outcomes.
struct Warehouse;

const OWN: [&str; 3] = ["a", "b", "in_stock"];

impl Names for Warehouse {
    fn resolve(&self, path: &[&str]) -> Result<Variable, String> {
        match path {
            ["completed"] => Ok(Variable::Completed),
            [name] | ["warehouse", name] => {
                self.assignable(name).map(|id| Variable::Resource(ServiceId(0), id))
            }
            _ => Err(format!("{path:?} is unknown")),
        }
    }

    fn assignable(&self, name: &str) -> Result<ResourceId, String> {
        let at = OWN.iter().position(|own| *own == name).ok_or(format!("{name} is unknown"))?;
        Ok(ResourceId(at as u16))
    }

    fn initial(&self, _variable: Variable) -> i64 {
        7
    }

    fn known(&self) -> Vec<String> {
        OWN.map(str::to_owned).to_vec()
    }
}

fn name(variable: Variable) -> String {
    match variable {
        Variable::Resource(_, ResourceId(at)) => OWN[usize::from(at)].to_owned(),
        _ => "completed".to_owned(),
    }
}

fn variable() -> impl Strategy<Value = Variable> {
    prop_oneof![
        (0..3u16).prop_map(|at| Variable::Resource(ServiceId(0), ResourceId(at))),
        Just(Variable::Completed),
    ]
}

fn term(depth: u32) -> BoxedStrategy<Term> {
    let leaf =
        prop_oneof![(0..i64::MAX).prop_map(Term::Number), variable().prop_map(Term::Variable)];
    if depth == 0 {
        return leaf.boxed();
    }
    let operator = prop::sample::select(vec![
        Operator::Add,
        Operator::Subtract,
        Operator::Multiply,
        Operator::Divide,
        Operator::Remainder,
        Operator::Minimum,
        Operator::Maximum,
    ]);
    let (inner, inner_condition) = (term(depth - 1), condition(depth - 1));
    prop_oneof![
        leaf,
        inner.clone().prop_map(|term| Term::Negate(Box::new(term))),
        (operator, inner.clone(), inner.clone()).prop_map(|(operator, left, right)| {
            Term::Arithmetic(operator, Box::new(left), Box::new(right))
        }),
        (inner_condition, inner.clone(), inner).prop_map(|(condition, yes, no)| {
            Term::Choose(Box::new(condition), Box::new(yes), Box::new(no))
        }),
    ]
    .boxed()
}

fn condition(depth: u32) -> BoxedStrategy<Condition> {
    let comparison = prop::sample::select(vec![
        Comparison::Equal,
        Comparison::NotEqual,
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
    ]);
    let side = term(depth.saturating_sub(1));
    let compare = (comparison, side.clone(), side).prop_map(|(comparison, left, right)| {
        Condition::Compare(comparison, Box::new(left), Box::new(right))
    });
    if depth == 0 {
        return prop_oneof![any::<bool>().prop_map(Condition::Constant), compare].boxed();
    }
    let inner = condition(depth - 1);
    let pair = (inner.clone(), inner.clone());
    prop_oneof![
        compare,
        inner.prop_map(|inner| Condition::Not(Box::new(inner))),
        pair.clone().prop_map(|(a, b)| Condition::And(Box::new(a), Box::new(b))),
        pair.clone().prop_map(|(a, b)| Condition::Or(Box::new(a), Box::new(b))),
        pair.prop_map(|(a, b)| Condition::Same(Box::new(a), Box::new(b))),
    ]
    .boxed()
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(written in condition(2)) {
        let text = written.written(&name).to_string();
        match parse_condition(&text, &Warehouse) {
            Ok(read) => prop_assert_eq!(read, written, "{}", text),
            Err(error) => prop_assert!(error.message.contains("too large"), "{}: {}", text, error),
        }
    }

    #[test]
    fn no_text_is_too_strange(text in any::<String>()) {
        for range in [
            parse_condition(&text, &Warehouse).err().map(|error| error.range),
            parse_assignment(&text, &Warehouse).err().map(|error| error.range),
        ].into_iter().flatten() {
            prop_assert!(range.start <= range.end && range.end <= text.len());
        }
    }

    #[test]
    fn almost_expressions_are_no_danger(text in "[-+*/%!&|=<>(){}a-c0-9 .,]{0,60}") {
        let _ = parse_condition(&text, &Warehouse);
        let _ = parse_assignment(&text, &Warehouse);
    }

    #[test]
    fn arithmetic_is_exact_or_an_error(left in any::<i64>(), right in any::<i64>()) {
        let wide = |operator| {
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
            let narrow = operator.apply(left, right).ok();
            let exact = wide(operator).and_then(|value| i64::try_from(value).ok());
            prop_assert_eq!(narrow, exact, "{} {} {}", left, operator, right);
        }
    }
}

#[test]
fn changes_are_read() {
    let change = |text: &str| parse_assignment(text, &Warehouse).unwrap();
    let a = Term::Variable(Variable::Resource(ServiceId(0), ResourceId(0)));
    let one = Box::new(Term::Number(1));
    assert_eq!(change("a = 1").value, Term::Number(1));
    assert_eq!(
        change("a -= 1").value,
        Term::Arithmetic(Operator::Subtract, Box::new(a.clone()), one.clone())
    );
    assert_eq!(change("warehouse.a += 1").value, change("a += 1").value);
    assert_eq!(change("b = initial(a)").value, Term::Number(7));
    assert_eq!(change("in_stock *= 1").resource, ResourceId(2));
}

#[test]
fn a_conjunction_stops_at_the_first_false() {
    let condition = parse_condition("a != 0 && 10 / a > 1", &Warehouse).unwrap();
    assert_eq!(condition.evaluate(&|_| 0), Ok(false));
    let implication = parse_condition("implies(a != 0, 10 / a > 1)", &Warehouse).unwrap();
    assert_eq!(implication.evaluate(&|_| 0), Ok(true));
    let division = parse_condition("10 / a > 1", &Warehouse).unwrap();
    assert_eq!(division.evaluate(&|_| 0), Err(ArithmeticError::DivisionByZero));
}
