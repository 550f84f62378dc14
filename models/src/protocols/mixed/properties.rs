//! The properties of a mixed workflow: those of its saga, of its TCC and of its outbox, and that all of
//! them agree; and the witness they rely on.

use amends_check::{Parts, Property};

use crate::process::rename::renames;
use crate::process::{StepId, StepSet, WorkflowId};
use crate::protocols::outbox::properties::PUBLISHED_IFF_COMMITTED;
use crate::protocols::saga::{Direction, SagaOutcome, StepCall, StepOrder, WorkflowWitness};
use crate::protocols::steps::StepHistory;
use crate::protocols::steps::layout::{ATOMIC, Orchestrated, StateLayout};
use crate::protocols::steps::properties::{
    LIFO, NO_EMPTY_CONFIRM, NO_EMPTY_ROLLBACK, NO_HANGING, NO_LATE_EFFECT, RESERVATIONS_RELEASED,
    Steps,
};
use crate::protocols::tcc::{Operation, TccCall};
use crate::system::{
    BuiltIn, EFFECT_ONCE, Ending, Local, Part, SETTLES, StateReader, System, WELL_DEFINED,
};
use crate::workflow::Workflow;

use super::composition::Composition;
use super::coordinator::MixedLog;
use super::system::Mixed;

/// The built-in properties. Those of a TCC are only there where a step may be part of
/// one, that of the outbox where a step is a notice.
pub(crate) const BUILT_IN: &[BuiltIn] = &[
    WELL_DEFINED,
    ATOMIC,
    SETTLES,
    LIFO,
    EFFECT_ONCE,
    NO_EMPTY_ROLLBACK,
    NO_LATE_EFFECT,
    NO_EMPTY_CONFIRM,
    NO_HANGING,
    RESERVATIONS_RELEASED,
    PUBLISHED_IFF_COMMITTED,
];

/// What really happened to one mixed workflow, whatever its coordinator and its participants believe.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MixedWitness {
    own: StepSet,
    branches: StepSet,
    notices: StepSet,
    happened: WorkflowWitness,
    premature: bool,
}

renames!(struct MixedWitness { own, branches, notices, happened, premature });

impl MixedWitness {
    /// Nothing has happened yet to a workflow of that composition.
    #[must_use]
    pub fn new(composition: &Composition, steps: usize) -> Self {
        MixedWitness {
            own: composition.steps(),
            branches: composition.tcc().all(),
            notices: composition.notices().all(),
            happened: WorkflowWitness::new(steps),
            premature: false,
        }
    }

    /// A participant changed its resources, by a saga step or a notice.
    pub fn applied(&mut self, call: StepCall, composition: &Composition) {
        if self.notices.contains(call.step) && call.direction == Direction::Forward {
            self.premature |= !self.is_complete();
        }
        let order =
            StepOrder { waits_for: StepSet::EMPTY, waited_for_by: composition.built_on(call.step) };
        self.happened.applied(call, order);
    }

    /// A participant changed its resources, by a TCC step.
    pub fn reserved(&mut self, call: TccCall) {
        let step = self.happened.step(call.step);
        match call.operation {
            Operation::Try => step.did(),
            Operation::Confirm => step.confirmed(),
            Operation::Cancel => step.undid(),
        }
    }

    /// A participant told the coordinator that a step is taken back.
    pub fn answered(&mut self, step: StepId) {
        self.happened.step(step).undo_answered();
    }

    fn of(&self, part: StepSet) -> impl Iterator<Item = &StepHistory> {
        let steps = (0..).map(StepId).zip(self.happened.steps());
        steps.filter(move |(id, _)| part.contains(*id)).map(|(_, step)| step)
    }

    /// Whether everything that the decision is about has taken effect, for good.
    fn is_complete(&self) -> bool {
        self.of(self.own).all(|step| step.times_done() == step.times_undone() + 1)
            && self.of(self.branches).all(StepHistory::is_confirmed)
    }

