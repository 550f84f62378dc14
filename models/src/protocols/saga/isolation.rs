//! Isolation: what sagas that run at the same time do to each other through what they read.
//!
//! A saga's changes can be seen before it is over, and what it has read can change before it is used.
//! Three things go wrong then (Berenson et al., *A critique of ANSI SQL isolation levels*, 1995; of
//! sagas, Frank and Zahle 1998):
//!
//! - **dirty read**: a workflow completes on a value that another one wrote and took back;
//! - **lost update**: a workflow overwrites a change of another one with what it computed from the
//!   value before it;
//! - **fuzzy read**: a workflow reads a quantity twice, and another one changed it in between.
//!
//! The witness goes by what was really read and written. A change that was made good again before
//! anybody used it (10 to 0 and back to 10) is none.

use amends_check::{Parts, Property};
use smallvec::SmallVec;

use crate::process::rename::{Exchange, Rename};
use crate::process::{LocalSet, ServiceId, StepId, StepSet, WorkflowId};
use crate::protocols::steps::{StateLayout, View};
use crate::system::{BuiltIn, NO_LOST_UPDATE, Part, System};
use crate::workflow::dataflow::Observation;
use crate::workflow::{Dataflow, ResourceId, Workflow};

use super::log::SagaOutcome;
use super::message::{Direction, StepCall};
use super::properties::AnySaga;
use super::system::SagaMonitor;

/// A workflow completes on a value that another one wrote and took back.
pub(crate) const NO_DIRTY_READ: BuiltIn = BuiltIn::always(
    "no-dirty-read",
    "no workflow completes on a value that another one wrote and took back",
);

/// A workflow reads a quantity twice, and sees it changed.
pub(crate) const NO_FUZZY_READ: BuiltIn =
    BuiltIn::always("no-fuzzy-read", "a workflow that reads a quantity twice sees the same value");

/// The properties of isolation, for which steps must read.
pub(crate) const ISOLATION: &[BuiltIn] = &[NO_DIRTY_READ, NO_LOST_UPDATE, NO_FUZZY_READ];

/// Those that have anything to say of steps with that dataflow: an overwrite can lose an update only
/// where something was read, and a read can be fuzzy only where there are two.
pub(crate) fn properties_of(flow: &Dataflow) -> Vec<BuiltIn> {
    let named = [
        (NO_DIRTY_READ, !flow.observations().is_empty()),
        (NO_LOST_UPDATE, flow.overwrites()),
        (NO_FUZZY_READ, flow.rereads()),
    ];
    named.into_iter().filter(|(_, says)| *says).map(|(property, _)| property).collect()
}

/// What workflows read and wrote, as it really happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IsolationWitness {
    /// What the resources of observed services are worth.
    values: SmallVec<[(ServiceId, SmallVec<[i64; 2]>); 1]>,
    /// By workflow.
    runs: SmallVec<[Run; 2]>,
}

/// What happened to one workflow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Run {
    /// For everything it has read (by position among the observations): how much others have changed
    /// the resource since.
    drifts: SmallVec<[(u8, i64); 2]>,
    /// Steps that changed something observed, and can still be undone.
    open: StepSet,
    /// Where it read something that could still be undone.
    sources: SmallVec<[(WorkflowId, StepId); 1]>,
    has_read: bool,
    is_tainted: bool,
    has_lost_an_update: bool,
    has_read_fuzzily: bool,
}

impl Rename for IsolationWitness {
    fn rename(&mut self, names: Exchange) {
        let IsolationWitness { values: _, runs } = self;
        runs.swap(names.0.0 as usize, names.1.0 as usize);
        for Run { sources, .. } in runs {
            sources.rename(names);
            sources.sort_unstable();
        }
    }
}

impl Run {
    fn drift(&self, observation: usize) -> Option<i64> {
        self.drifts.iter().find(|(at, _)| usize::from(*at) == observation).map(|&(_, drift)| drift)
    }

    fn reads(&mut self, observation: usize) {
        let key = observation as u8;
        match self.drifts.binary_search_by_key(&key, |&(at, _)| at) {
            Ok(at) => self.drifts[at].1 = 0,
            Err(at) => self.drifts.insert(at, (key, 0)),
        }
        self.has_read = true;
    }
}

impl IsolationWitness {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(workflow: &Workflow, flow: &Dataflow) -> Self {
        let services = (0..workflow.services().len()).map(|at| ServiceId(at as u16));
        let observed = services.filter(|&service| flow.is_observed(service));
        let values = observed.map(|it| (it, workflow.initial_resources(it).into())).collect();
        let runs = SmallVec::from_elem(Run::default(), workflow.instances() as usize);
        IsolationWitness { values, runs }
    }

    /// A participant changed its resources, knowing what the call says.
    pub fn applied(&mut self, workflow: &Workflow, flow: &Dataflow, call: &StepCall) {
        let step = flow.step(call.step);
        let reader = call.workflow.0 as usize;
        let backward = call.direction == Direction::Backward;
        let Some(at) = self.values.iter().position(|(service, _)| *service == step.service) else {
            return;
        };
        if !backward {
            self.reads(flow, call);
        }
        let overwrites = if backward { &step.undo_overwrites } else { &step.overwrites };
        let observations = flow.observations();
        let overtaken = |&(resource, locals): &(ResourceId, LocalSet)| {
            let source = |it: &Observation| {
                (it.service, it.resource) == (step.service, resource) && locals.contains(it.local)
            };
            let drifts = observations.iter().enumerate().filter(|(_, it)| source(it));
            drifts.into_iter().any(|(at, _)| self.runs[reader].drift(at).is_some_and(|by| by != 0))
        };
        let loses = overwrites.iter().any(overtaken);
        self.runs[reader].has_lost_an_update |= loses;

        let mut after = self.values[at].1.clone();
        let work = call.direction.into();
        let uses = if backward { step.undo_uses } else { step.uses };
        let is_made = uses.is_subset(call.locals.known())
            && workflow
                .attempt_with(call.workflow, &call.locals, call.step, work, &mut after)
                .is_ok();
        let before = std::mem::replace(&mut self.values[at].1, after);
        self.drift(flow, step.service, reader, &before, at);
        if backward {
            self.taken_back(call.workflow, call.step);
        } else if is_made
            && step
                .writes
                .iter()
                .any(|it| before[usize::from(it.0)] != self.values[at].1[usize::from(it.0)])
        {
            self.runs[reader].open.insert(call.step);
        }
    }

