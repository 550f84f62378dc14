//! From properties to verdicts.

use super::chunked::Column;
use super::condition::PropertyKind;
use super::discipline::Sound;
use super::explore::{Exploration, depth_of, explore};
use super::graph::Graph;
use super::limits::Limits;
use super::liveness::{broken_promise, first_stuck};
use super::pending::Sources;
use super::product::Fairness;
use super::record::{Edges, Record};
use super::space::{Path, Space};
use super::stopwatch::Stopwatch;
use super::verdict::{Completeness, Counterexample, Limit, PropertyReport, Report, Verdict};

/// A property, in terms of a space's own predicates.
pub(super) struct Claim<Test> {
    pub(super) name: String,
    pub(super) kind: PropertyKind,
    pub(super) condition: Test,
    pub(super) premise: Option<Test>,
}

impl PropertyKind {
    /// Whether the property is about paths, so that the transitions must be kept.
    fn needs_edges(self) -> bool {
        use PropertyKind::{AlwaysEventually, Eventually, LeadsTo, NeverStuck};
        matches!(self, Eventually | LeadsTo | AlwaysEventually | NeverStuck)
    }
}

/// Explores the space and decides every claim.
pub(super) fn check<S: Space>(
    mut space: S,
    claims: Vec<Claim<S::Test>>,
    mut limits: Limits<'_>,
) -> Report<S::State, S::Action> {
    let clock = Stopwatch::start();
    let tests: Vec<&S::Test> = claims
        .iter()
        .flat_map(|claim| std::iter::once(&claim.condition).chain(&claim.premise))
        .collect();
    let keep_edges = claims.iter().any(|claim| claim.kind.needs_edges());
    let mut record = Record::new(tests.len(), keep_edges);
    let exploration = explore(&mut space, &tests, &mut record, &mut limits, clock);
    let constraints = space.constraints();
    let judge = Judge {
        space: &space,
        record: &record,
        exploration: &exploration,
        constraints: &constraints,
    };
    let mut columns = (0..tests.len()).map(|test| record.column(test));
    let properties = claims
        .iter()
        .filter_map(|claim| {
            let condition = columns.next()?;
            let premise = claim.premise.as_ref().and_then(|_| columns.next());
            Some(judge.decide(claim, condition, premise))
        })
        .collect();
    Report {
        states: space.len().into(),
        transitions: record.transitions,
        depth: depth_of(&exploration.levels),
        elapsed: clock.elapsed(),
        completeness: exploration.completeness,
        properties,
        coverage: space.coverage(&record),
        collision_probability: space.collision_probability(),
        reductions: space.reductions(),
    }
}

struct Judge<'a, S> {
    space: &'a S,
    record: &'a Record,
    exploration: &'a Exploration,
    constraints: &'a [Fairness],
}

/// What the marks of a search say about a claim.
enum Finding {
    Kept,
    Broken(Option<Path>),
    Witnessed(Path),
    Unknown,
}

impl<S: Space> Judge<'_, S> {
    fn decide<T>(
        &self,
        claim: &Claim<T>,
        condition: Column<'_>,
        premise: Option<Column<'_>>,
    ) -> PropertyReport<S::State, S::Action> {
        let complete = self.exploration.completeness == Completeness::Complete;
        let mut witness = None;
        let verdict = match self.find(claim.kind, condition, premise) {
            Finding::Broken(path) => {
                Verdict::Violated(path.map(|path| self.replay(&claim.name, &path)))
            }
            Finding::Witnessed(path) => {
                witness = Some(self.replay(&claim.name, &path));
                Verdict::Holds
            }
            Finding::Unknown => Verdict::Incomplete,
            Finding::Kept if !complete => Verdict::Incomplete,
            Finding::Kept if never(premise) => Verdict::Vacuous,
            Finding::Kept => Verdict::Holds,
        };
        PropertyReport { name: claim.name.clone(), kind: claim.kind, verdict, witness }
    }

    fn find(
        &self,
        kind: PropertyKind,
        condition: Column<'_>,
        premise: Option<Column<'_>>,
    ) -> Finding {
        let asked = |state: &u32| premise.is_none_or(|premise| premise.get(*state));
        let good = |state: &u32| condition.get(*state);
        let states = 0..self.space.len();
        let complete = self.exploration.completeness == Completeness::Complete;
        match kind {
            PropertyKind::Always => self.broken_at(states.filter(asked).find(|state| !good(state))),
            PropertyKind::DeadlockFree => {
                let mut ends = self.record.ends.ones().map(|end| end as u32).filter(asked);
                self.broken_at(ends.find(|end| !good(end)))
            }
            PropertyKind::Sometimes => match states.filter(asked).find(good) {
                Some(state) => Finding::Witnessed(self.path_to(state)),
                None if complete && !never(premise) => Finding::Broken(None),
                None => Finding::Kept,
            },
            PropertyKind::Eventually => self.promise(Sources::Initial(premise), condition),
            PropertyKind::LeadsTo | PropertyKind::AlwaysEventually => {
                self.promise(Sources::Anywhere(premise), condition)
            }
            PropertyKind::NeverStuck => match self.graph() {
                Some(graph) => self.broken_at(first_stuck(&graph, premise, condition)),
                None => Finding::Unknown,
            },
        }
    }

    fn promise(&self, sources: Sources<'_>, goal: Column<'_>) -> Finding {
        let Some(graph) = self.graph() else { return Finding::Unknown };
        let parent = |state| self.space.parent(state);
        match broken_promise(&graph, sources, goal, parent, &Sound) {
            Ok(Some(path)) => Finding::Broken(Some(path)),
            Ok(None) => Finding::Kept,
            Err(contradiction) => panic!("{contradiction}"),
        }
    }

    /// The graph, unless somebody waits for the search to end at once.
    fn graph(&self) -> Option<Graph<'_>> {
        if let Completeness::Incomplete { limit: Limit::Interrupted, .. } =
            self.exploration.completeness
        {
            return None;
        }
        let edges: &Edges = self.record.edges.as_ref()?;
        Some(Graph {
            edges,
            ends: &self.record.ends,
            states: self.space.len(),
            levels: &self.exploration.levels,
            constraints: self.constraints,
        })
    }

    fn broken_at(&self, state: Option<u32>) -> Finding {
        match state {
            Some(state) => Finding::Broken(Some(self.path_to(state))),
            None => Finding::Kept,
        }
    }

    fn path_to(&self, state: u32) -> Path {
        Path::to(state, |state| self.space.parent(state))
    }

    fn replay(&self, name: &str, path: &Path) -> Counterexample<S::State, S::Action> {
        match self.space.replay(path) {
            Ok(counterexample) => counterexample,
            Err(error) => panic!("while checking `{name}`: {error}"),
        }
    }
}

/// Whether there is a premise, and it was never true.
fn never(premise: Option<Column<'_>>) -> bool {
    premise.is_some_and(Column::is_empty)
}
