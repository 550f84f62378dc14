//! From properties to verdicts.

use crate::explore::bfs::{Exploration, depth_of, explore};
use crate::explore::state_space::{Space, Tests};
use crate::graph::Graph;
use crate::graph::path::Path;
use crate::graph::record::{Edges, Record};
use crate::graph::unfolded::UnfoldedLasso;
use crate::limits::Limit;
use crate::limits::Limits;
use crate::limits::analysis_budget::AnalysisBudget;
use crate::limits::stopwatch::Stopwatch;
use crate::liveness::fairness_rules::Sound;
use crate::liveness::obligation::Obligation;
use crate::liveness::{PendingObligation, Run, Undecided, Violation, bytes_needed, first_stuck};
use crate::model_error::ModelError;
use crate::product::Fairness;
use crate::property::PropertyKind;
use crate::property::internal::{InternalProperty, Predicate, tell_apart};
use crate::reduction::Refusal;
use crate::report::verdict::{Completeness, Counterexample, PropertyReport, Report, Verdict};
use crate::run::early_stop::Early;
use crate::store::chunked::Column;

/// A property of a space.
pub(crate) type ClaimOf<S> = InternalProperty<<S as Space>::Test, <S as Space>::StepTest>;

/// Explores the space and decides every claim, within limits that count from when the clock was started.
///
/// # Errors
/// When a reduction has to be given up, or nothing can be said about the model.
pub(crate) fn check<S: Space>(
    mut space: S,
    claims: &[ClaimOf<S>],
    limits: &mut Limits<'_>,
    clock: Stopwatch,
) -> Result<Report<S::State, S::Action>, Refusal> {
    tell_apart(claims.iter().map(|claim| claim.name.as_str()))?;
    let mut tests = Tests { states: Vec::new(), steps: Vec::new() };
    for claim in claims {
        match &claim.says {
            Predicate::OfStates { condition, premise } => {
                tests.states.push(condition);
                tests.states.extend(premise);
            }
            Predicate::OfSteps(test) => tests.steps.push(test),
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
    if let Some(objection) = space.final_objection(&tests, &record) {
        return Err(objection.into());
    }
    let budget = AnalysisBudget::after(limits, clock, space.bytes() + record.bytes());
    look_again(&mut space, claims, &record, &budget)?;
    if claims.iter().any(|claim| claim.kind.needs_fairness())
        && let Some(edges) = &record.edges
    {
        let constraints = space.constraints();
        let graph = graph(edges, &record, space.len(), &exploration, &constraints);
        // Without memory or time to look at the loops, there is none to judge obligations either.
        if let Ok(Some(objection)) = space.objection_to_loops(&graph, &budget) {
            return Err(objection.into());
        }
    }
    let mut columns = (0..tests.states.len()).map(|test| record.column(test));
    let mut step_columns = (0..tests.steps.len()).map(|test| record.step_columns(test));
    let findings: Vec<Finding> = claims
        .iter()
        .filter_map(|claim| match &claim.says {
            Predicate::OfStates { premise, .. } => {
                let condition = columns.next()?;
                let premise = premise.as_ref().and_then(|_| columns.next());
                let (states, transitions) = (space.len().into(), record.transitions);
                let needed = bytes_needed(claim.kind, states, transitions);
                if needed > 0 && budget.permit(0, needed).is_err() {
                    return Some(Finding::Unknown);
                }
                let asked = Asked { kind: claim.kind, condition, premise };
                Some(find(&mut space, &record, &exploration, &asked, &budget))
            }
            Predicate::OfSteps(_) => {
                let (broken, asked) = step_columns.next()?;
                Some(find_step(&space, &record, &exploration, broken, asked))
            }
        })
        .collect();
    // The space may be complete, and something could not be judged all the same.
    if let (Completeness::Complete, Some(limit)) = (&exploration.completeness, budget.reached()) {
        let depth_complete = depth_of(&exploration.levels);
        exploration.completeness = Completeness::Incomplete { limit, depth_complete, queue: 0 };
    }
    let mut properties = Vec::with_capacity(claims.len());
    let mut test = 0;
    for (claim, found) in claims.iter().zip(findings) {
        properties.push(report(&mut space, claim, test, found)?);
        test += match &claim.says {
            Predicate::OfStates { premise, .. } => 1 + usize::from(premise.is_some()),
            Predicate::OfSteps(_) => 0,
        };
    }
    Ok(Report {
        states: space.len().into(),
        transitions: record.transitions,
        depth: depth_of(&exploration.levels),
        elapsed: clock.elapsed(),
        completeness: exploration.completeness,
        no_state: if space.len() == 0 { space.why_empty() } else { None },
        properties,
        coverage: space.coverage(),
        collision_probability: space.collision_probability(),
        reductions: space.reductions(),
    })
}

/// How many states are asked again when the search is over.
const ASKED_AGAIN: u32 = 128;

/// Asks some states again what they lead to, and what the conditions say of them, while there is time.
///
/// # Errors
/// What is wrong with the model.
fn look_again<S: Space>(
    space: &mut S,
    claims: &[ClaimOf<S>],
    record: &Record,
    budget: &AnalysisBudget<'_>,
) -> Result<(), ModelError> {
    let every = (space.len() / ASKED_AGAIN).max(1) as usize;
    for state in (0..space.len()).step_by(every) {
        if budget.is_out_of_time() {
            break;
        }
        let mut test = 0;
        for claim in claims {
            let Predicate::OfStates { condition, premise } = &claim.says else { continue };
            for asked in std::iter::once(condition).chain(premise) {
                let said = record.column(test).get(state);
                if space.judges(state, asked).is_some_and(|says| says != said) {
                    return Err(ModelError::ConditionChanges { property: claim.name.clone() });
                }
                test += 1;
            }
        }
        if (state as usize) < record.ends.len() {
            space.repeats(state, record)?;
        }
    }
    Ok(())
}

/// What is reported of a claim, whose first test has this number. What is shown was taken again on the
/// model, and judged again.
fn report<S: Space>(
    space: &mut S,
    claim: &ClaimOf<S>,
    test: usize,
    finding: Finding,
) -> Result<PropertyReport<S::State, S::Action>, Refusal> {
    let may_end = claim.kind.needs_fairness() || claim.kind == PropertyKind::DeadlockFree;
    let replay = |space: &mut S, path: &Path| match space.replay(path) {
        Ok(run) if may_end && run.repeats_from.is_none() => Ok(space.finish(run)),
        Ok(run) => Ok(run),
        Err(failure) => Err(Refusal::from(space.why_not_replayed(path, failure))),
    };
    let (mut witness, mut shortest) = (None, true);
    let verdict = match finding {
        Finding::Violated { evidence, is_shortest } => {
            shortest = is_shortest;
            Verdict::Violated(match evidence {
                Evidence::Nothing => None,
                Evidence::Path(path) => Some(replay(space, &path)?),
                Evidence::Lasso(lasso) => {
                    let run = space.replay_lasso(&lasso);
                    Some(run.map_err(ModelError::from)?)
                }
                Evidence::StepAfter(path) => {
                    let mut run = replay(space, &path)?;
                    let step = match &claim.says {
                        Predicate::OfSteps(test) => space.breaking_step(run.end(), test),
                        Predicate::OfStates { .. } => None,
                    };
                    let changes = || ModelError::ConditionChanges { property: claim.name.clone() };
                    run.steps.push(step.ok_or_else(changes)?);
                    Some(run)
                }
            })
        }
        Finding::Witnessed(path) => {
            witness = Some(replay(space, &path)?);
            Verdict::Holds
        }
        Finding::Satisfied => Verdict::Holds,
        Finding::Vacuous => Verdict::Vacuous,
        Finding::Unknown => Verdict::Incomplete,
    };
    if let Some(run) = witness.as_ref().or(verdict.counterexample())
        && let Predicate::OfStates { condition, premise } = &claim.says
        && !shows(space, claim.kind, run, condition, premise.as_ref())
    {
        let changes = || ModelError::ConditionChanges { property: claim.name.clone() }.into();
        return Err(space.objection_to_test(test).map_or_else(changes, Refusal::Reduction));
    }
    let (name, kind, is_shortest) = (claim.name.clone(), claim.kind, shortest);
    Ok(PropertyReport { name, kind, verdict, witness, is_shortest })
}

/// Whether a run shows that a property is violated, or, for `Sometimes`, fulfilled: the conditions,
/// judged again on its states, say so. That paths end where it ends, that its loop is fair, or that
/// nothing else can be reached, is not judged again.
fn shows<S: Space>(
    space: &S,
    kind: PropertyKind,
    run: &Counterexample<S::State, S::Action>,
    condition: &S::Test,
    premise: Option<&S::Test>,
) -> bool {
    let states: Vec<&S::State> =
        std::iter::once(&run.start).chain(run.steps.iter().map(|(_, state)| state)).collect();
    let asked = |at: usize| premise.is_none_or(|premise| space.passes(states[at], premise));
    let good = |at: usize| space.passes(states[at], condition);
    let end = states.len() - 1;
    // Where the goal was met last.
    let unmet_from =
        |from: usize| (from..=end).rev().find(|&at| good(at)).map_or(from, |at| at + 1);
    match kind {
        PropertyKind::Always | PropertyKind::NeverStuck | PropertyKind::DeadlockFree => {
            asked(end) && !good(end)
        }
        PropertyKind::Sometimes => asked(end) && good(end),
        PropertyKind::Eventually => asked(0) && unmet_from(0) == 0,
        PropertyKind::LeadsTo => (unmet_from(0)..=end).any(asked),
        PropertyKind::AlwaysEventually => {
            unmet_from(0) <= run.repeats_from.unwrap_or(end) && (0..=end).any(asked)
        }
        PropertyKind::AlwaysStep => true,
    }
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
    Satisfied,
    Violated { evidence: Evidence, is_shortest: bool },
    Witnessed(Path),
    Vacuous,
    Unknown,
}

/// What shows a violation.
enum Evidence {
    /// That nothing was reached.
    Nothing,
    Path(Path),
    /// A path that goes on for ever among unfolded states.
    Lasso(UnfoldedLasso),
    /// A step out of the last state of the path.
    StepAfter(Path),
}

impl Finding {
    fn violated(evidence: Evidence) -> Self {
        Finding::Violated { evidence, is_shortest: true }
    }
}

fn find<S: Space>(
    space: &mut S,
    record: &Record,
    exploration: &Exploration,
    asked: &Asked<'_>,
    budget: &AnalysisBudget<'_>,
) -> Finding {
    let &Asked { kind, condition, premise } = asked;
    let finding = match Obligation::of(kind, condition, premise) {
        Some(obligation) => judge(space, record, exploration, &obligation, budget),
        None => judge_states(space, record, exploration, asked, budget),
    };
    let complete = exploration.completeness == Completeness::Complete;
    let is_kept = |finding: &Finding| {
        matches!(
            finding,
            Finding::Satisfied | Finding::Violated { evidence: Evidence::Nothing, .. }
        )
    };
    match finding {
        Err(_) => Finding::Unknown,
        Ok(finding) if is_kept(&finding) && !complete => Finding::Unknown,
        Ok(finding) if is_kept(&finding) && !asked.is_made_anywhere(exploration) => {
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
        Some(state) => {
            let path = Path::to(state, |state| space.parent(state));
            Finding::violated(Evidence::StepAfter(path))
        }
        None if exploration.completeness != Completeness::Complete => Finding::Unknown,
        None if asked.is_empty() => Finding::Vacuous,
        None => Finding::Satisfied,
    }
}

/// Decides whether every fair path meets an obligation.
fn judge<S: Space>(
    space: &mut S,
    record: &Record,
    exploration: &Exploration,
    obligation: &Obligation<'_>,
    budget: &AnalysisBudget<'_>,
) -> Result<Finding, Limit> {
    let Some(edges) = &record.edges else { return Ok(Finding::Unknown) };
    let constraints = space.constraints();
    let graph = graph(edges, record, space.len(), exploration, &constraints);
    let pending = PendingObligation::find(&graph, obligation, &Sound, budget)?;
    let violation = if space.is_quotient() {
        let unfolded = pending.looping(&graph, budget).and_then(|looping| {
            let unfolded = space.unfold(&pending.states(&looping), budget)?;
            Ok(unfolded.map(|unfolded| (looping, unfolded)))
        });
        let Some(unfolded) = unfolded.transpose() else { return Ok(Finding::Unknown) };
        let (parent, constraints) = (|state| space.parent(state), space.constraints());
        pending.violation_unfolded(unfolded, &constraints, parent, budget)
    } else {
        pending.violation(&graph, |state| space.parent(state), &Sound, budget)
    };
    match violation {
        Ok(Some(Violation { run: Run::Path(path), is_shortest })) => {
            Ok(Finding::Violated { evidence: Evidence::Path(path), is_shortest })
        }
        Ok(Some(Violation { run: Run::Lasso(lasso), is_shortest })) => {
            Ok(Finding::Violated { evidence: Evidence::Lasso(lasso), is_shortest })
        }
        Ok(None) => Ok(Finding::Satisfied),
        Err(Undecided::Stopped(limit)) => Err(limit),
        Err(contradiction @ Undecided::Contradiction) => panic!("{contradiction}"),
    }
}

/// Decides what is not about fair paths.
fn judge_states<S: Space>(
    space: &S,
    record: &Record,
    exploration: &Exploration,
    &Asked { kind, condition, premise }: &Asked<'_>,
    budget: &AnalysisBudget<'_>,
) -> Result<Finding, Limit> {
    let asked = |state: &u32| premise.is_none_or(|premise| premise.get(*state));
    let good = |state: &u32| condition.get(*state);
    let path_to = |state| Path::to(state, |state| space.parent(state));
    let violated_at = |state: Option<u32>| match state {
        Some(state) => Finding::violated(Evidence::Path(path_to(state))),
        None => Finding::Satisfied,
    };
    let states = 0..space.len();
    Ok(match kind {
        PropertyKind::Always => violated_at(states.filter(asked).find(|state| !good(state))),
        PropertyKind::DeadlockFree => {
            let mut ends = record.ends.ones().map(|end| end as u32).filter(asked);
            violated_at(ends.find(|end| !good(end)))
        }
        PropertyKind::Sometimes => match states.filter(asked).find(good) {
            Some(state) => Finding::Witnessed(path_to(state)),
            None => Finding::violated(Evidence::Nothing),
        },
        PropertyKind::NeverStuck => {
            let Some(edges) = &record.edges else { return Ok(Finding::Unknown) };
            let graph = graph(edges, record, space.len(), exploration, &[]);
            violated_at(first_stuck(&graph, premise, condition, budget)?)
        }
        PropertyKind::Eventually | PropertyKind::LeadsTo | PropertyKind::AlwaysEventually => {
            unreachable!("it is an obligation")
        }
        PropertyKind::AlwaysStep => unreachable!("steps are judged by their own marks"),
    })
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
