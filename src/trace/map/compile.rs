//! From what stands in a mapping file to rules that can be applied.

use std::ops::Range;
use std::time::Duration;

use amends_models::conformance::ActivityKind;
use amends_models::workflow::suggestion::suggestion;
use compact_str::CompactString;
use indexmap::IndexMap;
use regex_lite::Regex;
use toml::Spanned;

use crate::span::SpanKind;

use super::diagnostic::{MappingError, Text};
use super::file::{
    FoundIn, Kind, MappingFile, OneOrMany, PointTable, RoleName, SpanKindName, SpanTable,
    ToldTable, ValueSource, WorkflowTable,
};
use super::pattern::{Glob, Pattern};
use super::presets;
use super::rule::{Finder, Matcher, PointRule, SpanRule, Word};
use super::{KeyAttributes, Mapping, ToldRule};

/// How deep presets may extend each other.
const DEPTH: usize = 4;

/// The mapping that a text describes.
pub(super) fn compile(text: &Text, depth: usize) -> Result<Mapping, MappingError> {
    let file: MappingFile = toml::from_str(&text.text).map_err(|error| {
        let (message, help) = reworded(error.message());
        text.error(message, error.span(), help)
    })?;
    let reader = Reader { text };
    let mut mapping = Mapping {
        spans: Vec::new(),
        events: Vec::new(),
        logs: Vec::new(),
        keys: keys(&file.workflow),
        subjects: table(&file.subjects),
        undo: table(&file.undo),
        tolerance: reader.tolerance(file.tolerance.as_ref())?,
        complete: file.complete,
        in_doubt: file.in_doubt,
        told: file.told.as_ref().map(|told| told.iter().map(told_rule).collect()),
    };
    for span in &file.span {
        mapping.spans.push(reader.span(span)?);
    }
    for event in &file.event {
        mapping.events.push(reader.point(event)?);
    }
    for log in &file.log {
        mapping.logs.push(reader.point(log)?);
    }
    match file.extends {
        None => {
            for preset in ["amends", "conventions"] {
                mapping.extend_by(presets::compiled(preset, depth + 1)?);
            }
        }
        Some(names) => {
            for name in names {
                let span = Some(name.span());
                if !presets::NAMES.contains(&name.get_ref().as_str()) || depth >= DEPTH {
                    let message = format!("there is no preset named `{}`", name.get_ref());
                    let help = suggestion(name.get_ref(), &presets::NAMES);
                    return Err(text.error(message, span, help));
                }
                mapping.extend_by(presets::compiled(name.get_ref(), depth + 1)?);
            }
        }
    }
    Ok(mapping)
}

impl Mapping {
    /// Where this mapping says nothing, that other one counts.
    pub(super) fn extend_by(&mut self, other: Mapping) {
        self.spans.extend(other.spans);
        self.events.extend(other.events);
        self.logs.extend(other.logs);
        let KeyAttributes { name, id, protocol, spans, event, cause } = other.keys;
        self.keys.name.extend(name);
        self.keys.id.extend(id);
        self.keys.protocol.extend(protocol);
        self.keys.spans.extend(spans);
        self.keys.event.extend(event);
        self.keys.cause.extend(cause);
        self.subjects.extend(other.subjects);
        self.undo.extend(other.undo);
        self.complete |= other.complete;
        self.tolerance = self.tolerance.or(other.tolerance);
        self.in_doubt = self.in_doubt.or(other.in_doubt);
        if self.told.is_none() {
            self.told = other.told;
        }
    }
}

struct Reader<'f> {
    text: &'f Text,
}

