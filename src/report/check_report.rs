//! The result of checking one spec, as plain data.
//!
//! A [`CheckReport`] is all that a renderer gets to see. It is made by whoever ran the check; nothing
//! in it refers to the model, the checker or the protocol.

use crate::telemetry::Recorded;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use amends_models::check::{Completeness, Limit, PropertyKind, Reduction, ReductionReport};
use amends_models::system::story::Story;
use schemars::JsonSchema;
use serde::Serialize;

use super::extent::{Extent, counted, grouped};
use crate::spec::Setting;

/// What was found about one spec.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckReport {
    /// The name of the spec.
    pub spec: String,
    /// The file it was read from, as the user named it.
    pub file: Option<PathBuf>,
    /// What was checked, in a few words: `saga of 4 steps, 2 at the same time`.
    pub subject: String,
    /// The faults the claim is about, each with the most that may happen: `1 crash at inventory`.
    /// Empty for a perfect world.
    pub bounds: Vec<String>,
    /// What the faults rule out, and what would rule it in.
    pub assumptions: Vec<Assumption>,
    /// Wrong choices that did no harm, and what would let them. Empty, if anything is violated.
    pub harmless: Vec<Assumption>,
    /// The choices that were made about the protocol, as `--set` takes them.
    pub choices: Vec<Setting>,
    /// The SHA-256 of the spec's text, in hexadecimal digits.
    pub digest: String,
    /// How much was looked at.
    pub extent: Extent,
    /// Wall-clock time of the search.
    pub elapsed: Duration,
    /// The reductions that could be used, and what became of each.
    pub reductions: Vec<ReductionReport>,
    /// What was found about each property.
    pub properties: Vec<Finding>,
    /// Actions and faults that never happened, in words. Only a complete search can know them.
    pub never_happened: Vec<String>,
    /// What else the reader should know.
    pub notes: Vec<String>,
}

/// What was found about one property.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The property's name.
    pub property: String,
    /// What it says, in a sentence, when there is one.
    pub meaning: Option<String>,
    /// What it claims of its condition.
    pub claim: PropertyKind,
    /// Whether the protocol or the spec states it.
    pub origin: Origin,
    /// Where the spec states it.
    pub position: Option<Position>,
    /// What was found.
    pub verdict: Verdict,
    /// What should have been found.
    pub expectation: Expectation,
    /// The run that violates it.
    pub counterexample: Option<CounterexampleReport>,
}

/// Something that a verdict takes for granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Assumption {
    /// What.
    pub what: String,
    /// The flags of `amends check` that change it; empty, if none do.
    pub change: String,
}

/// Who states a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// It belongs to the protocol, and is checked whatever the spec says.
    Protocol,
    /// The spec states it.
    Spec,
}

/// A place in a spec file; both count from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// What is known of a property after a search: the word for it, without the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// True of the whole state space.
    Holds,
    /// Not true.
    Violated,
    /// Not violated as far as the search came, which was not everywhere.
    Incomplete,
    /// True for want of anything to say: its premise was never met.
    Vacuous,
}

/// What should be found about a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// The spec says nothing: it must hold. A property of the protocol may also be vacuous, since not
    /// every workflow gives it something to say.
    Unstated,
    /// The spec expects exactly this.
    Exactly(Verdict),
}

/// How a finding compares with what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// It is what was expected.
    AsExpected,
    /// It is not.
    NotAsExpected,
    /// The search was too short to tell.
    Undecided,
}

/// A run that violates a property.
#[derive(Clone, Debug, PartialEq)]
pub struct CounterexampleReport {
    /// The actions taken, in order, each as a line.
    pub steps: Vec<String>,
    /// For a run that goes on for ever: after the last step it repeats from the state after this many
    /// steps.
    pub repeats_from: Option<usize>,
    /// The same run as a story.
    pub story: Story,
    /// The spans and log records that services would tell of it.
    pub recorded: Vec<Recorded>,
}

