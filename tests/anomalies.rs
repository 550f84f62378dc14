//! One readable counterexample per anomaly, and a gallery of published bugs.
//!
//! Each spec in `specs/anomalies` turns one knob the wrong way. The property that names what breaks is
//! the first one it expects to be violated; the shortest run that breaks it is kept as a snapshot, so
//! that every anomaly can be read as a story, and a change of the models that tells it differently is
//! seen.
//!
//! Each of those runs is also recorded as the traces that it would leave, and judged by the right design:
//! a table says what of its damage can be seen in spans.
//!
//! The specs in `specs/zoo` come in pairs: a bug as somebody reported it, and the design with its fix. The
//! gallery in `specs/zoo/README.md` is made of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use amends::check::{CheckOptions, check_spec};
use amends::models::conformance::Limits;
use amends::models::protocols::choreography::ChoreographyKnobs;
use amends::models::protocols::event_sourcing::{EventSourced, EventSourcingKnobs};
use amends::models::protocols::mixed::MixedChoices;
use amends::models::protocols::outbox::OutboxKnobs;
use amends::models::protocols::saga::SagaKnobs;
use amends::models::protocols::tcc::TccKnobs;
use amends::models::protocols::two_phase_commit::TwoPhaseKnobs;
use amends::models::protocols::{AnyProtocol, Design, Protocol};
use amends::models::workflow::Fault;
use amends::report::{CheckReport, Comparison, Extent, Verdict, mermaid, text};
use amends::spec::{self, Expectation};
use amends_trace::assemble::{Assembler, AssemblySettings, ByAttributes};
use amends_trace::judge::{Judge, Verdict as TraceVerdict};
use amends_trace::map::Mapping;
use amends_trace::read::Item;
use amends_trace::record::Recorded;

/// The story of the anomaly that a spec is about; nothing, if it shows how one is mended.
fn story(path: &Path) -> Option<String> {
    let spec = spec::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let anomaly = spec.expect.iter().find(|(_, expected)| **expected == Expectation::Violated);
    let Some((anomaly, _)) = anomaly else {
        assert!(!spec.expect.is_empty(), "{} says nothing", path.display());
        return None;
    };
    let options = CheckOptions { properties: vec![anomaly.clone()], ..CheckOptions::default() };
    let report = check_spec(&spec, &options, |_| {})
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(report.comparison(), Comparison::AsExpected, "{}", path.display());
    let (finding, run) = report.counterexamples().next().expect("a violation comes with a run");
    assert_eq!(finding.verdict, Verdict::Violated);
    let steps = match run.steps.len() {
        1 => "1 step".to_owned(),
        many => format!("{many} steps"),
    };
    let story = anstream::adapter::strip_str(&text::render_story(&run.story)).to_string();
    Some(format!("{anomaly}, broken in {steps}\n\n{story}"))
}

fn specs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/anomalies");
    let files = std::fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<PathBuf> =
        files.map(|file| file.expect("the folder can be read").path()).collect();
    paths.sort();
    paths
}

#[test]
fn every_anomaly_is_told_as_a_story() {
    let mut told = 0;
    for path in specs() {
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        if let Some(story) = story(&path) {
            insta::with_settings!({ snapshot_path => "anomalies", prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(name, story);
            });
            told += 1;
        }
    }
    assert!(told > 0, "no spec shows an anomaly");
}

