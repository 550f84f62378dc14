//! Reading expressions.
//!
//! The syntax is a small part of Rust's, read by `syn`: numbers, names (`stock`,
//! `inventory.stock`), `+ - * / %`, comparisons, `&& || !`, parentheses, `if c { a } else { b }`, and
//! the functions `min(a, b)`, `max(a, b)`, `initial(x)` (the value at the start) and `implies(a, b)`.
//! A hyphen in the name of a service or resource is written `_` here.
//!
//! Every error says which bytes of the text are to blame and how to mend them.

use std::ops::Range;

use syn::spanned::Spanned;
use syn::{BinOp, Expr, Lit, Member, UnOp};

use super::{Assignment, Comparison, Condition, Operator, ResourceId, Term, Variable};

/// The names an expression may use.
pub trait Names {
    /// What `name` or `service.name` stands for; `Err` says what is wrong with it.
    ///
    /// # Errors
    /// When the name is not known here.
    fn resolve(&self, path: &[&str]) -> Result<Variable, String>;

    /// The own resource that `name` assigns to.
    ///
    /// # Errors
    /// When there is no such resource here.
    fn assignable(&self, name: &str) -> Result<ResourceId, String>;

    /// The value of a variable at the start, for `initial(x)`.
    fn initial(&self, variable: Variable) -> i64;

    /// The names that can be used, for suggestions.
    fn known(&self) -> Vec<String>;
}

/// What is wrong with an expression, and where in its text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// The bytes of the text that are to blame.
    pub range: Range<usize>,
}

/// The longest expression, in bytes. People do not write longer ones, and it bounds the stack.
const MAX_LENGTH: usize = 2000;
/// How deep parentheses, braces and prefix operators may nest in all.
const MAX_NESTING: usize = 64;

/// Whether a service or resource of that name can be written in an expression.
#[must_use]
pub fn is_name(name: &str) -> bool {
    syn::parse_str::<syn::Ident>(&written(name)).is_ok()
        && !["min", "max", "initial", "implies", "completed", "compensated", "failed"]
            .contains(&name)
}

/// A name as expressions write it.
#[must_use]
pub fn written(name: &str) -> String {
    name.replace('-', "_")
}

/// Reads a condition.
///
/// # Errors
/// What is wrong with the text, and where.
pub fn parse_condition(text: &str, names: &dyn Names) -> Result<Condition, ExpressionError> {
    Reader { names }.condition(&read(text)?)
}

/// Reads an assignment: `stock -= 1`, `status = 2`.
///
/// # Errors
/// What is wrong with the text, and where.
pub fn parse_assignment(text: &str, names: &dyn Names) -> Result<Assignment, ExpressionError> {
    let reader = Reader { names };
    match read(text)? {
        Expr::Assign(assign) => {
            let (resource, _) = reader.assigned(&assign.left)?;
            Ok(Assignment { resource, value: reader.term(&assign.right)? })
        }
        Expr::Binary(binary) => {
            let operator = match binary.op {
                BinOp::AddAssign(_) => Operator::Add,
                BinOp::SubAssign(_) => Operator::Subtract,
                BinOp::MulAssign(_) => Operator::Multiply,
                BinOp::DivAssign(_) => Operator::Divide,
                BinOp::RemAssign(_) => Operator::Remainder,
                other => {
                    let message = "this changes nothing";
                    return Err(error(&other, message).help("write a change, as in `stock -= 1`"));
                }
            };
            let (resource, before) = reader.assigned(&binary.left)?;
            let by = reader.term(&binary.right)?;
            let before = Box::new(Term::Variable(before));
            Ok(Assignment { resource, value: Term::Arithmetic(operator, before, Box::new(by)) })
        }
        other => {
            Err(error(&other, "this changes nothing").help("write a change, as in `stock -= 1`"))
        }
    }
}

