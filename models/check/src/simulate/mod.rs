//! Random walks, for spaces too large to finish.
//!
//! A walk starts in an initial state and takes one possible step after the other, drawn from a seed,
//! so the same seed walks the same way. Faults are drawn more often than their number would have it,
//! because that is where protocols break. What a walk finds is a real path of the model: it is taken
//! again before it is shown, without the detours that come back to where they began. What it does not
//! find proves nothing, so nothing ever *holds* here, except that something can be reached.

pub(crate) mod steppers;

use std::time::Duration;

use crate::limits::Limits;
use crate::limits::stopwatch::Stopwatch;
use crate::product::Fairness;
use crate::property::PropertyKind;
use crate::property::internal::InternalProperty;
use crate::property::internal::Predicate;
use crate::property::internal::tell_apart;
use crate::report::verdict::{Counterexample, PropertyReport, Verdict};

/// How to walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simulation {
    /// What all choices are drawn from.
    pub seed: u64,
    /// How many walks there are.
    pub walks: u64,
    /// After how many steps a walk is given up.
    pub depth: u32,
    /// In how many of 100 steps a fault is drawn, if one is possible and something else is too.
    /// Faults are the actions without fairness. `None` draws from all steps alike.
    pub faults: Option<u8>,
}

impl Default for Simulation {
    fn default() -> Self {
        Simulation { seed: 0, walks: 1_000, depth: 1_000, faults: Some(20) }
    }
}

/// What random walks found.
#[derive(Clone, Debug)]
pub struct Simulated<State, Action> {
    /// Walks taken.
    pub walks: u64,
    /// Steps taken, in all walks together.
    pub steps: u64,
    /// Wall-clock time.
    pub elapsed: Duration,
    /// One entry per property: violated, [incomplete](Verdict::Incomplete), or for `Sometimes`
    /// perhaps reached.
    pub properties: Vec<PropertyReport<State, Action>>,
}

impl<State, Action> Simulated<State, Action> {
    /// The same of states and actions as they are called elsewhere.
    pub(crate) fn map<S, A>(
        &self,
        state: &impl Fn(&State) -> S,
        action: &impl Fn(&Action) -> A,
    ) -> Simulated<S, A> {
        Simulated {
            walks: self.walks,
            steps: self.steps,
            elapsed: self.elapsed,
            properties: self.properties.iter().map(|found| found.map(state, action)).collect(),
        }
    }
}

/// A model that one can walk through.
pub(crate) trait Walkable {
    type State: PartialEq;
    type Action;
    type Test;
    type StepTest;

    fn starts(&self) -> Vec<Self::State>;
    fn steps(&self, state: &Self::State) -> Vec<(Self::Action, Self::State)>;
    fn passes(&self, state: &Self::State, test: &Self::Test) -> bool;
    fn breaks(
        &self,
        before: &Self::State,
        action: &Self::Action,
        after: &Self::State,
        test: &Self::StepTest,
    ) -> bool;
    fn fairness(&self, action: &Self::Action) -> Fairness;
}

/// A property of a model that one can walk through.
type ClaimOf<W> = InternalProperty<<W as Walkable>::Test, <W as Walkable>::StepTest>;

/// Takes random walks and judges what they came by.
pub(crate) fn simulate<W: Walkable>(
    model: &W,
    claims: &[ClaimOf<W>],
    simulation: Simulation,
    limits: &Limits<'_>,
) -> Simulated<W::State, W::Action> {
    if let Err(error) = tell_apart(claims.iter().map(|claim| claim.name.as_str())) {
        panic!("{error}");
    }
    let clock = Stopwatch::start();
    let mut draw = Draw(simulation.seed);
    let mut found: Vec<Option<Counterexample<W::State, W::Action>>> =
        claims.iter().map(|_| None).collect();
    let (mut walks, mut steps) = (0, 0);
    while walks < simulation.walks
        && !limits.interrupted()
        && limits.time.is_none_or(|time| clock.elapsed() < time)
        && found.iter().any(Option::is_none)
    {
        let mut watch = Watch::new(claims);
        let choices = walk(model, simulation, &mut draw, |seen, at| match seen {
            Seen::State(state, is_end) => watch.see(model, claims, state, at, is_end),
            Seen::Step(before, action, after) => {
                watch.see_step(model, claims, (before, action, after), at);
            }
        });
        walks += 1;
        steps += choices.len().saturating_sub(1) as u64;
        for ((found, end), claim) in found.iter_mut().zip(watch.decided).zip(claims) {
            if let Some(length) = end.filter(|_| found.is_none()) {
                let mut path = take_again(model, &choices[..=length]);
                // The step itself is what it is about, wherever it leads.
                let step = match claim.kind {
                    PropertyKind::AlwaysStep => path.steps.pop(),
                    _ => None,
                };
                path = straighten(path);
                path.steps.extend(step);
                *found = Some(path);
            }
        }
    }
    let properties = claims.iter().zip(found).map(|(claim, found)| {
        let reached = claim.kind == PropertyKind::Sometimes;
        let (verdict, witness) = match found {
            Some(path) if reached => (Verdict::Holds, Some(path)),
            Some(path) => (Verdict::Violated(Some(path)), None),
            None => (Verdict::Incomplete, None),
        };
        let (name, kind) = (claim.name.clone(), claim.kind);
        PropertyReport { name, kind, verdict, witness, is_shortest: false }
    });
    Simulated { walks, steps, elapsed: clock.elapsed(), properties: properties.collect() }
}

