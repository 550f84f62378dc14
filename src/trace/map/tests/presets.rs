//! What the presets read.

use std::sync::Arc;

use crate::attribute::Value;
use crate::fixture::MS;
use crate::log::LogRecord;
use crate::map::{Completeness, Gap, Mapping, presets};
use crate::span::{Source, SpanKind, Time};

use super::spans::{all, event, failed, is_before, kind, linked, seen, told};

const ORDER: (&str, &str) = ("order", "1");
const STOCK: (&str, &str) = ("stock", "1");

fn preset(name: &str) -> Mapping {
    presets::mapping(name).expect("a preset")
}

#[test]
fn every_preset_is_a_mapping_file() {
    for name in presets::NAMES {
        let text = presets::text(name).expect("a text");
        let parsed = Mapping::parse(name, text).map_err(miette::Report::new);
        parsed.unwrap_or_else(|error| panic!("{error:?}"));
    }
}

/// A saga as amends tells of it: one step done, and the end.
fn own() -> Vec<crate::Span> {
    let ids = ("amends.workflow.id", "w-1");
    let about = [("amends.operation", "do"), ("amends.subject", "reserve")];
    let mut root = told(
        1,
        0,
        ORDER,
        "saga order",
        (0, 100),
        &[
            ("amends.workflow.name", "order"),
            ids,
            ("amends.protocol", "saga"),
            ("amends.outcome", "completed"),
            ("saga.name", "order"),
        ],
    );
    root.attributes.push("amends.spans", 2i64);
    let with = |more: &[(&'static str, &'static str)]| [&[ids][..], &about, more].concat();
    let request = with(&[
        ("amends.role", "request"),
        ("amends.answer", "done"),
        ("saga.step.name", "reserve"),
    ]);
    let execution =
        with(&[("amends.role", "execution"), ("amends.effect", "done"), ("amends.answer", "done")]);
    vec![
        root,
        kind(SpanKind::Client, told(2, 1, ORDER, "reserve", (10, 50), &request)),
        kind(SpanKind::Server, told(3, 2, STOCK, "reserve", (900, 910), &execution)),
    ]
}

#[test]
fn our_own_attributes_need_no_configuration() {
    let sightings = Mapping::default().apply(&own(), &[]);
    assert_eq!(
        all(&sightings),
        [
            "ended: completed",
            "do reserve requested",
            "do reserve answered: done",
            "do reserve performed: done",
            "do reserve replied: done",
        ]
    );
    assert_eq!(sightings.name.as_deref(), Some("order"));
    assert_eq!(sightings.id.as_deref(), Some("w-1"));
    assert_eq!(sightings.protocol.as_deref(), Some("saga"));
    assert!(sightings.is_over);
    assert_eq!(sightings.evidence.completeness, Completeness::Coordinator);
    assert_eq!(sightings.evidence.gaps, []);
    assert!(is_before(&sightings, "do reserve requested", "do reserve performed: done"));
    assert!(is_before(&sightings, "do reserve performed: done", "do reserve replied: done"));
    assert!(is_before(&sightings, "do reserve answered: done", "ended: completed"));
    // By its clock, the server was late.
    assert!(!is_before(&sightings, "do reserve answered: done", "do reserve replied: done"));
}

#[test]
fn a_span_too_few_and_nothing_is_known_to_be_there() {
    let mut spans = own();
    spans.remove(1);
    let sightings = Mapping::default().apply(&spans, &[]);
    assert_eq!(sightings.evidence.completeness, Completeness::Nothing);
    assert_eq!(sightings.evidence.gaps, [Gap::Orphans(1), Gap::FewerSpans { emitted: 2, came: 1 }]);
}

#[test]
fn a_span_that_comes_twice_counts_once() {
    let mut spans = own();
    spans.push(spans[2].clone());
    assert_eq!(Mapping::default().apply(&spans, &[]).all.len(), 5);
}

