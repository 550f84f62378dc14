//! From properties to verdicts.

use crate::allowance::Allowance;
use crate::chunked::Column;
use crate::condition::PropertyKind;
use crate::discipline::Sound;
use crate::early::Early;
use crate::explore::{Exploration, depth_of, explore};
use crate::graph::Graph;
use crate::limits::Limits;
use crate::liveness::{Broken, Folded, Undecided, broken_promise, bytes_needed, first_stuck};
use crate::obligation::Obligation;
use crate::product::Fairness;
use crate::record::{Edges, Record};
use crate::reduction::Objection;
use crate::space::{NotReplayed, Path, Space, Tests};
use crate::stopwatch::Stopwatch;
use crate::unfolding::UnfoldedLasso;
use crate::verdict::{Completeness, Limit, PropertyReport, Report, Verdict};

/// A property, in terms of a space's own predicates.
pub(crate) struct Claim<Test, StepTest> {
    pub(crate) name: String,
    pub(crate) kind: PropertyKind,
    pub(crate) says: Says<Test, StepTest>,
}

/// What a property says.
pub(crate) enum Says<Test, StepTest> {
    /// Something about states, or about paths through them.
    OfStates { condition: Test, premise: Option<Test> },
    /// Something about every step.
    OfSteps(StepTest),
}

/// A property of a space.
pub(crate) type ClaimOf<S> = Claim<<S as Space>::Test, <S as Space>::StepTest>;

impl PropertyKind {
    /// Whether the property is about fair paths, and not only about what can be reached.
    pub(crate) fn needs_fairness(self) -> bool {
        use PropertyKind::{AlwaysEventually, Eventually, LeadsTo};
        matches!(self, Eventually | LeadsTo | AlwaysEventually)
    }

    /// Whether the property is about paths, so that the transitions must be kept.
    pub(crate) fn needs_edges(self) -> bool {
        self.needs_fairness() || self == PropertyKind::NeverStuck
    }
}

/// Explores the space and decides every claim.
///
/// # Errors
/// When a reduction has to be given up.
pub(crate) fn check<S: Space>(
    mut space: S,
    claims: &[ClaimOf<S>],
    limits: &mut Limits<'_>,
) -> Result<Report<S::State, S::Action>, Objection> {
    let clock = Stopwatch::start();
    let mut tests = Tests { states: Vec::new(), steps: Vec::new() };
    for claim in claims {
        match &claim.says {
            Says::OfStates { condition, premise } => {
                tests.states.push(condition);
                tests.states.extend(premise);
            }
            Says::OfSteps(test) => tests.steps.push(test),
        }
    }
    let keep_edges = claims.iter().any(|claim| claim.kind.needs_edges());
    let mut record = Record::new(tests.states.len(), tests.steps.len(), keep_edges);
    let enough = std::mem::take(&mut limits.enough);
    let mut early = Early::new(&enough, claims);
    let exploration = explore(
        &mut space,
        &tests,
        &mut record,
        limits,
        |record, states| early.look(record, states),
        clock,
    );
    drop(early);
    limits.enough = enough;
    let mut exploration = exploration?;
    let allowance = Allowance::after(limits, clock, space.bytes() + record.bytes());
    if claims.iter().any(|claim| claim.kind.needs_fairness())
        && let Some(edges) = &record.edges
    {
        let constraints = space.constraints();
        let graph = graph(edges, &record, space.len(), &exploration, &constraints);
        // Without memory or time to look at the loops, there is none to judge promises either.
        if let Ok(Some(objection)) = space.objection_to_loops(&graph, &allowance) {
            return Err(objection);
        }
    }
    let mut columns = (0..tests.states.len()).map(|test| record.column(test));
    let mut step_columns = (0..tests.steps.len()).map(|test| record.step_columns(test));
    let findings: Vec<Finding> = claims
        .iter()
        .filter_map(|claim| match &claim.says {
            Says::OfStates { premise, .. } => {
                let condition = columns.next()?;
                let premise = premise.as_ref().and_then(|_| columns.next());
                let (states, transitions) = (space.len().into(), record.transitions);
                let needed = bytes_needed(claim.kind, states, transitions);
                if needed > 0 && allowance.permit(0, needed).is_err() {
                    return Some(Finding::Unknown);
                }
                let asked = Asked { kind: claim.kind, condition, premise };
                Some(find(&mut space, &record, &exploration, &asked, &allowance))
            }
            Says::OfSteps(_) => {
                let (broken, asked) = step_columns.next()?;
                Some(find_step(&space, &record, &exploration, broken, asked))
            }
        })
        .collect();
    // The space may be complete, and something could not be judged all the same.
    if let (Completeness::Complete, Some(limit)) = (&exploration.completeness, allowance.reached())
    {
        let depth_complete = depth_of(&exploration.levels);
        exploration.completeness = Completeness::Incomplete { limit, depth_complete, queue: 0 };
    }
    let findings = claims.iter().zip(findings);
    let properties = findings.map(|(claim, found)| report(&mut space, claim, found)).collect();
    Ok(Report {
        states: space.len().into(),
        transitions: record.transitions,
        depth: depth_of(&exploration.levels),
        elapsed: clock.elapsed(),
        completeness: exploration.completeness,
        properties,
        coverage: space.coverage(),
        collision_probability: space.collision_probability(),
        reductions: space.reductions(),
    })
}