/// What a walk comes by.
enum Seen<'w, W: Walkable> {
    /// A state, and whether paths end there.
    State(&'w W::State, bool),
    /// A step.
    Step(&'w W::State, &'w W::Action, &'w W::State),
}

/// Takes one walk. Tells what it comes by, and after how many steps. Returns the choices made: of the initial state, and then of each step.
fn walk<W: Walkable>(
    model: &W,
    simulation: Simulation,
    draw: &mut Draw,
    mut see: impl FnMut(Seen<'_, W>, usize),
) -> Vec<usize> {
    let mut starts = model.starts();
    if starts.is_empty() {
        return Vec::new();
    }
    let mut choices = vec![draw.below(starts.len())];
    let mut state = starts.swap_remove(choices[0]);
    loop {
        let mut steps = model.steps(&state);
        see(Seen::State(&state, steps.is_empty()), choices.len() - 1);
        if steps.is_empty() || choices.len() > simulation.depth as usize {
            return choices;
        }
        let is_fault = |step: &(W::Action, W::State)| model.fairness(&step.0) == Fairness::None;
        let faults: Vec<usize> = (0..steps.len()).filter(|&at| is_fault(&steps[at])).collect();
        let choice = match simulation.faults {
            Some(percent) if !faults.is_empty() && faults.len() < steps.len() => {
                if draw.below(100) < usize::from(percent) {
                    faults[draw.below(faults.len())]
                } else {
                    let at = draw.below(steps.len() - faults.len());
                    (0..steps.len()).filter(|at| !faults.contains(at)).nth(at).unwrap_or(0)
                }
            }
            _ => draw.below(steps.len()),
        };
        choices.push(choice);
        let (action, next) = steps.swap_remove(choice);
        see(Seen::Step(&state, &action, &next), choices.len() - 1);
        state = next;
    }
}

/// Makes the same choices again.
fn take_again<W: Walkable>(model: &W, choices: &[usize]) -> Counterexample<W::State, W::Action> {
    let start = model.starts().swap_remove(choices[0]);
    let mut steps: Vec<(W::Action, W::State)> = Vec::with_capacity(choices.len());
    for &choice in &choices[1..] {
        let state = steps.last().map_or(&start, |(_, state)| state);
        steps.push(model.steps(state).swap_remove(choice));
    }
    Counterexample { start, steps, repeats_from: None }
}

/// Leaves out every detour that comes back to where it began.
fn straighten<State: PartialEq, Action>(
    path: Counterexample<State, Action>,
) -> Counterexample<State, Action> {
    let Counterexample { start, steps, .. } = path;
    let mut kept: Vec<(Action, State)> = Vec::new();
    for (action, state) in steps {
        if state == start {
            kept.clear();
        } else if let Some(at) = kept.iter().position(|(_, earlier)| *earlier == state) {
            kept.truncate(at + 1);
        } else {
            kept.push((action, state));
        }
    }
    Counterexample { start, steps: kept, repeats_from: None }
}

/// What one walk means to each claim.
struct Watch {
    /// Whether the condition is owed.
    owed: Vec<bool>,
    /// After how many steps the claim was decided: violated, or reached.
    decided: Vec<Option<usize>>,
}

impl Watch {
    fn new<T, U>(claims: &[InternalProperty<T, U>]) -> Self {
        Watch { owed: vec![false; claims.len()], decided: vec![None; claims.len()] }
    }

    fn see<W: Walkable>(
        &mut self,
        model: &W,
        claims: &[ClaimOf<W>],
        state: &W::State,
        at: usize,
        is_end: bool,
    ) {
        for (number, claim) in claims.iter().enumerate() {
            let Predicate::OfStates { condition, premise } = &claim.says else { continue };
            if self.decided[number].is_some() {
                continue;
            }
            let asked = premise.as_ref().is_none_or(|premise| model.passes(state, premise));
            let good = model.passes(state, condition);
            let owed = &mut self.owed[number];
            let decided = match claim.kind {
                PropertyKind::Always => asked && !good,
                PropertyKind::Sometimes => asked && good,
                // From an end nothing else can be reached, so it is stuck unless it is the goal.
                PropertyKind::DeadlockFree | PropertyKind::NeverStuck => is_end && asked && !good,
                PropertyKind::AlwaysStep => false,
                PropertyKind::Eventually => {
                    *owed = (*owed || at == 0 && asked) && !good;
                    is_end && *owed
                }
                PropertyKind::LeadsTo => {
                    *owed = (*owed || asked) && !good;
                    is_end && *owed
                }
                PropertyKind::AlwaysEventually => {
                    *owed |= asked;
                    is_end && *owed && !good
                }
            };
            if decided {
                self.decided[number] = Some(at);
            }
        }
    }
}

impl Watch {
    fn see_step<W: Walkable>(
        &mut self,
        model: &W,
        claims: &[ClaimOf<W>],
        (before, action, after): (&W::State, &W::Action, &W::State),
        at: usize,
    ) {
        for (decided, claim) in self.decided.iter_mut().zip(claims) {
            if let Predicate::OfSteps(test) = &claim.says
                && decided.is_none()
                && model.breaks(before, action, after, test)
            {
                *decided = Some(at);
            }
        }
    }
}

/// Numbers drawn from a seed: SplitMix64 (Steele, Lea, Flood 2014).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        ((u128::from(mixed) * bound as u128) >> 64) as usize
    }
}
