//! Ways to falsify the spans of a run, and what may come of it.

use amends_trace::record::names;
use amends_trace::{Attributes, LogRecord, Span, SpanId, Value};

/// A way to falsify spans.
pub(crate) struct Mutation {
    /// What is done, in words.
    pub(crate) what: &'static str,
    /// What may come of it. A mutation that breaks a rule must not conform.
    pub(crate) allowed: &'static [&'static str],
    /// Does it; `false` if there is nothing to do it to.
    pub(crate) mutate: fn(&mut Vec<Span>, &mut Vec<LogRecord>) -> bool,
}

const WRONG: &[&str] = &["violates"];
const NOT_RIGHT: &[&str] = &["violates", "inconclusive"];
const NO_MATTER: &[&str] = &["conforms"];
const NOT_WRONG: &[&str] = &["conforms", "inconclusive"];

pub(crate) const MUTATIONS: &[Mutation] = &[
    Mutation {
        what: "the root is missing",
        allowed: NOT_WRONG,
        mutate: |spans, _| {
            remove(spans, |span| span.attributes.get(names::WORKFLOW_NAME).is_some())
        },
    },
    Mutation {
        what: "a request is missing",
        allowed: NOT_WRONG,
        mutate: |spans, _| remove(spans, |span| has_role(span, names::REQUEST)),
    },
    Mutation {
        what: "an execution is missing",
        allowed: NOT_WRONG,
        mutate: |spans, _| remove(spans, |span| has_role(span, names::EXECUTION)),
    },
    Mutation {
        what: "a span came twice",
        allowed: NO_MATTER,
        mutate: |spans, _| {
            let Some(first) = spans.first().cloned() else { return false };
            spans.push(first);
            true
        },
    },
    Mutation {
        what: "a change was made twice",
        allowed: WRONG,
        mutate: |spans, _| {
            // To check once more whether one could commit changes nothing.
            let changed = |span: &&Span| {
                took_effect(span) && span.attributes.text(names::OPERATION) != Some("prepare")
            };
            let Some(mut again) = spans.iter().find(changed).cloned() else { return false };
            again.id = SpanId::new([7; 8]).expect("an id");
            spans.push(again);
            true
        },
    },
    Mutation {
        what: "an event was appended twice",
        allowed: WRONG,
        mutate: |_, logs| {
            let Some(mut again) = logs.first().cloned() else { return false };
            again.time.0 += 5_000_000;
            logs.push(again);
            true
        },
    },
    Mutation {
        what: "a change that was made is said to be refused",
        allowed: NOT_RIGHT,
        mutate: |spans, _| change(spans, took_effect, |span| put(span, names::EFFECT, "refused")),
    },
    Mutation {
        what: "an answer says the opposite",
        allowed: WRONG,
        mutate: |spans, _| {
            change(
                spans,
                |span| {
                    has_role(span, names::REQUEST)
                        && span.attributes.text(names::ANSWER) == Some("done")
                        && is_forward(span)
                },
                |span| put(span, names::ANSWER, "refused"),
            )
        },
    },
    Mutation {
        what: "the outcome says the opposite",
        allowed: NOT_RIGHT,
        mutate: |spans, _| {
            let is_told = |span: &Span| span.attributes.text(names::OUTCOME).is_some();
            change(spans, is_told, |span| {
                let is_completed = span.attributes.text(names::OUTCOME) == Some("completed");
                put(span, names::OUTCOME, if is_completed { "compensated" } else { "completed" });
            })
        },
    },
    Mutation {
        what: "a step is one that the design does not have",
        allowed: WRONG,
        mutate: |spans, _| {
            let has_subject = |span: &Span| span.attributes.get(names::SUBJECT).is_some();
            change(spans, has_subject, |span| put(span, names::SUBJECT, "something-else"))
        },
    },
    Mutation {
        what: "a change is said to be undone that was made",
        allowed: NOT_RIGHT,
        mutate: |spans, _| {
            change(
                spans,
                |span| took_effect(span) && span.attributes.text(names::OPERATION) == Some("do"),
                |span| put(span, names::OPERATION, "undo"),
            )
        },
    },
    Mutation {
        what: "two requests of one process changed places",
        allowed: &["violates", "conforms"],
        mutate: |spans, _| {
            let requests: Vec<usize> =
                (0..spans.len()).filter(|&at| has_role(&spans[at], names::REQUEST)).collect();
            let ([first, ..], Some(&last)) = (&requests[..], requests.last()) else { return false };
            let first = *first;
            if first == last || spans[first].source != spans[last].source {
                return false;
            }
            let of_first = (spans[first].start, spans[first].end);
            (spans[first].start, spans[first].end) = (spans[last].start, spans[last].end);
            (spans[last].start, spans[last].end) = of_first;
            true
        },
    },
    Mutation {
        what: "an effect is a number",
        allowed: NOT_WRONG,
        mutate: |spans, _| {
            change(spans, took_effect, |span| replace(span, names::EFFECT, Value::Int(7)))
        },
    },
    Mutation {
        what: "a time is absurd",
        allowed: &["conforms", "inconclusive", "violates"],
        mutate: |spans, _| {
            change(
                spans,
                |span| has_role(span, names::EXECUTION),
                |span| {
                    span.start.0 = u64::MAX / 2;
                    span.end = Some(amends_trace::Time(u64::MAX / 2));
                },
            )
        },
    },
];

fn has_role(span: &Span, role: &str) -> bool {
    span.attributes.text(names::ROLE) == Some(role)
}

fn took_effect(span: &Span) -> bool {
    span.attributes.text(names::EFFECT) == Some("done")
}

fn is_forward(span: &Span) -> bool {
    matches!(span.attributes.text(names::OPERATION), Some("do" | "try" | "prepare"))
}

fn remove(spans: &mut Vec<Span>, such: impl Fn(&Span) -> bool) -> bool {
    match spans.iter().position(such) {
        Some(at) => {
            spans.remove(at);
            true
        }
        None => false,
    }
}

fn change(spans: &mut [Span], such: impl Fn(&Span) -> bool, change: impl Fn(&mut Span)) -> bool {
    let found = spans.iter_mut().find(|span| such(span));
    found.map(change).is_some()
}

fn put(span: &mut Span, name: &str, value: &str) {
    replace(span, name, Value::from(value));
}

fn replace(span: &mut Span, name: &str, value: Value) {
    let replaced = |(key, old): (&str, &Value)| {
        (key.to_owned(), if key == name { value.clone() } else { old.clone() })
    };
    span.attributes = span.attributes.iter().map(replaced).collect::<Attributes>();
}
