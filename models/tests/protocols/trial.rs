//! How the tests of a protocol put it on trial.
//!
//! A protocol's tests list its wrong choices, each as a [`Case`]: a workflow that makes the choice
//! under the least that exposes it, and the property that names what breaks. What must be true of all
//! cases of all protocols is here.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use amends_models::check::{Counterexample, Reduction, ReductionReport, Report, Verdict};
use amends_models::protocols::{AnySystem, Design, Protocol};
use amends_models::system::Granularity;
use amends_models::workflow::{Fault, FaultBudget};
use stateright::{Checker, Model};

/// The word of each verdict, by property.
pub(crate) type Verdicts = BTreeMap<String, &'static str>;

/// A wrong choice.
#[derive(Clone)]
pub(crate) struct Case {
    /// What is wrong, in words.
    pub(crate) name: &'static str,
    /// Who makes the choice, under the faults that expose it.
    pub(crate) design: Design,
    /// The property that names the anomaly.
    pub(crate) breaks: &'static str,
}

impl Case {
    pub(crate) fn new(
        name: &'static str,
        design: Design,
        protocol: Protocol,
        breaks: &'static str,
    ) -> Case {
        Case { name, design: design.with_protocol(protocol), breaks }
    }

    /// Whether it is about processes that never return, against which no choice helps.
    pub(crate) fn halts(&self) -> bool {
        self.design.workflow().faults().total(Fault::Halt) > 0
    }
}

/// So many faults of each kind, anywhere.
pub(crate) fn faults(spent: &[(Fault, u8)]) -> FaultBudget {
    spent.iter().fold(FaultBudget::none(), |budget, &(fault, count)| budget.allow(fault, count))
}

/// What is found about the workflow over its complete space.
pub(crate) fn verdicts(design: &Design) -> Verdicts {
    verdicts_at(design, Granularity::PerInput)
}

fn verdicts_at(design: &Design, granularity: Granularity) -> Verdicts {
    let report = design.system().with_granularity(granularity).verify().run();
    assert!(report.is_complete());
    report.properties.iter().map(|p| (p.name.clone(), p.verdict.word())).collect()
}

/// Every property of the workflow holds, and has something to say.
#[track_caller]
pub(crate) fn assert_all_hold(design: &Design) {
    let verdicts = verdicts(design);
    assert!(verdicts.values().all(|&verdict| verdict == "holds"), "{verdicts:?}");
}

/// No property of the workflow is violated.
#[track_caller]
pub(crate) fn assert_harmless(name: &str, design: &Design) {
    for (property, verdict) in verdicts(design) {
        assert_ne!(verdict, "violated", "{name}: {property}");
    }
}

/// Each wrong choice breaks the property that names the anomaly.
#[track_caller]
pub(crate) fn assert_each_breaks(cases: &[Case]) {
    for Case { name, design, breaks } in cases {
        let verdicts = verdicts(design);
        assert_eq!(verdicts[*breaks], "violated", "{name}: {verdicts:?}");
    }
}

/// With one transition per effect, the verdicts are the same as with one per input.
#[track_caller]
pub(crate) fn assert_granularity_makes_no_difference(cases: &[Case]) {
    for Case { name, design, .. } in cases {
        let fine = verdicts_at(design, Granularity::PerEffect);
        assert_eq!(verdicts(design), fine, "{name}");
    }
}

/// Stateright's own search finds the same states and transitions, and no property violated.
#[track_caller]
pub(crate) fn assert_stateright_agrees(design: &Design) {
    let ours = design.system().verify().symmetry(false).run();
    let theirs = design.system().into_model().checker().spawn_bfs().join();
    assert_eq!(ours.states, theirs.unique_state_count() as u64);
    // Stateright counts initial states among the generated ones.
    assert_eq!(ours.transitions + 1, theirs.state_count() as u64);
    theirs.assert_properties();
}

/// The shortest counterexample of each case, as a story.
pub(crate) fn stories(cases: &[Case]) -> String {
    let mut told = String::new();
    for Case { name, design, breaks } in cases {
        let system = design.system();
        let report = system.verify().run();
        let found = report.property(breaks).expect("the property is checked");
        let run = found.verdict.counterexample().expect("the property is violated");
        let _ = writeln!(told, "== {name}: {breaks}\n{}", system.story(run));
    }
    told
}