impl Reader<'_> {
    fn tolerance(&self, text: Option<&Spanned<String>>) -> Result<Option<Duration>, MappingError> {
        let Some(text) = text else { return Ok(None) };
        humantime::parse_duration(text.get_ref()).map(Some).map_err(|_| {
            let message = format!("`{}` is no duration", text.get_ref());
            self.text.error(message, Some(text.span()), "write it like \"1ms\"")
        })
    }

    fn span(&self, spanned: &Spanned<SpanTable>) -> Result<SpanRule, MappingError> {
        let table = spanned.get_ref();
        let name = self.pattern(table.name.as_ref(), table.name_regex.as_ref())?;
        let when = Matcher {
            kinds: table.kind.as_ref().map(|kinds| kinds.as_slice().iter().map(kind).collect()),
            service: table.service.as_deref().map(Glob::new),
            scope: table.scope.as_deref().map(Glob::new),
            attributes: attributes(&table.attributes),
            without: table.without.iter().map(CompactString::from).collect(),
            name,
        };
        self.check_selects(&when, spanned.span())?;
        let name = when.name.as_ref();
        let is_task = !matches!(table.role, RoleName::Workflow | RoleName::Ignore);
        if is_task && table.subject.is_none() {
            let help = "add subject = { attribute = \"…\" }, or subject = { name = true }";
            return Err(self.text.error(
                "the rule does not say what the task is about",
                Some(spanned.span()),
                help,
            ));
        }
        if !is_task && let Some(operation) = &table.operation {
            return Err(self.text.error(
                "a span of this role carries no task out",
                Some(operation.span()),
                "remove `operation`, or choose another role",
            ));
        }
        Ok(SpanRule {
            role: table.role,
            operation: self.finder(table.operation.as_ref(), name)?,
            subject: self.finder(table.subject.as_ref(), name)?,
            effect: self.finder(table.effect.as_ref(), name)?,
            answer: self.finder(table.answer.as_ref(), name)?,
            ending: self.finder(table.ending.as_ref(), name)?,
            over: table.over.as_ref().map(CompactString::from),
            workflow: self.finder(table.workflow.as_ref(), name)?,
            protocol: table.protocol.as_ref().map(CompactString::from),
            remote: table.remote,
            when,
        })
    }

    fn point(&self, spanned: &Spanned<PointTable>) -> Result<PointRule, MappingError> {
        let table = spanned.get_ref();
        let name = self.pattern(table.name.as_ref(), table.name_regex.as_ref())?;
        let when = Matcher {
            service: table.service.as_deref().map(Glob::new),
            attributes: attributes(&table.attributes),
            without: table.without.iter().map(CompactString::from).collect(),
            name,
            ..Matcher::default()
        };
        self.check_selects(&when, spanned.span())?;
        let name = when.name.as_ref();
        match table.observes {
            Some(Kind::Decided) if table.ending.is_none() => {
                let message = "the rule does not say what was decided";
                let help = "add ending = \"compensated\", or ending = { attribute = \"…\" }";
                return Err(self.text.error(message, Some(spanned.span()), help));
            }
            Some(Kind::Decided | Kind::Ended) | None => {}
            Some(_) if table.subject.is_none() => {
                let message = "the rule does not say what the task is about";
                let help = "add subject = { attribute = \"…\" }, or subject = { span = true }";
                return Err(self.text.error(message, Some(spanned.span()), help));
            }
            Some(_) => {}
        }
        Ok(PointRule {
            observes: table.observes,
            operation: self.finder(table.operation.as_ref(), name)?,
            subject: self.finder(table.subject.as_ref(), name)?,
            answer: self.finder(table.answer.as_ref(), name)?,
            ending: self.finder(table.ending.as_ref(), name)?,
            when,
        })
    }

    /// A rule that says nothing of what it applies to would apply to everything.
    fn check_selects(&self, when: &Matcher, span: Range<usize>) -> Result<(), MappingError> {
        if when.name.is_some()
            || !when.attributes.is_empty()
            || when.service.is_some()
            || when.scope.is_some()
            || when.kinds.is_some()
        {
            return Ok(());
        }
        let message = "the rule applies to everything";
        let help = "say to what, by name, name-regex, kind, service, scope or attributes";
        Err(self.text.error(message, Some(span), help))
    }

    fn pattern(
        &self,
        name: Option<&Spanned<String>>,
        regex: Option<&Spanned<String>>,
    ) -> Result<Option<Pattern>, MappingError> {
        match (name, regex) {
            (Some(_), Some(regex)) => Err(self.text.error(
                "the name is given twice",
                Some(regex.span()),
                "keep `name` or `name-regex`",
            )),
            (Some(name), None) => Ok(Some(Pattern::Glob(Glob::new(name.get_ref())))),
            (None, Some(regex)) => match Regex::new(regex.get_ref()) {
                Ok(compiled) => Ok(Some(Pattern::Regex(Box::new(compiled)))),
                Err(error) => Err(self.text.error(
                    format!("this is no regular expression: {error}"),
                    Some(regex.span()),
                    "groups are written (…), names of groups (?<name>…)",
                )),
            },
            (None, None) => Ok(None),
        }
    }

    fn finder<T: Word>(
        &self,
        source: Option<&Spanned<ValueSource>>,
        name: Option<&Pattern>,
    ) -> Result<Option<Finder<T>>, MappingError> {
        let Some(spanned) = source else { return Ok(None) };
        let span = spanned.span();
        match spanned.get_ref() {
            ValueSource::Literal(word) => Ok(Some(Finder::literal(self.word(word, &span)?))),
            ValueSource::Found(found) => self.found(found, &span, name).map(Some),
        }
    }

    fn found<T: Word>(
        &self,
        found: &FoundIn,
        span: &Range<usize>,
        name: Option<&Pattern>,
    ) -> Result<Finder<T>, MappingError> {
        let capture = match &found.capture {
            None => None,
            Some(capture) => {
                let Some(at) = name.and_then(|name| name.position_of(capture)) else {
                    let message = format!("the name has no gap or group `{capture}`");
                    let help = "gaps of `name` and groups of `name-regex` count from 1";
                    return Err(self.text.error(message, Some(span.clone()), help));
                };
                Some(at)
            }
        };
        let mut values = Vec::with_capacity(found.values.len());
        for (word, meaning) in &found.values {
            values.push((word.into(), self.word(meaning, span)?));
        }
        let otherwise = match &found.otherwise {
            Some(word) => Some(self.word(word, span)?),
            None => None,
        };
        let attributes = found.attribute.as_ref().map_or(&[][..], OneOrMany::as_slice);
        Ok(Finder {
            attributes: attributes.iter().map(CompactString::from).collect(),
            capture,
            link: found.link,
            span: found.span,
            name: found.name,
            body: found.body,
            outcome: found.outcome,
            values,
            otherwise,
        })
    }

    fn word<T: Word>(&self, word: &str, span: &Range<usize>) -> Result<T, MappingError> {
        T::read(word).ok_or_else(|| {
            let message = format!("`{word}` means nothing here");
            self.text.error(message, Some(span.clone()), suggestion(word, T::WORDS))
        })
    }
}

