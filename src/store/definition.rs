//! Which workflow a store belongs to.
//!
//! Logs and ledgers name steps and services by position. Read under another definition they would
//! mean something else, so a durable store keeps the definition that its runs were started under, and
//! refuses any other.

use amends_models::workflow::{Assignment, Protocol, Workflow};
use serde_json::{Value, json};

/// The part of a workflow that stored records depend on. Faults, properties and the number of
/// instances may change between runs.
pub(super) fn definition(workflow: &Workflow) -> Value {
    let Protocol::Saga(knobs) = workflow.protocol();
    let services: Vec<Value> = workflow
        .services()
        .iter()
        .map(|service| {
            let resources: serde_json::Map<String, Value> =
                service.resources.iter().map(|r| (r.name.clone(), json!(r.initial))).collect();
            json!({ "name": service.name, "resources": resources })
        })
        .collect();
    let steps: Vec<Value> = workflow
        .steps()
        .iter()
        .map(|step| {
            json!({
                "name": step.name,
                "service": workflow.service(step.service).name,
                "kind": step.kind.name(),
                "after": step.after.iter().map(|id| &workflow.step(id).name).collect::<Vec<_>>(),
                "when": step.when.as_ref().map(|condition| format!("{condition:?}")),
                "do": written(&step.change),
                "undo": written(&step.undo),
            })
        })
        .collect();
    json!({
        "workflow": workflow.name(),
        "protocol": workflow.protocol().name(),
        "knobs": knobs,
        "services": services,
        "steps": steps,
    })
}

fn written(assignments: &[Assignment]) -> Vec<String> {
    assignments.iter().map(|assignment| format!("{assignment:?}")).collect()
}

/// The first thing in which two definitions differ, in words; `None` if they are the same.
pub(super) fn difference(stored: &Value, current: &Value) -> Option<String> {
    differs("", stored, current)
}

fn differs(at: &str, stored: &Value, current: &Value) -> Option<String> {
    match (stored, current) {
        (Value::Object(ours), Value::Object(theirs)) => ours
            .keys()
            .chain(theirs.keys())
            .find_map(|key| differs(&join(at, key), &stored[key], &current[key])),
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            ours.iter().zip(theirs).enumerate().find_map(|(position, (a, b))| {
                differs(&join(at, &(position + 1).to_string()), a, b)
            })
        }
        _ if stored == current => None,
        _ => Some(format!("`{at}` is {stored} in the file and {current} in the spec")),
    }
}

fn join(at: &str, key: &str) -> String {
    if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") }
}