fn report<S: Space>(
    space: &mut S,
    claim: &ClaimOf<S>,
    finding: Finding,
) -> PropertyReport<S::State, S::Action> {
    let may_end = claim.kind.needs_fairness() || claim.kind == PropertyKind::DeadlockFree;
    let mut replay = |path: &Path| match space.replay(path) {
        Ok(run) if may_end && run.repeats_from.is_none() => space.finish(run),
        Ok(run) => run,
        Err(error) => panic!("while checking `{}`: {error}", claim.name),
    };
    let mut witness = None;
    let verdict = match finding {
        Finding::Broken(path) => Verdict::Violated(path.as_ref().map(replay)),
        Finding::BrokenForEver(lasso) => match space.replay_lasso(&lasso) {
            Ok(counterexample) => Verdict::Violated(Some(counterexample)),
            Err(error) => panic!("while checking `{}`: {error}", claim.name),
        },
        Finding::BrokenBeyond(path) => {
            let mut run = replay(&path);
            let last = run.steps.last().map_or(&run.start, |(_, state)| state);
            let step = match &claim.says {
                Says::OfSteps(test) => space.breaking_step(last, test),
                Says::OfStates { .. } => None,
            };
            let again = NotReplayed { step: run.steps.len() + 1 };
            let step = step.unwrap_or_else(|| panic!("while checking `{}`: {again}", claim.name));
            run.steps.push(step);
            Verdict::Violated(Some(run))
        }
        Finding::Witnessed(path) => {
            witness = Some(replay(&path));
            Verdict::Holds
        }
        Finding::Kept => Verdict::Holds,
        Finding::Vacuous => Verdict::Vacuous,
        Finding::Unknown => Verdict::Incomplete,
    };
    PropertyReport { name: claim.name.clone(), kind: claim.kind, verdict, witness }
}

struct Judge<'a, S> {
    space: &'a S,
    record: &'a Record,
    exploration: &'a Exploration,
    constraints: &'a [Fairness],
    allowance: &'a Allowance<'a>,
}

/// What the search said about a claim about states.
struct Asked<'a> {
    kind: PropertyKind,
    condition: Column<'a>,
    premise: Option<Column<'a>>,
}

impl Asked<'_> {
    /// Whether there is a state at which the claim is made, in a space that was explored completely.
    fn is_made_anywhere(&self, exploration: &Exploration) -> bool {
        let &Asked { kind, condition, premise } = self;
        let Some(premise) = premise else { return condition.states() > 0 };
        match kind {
            PropertyKind::Eventually => {
                let later = exploration.levels.get(1).copied();
                (0..later.unwrap_or(premise.states())).any(|state| premise.get(state))
            }
            _ => !premise.is_empty(),
        }
    }
}

/// What the marks of a search say about a claim.
enum Finding {
    Kept,
    Broken(Option<Path>),
    BrokenForEver(UnfoldedLasso),
    /// Broken by a step out of the last state of the path.
    BrokenBeyond(Path),
    Witnessed(Path),
    Vacuous,
    Unknown,
}

fn find<S: Space>(
    space: &mut S,
    record: &Record,
    exploration: &Exploration,
    asked: &Asked<'_>,
    allowance: &Allowance<'_>,
) -> Finding {
    let constraints = space.constraints();
    let judge = Judge { space, record, exploration, constraints: &constraints, allowance };
    let violation = match judge.folded(asked) {
        Ok(Some(folded)) => unfold(space, &folded, allowance),
        Ok(None) => judge.violation(asked),
        Err(limit) => Err(limit),
    };
    let complete = exploration.completeness == Completeness::Complete;
    match violation {
        Err(_) => Finding::Unknown,
        Ok(Finding::Kept | Finding::Broken(None)) if !complete => Finding::Unknown,
        Ok(Finding::Kept | Finding::Broken(None)) if !asked.is_made_anywhere(exploration) => {
            Finding::Vacuous
        }
        Ok(finding) => finding,
    }
}

