//! Workflows are put together from spans in any order, with bounded memory.

use std::sync::Arc;
use std::time::Duration;

use amends_trace::assemble::{
    Assembler, AssemblyReport, AssemblySettings, ByAttributes, Completeness, WorkflowTrace,
};
use amends_trace::read::Item;
use amends_trace::{
    Attributes, Dropped, Link, LogRecord, Source, Span, SpanId, SpanKind, Status, Time, TraceId,
    Value,
};
use proptest::prelude::*;

const SECOND: u64 = 1_000_000_000;
/// When everything begins.
const DAWN: u64 = 1_700_000_000 * SECOND;

fn trace(number: u64) -> TraceId {
    TraceId::new(u128::from(number).to_be_bytes()).expect("not zero")
}

fn id(number: u64) -> SpanId {
    SpanId::new(number.to_be_bytes()).expect("not zero")
}

/// A span that begins so many seconds after the dawn, and takes one.
fn span(of: u64, number: u64, parent: Option<u64>, second: u64) -> Span {
    Span {
        trace: trace(of),
        id: id(number),
        parent: parent.map(id),
        name: format!("span {number}").into(),
        kind: SpanKind::Internal,
        start: Time(DAWN + second * SECOND),
        end: Some(Time(DAWN + (second + 1) * SECOND)),
        status: Status::Unset,
        attributes: Attributes::new(),
        events: Vec::new(),
        links: Vec::new(),
        dropped: Dropped::default(),
        source: Arc::new(Source::default()),
    }
}

fn of_saga(mut span: Span, saga: &str) -> Span {
    span.attributes.push("saga.id", saga);
    span
}

fn linked(mut span: Span, of: u64, number: u64) -> Span {
    span.links.push(Link { trace: trace(of), span: id(number), attributes: Attributes::new() });
    span
}

fn settings() -> AssemblySettings {
    let mut settings = AssemblySettings::default();
    settings.quiet_spans = 3;
    settings.quiet_time = Duration::from_secs(10);
    settings.max_age = Duration::from_secs(100);
    settings
}

fn assemble(
    settings: AssemblySettings,
    items: impl IntoIterator<Item = Span>,
) -> (Vec<WorkflowTrace>, AssemblyReport) {
    let mut assembler = Assembler::new(ByAttributes::default(), settings);
    let mut workflows = Vec::new();
    for span in items {
        assembler.add(Item::Span(span), &mut |workflow| workflows.push(workflow));
    }
    let report = assembler.finish(&mut |workflow| workflows.push(workflow));
    (workflows, report)
}

/// The workflow, and the numbers of its spans.
fn shape(workflow: &WorkflowTrace) -> (Option<&str>, Vec<u64>) {
    let number = |span: &Span| u64::from_be_bytes(span.id.to_bytes());
    (workflow.key.as_deref(), workflow.spans.iter().map(number).collect())
}

#[test]
fn spans_of_a_trace_are_together_however_they_are_mixed() {
    let (workflows, report) = assemble(
        settings(),
        [
            span(1, 12, Some(11), 0),
            span(2, 21, None, 0),
            span(1, 11, None, 0),
            span(2, 22, Some(21), 0),
        ],
    );
    assert_eq!(
        workflows.iter().map(shape).collect::<Vec<_>>(),
        [(None, vec![12, 11]), (None, vec![21, 22])]
    );
    assert_eq!(report.workflows, [(Completeness::EndOfInput, 2)].into());
}

#[test]
fn a_workflow_is_handed_out_once_its_root_has_ended_and_it_was_quiet() {
    let mut assembler = Assembler::new(ByAttributes::default(), settings());
    let mut handed_out = Vec::new();
    let mut add = |span| assembler.add(Item::Span(span), &mut |workflow| handed_out.push(workflow));
    add(span(1, 12, Some(11), 0));
    add(span(2, 22, Some(21), 0));
    add(span(1, 11, None, 0));
    // The second one has no root yet, and what comes later is of another trace each.
    for number in 3..100 {
        add(span(number, number, None, 0));
    }
    assert_eq!(handed_out.len(), 0, "by count they are quiet, but no time has passed");
    let mut add = |span| assembler.add(Item::Span(span), &mut |workflow| handed_out.push(workflow));
    for number in 100..300 {
        add(span(number, number, None, 20));
    }
    let first = handed_out.iter().find(|workflow| workflow.spans[0].trace == trace(1));
    let first = first.expect("it has ended, and time has passed");
    assert_eq!((shape(first), first.completeness), ((None, vec![12, 11]), Completeness::Settled));
    assert!(handed_out.iter().all(|workflow| workflow.spans[0].trace != trace(2)));

    let mut add = |span| assembler.add(Item::Span(span), &mut |workflow| handed_out.push(workflow));
    for number in 300..600 {
        add(span(number, number, None, 200));
    }
    let second = handed_out.iter().find(|workflow| workflow.spans[0].trace == trace(2));
    let second = second.expect("it is too old by now");
    assert_eq!(
        (second.completeness, second.orphans, second.has_root()),
        (Completeness::TooOld, 1, false)
    );

    let before = handed_out.len();
    assembler.add(Item::Span(span(2, 21, None, 0)), &mut |workflow| handed_out.push(workflow));
    let report = assembler.finish(&mut |workflow| handed_out.push(workflow));
    assert_eq!(report.late, 1, "its root comes too late");
    assert!(handed_out[before..].iter().all(|workflow| workflow.spans[0].trace != trace(2)));
}

