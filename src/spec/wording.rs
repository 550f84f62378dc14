//! What the libraries that read TOML say, in the words of specs.

use amends_models::workflow::suggestion::suggestion;

/// What is wrong, and how to mend it.
pub(super) struct Wording {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// Rewords a message of `serde` or `toml`. A message that is not known here stays as it is.
pub(super) fn reword(message: &str) -> Wording {
    // Names stand in backquotes: first the wrong one, then the right ones.
    let mut quoted = message.split('`').skip(1).step_by(2);
    let said = |message: String, help: Option<String>| Wording { message, help };
    if message.starts_with("unknown field") || message.starts_with("unknown variant") {
        let unknown = quoted.next().unwrap_or_default();
        let known: Vec<&str> = quoted.collect();
        let what = if message.starts_with("unknown field") { "key" } else { "choice" };
        let help = suggestion(unknown, &known);
        return said(format!("there is no {what} `{unknown}` here"), Some(help));
    }
    if message.starts_with("missing field") {
        let missing = quoted.next().unwrap_or_default();
        return said(format!("`{missing}` is missing"), Some(format!("add `{missing} = …`")));
    }
    let found = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))
        .and_then(|rest| rest.split_once(", expected "));
    let Some((found, expected)) = found else {
        return said(message.to_owned(), None);
    };
    let expected = match expected {
        "i64" if message.starts_with("invalid value") => "a number that fits into 64 bits",
        "i64" => "a whole number",
        "u8" => "a whole number from 0 to 255",
        "a nonzero u8" => "a whole number from 1 to 255",
        "a string" => "a text in quotes",
        "a sequence" => "a list",
        "a map" => "a table",
        structure if structure.starts_with("struct ") => "a table",
        other => other,
    };
    said(format!("this is {}; expected {expected}", noun(found)), None)
}

/// What was found, as a noun.
fn noun(found: &str) -> String {
    let (kind, value) = found.split_once(' ').unwrap_or((found, ""));
    let kind = match kind {
        "string" => "the text",
        "integer" => "the number",
        "boolean" => "the value",
        "sequence" => "a list",
        "map" => "a table",
        "floating" => return "a fraction".to_owned(),
        _ => return found.to_owned(),
    };
    format!("{kind} {value}").trim_end().to_owned()
}