fn read(text: &str) -> Result<Expr, ExpressionError> {
    let whole = |message: String, help: &str| ExpressionError {
        message,
        help: Some(help.to_owned()),
        range: 0..text.len(),
    };
    if text.trim().is_empty() {
        return Err(whole("there is nothing here".to_owned(), "write an expression"));
    }
    let nesting = text.bytes().filter(|byte| b"({[!-".contains(byte)).count();
    if text.len() > MAX_LENGTH || nesting > MAX_NESTING {
        let message = format!(
            "the expression is too large: at most {MAX_LENGTH} bytes and {MAX_NESTING} \
             parentheses and prefix operators"
        );
        return Err(whole(message, "split it"));
    }
    syn::parse_str::<Expr>(text).map_err(|error| {
        let range = error.span().byte_range();
        ExpressionError {
            message: format!("this is no expression: {error}"),
            help: Some("expressions look like `stock >= 1 && balance - 10 > 0`".to_owned()),
            // Errors at the very end have no text of their own.
            range: if range.is_empty() { text.len().saturating_sub(1)..text.len() } else { range },
        }
    })
}

struct Reader<'a> {
    names: &'a dyn Names,
}

impl Reader<'_> {
    fn condition(&self, expression: &Expr) -> Result<Condition, ExpressionError> {
        match expression {
            Expr::Paren(inner) => self.condition(&inner.expr),
            Expr::Group(inner) => self.condition(&inner.expr),
            Expr::Lit(literal) => match &literal.lit {
                Lit::Bool(value) => Ok(Condition::Constant(value.value)),
                _ => Err(self.not_a_condition(expression)),
            },
            Expr::Unary(unary) if matches!(unary.op, UnOp::Not(_)) => {
                Ok(Condition::Not(Box::new(self.condition(&unary.expr)?)))
            }
            Expr::Binary(binary) => {
                let both = || {
                    let left = Box::new(self.condition(&binary.left)?);
                    Ok((left, Box::new(self.condition(&binary.right)?)))
                };
                match &binary.op {
                    BinOp::And(_) => both().map(|(left, right)| Condition::And(left, right)),
                    BinOp::Or(_) => both().map(|(left, right)| Condition::Or(left, right)),
                    BinOp::Eq(_) if is_logical(&binary.left) || is_logical(&binary.right) => {
                        both().map(|(left, right)| Condition::Same(left, right))
                    }
                    BinOp::Ne(_) if is_logical(&binary.left) || is_logical(&binary.right) => both()
                        .map(|(left, right)| {
                            Condition::Not(Box::new(Condition::Same(left, right)))
                        }),
                    operator => {
                        let comparison =
                            comparison(operator).ok_or_else(|| self.not_a_condition(expression))?;
                        let left = Box::new(self.term(&binary.left)?);
                        Ok(Condition::Compare(
                            comparison,
                            left,
                            Box::new(self.term(&binary.right)?),
                        ))
                    }
                }
            }
            Expr::Call(call) => match (function(call).as_deref(), arguments(call).as_slice()) {
                (Some("implies"), [premise, conclusion]) => Ok(Condition::Or(
                    Box::new(Condition::Not(Box::new(self.condition(premise)?))),
                    Box::new(self.condition(conclusion)?),
                )),
                (Some("implies"), _) => Err(error(call, "`implies` takes two conditions")),
                _ => Err(self.not_a_condition(expression)),
            },
            _ => Err(self.not_a_condition(expression)),
        }
    }

    fn term(&self, expression: &Expr) -> Result<Term, ExpressionError> {
        match expression {
            Expr::Paren(inner) => self.term(&inner.expr),
            Expr::Group(inner) => self.term(&inner.expr),
            Expr::Lit(literal) => match &literal.lit {
                Lit::Int(number) if number.suffix().is_empty() => {
                    number.base10_parse().map(Term::Number).map_err(|_| {
                        error(number, "the number does not fit into 64 bits")
                            .help(format!("the largest number is {}", i64::MAX))
                    })
                }
                Lit::Float(_) => Err(error(expression, "there are no fractions here")
                    .help("count in the smallest unit, as in cents")),
                _ => Err(self.not_a_number(expression)),
            },
            Expr::Path(_) | Expr::Field(_) => self.variable(expression).map(Term::Variable),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
                Ok(Term::Negate(Box::new(self.term(&unary.expr)?)))
            }
            Expr::Binary(binary) => {
                let operator = match binary.op {
                    BinOp::Add(_) => Operator::Add,
                    BinOp::Sub(_) => Operator::Subtract,
                    BinOp::Mul(_) => Operator::Multiply,
                    BinOp::Div(_) => Operator::Divide,
                    BinOp::Rem(_) => Operator::Remainder,
                    _ => return Err(self.not_a_number(expression)),
                };
                let left = Box::new(self.term(&binary.left)?);
                Ok(Term::Arithmetic(operator, left, Box::new(self.term(&binary.right)?)))
            }
            Expr::Call(call) => self.call(call, expression),
            Expr::If(choice) => {
                let condition = Box::new(self.condition(&choice.cond)?);
                let yes = Box::new(self.block(&choice.then_branch)?);
                let no = match choice.else_branch.as_ref().map(|(_, branch)| &**branch) {
                    Some(Expr::Block(block)) => self.block(&block.block)?,
                    Some(other) => self.term(other)?,
                    None => {
                        return Err(error(choice, "an `if` needs an `else`")
                            .help("write `if c { a } else { b }`"));
                    }
                };
                Ok(Term::Choose(condition, yes, Box::new(no)))
            }
            _ => Err(self.not_a_number(expression)),
        }
    }

    fn call(&self, call: &syn::ExprCall, whole: &Expr) -> Result<Term, ExpressionError> {
        let name = function(call);
        match (name.as_deref(), arguments(call).as_slice()) {
            (Some("min"), [left, right]) => Ok(Term::Arithmetic(
                Operator::Minimum,
                Box::new(self.term(left)?),
                Box::new(self.term(right)?),
            )),
            (Some("max"), [left, right]) => Ok(Term::Arithmetic(
                Operator::Maximum,
                Box::new(self.term(left)?),
                Box::new(self.term(right)?),
            )),
            (Some("initial"), [resource]) => {
                self.variable(resource).map(|variable| Term::Number(self.names.initial(variable)))
            }
            (Some("min" | "max"), _) => Err(error(call, "this takes two numbers")),
            (Some("initial"), _) => Err(error(call, "`initial` takes one resource")),
            (Some("implies"), _) => Err(self.not_a_number(whole)),
            _ => Err(error(&call.func, "there is no such function")
                .help("the functions are `min`, `max`, `initial` and `implies`")),
        }
    }

    fn block(&self, block: &syn::Block) -> Result<Term, ExpressionError> {
        match block.stmts.as_slice() {
            [syn::Stmt::Expr(inner, None)] => self.term(inner),
            _ => Err(error(block, "a branch is one number").help("write `if c { a } else { b }`")),
        }
    }

    fn variable(&self, expression: &Expr) -> Result<Variable, ExpressionError> {
        let path = path(expression).ok_or_else(|| {
            error(expression, "this is no name")
                .help("names look like `stock` or `inventory.stock`")
        })?;
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        self.names.resolve(&parts).map_err(|message| {
            let known = self.names.known();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            error(expression, message).help(suggestion(&parts.join("."), &known))
        })
    }

    fn assigned(&self, expression: &Expr) -> Result<(ResourceId, Variable), ExpressionError> {
        let variable = self.variable(expression)?;
        let name = path(expression).and_then(|path| path.last().cloned()).unwrap_or_default();
        let resource =
            self.names.assignable(&name).map_err(|message| error(expression, message))?;
        Ok((resource, variable))
    }

    fn not_a_condition(&self, expression: &Expr) -> ExpressionError {
        match expression {
            Expr::Lit(_) | Expr::Path(_) | Expr::Field(_) | Expr::Binary(_) | Expr::If(_)
                if self.term(expression).is_ok() =>
            {
                error(expression, "this is a number, but a condition is needed")
                    .help("compare it, as in `stock >= 1`")
            }
            Expr::Path(_) | Expr::Field(_) => match self.variable(expression) {
                Err(error) => error,
                Ok(_) => unsupported(expression),
            },
            Expr::Assign(_) => error(expression, "a condition changes nothing")
                .help("compare with `==` instead of `=`"),
            Expr::Binary(binary) => match self.term(expression) {
                Err(inner) if comparison(&binary.op).is_none() => inner,
                _ => unsupported(expression),
            },
            _ => unsupported(expression),
        }
    }

    fn not_a_number(&self, expression: &Expr) -> ExpressionError {
        if is_logical(expression) {
            return error(expression, "this is a condition, but a number is needed")
                .help("choose a number by it, as in `if c { 1 } else { 0 }`");
        }
        unsupported(expression)
    }
}

