//! What steps read: variables have names of their own, are read once, and before they are used.

use crate::process::{LocalId, LocalSet, Locals, StepId};
use crate::workflow::business::Work;
use crate::workflow::dataflow::Dataflow;
use crate::workflow::definition::Step;
use crate::workflow::expression::Reading;
use crate::workflow::expression::name::{is_name, written};
use crate::workflow::expression::parse::parse_reading;

use super::WorkflowBuilder;
use super::order::ancestors;
use super::refusal::{Place, StepField, WorkflowError};
use super::shape::NAME_RULE;

/// What the steps of a workflow read.
#[derive(Debug, Default)]
pub(super) struct ReadValues {
    /// The names of the variables, by [`LocalId`], as expressions write them.
    pub(super) names: Vec<String>,
    /// What each step reads.
    pub(super) by_step: Vec<Vec<Reading>>,
}

impl WorkflowBuilder {
    /// Gives every variable its name and its position, in the order in which steps read them.
    pub(super) fn resolve_reads(&self, inputs: &[String]) -> Result<ReadValues, WorkflowError> {
        let mut found = ReadValues::default();
        for (position, draft) in self.steps.iter().enumerate() {
            let mut readings = Vec::with_capacity(draft.read.len());
            for (at, text) in draft.read.iter().enumerate() {
                let place = Place::Step(position, StepField::Read(at));
                let own = self.own_names(position, draft, inputs)?;
                let (name, value) = parse_reading(text, &own)
                    .map_err(|error| WorkflowError::expression(place.clone(), error))?;
                self.check_local(&name, inputs, &found.names)
                    .map_err(|(message, help)| WorkflowError::new(place, message).help(help))?;
                readings.push(Reading { local: LocalId(found.names.len() as u8), value });
                found.names.push(name);
            }
            found.by_step.push(readings);
        }
        Ok(found)
    }

    /// Whether a variable may have that name: if not, what is wrong, and how to mend it.
    fn check_local(
        &self,
        name: &String,
        inputs: &[String],
        others: &[String],
    ) -> Result<(), (String, String)> {
        if others.len() == Locals::CAPACITY {
            let message = format!("a workflow reads at most {} values", Locals::CAPACITY);
            return Err((message, "let steps use what they need at once".to_owned()));
        }
        if !is_name(name) {
            let message = format!("a variable cannot be named `{name}`");
            return Err((message, NAME_RULE.to_owned()));
        }
        if others.contains(name) {
            let message = format!("`{name}` is read twice");
            return Err((
                message,
                "give what is read the second time a name of its own".to_owned(),
            ));
        }
        if inputs.iter().any(|input| written(input) == *name) {
            let message = format!("`{name}` is an input");
            return Err((message, "give what is read a name of its own".to_owned()));
        }
        let owner = self.services.iter().find(|service| {
            service.resources.iter().any(|resource| written(&resource.name) == *name)
        });
        if let Some(owner) = owner {
            let message = format!("`{name}` is a resource of `{}`", owner.name);
            return Err((message, format!("call what is read of it otherwise: `seen_{name}`")));
        }
        Ok(())
    }
}

/// Checks that every variable is read by the step that uses it, or by one that it waits for.
pub(super) fn check_locals(steps: &[Step], locals: &[String]) -> Result<(), WorkflowError> {
    let flow = Dataflow::of(steps);
    let reader = |local: LocalId| {
        (0u8..).map(StepId).zip(steps).find(|(id, _)| flow.step(*id).reads.contains(local))
    };
    for (id, step) in (0u8..).map(StepId).zip(steps) {
        let mut before = ancestors(steps, id);
        before.insert(id);
        let known: LocalSet = before.iter().flat_map(|step| flow.step(step).reads.iter()).collect();
        let uses = [
            (flow.step(id).uses, StepField::Work(Work::Change, 0)),
            (flow.step(id).undo_uses, StepField::Work(Work::Undo, 0)),
        ];
        for (used, field) in uses {
            let Some(unknown) = used.iter().find(|local| !known.contains(*local)) else { continue };
            let name = &locals[usize::from(unknown.0)];
            let Some((_, reader)) = reader(unknown) else { continue };
            return Err(WorkflowError::new(
                Place::Step(usize::from(id.0), field),
                format!(
                    "`{}` uses `{name}`, which may not be read yet: it does not wait for `{}`",
                    step.name, reader.name
                ),
            )
            .help(format!("let it come after `{}`", reader.name)));
        }
    }
    Ok(())
}
