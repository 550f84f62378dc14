//! Traces made by hand, for tests of renderers.

use std::sync::Arc;

use amends_trace::attribute::Attributes;
use amends_trace::conventions::{
    COMPENSATION_FOR, ERROR_TYPE, SAGA_ID, SAGA_NAME, SAGA_OUTCOME, SAGA_STEP_ATTEMPT,
    SAGA_STEP_NAME,
};
use amends_trace::id::{SpanId, TraceId};
use amends_trace::judge::Divergence;
use amends_trace::span::{Dropped, Link, Source, Span, SpanEvent, SpanKind, Status, Time};

use super::{Judgement, Verdict};

/// Milliseconds, as nanoseconds.
pub(crate) const MS: u64 = 1_000_000;
/// When traces begin: 2026-01-02T03:00:00Z.
const BEGIN: u64 = 1_767_322_800_000_000_000;

fn span(id: u64, parent: Option<u64>, service: &str, name: &str, times: (u64, u64)) -> Span {
    Span {
        trace: TraceId::new([0x4b; 16]).expect("an id"),
        id: span_id(id),
        parent: parent.map(span_id),
        name: name.into(),
        kind: SpanKind::Internal,
        start: Time(BEGIN + times.0 * MS),
        end: Some(Time(BEGIN + times.1 * MS)),
        status: Status::Unset,
        attributes: Attributes::new(),
        events: Vec::new(),
        links: Vec::new(),
        dropped: Dropped::default(),
        source: Arc::new(Source { service: service.into(), ..Source::default() }),
    }
}

fn span_id(id: u64) -> SpanId {
    SpanId::new(id.to_be_bytes()).expect("an id")
}

trait With: Sized {
    fn with(self, name: &str, value: &str) -> Self;
    fn step(self, name: &str) -> Self;
    fn of_kind(self, kind: SpanKind) -> Self;
}

impl With for Span {
    fn with(mut self, name: &str, value: &str) -> Self {
        self.attributes.push(name, value);
        self
    }

    fn step(self, name: &str) -> Self {
        self.with(SAGA_ID, "s-17").with(SAGA_STEP_NAME, name)
    }

    fn of_kind(self, kind: SpanKind) -> Self {
        Span { kind, ..self }
    }
}

/// An order whose payment failed, so that what was reserved is released.
pub(crate) fn compensated() -> Vec<Span> {
    let mut root = span(1, None, "order", "saga order", (0, 200))
        .with(SAGA_NAME, "order")
        .with(SAGA_ID, "s-17")
        .with(SAGA_OUTCOME, "compensated");
    root.kind = SpanKind::Server;
    let mut psp = span(5, Some(4), "payment", "psp", (60, 140))
        .of_kind(SpanKind::Client)
        .with(ERROR_TYPE, "timeout");
    psp.status = Status::Error("no answer from the provider".into());
    let reserve = span(3, Some(1), "inventory", "reserve", (21, 51)).step("reserve");
    let mut release = span(7, Some(1), "inventory", "compensate reserve", (155, 195))
        .with(COMPENSATION_FOR, "reserve");
    release.links.push(Link {
        trace: reserve.trace,
        span: reserve.id,
        attributes: Attributes::new(),
    });
    vec![
        root,
        span(2, Some(1), "order", "create", (0, 20)).step("create"),
        reserve,
        span(4, Some(1), "payment", "pay", (52, 150))
            .step("pay")
            .with("payment.outcome", "unavailable"),
        psp,
        span(6, Some(1), "audit", "audit", (52, 110)),
        release,
    ]
}

/// How it is judged by a model in which `create` must be undone too.
pub(crate) fn violates(spans: &[Span]) -> Judgement {
    let mut expected = super::observed(&super::TraceReport::new(spans));
    expected.events.truncate(expected.events.len() - 1);
    Judgement {
        verdict: Verdict::Violates,
        reason: "missing-compensation: create took effect and was never undone".to_owned(),
        divergence: Some(Divergence {
            trace: spans[0].trace,
            span: spans[0].id,
            is_at_start: false,
        }),
        expected: Some(expected),
        evidence: vec![(spans[1].trace, spans[1].id), (spans[0].trace, spans[0].id)],
    }
}

/// Orphans, a circle, another trace, a clock that is ahead, a retry, and what has not ended.
pub(crate) fn odd() -> Vec<Span> {
    let hour = 3_600_000;
    let mut running = span(1, None, "order", "saga trip", (0, 0)).with(SAGA_NAME, "trip");
    running.end = None;
    let mut charge = span(4, Some(1), "payment", "charge", (hour, hour + 40)).step("charge");
    charge.attributes.push(SAGA_STEP_ATTEMPT, 2i64);
    let event = |name: &str| SpanEvent {
        time: Time(BEGIN),
        name: name.into(),
        attributes: Attributes::new(),
    };
    charge.events = vec![event("retry"), event("retry"), event("timeout")];
    let mut publish =
        span(5, Some(1), "order", "publish booked", (60, 61)).of_kind(SpanKind::Producer);
    publish.dropped.attributes = 3;
    let mut mail = span(6, None, "mail", "send mail", (70, 90)).of_kind(SpanKind::Consumer);
    mail.trace = TraceId::new([0x77; 16]).expect("an id");
    mail.links.push(Link { trace: publish.trace, span: publish.id, attributes: Attributes::new() });
    let mut refused = span(7, Some(99), "hotel", "book room", (10, 20)).with(ERROR_TYPE, "Refused");
    refused.status = Status::Error("no rooms\nleft".into());
    vec![
        running,
        charge,
        publish,
        mail,
        refused,
        span(8, Some(9), "car", "a", (30, 40)),
        span(9, Some(8), "car", "b", (31, 39)),
        span(9, Some(8), "car", "b again", (33, 34)),
        span(10, Some(1), "car", "undo car", (91, 99)).with(COMPENSATION_FOR, "car"),
    ]
}

/// A wide trace with one failure in it.
pub(crate) fn many(count: u64) -> Vec<Span> {
    let mut spans: Vec<Span> = (1..=count)
        .map(|id| {
            let times = (id * 10, id * 10 + 9);
            span(id + 1, Some(1), "worker", &format!("item {id}"), times)
        })
        .collect();
    spans[count as usize * 7 / 10].status = Status::Error("disk full".into());
    spans.push(span(1, None, "batch", "import", (0, count * 10 + 20)));
    spans
}
