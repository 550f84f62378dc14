//! Where properties of a protocol with coordinators find what they look at. The initiators of a
//! choreography are in their place.

use std::marker::PhantomData;

use amends_check::{Parts, Property, Snapshot};
use derive_where::derive_where;

use crate::process::{Address, WorkflowId};
use crate::system::{
    BuiltIn, Ending, Local, NO_FORGOTTEN_REQUEST, OUTCOME_FINAL, OutcomeOf, Part, ProtocolModel,
    SETTLES, StateReader, System, WELL_DEFINED,
};

/// No partial outcome.
pub const ATOMIC: BuiltIn = BuiltIn::always(
    "atomic",
    "when a workflow has ended, all of its steps are in force or none is",
);

/// A protocol in which each workflow has a coordinator, whose log tells how it ended, and a witness
/// of its own, at the position of the workflow.
pub trait Orchestrated: ProtocolModel {
    /// What the coordinator's log folds to.
    type Log;

    /// Who keeps the log of what that coordinator runs: itself, unless coordinators share it.
    fn keeper(coordinator: Address) -> Address {
        coordinator
    }

    /// The log of that workflow, at the process that keeps it.
    fn log(keeper: &Local<Self>, workflow: WorkflowId) -> &Self::Log
    where
        Self: Sized;

    /// The values of the resources of the service that this process is.
    fn values(service: &Local<Self>) -> &[i64]
    where
        Self: Sized;

    /// How the workflow ended, if it ended.
    fn ending(log: &Self::Log) -> Option<Ending>;
}

/// A state of the system, as properties see it.
pub type View<'a, T> = Snapshot<'a, Part<T>>;

/// Where to look for what in a state of a system whose protocol is [`Orchestrated`].
#[derive_where(Clone)]
pub struct StateLayout<T> {
    coordinators: Vec<usize>,
    keepers: Vec<usize>,
    /// Whoever tells the client of a workflow how it ended.
    tellers: Vec<(WorkflowId, usize)>,
    witnesses: Vec<usize>,
    services: Vec<usize>,
    protocol: PhantomData<fn() -> T>,
}

impl<T: Orchestrated> StateLayout<T> {
    /// Finds the processes and witnesses of the system.
    #[must_use]
    pub fn new(system: &System<T>) -> Self {
        let mut layout = StateLayout {
            coordinators: vec![],
            keepers: vec![],
            tellers: vec![],
            witnesses: vec![],
            services: vec![],
            protocol: PhantomData,
        };
        for address in system.addresses() {
            let slot = system.process_slot(address);
            match address {
                Address::Coordinator(workflow) | Address::Initiator(workflow) => {
                    layout.coordinators.push(slot);
                    layout.tellers.push((workflow, slot));
                    layout.keepers.push(system.process_slot(T::keeper(address)));
                    layout.witnesses.push(system.monitor_slot(workflow.0 as usize));
                }
                Address::Service(_) => layout.services.push(slot),
                // Beside that, who stands by has nothing to show that its keeper does not.
                Address::Standby(workflow) => layout.tellers.push((workflow, slot)),
                // No other role is part of these protocols.
                _ => {}
            }
        }
        layout
    }

