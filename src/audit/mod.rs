//! Auditing a spec: what would its properties miss?
//!
//! A spec whose properties hold says little if they would also hold of a wrong design. An audit breaks
//! the design on purpose, once for each mistake, and looks whether any property notices:
//!
//! - every [known failure](KnownFailure) of the protocol: a choice turned wrong, as implementers did;
//! - every step without its guard, without its changes or its compensation, or with a wrong number in
//!   one of them ([`mutation`]).
//!
//! This is mutation testing (DeMillo, Lipton and Sayward, *Hints on test data selection*, 1978) of
//! specifications. Each mistake is tried under the fewest faults with which it can do harm, and under the
//! spec's own budget. What no property notices is *unseen*; what changes no behaviour at all *has no
//! place* in the spec.

pub mod mutation;
mod probe;
pub mod report;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use amends_models::protocols::AnyProtocol;
use amends_models::system::KnownFailure;
use amends_models::workflow::{Fault, FaultBudget};
use indexmap::IndexMap;

use crate::check::{CheckError, CheckOptions, check_spec};
use crate::report::{Extent, Verdict};
use crate::spec::{Expectation, Setting, SettingError, Spec};

pub use probe::{Kind, Outcome, Probe};
pub use report::AuditReport;

use mutation::Mutation;

/// How far to look for each mistake.
#[derive(Clone, Debug)]
pub struct AuditOptions {
    /// Stop a search after this many states.
    pub max_states: u64,
    /// Stop a search after this time.
    pub timeout: Option<Duration>,
    /// Search with so many threads; as many as the machine has, if `None`.
    pub threads: Option<NonZeroUsize>,
    /// Stop soon after this turns true: what was not tried by then is undecided.
    pub interrupt: Option<Arc<AtomicBool>>,
}

impl Default for AuditOptions {
    fn default() -> Self {
        AuditOptions { max_states: 200_000, timeout: None, threads: None, interrupt: None }
    }
}

/// Tries every mistake on the spec, changed by `settings` first. `watch` is told what is tried next.
///
/// ```
/// use amends::audit::{AuditOptions, Outcome, audit_spec};
///
/// let spec = amends::spec::parse(
///     "order.toml",
///     r#"
///         name      = "order"
///         protocol  = "saga"
///         instances = 2
///         [services.inventory]
///         stock = 1
///         [[step]]
///         name    = "reserve"
///         service = "inventory"
///         when    = "stock >= 1"
///         do      = "stock -= 1"
///         undo    = "stock += 1"
///     "#,
/// )?;
/// let report = audit_spec(&spec, &[], &AuditOptions::default(), |_| {})?;
/// let guard = report.probes.iter().find(|probe| probe.title == "reserve without `when`");
/// // No property says that stock must not be negative.
/// assert!(matches!(guard.map(|probe| &probe.outcome), Some(Outcome::Unseen { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the spec itself cannot be checked.
pub fn audit_spec(
    spec: &Spec,
    settings: &[Setting],
    options: &AuditOptions,
    mut watch: impl FnMut(&str),
) -> Result<AuditReport, CheckError> {
    let mut audit = Audit { spec, settings, options, right: Vec::new() };
    audit.right(&World::of(spec))?;
    let mut probes = Vec::new();
    for failure in spec.design.protocol().known_failures() {
        watch(failure.anomaly);
        probes.push(audit.failure(&failure)?);
    }
    for mutation in mutation::all(spec) {
        watch(&mutation.title);
        probes.push(audit.mutation(&mutation)?);
    }
    Ok(AuditReport {
        spec: spec.design.workflow().name().to_owned(),
        file: spec.source.name().to_owned(),
        stated: spec.design.workflow().properties().iter().map(|it| it.name.clone()).collect(),
        probes,
    })
}

/// Why a mistake has no place that can be made.
const UNCHANGED: &str = "it changes no behaviour";

/// What was found of a design under a budget.
#[derive(Clone, Debug)]
struct Found {
    /// What is violated, and in how many steps.
    violated: Vec<(String, usize)>,
    size: (u64, u64),
    complete: bool,
}

struct Audit<'a> {
    spec: &'a Spec,
    settings: &'a [Setting],
    options: &'a AuditOptions,
    /// What is found of the spec as it is.
    right: Vec<(World, Found)>,
}

/// Where a design is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
struct World {
    instances: u32,
    faults: FaultBudget,
}

impl World {
    /// The world that the spec describes.
    fn of(spec: &Spec) -> World {
        let workflow = spec.design.workflow();
        World { instances: workflow.instances(), faults: workflow.faults().clone() }
    }
}

