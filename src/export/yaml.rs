//! YAML, as the tools of a cluster read it.

use serde::Serialize;

/// One document, after comments that say what it is.
pub(super) fn document(comments: &[String], content: &impl Serialize) -> String {
    let mut text = String::new();
    for comment in comments {
        // What comes from a file must not end the comment.
        text += &format!("# {}\n", comment.replace(char::is_control, " "));
    }
    // Plain data with string keys: serialising it cannot fail.
    text + &serde_saphyr::to_string(content).unwrap_or_else(|error| format!("# {error}\n"))
}