/// The verdict on the traces that the anomaly of a spec leaves, by the same workflow with the right choices;
/// nothing, if the spec shows how one is mended.
fn seen_in_spans(path: &Path) -> Option<String> {
    let spec = spec::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (anomaly, _) =
        spec.expect.iter().find(|(_, expected)| **expected == Expectation::Violated)?;
    let options = CheckOptions { properties: vec![anomaly.clone()], ..CheckOptions::default() };
    let report = check_spec(&spec, &options, |_| {}).expect("it can be checked");
    let (_, run) = report.counterexamples().next().expect("a violation comes with a run");
    let right = right_choices(&spec.design)?;
    // What is not found among so many states is too tangled for all that could be afforded here.
    let mut judge = Judge::new(right, Mapping::default()).limits(Limits { states: 100_000 });
    let mut assembler =
        Assembler::new(ByAttributes::default(), AssemblySettings::default().until_the_end());
    let mut verdicts = Vec::new();
    let mut take = |workflow| {
        verdicts.push(match judge.judge(&workflow).verdict {
            TraceVerdict::Conforms(explained) => format!("conforms, {}", explained.in_words()),
            TraceVerdict::Violates(violated) => format!("violates {}", violated.rule),
            TraceVerdict::Inconclusive { doubts, .. } => {
                let first = doubts.first().expect("there is a reason");
                format!("inconclusive: {first}\n    needed: {}", first.remedy())
            }
        });
    };
    for recorded in &run.recorded {
        let item = match recorded {
            Recorded::Span(span) => Item::Span((**span).clone()),
            Recorded::Log(log) => Item::Log((**log).clone()),
        };
        assembler.add(item, &mut take);
    }
    assembler.finish(&mut take);
    verdicts.sort();
    Some(if verdicts.is_empty() {
        "nothing is told".to_owned()
    } else {
        verdicts.join("\n    and ")
    })
}

/// The same workflow, with the right choices of its protocol.
fn right_choices(design: &Design) -> Option<Design> {
    let right: Protocol = match design.protocol() {
        Protocol::Saga(_) => SagaKnobs::default().into(),
        Protocol::Tcc(_) => TccKnobs::default().into(),
        Protocol::Choreography(_) => ChoreographyKnobs::default().into(),
        Protocol::Outbox(_) => OutboxKnobs::default().into(),
        Protocol::TwoPhaseCommit(_) => TwoPhaseKnobs::default().into(),
        Protocol::Mixed(_) => MixedChoices::default().into(),
        Protocol::EventSourcing(wrong) => {
            EventSourced::new(Arc::clone(wrong.domain()?), EventSourcingKnobs::default()).into()
        }
    };
    Some(design.clone().with_protocol(right))
}

/// Anomalies whose traces are those of a correct run, and what would have to be observed to tell them apart.
const UNSEEN: &[(&str, &str)] = &[
    ("event-sourcing-blind-retry", "the version that each append expected, and that it found"),
    ("event-sourcing-lost-append", "the position in the log of each event that was appended"),
    ("event-sourcing-phantom-event", "whether the transaction of each append committed"),
    ("event-sourcing-skipped-gap", "the positions that a consumer read, and those that it skipped"),
    (
        "event-sourcing-skipped-gap-position-checkpoint",
        "the positions that a consumer read, and those that it skipped",
    ),
    (
        "event-sourcing-skipped-gap-short-timeout",
        "the positions that a consumer read, and those that it skipped",
    ),
    ("event-sourcing-stale-snapshot", "the version of the snapshot that a command decided on"),
    ("outbox-poison-dropped", "that the event that was refused was set aside as a dead letter"),
    ("saga-dirty-read", "what the step read, and which workflow had written it"),
    ("saga-coordinator-never-returns", "any span at all: the coordinator tells of none"),
    ("tcc-coordinator-never-returns", "any span at all: the coordinator tells of none"),
    ("two-phase-silence-is-consent", "the votes, as the coordinator counted them"),
];

#[test]
fn what_anomalies_do_is_seen_in_spans_or_said_not_to_be() {
    let mut table = String::new();
    let mut unseen = UNSEEN.to_vec();
    for path in specs() {
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let Some(seen) = seen_in_spans(&path) else { continue };
        table += &format!("{name}: {seen}\n");
        let is_told = seen.contains("violates") || seen.contains("needed");
        let stated = unseen.iter().position(|(known, _)| *known == name);
        match stated.map(|at| unseen.remove(at)) {
            Some((_, needed)) if !seen.contains("violates") => {
                table += &format!("    needed: {needed}\n");
            }
            Some(_) => panic!("{name} is seen: {seen}"),
            None => assert!(is_told, "{name} is not seen, and nothing says why: {seen}"),
        }
    }
    assert!(unseen.is_empty(), "there are no such anomalies: {unseen:?}");
    insta::with_settings!({ snapshot_path => "anomalies", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("seen-in-spans", table);
    });
}

