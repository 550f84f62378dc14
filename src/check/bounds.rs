//! What a claim is about, in words: the workflow, and the faults that may happen to it.

use amends_models::protocols::{AnyProtocol, Design};
use amends_models::workflow::{Fault, FaultBudget};

/// The design in a few words: `saga of 4 steps, 2 at the same time`.
#[must_use]
pub fn subject<P: AnyProtocol>(design: &Design<P>) -> String {
    let workflow = design.workflow();
    let (parts, part) = match design.protocol().domain() {
        Some(domain) => (domain.aggregates().len(), "aggregate"),
        None => (workflow.steps().len(), "step"),
    };
    let plural = if parts == 1 { "" } else { "s" };
    let protocol = design.protocol().name();
    let concurrent = match workflow.instances() {
        1 => "one at a time".to_owned(),
        many => format!("{many} at the same time"),
    };
    format!("{protocol} of {parts} {part}{plural}, {concurrent}")
}

/// The faults that may happen, each in words.
#[must_use]
pub fn in_words(faults: &FaultBudget) -> Vec<String> {
    let mut words = Vec::new();
    for fault in Fault::ALL {
        let count = faults.anywhere(fault);
        if count > 0 {
            words.push(some(fault, count));
        }
        for (_, node, count) in faults.located().filter(|&(f, _, n)| f == fault && n > 0) {
            words.push(format!("{} at {node}", some(fault, count)));
        }
    }
    words
}

/// The faults that may happen, but are not among those that did.
#[must_use]
pub fn unspent(faults: &FaultBudget, happened: &[Fault]) -> Vec<String> {
    Fault::ALL
        .into_iter()
        .filter(|fault| faults.total(*fault) > 0 && !happened.contains(fault))
        .map(|fault| noun(fault).0.to_owned())
        .collect()
}

/// So many faults, in words.
pub(super) fn some(fault: Fault, count: u8) -> String {
    let (singular, plural) = noun(fault);
    if count == 1 { format!("1 {singular}") } else { format!("{count} {plural}") }
}

fn noun(fault: Fault) -> (&'static str, &'static str) {
    match fault {
        Fault::Crash => ("crash", "crashes"),
        Fault::Halt => ("crash for ever", "crashes for ever"),
        Fault::Lose => ("lost message", "lost messages"),
        Fault::Duplicate => ("duplicated message", "duplicated messages"),
        Fault::Partition => ("partition", "partitions"),
        Fault::Refuse => ("unforeseen refusal", "unforeseen refusals"),
        Fault::Fail => ("failed transaction", "failed transactions"),
        Fault::Timeout => ("early timeout", "early timeouts"),
        Fault::Cancel => ("cancellation", "cancellations"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_reads_like_a_sentence() {
        let budget = FaultBudget::none()
            .allow(Fault::Lose, 1)
            .allow(Fault::Duplicate, 2)
            .allow(Fault::Partition, 0)
            .allow_at(Fault::Crash, "inventory", 1);
        assert_eq!(
            in_words(&budget),
            ["1 crash at inventory", "1 lost message", "2 duplicated messages"]
        );
    }

    #[test]
    fn what_never_happened_is_what_was_allowed_and_did_not() {
        let budget = FaultBudget::none().allow(Fault::Lose, 1).allow(Fault::Cancel, 1);
        assert_eq!(unspent(&budget, &[Fault::Lose]), ["cancellation"]);
    }
}
