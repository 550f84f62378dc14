//! Why a search is too large: which fault or instance multiplies its states.
//!
//! Nobody can tell from a spec. So the search is begun again without each of them in turn, within a
//! small limit, and compared with the search as it is: what ends at all, or comes deeper with as many
//! states, names what is to blame.

use std::time::Duration;

use amends_models::protocols::Design;
use amends_models::workflow::{Fault, FaultBudget, Step};

use super::{CheckError, CheckOptions, bounds, check_spec};
use crate::report::Extent;
use crate::spec::Spec;

/// How many states each search may find that is begun to compare.
const STATES: u64 = 40_000;
/// How long it may take.
const TIME: Duration = Duration::from_secs(5);

/// What multiplies the states of the spec, and what to do about it: a sentence each, the worst first.
/// `every_state` says whether the search was without reductions.
///
/// # Errors
/// When the spec cannot be checked.
pub fn causes(spec: &Spec, every_state: bool) -> Result<Vec<String>, CheckError> {
    let options = CheckOptions {
        max_states: Some(STATES),
        timeout: Some(TIME),
        every_state,
        ..CheckOptions::default()
    };
    let measure = |design: &Design| -> Result<Reach, CheckError> {
        let spec = Spec { design: design.clone(), ..spec.clone() };
        let report = check_spec(&spec, &options, |_| {})?;
        Ok(match report.extent {
            Extent::Searched { states, depth, .. } if report.is_complete() => {
                Reach { ends_with: Some(states), depth }
            }
            Extent::Searched { depth, .. } => Reach { ends_with: None, depth },
            Extent::Walked { .. } => Reach { ends_with: None, depth: 0 },
        })
    };
    let whole = measure(&spec.design)?;
    let mut found: Vec<(Reach, String)> = Vec::new();
    for (design, what, flag) in smaller(&spec.design) {
        let reach = measure(&design)?;
        let told = match reach.ends_with {
            Some(states) => format!("without {what} the search ends after {states} states: {flag}"),
            None if reach.depth > whole.depth => format!(
                "{what} multiplies states: without, {STATES} of them reach {} steps deep instead of \
                 {}: {flag}",
                reach.depth, whole.depth
            ),
            None => continue,
        };
        found.push((reach, told));
    }
    found.sort_by_key(|(reach, _)| match reach.ends_with {
        Some(states) => (0, states),
        None => (1, u64::from(u32::MAX - reach.depth)),
    });
    let mut told: Vec<String> = found.into_iter().map(|(_, told)| told).collect();
    told.extend(side_by_side(spec.design.workflow().steps()));
    told.push(
        "a larger limit, --simulate for random walks, or --fail-fast for the first violation go on \
         from here"
            .to_owned(),
    );
    Ok(told)
}

/// How far a search came.
#[derive(Clone, Copy)]
struct Reach {
    ends_with: Option<u64>,
    depth: u32,
}

/// The design with less in it: what is left away, and the flag that does it.
fn smaller(design: &Design) -> Vec<(Design, String, String)> {
    let workflow = design.workflow();
    let mut found = Vec::new();
    let instances = workflow.instances();
    if instances > 1 {
        let fewer = instances - 1;
        let what = format!("workflow {instances} of {instances}");
        let flag = format!("--set instances={fewer}");
        found.push((design.clone().with_instances(fewer), what, flag));
    }
    let budget = workflow.faults();
    for fault in Fault::ALL.into_iter().filter(|&fault| budget.total(fault) > 0) {
        let mut fewer = FaultBudget::none();
        for other in Fault::ALL.into_iter().filter(|&other| other != fault) {
            fewer = fewer.allow(other, budget.anywhere(other));
        }
        for (other, node, count) in budget.located().filter(|&(other, ..)| other != fault) {
            fewer = fewer.allow_at(other, node, count);
        }
        let count = u8::try_from(budget.total(fault)).unwrap_or(u8::MAX);
        let what = bounds::some(fault, count);
        found.push((
            design.clone().with_faults(fewer),
            what,
            format!("--faults {}=0", fault.name()),
        ));
    }
    found
}

/// Steps that are not ordered among each other run in any order.
fn side_by_side(steps: &[Step]) -> Option<String> {
    let first: Vec<&str> =
        steps.iter().filter(|step| step.after.is_empty()).map(|step| step.name.as_str()).collect();
    (first.len() > 1).then(|| {
        format!(
            "{} run side by side, in every order: `after` puts them one after the other",
            first.join(", ")
        )
    })
}
