//! A log record of OTLP.

use serde::de::MapAccess;

use super::attributes::{Any, Pairs};
use super::lenient::{As, Found, Lenient, keys, next_key, skip};
use super::scalar::{Id, Text, count};
use super::span::whole;
use crate::read::draft::LogDraft;
use crate::read::intake::Intake;
use crate::read::report::Flaw;

keys!(LogKey {
    Time = "timeUnixNano" | "time_unix_nano",
    Observed = "observedTimeUnixNano" | "observed_time_unix_nano",
    Body = "body",
    Attributes = "attributes",
    Trace = "traceId" | "trace_id",
    Span = "spanId" | "span_id",
    EventName = "eventName" | "event_name",
    DroppedAttributes = "droppedAttributesCount" | "dropped_attributes_count",
});

/// A log record, as far as it is told.
pub(super) struct OtlpLog<'i, 't>(pub(super) &'i mut Intake<'t>);

impl<'de> Lenient<'de> for OtlpLog<'_, '_> {
    type Output = Option<LogDraft>;

    fn other(self, _: Found) -> Self::Output {
        self.0.note(Flaw::NotAnObject, "log record");
        None
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Output, A::Error> {
        let intake = self.0;
        let mut draft = LogDraft::default();
        while let Some(key) = next_key(&mut map)? {
            match key {
                LogKey::Time => draft.time = whole(&mut map, intake, "time")?,
                LogKey::Observed => draft.observed = whole(&mut map, intake, "observed time")?,
                LogKey::Body => {
                    draft.body = map.next_value_seed(As(Any { intake: &mut *intake, depth: 0 }))?;
                }
                LogKey::Attributes => {
                    draft.attributes = map.next_value_seed(As(Pairs::new(&mut *intake)))?;
                }
                LogKey::Trace => draft.trace = map.next_value_seed(As(Id::OTLP))?,
                LogKey::Span => draft.span = map.next_value_seed(As(Id::OTLP))?,
                LogKey::EventName => {
                    let of = "name of an event";
                    draft.event_name =
                        map.next_value_seed(As(Text { intake: &mut *intake, of }))?;
                }
                LogKey::DroppedAttributes => {
                    draft.dropped_attributes = count(whole(&mut map, intake, "dropped")?);
                }
                LogKey::Other => skip(&mut map)?,
            }
        }
        Ok(Some(draft))
    }
}
