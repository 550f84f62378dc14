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
const DOUBTFUL: &[&str] = &["inconclusive"];
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
        mutate: |spans, _| {
            change(spans, took_effect, |span| put(&mut span.attributes, names::EFFECT, "refused"))
        },
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
                |span| put(&mut span.attributes, names::ANSWER, "refused"),
            )
        },
    },
    Mutation {
        what: "the outcome says the opposite",
        allowed: NOT_RIGHT,
        mutate: |spans, _| {
            let is_told = |span: &Span| span.attributes.text(names::OUTCOME).is_some();
            change(spans, is_told, |span| opposite(&mut span.attributes, names::OUTCOME))
        },
    },
    Mutation {
        what: "a step is one that the design does not have",
        allowed: WRONG,
        mutate: |spans, _| {
            let has_subject = |span: &Span| span.attributes.get(names::SUBJECT).is_some();
            change(spans, has_subject, |span| {
                put(&mut span.attributes, names::SUBJECT, "something-else")
            })
        },
    },
    Mutation {
        what: "a change is said to be undone that was made",
        allowed: NOT_RIGHT,
        mutate: |spans, _| {
            change(
                spans,
                |span| took_effect(span) && span.attributes.text(names::OPERATION) == Some("do"),
                |span| put(&mut span.attributes, names::OPERATION, "undo"),
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
        what: "the steps of two changes changed places",
        allowed: NOT_RIGHT,
        mutate: |spans, _| {
            // Which came first is certain if one was asked for after the other was answered.
            let request = |at: usize| {
                let parent = spans.iter().find(|span| Some(span.id) == spans[at].parent)?;
                has_role(parent, names::REQUEST).then_some((parent.start, parent.end?))
            };
            let changes: Vec<usize> =
                (0..spans.len()).filter(|&at| took_effect(&spans[at])).collect();
            for &first in &changes {
                let other = |&&then: &&usize| {
                    let is_later = request(first)
                        .zip(request(then))
                        .is_some_and(|((_, answered), (asked, _))| answered < asked);
                    is_later
                        && spans[then].attributes.text(names::OPERATION)
                            == spans[first].attributes.text(names::OPERATION)
                        && subject(&spans[then].attributes) != subject(&spans[first].attributes)
                };
                let Some(&then) = changes.iter().find(other) else { continue };
                let one = subject(&spans[first].attributes).to_owned();
                let another = subject(&spans[then].attributes).to_owned();
                put(&mut spans[first].attributes, names::SUBJECT, &another);
                put(&mut spans[then].attributes, names::SUBJECT, &one);
                return true;
            }
            false
        },
    },
    Mutation {
        what: "a task is one that the protocol does not have",
        allowed: WRONG,
        mutate: |spans, logs| {
            let alien = match spans.iter().any(|span| is_of(span, "prepare")) {
                true => "append",
                false => "prepare",
            };
            change_any(
                spans,
                logs,
                |told| told.get(names::SUBJECT).is_some(),
                |told| {
                    put(told, names::OPERATION, alien);
                },
            )
        },
    },
    Mutation {
        what: "a decision says the opposite",
        allowed: WRONG,
        mutate: |spans, _| {
            let decisions = spans.iter_mut().flat_map(|span| &mut span.events);
            let Some(decision) = decisions.into_iter().find(|it| it.name == names::DECISION) else {
                return false;
            };
            opposite(&mut decision.attributes, names::ENDING);
            true
        },
    },
    Mutation {
        what: "the outcome is a word that means nothing",
        allowed: NOT_WRONG,
        mutate: |spans, _| {
            let is_told = |span: &Span| span.attributes.text(names::OUTCOME).is_some();
            change(spans, is_told, |span| put(&mut span.attributes, names::OUTCOME, "splendid"))
        },
    },
    Mutation {
        what: "what a span is about is missing",
        allowed: NOT_WRONG,
        mutate: |spans, logs| {
            change_any(
                spans,
                logs,
                |told| told.get(names::SUBJECT).is_some(),
                |told| {
                    told.retain(|name, _| name != names::SUBJECT);
                },
            )
        },
    },
    Mutation {
        what: "what a span does is a number",
        allowed: NOT_WRONG,
        mutate: |spans, logs| {
            change_any(
                spans,
                logs,
                |told| told.get(names::OPERATION).is_some(),
                |told| {
                    replace(told, names::OPERATION, Value::Int(7));
                },
            )
        },
    },
    Mutation {
        what: "a service left out attributes",
        allowed: DOUBTFUL,
        mutate: |spans, _| change(spans, |_| true, |span| span.dropped.attributes = 3),
    },
    Mutation {
        what: "the parent of an execution is one that nobody knows",
        allowed: DOUBTFUL,
        mutate: |spans, _| {
            change(
                spans,
                |span| has_role(span, names::EXECUTION),
                |span| span.parent = Some(SpanId::new([9; 8]).expect("an id")),
            )
        },
    },
    Mutation {
        what: "the coordinator tells of one span more",
        allowed: DOUBTFUL,
        mutate: |spans, _| {
            let count = |span: &Span| span.attributes.get(names::SPANS).and_then(Value::to_int);
            change(
                spans,
                |span| count(span).is_some(),
                |span| {
                    let more = count(span).unwrap_or_default() + 1;
                    replace(&mut span.attributes, names::SPANS, Value::Int(more));
                },
            )
        },
    },
    Mutation {
        what: "spans were sampled",
        allowed: DOUBTFUL,
        mutate: |spans, _| {
            change(spans, |_| true, |span| span.attributes.push("sampling.probability", 0.1))
        },
    },
    Mutation {
        what: "what was answered to be refused took effect",
        allowed: NOT_RIGHT,
        mutate: |spans, _| {
            let is_refused = |span: &Span| {
                let said = [names::EFFECT, names::ANSWER].map(|name| span.attributes.text(name));
                said == [Some("refused"); 2]
            };
            change(spans, is_refused, |span| put(&mut span.attributes, names::EFFECT, "done"))
        },
    },
    Mutation {
        what: "an effect is a number",
        allowed: NOT_WRONG,
        mutate: |spans, _| {
            change(spans, took_effect, |span| {
                replace(&mut span.attributes, names::EFFECT, Value::Int(7))
            })
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

fn is_of(span: &Span, operation: &str) -> bool {
    span.attributes.text(names::OPERATION) == Some(operation)
}

fn subject(told: &Attributes) -> &str {
    told.text(names::SUBJECT).unwrap_or_default()
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

/// Changes the first span or, where no span is such, the first log record.
fn change_any(
    spans: &mut [Span],
    logs: &mut [LogRecord],
    such: impl Fn(&Attributes) -> bool,
    change: impl Fn(&mut Attributes),
) -> bool {
    let spans = spans.iter_mut().map(|span| &mut span.attributes);
    let logs = logs.iter_mut().map(|log| &mut log.attributes);
    spans.chain(logs).find(|told| such(told)).map(change).is_some()
}

fn put(told: &mut Attributes, name: &str, value: &str) {
    replace(told, name, Value::from(value));
}

fn replace(told: &mut Attributes, name: &str, value: Value) {
    let replaced = |(key, old): (&str, &Value)| {
        (key.to_owned(), if key == name { value.clone() } else { old.clone() })
    };
    *told = told.iter().map(replaced).collect();
}

/// Says the opposite of how the workflow ends.
fn opposite(told: &mut Attributes, name: &str) {
    let is_completed = told.text(name) == Some("completed");
    put(told, name, if is_completed { "compensated" } else { "completed" });
}