fn attributes(table: &IndexMap<String, OneOrMany<String>>) -> Vec<(CompactString, Vec<Glob>)> {
    let globs = |values: &OneOrMany<String>| {
        values.as_slice().iter().map(|value| Glob::new(value)).collect()
    };
    table.iter().map(|(name, values)| (name.into(), globs(values))).collect()
}

fn table(table: &IndexMap<String, String>) -> Vec<(CompactString, CompactString)> {
    table.iter().map(|(from, to)| (from.into(), to.into())).collect()
}

fn keys(table: &WorkflowTable) -> KeyAttributes {
    let names = |names: &[String]| names.iter().map(CompactString::from).collect();
    KeyAttributes {
        name: names(&table.name),
        id: names(&table.id),
        protocol: names(&table.protocol),
        spans: names(&table.spans),
        event: names(&table.event),
        cause: names(&table.cause),
    }
}

fn told_rule(table: &ToldTable) -> ToldRule {
    ToldRule {
        kind: activity_kind(table.kind),
        operation: table.operation,
        subject: table.subject.as_ref().map(CompactString::from),
        service: table.service.as_ref().map(CompactString::from),
    }
}

pub(super) fn activity_kind(kind: Kind) -> ActivityKind {
    match kind {
        Kind::Requested => ActivityKind::Requested,
        Kind::Performed => ActivityKind::Performed,
        Kind::Replied => ActivityKind::Replied,
        Kind::Answered => ActivityKind::Answered,
        Kind::Decided => ActivityKind::Decided,
        Kind::Ended => ActivityKind::Ended,
    }
}

fn kind(name: &SpanKindName) -> SpanKind {
    match name {
        SpanKindName::Unspecified => SpanKind::Unspecified,
        SpanKindName::Internal => SpanKind::Internal,
        SpanKindName::Server => SpanKind::Server,
        SpanKindName::Client => SpanKind::Client,
        SpanKindName::Producer => SpanKind::Producer,
        SpanKindName::Consumer => SpanKind::Consumer,
    }
}

/// What the library that reads TOML says, in plainer words, and how to mend it.
fn reworded(message: &str) -> (String, String) {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let what = if message.starts_with("unknown field") {
        "key"
    } else if message.starts_with("unknown variant") {
        "choice"
    } else if message.starts_with("missing field") {
        let missing = quoted.next().unwrap_or_default();
        return (format!("`{missing}` is missing"), format!("add `{missing} = …`"));
    } else {
        return (message.to_owned(), String::new());
    };
    let unknown = quoted.next().unwrap_or_default();
    let known: Vec<&str> = quoted.collect();
    (format!("there is no {what} `{unknown}` here"), suggestion(unknown, &known))
}
