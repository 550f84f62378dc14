//! From the model to spans and back: runs of every protocol are recorded, written, read and judged. What
//! is falsified after that is found, and what is merely missing never counts against anybody.

mod designs;
mod mutations;
mod walk;

use amends_models::protocols::{AnyProtocol, Design};
use amends_trace::judge::{Judge, Verdict};
use amends_trace::map::Mapping;
use amends_trace::{LogRecord, Span, Time};

use mutations::{MUTATIONS, Mutation};
use walk::{Random, Walked, exported, walk};

/// The verdict on the only workflow that these spans tell of, in a word.
fn verdict(judge: &mut Judge, spans: &[Span], logs: &[LogRecord]) -> Verdict {
    let workflows = exported(spans, logs);
    assert!(workflows.len() <= 1, "one workflow, and not {}", workflows.len());
    match workflows.first() {
        Some(workflow) => judge.judge(workflow).verdict,
        None => Verdict::Inconclusive { doubts: Vec::new(), explained: None },
    }
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Conforms(_) => "conforms",
        Verdict::Violates(_) => "violates",
        Verdict::Inconclusive { .. } => "inconclusive",
    }
}

fn judge(design: &Design) -> Judge {
    Judge::new(design.clone(), Mapping::default())
}

/// Runs that came to their end, with up to three faults.
fn runs(design: &Design, seeds: u64) -> impl Iterator<Item = (u64, Walked)> {
    (0..seeds)
        .map(|seed| (seed, walk(design, seed, (seed % 4) as usize)))
        .filter(|(_, walked)| walked.is_over)
}

#[test]
fn runs_conform_with_no_more_faults_than_struck() {
    for design in designs::all() {
        let mut judge = judge(&design);
        let mut seen = 0;
        for (seed, walked) in runs(&design, 60) {
            let name = format!("run {seed} of {}", design.protocol().name());
            match verdict(&mut judge, &walked.spans, &walked.logs) {
                Verdict::Conforms(explained) => {
                    assert!(explained.count() as usize <= walked.faults, "{name}");
                }
                other => panic!("{name}: {other:?}"),
            }
            seen += 1;
        }
        assert!(seen > 20, "{} came to an end {seen} times", design.protocol().name());
    }
}

#[test]
fn clocks_that_differ_by_seconds_and_round_to_a_millisecond_change_no_verdict() {
    for design in designs::all() {
        let mut judge = judge(&design);
        for (seed, mut walked) in runs(&design, 20) {
            let skew = |service: &str| {
                let sum: u64 = service.bytes().map(u64::from).sum();
                (sum % 11) * 1_000_000_000
            };
            for span in &mut walked.spans {
                let skew = skew(&span.source.service);
                let skewed = span.start.0 + skew;
                span.start = Time(skewed - skewed % 1_000_000);
                span.end = span.end.map(|end| Time(end.0 + skew));
            }
            let found = verdict(&mut judge, &walked.spans, &walked.logs);
            let name = format!("run {seed} of {}", design.protocol().name());
            assert!(matches!(found, Verdict::Conforms(_)), "{name}: {found:?}");
        }
    }
}

#[test]
fn missing_spans_never_make_a_violation() {
    for design in designs::all() {
        let mut judge = judge(&design);
        for (seed, walked) in runs(&design, 40) {
            let mut random = Random(seed);
            let (mut spans, mut logs) = (walked.spans.clone(), walked.logs.clone());
            spans.retain(|_| random.below(10) >= 3);
            logs.retain(|_| random.below(10) >= 3);
            let found = verdict(&mut judge, &spans, &logs);
            let name = format!("run {seed} of {}", design.protocol().name());
            assert!(!matches!(found, Verdict::Violates(_)), "{name}: {found:?}");
        }
    }
}

#[test]
fn what_is_falsified_is_found() {
    let mut table = String::new();
    for design in designs::all() {
        let name = design.protocol().name();
        let mut judge = judge(&design);
        let runs: Vec<(u64, Walked)> =
            runs(&design, 60).filter(|(_, walked)| walked.faults == 0).collect();
        table += &format!("{name}\n");
        for Mutation { what, allowed, mutate } in MUTATIONS {
            let mut found: Vec<&str> = Vec::new();
            for (seed, walked) in &runs {
                let (mut spans, mut logs) = (walked.spans.clone(), walked.logs.clone());
                if !mutate(&mut spans, &mut logs) {
                    continue;
                }
                let verdict = verdict(&mut judge, &spans, &logs);
                let word = word(&verdict);
                assert!(allowed.contains(&word), "{what}, in run {seed} of {name}: {verdict:?}");
                found.push(word);
            }
            found.sort_unstable();
            found.dedup();
            let found =
                if found.is_empty() { "nothing to change".to_owned() } else { found.join(" or ") };
            table += &format!("  {what}: {found}\n");
        }
    }
    insta::assert_snapshot!(table);
}
