//! Traces of Jaeger: `{"data": [{"traceID": …, "spans": […], "processes": {…}}]}`.
//!
//! Times are microseconds, ids may lack zeros in front, and what OTLP has fields for are tags. The
//! processes that spans belong to are told after them, so the spans of a trace are held back.

use compact_str::CompactString;
use rustc_hash::FxHashMap;
use serde::de::{MapAccess, SeqAccess};

use super::attributes::{Pairs, pass_over};
use super::lenient::{As, Found, Lenient, keys, next_key, skip};
use super::scalar::{Code, Id, Kind, Text};
use super::span::whole;
use crate::attribute::{Attributes, Value};
use crate::id::SpanId;
use crate::read::Item;
use crate::read::draft::{LinkDraft, SpanDraft, StatusCode, Told, source};
use crate::read::intake::Intake;
use crate::read::report::Flaw;
use crate::span::{Span, SpanEvent, Time};

/// All traces.
pub(super) struct Traces<'i, 't>(pub(super) &'i mut Intake<'t>);

impl<'de> Lenient<'de> for Traces<'_, '_> {
    type Output = ();

    fn other(self, found: Found) {
        if found != Found::Null {
            self.0.note(Flaw::UnknownDocument, "data, but no list of traces");
        }
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.0.enter("data");
        while list.next_element_seed(As(Trace(&mut *self.0)))?.is_some() {
            self.0.step();
        }
        self.0.leave();
        Ok(())
    }
}

/// A process, as it is told: the attributes of its resource.
type Processes = FxHashMap<CompactString, Attributes>;

/// A span whose process is not known yet.
struct Held {
    span: Span,
    process: CompactString,
    scope: CompactString,
}

keys!(TraceKey { Spans = "spans", Processes = "processes" });

struct Trace<'i, 't>(&'i mut Intake<'t>);

impl<'de> Lenient<'de> for Trace<'_, '_> {
    type Output = ();

    fn other(self, _: Found) {
        self.0.note(Flaw::NotAnObject, "trace");
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let intake = self.0;
        let mut processes: Option<Processes> = None;
        let mut held = Vec::new();
        while let Some(key) = next_key(&mut map)? {
            match key {
                TraceKey::Spans => {
                    map.next_value_seed(As(Spans {
                        intake: &mut *intake,
                        processes: &processes,
                        held: &mut held,
                    }))?;
                }
                TraceKey::Processes => {
                    processes = Some(map.next_value_seed(As(ProcessMap(&mut *intake)))?);
                }
                TraceKey::Other => skip(&mut map)?,
            }
        }
        let processes = processes.unwrap_or_default();
        for held in held {
            hand_out(held, &processes, intake);
        }
        Ok(())
    }
}

fn hand_out(held: Held, processes: &Processes, intake: &mut Intake<'_>) {
    let Held { mut span, process, scope } = held;
    // A span may bring its process along, instead of naming it.
    if span.source.service.is_empty() {
        let resource = processes.get(&process).cloned().unwrap_or_default();
        span.source = intake.source(source(resource, scope));
    }
    intake.hand_out(Item::Span(span));
}

struct Spans<'i, 't> {
    intake: &'i mut Intake<'t>,
    processes: &'i Option<Processes>,
    held: &'i mut Vec<Held>,
}

impl<'de> Lenient<'de> for Spans<'_, '_> {
    type Output = ();

    fn other(self, found: Found) {
        if found != Found::Null {
            self.intake.note(Flaw::Unreadable, "spans");
        }
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Spans { intake, processes, held } = self;
        let mut bytes = 0;
        intake.enter("spans");
        loop {
            intake.begin_item();
            let Some(told) = list.next_element_seed(As(JaegerSpan(&mut *intake)))? else { break };
            if let Some(told) = told.and_then(|told| told.finish(intake)) {
                if let Some(processes) = processes {
                    hand_out(told, processes, intake);
                } else {
                    bytes += told.span.memory();
                    if bytes > intake.limits.held {
                        intake.note(Flaw::ResourceTooLate, "");
                    } else {
                        held.push(told);
                    }
                }
            }
            if intake.stopped {
                return Err(serde::de::Error::custom("nothing more is wanted"));
            }
            intake.step();
        }
        intake.leave();
        Ok(())
    }
}

struct ProcessMap<'i, 't>(&'i mut Intake<'t>);

impl<'de> Lenient<'de> for ProcessMap<'_, '_> {
    type Output = Processes;

