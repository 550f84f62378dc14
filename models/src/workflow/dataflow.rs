//! Where values come from and where they go: which resources steps read into variables, and what they
//! write that was computed from them.
//!
//! A resource that some step reads into a variable is *observed*: what happens to it between that and
//! the use of the variable is what isolation is about.

use std::collections::BTreeSet;

use crate::process::{LocalId, LocalSet, ServiceId, StepId};

use super::business::Work;
use super::definition::Step;
use super::expression::{Assignment, Condition, ResourceId, Variable};

/// The flow of values through the steps of a workflow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dataflow {
    steps: Vec<StepFlow>,
    observations: Vec<Observation>,
}

/// A variable, and a resource that it is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The step that reads.
    pub step: StepId,
    /// The variable.
    pub local: LocalId,
    /// The owner of the resource: the service of the step.
    pub service: ServiceId,
    /// The resource.
    pub resource: ResourceId,
}

/// What goes into a step and what comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepFlow {
    /// The service that carries it out.
    pub service: ServiceId,
    /// The variables it reads.
    pub reads: LocalSet,
    /// The variables that its guard and its changes use.
    pub uses: LocalSet,
    /// The variables that its compensation uses.
    pub undo_uses: LocalSet,
    /// The observed resources that it reads, writes, or is guarded by, in order.
    pub touches: Vec<ResourceId>,
    /// The observed resources that it writes.
    pub writes: Vec<ResourceId>,
    /// The variables whose resources it touches after they were read: of its service, and not its
    /// own.
    pub depends_on: LocalSet,
    /// Resources that it overwrites with something computed from variables alone.
    pub overwrites: Vec<(ResourceId, LocalSet)>,
    /// Resources that its compensation overwrites with something computed from variables alone.
    pub undo_overwrites: Vec<(ResourceId, LocalSet)>,
}

impl Dataflow {
    /// The flow of values through these steps.
    #[must_use]
    pub fn of(steps: &[Step]) -> Dataflow {
        let observations: Vec<Observation> = (0u8..)
            .map(StepId)
            .zip(steps)
            .flat_map(|(id, step)| {
                step.reads.iter().flat_map(move |reading| {
                    resources_in(|see| reading.value.visit(see)).into_iter().map(move |resource| {
                        let (local, service) = (reading.local, step.service);
                        Observation { step: id, local, service, resource }
                    })
                })
            })
            .collect();
        let steps = steps.iter().map(|step| StepFlow::of(step, &observations)).collect();
        Dataflow { steps, observations }
    }

    /// What goes into a step and what comes out.
    ///
    /// # Panics
    /// If there is no such step.
    #[must_use]
    pub fn step(&self, step: StepId) -> &StepFlow {
        &self.steps[usize::from(step.0)]
    }

    /// Every variable with every resource that it is read from.
    #[must_use]
    pub fn observations(&self) -> &[Observation] {
        &self.observations
    }

    /// Whether some step of the service reads anything.
    #[must_use]
    pub fn is_observed(&self, service: ServiceId) -> bool {
        self.observations.iter().any(|observation| observation.service == service)
    }

    /// Whether anything is written that was computed from what was read before.
    #[must_use]
    pub fn overwrites(&self) -> bool {
        self.steps.iter().any(|step| {
            let all = step.overwrites.iter().chain(&step.undo_overwrites);
            all.into_iter().any(|&(resource, locals)| {
                let mut sources = self.observations.iter();
                sources.any(|it| {
                    (it.service, it.resource) == (step.service, resource)
                        && locals.contains(it.local)
                })
            })
        })
    }

    /// Whether a workflow reads some resource in two steps.
    #[must_use]
    pub fn rereads(&self) -> bool {
        self.observations.iter().any(|one| {
            self.observations.iter().any(|other| {
                one.step != other.step
                    && (one.service, one.resource) == (other.service, other.resource)
            })
        })
    }
}

impl StepFlow {
    fn of(step: &Step, observations: &[Observation]) -> StepFlow {
        let here = || observations.iter().filter(|it| it.service == step.service);
        let is_observed = |resource: &ResourceId| here().any(|it| it.resource == *resource);
        let reads: LocalSet = step.reads.iter().map(|reading| reading.local).collect();
        let guard = |see: &mut dyn FnMut(Variable)| {
            step.when.iter().for_each(|condition: &Condition| condition.visit(see));
        };
        let values = |assignments: &'_ [Assignment], see: &mut dyn FnMut(Variable)| {
            assignments.iter().for_each(|assignment| assignment.value.visit(see));
        };
        let uses = locals_in(|see| {
            guard(see);
            values(&step.business[Work::Change], see);
            step.outside.iter().for_each(|outside| values(&outside.changes, see));
        });
        let undo_uses = locals_in(|see| values(&step.business[Work::Undo], see));
        let mut touched = resources_in(|see| {
            guard(see);
            values(&step.business[Work::Change], see);
            values(&step.business[Work::Undo], see);
            step.reads.iter().for_each(|reading| reading.value.visit(see));
        });
        let changes = &step.business[Work::Change];
        let written: BTreeSet<ResourceId> = changes
            .iter()
            .chain(&step.business[Work::Undo])
            .map(|assignment| assignment.resource)
            .collect();
        touched.extend(&written);
        let touches: Vec<ResourceId> = touched.into_iter().filter(is_observed).collect();
        let depends_on = here()
            .filter(|it| touches.contains(&it.resource) && !reads.contains(it.local))
            .map(|it| it.local)
            .collect();
        StepFlow {
            service: step.service,
            reads,
            uses,
            undo_uses,
            writes: written.into_iter().filter(is_observed).collect(),
            touches,
            depends_on,
            overwrites: overwritten(&step.business[Work::Change]),
            undo_overwrites: overwritten(&step.business[Work::Undo]),
        }
    }
}

/// What is overwritten: a value that depends on variables, and not on what it replaces.
fn overwritten(assignments: &[Assignment]) -> Vec<(ResourceId, LocalSet)> {
    assignments
        .iter()
        .map(|assignment| {
            let visit = |see: &mut dyn FnMut(Variable)| assignment.value.visit(see);
            (assignment.resource, locals_in(visit), resources_in(visit))
        })
        .filter(|(resource, locals, from)| !locals.is_empty() && !from.contains(resource))
        .map(|(resource, locals, _)| (resource, locals))
        .collect()
}

fn locals_in(visit: impl Fn(&mut dyn FnMut(Variable))) -> LocalSet {
    let mut found = LocalSet::EMPTY;
    visit(&mut |variable| {
        if let Variable::Local(local) = variable {
            found.insert(local);
        }
    });
    found
}

fn resources_in(visit: impl Fn(&mut dyn FnMut(Variable))) -> BTreeSet<ResourceId> {
    let mut found = BTreeSet::new();
    visit(&mut |variable| {
        if let Variable::Resource(_, resource) = variable {
            found.insert(resource);
        }
    });
    found
}