impl Verdict {
    /// The word for it in reports, specs and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Violated => "violated",
            Verdict::Incomplete => "incomplete",
            Verdict::Vacuous => "vacuous",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Expectation {
    /// The verdict that is hoped for.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        match self {
            Expectation::Unstated => Verdict::Holds,
            Expectation::Exactly(verdict) => verdict,
        }
    }
}

impl Finding {
    /// Compares what was found with what was expected.
    #[must_use]
    pub fn comparison(&self) -> Comparison {
        let silent_builtin = self.verdict == Verdict::Vacuous && self.origin == Origin::Protocol;
        match self.expectation {
            Expectation::Exactly(verdict) if verdict == self.verdict => Comparison::AsExpected,
            _ if self.verdict == Verdict::Incomplete => Comparison::Undecided,
            Expectation::Unstated if self.verdict == Verdict::Holds || silent_builtin => {
                Comparison::AsExpected
            }
            _ => Comparison::NotAsExpected,
        }
    }

    /// What is wrong, or was found right, in a sentence about the run shown with it.
    #[must_use]
    pub fn explanation(&self) -> String {
        let lasso = self.counterexample.as_ref().is_some_and(|run| run.repeats_from.is_some());
        let said = match self.verdict {
            Verdict::Holds => "It holds.",
            Verdict::Incomplete => "No violation was found, but the search did not see everything.",
            Verdict::Vacuous => "It is true for want of anything to say: its premise is never met.",
            Verdict::Violated => match (self.claim, lasso) {
                (PropertyKind::Always, _) => "It is broken at the end of this run.",
                (PropertyKind::Sometimes, _) => "No reachable state makes it true.",
                (PropertyKind::Eventually, true) => {
                    "It never becomes true, and the run never ends."
                }
                (PropertyKind::Eventually, false) => "The run is over, and it never became true.",
                (PropertyKind::LeadsTo, true) => {
                    "Its premise was true, and what should follow never does; the run never ends."
                }
                (PropertyKind::LeadsTo, false) => {
                    "Its premise was true, and the run is over without what should follow."
                }
                (PropertyKind::AlwaysEventually, true) => {
                    "From some point on it is never true again, and the run never ends."
                }
                (PropertyKind::AlwaysEventually, false) => "The run is over, and it is not true.",
                (PropertyKind::AlwaysStep, _) => "It is broken by the last step of this run.",
                (PropertyKind::NeverStuck, _) => {
                    "From the end of this run, nothing that can still happen makes it true."
                }
                (PropertyKind::DeadlockFree, _) => {
                    "At the end of this run nothing more can happen, and it is not true."
                }
            },
        };
        said.to_owned()
    }
}

impl CheckReport {
    /// Compares all findings with what was expected. What is surely wrong counts before what is
    /// unknown.
    #[must_use]
    pub fn comparison(&self) -> Comparison {
        let found = |wanted| self.properties.iter().any(|finding| finding.comparison() == wanted);
        if found(Comparison::NotAsExpected) {
            Comparison::NotAsExpected
        } else if found(Comparison::Undecided) {
            Comparison::Undecided
        } else {
            Comparison::AsExpected
        }
    }

