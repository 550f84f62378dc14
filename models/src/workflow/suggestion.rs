//! Help for misspelled names.

/// A sentence that offers the known name nearest to `name`, or all of them.
///
/// ```
/// use amends_models::workflow::suggestion::suggestion;
/// assert_eq!(suggestion("stok", &["stock", "balance"]), "did you mean `stock`?");
/// assert_eq!(suggestion("colour", &["stock", "balance"]), "known: `stock`, `balance`");
/// ```
#[must_use]
pub fn suggestion(name: &str, known: &[&str]) -> String {
    if let Some(nearest) = nearest(name, known) {
        return format!("did you mean `{nearest}`?");
    }
    if known.is_empty() {
        return "nothing of that kind is defined".to_owned();
    }
    let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    format!("known: {}", names.join(", "))
}

/// The known name that `name` is most likely a misspelling of. One letter in three may be wrong.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    // Distances cost time quadratic in the length; nobody misspells a name that long.
    if name.len() > 100 {
        return None;
    }
    let folded = fold(name);
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(&folded, &fold(candidate)), *candidate))
        .filter(|(distance, candidate)| *distance <= 1.max(candidate.chars().count() / 3))
        .filter(|(distance, candidate)| *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Case and the kind of separator say nothing about which name was meant.
fn fold(name: &str) -> String {
    name.to_lowercase().replace(['-', ' '], "_")
}
