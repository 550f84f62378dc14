//! Which workflow a store belongs to.
//!
//! Logs and ledgers name steps and services by position. Read under another definition they would
//! mean something else, so a durable store keeps the definition that its runs were started under, and
//! refuses any other.

use amends_models::workflow::{
    Assignment, InputId, Protocol, ResourceId, Step, Variable, Work, Workflow,
};
use serde_json::{Value, json};

/// The part of a workflow that stored records depend on. Faults, properties and the number of
/// instances may change between runs.
pub(super) fn definition(workflow: &Workflow) -> Value {
    let there_and_back: &[Work] = &[Work::Change, Work::Undo];
    let (knobs, works) = match workflow.protocol() {
        Protocol::Saga(knobs) => (json!(knobs), there_and_back),
        Protocol::Tcc(knobs) => (json!(knobs), &[Work::Reserve, Work::Confirm, Work::Cancel][..]),
        Protocol::Choreography(knobs) => (json!(knobs), there_and_back),
        Protocol::Outbox(knobs) => (json!(knobs), there_and_back),
        Protocol::EventSourcing(_, knobs) => (json!(knobs), there_and_back),
        Protocol::TwoPhaseCommit(knobs) => (json!(knobs), there_and_back),
    };
    let services: Vec<Value> = workflow
        .services()
        .iter()
        .map(|service| {
            // In order: stored values go by position.
            let resources: Vec<Value> = service
                .resources
                .iter()
                .map(|resource| json!({ "name": resource.name, "initial": resource.initial }))
                .collect();
            json!({ "name": service.name, "resources": resources })
        })
        .collect();
    let steps: Vec<Value> = workflow
        .steps()
        .iter()
        .map(|step| {
            let mut definition = json!({
                "name": step.name,
                "service": workflow.service(step.service).name,
                "kind": step.kind.name(),
                "after": step.after.iter().map(|id| &workflow.step(id).name).collect::<Vec<_>>(),
                "when": step.when.as_ref().map(|when| when.written(&named(workflow, step)).to_string()),
            });
            if !step.reads.is_empty() {
                let name = named(workflow, step);
                let reads = step.reads.iter().map(|reading| {
                    format!("{} = {}", workflow.local(reading.local), reading.value.written(&name))
                });
                definition["read"] = json!(reads.collect::<Vec<_>>());
            }
            for work in works {
                definition[work.name()] = json!(written(workflow, step, &step.business[*work]));
            }
            definition
        })
        .collect();
    let mut definition = json!({
        "workflow": workflow.name(),
        "protocol": workflow.protocol().name(),
        "knobs": knobs,
        "services": services,
        "steps": steps,
    });
    let requests = workflow.requests();
    if !requests.inputs().is_empty() {
        let (inputs, values) = (requests.inputs(), requests.values());
        definition["requests"] = json!({ "inputs": inputs, "values": values });
    }
    definition
}

fn written(workflow: &Workflow, step: &Step, assignments: &[Assignment]) -> Vec<String> {
    let name = named(workflow, step);
    assignments
        .iter()
        .map(|Assignment { resource, value }| {
            let owned = Variable::Resource(step.service, *resource);
            format!("{} = {}", name(owned), value.written(&name))
        })
        .collect()
}

/// The names of a step's own resources, and of the inputs. A step knows no other variables.
fn named<'a>(workflow: &'a Workflow, step: &Step) -> impl Fn(Variable) -> String + 'a {
    let resources = &workflow.service(step.service).resources;
    move |variable| match variable {
        Variable::Resource(_, ResourceId(position)) => {
            resources[usize::from(position)].name.clone()
        }
        Variable::Input(InputId(position)) => {
            workflow.requests().inputs()[usize::from(position)].clone()
        }
        Variable::Local(local) => workflow.local(local).to_owned(),
        Variable::Completed | Variable::Compensated | Variable::Failed => format!("{variable:?}"),
    }
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

#[cfg(test)]
mod tests {
    use amends_models::workflow::StepDraft;

    use super::*;

    fn order(guard: &str) -> Workflow {
        Workflow::builder("order")
            .service("inventory", [("stock", 2)])
            .step(
                StepDraft::new("reserve-stock", "inventory")
                    .when(guard)
                    .change(["stock -= 1"])
                    .undo(["stock += 1"]),
            )
            .build()
            .unwrap()
    }

    #[test]
    fn a_definition_is_kept_in_words() {
        // Stored files depend on it: if this changes, the store's format has changed.
        insta::assert_json_snapshot!(definition(&order("stock >= 1")));
    }

    #[test]
    fn definitions_differ_where_they_mean_something_else() {
        let stored = definition(&order("stock >= 1"));
        assert_eq!(difference(&stored, &definition(&order("stock >= 1").with_instances(9))), None);
        insta::assert_snapshot!(
            difference(&stored, &definition(&order("stock >= 2"))).unwrap(),
            @r#"`steps.1.when` is "stock >= 1" in the file and "stock >= 2" in the spec"#
        );
    }
}