    /// Whether every reachable state was visited.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        matches!(self.extent, Extent::Searched { completeness: Completeness::Complete, .. })
    }

    /// What stopped the search and how far it came; nothing for a complete one.
    #[must_use]
    pub fn shortfall(&self) -> Option<String> {
        let (limit, depth_complete, queue) = match self.extent {
            Extent::Searched { completeness: Completeness::Complete, .. } => return None,
            Extent::Searched {
                completeness: Completeness::Incomplete { limit, depth_complete, queue },
                ..
            } => (limit, depth_complete, queue),
            Extent::Walked { .. } => {
                return Some("walks find violations, and prove nothing".to_owned());
            }
        };
        let reason = match limit {
            Limit::States(most) => format!("stopped at the limit of {} states", grouped(most)),
            Limit::Memory(most) => {
                format!("stopped at the limit of {} of memory", bytes(most))
            }
            Limit::Time(most) => {
                format!("stopped after {}", humantime::format_duration(most))
            }
            Limit::Interrupted => "interrupted".to_owned(),
            Limit::Violation => "stopped at a violation".to_owned(),
            Limit::Decided => "stopped when everything was decided".to_owned(),
        };
        if queue == 0 {
            return Some(format!(
                "{reason}: all states were seen, but not every promise was judged"
            ));
        }
        Some(format!(
            "{reason}: all runs of up to {} were seen, {} still waited",
            counted(depth_complete.into(), "step"),
            counted(queue, "state"),
        ))
    }

    /// The counterexamples, with the findings they belong to.
    pub fn counterexamples(&self) -> impl Iterator<Item = (&Finding, &CounterexampleReport)> {
        self.properties
            .iter()
            .filter_map(|finding| Some((finding, finding.counterexample.as_ref()?)))
    }
}

/// Bytes in the largest unit of which they are a whole number, as people write limits.
fn bytes(count: u64) -> String {
    let units = [
        (1 << 30, "GiB"),
        (1_000_000_000, "GB"),
        (1 << 20, "MiB"),
        (1_000_000, "MB"),
        (1 << 10, "KiB"),
        (1_000, "kB"),
    ];
    let whole = units.into_iter().find(|(unit, _)| count > 0 && count.is_multiple_of(*unit));
    whole
        .map_or_else(|| format!("{count} bytes"), |(unit, name)| format!("{} {name}", count / unit))
}

/// What a reduction is called.
#[must_use]
pub(super) fn reduction_name(reduction: Reduction) -> &'static str {
    match reduction {
        Reduction::Symmetry => "symmetry",
        Reduction::StaleMessages => "stale messages",
    }
}

/// Seconds as people read them: three digits after the point, and no more.
#[must_use]
pub(super) fn seconds(elapsed: Duration) -> String {
    format!("{:.3}", elapsed.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_property_that_is_not_listed_must_hold() {
        let holds = fixture::finding("atomic", Verdict::Holds);
        assert_eq!(holds.comparison(), Comparison::AsExpected);
        let violated = fixture::finding("atomic", Verdict::Violated);
        assert_eq!(violated.comparison(), Comparison::NotAsExpected);
    }

    #[test]
    fn only_a_property_of_the_protocol_may_be_silent() {
        let mut finding = fixture::finding("no-late-effect", Verdict::Vacuous);
        assert_eq!(finding.comparison(), Comparison::AsExpected);
        finding.origin = Origin::Spec;
        assert_eq!(finding.comparison(), Comparison::NotAsExpected);
    }

    #[test]
    fn a_listed_property_must_have_exactly_the_verdict_it_is_listed_with() {
        let mut finding = fixture::finding("atomic", Verdict::Violated);
        finding.expectation = Expectation::Exactly(Verdict::Violated);
        assert_eq!(finding.comparison(), Comparison::AsExpected);
        finding.verdict = Verdict::Holds;
        assert_eq!(finding.comparison(), Comparison::NotAsExpected);
        finding.verdict = Verdict::Vacuous;
        assert_eq!(finding.comparison(), Comparison::NotAsExpected);
        finding.verdict = Verdict::Incomplete;
        assert_eq!(finding.comparison(), Comparison::Undecided);
    }

    #[test]
    fn what_is_wrong_counts_before_what_is_unknown() {
        let mut report = fixture::holding();
        assert_eq!(report.comparison(), Comparison::AsExpected);
        report.properties.push(fixture::finding("settles", Verdict::Incomplete));
        assert_eq!(report.comparison(), Comparison::Undecided);
        report.properties.push(fixture::finding("lifo", Verdict::Violated));
        assert_eq!(report.comparison(), Comparison::NotAsExpected);
    }
}