    fn other(self, found: Found) -> Processes {
        if found != Found::Null {
            self.0.note(Flaw::Unreadable, "processes");
        }
        Processes::default()
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Processes, A::Error> {
        let intake = self.0;
        let mut processes = Processes::default();
        intake.begin_item();
        while let Some(name) =
            map.next_key_seed(As(Text { intake: &mut *intake, of: "name of a process" }))?
        {
            let process = map.next_value_seed(As(Process(&mut *intake)))?;
            if intake.charge(64) {
                processes.insert(name, process);
            }
        }
        Ok(processes)
    }
}

keys!(ProcessKey { Service = "serviceName", Tags = "tags" });

struct Process<'i, 't>(&'i mut Intake<'t>);

impl<'de> Lenient<'de> for Process<'_, '_> {
    type Output = Attributes;

    fn other(self, _: Found) -> Attributes {
        self.0.note(Flaw::NotAnObject, "process");
        Attributes::new()
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attributes, A::Error> {
        let mut attributes = Attributes::new();
        let mut service = CompactString::default();
        while let Some(key) = next_key(&mut map)? {
            match key {
                ProcessKey::Service => {
                    let of = "serviceName";
                    service = map.next_value_seed(As(Text { intake: &mut *self.0, of }))?;
                }
                ProcessKey::Tags => {
                    attributes = map.next_value_seed(As(Pairs::new(&mut *self.0)))?;
                }
                ProcessKey::Other => skip(&mut map)?,
            }
        }
        attributes.push("service.name", Value::Text(service));
        Ok(attributes)
    }
}

keys!(SpanKey {
    Trace = "traceID" | "traceId",
    Id = "spanID" | "spanId",
    Parent = "parentSpanID" | "parentSpanId",
    Name = "operationName",
    References = "references",
    Start = "startTime",
    Duration = "duration",
    Tags = "tags",
    Logs = "logs",
    ProcessId = "processID" | "processId",
    Process = "process",
});

/// What was told of a span of Jaeger.
#[derive(Default)]
struct JaegerDraft {
    span: SpanDraft,
    duration: u64,
    references: Vec<Reference>,
    process_id: CompactString,
    process: Option<Attributes>,
}

impl JaegerDraft {
    /// The span, with what OTLP has fields for taken out of its tags.
    fn finish(mut self, intake: &mut Intake<'_>) -> Option<Held> {
        let mut scope = CompactString::default();
        let mut code = None;
        let mut failed = false;
        let mut description = CompactString::default();
        let span = &mut self.span;
        let mut kind = None;
        span.attributes.retain(|name, value| {
            let text = value.as_text();
            match name {
                "span.kind" => kind = text.and_then(Kind::named),
                "otel.status_code" => code = text.and_then(Code::named),
                "otel.status_description" => description = text.unwrap_or_default().into(),
                "otel.scope.name" | "otel.library.name" => scope = text.unwrap_or_default().into(),
                "error" => {
                    failed = value.to_text().is_some_and(|error| error == "true");
                    return !matches!(value, Value::Bool(_));
                }
                _ => return true,
            }
            false
        });
        span.kind = kind.unwrap_or_default();
        let said = if failed { StatusCode::Error } else { StatusCode::Unset };
        span.status = code.unwrap_or(said);
        span.description = description;
        // A span that took no time ended, too.
        span.end = span.start.saturating_add(self.duration.saturating_mul(1_000));
        for reference in self.references {
            // The first one that it is a child of is the parent; the others are links.
            let (Told::Nothing, true) = (span.parent, reference.is_parent) else {
                span.links.extend(reference.link.finish(intake));
                continue;
            };
            if reference.link.trace == span.trace {
                span.parent = reference.link.span;
            } else {
                span.links.extend(reference.link.finish(intake));
            }
        }
        let of = match self.process {
            Some(process) => intake.source(source(process, scope.clone())),
            None => intake.nobody(),
        };
        let span = self.span.finish(of, intake)?;
        Some(Held { span, process: self.process_id, scope })
    }
}

struct JaegerSpan<'i, 't>(&'i mut Intake<'t>);

impl<'de> Lenient<'de> for JaegerSpan<'_, '_> {
    type Output = Option<JaegerDraft>;

