//! Checking a spec: from its workflow to a report.
//!
//! The workflow becomes a system under its fault budget, the checker explores it, and what it found
//! is put into words. What the words are made of is in [`bounds`] and [`meaning`]; how they are shown
//! is the business of [`crate::report`].

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use amends_models::check::{
    self, Opaque, OpaqueRun, Progress, PropertyReport, Reduction, ReductionReport, Report,
    Simulation,
};
use amends_models::protocols::{AnyProtocol, AnySystem, Design};
use amends_models::workflow::Fault;
use amends_models::workflow::builder::Place;
use amends_models::workflow::suggestion::suggestion;
use memory_stats::memory_stats;
use miette::Diagnostic;
use sha2::{Digest, Sha256};
use stateright::Model;

use crate::report::{
    CheckReport, CounterexampleReport, Expectation, Extent, Finding, Origin, Position, Verdict,
};
use crate::spec::{self, Spec, SpecError};
use amends_trace::record;

pub mod assumptions;
mod blame;
pub mod bounds;
pub mod growth;
pub mod meaning;

/// What the checker reports about a system.
type SystemReport = Report<Vec<Opaque>, Opaque>;

/// What it reports about one property.
type SystemFinding = PropertyReport<Vec<Opaque>, Opaque>;

/// How far to search, and for what.
#[derive(Clone, Debug, Default)]
pub struct CheckOptions {
    /// The properties to check, by name; all of them, if empty.
    pub properties: Vec<String>,
    /// Stop after this many states.
    pub max_states: Option<u64>,
    /// Stop when the process holds this many bytes of memory (where the system does not tell: when
    /// the tables of the search do).
    pub max_memory: Option<u64>,
    /// Stop after this time.
    pub timeout: Option<Duration>,
    /// Search with so many threads; as many as the machine has, if `None`. The result is the same for
    /// any number.
    pub threads: Option<NonZeroUsize>,
    /// Explore every state, also those that differ only in the numbers of interchangeable workflows,
    /// or in messages that nobody will ever heed. The verdicts are the same.
    pub every_state: bool,
    /// Stop soon after this turns true.
    pub interrupt: Option<Arc<AtomicBool>>,
    /// Stop at the first violation of a property that is not expected to be violated. What is not known
    /// by then is incomplete.
    pub fail_fast: bool,
    /// Take random walks instead of searching. Of the limits, the time and the interruption apply.
    pub simulation: Option<Simulation>,
}

/// Why a spec was not checked.
#[derive(Clone, Debug, thiserror::Error, Diagnostic)]
pub enum CheckError {
    /// A property was asked for that the spec does not have.
    #[error("`{spec}` has no property named `{property}`")]
    UnknownProperty {
        /// The spec.
        spec: String,
        /// What was asked for.
        property: String,
        /// What may have been meant.
        #[help]
        help: String,
    },
    /// The business of the spec has no result somewhere: its numbers overflow, or it divides by zero.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Undefined(Arc<SpecError>),
}

