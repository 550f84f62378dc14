//! Properties of the order: it is a partial order, clocks that differ and round change nothing, and what
//! is dropped is only missing.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::fixture::{MS, span_id};
use crate::map::{Completeness, Mapping, Origin, Sightings};
use crate::span::{Span, SpanKind, Time};

use super::spans::{kind, told};

/// A run of steps, one after the other or at the same time, each with a call to a service of its own. Times
/// are those of one true clock, and never closer to each other than 4 ms.
fn runs() -> impl Strategy<Value = Vec<Span>> {
    let step = (0..3usize, any::<bool>(), any::<bool>(), 0..3usize);
    proptest::collection::vec(step, 1..8).prop_map(|steps| {
        let mut spans = Vec::new();
        let mut root = told(
            1,
            0,
            ("order", "1"),
            "saga order",
            (0, 0),
            &[
                ("amends.workflow.name", "order"),
                ("amends.workflow.id", "w"),
                ("amends.outcome", "completed"),
            ],
        );
        root.attributes.push("amends.spans", steps.len() as i64 + 1);
        let (mut time, mut id) = (8, 1);
        let services = ["stock", "pay", "ship"];
        for (service, is_named, goes_on, linked) in steps {
            let (request, execution) = (id + 1, id + 2);
            id += 2;
            let about = [
                ("amends.workflow.id", "w"),
                ("amends.operation", "do"),
                ("amends.subject", services[service]),
                ("amends.answer", "done"),
            ];
            let asks = [&about[..], &[("amends.role", "request")]].concat();
            let does =
                [&about[..], &[("amends.role", "execution"), ("amends.effect", "done")]].concat();
            let instance = if is_named { "1" } else { "" };
            let length = if goes_on { 12 } else { 40 };
            let client = told(request, 1, ("order", "1"), "call", (time, time + length), &asks);
            let server = told(
                execution,
                request,
                (services[service], instance),
                "work",
                (time + 4, time + 8),
                &does,
            );
            let mut server = kind(SpanKind::Server, server);
            if linked == 0 && request > 2 {
                server = super::spans::linked(2, server);
            }
            spans.push(kind(SpanKind::Client, client));
            spans.push(server);
            time += 16;
        }
        root.end = Some(Time((time + 60) * MS));
        spans.push(root);
        spans
    })
}

/// Edges by what they are between, so that they can be compared when positions differ.
fn edges(sightings: &Sightings, spans: &[Span]) -> BTreeSet<(String, String)> {
    let names: Vec<String> = sightings
        .all
        .iter()
        .map(|sighting| {
            let Origin::Span(at) = sighting.origin else { panic!("a span") };
            format!("{} {:?} {:?}", spans[at].id, sighting.moment, sighting.observation)
        })
        .collect();
    let mut edges = BTreeSet::new();
    for first in 0..names.len() {
        for then in 0..names.len() {
            if sightings.order.is_before(first, then) {
                edges.insert((names[first].clone(), names[then].clone()));
            }
        }
    }
    edges
}

fn sightings(spans: &[Span]) -> Sightings {
    Mapping::default().apply(spans, &[])
}

proptest! {
    #[test]
    fn the_order_is_a_strict_partial_order(spans in runs()) {
        let found = sightings(&spans);
        let count = found.all.len();
        for a in 0..count {
            prop_assert!(!found.order.is_before(a, a));
            for b in (0..count).filter(|&b| found.order.is_before(a, b)) {
                prop_assert!(!found.order.is_before(b, a));
                for c in (0..count).filter(|&c| found.order.is_before(b, c)) {
                    prop_assert!(found.order.is_before(a, c));
                }
            }
        }
    }

    #[test]
    fn clocks_that_differ_and_round_change_nothing(
        spans in runs(),
        skews in proptest::collection::vec(0u64..5_000, 4),
        fractions in proptest::collection::vec(0u64..MS, 20),
    ) {
        let mut skewed = spans.clone();
        for (at, span) in skewed.iter_mut().enumerate() {
            let service = ["order", "stock", "pay", "ship"]
                .iter()
                .position(|name| *name == span.service())
                .expect("one of them");
            // Starts are cut to a millisecond, ends are not.
            let ticks = fractions[at % fractions.len()];
            span.start = Time(span.start.0 + skews[service] * MS);
            span.end = span.end.map(|end| Time(end.0 + skews[service] * MS + ticks));
        }
        let (before, after) = (sightings(&spans), sightings(&skewed));
        prop_assert_eq!(&before.all, &after.all);
        prop_assert_eq!(edges(&before, &spans), edges(&after, &skewed));
    }

    #[test]
    fn dropping_spans_only_takes_away(spans in runs(), kept in proptest::collection::vec(any::<bool>(), 20)) {
        let fewer: Vec<Span> = spans
            .iter()
            .enumerate()
            .filter(|(at, _)| kept[at % kept.len()])
            .map(|(_, span)| span.clone())
            .collect();
        let (before, after) = (sightings(&spans), sightings(&fewer));
        prop_assert!(edges(&after, &fewer).is_subset(&edges(&before, &spans)));
        prop_assert!(after.all.len() <= before.all.len());
        let missing = spans.iter().any(|span| {
            span.service() == "order" && !fewer.iter().any(|other| other.id == span.id)
        });
        prop_assert!(!missing || after.evidence.completeness == Completeness::Nothing);
    }

    #[test]
    fn the_order_of_the_input_does_not_matter(spans in runs().prop_flat_map(|spans| {
        (Just(spans.clone()), Just(spans).prop_shuffle())
    })) {
        let (one, other) = spans;
        prop_assert_eq!(edges(&sightings(&one), &one), edges(&sightings(&other), &other));
    }
}

#[test]
fn circles_of_parents_prove_nothing() {
    let spans = [
        told(1, 2, ("a", ""), "x", (0, 10), &[("saga.step.name", "one")]),
        told(2, 1, ("b", ""), "x", (0, 10), &[("saga.step.name", "two")]),
        told(3, 3, ("c", ""), "x", (0, 10), &[("saga.step.name", "three")]),
    ];
    let found = sightings(&spans);
    assert_eq!(found.all.len(), 6);
    assert!(!found.order.is_before(0, 2) && !found.order.is_before(2, 0));
    assert!(found.order.is_before(0, 1));
}

#[test]
fn a_deep_trace_is_mapped_in_linear_time() {
    let deep: Vec<Span> = (1..=200_000u64)
        .map(|id| told(id, id - 1, ("deep", ""), "call", (id, 400_000 - id), &[]))
        .collect();
    let found = sightings(&deep);
    assert!(found.all.is_empty());
    assert_eq!(deep[0].id, span_id(1));
}
