//! Who subscribes to what: it follows from the order of the steps.

use smallvec::SmallVec;

use crate::process::{Address, ServiceId, StepId, StepSet, WorkflowId};
use crate::protocols::saga::Cancellation;
use crate::workflow::{Step, StepKind, Workflow};

use super::event::{Event, Line, Subscriber};
use super::knobs::{ChoreographyKnobs, Rollback};

/// The steps of a workflow, and how to carry them out without a coordinator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoreographyPlan {
    places: Vec<Place>,
    knobs: ChoreographyKnobs,
}

/// Where a step stands in its workflow.
///
/// `causes` and `followers` leave out what is implied: if *c* waits for *b* and *b* for *a*, then *a*
/// is no cause of *c*, whether or not the workflow says that *c* waits for it (the transitive
/// reduction of the order). So an event goes only where it makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Who carries the step out.
    pub service: ServiceId,
    /// Whether it can be undone.
    pub kind: StepKind,
    /// The steps whose events it waits for.
    pub causes: StepSet,
    /// The steps that wait for its event.
    pub followers: StepSet,
    /// All steps that must be done before it.
    pub earlier: StepSet,
    /// All steps that can only be done after it.
    pub later: StepSet,
}

impl ChoreographyPlan {
    /// Plans the steps of a validated workflow.
    #[must_use]
    pub fn new(steps: &[Step], knobs: ChoreographyKnobs) -> ChoreographyPlan {
        let all = StepSet::first(steps.len());
        let earlier: Vec<StepSet> = all.iter().map(|step| earlier_than(steps, step)).collect();
        let later = |step: StepId| -> StepSet {
            all.iter().filter(|other| earlier[usize::from(other.0)].contains(step)).collect()
        };
        let causes = |step: StepId| -> StepSet {
            let before = earlier[usize::from(step.0)];
            before.iter().filter(|&cause| later(cause).intersection(before).is_empty()).collect()
        };
        let places = all
            .iter()
            .zip(steps)
            .map(|(id, step)| Place {
                service: step.service,
                kind: step.kind,
                causes: causes(id),
                followers: all.iter().filter(|&other| causes(other).contains(id)).collect(),
                earlier: earlier[usize::from(id.0)],
                later: later(id),
            })
            .collect();
        ChoreographyPlan { places, knobs }
    }

    /// The plan as a service follows it, with what is chosen otherwise there.
    #[must_use]
    pub fn at_service(&self, workflow: &Workflow, service: ServiceId) -> ChoreographyPlan {
        let knobs = self.knobs.at_service(&workflow.service(service).name);
        ChoreographyPlan { knobs, places: self.places.clone() }
    }

    /// The choices made.
    #[must_use]
    pub fn knobs(&self) -> &ChoreographyKnobs {
        &self.knobs
    }

    /// Where a step stands.
    ///
    /// # Panics
    /// If the plan has no such step.
    #[must_use]
    pub fn place(&self, step: StepId) -> &Place {
        &self.places[usize::from(step.0)]
    }

    /// All steps.
    #[must_use]
    pub fn all(&self) -> StepSet {
        StepSet::first(self.places.len())
    }

    /// The steps that wait for nothing.
    #[must_use]
    pub fn first_steps(&self) -> StepSet {
        self.all().iter().filter(|&step| self.place(step).causes.is_empty()).collect()
    }

    /// The steps that nothing waits for.
    #[must_use]
    pub fn last_steps(&self) -> StepSet {
        self.all().iter().filter(|&step| self.place(step).followers.is_empty()).collect()
    }

    /// The step that alone decides whether a cancellation comes in time, because nothing can be undone
    /// once it has run: the pivot, or the first retriable step. `None` if every step can be undone; then
    /// it is for the [initiator](super::Initiator) to decide.
    #[must_use]
    pub fn point_of_no_return(&self) -> Option<StepId> {
        let is_final = |step: &StepId| self.place(*step).kind != StepKind::Compensatable;
        let mut first = self.all().iter().filter(is_final).filter(|&step| {
            let mut earlier = self.place(step).earlier.iter();
            !earlier.any(|before| is_final(&before))
        });
        first.next()
    }

    /// The steps that hear that the client took its request back; none, if nobody could decide alone
    /// whether that comes in time: then a request cannot be taken back.
    fn called_off(&self) -> StepSet {
        match (self.knobs.cancellation, self.point_of_no_return()) {
            (Cancellation::Anytime, _) => self.all(),
            (Cancellation::WithoutCompensation, _) => StepSet::EMPTY,
            (Cancellation::BeforePivot, None) => self.last_steps(),
            (Cancellation::BeforePivot, Some(decider)) => {
                let later = self.place(decider).later;
                let beside = self.all().difference(self.place(decider).earlier).difference(later);
                if beside.len() == 1 { beside } else { StepSet::EMPTY }
            }
        }
    }

    /// Whether the client can take its request back.
    #[must_use]
    pub fn can_be_cancelled(&self) -> bool {
        self.knobs.cancellation == Cancellation::WithoutCompensation
            || !self.called_off().is_empty()
    }

    /// The lines that tell everybody who is to hear of `event`.
    #[must_use]
    pub fn lines(&self, workflow: WorkflowId, event: Event) -> SmallVec<[Line; 2]> {
        let (steps, initiator) = match event {
            Event::Requested => (self.first_steps(), false),
            Event::Cancelled => (self.called_off(), false),
            Event::Done(step) => {
                let followers = self.place(step).followers;
                (followers, followers.is_empty())
            }
            Event::Refused(step) => (self.concerned_by_refusal(step), self.is_first(step)),
            Event::Undone(step) => (self.place(step).causes, self.is_first(step)),
        };
        let initiator = initiator.then_some(Subscriber::Initiator);
        let subscribers = initiator.into_iter().chain(steps.iter().map(Subscriber::Step));
        subscribers.map(|to| Line { workflow, event, to }).collect()
    }

    /// Where the subscriber of a line lives.
    #[must_use]
    pub fn subscriber(&self, line: Line) -> Address {
        match line.to {
            Subscriber::Initiator => Address::Initiator(line.workflow),
            Subscriber::Step(step) => Address::Service(self.place(step).service),
        }
    }

    /// Where the publisher of a line lives.
    #[must_use]
    pub fn publisher(&self, line: Line) -> Address {
        match line.event {
            Event::Requested | Event::Cancelled => Address::Initiator(line.workflow),
            Event::Done(step) | Event::Refused(step) | Event::Undone(step) => {
                Address::Service(self.place(step).service)
            }
        }
    }

    /// The steps it waited for undo themselves once they hear that it will not run; those that run
    /// beside it must be told of the refusal itself. Its own followers can never start.
    fn concerned_by_refusal(&self, step: StepId) -> StepSet {
        let place = self.place(step);
        let mut beside = self.all().difference(place.earlier).difference(place.later);
        beside.remove(step);
        match self.knobs.rollback {
            Rollback::Chained => place.causes.union(beside),
            Rollback::Broadcast => place.earlier.union(beside),
        }
    }

    fn is_first(&self, step: StepId) -> bool {
        self.place(step).causes.is_empty()
    }
}

fn earlier_than(steps: &[Step], step: StepId) -> StepSet {
    let mut found = steps[usize::from(step.0)].after;
    loop {
        let grown = found.iter().fold(found, |set, id| set.union(steps[usize::from(id.0)].after));
        if grown == found {
            return found;
        }
        found = grown;
    }
}
