//! How names of services and resources are spelled in expressions.
//!
//! A name is an identifier that may also contain hyphens. In an expression a hyphen would be a minus,
//! so there it is written `_`, as Cargo does with the names of crates: the resource `gift-cards` is
//! `gift_cards` in an expression.

/// Words that mean something in expressions already.
const TAKEN: [&str; 10] = [
    "min",
    "max",
    "initial",
    "implies",
    "completed",
    "committed",
    "compensated",
    "aborted",
    "cancelled",
    "failed",
];

/// A name as expressions write it.
///
/// ```
/// use amends_models::workflow::expression::name::written;
/// assert_eq!(written("gift-cards"), "gift_cards");
/// ```
#[must_use]
pub fn written(name: &str) -> String {
    name.replace('-', "_")
}

/// Whether a service or resource of that name can be written in an expression.
///
/// ```
/// use amends_models::workflow::expression::name::is_name;
/// assert!(is_name("gift-cards"));
/// assert!(!is_name("2nd") && !is_name("type") && !is_name("min") && !is_name("in stock"));
/// ```
#[must_use]
pub fn is_name(name: &str) -> bool {
    let word = written(name);
    word.chars().all(|c| c == '_' || c.is_alphanumeric())
        && syn::parse_str::<syn::Ident>(&word).is_ok()
        && !TAKEN.contains(&name)
}
