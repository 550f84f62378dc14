//! Sound compensation: what is left of a workflow that was taken back.
//!
//! A compensation does not restore a former state, since other workflows ran in between: it takes the
//! workflow's *own* changes back. It is sound if they cancel out, whatever others did (Korth, Levy and
//! Silberschatz, *A formal approach to recovery by compensating transactions*, 1990).
//!
//! Most changes are the same wherever they are made: `stock -= 1` takes one away, whatever the stock. Then
//! the expressions alone say what a step and its compensation add up to ([`Compensations`]), and nothing
//! has to be remembered. Where a change depends on what it finds (`stock = 5`, `stock = min(stock, 3)`), a
//! witness adds up what was really changed ([`OwnChanges`]); that costs states, and only there.

use smallvec::SmallVec;

use crate::process::rename::renames;
use crate::process::{Locals, ServiceId, StepId, WorkflowId};
use crate::workflow::expression::Operator;
use crate::workflow::{
    Assignment, InputId, Reading, ResourceId, Step, StepKind, StepProtocol, Term, Variable, Work,
    Workflow,
};

use super::history::StepHistory;

/// By how much resources change.
type Changes = SmallVec<[(ResourceId, i64); 1]>;

/// What the steps of a workflow and their compensations add up to, by step; and the same for every
/// request, whose inputs may make a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compensations {
    by_turn: Vec<Vec<Option<Compensation>>>,
    /// What steps that can be taken back change outside of their transactions, in the same order.
    outside: Vec<Vec<Changes>>,
    services: Vec<ServiceId>,
}

/// What a step that can be taken back and its compensation add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Compensation {
    /// The same wherever they are carried out: what is left of each resource that is not as it was.
    Fixed(Changes),
    /// It depends on what they find.
    Varying,
}

/// What is left of a resource, of the changes of one workflow: it is not as if it had never run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// The owner of the resource.
    pub service: ServiceId,
    /// The resource.
    pub resource: ResourceId,
    /// By how much the workflow's own changes do not cancel out.
    pub change: i64,
}

/// The works that a step is done and taken back by, where it can be taken back.
fn works(workflow: &Workflow, id: WorkflowId, step: StepId, is_tcc: bool) -> Option<[Work; 2]> {
    let definition = workflow.step(step);
    let own = (definition.kind == StepKind::Compensatable).then_some([Work::Change, Work::Undo]);
    match workflow.protocol_of(id, step) {
        _ if is_tcc => Some([Work::Reserve, Work::Cancel]),
        StepProtocol::Saga => own,
        StepProtocol::Tcc => Some([Work::Reserve, Work::Cancel]),
        StepProtocol::Outbox => None,
    }
}

impl Compensations {
    /// Of the steps of a saga, a choreography or a mixed workflow.
    #[must_use]
    pub fn of(workflow: &Workflow) -> Self {
        Self::by(workflow, false)
    }

    /// Of the steps of a TCC.
    #[must_use]
    pub fn of_tcc(workflow: &Workflow) -> Self {
        Self::by(workflow, true)
    }

    fn by(workflow: &Workflow, is_tcc: bool) -> Self {
        let turns = 0..workflow.requests().values().len().max(1) as u32;
        let steps = || (0u8..).map(StepId).zip(workflow.steps());
        let by_turn = turns.clone().map(WorkflowId).map(|id| {
            let compensation = |(step, definition): (StepId, &Step)| {
                let works = works(workflow, id, step, is_tcc)?;
                Some(Compensation::of(definition, works, workflow.requests().of(id)))
            };
            steps().map(compensation).collect()
        });
        let outside = turns.map(WorkflowId).map(|id| {
            let outside = |(step, definition): (StepId, &Step)| {
                let is_taken_back = works(workflow, id, step, is_tcc).is_some();
                let outside = definition.outside.as_ref().filter(|_| is_taken_back);
                // What depends on what it finds, like a copy, is not for a compensation to take back.
                let shifts = outside.and_then(|outside| {
                    let inputs = workflow.requests().of(id);
                    fixed_changes(definition, &definition.reads, &outside.changes, inputs)
                });
                let shifts = shifts.map(|shifts| shifts.0).unwrap_or_default().into_iter();
                shifts.filter(|(resource, _)| !definition.keeps.contains(resource)).collect()
            };
            steps().map(outside).collect()
        });
        let outside = outside.collect();
        let services = workflow.steps().iter().map(|step| step.service).collect();
        Compensations { by_turn: by_turn.collect(), outside, services }
    }

