//! Spans to map, made by hand, and short words for what is seen in them.

use std::sync::Arc;

use amends_models::process::Answer;

use crate::fixture::{span, span_id};
use crate::map::{Mapping, NamedObservation, Sightings};
use crate::span::{Source, Span, SpanEvent, SpanKind, Status, Time};

/// A span of a process, with attributes; times are in milliseconds.
pub(super) fn told(
    id: u64,
    parent: u64,
    (service, instance): (&str, &str),
    name: &str,
    (start, end): (u64, u64),
    attributes: &[(&str, &str)],
) -> Span {
    let source = Source { service: service.into(), instance: instance.into(), ..Source::default() };
    Span {
        attributes: attributes.iter().copied().collect(),
        source: Arc::new(source),
        ..span(id, (parent != 0).then_some(parent), name, start, end)
    }
}

pub(super) fn kind(kind: SpanKind, span: Span) -> Span {
    Span { kind, ..span }
}

pub(super) fn failed(why: &str, span: Span) -> Span {
    Span { status: Status::Error(why.into()), ..span }
}

pub(super) fn event(name: &str, at: u64, attributes: &[(&str, &str)], mut span: Span) -> Span {
    let attributes = attributes.iter().copied().collect();
    span.events.push(SpanEvent {
        time: Time(at * crate::fixture::MS),
        name: name.into(),
        attributes,
    });
    span
}

pub(super) fn linked(id: u64, mut span: Span) -> Span {
    let trace = span.trace;
    span.links.push(crate::span::Link { trace, span: span_id(id), attributes: Default::default() });
    span
}

/// An observation in a few words.
pub(super) fn words(observation: &NamedObservation) -> String {
    let answer = |answer: &Option<Answer>| match answer {
        None => "unknown".to_owned(),
        Some(answer) => format!("{answer:?}").to_lowercase(),
    };
    match observation {
        NamedObservation::Requested(task) => {
            format!("{} {} requested", task.operation, task.subject)
        }
        NamedObservation::Performed(task, said) => {
            format!("{} {} performed: {}", task.operation, task.subject, answer(said))
        }
        NamedObservation::Replied(task, said) => {
            format!("{} {} replied: {}", task.operation, task.subject, answer(said))
        }
        NamedObservation::Answered(task, said) => {
            format!("{} {} answered: {}", task.operation, task.subject, answer(said))
        }
        NamedObservation::Decided(ending) => format!("decided: {ending:?}").to_lowercase(),
        NamedObservation::Ended(ending) => match ending {
            Some(ending) => format!("ended: {ending:?}").to_lowercase(),
            None => "ended".to_owned(),
        },
    }
}

pub(super) fn all(sightings: &Sightings) -> Vec<String> {
    sightings.all.iter().map(|sighting| words(&sighting.observation)).collect()
}

pub(super) fn seen(mapping: &Mapping, spans: &[Span]) -> Vec<String> {
    all(&mapping.apply(spans, &[]))
}

/// Whether it is certain that what reads like the first came before what reads like the other.
pub(super) fn is_before(sightings: &Sightings, first: &str, then: &str) -> bool {
    let position = |text: &str| {
        let found = all(sightings).iter().position(|words| words == text);
        found.unwrap_or_else(|| panic!("`{text}` is not seen, but {:?}", all(sightings)))
    };
    sightings.order.is_before(position(first), position(then))
}
