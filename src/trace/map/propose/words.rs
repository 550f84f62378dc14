//! Names of spans taken apart: what is done, and about what.

/// Verbs that take something back.
const BACKWARD: [&str; 13] = [
    "compensate",
    "compensation",
    "undo",
    "cancel",
    "rollback",
    "revert",
    "reverse",
    "refund",
    "release",
    "void",
    "unreserve",
    "restore",
    "withdraw",
];

/// The words of a name, in lower case: `CancelHotel`, `cancel hotel` and `cancel-hotel` are the same two.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_within = false;
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            (is_within, was_lower) = (false, false);
            continue;
        }
        if !is_within || c.is_uppercase() && was_lower {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
        (is_within, was_lower) = (true, c.is_lowercase() || c.is_numeric());
    }
    words
}

/// What a compensation of that name seems to be about; `None` if the name is none of a compensation.
pub(super) fn taken_back(words: &[String]) -> Option<&[String]> {
    let (first, rest) = words.split_first()?;
    (BACKWARD.contains(&first.as_str()) && !rest.is_empty()).then_some(rest)
}

/// Whether a step of that name is what is taken back: it has those words, or a verb of its own before them.
pub(super) fn is_about(step: &[String], rest: &[String]) -> bool {
    step == rest || step.split_first().is_some_and(|(_, own)| own == rest)
}

/// A name of which those parts are gaps that differ from span to span: numbers and ids.
pub(super) fn pattern(name: &str) -> String {
    let mut pattern = String::new();
    let mut token = String::new();
    let flush = |token: &mut String, pattern: &mut String| {
        let digits = token.chars().filter(char::is_ascii_digit).count();
        let is_hex = token.len() >= 8 && token.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        let is_id = !token.is_empty() && digits > 0 && (digits == token.chars().count() || is_hex);
        match (is_id, pattern.ends_with('*')) {
            (true, true) => {}
            (true, false) => pattern.push('*'),
            (false, _) => pattern.push_str(token),
        }
        token.clear();
    };
    for c in name.chars() {
        if c.is_alphanumeric() || c == '-' {
            token.push(c);
        } else {
            flush(&mut token, &mut pattern);
            pattern.push(c);
        }
    }
    flush(&mut token, &mut pattern);
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_however_they_are_spelt() {
        for name in ["CancelHotel", "cancel hotel", "cancel-hotel", "cancel_hotel", "Cancel.Hotel"]
        {
            assert_eq!(words(name), ["cancel", "hotel"], "{name}");
        }
        assert_eq!(words("HTTP GET"), ["http", "get"]);
    }

    #[test]
    fn a_compensation_is_of_the_step_with_the_same_object() {
        let cancel = words("CancelHotel");
        let rest = taken_back(&cancel).expect("it takes back");
        assert!(is_about(&words("BookHotel"), rest));
        assert!(is_about(&words("hotel"), rest));
        assert!(!is_about(&words("BookFlight"), rest));
        assert_eq!(taken_back(&words("BookHotel")), None);
        assert_eq!(taken_back(&words("cancel")), None);
    }

    #[test]
    fn what_differs_from_span_to_span_is_a_gap() {
        assert_eq!(pattern("order 4711"), "order *");
        assert_eq!(pattern("charge 7f3b9c2a-11aa"), "charge *");
        assert_eq!(pattern("ReserveStock"), "ReserveStock");
        assert_eq!(pattern("v2 charge"), "v2 charge");
    }
}
