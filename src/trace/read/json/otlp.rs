//! Resources of OTLP with their scopes, and the spans and log records within.
//!
//! Keys come in any order. Spans that come before their resource or scope are held back until that is
//! told, or until it is clear that it will not be.

use std::sync::Arc;

use compact_str::CompactString;
use serde::de::{MapAccess, SeqAccess};

use super::attributes::Pairs;
use super::lenient::{As, Found, Lenient, keys, next_key, skip};
use super::log::OtlpLog;
use super::scalar::Text;
use super::span::OtlpSpan;
use crate::attribute::Attributes;
use crate::read::Item;
use crate::read::draft::source;
use crate::read::intake::Intake;
use crate::read::report::Flaw;
use crate::span::Source;

/// A list of resources, each with what it has to tell.
pub(super) struct Resources<'i, 't> {
    pub(super) intake: &'i mut Intake<'t>,
    pub(super) named: &'static str,
}

impl<'de> Lenient<'de> for Resources<'_, '_> {
    type Output = ();

    fn other(self, found: Found) {
        if found != Found::Null && found != Found::Map {
            self.intake.note(Flaw::Unreadable, self.named);
        }
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.intake.enter(self.named);
        while list.next_element_seed(As(Resource(&mut *self.intake)))?.is_some() {
            self.intake.step();
        }
        self.intake.leave();
        Ok(())
    }
}

/// A list of metrics, of which the resources are counted.
pub(super) struct Metrics<'i, 't>(pub(super) &'i mut Intake<'t>);

impl<'de> Lenient<'de> for Metrics<'_, '_> {
    type Output = ();

    fn other(self, _: Found) {}

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element::<serde::de::IgnoredAny>()?.is_some() {
            self.0.count_metrics();
        }
        Ok(())
    }
}

/// What is known of who says so, and what waits for more of it.
#[derive(Default)]
struct Batch {
    resource: Option<Attributes>,
    scope: Option<CompactString>,
    /// The two together, once both are known and someone asked.
    source: Option<Arc<Source>>,
    held: Vec<Item>,
    held_bytes: usize,
    /// Where in `held` the present scope begins.
    scope_begins: usize,
}

impl Batch {
    fn hand_in(&mut self, mut item: Item, intake: &mut Intake<'_>) {
        if self.source.is_none()
            && let (Some(resource), Some(scope)) = (&self.resource, &self.scope)
        {
            self.source = Some(intake.source(source(resource.clone(), scope.clone())));
        }
        if let Some(source) = &self.source {
            item.set_source(Arc::clone(source));
            return intake.hand_out(item);
        }
        let bytes = item.memory();
        if self.held_bytes + bytes > intake.limits.held {
            return intake.note(Flaw::ResourceTooLate, "");
        }
        self.held_bytes += bytes;
        self.held.push(item);
    }

    /// The scope is over: what it did not tell by now, it does not tell.
    fn end_scope(&mut self, intake: &mut Intake<'_>) {
        let scope = self.scope.take().unwrap_or_default();
        self.source = None;
        if self.scope_begins < self.held.len() {
            let of_scope = Arc::new(Source { scope, ..Source::default() });
            for item in &mut self.held[self.scope_begins..] {
                item.set_source(Arc::clone(&of_scope));
            }
        }
        if self.resource.is_some() {
            self.release(intake);
        }
        self.scope_begins = self.held.len();
    }

    /// Hands out what was held back.
    fn release(&mut self, intake: &mut Intake<'_>) {
        let mut scope: Option<(Arc<Source>, Arc<Source>)> = None;
        for mut item in self.held.drain(..) {
            let of_scope = item.source();
            let whole = match &scope {
                Some((known, whole)) if Arc::ptr_eq(known, of_scope) => Arc::clone(whole),
                _ => {
                    let resource = self.resource.clone().unwrap_or_default();
                    let whole = intake.source(source(resource, of_scope.scope.clone()));
                    scope = Some((Arc::clone(of_scope), Arc::clone(&whole)));
                    whole
                }
            };
            item.set_source(whole);
            intake.hand_out(item);
        }
        self.held_bytes = 0;
    }
}

keys!(ResourceKey {
    Resource = "resource",
    Scopes = "scopeSpans"
        | "scope_spans"
        | "instrumentationLibrarySpans"
        | "instrumentation_library_spans"
        | "scopeLogs"
        | "scope_logs"
        | "instrumentationLibraryLogs"
        | "instrumentation_library_logs",
});

struct Resource<'i, 't>(&'i mut Intake<'t>);

impl<'de> Lenient<'de> for Resource<'_, '_> {
    type Output = ();

    fn other(self, found: Found) {
        if found != Found::Null {
            self.0.note(Flaw::NotAnObject, "resource");
        }
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let intake = self.0;
        let mut batch = Batch::default();
        while let Some(key) = next_key(&mut map)? {
            match key {
                ResourceKey::Resource => {
                    intake.begin_item();
                    batch.resource = map.next_value_seed(As(Attributed(&mut *intake)))?;
                }
                ResourceKey::Scopes => {
                    map.next_value_seed(As(Scopes { intake: &mut *intake, batch: &mut batch }))?;
                }
                ResourceKey::Other => skip(&mut map)?,
            }
        }
        batch.release(intake);
        Ok(())
    }
}

