//! Gives drafts their meaning: names become positions, texts become expressions.

use crate::process::{ServiceId, StepId, StepSet};
use crate::workflow::business::Work;
use crate::workflow::definition::{PropertyDefinition, Step, StepKind};
use crate::workflow::expression::name::written;
use crate::workflow::expression::parse::{Names, parse_assignment, parse_condition};
use crate::workflow::expression::{Assignment, Condition, Reading, ResourceId};
use crate::workflow::outside::Outside;
use crate::workflow::suggestion::suggestion;

use super::WorkflowBuilder;
use super::draft::{PropertyDraft, StepDraft};
use super::names::{EveryName, OwnNames, StepNames};
use super::refusal::{Place, StepField, WorkflowError};
use super::requirements::Requirements;

impl WorkflowBuilder {
    pub(super) fn resolve_step(
        &self,
        protocol: &dyn Requirements,
        position: usize,
        reads: Vec<Reading>,
        inputs: &[String],
        locals: &[String],
    ) -> Result<Step, WorkflowError> {
        let draft = &self.steps[position];
        let own = self.own_names(position, draft, inputs)?;
        let service = own.id;
        let names = StepNames { own, locals };
        let assignments = |work, texts: &Vec<String>| {
            let lines = texts.iter().enumerate().map(|(at, text)| {
                let place = Place::Step(position, StepField::Work(work, at));
                parse_assignment(text, &names)
                    .map_err(|error| WorkflowError::expression(place, error))
            });
            lines.collect::<Result<Vec<Assignment>, _>>()
        };
        let outside = draft.outside.iter().enumerate().map(|(at, text)| {
            let place = Place::Step(position, StepField::Outside(at));
            parse_assignment(text, &names).map_err(|error| WorkflowError::expression(place, error))
        });
        protocol.check_step(self.drafts(), position)?;
        if draft.kind != StepKind::Compensatable && !draft.business[Work::Undo].is_empty() {
            return Err(WorkflowError::new(
                Place::Step(position, StepField::Work(Work::Undo, 0)),
                format!("a {} step is never undone", draft.kind.name()),
            )
            .help("remove `undo`, or make the step compensatable"));
        }
        Ok(Step {
            name: draft.name.clone(),
            service,
            kind: draft.kind,
            protocol: draft.protocol,
            after: self.resolve_after(protocol, position)?,
            reads,
            when: self.resolve_guard(position, draft, &names)?,
            business: draft.business.try_map(assignments)?,
            keeps: resolve_keeps(position, draft, &names.own)?,
            outside: match outside.collect::<Result<Vec<_>, _>>()? {
                changes if changes.is_empty() => None,
                changes => Some(Outside {
                    changes,
                    at: draft.outside_at.unwrap_or_default(),
                    keyed: draft.outside_key,
                }),
            },
        })
    }

    /// The names of the service that carries the step out.
    pub(super) fn own_names<'a>(
        &'a self,
        position: usize,
        draft: &StepDraft,
        inputs: &'a [String],
    ) -> Result<OwnNames<'a>, WorkflowError> {
        let service = self
            .services
            .iter()
            .position(|service| service.name == draft.service)
            .ok_or_else(|| {
                WorkflowError::new(
                    Place::Step(position, StepField::Service),
                    format!("there is no service named `{}`", draft.service),
                )
                .help(did_you_mean(&draft.service, self.services.iter().map(|s| s.name.as_str())))
            })?;
        Ok(OwnNames { service: &self.services[service], id: ServiceId(service as u16), inputs })
    }

    fn resolve_guard(
        &self,
        position: usize,
        draft: &StepDraft,
        names: &StepNames<'_>,
    ) -> Result<Option<Condition>, WorkflowError> {
        let place = Place::Step(position, StepField::When);
        draft
            .when
            .as_ref()
            .map(|text| {
                parse_condition(text, names)
                    .map_err(|error| WorkflowError::expression(place.clone(), error))
            })
            .transpose()
    }

    fn resolve_after(
        &self,
        protocol: &dyn Requirements,
        position: usize,
    ) -> Result<StepSet, WorkflowError> {
        let Some(after) = &self.steps[position].after else {
            return Ok(protocol.usual_order(self.drafts(), position));
        };
        let mut set = StepSet::EMPTY;
        for (at, name) in after.iter().enumerate() {
            let before =
                self.steps.iter().position(|step| step.name == *name).ok_or_else(|| {
                    WorkflowError::new(
                        Place::Step(position, StepField::After(at)),
                        format!("there is no step named `{name}`"),
                    )
                    .help(did_you_mean(name, self.steps.iter().map(|step| step.name.as_str())))
                })?;
            set.insert(StepId(before as u8));
        }
        Ok(set)
    }
}

/// The resources that a step keeps changed on purpose, which it must be able to take back otherwise.
fn resolve_keeps(
    position: usize,
    draft: &StepDraft,
    own: &OwnNames<'_>,
) -> Result<Vec<ResourceId>, WorkflowError> {
    let resolve = |(at, name): (usize, &String)| {
        let place = Place::Step(position, StepField::Keeps(at));
        if draft.kind != StepKind::Compensatable {
            let message = format!("a {} step is never undone, so it keeps all", draft.kind.name());
            return Err(WorkflowError::new(place, message).help("remove `keeps`"));
        }
        own.assignable(&written(name)).map_err(|message| {
            let known = own.service.resources.iter().map(|resource| resource.name.as_str());
            WorkflowError::new(place, message).help(did_you_mean(name, known))
        })
    };
    draft.keeps.iter().enumerate().map(resolve).collect()
}

pub(super) fn resolve_property(
    position: usize,
    draft: &PropertyDraft,
    names: &EveryName<'_>,
) -> Result<PropertyDefinition, WorkflowError> {
    let condition = parse_condition(&draft.condition, names)
        .map_err(|error| WorkflowError::expression(Place::Property(position), error))?;
    let given = draft
        .given
        .as_ref()
        .map(|text| parse_condition(text, names))
        .transpose()
        .map_err(|error| WorkflowError::expression(Place::PropertyGiven(position), error))?;
    Ok(PropertyDefinition { name: draft.name.clone(), claim: draft.claim, condition, given })
}

fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    suggestion(name, &known.collect::<Vec<_>>())
}
