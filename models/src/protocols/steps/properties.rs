//! What must be true of every step that can be taken back, whatever protocol it is part of: judged by
//! its [history](StepHistory), and never by what its coordinator and its participant believe.

use crate::system::Part;
use amends_check::{Parts, Property, PropertyKind};

use super::history::StepHistory;
use super::layout::{Orchestrated, Sight, View};

/// Says whether any of the steps that are meant, of one workflow, has such a history.
pub(crate) type AnyStep<Monitor> = fn(&Monitor, fn(&StepHistory) -> bool) -> bool;

/// The steps of all workflows, or some of them.
pub(crate) struct Steps<'a, T: Orchestrated> {
    sight: &'a Sight<T>,
    any: AnyStep<T::Monitor>,
}

impl<'a, T: Orchestrated> Steps<'a, T> {
    pub(crate) fn new(sight: &'a Sight<T>, any: AnyStep<T::Monitor>) -> Self {
        Steps { sight, any }
    }

    pub(crate) fn effect_once(&self) -> Property<Parts<Part<T>>> {
        let done = |step: &StepHistory| step.times_done() > 0;
        self.never("effect-once", StepHistory::is_repeated, done)
    }

    pub(crate) fn no_empty_rollback(&self) -> Property<Parts<Part<T>>> {
        let undone = StepHistory::is_undo_answered;
        self.never("no-empty-rollback", StepHistory::has_empty_rollback, undone)
    }

    pub(crate) fn no_late_effect(&self) -> Property<Parts<Part<T>>> {
        self.never("no-late-effect", StepHistory::is_late, StepHistory::is_undo_answered)
    }

    /// The name that a late effect has where it is a Try that reserves.
    pub(crate) fn no_hanging(&self) -> Property<Parts<Part<T>>> {
        self.never("no-hanging", StepHistory::is_late, StepHistory::is_undo_answered)
    }

    pub(crate) fn no_empty_confirm(&self) -> Property<Parts<Part<T>>> {
        let confirmed = |step: &StepHistory| step.times_confirmed() > 0;
        self.never("no-empty-confirm", StepHistory::has_empty_confirm, confirmed)
    }

    pub(crate) fn reservations_released(&self) -> Property<Parts<Part<T>>> {
        self.without(PropertyKind::LeadsTo, "reservations-released", StepHistory::is_open)
            .given(self.with(StepHistory::is_open))
    }

    /// No step is `wrong`. That says something as soon as there is one that is `concerned`.
    fn never(
        &self,
        name: &str,
        wrong: fn(&StepHistory) -> bool,
        concerned: fn(&StepHistory) -> bool,
    ) -> Property<Parts<Part<T>>> {
        self.without(PropertyKind::Always, name, wrong).given(self.with(concerned))
    }

    fn without(
        &self,
        kind: PropertyKind,
        name: &str,
        is: fn(&StepHistory) -> bool,
    ) -> Property<Parts<Part<T>>> {
        let any = self.any;
        self.sight.property(kind, name, move |s, v| !s.runs(v).any(|(_, witness)| any(witness, is)))
    }

    /// There is such a step.
    pub(crate) fn with(
        &self,
        is: fn(&StepHistory) -> bool,
    ) -> impl for<'v> Fn(View<'v, T>) -> bool + Send + Sync + use<T> {
        let any = self.any;
        self.sight.look(move |s, v| s.runs(v).any(|(_, witness)| any(witness, is)))
    }
}
