//! From the model to spans and back: runs of every protocol are recorded, written, read and judged. What
//! is falsified after that is found, and what is merely missing never counts against anybody.

mod designs;
mod mutations;
mod walk;

use amends_models::conformance::Limits;
use amends_trace::judge::{Judge, Verdict};
use amends_trace::map::Mapping;
use amends_trace::{LogRecord, Span, Time};

use designs::Subject;
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

fn judge(subject: &Subject) -> Judge {
    let judge = Judge::new(subject.design.clone(), Mapping::default());
    if subject.is_endless { judge.limits(Limits { states: 20_000 }) } else { judge }
}

/// Runs that came to their end, with up to three faults; fewer where each takes the judge long.
fn runs(subject: &Subject, seeds: u64) -> impl Iterator<Item = (u64, Walked)> {
    let seeds = if subject.is_endless { seeds / 3 } else { seeds };
    (0..seeds)
        .map(|seed| (seed, walk(&subject.design, seed, (seed % 4) as usize)))
        .filter(|(_, walked)| walked.is_over)
}

#[test]
fn runs_conform_with_no_more_faults_than_struck() {
    for subject in designs::all() {
        let protocol = subject.name;
        let mut judge = judge(&subject);
        let mut seen = 0;
        for (seed, walked) in runs(&subject, 60) {
            let name = format!("run {seed} of {protocol}");
            match verdict(&mut judge, &walked.spans, &walked.logs) {
                Verdict::Conforms(explained) => {
                    assert!(explained.count() as usize <= walked.faults, "{name}");
                }
                Verdict::Inconclusive { .. } if subject.is_endless && walked.faults > 0 => {}
                other => panic!("{name}: {other:?}"),
            }
            seen += 1;
        }
        assert!(
            seen > if subject.is_endless { 5 } else { 20 },
            "{protocol} came to an end {seen} times"
        );
    }
}

#[test]
fn clocks_that_differ_by_seconds_and_round_to_a_millisecond_change_no_verdict() {
    for subject in designs::all() {
        let protocol = subject.name;
        let mut judge = judge(&subject);
        for (seed, mut walked) in runs(&subject, 20) {
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
            let name = format!("run {seed} of {protocol}");
            assert!(matches!(found, Verdict::Conforms(_)), "{name}: {found:?}");
        }
    }
}

#[test]
fn missing_spans_never_make_a_violation() {
    for subject in designs::all() {
        let protocol = subject.name;
        let mut judge = judge(&subject);
        for (seed, walked) in runs(&subject, 40) {
            let mut random = Random(seed);
            let (mut spans, mut logs) = (walked.spans.clone(), walked.logs.clone());
            spans.retain(|_| random.below(10) >= 3);
            logs.retain(|_| random.below(10) >= 3);
            let found = verdict(&mut judge, &spans, &logs);
            let name = format!("run {seed} of {protocol}");
            assert!(!matches!(found, Verdict::Violates(_)), "{name}: {found:?}");
        }
    }
}

#[test]
fn what_is_falsified_is_found() {
    let mut table = String::new();
    for subject in designs::all() {
        let protocol = subject.name;
        let mut judge = judge(&subject);
        let mut applied = 0;
        let runs: Vec<(u64, Walked)> =
            runs(&subject, 60).filter(|(_, walked)| walked.faults == 0).collect();
        table += &format!("{protocol}\n");
        for Mutation { what, allowed, mutate } in MUTATIONS {
            let mut found: Vec<&str> = Vec::new();
            for (seed, walked) in &runs {
                let (mut spans, mut logs) = (walked.spans.clone(), walked.logs.clone());
                if !mutate(&mut spans, &mut logs) {
                    continue;
                }
                let verdict = verdict(&mut judge, &spans, &logs);
                let word = word(&verdict);
                let is_allowed =
                    allowed.contains(&word) || subject.is_endless && word == "inconclusive";
                assert!(is_allowed, "{what}, in run {seed} of {protocol}: {verdict:?}");
                found.push(word);
            }
            found.sort_unstable();
            found.dedup();
            applied += usize::from(!found.is_empty());
            let found =
                if found.is_empty() { "nothing to change".to_owned() } else { found.join(" or ") };
            table += &format!("  {what}: {found}\n");
        }
        assert!(applied >= 12, "only {applied} mutations apply to {protocol}");
    }
    insta::assert_snapshot!(table);
}
