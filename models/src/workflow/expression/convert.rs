//! From the syntax of Rust to typed expressions.

use std::ops::Range;

use syn::spanned::Spanned;
use syn::{BinOp, Expr, Lit, Member, Stmt, UnOp};

use super::parse::{ExpressionError, Names};
use super::{Assignment, Comparison, Condition, Operator, Term, Variable};
use crate::workflow::suggestion::suggestion;

/// The functions of the language.
const FUNCTIONS: [&str; 4] = ["min", "max", "initial", "implies"];

/// Gives expressions their types and names their meaning.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) names: &'a dyn Names,
}

/// An expression of either type.
enum Value {
    Number(Term),
    Truth(Condition),
}

type Result<T> = std::result::Result<T, ExpressionError>;

impl Reader<'_> {
    /// Reads an expression that must be a condition.
    pub(super) fn condition(&self, expression: &Expr) -> Result<Condition> {
        match self.value(expression)? {
            Value::Truth(condition) => Ok(condition),
            Value::Number(_) => {
                let range = range(expression);
                let source = &self.text[range.clone()];
                Err(ExpressionError::new("this is a number, but a condition is needed", range)
                    .help(format!("compare it with something, for instance `{source} > 0`")))
            }
        }
    }

    /// Reads an expression that must be a number.
    fn term(&self, expression: &Expr) -> Result<Term> {
        match self.value(expression)? {
            Value::Number(term) => Ok(term),
            Value::Truth(_) => {
                let range = range(expression);
                let source = &self.text[range.clone()];
                Err(ExpressionError::new("this is a condition, but a number is needed", range)
                    .help(format!("count it: `if {source} {{ 1 }} else {{ 0 }}`")))
            }
        }
    }

    /// Reads `resource = value` and `resource -= value`.
    pub(super) fn assignment(&self, expression: &Expr) -> Result<Assignment> {
        let (target, operator, value) = match expression {
            Expr::Assign(assign) => (&*assign.left, None, &*assign.right),
            Expr::Binary(binary) => {
                let operator = match binary.op {
                    BinOp::AddAssign(_) => Operator::Add,
                    BinOp::SubAssign(_) => Operator::Subtract,
                    BinOp::MulAssign(_) => Operator::Multiply,
                    BinOp::DivAssign(_) => Operator::Divide,
                    BinOp::RemAssign(_) => Operator::Remainder,
                    _ => return Err(self.no_assignment(expression)),
                };
                (&*binary.left, Some(operator), &*binary.right)
            }
            _ => return Err(self.no_assignment(expression)),
        };
        let (Expr::Path(_) | Expr::Field(_)) = target else {
            return Err(ExpressionError::new("this cannot be assigned to", range(target))
                .help("a step changes the resources of its own service: `stock -= 1`"));
        };
        let before = self.variable(target)?;
        let name = self.path(target)?.pop().unwrap_or_default();
        let resource = self
            .names
            .assignable(&name)
            .map_err(|message| self.unknown(&name, message, range(target)))?;
        let value = match operator {
            None => self.term(value)?,
            Some(operator) => {
                let before = Box::new(Term::Variable(before));
                Term::Arithmetic(operator, before, Box::new(self.term(value)?))
            }
        };
        Ok(Assignment { resource, value })
    }

    /// Reads `variable = value`.
    pub(super) fn reading(&self, expression: &Expr) -> Result<(String, Term)> {
        let Expr::Assign(assign) = expression else {
            return Err(ExpressionError::new("this reads nothing", range(expression))
                .help("name what is read: `seen = stock`"));
        };
        let Expr::Path(target) = &*assign.left else {
            return Err(ExpressionError::new("this is no name of a variable", range(&assign.left))
                .help("a variable has a name of one word: `seen = stock`"));
        };
        Ok((word(&target.path, range(target))?, self.term(&assign.right)?))
    }

    fn no_assignment(&self, expression: &Expr) -> ExpressionError {
        ExpressionError::new("this changes nothing", range(expression))
            .help("write an assignment: `stock -= 1` or `status = 2`")
    }

    fn value(&self, expression: &Expr) -> Result<Value> {
        match expression {
            Expr::Lit(literal) => self.literal(&literal.lit, ""),
            Expr::Paren(inner) => self.value(&inner.expr),
            Expr::Path(_) | Expr::Field(_) => {
                self.variable(expression).map(|variable| Value::Number(Term::Variable(variable)))
            }
            Expr::Unary(unary) => match (&unary.op, &*unary.expr) {
                (UnOp::Neg(_), Expr::Lit(literal)) => self.literal(&literal.lit, "-"),
                (UnOp::Neg(_), operand) => {
                    Ok(Value::Number(Term::Negate(Box::new(self.term(operand)?))))
                }
                (UnOp::Not(_), operand) => {
                    Ok(Value::Truth(Condition::Not(Box::new(self.condition(operand)?))))
                }
                _ => Err(unsupported(expression)),
            },
            Expr::Binary(binary) => self.binary(binary),
            Expr::Call(call) => self.call(call),
            Expr::If(choice) => self.choice(choice),
            _ => Err(unsupported(expression)),
        }
    }

    fn literal(&self, literal: &Lit, sign: &str) -> Result<Value> {
        let range = literal.span().byte_range();
        match literal {
            Lit::Int(number) if !number.suffix().is_empty() => {
                Err(ExpressionError::new(format!("`{number}` has a suffix"), range)
                    .help(format!("write `{}`", number.base10_digits())))
            }
            Lit::Int(number) => format!("{sign}{}", number.base10_digits())
                .parse()
                .map(|number| Value::Number(Term::Number(number)))
                .map_err(|_| {
                    ExpressionError::new("this number does not fit into 64 bits", range)
                        .help(format!("numbers reach from {} to {}", i64::MIN, i64::MAX))
                }),
            Lit::Bool(constant) if sign.is_empty() => {
                Ok(Value::Truth(Condition::Constant(constant.value)))
            }
            Lit::Bool(_) => {
                Err(ExpressionError::new("this is a condition, but a number is needed", range))
            }
            Lit::Float(_) => Err(ExpressionError::new("fractions have no place here", range)
                .help("count in the smallest unit: cents instead of euros")),
            Lit::Str(_) | Lit::Char(_) => {
                Err(ExpressionError::new("texts have no place in an expression", range)
                    .help("expressions are about numbers: count states, for instance `paid == 1`"))
            }
            _ => Err(ExpressionError::new("this literal has no place in an expression", range)
                .help("numbers are written `12`, `1_000` or `0xff`")),
        }
    }

    fn variable(&self, expression: &Expr) -> Result<Variable> {
        let path = self.path(expression)?;
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        self.names
            .resolve(&path)
            .map_err(|message| self.unknown(&path.join("."), message, range(expression)))
    }

    /// The words of `a`, `a.b` and so on.
    fn path(&self, expression: &Expr) -> Result<Vec<String>> {
        match expression {
            Expr::Path(path) => Ok(vec![word(&path.path, range(expression))?]),
            Expr::Field(field) => {
                let mut path = self.path(&field.base)?;
                match &field.member {
                    Member::Named(name) => path.push(name.to_string()),
                    Member::Unnamed(index) => {
                        return Err(ExpressionError::new(
                            "a resource has a name, not a number",
                            index.span().byte_range(),
                        )
                        .help("write `service.resource`"));
                    }
                }
                Ok(path)
            }
            _ => Err(ExpressionError::new("only a service has resources", range(expression))
                .help("write `service.resource`")),
        }
    }

    fn unknown(&self, name: &str, message: String, range: Range<usize>) -> ExpressionError {
        let known = self.names.known();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        ExpressionError::new(message, range).help(suggestion(name, &known))
    }

    fn binary(&self, binary: &syn::ExprBinary) -> Result<Value> {
        let (left, right) = (&*binary.left, &*binary.right);
        let arithmetic = |operator| {
            let (left, right) = (self.term(left)?, self.term(right)?);
            Ok(Value::Number(Term::Arithmetic(operator, Box::new(left), Box::new(right))))
        };
        let order = |comparison| {
            let (left, right) = (self.term(left)?, self.term(right)?);
            Ok(Value::Truth(Condition::Compare(comparison, Box::new(left), Box::new(right))))
        };
        let logic = |join: fn(Box<Condition>, Box<Condition>) -> Condition| {
            let (left, right) = (self.condition(left)?, self.condition(right)?);
            Ok(Value::Truth(join(Box::new(left), Box::new(right))))
        };
        match binary.op {
            BinOp::Add(_) => arithmetic(Operator::Add),
            BinOp::Sub(_) => arithmetic(Operator::Subtract),
            BinOp::Mul(_) => arithmetic(Operator::Multiply),
            BinOp::Div(_) => arithmetic(Operator::Divide),
            BinOp::Rem(_) => arithmetic(Operator::Remainder),
            BinOp::Lt(_) => order(Comparison::Less),
            BinOp::Le(_) => order(Comparison::LessOrEqual),
            BinOp::Gt(_) => order(Comparison::Greater),
            BinOp::Ge(_) => order(Comparison::GreaterOrEqual),
            BinOp::And(_) => logic(Condition::And),
            BinOp::Or(_) => logic(Condition::Or),
            BinOp::Eq(_) => self.equality(left, right).map(Value::Truth),
            BinOp::Ne(_) => match self.equality(left, right)? {
                Condition::Compare(_, left, right) => {
                    Ok(Value::Truth(Condition::Compare(Comparison::NotEqual, left, right)))
                }
                same => Ok(Value::Truth(Condition::Not(Box::new(same)))),
            },
            BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_) => {
                Err(ExpressionError::new("an assignment has no value", range(binary))
                    .help("only `do` and `undo` assign"))
            }
            _ => Err(ExpressionError::new(
                "operators on bits have no place in an expression",
                binary.op.span().byte_range(),
            )
            .help("logic is written `&&`, `||`, `!`")),
        }
    }

    /// `a == b`, which is meant for two numbers as well as for two conditions.
    fn equality(&self, left: &Expr, right: &Expr) -> Result<Condition> {
        match self.value(left)? {
            Value::Number(term) => {
                let right = self.term(right)?;
                Ok(Condition::Compare(Comparison::Equal, Box::new(term), Box::new(right)))
            }
            Value::Truth(condition) => {
                let right = self.condition(right)?;
                Ok(Condition::Same(Box::new(condition), Box::new(right)))
            }
        }
    }

    fn call(&self, call: &syn::ExprCall) -> Result<Value> {
        let name = match &*call.func {
            Expr::Path(path) => word(&path.path, range(&call.func))?,
            _ => return Err(unsupported(&call.func)),
        };
        let arguments: Vec<&Expr> = call.args.iter().collect();
        let two = |operator| match arguments[..] {
            [left, right] => {
                let (left, right) = (self.term(left)?, self.term(right)?);
                Ok(Value::Number(Term::Arithmetic(operator, Box::new(left), Box::new(right))))
            }
            _ => Err(takes(call, &name, "two numbers", "a, b")),
        };
        match name.as_str() {
            "min" => two(Operator::Minimum),
            "max" => two(Operator::Maximum),
            "initial" => match arguments[..] {
                [name @ (Expr::Path(_) | Expr::Field(_))] => {
                    let initial = self.names.initial(self.variable(name)?);
                    let number =
                        initial.map_err(|message| ExpressionError::new(message, range(name)))?;
                    Ok(Value::Number(Term::Number(number)))
                }
                _ => Err(takes(call, &name, "the name of a resource", "stock")),
            },
            "implies" => match arguments[..] {
                [premise, conclusion] => {
                    let (premise, conclusion) =
                        (self.condition(premise)?, self.condition(conclusion)?);
                    let not = Condition::Not(Box::new(premise));
                    Ok(Value::Truth(Condition::Or(Box::new(not), Box::new(conclusion))))
                }
                _ => Err(takes(call, &name, "two conditions", "p, q")),
            },
            _ => Err(ExpressionError::new(
                format!("there is no function named `{name}`"),
                range(&call.func),
            )
            .help(suggestion(&name, &FUNCTIONS))),
        }
    }

    fn choice(&self, choice: &syn::ExprIf) -> Result<Value> {
        let condition = Box::new(self.condition(&choice.cond)?);
        let Some((_, otherwise)) = &choice.else_branch else {
            return Err(ExpressionError::new("this `if` has no `else`", range(choice))
                .help("a choice needs both: `if c { a } else { b }`"));
        };
        let otherwise = match &**otherwise {
            Expr::Block(block) => only(&block.block)?,
            chained => chained,
        };
        match self.value(only(&choice.then_branch)?)? {
            Value::Number(yes) => {
                let no = self.term(otherwise)?;
                Ok(Value::Number(Term::Choose(condition, Box::new(yes), Box::new(no))))
            }
            Value::Truth(yes) => {
                let no = self.condition(otherwise)?;
                Ok(Value::Truth(Condition::Choose(condition, Box::new(yes), Box::new(no))))
            }
        }
    }
}