fn unsupported(expression: &Expr) -> ExpressionError {
    error(expression, "this cannot be used in expressions").help(
        "use numbers, names, + - * / %, comparisons, && || !, if/else, min, max, initial, implies",
    )
}

/// Whether an expression can only be a condition.
fn is_logical(expression: &Expr) -> bool {
    match expression {
        Expr::Paren(inner) => is_logical(&inner.expr),
        Expr::Lit(literal) => matches!(literal.lit, Lit::Bool(_)),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Not(_)),
        Expr::Binary(binary) => {
            matches!(binary.op, BinOp::And(_) | BinOp::Or(_)) || comparison(&binary.op).is_some()
        }
        Expr::Call(call) => function(call).as_deref() == Some("implies"),
        _ => false,
    }
}

fn comparison(operator: &BinOp) -> Option<Comparison> {
    match operator {
        BinOp::Eq(_) => Some(Comparison::Equal),
        BinOp::Ne(_) => Some(Comparison::NotEqual),
        BinOp::Lt(_) => Some(Comparison::Less),
        BinOp::Le(_) => Some(Comparison::LessOrEqual),
        BinOp::Gt(_) => Some(Comparison::Greater),
        BinOp::Ge(_) => Some(Comparison::GreaterOrEqual),
        _ => None,
    }
}

