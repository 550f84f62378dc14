//! Carrying steps out: what they read of the resources of their service, and what they do to them.
//!
//! The model and the runtime both carry steps out by this. A step of a workflow that reads nothing
//! into variables needs to know nothing; the others have a twin of the same name, `…_with`, that is
//! told what was read.

use crate::process::{Locals, ServiceId, StepId, Verdict, WorkflowId};

use super::builder::{Place, StepField};
use super::business::Work;
use super::definition::Workflow;
use super::expression::{ArithmeticError, Assignment, ResourceId, Variable};
use super::outside::OutsideAt;
use super::request::InputId;

impl Workflow {
    /// Tries this work on `step`, on behalf of a workflow: the guard first, then the changes. Only
    /// what takes a step forward has a guard. The resources change only if the verdict is
    /// [`Verdict::Accepted`].
    ///
    /// # Errors
    /// When the arithmetic has no result; the resources are then unchanged.
    pub fn attempt(
        &self,
        workflow: WorkflowId,
        step: StepId,
        work: Work,
        resources: &mut [i64],
    ) -> Result<Verdict, ArithmeticError> {
        self.attempt_with(workflow, &Locals::NONE, step, work, resources)
    }

    /// Tries this work on `step`, as [`Workflow::attempt`] does, on behalf of a workflow that has read
    /// `locals`, among them what the step itself [reads](Workflow::read).
    ///
    /// # Errors
    /// When the arithmetic has no result; the resources are then unchanged.
    pub fn attempt_with(
        &self,
        workflow: WorkflowId,
        locals: &Locals,
        step: StepId,
        work: Work,
        resources: &mut [i64],
    ) -> Result<Verdict, ArithmeticError> {
        let guard = self.step(step).when.as_ref().filter(|_| work.is_guarded());
        if let Some(guard) = guard
            && !guard.evaluate(&self.scope(workflow, locals, step, resources))?
        {
            return Ok(Verdict::Refused);
        }
        self.assign(workflow, locals, step, work, resources).map_err(|(_, error)| error)?;
        Ok(Verdict::Accepted)
    }

    /// What `step` reads in the given state of its service's resources.
    ///
    /// # Errors
    /// When the arithmetic has no result.
    pub fn read(
        &self,
        workflow: WorkflowId,
        step: StepId,
        resources: &[i64],
    ) -> Result<Locals, ArithmeticError> {
        let scope = self.scope(workflow, &Locals::NONE, step, resources);
        let reads = self.step(step).reads.iter();
        reads.map(|reading| Ok((reading.local, reading.value.evaluate(&scope)?))).collect()
    }

    /// Whether `step` of a workflow is accepted by its service in the given state of that service's
    /// resources.
    ///
    /// # Errors
    /// When the arithmetic of its guard has no result.
    pub fn accepts(
        &self,
        workflow: WorkflowId,
        step: StepId,
        resources: &[i64],
    ) -> Result<bool, ArithmeticError> {
        match &self.step(step).when {
            Some(guard) => guard.evaluate(&self.scope(workflow, &Locals::NONE, step, resources)),
            None => Ok(true),
        }
    }

    /// Makes the changes that this work on `step` brings to its service's resources. Assignments are
    /// made in order; each sees the ones before it.
    ///
    /// # Errors
    /// When the arithmetic has no result; the resources are then unchanged.
    pub fn carry_out(
        &self,
        workflow: WorkflowId,
        step: StepId,
        work: Work,
        resources: &mut [i64],
    ) -> Result<(), ArithmeticError> {
        self.assign(workflow, &Locals::NONE, step, work, resources).map_err(|(_, error)| error)
    }

    /// Where the business of this work on `step` has no result in the given state of its service's
    /// resources; `None` where it has one.
    #[must_use]
    pub fn undefined(
        &self,
        workflow: WorkflowId,
        step: StepId,
        work: Work,
        resources: &[i64],
    ) -> Option<Place> {
        self.undefined_with(workflow, &Locals::NONE, step, work, resources)
    }

