//! Sightings: observations with the names that services use, and where they were made.

use amends_models::conformance::ActivityKind;
use amends_models::process::Answer;
use amends_models::system::{Ending, Operation};
use compact_str::CompactString;

use super::evidence::Evidence;
use super::order::Order;

/// A piece of work, by the name of what it is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NamedTask {
    /// What is done.
    pub operation: Operation,
    /// About which step, service or event.
    pub subject: CompactString,
}

/// An observation, by the names that services use. What came of it may be unknown.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NamedObservation {
    /// A task was asked for.
    Requested(NamedTask),
    /// A task was tried on the resources.
    Performed(NamedTask, Option<Answer>),
    /// Whoever carries the task out answered.
    Replied(NamedTask, Option<Answer>),
    /// Whoever asked for the task got an answer.
    Answered(NamedTask, Option<Answer>),
    /// It was decided how the workflow shall end.
    Decided(Ending),
    /// The client was told how the workflow ended.
    Ended(Option<Ending>),
}

impl NamedObservation {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> ActivityKind {
        match self {
            NamedObservation::Requested(_) => ActivityKind::Requested,
            NamedObservation::Performed(..) => ActivityKind::Performed,
            NamedObservation::Replied(..) => ActivityKind::Replied,
            NamedObservation::Answered(..) => ActivityKind::Answered,
            NamedObservation::Decided(_) => ActivityKind::Decided,
            NamedObservation::Ended(_) => ActivityKind::Ended,
        }
    }

    /// The task that it is about, if it is about one.
    #[must_use]
    pub fn task(&self) -> Option<&NamedTask> {
        match self {
            NamedObservation::Requested(task)
            | NamedObservation::Performed(task, _)
            | NamedObservation::Replied(task, _)
            | NamedObservation::Answered(task, _) => Some(task),
            NamedObservation::Decided(_) | NamedObservation::Ended(_) => None,
        }
    }

    /// What came of it, if that is known and there is such a thing.
    #[must_use]
    pub fn answer(&self) -> Option<Answer> {
        match self {
            NamedObservation::Performed(_, answer)
            | NamedObservation::Replied(_, answer)
            | NamedObservation::Answered(_, answer) => *answer,
            _ => None,
        }
    }
}

/// Where an observation was made, by positions among the spans and logs that were mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// A span.
    Span(usize),
    /// An event of a span.
    Event {
        /// The span.
        span: usize,
        /// The event, by its position there.
        event: usize,
    },
    /// A log record.
    Log(usize),
}

impl Origin {
    /// The span, if it is one or an event of one.
    #[must_use]
    pub fn span(self) -> Option<usize> {
        match self {
            Origin::Span(span) | Origin::Event { span, .. } => Some(span),
            Origin::Log(_) => None,
        }
    }
}

/// When something was observed, in the course of where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Moment {
    /// When the span began.
    Start,
    /// At some time from its start to its end.
    Within,
    /// When it ended.
    End,
    /// When the event or log record says.
    Instant,
}

/// An observation, and where and when it was made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sighting {
    /// What was observed.
    pub observation: NamedObservation,
    /// Where.
    pub origin: Origin,
    /// When, in the course of that.
    pub moment: Moment,
    /// The service that says so; empty if it has no name.
    pub service: CompactString,
}

/// A span, event or log record that a rule is for, and that tells of nothing nevertheless.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unplaced {
    /// Which.
    pub origin: Origin,
    /// Why.
    pub why: WhyUnplaced,
}

/// Why something tells of nothing although a rule is for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WhyUnplaced {
    /// It does not say what the task is about.
    NoSubject,
    /// It does not say what is done, or in a word that means nothing.
    NoOperation,
    /// It says how the workflow shall end in a word that means nothing.
    NoEnding,
    /// It says what came of it in a word that means nothing.
    NoAnswer,
}

/// All that was observed of one workflow.
#[derive(Clone, Debug, Default)]
pub struct Sightings {
    /// The name of the workflow, if anything gives it.
    pub name: Option<CompactString>,
    /// The id of the run, if anything gives it.
    pub id: Option<CompactString>,
    /// The protocol by which it says that it is carried out.
    pub protocol: Option<CompactString>,
    /// What was observed.
    pub all: Vec<Sighting>,
    /// Who carries tasks out about what, and says of each whether it had an effect.
    pub carried_out: Vec<(CompactString, CompactString)>,
    /// What is certain of the order, by positions in `all`.
    pub order: Order,
    /// Whether the workflow is over: nothing more will be observed.
    pub is_over: bool,
    /// Whether anything is missing.
    pub evidence: Evidence,
    /// What rules are for, and tells of nothing nevertheless.
    pub unplaced: Vec<Unplaced>,
    /// The spans that no rule is for, by position.
    pub unmatched: Vec<usize>,
}

impl Sightings {
    /// The observations of a kind.
    pub fn of_kind(&self, kind: ActivityKind) -> impl Iterator<Item = &Sighting> {
        self.all.iter().filter(move |sighting| sighting.observation.kind() == kind)
    }

    /// How the workflow ended, if it says so.
    #[must_use]
    pub fn outcome(&self) -> Option<Ending> {
        self.all.iter().find_map(|sighting| match sighting.observation {
            NamedObservation::Ended(ending) => ending,
            _ => None,
        })
    }
}