/// Explores every behaviour of the spec's workflow under its fault budget and reports on its
/// properties. `watch` is told about ten times a second how far the search has come.
///
/// ```
/// use amends::check::{CheckOptions, check_spec};
///
/// let spec = amends::spec::parse(
///     "order.toml",
///     r#"
///         name     = "order"
///         protocol = "saga"
///
///         [services.inventory]
///         stock = 1
///
///         [[step]]
///         name    = "reserve-stock"
///         service = "inventory"
///         when    = "stock >= 1"
///         do      = "stock -= 1"
///         undo    = "stock += 1"
///
///         [faults]
///         crash = 1
///     "#,
/// )?;
/// let report = check_spec(&spec, &CheckOptions::default(), |_| {})?;
/// assert!(report.is_complete());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When a property is asked for that the spec does not have, or the arithmetic of the spec has no
/// result in some reachable state.
pub fn check_spec<P: AnyProtocol>(
    spec: &Spec<P>,
    options: &CheckOptions,
    mut watch: impl FnMut(&Progress) + Send,
) -> Result<CheckReport, CheckError> {
    let system = &*spec.design.system();
    let known = system.property_names();
    if let Some(name) = options.properties.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(CheckError::UnknownProperty {
            spec: spec.design.workflow().name().to_owned(),
            property: name.clone(),
            help: suggestion(name, &known),
        });
    }
    let asked_for = |name: &str| {
        options.properties.is_empty() || options.properties.iter().any(|it| it == name)
    };
    let reduces = !options.every_state;
    let mut verification = system
        .verify_some(&asked_for)
        .symmetry(reduces)
        .stale_messages(reduces)
        .progress(&mut watch);
    if let Some(states) = options.max_states {
        verification = verification.max_states(states);
    }
    if let Some(bytes) = options.max_memory {
        verification = verification.max_memory(bytes);
        if memory_stats().is_some() {
            verification = verification.memory_gauge(resident_memory);
        }
    }
    if let Some(time) = options.timeout {
        verification = verification.timeout(time);
    }
    if let Some(threads) = options.threads {
        verification = verification.threads(threads.get());
    }
    if let Some(flag) = &options.interrupt {
        verification = verification.interrupt(Arc::clone(flag));
    }
    if options.fail_fast {
        let expected = |name: &str| spec.expect.get(name) == Some(&spec::Expectation::Violated);
        verification = verification.stop_at_violation(move |name| !expected(name));
    }
    if let Some(simulation) = options.simulation {
        let walked = verification.simulate(simulation);
        let extent = Extent::Walked {
            seed: simulation.seed,
            walks: walked.walks,
            steps: walked.steps,
            depth: simulation.depth,
        };
        return build_report(spec, system, extent, walked.elapsed, walked.properties);
    }
    let report = verification.run();
    let extent = Extent::Searched {
        states: report.states,
        transitions: report.transitions,
        depth: report.depth,
        completeness: report.completeness.clone(),
    };
    let short: Vec<String> = report.properties.iter().filter_map(short_loop).collect();
    let occurred = report.is_complete().then(|| occurred_faults(system, &report));
    let built = build_report(spec, system, extent, report.elapsed, report.properties)?;
    let never_happened = occurred
        .map_or_else(Vec::new, |faults| bounds::unspent(spec.design.workflow().faults(), &faults));
    let mut notes: Vec<String> = report.reductions.iter().map(describe_reduction).collect();
    notes.extend(short);
    Ok(CheckReport { never_happened, notes, reductions: report.reductions, ..built })
}

/// The first place found where the arithmetic of the spec has no result.
fn undefined<P: AnyProtocol>(
    spec: &Spec<P>,
    system: &dyn AnySystem,
    found: &[SystemFinding],
) -> Option<SpecError> {
    let run = found.iter().find(|found| found.name == "well-defined")?.verdict.counterexample()?;
    let defect = system.defect(run)?;
    let span = spec.places.span(spec.source.text(), &defect.place, None);
    let help = format!(
        "it happens after {} transitions, in {}; keep the numbers smaller, or guard the step with \
         `when`",
        run.steps.len(),
        defect.change
    );
    Some(spec.source.error(defect.error.to_string(), span, Some(help)))
}

/// The first property found whose arithmetic has no result.
fn without_value<P: AnyProtocol>(
    spec: &Spec<P>,
    system: &dyn AnySystem,
    found: &[SystemFinding],
) -> Option<SpecError> {
    found.iter().find_map(|found| {
        let stated =
            spec.design.workflow().properties().iter().position(|it| it.name == found.name)?;
        let run = found.verdict.counterexample()?;
        let remark = system.remark(&found.name, run)?;
        let span = spec.places.span(spec.source.text(), &Place::Property(stated), None);
        let help = format!(
            "it happens after {} transitions; keep the numbers smaller, or say with `given` when \
             the property has a meaning",
            run.steps.len()
        );
        Some(spec.source.error(remark, span, Some(help)))
    })
}

/// Serves Stateright's Explorer for the workflow's system at `address`, for as long as the process
/// lives.
///
/// # Panics
/// If the address cannot be listened at; the Explorer has no other way to say so.
pub fn serve<P: AnyProtocol>(design: &Design<P>, address: SocketAddr) {
    design.system().into_model().checker().serve(address);
}

fn resident_memory() -> u64 {
    memory_stats().map_or(0, |memory| memory.physical_mem as u64)
}

/// Says that a loop is a short one, where the search for a shortest was given up.
fn short_loop(found: &SystemFinding) -> Option<String> {
    let name = &found.name;
    (!found.is_shortest).then(|| {
        format!("the run that violates {name} ends in a short loop; there may be a shorter")
    })
}

