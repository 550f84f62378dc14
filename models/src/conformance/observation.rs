//! What was observed of one run: which activities, in which order as far as that is certain, and what
//! would have been observed if it had happened.

use serde::Serialize;

use crate::process::Answer;
use crate::system::{Activity, Ending, Operation, Subject, Task};

/// An activity as it was observed: what came of it may be unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Observation {
    /// A task was asked for.
    Requested(Task),
    /// A task was tried on the resources.
    Performed(Task, Option<Answer>),
    /// Whoever carries the task out answered.
    Replied(Task, Option<Answer>),
    /// Whoever asked for the task got an answer.
    Answered(Task, Option<Answer>),
    /// It was decided how the workflow shall end.
    Decided(Ending),
    /// The client was told how the workflow ended.
    Ended(Option<Ending>),
}

/// The kinds of activities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActivityKind {
    /// A task was asked for.
    Requested,
    /// A task was tried on the resources.
    Performed,
    /// Whoever carries the task out answered.
    Replied,
    /// Whoever asked for the task got an answer.
    Answered,
    /// It was decided how the workflow shall end.
    Decided,
    /// The client was told how the workflow ended.
    Ended,
}

impl Observation {
    /// Whether that is what was observed.
    #[must_use]
    pub fn matches(self, activity: Activity) -> bool {
        let fits = |seen: Option<Answer>, answer| seen.is_none_or(|seen| seen == answer);
        match (self, activity) {
            (Observation::Requested(task), Activity::Requested(other)) => task == other,
            (Observation::Performed(task, seen), Activity::Performed(other, answer))
            | (Observation::Replied(task, seen), Activity::Replied(other, answer))
            | (Observation::Answered(task, seen), Activity::Answered(other, answer)) => {
                task == other && fits(seen, answer)
            }
            (Observation::Decided(seen), Activity::Decided(ending)) => seen == ending,
            (Observation::Ended(seen), Activity::Ended(ending)) => {
                seen.is_none_or(|seen| seen == ending)
            }
            _ => false,
        }
    }

    /// The task that it is about, if it is about one.
    #[must_use]
    pub fn task(self) -> Option<Task> {
        match self {
            Observation::Requested(task)
            | Observation::Performed(task, _)
            | Observation::Replied(task, _)
            | Observation::Answered(task, _) => Some(task),
            Observation::Decided(_) | Observation::Ended(_) => None,
        }
    }

    /// What came of it, if that is known and there is such a thing.
    #[must_use]
    pub fn answer(self) -> Option<Answer> {
        match self {
            Observation::Performed(_, answer)
            | Observation::Replied(_, answer)
            | Observation::Answered(_, answer) => answer,
            Observation::Requested(_) | Observation::Decided(_) | Observation::Ended(_) => None,
        }
    }

    /// Its kind.
    #[must_use]
    pub fn kind(self) -> ActivityKind {
        match self {
            Observation::Requested(_) => ActivityKind::Requested,
            Observation::Performed(..) => ActivityKind::Performed,
            Observation::Replied(..) => ActivityKind::Replied,
            Observation::Answered(..) => ActivityKind::Answered,
            Observation::Decided(_) => ActivityKind::Decided,
            Observation::Ended(_) => ActivityKind::Ended,
        }
    }
}

impl From<Activity> for Observation {
    fn from(activity: Activity) -> Observation {
        match activity {
            Activity::Requested(task) => Observation::Requested(task),
            Activity::Performed(task, answer) => Observation::Performed(task, Some(answer)),
            Activity::Replied(task, answer) => Observation::Replied(task, Some(answer)),
            Activity::Answered(task, answer) => Observation::Answered(task, Some(answer)),
            Activity::Decided(ending) => Observation::Decided(ending),
            Activity::Ended(ending) => Observation::Ended(Some(ending)),
        }
    }
}

/// Activities that are told of whenever they happen: what was not observed of them did not happen, unless
/// part of the observations was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Told {
    /// Which kind of activity.
    pub kind: ActivityKind,
    /// In tasks of this operation; `None` for any.
    pub operation: Option<Operation>,
    /// In tasks about this subject; `None` for any.
    pub subject: Option<Subject>,
}

impl Told {
    /// All activities of a kind.
    #[must_use]
    pub fn every(kind: ActivityKind) -> Told {
        Told { kind, operation: None, subject: None }
    }

    /// Whether it covers that activity.
    #[must_use]
    pub fn covers(self, activity: Activity) -> bool {
        let observation = Observation::from(activity);
        let task = observation.task();
        observation.kind() == self.kind
            && self.operation.is_none_or(|it| task.is_some_and(|task| task.operation == it))
            && self.subject.is_none_or(|it| task.is_some_and(|task| task.subject == it))
    }
}

/// What was observed of one workflow.
///
/// ```
/// use amends_models::conformance::{Observation, ObservedRun};
/// use amends_models::process::{Answer, StepId};
/// use amends_models::system::{Operation, Task};
///
/// let charge = Task::of_step(Operation::Do, StepId(1));
/// let mut run = ObservedRun::new();
/// let asked = run.observe(Observation::Requested(charge));
/// let done = run.observe(Observation::Performed(charge, Some(Answer::Done)));
/// run.order(asked, done);
/// assert_eq!(run.observations().len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ObservedRun {
    observations: Vec<Observation>,
    /// For each observation, what came before it.
    before: Vec<ObservationSet>,
    told: Vec<Told>,
    is_complete: bool,
    is_over: bool,
}