#[test]
fn traces_are_joined_by_the_workflow_that_they_name_and_by_links() {
    let (workflows, _) = assemble(
        settings(),
        [
            of_saga(span(1, 11, None, 0), "o-17"),
            span(2, 21, None, 0),
            // The consumer began a trace of its own, and links to its producer.
            linked(span(3, 31, None, 1), 1, 11),
            // Another names the saga.
            of_saga(span(4, 41, None, 2), "o-17"),
            of_saga(span(5, 51, None, 2), "o-18"),
        ],
    );
    assert_eq!(
        workflows.iter().map(shape).collect::<Vec<_>>(),
        [
            (Some("saga.id=o-17"), vec![11, 31, 41]),
            (None, vec![21]),
            (Some("saga.id=o-18"), vec![51])
        ]
    );
}

#[test]
fn workflows_that_share_a_trace_are_told_apart() {
    let (workflows, _) = assemble(
        settings(),
        [
            // A batch starts two sagas; each has parts that do not say so.
            span(1, 1, None, 0),
            span(1, 10, Some(1), 0),
            of_saga(span(1, 11, Some(10), 0), "a"),
            span(1, 12, Some(11), 0),
            of_saga(span(1, 21, Some(1), 0), "b"),
            span(1, 22, Some(21), 0),
            span(1, 30, Some(1), 0),
        ],
    );
    assert_eq!(
        workflows.iter().map(shape).collect::<Vec<_>>(),
        [
            (Some("saga.id=a"), vec![10, 11, 12]),
            (Some("saga.id=b"), vec![21, 22]),
            (None, vec![1, 30])
        ]
    );
    let [a, b, batch] = &workflows[..] else { panic!("three") };
    assert_eq!((a.roots, b.roots, batch.roots), (1, 1, 1), "parents elsewhere are not missing");
    assert_eq!((a.orphans, b.orphans, batch.orphans), (0, 0, 0));
}

#[test]
fn what_came_twice_is_there_once() {
    let mut unfinished = span(1, 12, Some(11), 0);
    unfinished.end = None;
    let (workflows, report) = assemble(
        settings(),
        [span(1, 11, None, 0), unfinished, span(1, 11, None, 0), span(1, 12, Some(11), 0)],
    );
    let [workflow] = &workflows[..] else { panic!("{workflows:?}") };
    assert_eq!(shape(workflow), (None, vec![11, 12]));
    assert!(workflow.spans[1].end.is_some(), "the one that has ended is kept");
    assert_eq!((report.duplicates, report.conflicts, workflow.conflicts), (1, 1, 1));
}

#[test]
fn what_is_wrong_with_parents_is_told() {
    let (workflows, _) = assemble(
        settings(),
        [
            span(1, 11, Some(12), 0),
            span(1, 12, Some(11), 0),
            span(1, 13, Some(12), 0),
            span(1, 14, Some(14), 0),
            span(1, 15, Some(99), 0),
            span(1, 16, Some(15), 0),
            span(1, 17, None, 0),
        ],
    );
    let [workflow] = &workflows[..] else { panic!("{workflows:?}") };
    assert_eq!((workflow.roots, workflow.orphans, workflow.in_cycles), (1, 1, 3));
}

#[test]
fn log_records_are_with_the_workflow_that_they_name_or_their_span() {
    let log = |trace: Option<TraceId>, span: Option<SpanId>, saga: Option<&str>| {
        let attributes: Attributes =
            saga.into_iter().map(|saga| ("correlation_id", Value::from(saga))).collect();
        Item::Log(LogRecord {
            time: Time(DAWN),
            event_name: "told".into(),
            body: Value::Empty,
            attributes,
            trace,
            span,
            dropped_attributes: 0,
            source: Arc::default(),
        })
    };
    let mut assembler = Assembler::new(ByAttributes::default(), settings());
    let mut workflows = Vec::new();
    for item in [
        Item::Span(of_saga(span(1, 11, None, 0), "a")),
        Item::Span(of_saga(span(1, 12, None, 0), "b")),
        log(Some(trace(1)), Some(id(12)), None),
        log(Some(trace(1)), None, None),
        log(None, None, Some("c-1")),
        log(None, None, None),
    ] {
        assembler.add(item, &mut |workflow| workflows.push(workflow));
    }
    let report = assembler.finish(&mut |workflow| workflows.push(workflow));
    let found: Vec<_> = workflows.iter().map(|w| (w.key.as_deref(), w.logs.len())).collect();
    assert_eq!(
        found,
        [
            (Some("saga.id=a"), 0),
            (Some("saga.id=b"), 1),
            (None, 1),
            (Some("correlation_id=c-1"), 1)
        ]
    );
    assert_eq!(report.unattached, 1);
}

