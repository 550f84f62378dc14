//! The shape of a workflow, seen from its traces, where nobody wrote a spec: which steps there are, who
//! carries them out, and in which order.
//!
//! A step waits for another if that was certain to be done before it began in some trace, and in none was
//! certain not to be. Clocks may be too coarse to tell: then it waits if it is never seen but where the other
//! was done, although the other was tried in vain. In all other cases the two are parallel. The general rules
//! of the protocol apply to the design that comes out.
//!
//! What traces do not show is assumed:
//!
//! - Every step can be undone. That a step was never undone may only mean that nothing failed after it.
//! - Nothing refuses for a reason that can be known beforehand: services own rows, and steps add one.
//! - Steps are tried as often as the most stubborn trace tried them before it went on without an answer.

use amends_models::conformance::ActivityKind;
use amends_models::process::Answer;
use amends_models::protocols::saga::{InDoubt, Recovery, SagaKnobs};
use amends_models::protocols::{AnyProtocol, Design, Protocol};
use amends_models::system::Operation;
use amends_models::workflow::{StepDraft, Work, Workflow, WorkflowBuilder, WorkflowError};
use compact_str::CompactString;
use indexmap::IndexMap;
use rustc_hash::{FxHashMap, FxHashSet};
use thiserror::Error;

use crate::map::{InDoubtPolicy, Sighting, Sightings};

/// The most steps that a shape can have.
const LARGEST: usize = 64;

/// What is known of a workflow from its traces.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    name: CompactString,
    /// The protocol that the traces name, if any does.
    protocol: Option<CompactString>,
    operations: FxHashSet<Operation>,
    steps: IndexMap<CompactString, Step>,
    /// For pairs of steps in one trace, by position: in how many such things are so.
    pairs: FxHashMap<(usize, usize), Pair>,
    traces: u64,
    is_too_large: bool,
}

/// What is known of a step.
#[derive(Clone, Debug, Default)]
struct Step {
    service: Option<CompactString>,
    /// The service that asks for it, where that is not the one that tells how the workflow ended: then
    /// it does what it asks for.
    asker: Option<CompactString>,
    attempts: u8,
    /// In how many traces it was taken back.
    undone: u64,
    /// In how many traces it was begun.
    begun: u64,
    /// In how many traces it was begun, and not seen to be done.
    in_vain: u64,
}

/// A step as traces show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LearntStep<'s> {
    pub(crate) name: &'s str,
    pub(crate) service: CompactString,
    /// What it waits for.
    pub(crate) after: Vec<&'s str>,
    /// In how many traces it was taken back.
    pub(crate) undone: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    /// The first was certainly done before the other began.
    in_order: u64,
    /// The other certainly began before the first was done.
    overlapping: u64,
    /// The first was seen to be done, and the other began.
    after_done: u64,
    /// The first was not seen to be done, and the other began.
    after_in_vain: u64,
}

/// Why no design can be made of what was seen.
#[derive(Debug, Error)]
pub enum ShapeError {
    /// Nothing was seen that is done in steps.
    #[error("the traces of `{name}` show no step")]
    NoStep {
        /// The workflow.
        name: CompactString,
    },
    /// Traces do not show what such a workflow is made of.
    #[error("the traces of `{name}` do not show what the {protocol} does: write a spec")]
    NeedsSpec {
        /// The workflow.
        name: CompactString,
        /// Its protocol.
        protocol: CompactString,
    },
    /// There are too many steps.
    #[error(
        "the traces of `{name}` show more than 64 steps: name the steps alike in a mapping file"
    )]
    TooManySteps {
        /// The workflow.
        name: CompactString,
    },
    /// The names or numbers do not make a workflow.
    #[error("the traces of `{name}` make no workflow: {error}")]
    Invalid {
        /// The workflow.
        name: CompactString,
        /// What is wrong.
        error: Box<WorkflowError>,
    },
}

impl Shape {
    /// Nothing is known yet of the workflow of that name.
    #[must_use]
    pub fn new(name: impl Into<CompactString>) -> Shape {
        Shape { name: name.into(), ..Shape::default() }
    }