    /// A condition on states, from one that knows where to look.
    pub fn look<F>(
        &self,
        condition: F,
    ) -> impl for<'a> Fn(View<'a, T>) -> bool + Send + Sync + use<T, F>
    where
        F: Fn(&Self, View<'_, T>) -> bool + Send + Sync + 'static,
    {
        let layout = self.clone();
        move |view: View<'_, T>| condition(&layout, view)
    }

    /// A built-in property, with a condition that knows where to look.
    #[must_use]
    pub fn property(
        &self,
        property: BuiltIn,
        condition: impl Fn(&Self, View<'_, T>) -> bool + Send + Sync + 'static,
    ) -> Property<Parts<Part<T>>> {
        property.property(self.look(condition))
    }

    /// No arithmetic is without a result, anywhere.
    #[must_use]
    pub fn well_defined(&self) -> Property<Parts<Part<T>>> {
        self.property(WELL_DEFINED, |s, v| s.locals(v).all(|local| local.defect.is_none()))
    }

    /// What really happened is what the log says, for every workflow that is `decided`, by its log.
    #[must_use]
    pub fn atomic<Outcome: 'static>(
        &self,
        decided: fn(&T::Log) -> Option<Outcome>,
        agrees: fn(&T::Monitor, Outcome) -> bool,
    ) -> Property<Parts<Part<T>>> {
        self.property(ATOMIC, move |s, v| {
            s.runs(v)
                .all(|(log, witness)| decided(log).is_none_or(|outcome| agrees(witness, outcome)))
        })
        .given(self.look(move |s, v| s.runs(v).any(|(log, _)| decided(log).is_some())))
    }

    /// What clients were told is final, and a request that was acknowledged is not forgotten. Whether what
    /// the log has is true is [`atomic`](Self::atomic)'s to judge.
    #[must_use]
    pub fn promises(&self) -> [Property<Parts<Part<T>>>; 2]
    where
        OutcomeOf<T>: Copy + Into<Ending>,
    {
        let is_final = move |s: &Self, v: View<'_, T>| {
            s.tellers.iter().all(|&(workflow, slot)| {
                let Some(&told) = v.part(slot).process().client.told() else { return true };
                s.ending(v, workflow).is_none_or(|ending| ending == told.into())
            })
        };
        let is_forgotten = |s: &Self, v: View<'_, T>| {
            s.tellers.iter().any(|&(_, slot)| v.part(slot).process().client.is_forgotten())
        };
        let is_promised = move |s: &Self, v: View<'_, T>| {
            let told = |&(_, slot): &(_, usize)| v.part(slot).process().client.told().is_some();
            s.runs(v).any(|(log, _)| T::ending(log).is_some())
                || s.tellers.iter().any(told)
                || is_forgotten(s, v)
        };
        [
            self.property(OUTCOME_FINAL, is_final).given(self.look(is_promised)),
            self.property(NO_FORGOTTEN_REQUEST, move |s, v| !is_forgotten(s, v))
                .given(self.look(is_promised)),
        ]
    }

    /// Every workflow ends.
    #[must_use]
    pub fn settles(&self) -> Property<Parts<Part<T>>> {
        self.property(SETTLES, |s, v| s.is_settled(v))
    }

    /// How states are read from here.
    #[must_use]
    pub fn reader(&self) -> StateReader<T> {
        let (settled, services, endings) = (self.clone(), self.services.clone(), self.clone());
        StateReader::new(
            self.coordinators.len() as u32,
            move |view: View<'_, T>| settled.is_settled(view),
            move |view: View<'_, T>, (service, resource)| {
                let local = view.part(services[usize::from(service.0)]).process();
                T::values(local)[usize::from(resource.0)]
            },
            move |view: View<'_, T>, workflow| endings.ending(view, workflow),
        )
    }

    /// Every coordinator, and every service.
    pub fn locals<'a>(&self, view: View<'a, T>) -> impl Iterator<Item = &'a Local<T>> {
        self.coordinators.iter().chain(&self.services).map(move |&slot| view.part(slot).process())
    }

    /// The log and the witness of each workflow.
    pub fn runs<'a>(
        &self,
        view: View<'a, T>,
    ) -> impl Iterator<Item = (&'a T::Log, &'a T::Monitor)> {
        let workflows = (0..).map(WorkflowId).zip(&self.keepers);
        workflows.zip(&self.witnesses).map(move |((workflow, &keeper), &witness)| {
            (T::log(view.part(keeper).process(), workflow), view.part(witness).monitor())
        })
    }

    /// Whether every workflow has ended.
    #[must_use]
    pub fn is_settled(&self, view: View<'_, T>) -> bool {
        self.runs(view).all(|(log, _)| T::ending(log).is_some())
    }

    fn ending(&self, view: View<'_, T>, workflow: WorkflowId) -> Option<Ending> {
        let keeper = self.keepers[workflow.0 as usize];
        T::ending(T::log(view.part(keeper).process(), workflow))
    }
}
