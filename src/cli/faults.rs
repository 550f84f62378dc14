//! Fault budgets on the command line: `crash=1,lose=2,crash@inventory=1`.

use std::fmt;
use std::str::FromStr;

use amends_models::workflow::{Fault, FaultBudget};

/// A change to a fault budget: what it says about a fault replaces all the budget said about that
/// fault; `none` first makes the world perfect.
///
/// ```
/// use amends::cli::FaultsArgument;
/// use amends_models::workflow::{Fault, FaultBudget};
///
/// let spec = FaultBudget::none().allow(Fault::Crash, 1).allow(Fault::Lose, 1);
/// let argument: FaultsArgument = "crash=0,crash@inventory=2".parse()?;
/// let budget = argument.apply(&spec);
/// assert_eq!((budget.total(Fault::Crash), budget.total(Fault::Lose)), (2, 1));
/// assert_eq!("none,lose=3".parse::<FaultsArgument>()?.apply(&spec).total(Fault::Crash), 0);
/// # Ok::<(), amends::cli::FaultsError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultsArgument {
    from_scratch: bool,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    fault: Fault,
    node: Option<String>,
    count: u8,
}

/// What is wrong with a fault budget on the command line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultsError {
    /// An entry is not of the form that is asked for.
    #[error("`{0}` is not of the form FAULT=COUNT or FAULT@NODE=COUNT")]
    Form(String),
    /// There is no fault of that name.
    #[error("there is no fault `{0}`; there are {list}", list = Names)]
    UnknownFault(String),
    /// The number is not one.
    #[error("`{count}` is not a number of faults; at most 255 of a kind can be told apart")]
    Count {
        /// What stands there.
        count: String,
    },
}

struct Names;

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Fault::ALL.into_iter().map(Fault::name).collect();
        f.write_str(&names.join(", "))
    }
}

impl FromStr for FaultsArgument {
    type Err = FaultsError;

    fn from_str(text: &str) -> Result<Self, FaultsError> {
        let mut argument = FaultsArgument::default();
        for (at, part) in text.split(',').map(str::trim).enumerate() {
            if at == 0 && part == "none" {
                argument.from_scratch = true;
                continue;
            }
            let (key, count) =
                part.split_once('=').ok_or_else(|| FaultsError::Form(part.into()))?;
            let (fault, node) = match key.trim().split_once('@') {
                Some((fault, node)) => (fault, Some(node.to_owned())),
                None => (key.trim(), None),
            };
            let fault = Fault::from_name(fault)
                .ok_or_else(|| FaultsError::UnknownFault(fault.to_owned()))?;
            let count = count.trim();
            let count =
                count.parse().map_err(|_| FaultsError::Count { count: count.to_owned() })?;
            argument.entries.push(Entry { fault, node, count });
        }
        Ok(argument)
    }
}

impl FaultsArgument {
    /// The budget with the changes made.
    #[must_use]
    pub fn apply(&self, budget: &FaultBudget) -> FaultBudget {
        let kept = |fault: Fault| {
            !self.from_scratch && self.entries.iter().all(|entry| entry.fault != fault)
        };
        let mut changed = FaultBudget::none();
        for fault in Fault::ALL.into_iter().filter(|&fault| kept(fault)) {
            changed = changed.allow(fault, budget.anywhere(fault));
        }
        for (fault, node, count) in budget.located().filter(|(fault, ..)| kept(*fault)) {
            changed = changed.allow_at(fault, node, count);
        }
        for Entry { fault, node, count } in &self.entries {
            changed = match node {
                Some(node) => changed.allow_at(*fault, node, *count),
                None => changed.allow(*fault, *count),
            };
        }
        changed
    }

    /// The nodes it names.
    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|entry| entry.node.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said() {
        let wrong =
            |text: &str| text.parse::<FaultsArgument>().expect_err("it is wrong").to_string();
        insta::assert_snapshot!(wrong("crash"), @"`crash` is not of the form FAULT=COUNT or FAULT@NODE=COUNT");
        insta::assert_snapshot!(wrong("crahs=1"), @"there is no fault `crahs`; there are crash, halt, lose, duplicate, partition, refuse, fail, timeout, cancel");
        insta::assert_snapshot!(wrong("crash=1000"), @"`1000` is not a number of faults; at most 255 of a kind can be told apart");
        insta::assert_snapshot!(wrong("lose=-1"), @"`-1` is not a number of faults; at most 255 of a kind can be told apart");
    }

    #[test]
    fn faults_that_are_not_named_stay() {
        let spec = FaultBudget::none()
            .allow(Fault::Lose, 1)
            .allow_at(Fault::Crash, "inventory", 1)
            .allow_at(Fault::Crash, "payment", 1);
        let changed =
            "crash@payment=2".parse::<FaultsArgument>().expect("it is right").apply(&spec);
        assert_eq!(changed.anywhere(Fault::Lose), 1);
        assert_eq!(changed.at(Fault::Crash, "inventory"), 0);
        assert_eq!(changed.at(Fault::Crash, "payment"), 2);
    }
}
