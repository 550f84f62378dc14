//! Documents: which of the known ones it is, told by its keys.

use serde::de::{IgnoredAny, MapAccess, SeqAccess};

use super::jaeger::Traces;
use super::lenient::{As, Found, Lenient, keys, next_key, skip};
use super::otlp::{Metrics, Resources};
use crate::read::intake::Intake;
use crate::read::report::Flaw;

/// So many documents may be within each other: in a list, or in the answer of a query.
const NESTING: usize = 3;

keys!(DocumentKey {
    Spans = "resourceSpans" | "resource_spans",
    Logs = "resourceLogs" | "resource_logs",
    Metrics = "resourceMetrics" | "resource_metrics",
    Batches = "batches",
    Within = "trace" | "result",
    Data = "data",
    Profiles = "resourceProfiles" | "resource_profiles",
});

/// A document, or a list of them.
pub(super) struct Document<'i, 't> {
    pub(super) intake: &'i mut Intake<'t>,
    pub(super) depth: usize,
}

impl<'de> Lenient<'de> for Document<'_, '_> {
    type Output = ();

    fn other(self, _: Found) {
        self.intake.note(Flaw::UnknownDocument, "neither an object nor a list");
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Document { intake, depth } = self;
        if depth == NESTING {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            intake.note(Flaw::UnknownDocument, "lists within lists");
            return Ok(());
        }
        intake.enter("");
        let depth = depth + 1;
        while list.next_element_seed(As(Document { intake: &mut *intake, depth }))?.is_some() {
            intake.step();
        }
        intake.leave();
        Ok(())
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Document { intake, depth } = self;
        let (mut known, mut empty) = (false, true);
        while let Some(key) = next_key(&mut map)? {
            empty = false;
            known |= key != DocumentKey::Other;
            match key {
                DocumentKey::Spans => {
                    let named = "resourceSpans";
                    map.next_value_seed(As(Resources { intake: &mut *intake, named }))?;
                }
                DocumentKey::Batches => {
                    let named = "batches";
                    map.next_value_seed(As(Resources { intake: &mut *intake, named }))?;
                }
                DocumentKey::Logs => {
                    let named = "resourceLogs";
                    map.next_value_seed(As(Resources { intake: &mut *intake, named }))?;
                }
                DocumentKey::Metrics => map.next_value_seed(As(Metrics(&mut *intake)))?,
                DocumentKey::Within if depth < NESTING => {
                    let depth = depth + 1;
                    map.next_value_seed(As(Document { intake: &mut *intake, depth }))?;
                }
                DocumentKey::Data => map.next_value_seed(As(Traces(&mut *intake)))?,
                DocumentKey::Within | DocumentKey::Profiles | DocumentKey::Other => {
                    skip(&mut map)?;
                }
            }
        }
        if !known && !empty {
            intake.note(Flaw::UnknownDocument, "no resourceSpans, resourceLogs, batches or data");
        }
        Ok(())
    }
}