    fn step(&self, workflow: WorkflowId, step: StepId) -> Option<&Compensation> {
        let turn = workflow.0 as usize % self.by_turn.len();
        self.by_turn[turn][usize::from(step.0)].as_ref()
    }

    /// Whether what that step of the workflow and its compensation add up to depends on what they find.
    #[must_use]
    pub fn is_varying(&self, workflow: WorkflowId, step: StepId) -> bool {
        self.step(workflow, step) == Some(&Compensation::Varying)
    }

    /// The first step that is not taken back by its compensation, or may not be.
    #[must_use]
    pub fn suspect(&self) -> Option<StepId> {
        let is_suspect = |compensation: &Option<Compensation>| match compensation {
            Some(Compensation::Fixed(net)) => !net.is_empty(),
            Some(Compensation::Varying) => true,
            None => false,
        };
        let of_turn = |steps: &Vec<Option<Compensation>>| steps.iter().position(is_suspect);
        self.by_turn.iter().filter_map(of_turn).min().map(|at| StepId(at as u8))
    }

    /// Whether there is such a step in any workflow.
    #[must_use]
    pub fn are_varying(&self) -> bool {
        self.varying_services().next().is_some()
    }

    /// The positions of the workflows whose witnesses are told of what a workflow changes: where changes
    /// depend on what they find, all of them.
    pub(crate) fn watchers(
        &self,
        workflow: &Workflow,
        id: WorkflowId,
    ) -> impl Iterator<Item = usize> + use<> {
        let own = id.0 as usize;
        if self.are_varying() { 0..workflow.instances() as usize } else { own..own + 1 }
    }

    /// The services at which there is such a step of any workflow.
    fn varying_services(&self) -> impl Iterator<Item = ServiceId> {
        let mut services: Vec<ServiceId> = self
            .by_turn
            .iter()
            .flat_map(|steps| steps.iter().zip(&self.services))
            .filter(|(step, _)| **step == Some(Compensation::Varying))
            .map(|(_, service)| *service)
            .collect();
        services.sort_unstable();
        services.dedup();
        services.into_iter()
    }

    /// What is left of the changes of a workflow whose steps have these histories; nothing, as long as
    /// some step is in force, or was undone without being done.
    #[must_use]
    pub fn leftovers(
        &self,
        workflow: WorkflowId,
        histories: &[StepHistory],
        own: Option<&OwnChanges>,
    ) -> SmallVec<[Leftover; 1]> {
        let mut left = SmallVec::<[Leftover; 1]>::new();
        if !histories.iter().all(StepHistory::is_clean) {
            return left;
        }
        for (at, history) in histories.iter().enumerate() {
            let Some(Compensation::Fixed(net)) = self.step(workflow, StepId(at as u8)) else {
                continue;
            };
            for &(resource, change) in net {
                let change = change.saturating_mul(history.times_done().into());
                add(&mut left, Leftover { service: self.services[at], resource, change });
            }
        }
        let outside = &self.outside[workflow.0 as usize % self.outside.len()];
        for (at, (history, changes)) in histories.iter().zip(outside).enumerate() {
            for &(resource, change) in changes {
                let change = change.saturating_mul(history.times_outside().into());
                add(&mut left, Leftover { service: self.services[at], resource, change });
            }
        }
        own.iter().flat_map(|own| &own.sums).for_each(|&(service, resource, change)| {
            add(&mut left, Leftover { service, resource, change });
        });
        left.retain(|left| left.change != 0);
        left
    }
}

fn add(all: &mut SmallVec<[Leftover; 1]>, more: Leftover) {
    let same = |it: &&mut Leftover| (it.service, it.resource) == (more.service, more.resource);
    match all.iter_mut().find(same) {
        Some(found) => found.change = found.change.saturating_add(more.change),
        None => all.push(more),
    }
}