/// With more states than this, a case is too large to be explored in full as well.
const COMPARED: u64 = 60_000;

/// What it makes of each case, for two workflows, that they are interchangeable. The verdicts are the
/// same as with every state explored, the counterexamples as long, and any number of threads finds the
/// same.
#[track_caller]
pub(crate) fn symmetry(cases: &[Case]) -> String {
    let mut told = String::new();
    for Case { name, design, .. } in cases {
        let found = compare_symmetry(name, &*design.clone().with_instances(2).system());
        let _ = writeln!(told, "{name}: {found}");
    }
    told
}

fn compare_symmetry(name: &str, system: &dyn AnySystem) -> String {
    let full = system.verify().symmetry(false).max_states(COMPARED).run();
    if !full.is_complete() {
        return String::from("too large to compare");
    }
    let reduced = system.verify().threads(1).run();
    let length = |verdict: &Verdict<_, _>| {
        let path: Option<&Counterexample<_, _>> = verdict.counterexample();
        path.map(|path| path.steps.len())
    };
    for (one, other) in reduced.properties.iter().zip(&full.properties) {
        let property = &one.name;
        assert_eq!(one.verdict.word(), other.verdict.word(), "{name}: {property}");
        assert_eq!(length(&one.verdict), length(&other.verdict), "{name}: {property}");
    }
    let shared = system.verify().threads(2).run();
    let counts = |report: &Report<_, _>| (report.states, report.transitions, report.depth);
    assert_eq!(counts(&reduced), counts(&shared), "{name}");
    for (one, other) in reduced.properties.iter().zip(&shared.properties) {
        let paths = (one.verdict.counterexample(), other.verdict.counterexample());
        assert!(paths.0 == paths.1, "{name}: {}", one.name);
    }
    match reduced.reductions.first().map(|used| &used.refused) {
        Some(None) => format!("{} of {} states", reduced.states, full.states),
        Some(Some(reason)) => format!("refused, {reason}"),
        None => String::from("nothing is interchangeable"),
    }
}

/// What it makes of each case, for one workflow and for two, that messages are left out which nobody
/// will ever heed. The verdicts are the same as with all of them, with and without symmetry, and no
/// counterexample is shorter than it can be. Any that is longer is mentioned.
#[track_caller]
pub(crate) fn stale_messages(cases: &[Case]) -> String {
    let mut told = String::new();
    for Case { name, design, .. } in cases {
        let one = compare_stale_messages(name, &*design.system());
        let two = compare_stale_messages(name, &*design.clone().with_instances(2).system());
        let _ = writeln!(told, "{name}: {one}; twice: {two}");
    }
    told
}

fn compare_stale_messages(name: &str, system: &dyn AnySystem) -> String {
    let full = system.verify().symmetry(false).max_states(COMPARED).run();
    if !full.is_complete() {
        return String::from("too large to compare");
    }
    let mut longer = String::new();
    for symmetry in [false, true] {
        let reduced = system.verify().stale_messages(true).symmetry(symmetry).run();
        for (one, other) in reduced.properties.iter().zip(&full.properties) {
            let property = &one.name;
            assert_eq!(one.verdict.word(), other.verdict.word(), "{name}: {property}");
            let paths = (one.verdict.counterexample(), other.verdict.counterexample());
            if let (Some(path), Some(shortest)) = paths {
                let (found, least) = (path.steps.len(), shortest.steps.len());
                assert!(least <= found, "{name}: {property}: {found} < {least}");
                if least < found && !symmetry {
                    let _ = write!(longer, ", {property} in {found} steps, not {least}");
                }
            }
        }
    }
    let reduced = system.verify().stale_messages(true).symmetry(false).run();
    let stale = |report: &&ReductionReport| report.reduction == Reduction::StaleMessages;
    match reduced.reductions.iter().find(stale).map(|used| &used.refused) {
        Some(None) => format!("{} of {} states{longer}", reduced.states, full.states),
        Some(Some(reason)) => format!("refused, {reason}"),
        None => String::from("nothing is stale"),
    }
}