    /// The name of the workflow.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many traces were learnt from.
    #[must_use]
    pub fn traces(&self) -> u64 {
        self.traces
    }

    /// The names of the steps, in the order in which they were seen first.
    pub fn steps(&self) -> impl Iterator<Item = &str> {
        self.steps.keys().map(CompactString::as_str)
    }

    /// Takes note of what one trace shows.
    pub fn learn(&mut self, sightings: &Sightings) {
        self.traces += 1;
        if self.protocol.is_none() {
            self.protocol.clone_from(&sightings.protocol);
        }
        let ending = sightings.of_kind(ActivityKind::Ended).next();
        let coordinator = ending.map(|sighting| sighting.service.clone());
        let mut begun: IndexMap<usize, Vec<usize>> = IndexMap::new();
        let mut done: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
        let mut requests: FxHashMap<usize, u64> = FxHashMap::default();
        let mut undone: FxHashSet<usize> = FxHashSet::default();
        for (at, sighting) in sightings.all.iter().enumerate() {
            let Some(task) = sighting.observation.task() else { continue };
            self.operations.insert(task.operation);
            let Some(position) = self.position(&task.subject) else { return };
            let step = &mut self.steps[position];
            step.note_service(sighting, coordinator.as_ref());
            if !is_first(task.operation) {
                if is_backward(task.operation) && undone.insert(position) {
                    self.steps[position].undone += 1;
                }
                continue;
            }
            begun.entry(position).or_default().push(at);
            if sighting.observation.kind() == ActivityKind::Requested {
                *requests.entry(position).or_default() += 1;
            }
            if sighting.observation.answer() == Some(Answer::Done) {
                done.entry(position).or_default().push(at);
            }
        }
        for (position, count) in requests {
            let step = &mut self.steps[position];
            step.attempts = step.attempts.max(u8::try_from(count).unwrap_or(u8::MAX));
        }
        for position in begun.keys() {
            self.steps[*position].begun += 1;
            self.steps[*position].in_vain += u64::from(!done.contains_key(position));
        }
        for &first in begun.keys() {
            for (&then, starts) in begun.iter().filter(|(then, _)| **then != first) {
                let pair = self.pairs.entry((first, then)).or_default();
                let Some(ends) = done.get(&first) else {
                    pair.after_in_vain += 1;
                    continue;
                };
                let order = &sightings.order;
                let is_after = |&start: &usize| ends.iter().any(|&end| order.is_before(end, start));
                let is_early = |&start: &usize| ends.iter().all(|&end| order.is_before(start, end));
                pair.after_done += 1;
                pair.in_order += u64::from(starts.iter().all(is_after));
                pair.overlapping += u64::from(starts.iter().any(is_early));
            }
        }
    }

    fn position(&mut self, name: &CompactString) -> Option<usize> {
        if let Some(position) = self.steps.get_index_of(name) {
            return Some(position);
        }
        if self.steps.len() >= LARGEST {
            self.is_too_large = true;
            return None;
        }
        Some(self.steps.insert_full(name.clone(), Step::default()).0)
    }

    /// Whether the other step waits for the first.
    fn is_before(&self, first: usize, then: usize) -> bool {
        let Some(pair) = self.pairs.get(&(first, then)) else { return false };
        let depends = self.steps[first].in_vain > 0
            && pair.after_in_vain == 0
            && pair.after_done == self.steps[then].begun;
        pair.overlapping == 0 && (pair.in_order > 0 || depends)
    }