/// A hundred thousand workflows of five spans, ten begun in each second.
fn many() -> impl Iterator<Item = Span> {
    (1..=100_000).flat_map(|of| {
        (1..=5).map(move |number| span(of, number, (number > 1).then_some(1), of / 10))
    })
}

#[test]
fn memory_does_not_grow_with_workflows_that_have_ended() {
    let mut assembler = Assembler::new(ByAttributes::default(), settings());
    let (mut most, mut workflows) = (0, 0);
    for (at, span) in many().enumerate() {
        assembler.add(Item::Span(span), &mut |_| workflows += 1);
        most = most.max(assembler.memory());
        if at == 50_000 {
            assert!(workflows > 9_000, "they are handed out on the way");
        }
    }
    let report = assembler.finish(&mut |_| workflows += 1);
    assert_eq!((workflows, report.total()), (100_000, 100_000));
    assert!(most < 1 << 20, "{most} bytes were held, of some 170 million");
}

#[test]
fn workflows_are_cut_short_when_memory_is_short_the_oldest_first() {
    let mut settings = settings().until_the_end();
    settings.max_memory = 1 << 20;
    let mut assembler = Assembler::new(ByAttributes::default(), settings);
    let mut firsts = Vec::new();
    for span in many().take(50_000) {
        assembler.add(Item::Span(span), &mut |workflow| {
            assert_eq!(workflow.completeness, Completeness::MemoryShort);
            firsts.push(workflow.spans[0].trace);
        });
        assert!(assembler.memory() <= 1 << 20);
    }
    assert!(firsts.len() > 5_000, "{}", firsts.len());
    assert!(firsts.is_sorted());
}

#[test]
fn a_trace_too_large_for_memory_does_not_cost_the_others() {
    let mut settings = settings().until_the_end();
    settings.max_memory = 1 << 20;
    let small = (1..=100).map(|of| span(of, 1, None, 0));
    let large = (1..=100_000).map(|number| span(1_000, number, (number > 1).then_some(1), 0));
    let (workflows, report) = assemble(settings, small.chain(large));
    assert_eq!(report.workflows[&Completeness::MemoryShort], 1);
    assert_eq!(report.workflows[&Completeness::EndOfInput], 100);
    let cut = workflows.iter().find(|workflow| workflow.completeness.is_cut_short());
    let kept = cut.expect("one is cut short").spans.len();
    assert_eq!(kept as u64 + report.late, 100_000, "what came after it was cut is counted");
}

#[test]
fn absurd_times_of_a_few_spans_do_not_cut_others_short() {
    let absurd = |of: u64| {
        let mut absurd = span(1_000_000 + of, 1, None, 0);
        (absurd.start, absurd.end) = (Time(u64::MAX), Some(Time(u64::MAX)));
        absurd
    };
    let spans = many().take(20_000).flat_map(|span| {
        let absurd = (span.id == id(3)).then(|| {
            absurd(u64::from_be_bytes(span.trace.to_bytes()[8..].try_into().expect("eight bytes")))
        });
        [Some(span), absurd].into_iter().flatten()
    });
    let (workflows, report) = assemble(settings(), spans);
    assert_eq!((report.total(), report.late), (8_000, 0));
    assert!(workflows.iter().all(|workflow| matches!(workflow.spans.len(), 1 | 5)));
}

proptest! {
    /// Whatever the order in which spans come, the same are together.
    #[test]
    fn the_order_of_spans_does_not_matter(
        drawn in prop::collection::vec((1..6u64, 1..30u64, 0..30u64, 0..4u64, 0..8u64), 1..40),
        seed in any::<u64>(),
    ) {
        let spans: Vec<Span> = drawn
            .iter()
            .enumerate()
            .map(|(at, (of, _, parent, saga, link))| {
                let mut span = span(*of, at as u64 + 1, (*parent > 0).then_some(*parent), 0);
                if (1..3).contains(saga) {
                    span = of_saga(span, &saga.to_string());
                }
                if (1..6).contains(link) {
                    span = linked(span, *link, 1);
                }
                span
            })
            .collect();
        let sorted = |spans: Vec<Span>| {
            let (workflows, report) = assemble(settings().until_the_end(), spans);
            let mut shapes: Vec<(Option<String>, Vec<u64>, usize, usize)> = workflows
                .iter()
                .map(|workflow| {
                    let (key, mut numbers) = shape(workflow);
                    numbers.sort_unstable();
                    (key.map(str::to_owned), numbers, workflow.orphans, workflow.in_cycles)
                })
                .collect();
            shapes.sort();
            (shapes, report)
        };
        let mut shuffled = spans.clone();
        shuffled.sort_by_key(|span| (u64::from_be_bytes(span.id.to_bytes())).wrapping_mul(seed | 1));
        let (shapes, report) = sorted(spans.clone());
        prop_assert_eq!(&shapes, &sorted(shuffled).0);
        let handed_out: usize = shapes.iter().map(|shape| shape.1.len()).sum();
        prop_assert_eq!((handed_out, report.late), (spans.len(), 0));
    }
}
