//! A trace as JSON that Jaeger's UI opens (*Search*, *JSON File*), with the verdict and the critical path
//! as tags.
//!
//! | tag | on | meaning |
//! |---|---|---|
//! | `amends.verdict` | the workflow's root | `conforms`, `violates`, `inconclusive` |
//! | `amends.reason` | the workflow's root | why, in a sentence |
//! | `amends.blame` | the workflow's root | where the time went, and what failed |
//! | `amends.critical_path` | every span | whether it has time on the critical path |
//! | `amends.critical_path.ns` | spans on the path | its time there, in nanoseconds |
//! | `amends.evidence` | some spans | true if it is part of the smallest set that cannot be explained |
//!
//! Where spans belong to several traces, each is an element of `data`.

use std::collections::BTreeMap;
use std::sync::Arc;

use amends_trace::attribute::{Attributes, Value};
use amends_trace::id::TraceId;
use amends_trace::span::{Source, Span, SpanKind, Status};
use amends_trace::tree::{NodeId, SpanTree};
use serde::Serialize;
use serde_json::json;

use super::TraceReport;

#[derive(Serialize)]
struct File {
    data: Vec<Trace>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Trace {
    #[serde(rename = "traceID")]
    trace_id: String,
    spans: Vec<SpanObject>,
    processes: BTreeMap<String, Process>,
}

#[derive(Serialize)]
struct Process {
    #[serde(rename = "serviceName")]
    service_name: String,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpanObject {
    #[serde(rename = "traceID")]
    trace_id: String,
    #[serde(rename = "spanID")]
    span_id: String,
    operation_name: String,
    references: Vec<Reference>,
    /// Microseconds since 1970.
    start_time: u64,
    /// Microseconds.
    duration: u64,
    tags: Vec<Tag>,
    logs: Vec<Log>,
    #[serde(rename = "processID")]
    process_id: String,
    warnings: Option<Vec<String>>,
}

#[derive(Serialize)]
struct Reference {
    #[serde(rename = "refType")]
    kind: &'static str,
    #[serde(rename = "traceID")]
    trace_id: String,
    #[serde(rename = "spanID")]
    span_id: String,
}

#[derive(Serialize)]
struct Tag {
    key: String,
    #[serde(rename = "type")]
    kind: &'static str,
    value: serde_json::Value,
}

#[derive(Serialize)]
struct Log {
    timestamp: u64,
    fields: Vec<Tag>,
}

/// Writes a trace as one JSON document.
#[must_use]
pub fn render(report: &TraceReport<'_>) -> String {
    let mut traces: BTreeMap<TraceId, Trace> = BTreeMap::new();
    let mut processes: Vec<(TraceId, &Arc<Source>)> = Vec::new();
    for (node, _) in report.tree.walk() {
        let Some(span) = report.tree.span(node) else { continue };
        let trace = traces.entry(span.trace).or_default();
        trace.trace_id = span.trace.to_string();
        let known = processes
            .iter()
            .position(|(of, source)| *of == span.trace && Arc::ptr_eq(source, &span.source));
        let at = known.unwrap_or_else(|| {
            processes.push((span.trace, &span.source));
            processes.len() - 1
        });
        let process_id = format!("p{}", at + 1);
        if known.is_none() {
            let tags = tags(&span.source.resource);
            let service_name = span.service().to_owned();
            trace.processes.insert(process_id.clone(), Process { service_name, tags });
        }
        trace.spans.push(object(report, node, span, process_id));
    }
    let file = File { data: traces.into_values().collect() };
    // Plain data with string keys: serialising it cannot fail.
    serde_json::to_string_pretty(&file).map_or_else(|error| error.to_string(), |text| text + "\n")
}

fn object(report: &TraceReport<'_>, node: NodeId, span: &Span, process_id: String) -> SpanObject {
    let reference = |kind, trace: TraceId, id: &dyn ToString| Reference {
        kind,
        trace_id: trace.to_string(),
        span_id: id.to_string(),
    };
    let mut references = Vec::new();
    references.extend(span.parent.map(|id| reference("CHILD_OF", span.trace, &id)));
    references
        .extend(span.links.iter().map(|link| reference("FOLLOWS_FROM", link.trace, &link.span)));
    let mut own = tags(&span.attributes);
    if let Some(kind) = kind(span.kind) {
        own.push(text("span.kind", kind));
    }
    match &span.status {
        Status::Unset => {}
        Status::Ok => own.push(text("otel.status_code", "OK")),
        Status::Error(description) => {
            own.push(text("otel.status_code", "ERROR"));
            own.push(truth("error", true));
            if !description.is_empty() {
                own.push(text("otel.status_description", description));
            }
        }
    }
    judge(report, node, span, &mut own);
    SpanObject {
        trace_id: span.trace.to_string(),
        span_id: span.id.to_string(),
        operation_name: span.name.to_string(),
        references,
        start_time: span.start.0 / 1_000,
        duration: span.end.map_or(0, |end| end.since(span.start).as_micros() as u64),
        tags: own,
        logs: span
            .events
            .iter()
            .map(|event| {
                let mut fields = vec![text("event", &event.name)];
                fields.extend(tags(&event.attributes));
                Log { timestamp: event.time.0 / 1_000, fields }
            })
            .collect(),
        process_id,
        warnings: warnings(&report.tree, node, span),
    }
}

fn judge(report: &TraceReport<'_>, node: NodeId, span: &Span, tags: &mut Vec<Tag>) {
    let on_path = report.on_path(node);
    tags.push(truth("amends.critical_path", on_path > 0));
    if on_path > 0 {
        tags.push(Tag {
            key: "amends.critical_path.ns".to_owned(),
            kind: "int64",
            value: on_path.into(),
        });
    }
    let is_root = report.workflow.root == Some(node);
    if is_root {
        tags.push(text("amends.blame", &report.blame()));
    }
    let Some(judgement) = &report.judgement else { return };
    if is_root {
        tags.push(text("amends.verdict", judgement.verdict.word()));
        tags.push(text("amends.reason", &judgement.reason));
    }
    if judgement.evidence.contains(&(span.trace, span.id)) {
        tags.push(truth("amends.evidence", true));
    }
}

fn warnings(tree: &SpanTree<'_>, node: NodeId, span: &Span) -> Option<Vec<String>> {
    let mut warnings = Vec::new();
    if span.end.is_none() {
        warnings.push("the span has not ended".to_owned());
    }
    if tree.parent(node).is_some_and(|parent| tree.span(parent).is_none()) {
        warnings.push("its parent is missing".to_owned());
    }
    (!warnings.is_empty()).then_some(warnings)
}

fn kind(kind: SpanKind) -> Option<&'static str> {
    Some(match kind {
        SpanKind::Unspecified => return None,
        SpanKind::Internal => "internal",
        SpanKind::Server => "server",
        SpanKind::Client => "client",
        SpanKind::Producer => "producer",
        SpanKind::Consumer => "consumer",
    })
}

fn text(key: &str, value: &str) -> Tag {
    Tag { key: key.to_owned(), kind: "string", value: value.into() }
}

fn truth(key: &str, value: bool) -> Tag {
    Tag { key: key.to_owned(), kind: "bool", value: value.into() }
}

fn tags(attributes: &Attributes) -> Vec<Tag> {
    let tag = |(name, value): (&str, &Value)| {
        let (kind, json) = match value {
            Value::Bool(value) => ("bool", (*value).into()),
            Value::Int(value) => ("int64", (*value).into()),
            Value::Double(value) if value.is_finite() => ("float64", (*value).into()),
            other => ("string", plain(other).to_string().trim_matches('"').into()),
        };
        Tag { key: name.to_owned(), kind, value: json }
    };
    attributes.iter().map(tag).collect()
}

/// Jaeger has no lists and maps: they are written as JSON. Readers bound how deep they are.
fn plain(value: &Value) -> serde_json::Value {
    match value {
        Value::Text(text) => text.as_str().into(),
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Double(value) if value.is_finite() => (*value).into(),
        Value::Double(value) => value.to_string().into(),
        Value::Bytes(bytes) => json!(bytes),
        Value::List(values) => values.iter().map(plain).collect(),
        Value::Map(map) => {
            map.iter().map(|(name, value)| (name.to_owned(), plain(value))).collect()
        }
        Value::Empty => serde_json::Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::trace::fixture;

    #[test]
    fn a_judged_order() {
        let spans = fixture::compensated();
        let report = TraceReport::new(&spans).judged(fixture::violates(&spans));
        insta::assert_snapshot!(render(&report));
    }

    #[test]
    fn linked_traces_are_elements_of_their_own() {
        let spans = fixture::odd();
        let file: serde_json::Value =
            serde_json::from_str(&render(&TraceReport::new(&spans))).expect("it is JSON");
        assert_eq!(file["data"].as_array().map(Vec::len), Some(2));
    }
}
