//! What a verdict takes for granted: a world without faults, answers that are never late, a wrong choice
//! that was given no chance to do harm.
//!
//! *Holds* is said of the faults in the budget. Where a budget rules a whole kind of trouble out, a reader
//! who does not look at it believes more than was shown. So a report says it, with the flag that changes
//! it.

use amends_models::protocols::{AnyProtocol, Design};
use amends_models::system::KnownFailure;
use amends_models::workflow::{Fault, FaultBudget};

use super::bounds;
use crate::report::{Assumption, Finding, Verdict};
use crate::spec::{Setting, choices};

/// What the world of the design rules out.
#[must_use]
pub fn of_world(faults: &FaultBudget) -> Vec<Assumption> {
    let mut assumed = Vec::new();
    if Fault::ALL.into_iter().all(|fault| faults.total(fault) == 0) {
        assumed.push(Assumption {
            what: "nothing crashes, and no message is lost or comes twice".to_owned(),
            change: "--faults crash=1,lose=1,duplicate=1".to_owned(),
        });
    }
    if faults.total(Fault::Timeout) == 0 {
        assumed.push(Assumption {
            what: "no answer is ever late".to_owned(),
            change: "--faults timeout=1".to_owned(),
        });
    }
    assumed
}

/// The wrong choices of a design that did no harm, although all of its properties were looked at: what
/// would let each matter. Nothing, if anything is violated.
#[must_use]
pub fn harmless_choices<P: AnyProtocol>(
    design: &Design<P>,
    findings: &[Finding],
) -> Vec<Assumption> {
    if findings.iter().any(|finding| finding.verdict == Verdict::Violated) {
        return Vec::new();
    }
    let chosen = choices(design);
    let is_chosen = |&(key, value): &(&str, &str)| chosen.iter().any(|it| is(it, key, value));
    let mut told: Vec<Assumption> = Vec::new();
    let failures = design.protocol().known_failures();
    for setting in &chosen {
        let made: Vec<&KnownFailure> = failures
            .iter()
            .filter(|failure| is(setting, failure.mistake().0, failure.mistake().1))
            .collect();
        let missing = |failure: &&KnownFailure| {
            let faults = missing_faults(failure, design.workflow().faults());
            let choices: Vec<(&str, &str)> =
                failure.choices.iter().filter(|choice| !is_chosen(choice)).copied().collect();
            (faults, choices)
        };
        let Some(failure) = made.iter().min_by_key(|failure| {
            let (faults, choices) = missing(failure);
            faults.len() + choices.len()
        }) else {
            continue;
        };
        let (faults, choices) = missing(failure);
        let named = format!("{} = {}", setting.key(), setting.value());
        let needs = (!failure.needs.is_empty()).then(|| failure.needs.to_owned());
        if faults.is_empty() && choices.is_empty() {
            let needs = needs.map(|needs| format!(": it takes {needs}"));
            told.push(Assumption {
                what: format!("{named} did no harm{}", needs.unwrap_or_default()),
                change: String::new(),
            });
            continue;
        }
        let words = faults.iter().map(|&(fault, count)| bounds::some(fault, count));
        let words = words.chain(choices.iter().map(|(key, value)| format!("{key} = {value}")));
        let takes: Vec<String> = words.chain(needs).collect();
        let mut flags = Vec::new();
        if !faults.is_empty() {
            let budget = design.workflow().faults();
            let counts = faults.iter().map(|&(fault, count)| {
                format!("{}={}", fault.name(), count.max(budget.anywhere(fault)))
            });
            flags.push(format!("--faults {}", counts.collect::<Vec<_>>().join(",")));
        }
        flags.extend(choices.iter().map(|(key, value)| format!("--set {key}={value}")));
        told.push(Assumption {
            what: format!("{named} had no chance to do harm: it takes {}", takes.join(", ")),
            change: flags.join(" "),
        });
    }
    told
}

/// Whether the setting makes that choice, everywhere or for one service or step.
fn is(setting: &Setting, key: &str, value: &str) -> bool {
    let chosen = setting.key();
    let is_exception = || {
        let (table, rest) = chosen.split_once('.')?;
        let named = rest.strip_prefix("services.").or(rest.strip_prefix("steps."))?;
        let (_, choice) = named.rsplit_once('.')?;
        Some(key.strip_prefix(table)?.strip_prefix('.')? == choice)
    };
    setting.value() == value && (chosen == key || is_exception() == Some(true))
}

/// The faults that a failure needs and the budget does not have.
fn missing_faults(failure: &KnownFailure, budget: &FaultBudget) -> Vec<(Fault, u8)> {
    let lacks = |&&(fault, count): &&(Fault, u8)| budget.total(fault) < count.into();
    failure.faults.iter().filter(lacks).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(knobs: &str, faults: &str) -> Vec<String> {
        let text = format!(
            r#"
                name     = "order"
                protocol = "saga"
                [services.inventory]
                stock = 1
                [[step]]
                name    = "reserve-stock"
                service = "inventory"
                [saga]
                {knobs}
                [faults]
                {faults}
            "#
        );
        let spec = crate::spec::parse("order.toml", &text).expect("the spec is sound");
        let told = harmless_choices(&spec.design, &[]).into_iter();
        told.map(|it| format!("{} ({})", it.what, it.change)).collect()
    }

    #[test]
    fn a_wrong_choice_without_the_faults_that_it_takes_is_told() {
        assert_eq!(
            told("barrier = \"none\"", "crash = 1"),
            ["saga.barrier = none had no chance to do harm: it takes 1 duplicated message \
              (--faults duplicate=1)"]
        );
        assert_eq!(
            told("barrier = \"none\"", "duplicate = 1"),
            ["saga.barrier = none did no harm ()"]
        );
        assert_eq!(
            told("log = \"after-send\"", "crash = { coordinator = 1 }"),
            [
                "saga.log = after-send had no chance to do harm: it takes saga.recovery = backward, a \
              step that can be undone (--set saga.recovery=backward)"
            ]
        );
        assert!(told("recovery = \"backward\"", "").is_empty(), "both ways are right");
    }
}
