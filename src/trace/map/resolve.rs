//! From sightings to an observed run of a design: names become steps, services and events.

use amends_models::conformance::{ActivityKind, Observation, ObservedRun, Told};
use amends_models::process::{Answer, ServiceId, StepId};
use amends_models::protocols::AnySystem;
use amends_models::system::{Operation, Subject, Task};
use compact_str::CompactString;

use super::canonical::canonical;
use super::evidence::Completeness;
use super::file::InDoubtPolicy;
use super::sighting::{NamedObservation, NamedTask, Sightings};
use super::telling::Telling;
use super::{Mapping, ToldRule};

/// The observed run of a design, and where each observation was made.
#[derive(Clone, Debug, Default)]
pub struct Resolved {
    /// What was observed, in the terms of the design. Workflows that look alike give equal runs.
    pub run: ObservedRun,
    /// For each observation of the run, the sighting that it is, by position.
    pub sightings: Vec<usize>,
    /// Names that the design does not have.
    pub unknown: Vec<UnknownName>,
    /// What anybody is seen to tell of, in any workflow and any way.
    pub heard_of: Vec<Subject>,
}

/// A name that the design does not have, in a task of that operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnknownName {
    /// What is done.
    pub operation: Operation,
    /// The name of what it is done about.
    pub name: CompactString,
    /// The first sighting with that name, by position.
    pub sighting: usize,
}

impl Mapping {
    /// What was observed, as a run of that system. Services tell of what they are seen to tell of, unless
    /// the mapping says what they tell of.
    #[must_use]
    pub fn resolve(
        &self,
        sightings: &Sightings,
        system: &dyn AnySystem,
        telling: &Telling,
    ) -> Resolved {
        let mut unknown: Vec<UnknownName> = Vec::new();
        let mut observations = Vec::with_capacity(sightings.all.len());
        let mut positions = Vec::with_capacity(sightings.all.len());
        for (position, sighting) in sightings.all.iter().enumerate() {
            if is_told_again(sightings, position) {
                continue;
            }
            match self.observation(&sighting.observation, system) {
                Ok(observation) => {
                    observations.push(observation);
                    positions.push(position);
                }
                Err(NamedTask { operation, subject }) => {
                    if !unknown.iter().any(|it| it.operation == operation && it.name == subject) {
                        let name = subject;
                        unknown.push(UnknownName { operation, name, sighting: position });
                    }
                }
            }
        }
        let is_before = |first: usize, then: usize| {
            sightings.order.is_before(positions[first], positions[then])
        };
        let order: Vec<usize> = if observations.len() > ObservedRun::CAPACITY {
            (0..observations.len()).collect()
        } else {
            canonical(&observations, is_before)
        };

        let mut run = ObservedRun::new();
        for (then, &at) in order.iter().enumerate() {
            run.observe(observations[at]);
            if then >= ObservedRun::CAPACITY {
                continue;
            }
            // From the last: most of what is before something is before it by way of something else.
            for first in (0..then).rev() {
                if is_before(order[first], at) && !run.before(then).contains(first) {
                    run.order(first, then);
                }
            }
        }
        for told in self.told(sightings, system, telling) {
            run.tells_of(told);
        }
        if sightings.evidence.completeness != Completeness::Nothing {
            run.set_complete();
        }
        if sightings.is_over {
            run.set_over();
        }
        let heard_of = subjects_named(system, telling.all_subjects());
        let sightings = order.into_iter().map(|at| positions[at]).collect();
        Resolved { run, sightings, unknown, heard_of }
    }

    fn observation(
        &self,
        named: &NamedObservation,
        system: &dyn AnySystem,
    ) -> Result<Observation, NamedTask> {
        let task = |named: &NamedTask| {
            let subject = system.subject(named.operation, &named.subject);
            let subject = subject.ok_or_else(|| named.clone())?;
            Ok(Task { operation: named.operation, subject })
        };
        // Where a step must be undone even if it was refused, a refusal is no reason to leave it alone.
        let is_doubt = self.in_doubt() == InDoubtPolicy::Always;
        let said = |task: &NamedTask, answer: &Option<Answer>| match answer {
            Some(Answer::Refused) if is_doubt && task.operation == Operation::Do => {
                Some(Answer::Failed)
            }
            answer => *answer,
        };
        Ok(match named {
            NamedObservation::Requested(it) => Observation::Requested(task(it)?),
            NamedObservation::Performed(it, answer) => {
                Observation::Performed(task(it)?, said(it, answer))
            }
            NamedObservation::Replied(it, answer) => {
                Observation::Replied(task(it)?, said(it, answer))
            }
            NamedObservation::Answered(it, answer) => {
                Observation::Answered(task(it)?, said(it, answer))
            }
            NamedObservation::Decided(ending) => Observation::Decided(*ending),
            NamedObservation::Ended(ending) => Observation::Ended(*ending),
        })
    }