/// The same for a claim about steps: for each state, whether a step breaks it, and whether it is about
/// one.
fn find_step<S: Space>(
    space: &S,
    record: &Record,
    exploration: &Exploration,
    broken: Column<'_>,
    asked: Column<'_>,
) -> Finding {
    let mut expanded = 0..record.ends.len() as u32;
    match expanded.find(|&state| broken.get(state)) {
        Some(state) => Finding::BrokenBeyond(Path::to(state, |state| space.parent(state))),
        None if exploration.completeness != Completeness::Complete => Finding::Unknown,
        None if asked.is_empty() => Finding::Vacuous,
        None => Finding::Kept,
    }
}

/// Decides a promise in a space where one state stands for several that differ in names only.
fn unfold<S: Space>(
    space: &mut S,
    folded: &Folded,
    allowance: &Allowance<'_>,
) -> Result<Finding, Limit> {
    let unfolded = match space.unfold(&folded.looping(), allowance) {
        Ok(None) => return Ok(Finding::Unknown),
        Ok(Some(unfolded)) => Ok(unfolded),
        Err(limit) => Err(limit),
    };
    let parent = |state| space.parent(state);
    match decided(folded.broken(unfolded, &space.constraints(), parent, allowance))? {
        Some(Broken::Path(path)) => Ok(Finding::Broken(Some(path))),
        Some(Broken::Lasso(lasso)) => Ok(Finding::BrokenForEver(lasso)),
        None => Ok(Finding::Kept),
    }
}

/// How a promise is broken, if it is, unless a limit keeps that from being known.
fn decided<B>(broken: Result<Option<B>, Undecided>) -> Result<Option<B>, Limit> {
    broken.map_err(|undecided| match undecided {
        Undecided::Stopped(limit) => limit,
        Undecided::Contradiction => panic!("{undecided}"),
    })
}

impl<S: Space> Judge<'_, S> {
    /// What can be said of a promise without names, where names make no difference to the search.
    fn folded(&self, asked: &Asked<'_>) -> Result<Option<Folded>, Limit> {
        if !self.space.is_quotient() {
            return Ok(None);
        }
        let &Asked { kind, condition, premise } = asked;
        let Some(obligation) = Obligation::of(kind, condition, premise) else { return Ok(None) };
        let Some(graph) = self.graph() else { return Ok(None) };
        Folded::new(&graph, &obligation, self.allowance).map(Some)
    }

    fn violation(&self, asked: &Asked<'_>) -> Result<Finding, Limit> {
        let &Asked { kind, condition, premise } = asked;
        if let Some(obligation) = Obligation::of(kind, condition, premise) {
            return self.promise(&obligation);
        }
        let asked = |state: &u32| premise.is_none_or(|premise| premise.get(*state));
        let good = |state: &u32| condition.get(*state);
        let states = 0..self.space.len();
        Ok(match kind {
            PropertyKind::Always => self.broken_at(states.filter(asked).find(|state| !good(state))),
            PropertyKind::DeadlockFree => {
                let mut ends = self.record.ends.ones().map(|end| end as u32).filter(asked);
                self.broken_at(ends.find(|end| !good(end)))
            }
            PropertyKind::Sometimes => match states.filter(asked).find(good) {
                Some(state) => Finding::Witnessed(self.path_to(state)),
                None => Finding::Broken(None),
            },
            PropertyKind::NeverStuck => match self.graph() {
                Some(graph) => {
                    self.broken_at(first_stuck(&graph, premise, condition, self.allowance)?)
                }
                None => Finding::Unknown,
            },
            PropertyKind::Eventually | PropertyKind::LeadsTo | PropertyKind::AlwaysEventually => {
                unreachable!("it is an obligation")
            }
            PropertyKind::AlwaysStep => unreachable!("steps are judged by their own marks"),
        })
    }

    fn promise(&self, obligation: &Obligation<'_>) -> Result<Finding, Limit> {
        let Some(graph) = self.graph() else { return Ok(Finding::Unknown) };
        let parent = |state| self.space.parent(state);
        let broken = broken_promise(&graph, obligation, parent, &Sound, self.allowance);
        Ok(match decided(broken)? {
            Some(path) => Finding::Broken(Some(path)),
            None => Finding::Kept,
        })
    }

    /// The graph, if its transitions were kept.
    fn graph(&self) -> Option<Graph<'_>> {
        let edges = self.record.edges.as_ref()?;
        Some(graph(edges, self.record, self.space.len(), self.exploration, self.constraints))
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
}

/// The graph of what was explored, whose transitions were kept.
fn graph<'a>(
    edges: &'a Edges,
    record: &'a Record,
    states: u32,
    exploration: &'a Exploration,
    constraints: &'a [Fairness],
) -> Graph<'a> {
    Graph { edges, ends: &record.ends, states, levels: &exploration.levels, constraints }
}