/// The designs in `specs/designs` come in pairs as well. What they must find is checked with all other specs.
#[test]
fn every_faulty_design_has_its_mended_twin() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/designs");
    let files = std::fs::read_dir(&folder).expect("the folder is there");
    let names = files.map(|file| file.expect("the folder can be read").file_name());
    let names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    for name in &names {
        let spec = spec::read(folder.join(name)).expect("the spec is sound");
        let workflow = spec.design.workflow();
        assert!(workflow.instances() >= 2, "{name}: two workflows at least");
        assert!(workflow.faults().total(Fault::Crash) >= 1, "{name}: a crash at least");
        let is_violated = spec.expect.values().any(|expected| *expected == Expectation::Violated);
        let twin = match name.strip_suffix("-mended.toml") {
            Some(faulty) => format!("{faulty}.toml"),
            None => name.replace(".toml", "-mended.toml"),
        };
        assert!(names.contains(&twin), "{name} has no twin");
        assert_eq!(is_violated, !name.ends_with("-mended.toml"), "{name}");
    }
}

/// What the comment at the beginning of a spec says: its story, and its source.
fn story_and_source(path: &Path) -> (String, String) {
    let text = std::fs::read_to_string(path).expect("the spec can be read");
    let comment = text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim);
    let comment: Vec<&str> = comment.collect();
    let story = comment.iter().take_while(|line| !line.is_empty()).copied();
    let source = comment.iter().find_map(|line| line.strip_prefix("source: "));
    let source = source.unwrap_or_else(|| panic!("{} names no source", path.display()));
    (story.collect::<Vec<_>>().join(" "), source.to_owned())
}

fn checked(path: &Path) -> CheckReport {
    let spec = spec::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let report = check_spec(&spec, &CheckOptions::default(), |_| {}).expect("it can be checked");
    assert_eq!(report.comparison(), Comparison::AsExpected, "{}", path.display());
    report
}

fn states(report: &CheckReport) -> u64 {
    match report.extent {
        Extent::Searched { states, .. } => states,
        Extent::Walked { .. } => 0,
    }
}

/// Run the tests with `INSTA_UPDATE=always` to write it anew.
#[test]
fn the_gallery_of_published_bugs_is_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/zoo");
    let files = std::fs::read_dir(&folder).expect("the folder is there");
    let mut names: Vec<String> = files
        .filter_map(|file| {
            let name = file.expect("the folder can be read").file_name();
            name.to_string_lossy().strip_suffix("-as-reported.toml").map(str::to_owned)
        })
        .collect();
    names.sort();
    let mut page = String::from(
        "# Published bugs of real systems\n\n\
         Each as it was reported, violated by the property that names it, and with its fix, which \
         holds. Made from the specs by `cargo test --test anomalies`.\n",
    );
    for name in names {
        let (reported, mended) = (
            folder.join(format!("{name}-as-reported.toml")),
            folder.join(format!("{name}-mended.toml")),
        );
        let (story, source) = story_and_source(&reported);
        let (fix, _) = story_and_source(&mended);
        let (bug, right) = (checked(&reported), checked(&mended));
        assert!(right.counterexamples().next().is_none(), "{name} is not mended");
        let expect = spec::read(&reported).expect("the spec is sound").expect;
        let (named, _) = expect.first().expect("the bug breaks something");
        let (_, run) = bug
            .counterexamples()
            .find(|(finding, _)| finding.property == *named)
            .expect("what is expected to be violated is");
        page += &format!(
            "\n## {name}\n\n{story}\n\n| source | violated | in | states | mended |\n|---|---|---|---|---|\n\
             | {source} | `{named}` | {} steps | {} | {} states |\n\n```mermaid\n{}```\n\n**Fix.** {fix}\n",
            run.steps.len(),
            states(&bug),
            states(&right),
            mermaid::diagram(&run.story),
        );
    }
    let path = folder.join("README.md");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, &page).expect("the gallery can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "specs/zoo/README.md is stale; write it anew");
}