/// The findings as a report.
///
/// # Errors
/// When the arithmetic of the spec has no result somewhere.
fn build_report<P: AnyProtocol>(
    spec: &Spec<P>,
    system: &dyn AnySystem,
    extent: Extent,
    elapsed: Duration,
    found: Vec<SystemFinding>,
) -> Result<CheckReport, CheckError> {
    let defect = undefined(spec, system, &found).or_else(|| without_value(spec, system, &found));
    if let Some(error) = defect {
        return Err(CheckError::Undefined(Arc::new(error)));
    }
    let workflow = spec.design.workflow();
    let properties: Vec<Finding> =
        found.into_iter().map(|found| finding(spec, system, found)).collect();
    Ok(CheckReport {
        spec: workflow.name().to_owned(),
        file: Some(PathBuf::from(spec.source.name())),
        subject: bounds::subject(&spec.design),
        bounds: bounds::in_words(workflow.faults()),
        extent,
        elapsed,
        reductions: Vec::new(),
        assumptions: assumptions::of_world(workflow.faults()),
        harmless: assumptions::harmless_choices(&spec.design, &properties),
        choices: spec::choices(&spec.design),
        digest: digest(spec.source.text()),
        properties,
        never_happened: Vec::new(),
        notes: Vec::new(),
    })
}

/// The SHA-256 of a spec's text, in hexadecimal digits.
#[must_use]
pub fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What became of a reduction, in words.
fn describe_reduction(report: &ReductionReport) -> String {
    match (report.reduction, &report.refused) {
        (Reduction::Symmetry, None) => {
            "states that differ only in the numbers of workflows were explored once".to_owned()
        }
        (Reduction::Symmetry, Some(reason)) => {
            format!("workflows were not taken to be interchangeable: {reason}")
        }
        (Reduction::StaleMessages, None) => {
            "messages that their receivers will never heed were left out".to_owned()
        }
        (Reduction::StaleMessages, Some(reason)) => {
            format!("messages that nobody heeds were not left out: {reason}")
        }
    }
}

/// The kinds of faults that happened somewhere in the space.
fn occurred_faults(system: &dyn AnySystem, report: &SystemReport) -> Vec<Fault> {
    let taken = report.coverage.iter().filter(|(_, count)| *count > 0);
    taken.flat_map(|(action, _)| system.faults(action)).collect()
}

fn finding<P: AnyProtocol>(
    spec: &Spec<P>,
    system: &dyn AnySystem,
    found: SystemFinding,
) -> Finding {
    let stated = spec.design.workflow().properties().iter().position(|it| it.name == found.name);
    let verdict = match &found.verdict {
        check::Verdict::Holds => Verdict::Holds,
        check::Verdict::Violated(_) => Verdict::Violated,
        check::Verdict::Incomplete => Verdict::Incomplete,
        check::Verdict::Vacuous => Verdict::Vacuous,
    };
    Finding {
        meaning: match stated {
            Some(at) => meaning::stated(spec, at),
            None => meaning::built_in(spec, &found.name).map(str::to_owned),
        },
        claim: found.kind,
        origin: if stated.is_some() { Origin::Spec } else { Origin::Protocol },
        position: match stated {
            Some(at) => position(spec, &Place::PropertyName(at)),
            None if verdict == Verdict::Violated => {
                blame::place(spec, &found.name).and_then(|place| position(spec, &place))
            }
            None => None,
        },
        verdict,
        expectation: match spec.expect.get(&found.name) {
            None => Expectation::Unstated,
            Some(&expected) => Expectation::Exactly(expected.into()),
        },
        counterexample: found.verdict.counterexample().map(|run| counterexample(spec, system, run)),
        property: found.name,
    }
}

/// Where in its file the spec has that place.
fn position<P>(spec: &Spec<P>, place: &Place) -> Option<Position> {
    let span = spec.places.span(spec.source.text(), place, None)?;
    let (line, column) = spec.source.position(span.start);
    Some(Position { line, column })
}

fn counterexample<P: AnyProtocol>(
    spec: &Spec<P>,
    system: &dyn AnySystem,
    run: &OpaqueRun,
) -> CounterexampleReport {
    CounterexampleReport {
        steps: run.steps.iter().map(|(action, _)| system.describe(action)).collect(),
        repeats_from: run.repeats_from,
        story: system.story(run),
        recorded: record::counterexample::record_opaque(&spec.design, run),
    }
}

impl From<spec::Expectation> for Verdict {
    fn from(expected: spec::Expectation) -> Verdict {
        match expected {
            spec::Expectation::Holds => Verdict::Holds,
            spec::Expectation::Violated => Verdict::Violated,
            spec::Expectation::Incomplete => Verdict::Incomplete,
            spec::Expectation::Vacuous => Verdict::Vacuous,
        }
    }
}