impl Compensations {
    /// What is left of a workflow of those histories, in words.
    #[must_use]
    pub fn facts(
        &self,
        workflow: &Workflow,
        id: WorkflowId,
        histories: &[StepHistory],
        own: Option<&OwnChanges>,
    ) -> Vec<String> {
        let left = self.leftovers(id, histories, own);
        left.into_iter().map(|left| left.in_words(workflow)).collect()
    }
}

impl Leftover {
    /// In words: `stock of inventory is 1 more than without it`.
    #[must_use]
    pub fn in_words(self, workflow: &Workflow) -> String {
        let service = workflow.service(self.service);
        let resource = &service.resources[usize::from(self.resource.0)].name;
        let by = self.change.unsigned_abs();
        let how = if self.change > 0 { "more" } else { "less" };
        format!("{resource} of {} is {by} {how} than if it had never run", service.name)
    }
}

impl Compensation {
    fn of(step: &Step, works: [Work; 2], inputs: &[i64]) -> Compensation {
        let mut net = Changes::new();
        for work in works {
            // What a step has read is as it was found when it is done, and no more when it is undone.
            let reads: &[Reading] = if work.is_guarded() { &step.reads } else { &[] };
            let Some(changes) = fixed_changes(step, reads, &step.business[work], inputs) else {
                return Compensation::Varying;
            };
            for (resource, change) in changes.0 {
                match net.iter_mut().find(|(it, _)| *it == resource) {
                    Some((_, sum)) => *sum = sum.saturating_add(change),
                    None => net.push((resource, change)),
                }
            }
        }
        net.retain(|(resource, change)| *change != 0 && !step.keeps.contains(resource));
        Compensation::Fixed(net)
    }
}

/// By how much each resource is different after the changes made so far.
#[derive(Default)]
struct Shifts(Vec<(ResourceId, i64)>);

impl Shifts {
    fn of(&self, resource: ResourceId) -> i64 {
        self.0.iter().find(|(it, _)| *it == resource).map_or(0, |&(_, shift)| shift)
    }

    fn set(&mut self, resource: ResourceId, shift: i64) {
        self.0.retain(|(it, _)| *it != resource);
        self.0.push((resource, shift));
    }
}

/// The changes that the assignments make to each resource, if they are the same whatever they find.
/// What the step keeps on purpose may vary.
fn fixed_changes(
    step: &Step,
    reads: &[Reading],
    assignments: &[Assignment],
    inputs: &[i64],
) -> Option<Shifts> {
    let mut shifts = Shifts::default();
    for Assignment { resource, value } in assignments {
        let found = Affine::of(value, &shifts, reads, inputs);
        match found {
            Some(Affine { base: Some(base), plus }) if base == *resource => {
                shifts.set(*resource, plus);
            }
            _ if step.keeps.contains(resource) => shifts.set(*resource, 0),
            _ => return None,
        }
    }
    Some(shifts)
}

/// A value of the form *resource as it was found* plus a number, or just a number.
#[derive(Clone, Copy)]
struct Affine {
    base: Option<ResourceId>,
    plus: i64,
}

impl Affine {
    fn number(plus: i64) -> Option<Affine> {
        Some(Affine { base: None, plus })
    }