#[test]
fn a_request_without_an_answer_is_only_a_request() {
    let mut spans = own();
    spans[1].attributes = spans[1]
        .attributes
        .iter()
        .filter(|(name, _)| *name != "amends.answer")
        .map(|(name, value)| (name, value.clone()))
        .collect();
    let observed = seen(&Mapping::default(), &failed_in_time(spans));
    assert!(observed.contains(&"do reserve requested".to_owned()));
    assert!(!observed.iter().any(|words| words.contains("answered")));
}

fn failed_in_time(mut spans: Vec<crate::Span>) -> Vec<crate::Span> {
    spans[1] = failed("timeout", spans[1].clone());
    spans[1].attributes.push("error.type", "timeout");
    spans
}

#[test]
fn a_run_may_be_over_without_an_outcome() {
    let mut root = own().remove(0);
    root.attributes = [("amends.workflow.name", "order")].into_iter().collect();
    let sightings = Mapping::default().apply(&[root.clone()], &[]);
    assert!(!sightings.is_over && sightings.all.is_empty());
    root.attributes.push("amends.over", true);
    let sightings = Mapping::default().apply(&[root], &[]);
    assert!(sightings.is_over && sightings.all.is_empty());
}

#[test]
fn a_decision_is_an_event_of_the_root() {
    let root = event("decision", 40, &[("amends.ending", "compensated")], own().remove(0));
    assert_eq!(seen(&Mapping::default(), &[root]), ["ended: completed", "decided: compensated"]);
}

#[test]
fn conventional_attributes_need_no_configuration() {
    let step = |id, name, when, more: &[(&'static str, &'static str)]| {
        let attributes = [&[("saga.id", "s-1"), ("saga.step.name", name)][..], more].concat();
        told(id, 1, ORDER, name, when, &attributes)
    };
    let spans = [
        told(
            1,
            0,
            ORDER,
            "saga order",
            (0, 100),
            &[("saga.name", "order"), ("saga.id", "s-1"), ("saga.outcome", "compensated")],
        ),
        step(2, "reserve", (1, 10), &[]),
        step(3, "charge", (20, 30), &[("payment.outcome", "rejected")]),
        failed("service unavailable", step(4, "ship", (40, 45), &[])),
        told(
            5,
            1,
            ORDER,
            "compensate reserve",
            (50, 60),
            &[("saga.id", "s-1"), ("compensation.for", "reserve")],
        ),
        kind(
            SpanKind::Consumer,
            told(6, 5, STOCK, "release", (51, 52), &[("compensation.for", "reserve")]),
        ),
    ];
    let sightings = Mapping::default().apply(&spans, &[]);
    assert_eq!(
        all(&sightings),
        [
            "ended: compensated",
            "do reserve requested",
            "do reserve answered: done",
            "do charge requested",
            "do charge answered: refused",
            "do ship requested",
            "undo reserve requested",
            "undo reserve answered: done",
            "undo reserve replied: done",
        ]
    );
    assert!(is_before(&sightings, "do charge answered: refused", "undo reserve requested"));
    assert!(is_before(&sightings, "do charge answered: refused", "undo reserve replied: done"));
}

#[test]
fn confirm_and_cancel_are_about_what_they_link_to() {
    let spans = [
        told(
            1,
            0,
            ORDER,
            "tcc order",
            (0, 100),
            &[("tcc.name", "order"), ("tcc.outcome", "confirmed")],
        ),
        told(
            2,
            1,
            ORDER,
            "tcc.try stock",
            (1, 10),
            &[("tcc.phase", "try"), ("tcc.participant", "stock")],
        ),
        linked(2, told(3, 1, ORDER, "tcc.confirm", (20, 30), &[("tcc.phase", "confirm")])),
    ];
    assert_eq!(
        seen(&Mapping::default(), &spans),
        [
            "ended: completed",
            "try stock requested",
            "try stock answered: done",
            "confirm stock requested",
            "confirm stock answered: done",
        ]
    );
}

