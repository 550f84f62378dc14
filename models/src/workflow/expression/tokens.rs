//! The words and signs of an expression, and the limits on them.
//!
//! The parser behind the expressions reads all of Rust, recursively. What comes out of here is so
//! little of Rust, and nested so little, that neither the parser nor anything after it can exhaust the
//! stack; and what is not part of expressions is refused by name.

use std::ops::Range;

use proc_macro2::{Delimiter, Ident, Punct, Spacing, TokenStream, TokenTree};

use super::parse::ExpressionError;

/// The most words and signs of one expression.
const MAX_TOKENS: usize = 1000;

/// How deep brackets, signs before operands, and `if`s may be nested.
const MAX_NESTING: usize = 32;

/// Splits a text into words and signs that may occur in an expression.
pub(super) fn tokens(text: &str) -> Result<TokenStream, ExpressionError> {
    let stream: TokenStream =
        text.parse().map_err(|error: proc_macro2::LexError| unreadable(text, error))?;
    if stream.is_empty() {
        return Err(ExpressionError::new("the expression is empty", 0..text.len()));
    }
    Inspection::default().stream(stream.clone(), 0)?;
    Ok(stream)
}

/// What was seen so far.
#[derive(Default)]
struct Inspection {
    tokens: usize,
    ifs: usize,
    assignments: usize,
    /// Signs since the last operand.
    signs: usize,
}

impl Inspection {
    fn stream(&mut self, stream: TokenStream, depth: usize) -> Result<(), ExpressionError> {
        let mut before: Option<Punct> = None;
        let mut rest = stream.into_iter().peekable();
        while let Some(token) = rest.next() {
            let range = token.span().byte_range();
            self.tokens += 1;
            if self.tokens > MAX_TOKENS {
                return Err(ExpressionError::new(
                    format!("the expression has more than {MAX_TOKENS} words and signs"),
                    range,
                )
                .help("split it into several properties"));
            }
            if depth > MAX_NESTING || self.ifs > MAX_NESTING || self.signs > MAX_NESTING {
                return Err(ExpressionError::new(
                    format!("the expression is nested more than {MAX_NESTING} levels deep"),
                    range,
                )
                .help("write it flat, or split it into several properties"));
            }
            let punct = match token {
                TokenTree::Group(group) => {
                    if group.delimiter() == Delimiter::Bracket {
                        return Err(ExpressionError::new("lists have no place here", range)
                            .help("group with parentheses: `(a + b) * c`"));
                    }
                    self.signs = 0;
                    self.stream(group.stream(), depth + 1)?;
                    None
                }
                TokenTree::Ident(word) => {
                    self.word(&word)?;
                    None
                }
                TokenTree::Literal(_) => {
                    self.signs = 0;
                    None
                }
                TokenTree::Punct(punct) => {
                    self.sign(before.as_ref(), &punct, rest.peek())?;
                    Some(punct)
                }
            };
            before = punct;
        }
        Ok(())
    }

    fn word(&mut self, word: &Ident) -> Result<(), ExpressionError> {
        let text = word.to_string();
        match text.as_str() {
            "if" => self.ifs += 1,
            "else" | "true" | "false" => self.signs = 0,
            _ if syn::parse2::<Ident>(TokenTree::from(word.clone()).into()).is_ok() => {
                self.signs = 0;
            }
            _ => {
                let error = ExpressionError::new(
                    format!("the keyword `{text}` has no place in an expression"),
                    word.span().byte_range(),
                );
                return Err(match text.as_str() {
                    "match" => error.help("write `if c { a } else { b }`"),
                    "as" => error.help("all numbers are of one kind: 64-bit signed integers"),
                    _ => error,
                });
            }
        }
        Ok(())
    }

    fn sign(
        &mut self,
        before: Option<&Punct>,
        sign: &Punct,
        next: Option<&TokenTree>,
    ) -> Result<(), ExpressionError> {
        self.signs += 1;
        let joined_before =
            before.filter(|before| before.spacing() == Spacing::Joint).map(Punct::as_char);
        let joined_after = match next {
            Some(TokenTree::Punct(next)) if sign.spacing() == Spacing::Joint => {
                Some(next.as_char())
            }
            _ => None,
        };
        let doubled = joined_before == Some(sign.as_char()) || joined_after == Some(sign.as_char());
        let refuse = |message: &str, help: &str| {
            Err(ExpressionError::new(message, sign.span().byte_range()).help(help))
        };
        match sign.as_char() {
            '&' if !doubled => refuse("`&` has no place in an expression", "write `&&` for “and”"),
            '|' if !doubled => refuse("`|` has no place in an expression", "write `||` for “or”"),
            '.' if doubled => {
                refuse("ranges have no place in an expression", "write `a <= x && x <= b`")
            }
            '?' => refuse("`?` has no place in an expression", "write `if c { a } else { b }`"),
            ':' => refuse(
                "`:` has no place in an expression",
                "a resource is written `service.resource`",
            ),
            ';' => refuse(
                "`;` has no place in an expression",
                "several assignments are a list of strings: [\"a -= 1\", \"b += 1\"]",
            ),
            '#' => refuse("`#` has no place in an expression", "write comments outside the string"),
            '$' | '@' | '~' | '\'' => Err(ExpressionError::new(
                format!("`{}` has no place in an expression", sign.as_char()),
                sign.span().byte_range(),
            )),
            '=' if !matches!(joined_before, Some('=' | '<' | '>' | '!'))
                && joined_after != Some('=') =>
            {
                self.assignments += 1;
                if self.assignments > 1 {
                    return refuse(
                        "there is more than one assignment",
                        "write each assignment as a string of its own",
                    );
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Says why a text cannot even be split into words and signs.
fn unreadable(text: &str, error: proc_macro2::LexError) -> ExpressionError {
    let start = error.span().byte_range().start.min(text.len());
    let Some(sign) = text[start..].chars().next() else {
        return ExpressionError::new("the expression ends too early", text.len()..text.len());
    };
    let range: Range<usize> = start..start + sign.len_utf8();
    if text[start..].starts_with("/*") {
        return ExpressionError::new("this comment is never closed", range);
    }
    let instead = match sign {
        '0'..='9' => {
            return ExpressionError::new("this number is malformed", range)
                .help("numbers are written `12`, `1_000` or `0xff`");
        }
        '(' | '{' | '[' => {
            return ExpressionError::new(format!("this `{sign}` is never closed"), range);
        }
        ')' | '}' | ']' => {
            return ExpressionError::new(format!("this `{sign}` does not close anything"), range)
                .help("remove it, or open its counterpart before it");
        }
        '"' | '\'' => {
            return ExpressionError::new("texts have no place in an expression", range)
                .help("expressions are about numbers: count states, for instance `paid == 1`");
        }
        '≤' => "<=",
        '≥' => ">=",
        '≠' => "!=",
        '−' | '–' => "-",
        '×' | '·' => "*",
        '÷' => "/",
        '∧' => "&&",
        '∨' => "||",
        '¬' => "!",
        '→' | '⇒' => "implies(a, b)",
        _ => {
            return ExpressionError::new(format!("`{sign}` has no place in an expression"), range);
        }
    };
    ExpressionError::new(format!("`{sign}` has no place in an expression"), range)
        .help(format!("write `{instead}`"))
}