impl Audit<'_> {
    /// What is found of the spec as it is.
    fn right(&mut self, world: &World) -> Result<Found, CheckError> {
        if let Some((_, found)) = self.right.iter().find(|(known, _)| known == world) {
            return Ok(found.clone());
        }
        let found = self.check(self.spec.clone(), world, &[], false)?;
        self.right.push((world.clone(), found.clone()));
        Ok(found)
    }

    /// Checks a spec in that world. What is violated anyway (`known`) tells nothing of a mistake.
    fn check(
        &self,
        mut spec: Spec,
        world: &World,
        known: &[(String, usize)],
        fail_fast: bool,
    ) -> Result<Found, CheckError> {
        spec.design = spec.design.with_faults(world.faults.clone()).with_instances(world.instances);
        spec.expect = known
            .iter()
            .map(|(name, _)| (name.clone(), Expectation::Violated))
            .collect::<IndexMap<_, _>>();
        let options = CheckOptions {
            max_states: Some(self.options.max_states),
            timeout: self.options.timeout,
            threads: self.options.threads,
            interrupt: self.options.interrupt.clone(),
            fail_fast,
            ..CheckOptions::default()
        };
        let report = check_spec(&spec, &options, |_| {})?;
        let violated = report.properties.iter().filter(|it| it.verdict == Verdict::Violated);
        let violated = violated.map(|finding| {
            let steps = finding.counterexample.as_ref().map_or(0, |run| run.steps.len());
            (finding.property.clone(), steps)
        });
        let size = match report.extent {
            Extent::Searched { states, transitions, .. } => (states, transitions),
            Extent::Walked { .. } => (0, 0),
        };
        Ok(Found { violated: violated.collect(), size, complete: report.is_complete() })
    }

    fn failure(&mut self, failure: &KnownFailure) -> Result<Probe, CheckError> {
        let turned: Vec<Setting> =
            failure.choices.iter().map(|&(key, value)| Setting::new(key, value)).collect();
        let smallest = failure
            .faults
            .iter()
            .fold(FaultBudget::none(), |budget, &(fault, count)| budget.allow(fault, count));
        // One workflow is enough for most, and much faster.
        let all = self.spec.design.workflow().instances();
        let instances: &[u32] = if all == 1 { &[1] } else { &[1, all] };
        let world = |&instances: &u32| World { instances, faults: smallest.clone() };
        let worlds: Vec<World> = instances.iter().map(world).collect();
        let needs = failure.needs;
        // With these faults it shows, where the workflow has what it takes; more of them add nothing.
        let outcome = self.outcome(&turned, &worlds, !needs.is_empty())?;
        let outcome = match outcome {
            Outcome::Caught { mut properties, with } => {
                properties.sort_by_key(|(name, _)| name != failure.breaks);
                Outcome::Caught { properties, with }
            }
            Outcome::NoPlace { why } if why == UNCHANGED && !needs.is_empty() => {
                Outcome::NoPlace { why: format!("it takes {needs}") }
            }
            Outcome::Unseen { .. } => Outcome::Unseen { advice: missing_property(failure) },
            other => other,
        };
        Ok(Probe {
            kind: Kind::Failure,
            title: failure.anomaly.to_owned(),
            settings: turned,
            outcome,
        })
    }

    fn mutation(&mut self, mutation: &Mutation) -> Result<Probe, CheckError> {
        let one = |fault| FaultBudget::none().allow(fault, 1);
        let instances = self.spec.design.workflow().instances();
        let worlds = [FaultBudget::none(), one(Fault::Refuse), one(Fault::Cancel)]
            .map(|faults| World { instances, faults });
        let outcome = match self.outcome(std::slice::from_ref(&mutation.setting), &worlds, false)? {
            Outcome::Caught { mut properties, with } => {
                properties.sort_by_key(|&(_, steps)| if steps == 0 { usize::MAX } else { steps });
                Outcome::Caught { properties, with }
            }
            Outcome::Unseen { .. } => Outcome::Unseen { advice: mutation.advice.clone() },
            Outcome::NoPlace { why } if why == UNCHANGED => {
                // Other numbers in as many states are no less a change.
                let happens = match &mutation.glaring {
                    Some(glaring) => self.is_noticed(glaring, &worlds)?,
                    None => false,
                };
                if happens {
                    Outcome::Unseen { advice: mutation.advice.clone() }
                } else {
                    Outcome::NoPlace { why: mutation.no_place.clone() }
                }
            }
            Outcome::NoPlace { why } => Outcome::NoPlace { why },
            Outcome::Undecided => Outcome::Undecided,
        };
        Ok(Probe {
            kind: Kind::Step,
            title: mutation.title.clone(),
            settings: vec![mutation.setting.clone()],
            outcome,
        })
    }

    /// Whether that change is noticed in one of the small worlds, or in the spec's own.
    fn is_noticed(&mut self, change: &Setting, worlds: &[World]) -> Result<bool, CheckError> {
        let outcome = self.outcome(std::slice::from_ref(change), worlds, false)?;
        Ok(matches!(outcome, Outcome::Caught { .. }))
    }

    /// Whether anything notices what was changed: in one of the small worlds, or in the spec's own. Where the
    /// small ones `suffice`, what breaks nothing there has no place, also if the spec's own is too large.
    fn outcome(
        &mut self,
        turned: &[Setting],
        worlds: &[World],
        suffice: bool,
    ) -> Result<Outcome, CheckError> {
        if self.is_interrupted() {
            return Ok(Outcome::Undecided);
        }
        let wrong = match self.spec.with(&[self.settings, turned].concat()) {
            Ok(spec) => spec,
            Err(error) => return Ok(Outcome::NoPlace { why: reason(&error) }),
        };
        let (mut differs, mut complete) = (false, false);
        let mut seen = None;
        for world in worlds {
            let right = self.right(world)?;
            let found = self.judge(&wrong, world, &right, false);
            // The last of them says most.
            complete |= found.complete && right.complete;
            differs |= complete && found.size != right.size;
            let new = news(&found, &right);
            if !new.is_empty() {
                seen = Some((new, world.faults.clone()));
                break;
            }
        }
        let own = World::of(self.spec);
        if let Some((properties, faults)) = &seen
            && includes(&own.faults, faults)
        {
            return Ok(Outcome::Caught { properties: properties.clone(), with: None });
        }
        let right = self.right(&own)?;
        let found = self.judge(&wrong, &own, &right, true);
        let new = news(&found, &right);
        if !new.is_empty() {
            let properties = seen.map_or(new, |(properties, _)| properties);
            return Ok(Outcome::Caught { properties, with: None });
        }
        differs |= found.complete && right.complete && found.size != right.size;
        Ok(match seen {
            Some((properties, faults)) => {
                let counts = Fault::ALL.map(|fault| (fault, faults.total(fault)));
                let with = counts.into_iter().filter(|&(_, count)| count > 0).collect();
                Outcome::Caught { properties, with: Some(with) }
            }
            None if !complete => Outcome::Undecided,
            None if !differs || (suffice && !found.complete) => {
                Outcome::NoPlace { why: UNCHANGED.to_owned() }
            }
            None if !found.complete => Outcome::Undecided,
            None => Outcome::Unseen { advice: String::new() },
        })
    }

    /// What is found of a changed spec. Arithmetic without a result is noticed as well.
    fn judge(&self, wrong: &Spec, world: &World, right: &Found, fail_fast: bool) -> Found {
        self.check(wrong.clone(), world, &right.violated, fail_fast).unwrap_or_else(|_| Found {
            violated: vec![("well-defined".to_owned(), 0)],
            ..right.clone()
        })
    }

    fn is_interrupted(&self) -> bool {
        self.options.interrupt.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed))
    }
}