    /// Whether nothing of what the decision is about is in force. What is still reserved is a leak,
    /// which is another property's business.
    fn is_nothing(&self) -> bool {
        self.of(self.own).all(StepHistory::is_clean)
            && self.of(self.branches).all(|step| step.times_confirmed() == 0)
    }

    /// Whether what really happened is what `outcome` says.
    #[must_use]
    pub fn agrees_with(&self, outcome: SagaOutcome) -> bool {
        match outcome {
            SagaOutcome::Completed => self.is_complete(),
            SagaOutcome::Compensated => self.is_nothing(),
            SagaOutcome::Failed => self.is_complete() || self.is_nothing(),
        }
    }

    /// Whether notices took effect of nothing but a completed workflow, and all of them if it is over.
    fn is_published(&self, log: &MixedLog) -> bool {
        let delivered = self.of(self.notices).all(|step| step.times_done() > 0);
        let over = log.outcome().is_some() && !log.has_notices();
        let lost = over && log.outcome() == Some(SagaOutcome::Completed) && !delivered;
        !self.premature && !lost
    }

    /// What is worth telling, for each step that was touched.
    #[must_use]
    pub fn facts(&self, workflow: &Workflow) -> Vec<String> {
        let steps = (0..).map(StepId).zip(self.happened.steps());
        let fact = |(id, step): (StepId, &StepHistory)| {
            let name = &workflow.step(id).name;
            if self.branches.contains(id) {
                step.fact_of_reservation(name)
            } else {
                step.fact(name)
            }
        };
        steps.filter_map(fact).collect()
    }
}

/// The built-in properties of a mixed workflow.
#[must_use]
pub(crate) fn mixed_properties(system: &System<Mixed>) -> Vec<Property<Parts<Part<Mixed>>>> {
    let layout = StateLayout::new(system);
    let all =
        Steps::new(&layout, |witness: &MixedWitness, is| witness.happened.steps().iter().any(is));
    let own = Steps::new(&layout, |witness: &MixedWitness, is| witness.of(witness.own).any(is));
    let mut properties = vec![
        layout.well_defined(),
        layout.atomic(MixedLog::outcome, MixedWitness::agrees_with),
        layout.settles(),
        layout
            .property(LIFO, |s, v| s.runs(v).all(|(_, witness)| !witness.happened.is_disordered()))
            .given(own.with(|step| step.times_undone() > 0)),
        all.effect_once(),
        all.no_empty_rollback(),
        own.no_late_effect(),
    ];
    let mixed = system.protocol();
    if mixed.compositions().any(|composition| !composition.tcc().all().is_empty()) {
        let branches =
            Steps::new(&layout, |witness: &MixedWitness, is| witness.of(witness.branches).any(is));
        properties.extend([
            branches.no_empty_confirm(),
            branches.no_hanging(),
            branches.reservations_released(),
        ]);
    }
    if mixed.compositions().any(|composition| !composition.notices().all().is_empty()) {
        properties.push(
            layout
                .property(PUBLISHED_IFF_COMMITTED, |s, v| {
                    s.runs(v).all(|(log, witness)| witness.is_published(log))
                })
                .given(layout.look(|s, v| {
                    s.runs(v).any(|(log, witness)| {
                        witness.of(witness.notices).any(|step| step.times_done() > 0)
                            || log.outcome() == Some(SagaOutcome::Completed)
                    })
                })),
        );
    }
    properties
}

/// How states of a mixed workflow are read.
#[must_use]
pub(crate) fn mixed_reader(system: &System<Mixed>) -> StateReader<Mixed> {
    StateLayout::new(system).reader()
}

impl Orchestrated for Mixed {
    type Log = MixedLog;

    fn log(coordinator: &Local<Mixed>, _workflow: WorkflowId) -> &MixedLog {
        &coordinator.durable.coordinator
    }

    fn values(service: &Local<Mixed>) -> &[i64] {
        &service.resources
    }

    /// It is over when nobody is owed a notice any more.
    fn ending(log: &MixedLog) -> Option<Ending> {
        log.outcome().filter(|_| !log.has_notices()).map(Ending::from)
    }
}