/// The one expression of a block.
fn only(block: &syn::Block) -> Result<&Expr> {
    match &block.stmts[..] {
        [Stmt::Expr(expression, None)] => Ok(expression),
        _ => Err(ExpressionError::new("these braces must hold one expression", range(block))
            .help("a choice is written `if c { a } else { b }`")),
    }
}

/// The one word of a path.
fn word(path: &syn::Path, range: Range<usize>) -> Result<String> {
    path.get_ident().map(ToString::to_string).ok_or_else(|| {
        ExpressionError::new("this is not a name", range).help("write `service.resource`")
    })
}

fn takes(call: &syn::ExprCall, name: &str, what: &str, example: &str) -> ExpressionError {
    ExpressionError::new(format!("`{name}` takes {what}"), range(call))
        .help(format!("write `{name}({example})`"))
}

/// Says what kind of Rust this is that expressions do not have.
fn unsupported(expression: &Expr) -> ExpressionError {
    let (what, help) = match expression {
        Expr::Assign(_) => ("assignments", "compare with `==`"),
        Expr::Block(_) => ("braces", "group with parentheses: `(a + b) * c`"),
        Expr::Closure(_) => ("closures", "write `||` between two conditions"),
        Expr::MethodCall(_) => ("methods", "the functions are `min(a, b)` and `max(a, b)`"),
        Expr::Macro(_) => ("macros", "the functions are `min(a, b)` and `max(a, b)`"),
        Expr::Reference(_) => ("references", "write `&&` between two conditions"),
        Expr::Struct(_) => ("structures", "a choice is written `if c { a } else { b }`"),
        Expr::Tuple(_) => ("tuples", "write one expression"),
        Expr::Unary(_) => ("pointers", "write `*` between two numbers"),
        _ => ("other constructs of Rust", "use numbers, names, `+ - * / %`, comparisons and logic"),
    };
    ExpressionError::new(format!("{what} have no place in an expression"), range(expression))
        .help(help)
}

fn range(node: &impl Spanned) -> Range<usize> {
    node.span().byte_range()
}