    fn other(self, _: Found) -> Self::Output {
        self.0.note(Flaw::NotAnObject, "span");
        None
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Output, A::Error> {
        let intake = self.0;
        let mut draft = JaegerDraft::default();
        while let Some(key) = next_key(&mut map)? {
            let span = &mut draft.span;
            match key {
                SpanKey::Trace => span.trace = map.next_value_seed(As(Id::JAEGER))?,
                SpanKey::Id => span.id = map.next_value_seed(As(Id::JAEGER))?,
                SpanKey::Parent => span.parent = map.next_value_seed(As(Id::<SpanId>::JAEGER))?,
                SpanKey::Name => {
                    let of = "operationName";
                    span.name = map.next_value_seed(As(Text { intake: &mut *intake, of }))?;
                }
                SpanKey::References => {
                    draft.references = map.next_value_seed(As(References(&mut *intake)))?;
                }
                SpanKey::Start => {
                    span.start = whole(&mut map, intake, "startTime")?.saturating_mul(1_000);
                }
                SpanKey::Duration => draft.duration = whole(&mut map, intake, "duration")?,
                SpanKey::Tags => {
                    span.attributes = map.next_value_seed(As(Pairs::new(&mut *intake)))?;
                }
                SpanKey::Logs => span.events = map.next_value_seed(As(Logs(&mut *intake)))?,
                SpanKey::ProcessId => {
                    let of = "processID";
                    draft.process_id =
                        map.next_value_seed(As(Text { intake: &mut *intake, of }))?;
                }
                SpanKey::Process => {
                    draft.process = map.next_value_seed(As(OwnProcess(&mut *intake)))?;
                }
                SpanKey::Other => skip(&mut map)?,
            }
        }
        Ok(Some(draft))
    }
}

/// The process that a span brings along, if it does.
struct OwnProcess<'i, 't>(&'i mut Intake<'t>);

impl<'de> Lenient<'de> for OwnProcess<'_, '_> {
    type Output = Option<Attributes>;

    fn other(self, _: Found) -> Self::Output {
        None
    }

    fn map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Output, A::Error> {
        Process(self.0).map(map).map(Some)
    }
}

struct Reference {
    is_parent: bool,
    link: LinkDraft,
}

struct References<'i, 't>(&'i mut Intake<'t>);

impl<'de> Lenient<'de> for References<'_, '_> {
    type Output = Vec<Reference>;

    fn other(self, _: Found) -> Self::Output {
        Vec::new()
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Output, A::Error> {
        let mut references = Vec::new();
        while let Some(reference) = list.next_element_seed(As(OneReference(&mut *self.0)))? {
            references.extend(reference);
            if references.len() >= self.0.limits.events || !self.0.charge(64) {
                pass_over(&mut list, self.0)?;
                break;
            }
        }
        Ok(references)
    }
}

keys!(ReferenceKey {
    Type = "refType",
    Trace = "traceID" | "traceId",
    Span = "spanID" | "spanId",
});

struct OneReference<'i, 't>(&'i mut Intake<'t>);

impl<'de> Lenient<'de> for OneReference<'_, '_> {
    type Output = Option<Reference>;

    fn other(self, _: Found) -> Self::Output {
        self.0.note(Flaw::NotAnObject, "reference");
        None
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Output, A::Error> {
        let mut reference = Reference { is_parent: false, link: LinkDraft::default() };
        while let Some(key) = next_key(&mut map)? {
            match key {
                ReferenceKey::Type => {
                    let of = "refType";
                    let kind = map.next_value_seed(As(Text { intake: &mut *self.0, of }))?;
                    reference.is_parent = kind == "CHILD_OF";
                }
                ReferenceKey::Trace => {
                    reference.link.trace = map.next_value_seed(As(Id::JAEGER))?
                }
                ReferenceKey::Span => reference.link.span = map.next_value_seed(As(Id::JAEGER))?,
                ReferenceKey::Other => skip(&mut map)?,
            }
        }
        Ok(Some(reference))
    }
}

struct Logs<'i, 't>(&'i mut Intake<'t>);

impl<'de> Lenient<'de> for Logs<'_, '_> {
    type Output = Vec<SpanEvent>;

    fn other(self, _: Found) -> Self::Output {
        Vec::new()
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Output, A::Error> {
        let mut events = Vec::new();
        while let Some(event) = list.next_element_seed(As(OneLog(&mut *self.0)))? {
            events.extend(event);
            if events.len() >= self.0.limits.events || !self.0.charge(64) {
                pass_over(&mut list, self.0)?;
                break;
            }
        }
        Ok(events)
    }
}

keys!(LogKey { Time = "timestamp", Fields = "fields" });

struct OneLog<'i, 't>(&'i mut Intake<'t>);

impl<'de> Lenient<'de> for OneLog<'_, '_> {
    type Output = Option<SpanEvent>;

    fn other(self, _: Found) -> Self::Output {
        self.0.note(Flaw::NotAnObject, "log");
        None
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Output, A::Error> {
        let intake = self.0;
        let mut event = SpanEvent::default();
        while let Some(key) = next_key(&mut map)? {
            match key {
                LogKey::Time => {
                    let micros = whole(&mut map, intake, "timestamp")?;
                    event.time = Time(micros.saturating_mul(1_000));
                }
                LogKey::Fields => {
                    event.attributes = map.next_value_seed(As(Pairs::new(&mut *intake)))?;
                }
                LogKey::Other => skip(&mut map)?,
            }
        }
        // The name of an event is one of its fields.
        let name = &mut event.name;
        event.attributes.retain(|field, value| match (field, value.as_text()) {
            ("event", Some(text)) if name.is_empty() => {
                *name = text.into();
                false
            }
            _ => true,
        });
        Ok(Some(event))
    }
}