/// The order saga of the document, whose payment fails.
#[test]
fn the_saga_of_the_seeds() {
    let go = ("order-saga", "");
    let spans = [
        failed(
            "payment failed",
            told(1, 0, go, "OrderSaga.Execute", (0, 200), &[("order.id", "fail-payment")]),
        ),
        told(2, 1, go, "CreateOrder", (1, 20), &[]),
        told(3, 1, go, "ReserveInventory", (22, 50), &[]),
        failed("payment gateway timeout", told(4, 1, go, "ProcessPayment", (52, 150), &[])),
        told(
            5,
            1,
            go,
            "CompensateInventory",
            (153, 160),
            &[("compensation.type", "release_inventory")],
        ),
        told(6, 1, go, "CompensateOrder", (163, 180), &[("compensation.type", "cancel_order")]),
    ];
    let sightings = preset("seeds").apply(&spans, &[]);
    assert_eq!(
        all(&sightings),
        [
            "ended: compensated",
            "do CreateOrder requested",
            "do CreateOrder performed: done",
            "do CreateOrder answered: done",
            "do ReserveInventory requested",
            "do ReserveInventory performed: done",
            "do ReserveInventory answered: done",
            "do ProcessPayment requested",
            "undo ReserveInventory requested",
            "undo ReserveInventory performed: done",
            "undo ReserveInventory answered: done",
            "undo CreateOrder requested",
            "undo CreateOrder performed: done",
            "undo CreateOrder answered: done",
        ]
    );
    assert_eq!(sightings.id.as_deref(), Some("fail-payment"));
    assert_eq!(sightings.name.as_deref(), Some("OrderSaga"));
    // No instance is named, but internal spans are of the process of their parent.
    assert!(is_before(
        &sightings,
        "undo ReserveInventory performed: done",
        "undo CreateOrder requested"
    ));
}

#[test]
fn the_tcc_of_the_seeds() {
    let go = ("tcc", "");
    let try_phase = [("tcc.phase", "try")];
    let root = told(1, 0, go, "TCCTransaction", (0, 200), &[("order.id", "7")]);
    let spans = [
        event("try_phase_success", 40, &[], root),
        told(2, 1, go, "TryReserveInventory", (1, 20), &try_phase),
        told(3, 1, go, "TryFreezeBalance", (1, 30), &try_phase),
        told(4, 1, go, "ConfirmAll", (50, 100), &[]),
        linked(2, told(5, 4, go, "ConfirmOperation", (51, 60), &[("tcc.phase", "confirm")])),
        told(6, 4, go, "ConfirmFreezeBalance", (51, 60), &[("phase", "confirm")]),
    ];
    let sightings = preset("seeds").apply(&spans, &[]);
    let performed: Vec<String> =
        all(&sightings).into_iter().filter(|words| words.contains("performed")).collect();
    assert_eq!(
        performed,
        [
            "try ReserveInventory performed: done",
            "try FreezeBalance performed: done",
            "confirm ReserveInventory performed: done",
            "confirm FreezeBalance performed: done",
        ]
    );
    assert!(all(&sightings).contains(&"decided: completed".to_owned()));
    assert_eq!(sightings.unmatched, [3]);
}

#[test]
fn an_event_of_a_span_can_ask_for_a_compensation() {
    let step = failed("out of stock", told(2, 0, ("order", ""), "ReserveInventory", (1, 20), &[]));
    let step = event("compensation_triggered", 10, &[("compensation.action", "release")], step);
    assert!(
        seen(&preset("seeds"), &[step]).contains(&"undo ReserveInventory requested".to_owned())
    );
}

