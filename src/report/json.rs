//! Reports for programs: one JSON object per spec, each on a line of its own.
//!
//! The JSON Schema of a line is [`schema`], published as `specs/report.schema.json` and by `amends export
//! report-schema`. The shape is stable: fields may be added, none is renamed, removed or given another meaning.
//!
//! | field | meaning |
//! |---|---|
//! | `spec` | name of the spec |
//! | `file` | the file it was read from, as named on the command line, or null |
//! | `subject` | what was checked, in a few words |
//! | `faults` | the faults the claim is about, each with the most that may happen |
//! | `version` | version of the tool |
//! | `digest` | SHA-256 of the spec's text |
//! | `knobs` | the choices that were made, as `--set` takes them: an object, `{"saga.barrier": "full"}` |
//! | `assumptions` | what the faults rule out, an object each: `what`, `change` (the flags that change it) |
//! | `harmless` | wrong choices that did no harm, an object each: `what` it takes, `change` (the flags, or nothing) |
//! | `states`, `transitions`, `depth` | size of the search; null for random walks |
//! | `seconds` | time that it took |
//! | `walks` | null for a search; for random walks an object: `seed`, `walks`, `steps` (in all), `depth` (the most steps of a walk) |
//! | `reductions` | one object per reduction that could be used: `name` (`symmetry`, `stale messages`), `used`, `reason` (why not, or null) |
//! | `complete` | whether every reachable state was visited |
//! | `incomplete` | why not and how far, a sentence, or null |
//! | `as_expected` | `true`, `false`, or null when the search was too short to tell |
//! | `properties` | one object per property, in order, see below |
//! | `never_happened` | actions and faults that never happened |
//! | `notes` | further remarks |
//!
//! A property:
//!
//! | field | meaning |
//! |---|---|
//! | `name` | its name |
//! | `meaning` | what it says, a sentence, or null |
//! | `claim` | `always`, `sometimes`, `eventually`, `leads-to`, `always-eventually`, `never-stuck`, `deadlock-free`, `always-step` |
//! | `origin` | `protocol` for a built-in property, `spec` for one that the spec states |
//! | `position` | `line` and `column` in the spec, from one, or null |
//! | `verdict` | `holds`, `violated`, `incomplete`, `vacuous` |
//! | `expected` | what the spec expects; `holds` unless it says otherwise |
//! | `as_expected` | as above |
//! | `explanation` | what was found, in a sentence |
//! | `counterexample` | null, or an object: `steps` (one line of text per action), `loop` (null, or the number of steps after which the run is in the state to which it returns for ever), `story` |
//!
//! A `story` has `actors` (`name`, `node`), `events` (`actor`: a position in `actors` or null;
//! `happening`: its `kind`, with `from` or `to` for messages; `text`; `fault`: whether it was injected), `repeats_from` (an event or
//! null) and `ending` (facts, a line each).

use amends_models::check::PropertyKind;
use amends_models::system::story::Story;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::check_report::{
    Assumption, CheckReport, Comparison, Finding, Origin, Position, Verdict, reduction_name,
};
use super::extent::Extent;

#[derive(Serialize, JsonSchema)]
#[schemars(title = "amends report")]
struct ReportObject<'r> {
    spec: &'r str,
    file: Option<String>,
    subject: &'r str,
    faults: &'r [String],
    version: &'static str,
    digest: &'r str,
    knobs: IndexMap<&'r str, &'r str>,
    assumptions: &'r [Assumption],
    harmless: &'r [Assumption],
    states: Option<u64>,
    transitions: Option<u64>,
    depth: Option<u32>,
    walks: Option<WalksObject>,
    seconds: f64,
    reductions: Vec<ReductionObject<'r>>,
    complete: bool,
    incomplete: Option<String>,
    as_expected: Option<bool>,
    properties: Vec<PropertyObject<'r>>,
    never_happened: &'r [String],
    notes: &'r [String],
}

#[derive(Serialize, JsonSchema)]
struct WalksObject {
    seed: u64,
    walks: u64,
    steps: u64,
    depth: u32,
}

#[derive(Serialize, JsonSchema)]
struct ReductionObject<'r> {
    name: &'static str,
    used: bool,
    reason: Option<&'r str>,
}

#[derive(Serialize, JsonSchema)]
struct PropertyObject<'r> {
    name: &'r str,
    meaning: Option<&'r str>,
    #[schemars(with = "ClaimSchema")]
    claim: &'static str,
    origin: Origin,
    position: Option<Position>,
    verdict: Verdict,
    expected: Verdict,
    as_expected: Option<bool>,
    explanation: String,
    counterexample: Option<CounterexampleObject<'r>>,
}

/// The claims, in the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
#[expect(dead_code, reason = "only its schema is used")]
enum ClaimSchema {
    Always,
    Sometimes,
    Eventually,
    LeadsTo,
    AlwaysEventually,
    NeverStuck,
    DeadlockFree,
    AlwaysStep,
}

#[derive(Serialize, JsonSchema)]
struct CounterexampleObject<'r> {
    steps: &'r [String],
    #[serde(rename = "loop")]
    repeats_from: Option<usize>,
    story: &'r Story,
}

/// The JSON Schema of a line.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(ReportObject<'_>).to_value()
}

