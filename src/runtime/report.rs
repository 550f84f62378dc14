//! What a run came to.

use std::collections::BTreeMap;
use std::fmt;

use amends_models::system::{Ending, ProtocolModel, Words};
use serde::Serialize;

use crate::simulate::FaultKind;

use super::audit::Violation;

/// How many violations of one property are shown to people; the rest is counted.
const SHOWN: usize = 3;

/// What a run came to, and what an audit of the final state found.
///
/// As JSON this is the output of `amends run --format json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunReport {
    /// The workflow's name.
    pub workflow: String,
    /// Where all chance came from.
    pub seed: u64,
    /// How many workflows there were to be.
    pub workflows: u32,
    /// How many are completed.
    pub completed: u32,
    /// How many were rolled back.
    pub compensated: u32,
    /// How many ended in between, and need a person.
    pub failed: u32,
    /// How many have no outcome yet.
    pub unfinished: u32,
    /// How many an earlier run on the same store had taken on and left to this one.
    pub recovered: u32,
    /// Why the run did not go to its end, if it did not.
    pub cut_short: Option<CutShort>,
    /// How often each fault of the plan struck.
    pub faults: BTreeMap<FaultKind, u64>,
    /// What does not hold; empty, if everything does.
    pub violations: Vec<Violation>,
    /// The resources in the end, by service and name.
    pub resources: BTreeMap<String, BTreeMap<String, i64>>,
    /// What the protocol calls these ends.
    #[serde(skip)]
    pub words: EndingWords,
    /// How long it took, by the wall clock.
    pub seconds: f64,
    /// How many workflows ended per second.
    pub per_second: f64,
}

/// What a protocol calls the ways in which its workflows end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndingWords {
    completed: &'static str,
    compensated: &'static str,
    failed: &'static str,
}

impl EndingWords {
    pub(super) fn of<T: ProtocolModel>(words: &dyn Words<T>) -> EndingWords {
        EndingWords {
            completed: words.ending(Ending::Completed),
            compensated: words.ending(Ending::Compensated),
            failed: words.ending(Ending::Failed),
        }
    }
}

/// Why a run did not go to its end. All accepted workflows are safe: run again on the same store to
/// finish them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CutShort {
    /// It was asked to stop.
    Stopped,
    /// Nothing moved any more.
    Stalled,
}

impl RunReport {
    /// Whether all workflows ended and every property holds.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty() && self.unfinished == 0
    }
}

impl fmt::Display for RunReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} workflows, seed {}", self.workflow, self.workflows, self.seed)?;
        writeln!(f, "  {:<12} {}", self.words.completed, self.completed)?;
        writeln!(f, "  {:<12} {}", self.words.compensated, self.compensated)?;
        if self.failed > 0 {
            writeln!(f, "  {:<12} {}", self.words.failed, self.failed)?;
        }
        if self.unfinished > 0 {
            writeln!(f, "  unfinished   {}", self.unfinished)?;
        }
        if self.recovered > 0 {
            writeln!(f, "  recovered    {} that an earlier run left", self.recovered)?;
        }
        if !self.faults.is_empty() {
            let faults: Vec<String> =
                self.faults.iter().map(|(fault, count)| format!("{fault} {count}")).collect();
            writeln!(f, "  injected     {}", faults.join(", "))?;
        }
        let resources: Vec<String> = self
            .resources
            .iter()
            .flat_map(|(service, owned)| {
                owned.iter().map(move |(name, value)| format!("{service}.{name} = {value}"))
            })
            .collect();
        writeln!(f, "  resources    {}", resources.join(", "))?;
        writeln!(f, "  took         {:.2} s, {:.0} workflows/s", self.seconds, self.per_second)?;
        match self.cut_short {
            None => {}
            Some(CutShort::Stopped) => {
                writeln!(f, "stopped before the end; every accepted workflow is safe in the store")?
            }
            Some(CutShort::Stalled) => writeln!(f, "given up: nothing moved any more")?,
        }
        if self.violations.is_empty() {
            return write!(f, "every property holds of what really happened");
        }
        write!(f, "violated, by what really happened:")?;
        let mut by_property: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for Violation { property, what } in &self.violations {
            by_property.entry(property).or_default().push(what);
        }
        for (property, what) in by_property {
            write!(f, "\n  {property}")?;
            for what in what.iter().take(SHOWN) {
                write!(f, "\n    {what}")?;
            }
            if what.len() > SHOWN {
                write!(f, "\n    and {} more", what.len() - SHOWN)?;
            }
        }
        Ok(())
    }
}