/// What is violated now and was not before.
fn news(found: &Found, right: &Found) -> Vec<(String, usize)> {
    let is_new = |name: &String| right.violated.iter().all(|(known, _)| known != name);
    found.violated.iter().filter(|(name, _)| is_new(name)).cloned().collect()
}

/// Whether a budget allows everywhere what a smaller one does.
fn includes(own: &FaultBudget, smaller: &FaultBudget) -> bool {
    Fault::ALL.into_iter().all(|fault| own.anywhere(fault) >= smaller.anywhere(fault))
}

fn reason(error: &SettingError) -> String {
    match error {
        SettingError::Value { reason, .. } => reason.clone(),
        SettingError::Unsound { error, .. } => error.to_string(),
        SettingError::UnknownKey { help, .. } => help.clone(),
    }
}

fn missing_property(failure: &KnownFailure) -> String {
    let faults: Vec<String> =
        failure.faults.iter().map(|(fault, count)| format!("{}={count}", fault.name())).collect();
    let with = if faults.is_empty() {
        String::new()
    } else {
        format!(" with --faults {}", faults.join(","))
    };
    let needs = if failure.needs.is_empty() {
        String::new()
    } else {
        format!("; it takes {}", failure.needs)
    };
    format!("`{}` should notice it{with}{needs}", failure.breaks)
}