impl ObservedRun {
    /// How many observations of one workflow can be judged together.
    pub const CAPACITY: usize = ObservationSet::CAPACITY;

    /// Nothing was observed yet.
    #[must_use]
    pub fn new() -> Self {
        ObservedRun::default()
    }

    /// Adds an observation, and says at which position.
    pub fn observe(&mut self, observation: Observation) -> usize {
        self.observations.push(observation);
        self.before.push(ObservationSet::default());
        self.observations.len() - 1
    }

    /// The observation at `first` came before that at `then`. What would make a circle is left out: then
    /// neither is certain.
    ///
    /// # Panics
    /// If there are no such observations.
    pub fn order(&mut self, first: usize, then: usize) {
        if first == then || first >= ObservationSet::CAPACITY || then >= ObservationSet::CAPACITY {
            return;
        }
        if self.before[first].contains(then) || self.before[then].contains(first) {
            return;
        }
        let mut earlier = self.before[first];
        earlier.insert(first);
        for at in 0..self.observations.len() {
            if at == then || self.before[at].contains(then) {
                self.before[at] = self.before[at].union(earlier);
            }
        }
    }

    /// Such activities are told of whenever they happen.
    pub fn tells_of(&mut self, told: Told) {
        if !self.told.contains(&told) {
            self.told.push(told);
        }
    }

    /// Nothing that was told of was lost: what was not observed did not happen.
    pub fn set_complete(&mut self) {
        self.is_complete = true;
    }

    /// The workflow is over: nothing more will be observed of it.
    pub fn set_over(&mut self) {
        self.is_over = true;
    }

    /// What was observed.
    #[must_use]
    pub fn observations(&self) -> &[Observation] {
        &self.observations
    }

    /// What came before the observation at that position.
    #[must_use]
    pub fn before(&self, at: usize) -> ObservationSet {
        self.before[at]
    }

    /// Whether nothing that was told of was lost.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Whether nothing more will be observed.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether that activity would have been observed.
    #[must_use]
    pub fn would_tell(&self, activity: Activity) -> bool {
        self.told.iter().any(|told| told.covers(activity))
    }

    /// The same, with only some of the observations.
    #[must_use]
    pub fn only(&self, kept: ObservationSet) -> ObservedRun {
        let positions: Vec<usize> =
            (0..self.observations.len()).filter(|&at| kept.contains(at)).collect();
        let moved = |set: ObservationSet| {
            let mut moved = ObservationSet::default();
            for (new, &old) in positions.iter().enumerate() {
                if set.contains(old) {
                    moved.insert(new);
                }
            }
            moved
        };
        ObservedRun {
            observations: positions.iter().map(|&at| self.observations[at]).collect(),
            before: positions.iter().map(|&at| moved(self.before[at])).collect(),
            told: self.told.clone(),
            ..*self
        }
    }

    /// The same, as if of what is told of only such were.
    #[must_use]
    pub fn keeping_told(mut self, keep: impl Fn(&Told) -> bool) -> ObservedRun {
        self.told.retain(keep);
        self
    }

    /// The same, as if these were told of as well, and may have been lost on the way.
    #[must_use]
    pub fn missing_some(mut self, told: impl IntoIterator<Item = Told>) -> ObservedRun {
        told.into_iter().for_each(|told| self.tells_of(told));
        self.is_complete = false;
        self
    }

    /// The same, as if only these activities were told of.
    #[must_use]
    pub fn telling_only(mut self, told: Vec<Told>) -> ObservedRun {
        self.told = told;
        self
    }
}

/// A set of observations of one run, by position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ObservationSet([u64; 4]);

impl ObservationSet {
    const CAPACITY: usize = 256;

    /// The first `count` positions.
    #[must_use]
    pub fn first(count: usize) -> ObservationSet {
        let mut set = ObservationSet::default();
        (0..count.min(Self::CAPACITY)).for_each(|at| set.insert(at));
        set
    }

    /// Whether the position is in the set.
    #[must_use]
    pub fn contains(self, at: usize) -> bool {
        at < Self::CAPACITY && self.0[at / 64] >> (at % 64) & 1 == 1
    }

    /// Adds a position.
    pub fn insert(&mut self, at: usize) {
        self.0[at / 64] |= 1 << (at % 64);
    }

    /// Takes a position out.
    pub fn remove(&mut self, at: usize) {
        self.0[at / 64] &= !(1 << (at % 64));
    }

    /// How many positions there are.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == [0; 4]
    }

    /// Whether all of them are in `other`.
    #[must_use]
    pub fn is_subset(self, other: ObservationSet) -> bool {
        self.0.iter().zip(other.0).all(|(own, other)| own & !other == 0)
    }

    /// The positions of either set.
    #[must_use]
    pub fn union(self, other: ObservationSet) -> ObservationSet {
        let mut words = self.0;
        words.iter_mut().zip(other.0).for_each(|(own, other)| *own |= other);
        ObservationSet(words)
    }

    /// The positions, in order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..Self::CAPACITY).filter(move |&at| self.contains(at))
    }
}
