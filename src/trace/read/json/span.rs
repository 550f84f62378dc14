//! A span of OTLP, with its status, events and links.

use serde::de::{MapAccess, SeqAccess};

use super::attributes::{Pairs, pass_over};
use super::lenient::{As, Found, Lenient, keys, next_key, skip};
use super::scalar::{Code, Id, Kind, Text, Whole, count};
use crate::read::draft::{LinkDraft, SpanDraft};
use crate::read::intake::Intake;
use crate::read::report::Flaw;
use crate::span::{Link, SpanEvent, Time};

keys!(SpanKey {
    Trace = "traceId" | "trace_id",
    Id = "spanId" | "span_id",
    Parent = "parentSpanId" | "parent_span_id",
    Name = "name",
    Kind = "kind",
    Start = "startTimeUnixNano" | "start_time_unix_nano",
    End = "endTimeUnixNano" | "end_time_unix_nano",
    Attributes = "attributes",
    Status = "status",
    Events = "events",
    Links = "links",
    DroppedAttributes = "droppedAttributesCount" | "dropped_attributes_count",
    DroppedEvents = "droppedEventsCount" | "dropped_events_count",
    DroppedLinks = "droppedLinksCount" | "dropped_links_count",
});

/// A span, as far as it is told.
pub(super) struct OtlpSpan<'i, 't>(pub(super) &'i mut Intake<'t>);

impl<'de> Lenient<'de> for OtlpSpan<'_, '_> {
    type Output = Option<SpanDraft>;

    fn other(self, _: Found) -> Self::Output {
        self.0.note(Flaw::NotAnObject, "span");
        None
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Output, A::Error> {
        let intake = self.0;
        let mut draft = SpanDraft::default();
        while let Some(key) = next_key(&mut map)? {
            match key {
                SpanKey::Trace => draft.trace = map.next_value_seed(As(Id::OTLP))?,
                SpanKey::Id => draft.id = map.next_value_seed(As(Id::OTLP))?,
                SpanKey::Parent => draft.parent = map.next_value_seed(As(Id::OTLP))?,
                SpanKey::Name => {
                    let of = "name of a span";
                    draft.name = map.next_value_seed(As(Text { intake: &mut *intake, of }))?;
                }
                SpanKey::Kind => draft.kind = map.next_value_seed(As(Kind(&mut *intake)))?,
                SpanKey::Start => draft.start = whole(&mut map, intake, "start")?,
                SpanKey::End => draft.end = whole(&mut map, intake, "end")?,
                SpanKey::Attributes => {
                    draft.attributes = map.next_value_seed(As(Pairs::new(&mut *intake)))?;
                }
                SpanKey::Status => {
                    map.next_value_seed(As(Status { intake: &mut *intake, draft: &mut draft }))?;
                }
                SpanKey::Events => {
                    draft.events = map.next_value_seed(As(Events(&mut *intake)))?;
                }
                SpanKey::Links => draft.links = map.next_value_seed(As(Links(&mut *intake)))?,
                SpanKey::DroppedAttributes => {
                    draft.dropped.attributes = count(whole(&mut map, intake, "dropped")?);
                }
                SpanKey::DroppedEvents => {
                    draft.dropped.events = count(whole(&mut map, intake, "dropped")?);
                }
                SpanKey::DroppedLinks => {
                    draft.dropped.links = count(whole(&mut map, intake, "dropped")?);
                }
                SpanKey::Other => skip(&mut map)?,
            }
        }
        Ok(Some(draft))
    }
}

/// Reads a time or a count.
pub(super) fn whole<'de, A: MapAccess<'de>>(
    map: &mut A,
    intake: &mut Intake<'_>,
    of: &'static str,
) -> Result<u64, A::Error> {
    map.next_value_seed(As(Whole { intake, of }))
}

keys!(StatusKey { Code = "code", Message = "message" });

struct Status<'i, 't> {
    intake: &'i mut Intake<'t>,
    draft: &'i mut SpanDraft,
}

impl<'de> Lenient<'de> for Status<'_, '_> {
    type Output = ();

    fn other(self, found: Found) {
        if found != Found::Null {
            self.intake.note(Flaw::Unreadable, "status");
        }
    }

    /// Some tools write the code alone.
    fn int(self, number: i64) {
        self.draft.status = Code(self.intake).int(number);
    }