fn function(call: &syn::ExprCall) -> Option<String> {
    match path(&call.func)?.as_slice() {
        [name] => Some(name.clone()),
        _ => None,
    }
}

fn arguments(call: &syn::ExprCall) -> Vec<&Expr> {
    call.args.iter().collect()
}

/// `a`, or `a.b`.
fn path(expression: &Expr) -> Option<Vec<String>> {
    match expression {
        Expr::Paren(inner) => path(&inner.expr),
        Expr::Path(path) => path.path.get_ident().map(|name| vec![name.to_string()]),
        Expr::Field(field) => {
            let Member::Named(name) = &field.member else { return None };
            let mut before = path(&field.base)?;
            before.push(name.to_string());
            Some(before)
        }
        _ => None,
    }
}

fn error(at: &impl Spanned, message: impl Into<String>) -> ExpressionError {
    ExpressionError { message: message.into(), help: None, range: at.span().byte_range() }
}

impl ExpressionError {
    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A sentence that offers the known name nearest to `name`, or all of them.
#[must_use]
pub fn suggestion(name: &str, known: &[&str]) -> String {
    let near = known
        .iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min();
    match near {
        Some((_, candidate)) => format!("did you mean `{candidate}`?"),
        None if known.is_empty() => "there is nothing to choose from".to_owned(),
        None => format!("there is: {}", known.join(", ")),
    }
}

/// Levenshtein's distance between two names.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.iter().enumerate() {
            let change = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[other.len()]
}