/// Shows a report as one line of JSON.
#[must_use]
pub fn render(report: &CheckReport) -> String {
    // Plain data with string keys: serialising it cannot fail.
    serde_json::to_string(&object(report))
        .map_or_else(|error| error.to_string(), |line| line + "\n")
}

fn object(report: &CheckReport) -> ReportObject<'_> {
    let (size, walks) = match report.extent {
        Extent::Searched { states, transitions, depth, .. } => {
            (Some((states, transitions, depth)), None)
        }
        Extent::Walked { seed, walks, steps, depth } => {
            (None, Some(WalksObject { seed, walks, steps, depth }))
        }
    };
    let reductions = report.reductions.iter().map(|report| ReductionObject {
        name: reduction_name(report.reduction),
        used: report.refused.is_none(),
        reason: report.refused.as_deref(),
    });
    ReportObject {
        spec: &report.spec,
        file: report.file.as_ref().map(|path| path.display().to_string()),
        subject: &report.subject,
        faults: &report.bounds,
        version: env!("CARGO_PKG_VERSION"),
        digest: &report.digest,
        knobs: report.choices.iter().map(|choice| (choice.key(), choice.value())).collect(),
        assumptions: &report.assumptions,
        harmless: &report.harmless,
        states: size.map(|(states, ..)| states),
        transitions: size.map(|(_, transitions, _)| transitions),
        depth: size.map(|(.., depth)| depth),
        walks,
        reductions: reductions.collect(),
        seconds: report.elapsed.as_secs_f64(),
        complete: report.is_complete(),
        incomplete: report.shortfall(),
        as_expected: decided(report.comparison()),
        properties: report.properties.iter().map(property).collect(),
        never_happened: &report.never_happened,
        notes: &report.notes,
    }
}

fn property(finding: &Finding) -> PropertyObject<'_> {
    PropertyObject {
        name: &finding.property,
        meaning: finding.meaning.as_deref(),
        claim: claim(finding.claim),
        origin: finding.origin,
        position: finding.position,
        verdict: finding.verdict,
        expected: finding.expectation.verdict(),
        as_expected: decided(finding.comparison()),
        explanation: finding.explanation(),
        counterexample: finding.counterexample.as_ref().map(|run| CounterexampleObject {
            steps: &run.steps,
            repeats_from: run.repeats_from,
            story: &run.story,
        }),
    }
}

fn decided(comparison: Comparison) -> Option<bool> {
    match comparison {
        Comparison::AsExpected => Some(true),
        Comparison::NotAsExpected => Some(false),
        Comparison::Undecided => None,
    }
}

fn claim(kind: PropertyKind) -> &'static str {
    match kind {
        PropertyKind::Always => "always",
        PropertyKind::Sometimes => "sometimes",
        PropertyKind::Eventually => "eventually",
        PropertyKind::LeadsTo => "leads-to",
        PropertyKind::AlwaysEventually => "always-eventually",
        PropertyKind::NeverStuck => "never-stuck",
        PropertyKind::DeadlockFree => "deadlock-free",
        PropertyKind::AlwaysStep => "always-step",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn pretty(report: &CheckReport) -> String {
        let value: serde_json::Value =
            serde_json::from_str(&render(report)).expect("the line is JSON");
        serde_json::to_string_pretty(&value).expect("JSON can be written")
    }

    #[test]
    fn a_spec_that_holds() {
        insta::assert_snapshot!(pretty(&fixture::holding()));
    }

    #[test]
    fn a_counterexample_has_steps_and_a_story() {
        insta::assert_snapshot!(pretty(&fixture::violated()));
    }

    #[test]
    fn a_lasso_says_where_it_loops() {
        let value: serde_json::Value =
            serde_json::from_str(&render(&fixture::lasso())).expect("the line is JSON");
        assert_eq!(value["properties"][0]["counterexample"]["loop"], 2);
    }

    #[test]
    fn what_is_unknown_is_null() {
        let value: serde_json::Value =
            serde_json::from_str(&render(&fixture::incomplete())).expect("the line is JSON");
        assert_eq!(value["complete"], false);
        assert!(value["as_expected"].is_null());
    }

    #[test]
    fn walks_have_no_size_of_a_space() {
        let value: serde_json::Value =
            serde_json::from_str(&render(&fixture::walked())).expect("the line is JSON");
        assert!(value["states"].is_null() && value["as_expected"].is_null());
        assert_eq!(value["walks"]["steps"], 71_230);
        assert_eq!(value["complete"], false);
    }

    #[test]
    fn reductions_say_whether_they_were_used() {
        let value: serde_json::Value =
            serde_json::from_str(&render(&fixture::reduced())).expect("the line is JSON");
        assert_eq!(value["reductions"][0]["name"], "symmetry");
        assert_eq!(value["reductions"][0]["used"], true);
        assert_eq!(value["reductions"][1]["name"], "stale messages");
        assert_eq!(value["reductions"][1]["reason"], "`recovers` is about what stays possible");
    }

    #[test]
    fn a_report_is_one_line() {
        let line = render(&fixture::violated());
        assert_eq!(line.matches('\n').count(), 1);
        assert!(line.ends_with('\n'));
    }
}
