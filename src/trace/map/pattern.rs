//! Patterns that names and values match: a text, a text with `*` for anything, or a regular expression.
//! What `*` or a group stands for can be used: it is captured.

use regex_lite::Regex;
use smallvec::SmallVec;

/// A pattern for a name.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// Text with gaps: `RunActivity:*`.
    Glob(Glob),
    /// A regular expression.
    Regex(Box<Regex>),
}

/// What the gaps or groups of a pattern stand for, from the first.
pub(super) type Captures<'t> = SmallVec<[&'t str; 2]>;

impl Pattern {
    /// What its gaps or groups stand for in that text; `None` if the text does not match.
    pub(super) fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        match self {
            Pattern::Glob(glob) => glob.captures(text),
            Pattern::Regex(regex) => {
                let groups = regex.captures(text)?;
                let all = groups.iter().skip(1);
                Some(all.map(|group| group.map_or("", |group| group.as_str())).collect())
            }
        }
    }

    /// The position of the capture of that name or number (from 1).
    pub(super) fn position_of(&self, capture: &str) -> Option<usize> {
        let by_number = capture.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        match self {
            Pattern::Glob(glob) => by_number.filter(|at| *at < glob.gaps()),
            Pattern::Regex(regex) => {
                let mut names = regex.capture_names().skip(1);
                names
                    .position(|name| name == Some(capture))
                    .or(by_number.filter(|at| at + 1 < regex.captures_len()))
            }
        }
    }
}

/// Text with gaps, in which anything may stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glob {
    first: Box<str>,
    /// What follows each gap.
    rest: Box<[Box<str>]>,
}

impl Glob {
    /// The pattern that is written like that: each `*` is a gap.
    pub(super) fn new(text: &str) -> Glob {
        let mut pieces = text.split('*').map(Box::from);
        Glob { first: pieces.next().unwrap_or_default(), rest: pieces.collect() }
    }

    fn gaps(&self) -> usize {
        self.rest.len()
    }

    /// Whether the text matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        if self.rest.is_empty() { *self.first == *text } else { self.captures(text).is_some() }
    }

    fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        let mut captures = Captures::new();
        let mut text = text.strip_prefix(&*self.first)?;
        let Some((last, middle)) = self.rest.split_last() else {
            return text.is_empty().then_some(captures);
        };
        for piece in middle {
            let at = text.find(&**piece)?;
            captures.push(&text[..at]);
            text = &text[at + piece.len()..];
        }
        captures.push(text.strip_suffix(&**last)?);
        Some(captures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(pattern: &str, text: &str) -> Option<Vec<String>> {
        let captures = Glob::new(pattern).captures(text)?;
        Some(captures.into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn a_gap_stands_for_anything() {
        assert_eq!(captured("charge", "charge"), Some(vec![]));
        assert_eq!(captured("charge", "charges"), None);
        assert_eq!(
            captured("Run*:*", "RunActivity:charge"),
            Some(vec!["Activity".into(), "charge".into()])
        );
        assert_eq!(captured("*", ""), Some(vec![String::new()]));
        assert_eq!(captured("a*b*c", "abbc"), Some(vec![String::new(), "b".into()]));
        assert_eq!(captured("ab*ba", "aba"), None);
    }

    #[test]
    fn groups_go_by_name_or_number() {
        let regex = Regex::new(r"^tcc\.(?<phase>try|confirm|cancel) (.+)$").expect("an expression");
        let pattern = Pattern::Regex(Box::new(regex));
        assert_eq!(pattern.position_of("phase"), Some(0));
        assert_eq!(pattern.position_of("2"), Some(1));
        assert_eq!(pattern.position_of("3"), None);
        assert_eq!(pattern.position_of("0"), None);
        let captures = pattern.captures("tcc.try Stock").expect("matches");
        assert_eq!(&captures[..], ["try", "Stock"]);
    }
}