    /// The steps in an order in which they may be done, each with those it waits for.
    fn ordered(&self) -> Vec<(usize, Vec<usize>)> {
        let mut ordered: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut left: Vec<usize> = (0..self.steps.len()).collect();
        while !left.is_empty() {
            // Traces of which none has all steps can make a circle: the step seen first breaks it.
            let waits =
                |at: usize| left.iter().any(|&other| other != at && self.is_before(other, at));
            let next = left.iter().position(|&at| !waits(at)).unwrap_or(0);
            let next = left.remove(next);
            let earlier: Vec<usize> =
                ordered.iter().map(|(at, _)| *at).filter(|&at| self.is_before(at, next)).collect();
            let is_direct = |&at: &usize| {
                !earlier.iter().any(|&other| other != at && self.is_before(at, other))
            };
            let direct = earlier.iter().copied().filter(is_direct).collect();
            ordered.push((next, direct));
        }
        ordered
    }

    /// The name of the protocol, by what the traces say or by what is done in them.
    #[must_use]
    pub fn protocol(&self) -> &str {
        let does = |operation| self.operations.contains(&operation);
        if let Some(name) = &self.protocol
            && Protocol::NAMES.contains(&name.as_str())
        {
            return name;
        }
        if does(Operation::Prepare) {
            "two-phase-commit"
        } else if does(Operation::Append) || does(Operation::Consume) {
            "event-sourcing"
        } else if does(Operation::Publish) {
            "outbox"
        } else if does(Operation::Try) && (does(Operation::Do) || does(Operation::Undo)) {
            "mixed"
        } else if does(Operation::Try) || does(Operation::Confirm) || does(Operation::Cancel) {
            "tcc"
        } else {
            "saga"
        }
    }

    /// The designs of the workflow that fit what was seen, the likeliest first: traces do not show whether
    /// a saga goes on or rolls back after a crash of its coordinator. What an unanswered step calls for is
    /// a policy.
    ///
    /// # Errors
    /// When no design can be made of what was seen.
    pub fn designs(&self, in_doubt: InDoubtPolicy) -> Result<Vec<Design>, ShapeError> {
        let design = self.design(in_doubt)?;
        let Protocol::Saga(knobs) = design.protocol() else { return Ok(vec![design]) };
        let backward = SagaKnobs { recovery: Recovery::Backward, ..knobs.clone() };
        let backward = design.clone().with_protocol(Protocol::from(backward));
        Ok(vec![design, backward])
    }

    /// The likeliest of those designs.
    ///
    /// # Errors
    /// When no design can be made of what was seen.
    pub fn design(&self, in_doubt: InDoubtPolicy) -> Result<Design, ShapeError> {
        let name = self.name.clone();
        if self.is_too_large {
            return Err(ShapeError::TooManySteps { name });
        }
        if self.steps.is_empty() {
            return Err(ShapeError::NoStep { name });
        }
        let protocol: Protocol = match self.protocol() {
            "saga" => self.saga(in_doubt).into(),
            "tcc" => amends_models::protocols::tcc::TccKnobs::default().into(),
            "choreography" => {
                amends_models::protocols::choreography::ChoreographyKnobs::default().into()
            }
            "two-phase-commit" => {
                amends_models::protocols::two_phase_commit::TwoPhaseKnobs::default().into()
            }
            other => {
                return Err(ShapeError::NeedsSpec { name, protocol: other.into() });
            }
        };
        Design::new(self.workflow(&protocol), protocol)
            .map_err(|error| ShapeError::Invalid { name, error: Box::new(error) })
    }