    fn text(self, text: &str) {
        self.draft.status = Code(self.intake).text(text);
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Status { intake, draft } = self;
        while let Some(key) = next_key(&mut map)? {
            match key {
                StatusKey::Code => draft.status = map.next_value_seed(As(Code(&mut *intake)))?,
                StatusKey::Message => {
                    let of = "message of a status";
                    draft.description =
                        map.next_value_seed(As(Text { intake: &mut *intake, of }))?;
                }
                StatusKey::Other => skip(&mut map)?,
            }
        }
        Ok(())
    }
}

struct Events<'i, 't>(&'i mut Intake<'t>);

impl<'de> Lenient<'de> for Events<'_, '_> {
    type Output = Vec<SpanEvent>;

    fn other(self, found: Found) -> Vec<SpanEvent> {
        if found != Found::Null && found != Found::Map {
            self.0.note(Flaw::Unreadable, "events");
        }
        Vec::new()
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<SpanEvent>, A::Error> {
        let mut events = Vec::new();
        while let Some(event) = list.next_element_seed(As(Event(&mut *self.0)))? {
            events.extend(event);
            if events.len() >= self.0.limits.events || !self.0.charge(size_of::<SpanEvent>()) {
                pass_over(&mut list, self.0)?;
                break;
            }
        }
        Ok(events)
    }
}

keys!(EventKey {
    Time = "timeUnixNano" | "time_unix_nano",
    Name = "name",
    Attributes = "attributes",
});

struct Event<'i, 't>(&'i mut Intake<'t>);

impl<'de> Lenient<'de> for Event<'_, '_> {
    type Output = Option<SpanEvent>;

    fn other(self, _: Found) -> Self::Output {
        self.0.note(Flaw::NotAnObject, "event");
        None
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Output, A::Error> {
        let intake = self.0;
        let mut event = SpanEvent::default();
        while let Some(key) = next_key(&mut map)? {
            match key {
                EventKey::Time => event.time = Time(whole(&mut map, intake, "time of an event")?),
                EventKey::Name => {
                    let of = "name of an event";
                    event.name = map.next_value_seed(As(Text { intake: &mut *intake, of }))?;
                }
                EventKey::Attributes => {
                    event.attributes = map.next_value_seed(As(Pairs::new(&mut *intake)))?;
                }
                EventKey::Other => skip(&mut map)?,
            }
        }
        Ok(Some(event))
    }
}

struct Links<'i, 't>(&'i mut Intake<'t>);

impl<'de> Lenient<'de> for Links<'_, '_> {
    type Output = Vec<Link>;

    fn other(self, found: Found) -> Vec<Link> {
        if found != Found::Null && found != Found::Map {
            self.0.note(Flaw::Unreadable, "links");
        }
        Vec::new()
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Link>, A::Error> {
        let mut links = Vec::new();
        while let Some(link) = list.next_element_seed(As(OtlpLink(&mut *self.0)))? {
            links.extend(link.and_then(|link| link.finish(self.0)));
            if links.len() >= self.0.limits.events || !self.0.charge(size_of::<Link>()) {
                pass_over(&mut list, self.0)?;
                break;
            }
        }
        Ok(links)
    }
}

keys!(LinkKey {
    Trace = "traceId" | "trace_id",
    Span = "spanId" | "span_id",
    Attributes = "attributes",
});

struct OtlpLink<'i, 't>(&'i mut Intake<'t>);

impl<'de> Lenient<'de> for OtlpLink<'_, '_> {
    type Output = Option<LinkDraft>;

    fn other(self, _: Found) -> Self::Output {
        self.0.note(Flaw::NotAnObject, "link");
        None
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Output, A::Error> {
        let mut link = LinkDraft::default();
        while let Some(key) = next_key(&mut map)? {
            match key {
                LinkKey::Trace => link.trace = map.next_value_seed(As(Id::OTLP))?,
                LinkKey::Span => link.span = map.next_value_seed(As(Id::OTLP))?,
                LinkKey::Attributes => {
                    link.attributes = map.next_value_seed(As(Pairs::new(&mut *self.0)))?;
                }
                LinkKey::Other => skip(&mut map)?,
            }
        }
        Ok(Some(link))
    }
}
