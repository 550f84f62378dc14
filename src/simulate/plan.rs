//! Which faults are injected into a run, and how often.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// A fault that can be injected into a run.
///
/// These are the faults of [`amends_models::workflow::Fault`], and delay, which costs nothing in the
/// model: messages of its unordered links take as long as they like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// A process loses its memory and the effects it had not carried out, and recovers. An opportunity
    /// is each effect of each process.
    Crash,
    /// All processes of a node crash and never come back. An opportunity is each effect of each
    /// process of the node.
    Halt,
    /// A node is cut off for a while: what is sent to it and from it is lost. An opportunity is each
    /// effect of each process of the node.
    Partition,
    /// A message disappears. An opportunity is each message.
    Lose,
    /// A message arrives twice. An opportunity is each message.
    Duplicate,
    /// A message arrives late, so that others overtake it. An opportunity is each message.
    Delay,
    /// A service says no although its resources would allow the change. An opportunity is each attempt
    /// of a change that the business may refuse: of a step, not of a compensation.
    Refuse,
    /// A local transaction is rolled back for a passing reason. An opportunity is each attempt of a
    /// change.
    Fail,
    /// A timer that stands in for an answer or a heartbeat runs out at once, whatever is on its way.
    /// An opportunity is each such timer that is set.
    Timeout,
    /// The client takes its request back. An opportunity is each workflow.
    Cancel,
}

impl FaultKind {
    /// All kinds, in the order in which reports list them.
    pub const ALL: [FaultKind; 10] = [
        FaultKind::Crash,
        FaultKind::Halt,
        FaultKind::Partition,
        FaultKind::Lose,
        FaultKind::Duplicate,
        FaultKind::Delay,
        FaultKind::Refuse,
        FaultKind::Fail,
        FaultKind::Timeout,
        FaultKind::Cancel,
    ];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Crash => "crash",
            FaultKind::Halt => "halt",
            FaultKind::Partition => "partition",
            FaultKind::Lose => "lose",
            FaultKind::Duplicate => "duplicate",
            FaultKind::Delay => "delay",
            FaultKind::Refuse => "refuse",
            FaultKind::Fail => "fail",
            FaultKind::Timeout => "timeout",
            FaultKind::Cancel => "cancel",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How often a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// At each opportunity with this probability, from 0 to 1.
    Chance(f64),
    /// At most so often in the whole run. The seed spreads them over the workflows, and over the
    /// opportunities within a workflow; a workflow that offers too few is spared.
    Count(u32),
}

/// Which faults are injected, and how often.
///
/// As text, a number with a point is a probability per opportunity, and a whole number is how often
/// the fault strikes in the whole run. A fault strikes anywhere, or at one node of the system: a
/// service by its name, `coordinator`, `broker`. Messages are at the node that is to receive them.
///
/// ```
/// use amends::simulate::{FaultKind, FaultPlan, Rate};
///
/// let plan: FaultPlan = "lose=0.05,crash=3,crash@inventory=0.1".parse()?;
/// assert_eq!(plan.rate(FaultKind::Lose), Some(Rate::Chance(0.05)));
/// assert_eq!(plan.rate(FaultKind::Crash), Some(Rate::Count(3)));
/// assert_eq!(plan.rate_at(FaultKind::Crash, "inventory"), Some(Rate::Chance(0.1)));
/// assert_eq!(plan.to_string(), "crash=3,crash@inventory=0.1,lose=0.05");
/// # Ok::<(), amends::simulate::FaultPlanError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FaultPlan {
    rates: BTreeMap<(FaultKind, Option<String>), Rate>,
}

/// What is wrong with a fault plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultPlanError {
    /// An entry is not of the form that is asked for.
    #[error("`{0}` is not of the form FAULT=RATE or FAULT@NODE=RATE, such as lose=0.05 or crash=2")]
    Form(String),
    /// There is no such fault.
    #[error("there is no fault `{0}` in a run; known: {known}", known = known())]
    Unknown(String),
    /// The rate is neither a probability nor a count.
    #[error(
        "`{rate}` is no rate for `{fault}`: write a probability with a point from 0.0 to 1.0, or a \
         whole number for how often it strikes in the whole run"
    )]
    Rate {
        /// Of which fault.
        fault: FaultKind,
        /// What was written.
        rate: String,
    },
    /// A fault is there twice, for the same node.
    #[error("`{0}` is given twice")]
    Twice(String),
    /// There is no such node.
    #[error("there is no node `{node}` that could {fault}; known: {}", known.join(", "))]
    Node {
        /// What is to happen there.
        fault: FaultKind,
        /// Its name.
        node: String,
        /// The nodes that there are.
        known: Vec<String>,
    },
}

