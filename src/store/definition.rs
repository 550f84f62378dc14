//! Which workflow a store belongs to.
//!
//! Logs name steps and services by position. Read under another definition they would
//! mean something else, so a durable store keeps the definition that its runs were started under, and
//! refuses any other.

use amends_models::process::ServiceId;
use amends_models::protocols::{AnyProtocol, Design};
use amends_models::system::{KnobSink, Knobs};
use amends_models::workflow::domain::{Domain, EventKind};
use amends_models::workflow::{Assignment, InputId, ResourceId, Variable, Work, Workflow};
use serde_json::{Value, json};

/// The part of a workflow that stored records depend on. Faults and properties may change between
/// runs, and so may the number of instances, except in an outbox.
pub(super) fn definition<P: AnyProtocol>(design: &Design<P>) -> Value {
    let (workflow, protocol) = (design.workflow(), design.protocol());
    let works = written_works(protocol.requirements().works());
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
                "when": step.when.as_ref().map(|when| when.written(&named(workflow)).to_string()),
            });
            if !step.reads.is_empty() {
                let name = named(workflow);
                let reads = step.reads.iter().map(|reading| {
                    format!("{} = {}", workflow.local(reading.local), reading.value.written(&name))
                });
                definition["read"] = json!(reads.collect::<Vec<_>>());
            }
            if let Some(protocol) = step.protocol {
                definition["protocol"] = json!(protocol.name());
            }
            for work in &works {
                definition[work.name()] =
                    json!(written(workflow, step.service, &step.business[*work]));
            }
            definition
        })
        .collect();
    let mut definition = json!({
        "workflow": workflow.name(),
        "protocol": protocol.name(),
        "knobs": written_knobs(protocol),
        "services": services,
        "steps": steps,
    });
    if protocol.counts_workflows() {
        definition["aggregates"] = json!(workflow.instances());
    }
    if let Some(domain) = protocol.domain() {
        definition["domain"] = of_domain(workflow, domain);
    }
    if let Some(rule) = workflow.rule() {
        let inputs = workflow.requests().inputs();
        let name = |variable| match variable {
            Variable::Input(InputId(position)) => inputs[usize::from(position)].clone(),
            foreign => format!("{foreign:?}"),
        };
        definition["rule"] = json!({
            "when": rule.when.written(&name).to_string(),
            "use": rule.then.name(),
            "else": rule.otherwise.name(),
        });
    }
    let requests = workflow.requests();
    if !requests.inputs().is_empty() {
        let (inputs, values) = (requests.inputs(), requests.values());
        definition["requests"] = json!({ "inputs": inputs, "values": values });
    }
    definition
}

/// The knobs, in a table for each set of them if there are several.
fn written_knobs(protocol: &impl AnyProtocol) -> Value {
    let mut tables = Tables::default();
    protocol.write(&mut tables);
    match tables.0.values_mut().next() {
        Some(only) if protocol.tables().len() == 1 => only.take(),
        _ => Value::Object(tables.0),
    }
}

/// Knobs by the names of their tables.
#[derive(Default)]
struct Tables(serde_json::Map<String, Value>);

impl KnobSink for Tables {
    fn knobs<K: Knobs>(&mut self, table: &'static str, knobs: &K) {
        self.0.insert(table.to_owned(), json!(knobs));
    }
}

/// What a step can say that is written down: all that can be done about a step of that kind, whether
/// or not the protocol ever does it.
fn written_works(known: &[Work]) -> Vec<Work> {
    let kinds: [&[Work]; 2] =
        [&[Work::Change, Work::Undo], &[Work::Reserve, Work::Confirm, Work::Cancel]];
    let kinds = kinds.into_iter().filter(|kind| kind.iter().any(|work| known.contains(work)));
    kinds.flatten().copied().collect()
}

/// What events and commands mean. Their aggregates and projections are among the services.
fn of_domain(workflow: &Workflow, domain: &Domain) -> Value {
    let event = |kind: &EventKind| &domain.event(*kind).name;
    let events = |kinds: &[EventKind]| kinds.iter().map(event).collect::<Vec<_>>();
    let aggregates = domain.aggregates().iter().map(
        |aggregate| json!({ "shared": aggregate.shared, "history": events(&aggregate.history) }),
    );
    let commands = domain.commands().iter().map(|command| {
        let name = named(workflow);
        json!({
            "name": command.name,
            "aggregate": domain.aggregate(command.aggregate).name,
            "when": command.when.as_ref().map(|when| when.written(&name).to_string()),
            "emits": events(&command.emits),
            "otherwise": events(&command.otherwise),
        })
    });
    let kinds = domain.events().iter().map(|event| {
        let aggregate = ServiceId(u16::from(event.aggregate.0));
        json!({
            "name": event.name,
            "aggregate": domain.aggregate(event.aggregate).name,
            "evolve": written(workflow, aggregate, &event.evolve),
            "upcast": event.upcast.as_ref().map(|kinds| events(kinds)),
        })
    });
    let projections = domain.projections().iter().enumerate().map(|(at, projection)| {
        let model = ServiceId((domain.aggregates().len() + at) as u16);
        let on = projection.on.iter().map(|(kind, assignments)| {
            json!({ "event": event(kind), "do": written(workflow, model, assignments) })
        });
        json!({ "name": projection.name, "on": on.collect::<Vec<_>>() })
    });
    let policies = domain.policies().iter().map(|policy| {
        json!({
            "manager": domain.managers()[policy.manager],
            "on": event(&policy.on),
            "command": domain.command(policy.command).name,
        })
    });
    let requests = domain.requests().iter().map(|&kind| &domain.command(kind).name);
    json!({
        "aggregates": aggregates.collect::<Vec<_>>(),
        "commands": commands.collect::<Vec<_>>(),
        "events": kinds.collect::<Vec<_>>(),
        "projections": projections.collect::<Vec<_>>(),
        "policies": policies.collect::<Vec<_>>(),
        "requests": requests.collect::<Vec<_>>(),
    })
}

fn written(workflow: &Workflow, owner: ServiceId, assignments: &[Assignment]) -> Vec<String> {
    let name = named(workflow);
    assignments
        .iter()
        .map(|Assignment { resource, value }| {
            let owned = Variable::Resource(owner, *resource);
            format!("{} = {}", name(owned), value.written(&name))
        })
        .collect()
}

/// The names of resources, as their owner calls them, and of the inputs. Business knows no other
/// variables.
fn named(workflow: &Workflow) -> impl Fn(Variable) -> String + '_ {
    move |variable| match variable {
        Variable::Resource(owner, ResourceId(position)) => {
            workflow.service(owner).resources[usize::from(position)].name.clone()
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
    use amends_models::protocols::saga::SagaKnobs;
    use amends_models::workflow::StepDraft;

    use super::*;

    fn order(guard: &str) -> Design {
        Workflow::builder("order")
            .service("inventory", [("stock", 2)])
            .step(
                StepDraft::new("reserve-stock", "inventory")
                    .when(guard)
                    .change(["stock -= 1"])
                    .undo(["stock += 1"]),
            )
            .carried_out_by(SagaKnobs::default())
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
