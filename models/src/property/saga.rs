//! The properties of a saga, and the witness they rely on.

use smallvec::SmallVec;

use crate::check::{Parts, Property, PropertyKind, Snapshot};
use crate::protocol::saga::{Direction, SagaLog, SagaOutcome, SagaPlan, StepCall};
use crate::protocol::{Address, StepId};
use crate::system::saga::Saga;
use crate::system::{Local, Part, System};
use crate::workflow::{Variable, Workflow};

use super::stated::{Ending, stated_property};

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

/// What really happened to one step. Counts stop at [`StepHistory::MANY`], so that the state space
/// stays finite when a participant repeats itself for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StepHistory {
    done: u8,
    undone: u8,
    undo_answered: bool,
    empty_rollback: bool,
    late: bool,
}

impl StepHistory {
    /// As often or more often is counted as so often.
    pub const MANY: u8 = 3;

    /// Whether the step's change is in force.
    #[must_use]
    pub fn is_in_force(&self) -> bool {
        self.done > self.undone
    }

    /// Whether it, or its compensation, took effect more than once.
    #[must_use]
    pub fn is_repeated(&self) -> bool {
        self.done > 1 || self.undone > 1
    }

    /// Whether it was undone at a time when it was not in force.
    #[must_use]
    pub fn has_empty_rollback(&self) -> bool {
        self.empty_rollback
    }

    /// Whether it took effect after its compensation was answered.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.late
    }

    /// Whether it stands as if it had never run.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.done == self.undone
    }
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
        let in_force: SmallVec<[bool; 8]> =
            self.steps.iter().map(StepHistory::is_in_force).collect();
        let step = &mut self.steps[usize::from(call.step.0)];
        match call.direction {
            Direction::Forward => {
                step.late |= step.undo_answered;
                step.done = (step.done + 1).min(StepHistory::MANY);
            }
            Direction::Backward => {
                step.empty_rollback |= !step.is_in_force();
                step.undone = (step.undone + 1).min(StepHistory::MANY);
                let dependents = plan.step(call.step).dependents;
                self.disorder |= dependents.iter().any(|later| in_force[usize::from(later.0)]);
            }
        }
    }

    /// A participant told the coordinator that something is done.
    pub fn answered(&mut self, call: StepCall) {
        if call.direction == Direction::Backward {
            self.steps[usize::from(call.step.0)].undo_answered = true;
        }
    }

    /// Whether what really happened is what `outcome` says.
    #[must_use]
    pub fn agrees_with(&self, outcome: SagaOutcome) -> bool {
        let all_done = self.steps.iter().all(|step| step.done == step.undone + 1);
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
            let times = |count: u8| match count {
                1 => "once",
                2 => "twice",
                _ => "three times or more",
            };
            match (step.done, step.undone) {
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
            .given(sight.look(|s, v| s.steps(v).any(|step| step.undone > 0))),
        sight
            .property(PropertyKind::Always, "effect-once", |s, v| {
                !s.steps(v).any(StepHistory::is_repeated)
            })
            .given(sight.look(|s, v| s.steps(v).any(|step| step.done > 0))),
        sight
            .property(PropertyKind::Always, "no-empty-rollback", |s, v| {
                !s.steps(v).any(StepHistory::has_empty_rollback)
            })
            .given(sight.look(|s, v| s.steps(v).any(|step| step.undo_answered))),
        sight
            .property(PropertyKind::Always, "no-late-effect", |s, v| {
                !s.steps(v).any(StepHistory::is_late)
            })
            .given(sight.look(|s, v| s.steps(v).any(|step| step.undo_answered))),
    ];
    for definition in system.protocol().workflow().properties() {
        let (settled, values) = (sight.clone(), sight.clone());
        properties.push(stated_property(
            definition,
            move |view| settled.is_settled(view),
            move |view, variable| values.value(view, variable),
        ));
    }
    properties
}

/// Where to look for what in a state of the system.
#[derive(Clone)]
struct Sight {
    coordinators: Vec<usize>,
    witnesses: Vec<usize>,
    services: Vec<usize>,
}

type View<'a> = Snapshot<'a, Part<Saga>>;

impl Sight {
    fn new(system: &System<Saga>) -> Self {
        let mut sight = Sight { coordinators: vec![], witnesses: vec![], services: vec![] };
        for address in system.addresses() {
            let slot = system.process_slot(address);
            match address {
                Address::Coordinator(workflow) => {
                    sight.coordinators.push(slot);
                    sight.witnesses.push(system.monitor_slot(workflow.0 as usize));
                }
                Address::Service(_) => sight.services.push(slot),
            }
        }
        sight
    }

    fn look(
        &self,
        condition: impl Fn(&Sight, View<'_>) -> bool + Send + Sync + 'static,
    ) -> impl for<'a> Fn(View<'a>) -> bool + Send + Sync + 'static {
        let sight = self.clone();
        move |view: View<'_>| condition(&sight, view)
    }

    fn property(
        &self,
        kind: PropertyKind,
        name: &str,
        condition: impl Fn(&Sight, View<'_>) -> bool + Send + Sync + 'static,
    ) -> Property<Parts<Part<Saga>>> {
        Property::<Parts<Part<Saga>>>::new(kind, name, self.look(condition))
    }

    fn locals<'a>(&self, view: View<'a>) -> impl Iterator<Item = &'a Local<Saga>> {
        self.coordinators.iter().chain(&self.services).map(move |&slot| view.part(slot).process())
    }

    fn runs<'a>(&self, view: View<'a>) -> impl Iterator<Item = (&'a SagaLog, &'a SagaWitness)> {
        self.coordinators.iter().zip(&self.witnesses).map(move |(&coordinator, &witness)| {
            let log = &view.part(coordinator).process().durable.coordinator;
            (log, view.part(witness).monitor())
        })
    }

    fn steps<'a>(&self, view: View<'a>) -> impl Iterator<Item = &'a StepHistory> {
        self.runs(view).flat_map(|(_, witness)| &witness.steps)
    }

    fn is_settled(&self, view: View<'_>) -> bool {
        self.runs(view).all(|(log, _)| log.outcome().is_some())
    }

    fn value(&self, view: View<'_>, variable: Variable) -> i64 {
        match variable {
            Variable::Resource(service, resource) => {
                let local = view.part(self.services[usize::from(service.0)]).process();
                local.resources[usize::from(resource.0)]
            }
            Variable::Completed => self.count(view, Ending::Completed),
            Variable::Compensated => self.count(view, Ending::Compensated),
            Variable::Failed => self.count(view, Ending::Failed),
        }
    }

    fn count(&self, view: View<'_>, outcome: Ending) -> i64 {
        let ended = self.runs(view).filter_map(|(log, _)| log.outcome());
        ended.filter(|&end| Ending::from(end) == outcome).count() as i64
    }
}
