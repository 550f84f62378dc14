//! The audit: what is true of what really happened, whatever coordinators and participants believe.
//!
//! It goes by three things that lie durably in the store: how each coordinator's log says its workflow
//! ended, the journal of changes that were made, and the resources as they are. The first is what the
//! protocol claims, the others are the ground truth it is held against. The journal is shown to the
//! same witness that watches the model ([`WorkflowWitness`]), so a property means the same here and there.

use std::cell::Cell;
use std::collections::BTreeMap;

use amends_models::property::Ending;
use amends_models::property::StepHistory;
use amends_models::property::witness::WorkflowWitness;
use amends_models::protocol::saga::{SagaLog, SagaPlan, StepCall};
use amends_models::protocol::{ServiceId, WorkflowId};
use amends_models::workflow::{ArithmeticError, Claim, PropertyDefinition, Variable, Workflow};
use serde::Serialize;

/// What lies in a store when a run is over.
#[derive(Clone, Debug, Default)]
pub struct FinalState {
    /// What the coordinators' logs fold to.
    pub logs: BTreeMap<WorkflowId, SagaLog>,
    /// What was really done, in order.
    pub journal: Vec<StepCall>,
    /// The values of all resources, by service and resource.
    pub resources: Vec<Vec<i64>>,
}

/// A property that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Its name.
    pub property: String,
    /// What happened, in words.
    pub what: String,
}

impl FinalState {
    /// How many workflows ended that way.
    #[must_use]
    pub fn count(&self, ending: Ending) -> u32 {
        let ended = self.logs.values().filter_map(SagaLog::outcome);
        ended.filter(|&outcome| Ending::from(outcome) == ending).count() as u32
    }

    /// The workflows that were taken on and have no outcome.
    pub fn unfinished(&self) -> impl Iterator<Item = WorkflowId> {
        self.logs.iter().filter(|(_, log)| log.outcome().is_none()).map(|(&id, _)| id)
    }

    fn value(&self, resources: &[Vec<i64>], variable: Variable) -> i64 {
        match variable {
            Variable::Resource(service, resource) => {
                resources[usize::from(service.0)][usize::from(resource.0)]
            }
            Variable::Input(_) => unreachable!("a property names no input"),
            Variable::Local(_) => unreachable!("a property names no variable of a workflow"),
            Variable::Completed => i64::from(self.count(Ending::Completed)),
            Variable::Compensated => i64::from(self.count(Ending::Compensated)),
            Variable::Failed => i64::from(self.count(Ending::Failed)),
        }
    }
}

/// Everything that is wrong with what happened. With `replay`, the journal is also carried out again
/// by the workflow's definition, from the beginning: it must lead to the resources as they are, and
/// what is claimed to be true always must have been true all along.
#[must_use]
pub fn audit(
    workflow: &Workflow,
    plan: &SagaPlan,
    state: &FinalState,
    replay: bool,
) -> Vec<Violation> {
    let mut violations = audit_workflows(workflow, plan, state);
    if replay {
        audit_history(workflow, state, &mut violations);
    }
    for property in workflow.properties() {
        let applies = match property.claim {
            Claim::Always => true,
            Claim::Settled => state.unfinished().next().is_none(),
            // Claims about what can be, or will be, are not for a single run to judge.
            Claim::Reachable | Claim::Eventually | Claim::NeverStuck => false,
        };
        if applies {
            let lookup = |variable| state.value(&state.resources, variable);
            violations.extend(judge(property, "in the end", &lookup));
        }
    }
    violations
}

/// The properties that are built in, workflow by workflow.
fn audit_workflows(workflow: &Workflow, plan: &SagaPlan, state: &FinalState) -> Vec<Violation> {
    let steps = workflow.steps().len();
    let mut witnesses: BTreeMap<WorkflowId, WorkflowWitness> =
        state.logs.keys().map(|&id| (id, WorkflowWitness::new(steps))).collect();
    for call in &state.journal {
        let fresh = || WorkflowWitness::new(steps);
        witnesses
            .entry(call.workflow)
            .or_insert_with(fresh)
            .applied(*call, plan.step(call.step).into());
    }
    let mut violations = Vec::new();
    for (id, witness) in &witnesses {
        let outcome = state.logs.get(id).and_then(SagaLog::outcome);
        let mut violated = |property: &str| {
            let ended = outcome.map_or("has no outcome".to_owned(), |end| format!("ended {end}"));
            let mut facts = witness.facts(workflow);
            if facts.is_empty() {
                facts.push("no step took effect".to_owned());
            }
            let what = format!("workflow {id} {ended}: {}", facts.join(", "));
            violations.push(Violation { property: property.to_owned(), what });
        };
        if outcome.is_some_and(|outcome| !witness.agrees_with(outcome)) {
            violated("atomic");
        }
        if witness.is_disordered() {
            violated("lifo");
        }
        if witness.steps().iter().any(StepHistory::is_repeated) {
            violated("effect-once");
        }
        if witness.steps().iter().any(StepHistory::has_empty_rollback) {
            violated("no-empty-rollback");
        }
    }
    violations
}

/// Carries the journal out again.
fn audit_history(workflow: &Workflow, state: &FinalState, violations: &mut Vec<Violation>) {
    let mut resources: Vec<Vec<i64>> = (0..workflow.services().len())
        .map(|position| workflow.initial_resources(ServiceId(position as u16)))
        .collect();
    let always: Vec<&PropertyDefinition> =
        workflow.properties().iter().filter(|property| property.claim == Claim::Always).collect();
    let mut broken = vec![false; always.len()];
    for (position, call) in state.journal.iter().enumerate() {
        let service = usize::from(workflow.step(call.step).service.0);
        let work = call.direction.into();
        let own = &mut resources[service];
        if let Err(error) = workflow.carry_out(call.workflow, call.step, work, own) {
            violations.push(Violation {
                property: "well-defined".to_owned(),
                what: format!("change {} of the journal cannot be repeated: {error}", position + 1),
            });
            return;
        }
        // Each property is reported once, at the first change that broke it.
        for (property, broken) in always.iter().zip(&mut broken).filter(|(_, broken)| !**broken) {
            // The journal does not tell when workflows ended: where a property asks for that, it can
            // only be judged in the end.
            let asked = Cell::new(false);
            let lookup = |variable| {
                asked.set(asked.get() || !matches!(variable, Variable::Resource(..)));
                state.value(&resources, variable)
            };
            let when = format!("after change {} of {}", position + 1, state.journal.len());
            let found = judge(property, &when, &lookup).filter(|_| !asked.get());
            *broken = found.is_some();
            violations.extend(found);
        }
    }
    if resources != state.resources {
        violations.push(Violation {
            property: "journal".to_owned(),
            what: format!(
                "the resources are {:?}, but what was done makes them {resources:?}",
                state.resources
            ),
        });
    }
}

/// What is wrong with a property, if anything.
fn judge(
    property: &PropertyDefinition,
    when: &str,
    lookup: &dyn Fn(Variable) -> i64,
) -> Option<Violation> {
    let what = match holds(property, lookup) {
        Ok(true) => return None,
        Ok(false) => format!("it is false {when}"),
        Err(error) => format!("it has no value {when}: {error}"),
    };
    Some(Violation { property: property.name.clone(), what })
}

fn holds(
    property: &PropertyDefinition,
    lookup: &dyn Fn(Variable) -> i64,
) -> Result<bool, ArithmeticError> {
    let concerned = match &property.given {
        Some(given) => given.evaluate(lookup)?,
        None => true,
    };
    Ok(!concerned || property.condition.evaluate(lookup)?)
}