fn known() -> String {
    FaultKind::ALL.map(FaultKind::name).join(", ")
}

impl FaultPlan {
    /// A perfect world.
    #[must_use]
    pub fn none() -> FaultPlan {
        FaultPlan::default()
    }

    /// Injects a fault at that rate. Probabilities are taken to lie from 0 to 1.
    #[must_use]
    pub fn with(mut self, fault: FaultKind, rate: Rate) -> FaultPlan {
        self.rates.insert((fault, None), rate);
        self
    }

    /// Injects a fault at that rate at one node, beside those that strike anywhere.
    #[must_use]
    pub fn with_at(mut self, fault: FaultKind, node: impl Into<String>, rate: Rate) -> FaultPlan {
        self.rates.insert((fault, Some(node.into())), rate);
        self
    }

    /// How often a fault strikes anywhere; never, if `None`.
    #[must_use]
    pub fn rate(&self, fault: FaultKind) -> Option<Rate> {
        self.rates.get(&(fault, None)).copied()
    }

    /// How often a fault strikes at one node, beside those that strike anywhere.
    #[must_use]
    pub fn rate_at(&self, fault: FaultKind, node: &str) -> Option<Rate> {
        self.rates.get(&(fault, Some(node.to_owned()))).copied()
    }

    /// The faults that are injected, the node they are bound to, if any, and how often.
    pub fn iter(&self) -> impl Iterator<Item = (FaultKind, Option<&str>, Rate)> {
        self.rates.iter().map(|((fault, node), &rate)| (*fault, node.as_deref(), rate))
    }
}

impl FromStr for FaultPlan {
    type Err = FaultPlanError;

    fn from_str(text: &str) -> Result<FaultPlan, FaultPlanError> {
        let mut plan = FaultPlan::none();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let (name, rate) =
                entry.split_once('=').ok_or_else(|| FaultPlanError::Form(entry.to_owned()))?;
            let (name, node) = match name.trim().split_once('@') {
                Some((name, node)) => (name, Some(node.to_owned())),
                None => (name.trim(), None),
            };
            let rate = rate.trim();
            let fault = FaultKind::ALL
                .into_iter()
                .find(|fault| fault.name() == name)
                .ok_or_else(|| FaultPlanError::Unknown(name.to_owned()))?;
            let rate = read_rate(rate)
                .ok_or_else(|| FaultPlanError::Rate { fault, rate: rate.to_owned() })?;
            if plan.rates.insert((fault, node), rate).is_some() {
                return Err(FaultPlanError::Twice(entry.to_owned()));
            }
        }
        Ok(plan)
    }
}

fn read_rate(text: &str) -> Option<Rate> {
    match text.parse::<u32>() {
        Ok(count) => Some(Rate::Count(count)),
        Err(_) => {
            let chance: f64 = text.parse().ok()?;
            (0.0..=1.0).contains(&chance).then_some(Rate::Chance(chance))
        }
    }
}

impl fmt::Display for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (fault, node, rate)) in self.iter().enumerate() {
            let comma = if position == 0 { "" } else { "," };
            let (at, node) = if let Some(node) = node { ("@", node) } else { ("", "") };
            match rate {
                // Debug keeps the point that tells a probability of one from a count of one.
                Rate::Chance(chance) => write!(f, "{comma}{fault}{at}{node}={chance:?}")?,
                Rate::Count(count) => write!(f, "{comma}{fault}{at}{node}={count}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_reads_what_it_writes() {
        for text in ["", "crash=2", "lose=1.0,duplicate=1", "crash=0.01,lose@bank=0.05,cancel=7"] {
            assert_eq!(text.parse::<FaultPlan>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn errors_say_what_is_wrong_and_what_would_be_right() {
        let error = |text: &str| text.parse::<FaultPlan>().unwrap_err().to_string();
        insta::assert_snapshot!(
            [
                error("lose"),
                error("loose=1"),
                error("burn=1"),
                error("lose=1.5"),
                error("lose=-1"),
                error("lose=NaN"),
                error("lose=1,lose=2"),
                error("lose@bank=1,lose@bank=2"),
            ]
            .join("\n")
        );
    }
}
