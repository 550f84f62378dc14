//! Rules, ready to be applied: what a span, event or log record must be like, and where in it stands what
//! it tells of.

use std::borrow::Cow;

use amends_models::process::Answer;
use amends_models::system::{Ending, Operation};
use compact_str::CompactString;

use crate::attribute::{Attributes, Value};
use crate::conventions::{SpanOutcome, WorkflowOutcome};
use crate::span::{Source, Span, SpanKind};

use super::file::{Kind, RoleName};
use super::pattern::{Captures, Glob, Pattern};

/// What a span, event or log record must be like.
#[derive(Clone, Debug, Default)]
pub(super) struct Matcher {
    pub(super) name: Option<Pattern>,
    pub(super) kinds: Option<Vec<SpanKind>>,
    pub(super) service: Option<Glob>,
    pub(super) scope: Option<Glob>,
    pub(super) attributes: Vec<(CompactString, Vec<Glob>)>,
    pub(super) without: Vec<CompactString>,
}

impl Matcher {
    /// What the gaps of the name stand for; `None` if it is not like that.
    pub(super) fn captures<'t>(
        &self,
        name: &'t str,
        kind: Option<SpanKind>,
        attributes: &Attributes,
        source: &Source,
    ) -> Option<Captures<'t>> {
        let has = |(name, values): &(CompactString, Vec<Glob>)| {
            let Some(value) = attributes.get(name) else { return false };
            let text = value.to_text().unwrap_or_default();
            values.iter().any(|pattern| pattern.matches(&text))
        };
        // Attributes first: they tell most rules apart.
        if !self.attributes.iter().all(has)
            || !self.kinds.as_ref().is_none_or(|it| kind.is_some_and(|kind| it.contains(&kind)))
            || !self.service.as_ref().is_none_or(|it| it.matches(&source.service))
            || !self.scope.as_ref().is_none_or(|it| it.matches(&source.scope))
            || self.without.iter().any(|name| attributes.get(name).is_some())
        {
            return None;
        }
        self.name.as_ref().map_or_else(|| Some(Captures::new()), |pattern| pattern.captures(name))
    }
}

/// A rule for spans.
#[derive(Clone, Debug)]
pub(super) struct SpanRule {
    pub(super) when: Matcher,
    pub(super) role: RoleName,
    pub(super) operation: Option<Finder<Operation>>,
    pub(super) subject: Option<Finder<CompactString>>,
    pub(super) effect: Option<Finder<Said<Answer>>>,
    pub(super) answer: Option<Finder<Said<Answer>>>,
    pub(super) ending: Option<Finder<Said<Ending>>>,
    pub(super) over: Option<CompactString>,
    pub(super) workflow: Option<Finder<CompactString>>,
    pub(super) protocol: Option<CompactString>,
    pub(super) remote: bool,
}

/// A rule for events of spans, or for log records.
#[derive(Clone, Debug)]
pub(super) struct PointRule {
    pub(super) when: Matcher,
    pub(super) observes: Option<Kind>,
    pub(super) operation: Option<Finder<Operation>>,
    pub(super) subject: Option<Finder<CompactString>>,
    pub(super) answer: Option<Finder<Said<Answer>>>,
    pub(super) ending: Option<Finder<Said<Ending>>>,
}

/// What is said of an answer or ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said<T> {
    /// This.
    Known(T),
    /// That there is one, and not which.
    Unknown,
    /// Not even that there is one.
    Nothing,
}

/// What can be read from a word of a mapping file or trace.
pub(super) trait Word: Clone {
    /// What the word means; `None` if it means nothing here.
    fn read(word: &str) -> Option<Self>;
    /// The words there are; none if any word will do.
    const WORDS: &'static [&'static str];
}

impl Word for CompactString {
    fn read(word: &str) -> Option<Self> {
        (!word.is_empty()).then(|| word.into())
    }

    const WORDS: &'static [&'static str] = &[];
}

impl Word for Operation {
    fn read(word: &str) -> Option<Self> {
        Operation::ALL.into_iter().find(|it| it.name().eq_ignore_ascii_case(word))
    }

    const WORDS: &'static [&'static str] = &[
        "do", "undo", "try", "confirm", "cancel", "prepare", "commit", "abort", "publish",
        "append", "consume",
    ];
}

impl Word for Said<Answer> {
    fn read(word: &str) -> Option<Self> {
        let word = word.trim();
        let is = |other: &str| word.eq_ignore_ascii_case(other);
        Some(if is("done") {
            Said::Known(Answer::Done)
        } else if is("refused") {
            Said::Known(Answer::Refused)
        } else if is("failed") {
            Said::Known(Answer::Failed)
        } else if is("unknown") {
            Said::Unknown
        } else if is("none") {
            Said::Nothing
        } else {
            return None;
        })
    }

