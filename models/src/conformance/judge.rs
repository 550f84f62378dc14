//! The judgement: conforms, with the least explanation; violates, with the smallest evidence; or cannot
//! be decided, and why.

use std::collections::BTreeMap;

use crate::process::Address;
use crate::system::story::Story;
use crate::system::{Action, Activity, ProtocolModel, System};
use crate::workflow::Fault;

use super::minimal;
use super::observation::{ObservationSet, ObservedRun, Told};
use super::rule::{self, Rule};
use super::search::{Bounds, Explained, Found, Furthest, Network, Space};

/// How much work a judgement may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// States that each search visits at most. Evidence that takes more is too tangled to decide.
    pub states: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { states: 400_000 }
    }
}

/// What came of holding observations against a system.
#[derive(Clone, Debug)]
pub enum Conformance {
    /// The system has a run that shows just that.
    Conforms(Explanation),
    /// The system has no such run, whatever faults strike.
    Violates(Violation),
    /// Something that should have been observed was not, and may have been lost on the way. With it, the
    /// system has such a run.
    Incomplete(Missing),
    /// Too many states would have to be searched.
    TooTangled,
}

/// The run of a system that explains what was observed, with the fewest faults.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The faults that must have struck, and how often.
    pub faults: Vec<(FaultAt, u32)>,
    /// The run, with everything that nobody observed.
    pub story: Story,
    /// For each observation, the event of the story with which its step begins.
    pub events: Vec<usize>,
    /// Effects in it that nobody observed, and that nobody would have told of.
    pub silent: Vec<Activity>,
}

/// A fault, and where it struck.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaultAt {
    /// Which fault.
    pub fault: Fault,
    /// What it struck, in words: a node, or a message.
    pub what: String,
}

/// What should have been observed.
#[derive(Clone, Debug)]
pub struct Missing {
    /// The activities.
    pub activities: Vec<Activity>,
    /// The explanation in which they happen unobserved.
    pub explanation: Explanation,
}

/// Observations that no run of the system shows.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The rule that is broken, for people.
    pub rule: Rule,
    /// The smallest set of observations that already cannot be explained.
    pub evidence: ObservationSet,
    /// What should have been observed besides, where that is what is wrong.
    pub missing: Vec<Activity>,
    /// The observations that can be explained together, as far as the search came.
    pub explained: ObservationSet,
    /// What could have been observed next, had all gone well from there.
    pub expected: Vec<Activity>,
    /// The run of the system that comes closest: it shows what can be explained, or all that was observed
    /// and what is missing.
    pub closest: Story,
}

/// Holds what was observed of one workflow against a system with a single workflow.
///
/// A run of the system may lose, repeat and crash as often as it takes. That there is none at all is
/// decided over the complete space, in which at most [`COPIES`](super::COPIES) equal messages are on
/// their way to one process at a time.
#[must_use]
pub fn judge<T: ProtocolModel>(
    system: &System<T>,
    run: &ObservedRun,
    limits: Limits,
) -> Conformance {
    if run.observations().len() > ObservedRun::CAPACITY {
        return Conformance::TooTangled;
    }
    let states = limits.states;
    let strict = Bounds { states, unobserved: 0 };
    let lenient = Bounds { states, unobserved: u32::MAX };
    let mut relaxed = Space::new(system, Network::Relaxed, run);
    let unobserved = match relaxed.explain(run, lenient) {
        Found::Explanation(explained) => explained.cost.unobserved,
        Found::TooMany => return Conformance::TooTangled,
        Found::Nothing(furthest, closest) => {
            let evidence = minimal::unexplained(&mut relaxed, run, lenient);
            let rule = rule::of_evidence(run, evidence);
            let closest = system.story(&closest.run);
            return Conformance::Violates(violation(rule, evidence, Vec::new(), furthest, closest));
        }
    };
    let explained =
        match Space::new(system, Network::Exact, run).explain(run, Bounds { states, unobserved }) {
            Found::Explanation(explained) => explained,
            // Within the copies of a message that the exact network allows there is none.
            Found::Nothing(..) | Found::TooMany => return Conformance::TooTangled,
        };
    if unobserved == 0 {
        return Conformance::Conforms(explanation(system, &explained));
    }
    if !run.is_complete() {
        let explanation = explanation(system, &explained);
        return Conformance::Incomplete(Missing { explanation, activities: explained.unobserved });
    }
    let furthest = match relaxed.explain(run, strict) {
        Found::Nothing(furthest, _) => furthest,
        Found::Explanation(_) | Found::TooMany => Furthest::default(),
    };
    let closest = system.story(&explained.run);
    let missing = explained.unobserved;
    let told = missing.iter().map(|&activity| told(activity)).collect();
    let without = run.clone().telling_only(told);
    let evidence = minimal::unexplained(&mut relaxed, &without, strict);
    let rule = rule::of_missing(&missing);
    Conformance::Violates(violation(rule, evidence, missing, furthest, closest))
}

/// That such activities are told of.
fn told(activity: Activity) -> Told {
    let observation = super::Observation::from(activity);
    let task = observation.task();
    Told {
        kind: observation.kind(),
        operation: task.map(|task| task.operation),
        subject: task.map(|task| task.subject),
    }
}

fn violation(
    rule: Rule,
    evidence: ObservationSet,
    missing: Vec<Activity>,
    furthest: Furthest,
    closest: Story,
) -> Violation {
    let Furthest { explained, expected } = furthest;
    Violation { rule, evidence, missing, explained, expected, closest }
}

fn explanation<T: ProtocolModel>(system: &System<T>, explained: &Explained<T>) -> Explanation {
    let mut faults = BTreeMap::new();
    for (action, _) in &explained.run.steps {
        for fault in action.faults().into_iter().filter(|fault| *fault != Fault::Refuse) {
            *faults.entry(FaultAt { fault, what: struck(system, action, fault) }).or_insert(0) += 1;
        }
    }
    debug_assert_eq!(faults.values().sum::<u32>(), explained.cost.faults);
    let (story, beginnings) = system.story_with_steps(&explained.run);
    let events = explained.steps.iter().map(|&step| beginnings[step]).collect();
    let silent = explained.silent.clone();
    Explanation { faults: faults.into_iter().collect(), story, events, silent }
}

/// What a fault of an action struck.
fn struck<T: ProtocolModel>(system: &System<T>, action: &Action<T>, fault: Fault) -> String {
    let words = system.protocol().words();
    let message = |from: &Address, to: &Address, message| {
        format!("{} → {}: {}", words.process(*from), words.process(*to), words.message(message))
    };
    match action {
        Action::Take { process, .. } | Action::Run { process, .. } => {
            let node = system.node(*process).map(|node| &system.nodes()[usize::from(node.0)]);
            match (fault, node) {
                (Fault::Crash | Fault::Halt, Some(node)) => node.clone(),
                _ => words.process(*process),
            }
        }
        Action::Lose { from, to, message: said }
        | Action::Duplicate { from, to, message: said } => message(from, to, said),
        Action::Crash(node) | Action::Halt(node) | Action::Partition(node) => {
            system.nodes()[usize::from(node.0)].clone()
        }
        Action::Heal => String::new(),
    }
}