    /// The steps in an order in which they may be done.
    pub(crate) fn learnt(&self) -> Vec<LearntStep<'_>> {
        let is_two_phase = self.protocol() == "two-phase-commit";
        let learnt = |(at, after): (usize, Vec<usize>)| LearntStep {
            name: self.name_of(at),
            service: self.service_of(at, is_two_phase),
            after: after.into_iter().map(|it| self.name_of(it)).collect(),
            undone: self.steps[at].undone,
        };
        self.ordered().into_iter().map(learnt).collect()
    }

    /// The choices of a saga that traces show.
    fn saga(&self, in_doubt: InDoubtPolicy) -> SagaKnobs {
        let attempts = self.steps.values().map(|step| step.attempts).max().unwrap_or(1).max(1);
        let in_doubt = match in_doubt {
            InDoubtPolicy::Never => InDoubt::Ignore,
            InDoubtPolicy::Always | InDoubtPolicy::WhenInDoubt => InDoubt::Compensate,
        };
        SagaKnobs { in_doubt, attempts, ..SagaKnobs::default() }
    }

    fn workflow(&self, protocol: &Protocol) -> WorkflowBuilder {
        let works: &[(Work, &str)] = match protocol {
            Protocol::Tcc(_) => &[
                (Work::Reserve, "rows += 1"),
                (Work::Confirm, "rows += 0"),
                (Work::Cancel, "rows -= 1"),
            ],
            Protocol::TwoPhaseCommit(_) => &[(Work::Change, "rows += 1")],
            _ => &[(Work::Change, "rows += 1"), (Work::Undo, "rows -= 1")],
        };
        let is_two_phase = matches!(protocol, Protocol::TwoPhaseCommit(_));
        let mut draft = Workflow::builder(self.name.as_str());
        let mut services: FxHashSet<CompactString> = FxHashSet::default();
        let ordered = self.ordered();
        for (at, _) in &ordered {
            // The tasks of a two-phase commit are about services.
            let service = self.service_of(*at, is_two_phase);
            if services.insert(service.clone()) {
                draft = draft.service(service.as_str(), [("rows", 0)]);
            }
        }
        for (at, earlier) in ordered {
            let mut step =
                StepDraft::new(self.name_of(at), self.service_of(at, is_two_phase).as_str());
            if !is_two_phase {
                step = step.after(earlier.into_iter().map(|it| self.name_of(it)));
            }
            for (work, change) in works {
                step = step.work(*work, [*change]);
            }
            draft = draft.step(step);
        }
        draft
    }

    fn name_of(&self, at: usize) -> &str {
        self.steps.get_index(at).map_or("", |(name, _)| name)
    }

    /// The service that carries a step out; one of the step's name, if none says that it does.
    fn service_of(&self, at: usize, is_named_alike: bool) -> CompactString {
        let name = self.name_of(at);
        let said = self.steps[at].service.clone().filter(|_| !is_named_alike);
        let asker = self.steps[at].asker.clone().filter(|_| !is_named_alike);
        said.or(asker).unwrap_or_else(|| name.into())
    }
}

impl Step {
    fn note_service(&mut self, sighting: &Sighting, coordinator: Option<&CompactString>) {
        let asks = sighting.observation.kind() == ActivityKind::Requested;
        if asks && coordinator.is_some_and(|it| *it != sighting.service) && self.asker.is_none() {
            self.asker = Some(sighting.service.clone()).filter(|name| !name.is_empty());
        }
        let carries_out =
            matches!(sighting.observation.kind(), ActivityKind::Performed | ActivityKind::Replied);
        if carries_out && self.service.is_none() && !sighting.service.is_empty() {
            self.service = Some(sighting.service.clone());
        }
    }
}

/// Whether a step begins with it.
fn is_first(operation: Operation) -> bool {
    matches!(operation, Operation::Do | Operation::Try | Operation::Prepare)
}