    const WORDS: &'static [&'static str] = &["done", "refused", "failed", "unknown", "none"];
}

impl Word for Said<Ending> {
    fn read(word: &str) -> Option<Self> {
        if word.eq_ignore_ascii_case("none") {
            return Some(Said::Nothing);
        }
        WorkflowOutcome::read(word).map(|outcome| match outcome {
            WorkflowOutcome::Completed => Said::Known(Ending::Completed),
            WorkflowOutcome::Compensated => Said::Known(Ending::Compensated),
            WorkflowOutcome::Failed => Said::Known(Ending::Failed),
            WorkflowOutcome::InDoubt => Said::Unknown,
        })
    }

    const WORDS: &'static [&'static str] =
        &["completed", "compensated", "failed", "unknown", "none"];
}

/// Where something is said.
#[derive(Clone, Debug)]
pub(super) struct Finder<T> {
    pub(super) attributes: Vec<CompactString>,
    pub(super) capture: Option<usize>,
    pub(super) link: bool,
    pub(super) span: bool,
    pub(super) name: bool,
    pub(super) body: bool,
    pub(super) outcome: bool,
    /// What the words found there mean.
    pub(super) values: Vec<(CompactString, T)>,
    /// What it is if nothing is found.
    pub(super) otherwise: Option<T>,
}

impl<T> Finder<T> {
    /// It is always this.
    pub(super) fn literal(value: T) -> Self {
        Finder { otherwise: Some(value), ..Finder::nowhere() }
    }

    pub(super) fn nowhere() -> Self {
        Finder {
            attributes: Vec::new(),
            capture: None,
            link: false,
            span: false,
            name: false,
            body: false,
            outcome: false,
            values: Vec::new(),
            otherwise: None,
        }
    }

    /// What the status, `error.type` and attributes that end with `outcome` say.
    pub(super) fn in_outcome() -> Self {
        Finder { outcome: true, ..Finder::nowhere() }
    }
}

/// What is looked at: a span, an event or a log record.
pub(super) struct Scene<'s> {
    pub(super) name: &'s str,
    pub(super) attributes: &'s Attributes,
    pub(super) captures: Captures<'s>,
    pub(super) body: Option<&'s Value>,
    /// The span, for what its outcome says.
    pub(super) span: Option<&'s Span>,
    /// The subject of the span around an event or log record.
    pub(super) around: Option<&'s str>,
    /// The subject of the span that is linked to.
    pub(super) linked: Option<&'s str>,
}

impl<T: Word> Finder<T> {
    /// What is said there; `None` if nothing is, or nothing that makes sense.
    pub(super) fn find(&self, scene: &Scene<'_>) -> Option<T> {
        match self.text(scene) {
            Some(text) => self.meaning(&text).or_else(|| self.otherwise.clone()),
            None => self.otherwise.clone(),
        }
    }

    /// Whether something is said there that means nothing.
    pub(super) fn is_unreadable(&self, scene: &Scene<'_>) -> bool {
        self.otherwise.is_none()
            && self.text(scene).is_some_and(|text| self.meaning(&text).is_none())
    }

    /// What a word means.
    fn meaning(&self, word: &str) -> Option<T> {
        let value = self.values.iter().find(|(it, _)| it.eq_ignore_ascii_case(word));
        value.map(|(_, value)| value.clone()).or_else(|| T::read(word))
    }

    fn text<'s>(&'s self, scene: &'s Scene<'_>) -> Option<Cow<'s, str>> {
        for name in &self.attributes {
            let text = scene.attributes.get(name).and_then(Value::to_text);
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                return Some(text);
            }
        }
        let captured = self.capture.and_then(|at| scene.captures.get(at).copied());
        let linked = scene.linked.filter(|_| self.link);
        let around = scene.around.filter(|_| self.span);
        let name = Some(scene.name).filter(|_| self.name);
        let text = captured.or(linked).or(around).or(name).filter(|text| !text.is_empty());
        text.map(Cow::Borrowed)
            .or_else(|| scene.body.filter(|_| self.body).and_then(Value::to_text))
            .or_else(|| scene.span.filter(|_| self.outcome).map(|span| outcome_of(span).into()))
    }
}

fn outcome_of(span: &Span) -> &'static str {
    match SpanOutcome::of(span) {
        SpanOutcome::Succeeded => "done",
        SpanOutcome::Refused => "refused",
        SpanOutcome::Failed => "failed",
        SpanOutcome::Unknown => "unknown",
    }
}