    fn of(term: &Term, shifts: &Shifts, reads: &[Reading], inputs: &[i64]) -> Option<Affine> {
        let part = |term: &Term| Affine::of(term, shifts, reads, inputs);
        match term {
            Term::Number(number) => Affine::number(*number),
            Term::Variable(Variable::Input(InputId(at))) => {
                Affine::number(*inputs.get(usize::from(*at))?)
            }
            Term::Variable(Variable::Resource(_, resource)) => {
                Some(Affine { base: Some(*resource), plus: shifts.of(*resource) })
            }
            Term::Variable(Variable::Local(local)) => {
                let reading = reads.iter().find(|reading| reading.local == *local)?;
                Affine::of(&reading.value, &Shifts::default(), reads, inputs)
            }
            Term::Variable(_) => None,
            Term::Negate(term) => match part(term)? {
                Affine { base: None, plus } => Affine::number(plus.checked_neg()?),
                Affine { base: Some(_), .. } => None,
            },
            Term::Arithmetic(Operator::Add, left, right) => match (part(left)?, part(right)?) {
                (Affine { base, plus }, Affine { base: None, plus: more })
                | (Affine { base: None, plus: more }, Affine { base, plus }) => {
                    Some(Affine { base, plus: plus.checked_add(more)? })
                }
                _ => None,
            },
            Term::Arithmetic(Operator::Subtract, left, right) => {
                match (part(left)?, part(right)?) {
                    (Affine { base, plus }, Affine { base: None, plus: less }) => {
                        Some(Affine { base, plus: plus.checked_sub(less)? })
                    }
                    _ => None,
                }
            }
            Term::Arithmetic(_, left, right) => {
                let (left, right) = (part(left)?, part(right)?);
                if left.base.is_some() || right.base.is_some() {
                    return None;
                }
                let numbers =
                    (Box::new(Term::Number(left.plus)), Box::new(Term::Number(right.plus)));
                let Term::Arithmetic(operator, ..) = term else { return None };
                let term = Term::Arithmetic(*operator, numbers.0, numbers.1);
                Affine::number(term.evaluate(&|_| 0).ok()?)
            }
            Term::Choose(condition, yes, no) => {
                let mut is_fixed = true;
                condition.visit(&mut |variable| {
                    is_fixed &= matches!(variable, Variable::Input(_));
                });
                let lookup = |variable| match variable {
                    Variable::Input(InputId(at)) => {
                        inputs.get(usize::from(at)).copied().unwrap_or(0)
                    }
                    _ => 0,
                };
                if !is_fixed {
                    return None;
                }
                part(if condition.evaluate(&lookup).ok()? { yes } else { no })
            }
        }
    }
}

/// What one workflow really changed, added up, by steps whose changes depend on what they find.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OwnChanges {
    workflow: WorkflowId,
    /// What the resources are worth of every service that has such a step.
    values: SmallVec<[(ServiceId, SmallVec<[i64; 2]>); 1]>,
    sums: SmallVec<[(ServiceId, ResourceId, i64); 1]>,
}

renames!(struct OwnChanges { workflow, values, sums });

impl OwnChanges {
    /// Nothing has happened yet to that workflow. `None`, if expressions alone say what is left.
    #[must_use]
    pub fn new(
        workflow: &Workflow,
        id: WorkflowId,
        compensations: &Compensations,
    ) -> Option<Box<OwnChanges>> {
        let services = compensations.varying_services();
        let values: SmallVec<_> =
            services.map(|it| (it, workflow.initial_resources(it).into())).collect();
        (!values.is_empty())
            .then(|| Box::new(OwnChanges { workflow: id, values, sums: SmallVec::new() }))
    }

    /// Whose changes they are.
    #[must_use]
    pub fn workflow(&self) -> WorkflowId {
        self.workflow
    }

    /// A participant changed its resources, on behalf of any workflow, which had read `locals`.
    pub fn applied(
        &mut self,
        workflow: &Workflow,
        compensations: &Compensations,
        (by, step, work): (WorkflowId, StepId, Work),
        locals: &Locals,
    ) {
        let definition = workflow.step(step);
        let service = definition.service;
        let Some((_, values)) = self.values.iter_mut().find(|(it, _)| *it == service) else {
            return;
        };
        let before = values.clone();
        if workflow.attempt_with(by, locals, step, work, values).is_err() {
            return;
        }
        if by != self.workflow || !compensations.is_varying(by, step) {
            return;
        }
        for (at, (before, after)) in before.iter().zip(values.iter()).enumerate() {
            let (resource, change) = (ResourceId(at as u16), after.saturating_sub(*before));
            if change == 0 || definition.keeps.contains(&resource) {
                continue;
            }
            match self.sums.binary_search_by_key(&(service, resource), |&(s, r, _)| (s, r)) {
                Ok(found) => {
                    self.sums[found].2 = self.sums[found].2.saturating_add(change);
                    if self.sums[found].2 == 0 {
                        self.sums.remove(found);
                    }
                }
                Err(free) => self.sums.insert(free, (service, resource, change)),
            }
        }
    }
}