/// Whether a step is taken back with it.
fn is_backward(operation: Operation) -> bool {
    matches!(operation, Operation::Undo | Operation::Cancel | Operation::Abort)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::span;
    use crate::map::Mapping;
    use crate::span::Span;

    fn step(id: u64, name: &str, (start, end): (u64, u64), undoes: bool) -> Span {
        let attribute = if undoes { "compensation.for" } else { "saga.step.name" };
        let attributes = [(attribute, name)].into_iter().collect();
        Span { attributes, ..span(id, Some(1), name, start, end) }
    }

    /// The name of a step, when it is done, and whether it is undone then.
    type Done<'n> = (&'n str, (u64, u64), bool);

    fn shape(traces: &[&[Done<'_>]]) -> Shape {
        let mut shape = Shape::new("order");
        for steps in traces {
            let mut spans = vec![span(1, None, "root", 0, 1000)];
            spans.extend(
                steps
                    .iter()
                    .zip(2..)
                    .map(|(&(name, when, undoes), id)| step(id, name, when, undoes)),
            );
            shape.learn(&Mapping::default().apply(&spans, &[]));
        }
        shape
    }

    fn waits(design: &Design) -> Vec<String> {
        let steps = design.workflow().steps();
        let name = |at: amends_models::process::StepId| design.workflow().step(at).name.clone();
        steps
            .iter()
            .map(|step| {
                let after: Vec<String> = step.after.iter().map(name).collect();
                format!("{} after [{}]", step.name, after.join(", "))
            })
            .collect()
    }

    #[test]
    fn steps_are_in_order_where_every_trace_says_so() {
        let shape = shape(&[
            &[
                ("a", (1, 5), false),
                ("b", (10, 15), false),
                ("c", (11, 16), false),
                ("d", (20, 25), false),
            ],
            &[
                ("a", (1, 5), false),
                ("c", (10, 15), false),
                ("b", (20, 25), false),
                ("d", (40, 45), false),
            ],
        ]);
        let design = shape.design(InDoubtPolicy::default()).expect("a design");
        assert_eq!(design.protocol().name(), "saga");
        assert_eq!(waits(&design), ["a after []", "b after [a]", "c after [a]", "d after [b, c]"]);
    }

    #[test]
    fn a_step_waits_for_another_that_it_is_never_seen_without() {
        // The clock is too coarse to tell what came first.
        let close: &[Done<'_>] = &[("a", (1, 5), false), ("b", (5, 9), false)];
        let design = |shape: Shape| shape.design(InDoubtPolicy::default()).expect("a design");
        assert_eq!(waits(&design(shape(&[close]))), ["a after []", "b after []"]);
        let mut shape = shape(&[close]);
        let mut refused = step(2, "a", (1, 5), false);
        refused.status = crate::Status::Error("sold out".into());
        let spans = [span(1, None, "root", 0, 1000), refused];
        shape.learn(&Mapping::default().apply(&spans, &[]));
        assert_eq!(waits(&design(shape)), ["a after []", "b after [a]"]);
    }

    #[test]
    fn a_compensation_makes_no_step_of_its_own() {
        let shape =
            shape(&[&[("a", (1, 5), false), ("b", (10, 15), false), ("a", (20, 25), true)]]);
        assert_eq!(shape.steps().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn traces_that_contradict_each_other_still_make_a_design() {
        let shape = shape(&[
            &[("a", (1, 5), false), ("b", (10, 15), false)],
            &[("b", (1, 5), false), ("c", (10, 15), false)],
            &[("c", (1, 5), false), ("a", (10, 15), false)],
        ]);
        assert_eq!(
            shape.design(InDoubtPolicy::default()).expect("a design").workflow().steps().len(),
            3
        );
    }

    #[test]
    fn steps_are_tried_as_often_as_they_were() {
        let shape = shape(&[&[("a", (1, 5), false), ("a", (10, 15), false)]]);
        let design = shape.design(InDoubtPolicy::Never).expect("a design");
        let Protocol::Saga(knobs) = design.protocol() else { panic!("a saga") };
        assert_eq!((knobs.attempts, knobs.in_doubt), (2, InDoubt::Ignore));
    }

    #[test]
    fn what_cannot_be_named_or_is_not_there_is_an_error() {
        let empty = Shape::new("order").design(InDoubtPolicy::default()).expect_err("an error");
        assert_eq!(empty.to_string(), "the traces of `order` show no step");
        let odd = shape(&[&[("POST /stock", (1, 5), false)]]).design(InDoubtPolicy::default());
        assert!(odd.expect_err("an error").to_string().contains("POST /stock"));
    }

    #[test]
    fn too_many_steps_are_an_error() {
        let names: Vec<String> = (0..100).map(|at| format!("step-{at}")).collect();
        let steps: Vec<_> = names.iter().map(|name| (name.as_str(), (1, 2), false)).collect();
        let error = shape(&[&steps]).design(InDoubtPolicy::default()).expect_err("an error");
        assert!(matches!(error, ShapeError::TooManySteps { .. }));
    }
}