    /// Where the business of this work on `step` has no result, on behalf of a workflow that has read
    /// `locals`.
    #[must_use]
    pub fn undefined_with(
        &self,
        workflow: WorkflowId,
        locals: &Locals,
        step: StepId,
        work: Work,
        resources: &[i64],
    ) -> Option<Place> {
        let place = |field| Some(Place::Step(usize::from(step.0), field));
        if work.is_guarded() {
            let definition = self.step(step);
            let scope = self.scope(workflow, locals, step, resources);
            let mut reads = definition.reads.iter();
            if let Some(line) = reads.position(|reading| reading.value.evaluate(&scope).is_err()) {
                return place(StepField::Read(line));
            }
            if definition.when.as_ref().is_some_and(|guard| guard.evaluate(&scope).is_err()) {
                return place(StepField::When);
            }
        }
        let resources = &mut resources.to_vec();
        let (line, _) = self.assign(workflow, locals, step, work, resources).err()?;
        place(StepField::Work(work, line))
    }

    /// Does what `step` does outside of its transaction, on behalf of a workflow that has read `locals`.
    /// Before the commit, it is refused where the step will be.
    ///
    /// # Errors
    /// When the arithmetic has no result; the resources are then unchanged.
    pub fn reach_outside(
        &self,
        workflow: WorkflowId,
        locals: &Locals,
        step: StepId,
        resources: &mut [i64],
    ) -> Result<Verdict, ArithmeticError> {
        let Some(outside) = &self.step(step).outside else { return Ok(Verdict::Refused) };
        let guard = self.step(step).when.as_ref();
        if let Some(guard) = guard.filter(|_| outside.at == OutsideAt::BeforeCommit)
            && !guard.evaluate(&self.scope(workflow, locals, step, resources))?
        {
            return Ok(Verdict::Refused);
        }
        let made = self.assign_all(workflow, locals, step, &outside.changes, resources);
        made.map_err(|(_, error)| error)?;
        Ok(Verdict::Accepted)
    }

    /// Where what `step` does outside of its transaction has no result.
    #[must_use]
    pub fn undefined_outside(
        &self,
        workflow: WorkflowId,
        locals: &Locals,
        step: StepId,
        resources: &[i64],
    ) -> Option<Place> {
        let place = |field| Some(Place::Step(usize::from(step.0), field));
        let outside = self.step(step).outside.as_ref()?;
        let guard = self.step(step).when.as_ref();
        let scope = self.scope(workflow, locals, step, resources);
        if guard.is_some_and(|guard| guard.evaluate(&scope).is_err()) {
            return place(StepField::When);
        }
        let resources = &mut resources.to_vec();
        let made = self.assign_all(workflow, locals, step, &outside.changes, resources);
        place(StepField::Outside(made.err()?.0))
    }

    /// Makes changes, or says in which line the arithmetic has no result.
    fn assign(
        &self,
        workflow: WorkflowId,
        locals: &Locals,
        step: StepId,
        work: Work,
        resources: &mut [i64],
    ) -> Result<(), (usize, ArithmeticError)> {
        let assignments = &self.step(step).business[work];
        self.assign_all(workflow, locals, step, assignments, resources)
    }

    fn assign_all(
        &self,
        workflow: WorkflowId,
        locals: &Locals,
        step: StepId,
        assignments: &[Assignment],
        resources: &mut [i64],
    ) -> Result<(), (usize, ArithmeticError)> {
        let mut changed = resources.to_vec();
        for (line, assignment) in assignments.iter().enumerate() {
            let value = assignment.value.evaluate(&self.scope(workflow, locals, step, &changed));
            changed[usize::from(assignment.resource.0)] = value.map_err(|error| (line, error))?;
        }
        resources.copy_from_slice(&changed);
        Ok(())
    }

    /// Looks up what a step can see: the resources of its service, the inputs of its workflow, and
    /// what the workflow has read. Validation keeps it from naming anything else; whoever carries it
    /// out makes sure that what it needs is known.
    fn scope<'a>(
        &'a self,
        workflow: WorkflowId,
        locals: &'a Locals,
        step: StepId,
        resources: &'a [i64],
    ) -> impl Fn(Variable) -> i64 + 'a {
        let service: ServiceId = self.step(step).service;
        let inputs = self.requests().of(workflow);
        move |variable| match variable {
            Variable::Resource(owner, ResourceId(position)) if owner == service => {
                resources[usize::from(position)]
            }
            Variable::Input(InputId(position)) => inputs[usize::from(position)],
            Variable::Local(local) => match locals.get(local) {
                Some(value) => value,
                None => {
                    unreachable!("a step is carried out that needs {local:?}, which is not read")
                }
            },
            foreign => unreachable!("a validated step names {foreign:?}, which it cannot see"),
        }
    }
}