fn log(at: u64, name: &str, attributes: &[(&str, &str)]) -> LogRecord {
    LogRecord {
        time: Time(at * MS),
        event_name: name.into(),
        body: Value::Empty,
        attributes: attributes.iter().copied().collect(),
        trace: None,
        span: None,
        dropped_attributes: 0,
        source: Arc::new(Source { service: "events".into(), ..Source::default() }),
    }
}

#[test]
fn events_of_event_sourcing_are_log_records_in_the_order_of_their_causes() {
    let appended = |name, more: &[(&'static str, &'static str)]| {
        let known =
            [("amends.operation", "append"), ("amends.subject", name), ("amends.effect", "done")];
        log(0, name, &[&known[..], more].concat())
    };
    let logs = [
        appended("paid", &[("event.id", "e2"), ("causation_id", "e1")]),
        appended("placed", &[("event.id", "e1")]),
        appended("other", &[("event.id", "e3")]),
    ];
    let sightings = Mapping::default().apply(&[], &logs);
    assert!(is_before(&sightings, "append placed performed: done", "append paid performed: done"));
    assert!(!is_before(&sightings, "append other performed: done", "append paid performed: done"));

    let seed = [log(0, "", &[("event.type", "OrderCreated"), ("aggregate.id", "order-001")])];
    let sightings = preset("seeds").apply(&[], &seed);
    assert_eq!(all(&sightings), ["append OrderCreated performed: done"]);
    assert_eq!(sightings.id.as_deref(), Some("order-001"));
}

#[test]
fn the_transactions_of_go_spring() {
    let of = |id, name, when| told(id, 0, ("shop", ""), name, when, &[("tcc.id", "tx-1")]);
    let spans = [
        of(1, "tcc.try Stock", (0, 5)),
        failed("insufficient balance", of(2, "tcc.try Balance", (8, 10))),
        of(3, "tcc.cancel Stock", (15, 20)),
        of(4, "saga.compensate Reserve", (15, 20)),
    ];
    assert_eq!(
        seen(&preset("go-spring-tcc"), &spans),
        [
            "try Stock requested",
            "try Stock answered: done",
            "try Balance requested",
            "try Balance answered: refused",
            "cancel Stock requested",
            "cancel Stock answered: done",
            "undo Reserve requested",
            "undo Reserve answered: done",
        ]
    );
}

#[test]
fn workflows_and_activities_of_temporal() {
    let mapping = Mapping::parse(
        "trip.toml",
        "extends = [\"temporal\"]\n[undo]\nCancelHotel = \"BookHotel\"\n[subjects]\nBookHotel = \"hotel\"",
    );
    let mapping = mapping.expect("a mapping");
    let id = [("temporalWorkflowID", "trip-1"), ("temporalRunID", "r-1")];
    let worker = ("worker", "");
    let spans = [
        told(1, 0, worker, "StartWorkflow:Trip", (0, 2), &id),
        failed("no flight", told(2, 1, worker, "RunWorkflow:Trip", (5, 90), &id)),
        told(3, 2, worker, "StartActivity:BookHotel", (10, 10), &id),
        failed("connection reset", told(4, 3, worker, "RunActivity:BookHotel", (12, 15), &id)),
        told(5, 3, worker, "RunActivity:BookHotel", (20, 25), &id),
        told(6, 2, worker, "StartActivity:CancelHotel", (50, 50), &id),
        told(7, 6, worker, "RunActivity:CancelHotel", (52, 55), &id),
    ];
    let sightings = mapping.apply(&spans, &[]);
    assert_eq!(
        all(&sightings),
        [
            "do hotel requested",
            "do hotel replied: failed",
            "do hotel replied: done",
            "undo hotel requested",
            "undo hotel replied: done",
        ]
    );
    assert_eq!(sightings.name.as_deref(), Some("Trip"));
    assert!(sightings.is_over);
    assert!(is_before(&sightings, "undo hotel requested", "undo hotel replied: done"));
    // Another worker may have run the activity.
    assert!(!is_before(&sightings, "do hotel replied: done", "undo hotel requested"));
}
