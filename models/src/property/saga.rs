//! The properties of a saga, and the witness they rely on.

use smallvec::SmallVec;

use crate::check::{Parts, Property, PropertyKind};
use crate::protocol::StepId;
use crate::protocol::saga::{Direction, SagaLog, SagaOutcome, SagaPlan, StepCall};
use crate::system::saga::Saga;
use crate::system::{Local, Part, System};
use crate::workflow::Workflow;

use super::history::{StepHistory, times};
use super::sight::{Orchestrated, Sight, View};
use super::stated::Ending;

/// The names of the built-in properties of a saga.
pub const BUILT_IN: [&str; 7] = [
    "well-defined",
    "atomic",
    "settles",
    "lifo",
    "effect-once",
    "no-empty-rollback",
    "no-late-effect",
];

/// What really happened to the steps of one workflow, whatever its coordinator and its participants
/// believe.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SagaWitness {
    steps: SmallVec<[StepHistory; 4]>,
    disorder: bool,
}

impl SagaWitness {
    /// Nothing has happened yet to any of the `steps` steps.
    #[must_use]
    pub fn new(steps: usize) -> Self {
        SagaWitness { steps: SmallVec::from_elem(StepHistory::default(), steps), disorder: false }
    }

    /// What happened to each step, by [`StepId`].
    #[must_use]
    pub fn steps(&self) -> &[StepHistory] {
        &self.steps
    }

    /// Whether a step was undone while one that waited for it was still in force.
    #[must_use]
    pub fn is_disordered(&self) -> bool {
        self.disorder
    }

    /// A participant changed its resources.
    pub fn applied(&mut self, call: StepCall, plan: &SagaPlan) {
        let step = &mut self.steps[usize::from(call.step.0)];
        match call.direction {
            Direction::Forward => step.did(),
            Direction::Backward => {
                step.undid();
                let mut dependents = plan.step(call.step).dependents.iter();
                self.disorder |= dependents.any(|later| self.steps[usize::from(later.0)].is_open());
            }
        }
    }

    /// A participant told the coordinator that something is done.
    pub fn answered(&mut self, call: StepCall) {
        if call.direction == Direction::Backward {
            self.steps[usize::from(call.step.0)].undo_answered();
        }
    }

    /// Whether what really happened is what `outcome` says.
    #[must_use]
    pub fn agrees_with(&self, outcome: SagaOutcome) -> bool {
        let all_done = self.steps.iter().all(|s| s.times_done() == s.times_undone() + 1);
        let none_done = self.steps.iter().all(StepHistory::is_clean);
        match outcome {
            SagaOutcome::Completed => all_done,
            SagaOutcome::Compensated => none_done,
            SagaOutcome::Failed => all_done || none_done,
        }
    }

    /// What is worth telling, for each step that was touched.
    #[must_use]
    pub fn facts(&self, workflow: &Workflow) -> Vec<String> {
        let mut facts = Vec::new();
        for (at, step) in self.steps.iter().enumerate() {
            let name = &workflow.step(StepId(at as u8)).name;
            match (step.times_done(), step.times_undone()) {
                (0, 0) => {}
                (done, 0) => facts.push(format!("{name} took effect {}", times(done))),
                (0, undone) => {
                    facts.push(format!("{name} was undone {}, but never done", times(undone)));
                }
                (done, undone) => facts.push(format!(
                    "{name} took effect {} and was undone {}",
                    times(done),
                    times(undone)
                )),
            }
        }
        facts
    }
}

/// The built-in properties of a saga, and those its workflow states.
#[must_use]
pub fn saga_properties(system: &System<Saga>) -> Vec<Property<Parts<Part<Saga>>>> {
    let sight = Sight::new(system);
    let mut properties = vec![
        sight.property(PropertyKind::Always, "well-defined", |s, v| {
            s.locals(v).all(|local| local.defect.is_none())
        }),
        sight
            .property(PropertyKind::Always, "atomic", |s, v| {
                s.runs(v).all(|(log, witness)| match log.outcome() {
                    Some(outcome) => witness.agrees_with(outcome),
                    None => true,
                })
            })
            .given(sight.look(|s, v| s.runs(v).any(|(log, _)| log.outcome().is_some()))),
        sight.property(PropertyKind::Eventually, "settles", |s, v| s.is_settled(v)),
        sight
            .property(PropertyKind::Always, "lifo", |s, v| {
                s.runs(v).all(|(_, witness)| !witness.is_disordered())
            })
            .given(sight.look(|s, v| s.steps(v).any(|step| step.times_undone() > 0))),
        sight
            .property(PropertyKind::Always, "effect-once", |s, v| {
                !s.steps(v).any(StepHistory::is_repeated)
            })
            .given(sight.look(|s, v| s.steps(v).any(|step| step.times_done() > 0))),
        sight
            .property(PropertyKind::Always, "no-empty-rollback", |s, v| {
                !s.steps(v).any(StepHistory::has_empty_rollback)
            })
            .given(sight.look(|s, v| s.steps(v).any(|step| step.is_undo_answered()))),
        sight
            .property(PropertyKind::Always, "no-late-effect", |s, v| {
                !s.steps(v).any(StepHistory::is_late)
            })
            .given(sight.look(|s, v| s.steps(v).any(|step| step.is_undo_answered()))),
    ];
    for definition in system.protocol().workflow().properties() {
        properties.push(sight.stated(definition));
    }
    properties
}

impl Orchestrated for Saga {
    type Log = SagaLog;

    fn log(coordinator: &Local<Saga>) -> &SagaLog {
        &coordinator.durable.coordinator
    }

    fn ending(log: &SagaLog) -> Option<Ending> {
        log.outcome().map(Ending::from)
    }
}

impl Sight<Saga> {
    fn steps<'a>(&self, view: View<'a, Saga>) -> impl Iterator<Item = &'a StepHistory> {
        self.runs(view).flat_map(|(_, witness)| &witness.steps)
    }
}