    /// What services tell of whenever it happens, in canonical order.
    fn told(&self, sightings: &Sightings, system: &dyn AnySystem, telling: &Telling) -> Vec<Told> {
        let mut told = match &self.told {
            Some(rules) => rules.iter().flat_map(|rule| told_by_rule(rule, system)).collect(),
            None => told_as_seen(system, telling),
        };
        if sightings.evidence.completeness == Completeness::Coordinator {
            // Of what others tell, anything may be missing.
            told.retain(|told| is_of_coordinator(told.kind));
        }
        told.sort_unstable();
        told.dedup();
        told
    }
}

/// Whether a sighting tells once more how the workflow ended. Whoever coordinates it may be woken by a late
/// message, and tells its client again.
fn is_told_again(sightings: &Sightings, position: usize) -> bool {
    let told = &sightings.all[position].observation;
    let is_earlier = |&other: &usize| {
        let is_ordered = sightings.order.is_before(position, other);
        sightings.order.is_before(other, position) || other < position && !is_ordered
    };
    matches!(told, NamedObservation::Ended(_))
        && (0..sightings.all.len())
            .filter(|&other| other != position && sightings.all[other].observation == *told)
            .any(|other| is_earlier(&other))
}

/// Whether it depends only on the process that coordinates the workflow whether it is told of. An answer
/// that came too late belongs to no request any more.
fn is_of_coordinator(kind: ActivityKind) -> bool {
    match kind {
        ActivityKind::Requested | ActivityKind::Decided | ActivityKind::Ended => true,
        ActivityKind::Answered | ActivityKind::Performed | ActivityKind::Replied => false,
    }
}

fn told_as_seen(system: &dyn AnySystem, telling: &Telling) -> Vec<Told> {
    let mut told = Vec::new();
    for kind in [
        ActivityKind::Requested,
        ActivityKind::Answered,
        ActivityKind::Decided,
        ActivityKind::Ended,
    ] {
        if telling.tells(kind) {
            told.push(Told::every(kind));
        }
    }
    for kind in [ActivityKind::Performed, ActivityKind::Replied] {
        let named: Vec<Subject> = subjects_named(system, telling.subjects(kind));
        let services: Vec<String> = named.iter().map(|&it| system.service_of(it)).collect();
        let mut subjects = subjects_of(system);
        subjects.retain(|subject| {
            let service = system.service_of(*subject);
            telling.tells_at(kind, &service) || services.contains(&service)
        });
        for subject in named.into_iter().chain(subjects) {
            told.push(Told { kind, operation: None, subject: Some(subject) });
        }
    }
    told
}

fn told_by_rule(rule: &ToldRule, system: &dyn AnySystem) -> Vec<Told> {
    let ToldRule { kind, operation, .. } = *rule;
    let subjects = match (&rule.subject, &rule.service) {
        (None, None) => return vec![Told { kind, operation, subject: None }],
        (Some(name), _) => subjects_named(system, [name.as_str()]),
        (None, Some(service)) => {
            let mut subjects = subjects_of(system);
            subjects.retain(|subject| system.service_of(*subject) == *service);
            subjects
        }
    };
    let about = |subject| Told { kind, operation, subject: Some(subject) };
    subjects.into_iter().map(about).collect()
}

/// The steps and services of the workflow.
fn subjects_of(system: &dyn AnySystem) -> Vec<Subject> {
    let workflow = system.workflow();
    let steps = (0..workflow.steps().len()).map(|at| Subject::Step(StepId(at as u8)));
    let services = (0..workflow.services().len()).map(|at| Subject::Service(ServiceId(at as u16)));
    steps.chain(services).collect()
}

/// The subjects of those names, in tasks of any operation.
fn subjects_named<'n>(
    system: &dyn AnySystem,
    names: impl IntoIterator<Item = &'n str>,
) -> Vec<Subject> {
    let mut subjects: Vec<Subject> = Vec::new();
    for name in names {
        let found = Operation::ALL.into_iter().filter_map(|it| system.subject(it, name));
        subjects.extend(found);
    }
    subjects.sort_unstable();
    subjects.dedup();
    subjects
}