keys!(AttributedKey { Attributes = "attributes" });

/// A resource's own object: it has attributes.
struct Attributed<'i, 't>(&'i mut Intake<'t>);

impl<'de> Lenient<'de> for Attributed<'_, '_> {
    type Output = Option<Attributes>;

    fn other(self, found: Found) -> Self::Output {
        if found != Found::Null {
            self.0.note(Flaw::NotAnObject, "resource");
        }
        Some(Attributes::new())
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Output, A::Error> {
        let mut attributes = Attributes::new();
        while let Some(key) = next_key(&mut map)? {
            match key {
                AttributedKey::Attributes => {
                    attributes = map.next_value_seed(As(Pairs::new(&mut *self.0)))?;
                }
                AttributedKey::Other => skip(&mut map)?,
            }
        }
        Ok(Some(attributes))
    }
}

struct Scopes<'i, 't> {
    intake: &'i mut Intake<'t>,
    batch: &'i mut Batch,
}

impl<'de> Lenient<'de> for Scopes<'_, '_> {
    type Output = ();

    fn other(self, found: Found) {
        if found != Found::Null && found != Found::Map {
            self.intake.note(Flaw::Unreadable, "scopes");
        }
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Scopes { intake, batch } = self;
        intake.enter("scopes");
        while list
            .next_element_seed(As(Scope { intake: &mut *intake, batch: &mut *batch }))?
            .is_some()
        {
            batch.end_scope(intake);
            intake.step();
        }
        intake.leave();
        Ok(())
    }
}

keys!(ScopeKey {
    Scope = "scope" | "instrumentationLibrary" | "instrumentation_library",
    Spans = "spans",
    Logs = "logRecords" | "log_records" | "logs",
});

struct Scope<'i, 't> {
    intake: &'i mut Intake<'t>,
    batch: &'i mut Batch,
}

impl<'de> Lenient<'de> for Scope<'_, '_> {
    type Output = ();

    fn other(self, found: Found) {
        if found != Found::Null {
            self.intake.note(Flaw::NotAnObject, "scope");
        }
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Scope { intake, batch } = self;
        while let Some(key) = next_key(&mut map)? {
            match key {
                ScopeKey::Scope => {
                    batch.scope = Some(map.next_value_seed(As(ScopeName(&mut *intake)))?);
                }
                ScopeKey::Spans => {
                    let told = Told::Span;
                    let items = Items { intake: &mut *intake, batch: &mut *batch, told };
                    map.next_value_seed(As(items))?;
                }
                ScopeKey::Logs => {
                    let told = Told::Log;
                    let items = Items { intake: &mut *intake, batch: &mut *batch, told };
                    map.next_value_seed(As(items))?;
                }
                ScopeKey::Other => skip(&mut map)?,
            }
        }
        Ok(())
    }
}

keys!(ScopeNameKey { Name = "name" });

struct ScopeName<'i, 't>(&'i mut Intake<'t>);

impl<'de> Lenient<'de> for ScopeName<'_, '_> {
    type Output = CompactString;

    fn other(self, found: Found) -> CompactString {
        if found != Found::Null {
            self.0.note(Flaw::NotAnObject, "scope");
        }
        CompactString::default()
    }

    fn map<A: MapAccess<'de>>(self, mut map: A) -> Result<CompactString, A::Error> {
        let mut name = CompactString::default();
        while let Some(key) = next_key(&mut map)? {
            match key {
                ScopeNameKey::Name => {
                    let of = "name of a scope";
                    name = map.next_value_seed(As(Text { intake: &mut *self.0, of }))?;
                }
                ScopeNameKey::Other => skip(&mut map)?,
            }
        }
        Ok(name)
    }
}

#[derive(Clone, Copy)]
enum Told {
    Span,
    Log,
}

/// Spans, or log records.
struct Items<'i, 't> {
    intake: &'i mut Intake<'t>,
    batch: &'i mut Batch,
    told: Told,
}

impl<'de> Lenient<'de> for Items<'_, '_> {
    type Output = ();

    fn other(self, found: Found) {
        if found != Found::Null && found != Found::Map {
            self.intake.note(Flaw::Unreadable, "list");
        }
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Items { intake, batch, told } = self;
        intake.enter(match told {
            Told::Span => "spans",
            Told::Log => "logRecords",
        });
        loop {
            intake.begin_item();
            let nobody = intake.nobody();
            let item = match told {
                Told::Span => match list.next_element_seed(As(OtlpSpan(&mut *intake)))? {
                    Some(draft) => {
                        draft.and_then(|draft| draft.finish(nobody, intake)).map(Item::Span)
                    }
                    None => break,
                },
                Told::Log => match list.next_element_seed(As(OtlpLog(&mut *intake)))? {
                    Some(draft) => draft.map(|draft| Item::Log(draft.finish(nobody, intake))),
                    None => break,
                },
            };
            if let Some(item) = item {
                batch.hand_in(item, intake);
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
