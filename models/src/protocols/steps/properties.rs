//! What must be true of every step that can be taken back, whatever protocol it is part of: judged by
//! its [history](StepHistory), and never by what its coordinator and its participant believe.

use std::sync::Arc;

use amends_check::{Parts, Property};

use crate::process::WorkflowId;
use crate::system::{BuiltIn, EFFECT_ONCE, Ending, Part};
use crate::workflow::Workflow;

use super::compensation::{Compensations, OwnChanges};
use super::history::StepHistory;
use super::layout::{Orchestrated, StateLayout, View};

/// No compensation in the wrong order.
pub(crate) const LIFO: BuiltIn =
    BuiltIn::always("lifo", "a step is undone only after everything that waited for it");

/// A compensation that inverts.
pub(crate) const SOUND_COMPENSATION: BuiltIn = BuiltIn::always(
    "sound-compensation",
    "nothing is left of a workflow that was compensated: its own changes to every resource cancel out, \
     whatever others did in between",
);

/// No empty rollback.
pub(crate) const NO_EMPTY_ROLLBACK: BuiltIn =
    BuiltIn::always("no-empty-rollback", "nothing is undone that was never done");

/// No hanging step.
pub(crate) const NO_LATE_EFFECT: BuiltIn =
    BuiltIn::always("no-late-effect", "no step takes effect after its compensation was answered");

/// No late effect, where it is a Try that reserves.
pub(crate) const NO_HANGING: BuiltIn =
    BuiltIn::always("no-hanging", "nothing is reserved after its Cancel was answered");

/// No Confirm without a Try.
pub(crate) const NO_EMPTY_CONFIRM: BuiltIn =
    BuiltIn::always("no-empty-confirm", "nothing is confirmed that was not reserved");

/// No reservation is left behind.
pub(crate) const RESERVATIONS_RELEASED: BuiltIn = BuiltIn::leads_to(
    "reservations-released",
    "every reservation is confirmed or released in the end",
);

/// Nothing outside of a transaction goes its own way.
pub(crate) const NO_STRAY_EFFECT: BuiltIn = BuiltIn::always(
    "no-stray-effect",
    "what a step does outside of its transaction is done once if the step takes effect, and otherwise \
     not at all",
);

/// Says whether any of the steps that are meant, of one workflow, has such a history.
pub(crate) type AnyStep<Monitor> = fn(&Monitor, fn(&StepHistory) -> bool) -> bool;

/// What happened to the steps of a workflow, and what it changed where that has to be added up.
pub(crate) type Histories<Monitor> =
    for<'m> fn(&'m Monitor) -> (&'m [StepHistory], Option<&'m OwnChanges>);

/// The steps of all workflows, or some of them.
pub(crate) struct Steps<'a, T: Orchestrated> {
    layout: &'a StateLayout<T>,
    any: AnyStep<T::Monitor>,
}

impl<'a, T: Orchestrated> Steps<'a, T> {
    pub(crate) fn new(layout: &'a StateLayout<T>, any: AnyStep<T::Monitor>) -> Self {
        Steps { layout, any }
    }

    /// The own changes of a compensated workflow cancel out, by what its steps and their compensations
    /// add up to.
    pub(crate) fn sound_compensation(
        &self,
        compensations: &Arc<Compensations>,
        history: Histories<T::Monitor>,
    ) -> Property<Parts<Part<T>>> {
        let compensations = Arc::clone(compensations);
        let is_compensated = |log: &T::Log| T::ending(log) == Some(Ending::Compensated);
        self.layout
            .property(SOUND_COMPENSATION, move |s, v| {
                (0..).map(WorkflowId).zip(s.runs(v)).all(|(id, (log, monitor))| {
                    let (steps, own) = history(monitor);
                    !is_compensated(log) || compensations.leftovers(id, steps, own).is_empty()
                })
            })
            .given(self.layout.look(move |s, v| {
                s.runs(v).any(|(log, monitor)| {
                    is_compensated(log)
                        && history(monitor).0.iter().any(|step| step.times_undone() > 0)
                })
            }))
    }

    pub(crate) fn effect_once(&self) -> Property<Parts<Part<T>>> {
        let done = |step: &StepHistory| step.times_done() > 0;
        self.never(EFFECT_ONCE, StepHistory::is_repeated, done)
    }

    /// What steps do outside of their transactions agrees with what they do in them. There must be such
    /// steps.
    pub(crate) fn no_stray_effect(
        &self,
        workflow: &Workflow,
        history: Histories<T::Monitor>,
    ) -> Property<Parts<Part<T>>> {
        let reaches = workflow.steps().iter().map(|step| step.outside.is_some());
        let reaches: Vec<bool> = reaches.collect();
        let is_stray = move |log: &T::Log, monitor: &T::Monitor| {
            let is_over = T::ending(log).is_some();
            history(monitor).0.iter().zip(&reaches).any(|(step, reaches)| {
                let (inside, outside) = (step.times_done(), step.times_outside());
                let never = is_over && inside == 0 && outside > 0;
                let lost = is_over && step.is_open() && *reaches && outside == 0;
                outside > 1 || never || lost
            })
        };
        self.layout
            .property(NO_STRAY_EFFECT, move |s, v| {
                !s.runs(v).any(|(log, monitor)| is_stray(log, monitor))
            })
            .given(self.with(|step| step.times_done() > 0 || step.times_outside() > 0))
    }

    pub(crate) fn no_empty_rollback(&self) -> Property<Parts<Part<T>>> {
        let undone = StepHistory::is_undo_answered;
        self.never(NO_EMPTY_ROLLBACK, StepHistory::has_empty_rollback, undone)
    }

    pub(crate) fn no_late_effect(&self) -> Property<Parts<Part<T>>> {
        self.never(NO_LATE_EFFECT, StepHistory::is_late, StepHistory::is_undo_answered)
    }

    /// The name that a late effect has where it is a Try that reserves.
    pub(crate) fn no_hanging(&self) -> Property<Parts<Part<T>>> {
        self.never(NO_HANGING, StepHistory::is_late, StepHistory::is_undo_answered)
    }

    pub(crate) fn no_empty_confirm(&self) -> Property<Parts<Part<T>>> {
        let confirmed = |step: &StepHistory| step.times_confirmed() > 0;
        self.never(NO_EMPTY_CONFIRM, StepHistory::has_empty_confirm, confirmed)
    }

    pub(crate) fn reservations_released(&self) -> Property<Parts<Part<T>>> {
        self.without(RESERVATIONS_RELEASED, StepHistory::is_open)
            .given(self.with(StepHistory::is_open))
    }

    /// No step is `wrong`. That says something as soon as there is one that is `concerned`.
    fn never(
        &self,
        property: BuiltIn,
        wrong: fn(&StepHistory) -> bool,
        concerned: fn(&StepHistory) -> bool,
    ) -> Property<Parts<Part<T>>> {
        self.without(property, wrong).given(self.with(concerned))
    }

    fn without(&self, property: BuiltIn, is: fn(&StepHistory) -> bool) -> Property<Parts<Part<T>>> {
        let any = self.any;
        self.layout.property(property, move |s, v| !s.runs(v).any(|(_, witness)| any(witness, is)))
    }

    /// There is such a step.
    pub(crate) fn with(
        &self,
        is: fn(&StepHistory) -> bool,
    ) -> impl for<'v> Fn(View<'v, T>) -> bool + Send + Sync + use<T> {
        let any = self.any;
        self.layout.look(move |s, v| s.runs(v).any(|(_, witness)| any(witness, is)))
    }
}
