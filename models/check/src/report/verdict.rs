//! What a check found: verdicts, counterexamples, and how far the search came.

use std::time::Duration;

use crate::limits::Limit;
use crate::property::PropertyKind;

/// The result of a check.
#[derive(Clone, Debug)]
pub struct Report<State, Action> {
    /// Distinct states found.
    pub states: u64,
    /// Transitions generated, those into known states included.
    pub transitions: u64,
    /// The length of the longest shortest path from an initial state, in steps.
    pub depth: u32,
    /// Wall-clock time of the search.
    pub elapsed: Duration,
    /// Whether the whole space was explored.
    pub completeness: Completeness,
    /// Why there is no reachable state, if there is none. Then every property is vacuous.
    pub no_state: Option<NoState>,
    /// One entry per property, in the order they were stated.
    pub properties: Vec<PropertyReport<State, Action>>,
    /// How often each action was taken. An action with 0 was offered by some part, and the other parts
    /// never let it happen; where states count as one that differ in names only, so do actions, and only
    /// some of them are taken. For models that are not products, it is empty unless it was
    /// [asked for](crate::Verification::count_actions).
    pub coverage: Vec<(Action, u64)>,
    /// The chance that two different states were taken for one. 0 where states are kept exactly.
    pub collision_probability: f64,
    /// The reductions that were asked for, and what became of each.
    pub reductions: Vec<ReductionReport>,
}

/// A way to explore less than the whole space, with the same verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// States that differ only in the names of interchangeable things count as one.
    Symmetry,
    /// Messages that their receivers will never heed are taken away. Counterexamples and witnesses are
    /// runs of the whole model all the same; where such a message stood in the way, they may be a step
    /// longer than the shortest.
    StaleMessages,
}

/// What became of a reduction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReductionReport {
    /// Which one.
    pub reduction: Reduction,
    /// Why it was not used; `None` when it was.
    pub refused: Option<String>,
}

/// Whether the whole state space was explored, and if not, why and how far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// Every reachable state was visited.
    Complete,
    /// The search stopped at a limit.
    Incomplete {
        /// What stopped it.
        limit: Limit,
        /// Every path of up to this many steps was explored.
        depth_complete: u32,
        /// States found but not expanded.
        queue: u64,
    },
}

/// Why a model has no reachable state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoState {
    /// It has no initial state.
    NoInitialState,
    /// All of its initial states are outside of its boundary.
    AllOutsideBoundary,
}

/// What was found about one property.
#[derive(Clone, Debug)]
pub struct PropertyReport<State, Action> {
    /// The property's name.
    pub name: String,
    /// What it claims.
    pub kind: PropertyKind,
    /// What was found.
    pub verdict: Verdict<State, Action>,
    /// For a [`Sometimes`](PropertyKind::Sometimes) property that holds, a path to a state where the
    /// condition is true; a shortest one, unless steps were left out
    /// ([`Reduction::StaleMessages`]).
    pub witness: Option<Counterexample<State, Action>>,
    /// Whether the search for a short counterexample came to its end. If not, one that
    /// [goes on for ever](Counterexample::repeats_from) is short, and there may be a shorter one: to
    /// find a shortest fair loop can take longer than anybody waits.
    pub is_shortest: bool,
}

/// What is known of a property after a search.
#[derive(Clone, Debug)]
pub enum Verdict<State, Action> {
    /// True of the whole state space; for a [`Sometimes`](PropertyKind::Sometimes) property, a state
    /// was found.
    Holds,
    /// Not true, and here is why. `None` for a [`Sometimes`](PropertyKind::Sometimes) property: there
    /// is no path to show when nothing was reached.
    Violated(Option<Counterexample<State, Action>>),
    /// Not violated as far as the search came, which was not everywhere.
    Incomplete,
    /// True for want of anything to say: its premise was never met, or there is
    /// [no state](Report::no_state) at all.
    Vacuous,
}

impl<State, Action> Verdict<State, Action> {
    /// The word for it in reports, specs and on the command line.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Violated(_) => "violated",
            Verdict::Incomplete => "incomplete",
            Verdict::Vacuous => "vacuous",
        }
    }

    /// The path that violates the property, if it is violated by one.
    #[must_use]
    pub fn counterexample(&self) -> Option<&Counterexample<State, Action>> {
        match self {
            Verdict::Violated(counterexample) => counterexample.as_ref(),
            _ => None,
        }
    }
}

/// A path of the model that violates a property. Every counterexample was replayed on the model
/// before it is handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterexample<State, Action> {
    /// The initial state.
    pub start: State,
    /// The actions taken and the states they led to.
    pub steps: Vec<(Action, State)>,
    /// For a violation by an infinite path: after the last step, it goes on for ever from the state
    /// after this many steps, which equals the last state. `None` when the path ends.
    pub repeats_from: Option<usize>,
}

impl<State, Action> Counterexample<State, Action> {
    /// The state it ends in.
    #[must_use]
    pub fn end(&self) -> &State {
        self.steps.last().map_or(&self.start, |(_, state)| state)
    }
}

impl<State, Action> Report<State, Action> {
    /// The same report of states and actions as they are called elsewhere.
    pub(crate) fn map<S, A>(
        &self,
        state: &impl Fn(&State) -> S,
        action: &impl Fn(&Action) -> A,
    ) -> Report<S, A> {
        let coverage = self.coverage.iter().map(|(of, taken)| (action(of), *taken));
        Report {
            states: self.states,
            transitions: self.transitions,
            depth: self.depth,
            elapsed: self.elapsed,
            completeness: self.completeness.clone(),
            no_state: self.no_state,
            properties: self.properties.iter().map(|found| found.map(state, action)).collect(),
            coverage: coverage.collect(),
            collision_probability: self.collision_probability,
            reductions: self.reductions.clone(),
        }
    }
}

impl<State, Action> PropertyReport<State, Action> {
    pub(crate) fn map<S, A>(
        &self,
        state: &impl Fn(&State) -> S,
        action: &impl Fn(&Action) -> A,
    ) -> PropertyReport<S, A> {
        let path = |path: &Counterexample<State, Action>| path.map(state, action);
        PropertyReport {
            name: self.name.clone(),
            kind: self.kind,
            verdict: match &self.verdict {
                Verdict::Holds => Verdict::Holds,
                Verdict::Violated(shown) => Verdict::Violated(shown.as_ref().map(path)),
                Verdict::Incomplete => Verdict::Incomplete,
                Verdict::Vacuous => Verdict::Vacuous,
            },
            witness: self.witness.as_ref().map(path),
            is_shortest: self.is_shortest,
        }
    }
}

impl<State, Action> Counterexample<State, Action> {
    pub(crate) fn map<S, A>(
        &self,
        state: &impl Fn(&State) -> S,
        action: &impl Fn(&Action) -> A,
    ) -> Counterexample<S, A> {
        let steps = self.steps.iter().map(|(taken, next)| (action(taken), state(next)));
        Counterexample {
            start: state(&self.start),
            steps: steps.collect(),
            repeats_from: self.repeats_from,
        }
    }
}