    /// A step reads.
    fn reads(&mut self, flow: &Dataflow, call: &StepCall) {
        let reader = call.workflow.0 as usize;
        let observations = flow.observations();
        for (at, it) in observations.iter().enumerate().filter(|(_, it)| it.step == call.step) {
            let again = observations.iter().enumerate().any(|(earlier, other)| {
                other.step != it.step
                    && (other.service, other.resource) == (it.service, it.resource)
                    && self.runs[reader].drift(earlier).is_some_and(|by| by != 0)
            });
            let mut sources = SmallVec::<[(WorkflowId, StepId); 1]>::new();
            for (other, run) in self.runs.iter().enumerate().filter(|(other, _)| *other != reader) {
                let writes = |step: &StepId| {
                    let flow = flow.step(*step);
                    flow.service == it.service && flow.writes.contains(&it.resource)
                };
                let open = run.open.iter().filter(writes);
                sources.extend(open.map(|step| (WorkflowId(other as u32), step)));
            }
            let run = &mut self.runs[reader];
            run.has_read_fuzzily |= again;
            run.sources.extend(sources);
            run.sources.sort_unstable();
            run.sources.dedup();
            run.reads(at);
        }
    }

    /// Others learn that the world has moved on.
    fn drift(
        &mut self,
        flow: &Dataflow,
        service: ServiceId,
        writer: usize,
        before: &[i64],
        at: usize,
    ) {
        let IsolationWitness { values, runs } = self;
        let after = &values[at].1;
        for (_, run) in runs.iter_mut().enumerate().filter(|(other, _)| *other != writer) {
            for (position, drift) in &mut run.drifts {
                let it = &flow.observations()[usize::from(*position)];
                if it.service == service {
                    let resource = usize::from(it.resource.0);
                    // What is lost of the difference between extremes is still a difference.
                    *drift = drift.saturating_add(after[resource].saturating_sub(before[resource]));
                }
            }
        }
    }

    fn taken_back(&mut self, workflow: WorkflowId, step: StepId) {
        self.runs[workflow.0 as usize].open.remove(step);
        for run in &mut self.runs {
            let before = run.sources.len();
            run.sources.retain(|source| *source != (workflow, step));
            run.is_tainted |= run.sources.len() < before;
        }
    }

    /// A workflow is over. What it wrote stays, if it completed.
    pub fn ended(&mut self, workflow: WorkflowId, outcome: SagaOutcome) {
        let run = &mut self.runs[workflow.0 as usize];
        run.drifts.clear();
        if outcome == SagaOutcome::Completed {
            run.open = StepSet::EMPTY;
            for run in &mut self.runs {
                run.sources.retain(|(writer, _)| *writer != workflow);
            }
        }
    }

    /// What is worth telling.
    #[must_use]
    pub fn facts(&self) -> Vec<String> {
        let mut facts = Vec::new();
        for (at, run) in self.runs.iter().enumerate() {
            let id = WorkflowId(at as u32);
            let told = [
                (run.is_tainted, "read what was taken back later"),
                (run.has_lost_an_update, "overwrote a change that it had not seen"),
                (run.has_read_fuzzily, "read one quantity twice and saw two values"),
            ];
            let told = told.into_iter().filter(|(is_so, _)| *is_so);
            facts.extend(told.map(|(_, what)| format!("{id} {what}")));
        }
        facts
    }
}

/// The properties of isolation that have anything to say about the system's steps.
pub(super) fn isolation_properties<T: AnySaga>(
    system: &System<T>,
    layout: &StateLayout<T>,
) -> Vec<Property<Parts<Part<T>>>> {
    let properties = properties_of(system.protocol().flow());
    let slot = system.monitor_slot(system.protocol().workflow().instances() as usize);
    properties.into_iter().map(|it| property(layout, slot, it)).collect()
}

fn property<T: AnySaga>(
    layout: &StateLayout<T>,
    slot: usize,
    property: BuiltIn,
) -> Property<Parts<Part<T>>> {
    let has_read = layout.look(move |_, v| runs(v, slot).any(|run| run.has_read));
    layout
        .property(property, move |s, v| {
            s.runs(v).zip(runs(v, slot)).all(|((log, _), run)| match property {
                NO_DIRTY_READ => {
                    !(run.is_tainted && T::outcome(log) == Some(SagaOutcome::Completed))
                }
                NO_LOST_UPDATE => !run.has_lost_an_update,
                _ => !run.has_read_fuzzily,
            })
        })
        .given(has_read)
}

fn runs<'a, T: AnySaga>(view: View<'a, T>, slot: usize) -> impl Iterator<Item = &'a Run> {
    let SagaMonitor::Isolation(witness) = view.part(slot).monitor() else {
        unreachable!("a slot keeps its kind for ever")
    };
    witness.runs.iter()
}
